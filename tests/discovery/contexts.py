"""Static forward and backward over a context, as autograd's functions have them."""

from .rows import Row

TWO = """
class Linear:
    @staticmethod
    def forward(ctx, x, w, b):
        ctx.save_for_backward(x, w)
        return x @ w + b
    @staticmethod
    def backward(ctx, grad_output):
        x, w = ctx.saved_tensors
        return grad_output @ w.T, x.T @ grad_output, grad_output.sum(axis=0)
class Entropy:
    @staticmethod
    def forward(ctx, scores, labels):
        e = np.exp(scores - scores.max(axis=1, keepdims=True))
        ctx["p"], ctx["labels"] = e / e.sum(axis=1, keepdims=True), labels
        return -np.log(ctx["p"][range(len(labels)), labels])
    @staticmethod
    def backward(ctx, g):
        d = ctx["p"].copy()
        d[range(len(d)), ctx["labels"]] -= 1
        return d * g[:, None], None
rng = np.random.default_rng(0)
x, w, b = rng.normal(size=(5, 3)), rng.normal(size=(3, 4)), rng.normal(size=4)
"""
# a context that an earlier call has filled
FILLED = TWO.replace("ctx.save_for_backward(x, w)", 'ctx["kept"] = x, w')
FILLED = (
    FILLED.replace("ctx.saved_tensors", 'ctx["kept"]')
    + """
ctx = {}
# %%
out = Linear.forward(ctx, x, w, b)
scores, labels = rng.normal(size=(5, 4)), np.array([0, 1, 2, 3, 0])
"""
)

_own = Row("a context of ours", "P", TWO, "x w b", "Linear.backward", "Linear.forward")
_filled = Row("a context that was filled", "P", FILLED, "x w b", "Linear.backward",
              "Linear.forward", hints={"backward": "Linear.backward"})  # fmt: skip
_entropy = Row("no gradient of labels", "P", FILLED, "scores", "Entropy.backward",
               "Entropy.forward", hints={"backward": "Entropy.backward"})  # fmt: skip

ROWS = [
    _own,
    _own.broken("in another order", "return grad_output @ w.T, x.T @ grad_output,",
                "return x.T @ grad_output, grad_output @ w.T,", "x w"),
    _filled,
    _filled.broken("not summed", "grad_output.sum(axis=0)", "grad_output.mean(axis=0)", "b"),
    _entropy,
    _entropy.broken("no upstream", "d * g[:, None], None", "d, None", "scores"),
]  # fmt: skip
