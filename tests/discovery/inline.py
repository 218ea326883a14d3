"""Family I: no function at all; the last cell is the one that is checked."""

from .rows import Row

LOOP = """
np.random.seed(0)
X = np.random.randn(6, 3)
y = np.random.randn(6, 2)
# %%
W1, b1 = np.random.randn(3, 4), np.zeros(4)
W2, b2 = np.random.randn(4, 2), np.zeros(2)
lr = 0.01
losses = []
for epoch in range(10):
    # forward
    h = np.tanh(X @ W1 + b1)
    y_hat = h @ W2 + b2
    loss = np.mean((y_hat - y) ** 2)
    losses.append(loss)
    # backward
    d_out = 2 * (y_hat - y) / y.size
    dW2 = h.T @ d_out
    db2 = d_out.sum(axis=0)
    dh = d_out @ W2.T * (1 - h ** 2)
    dW1 = X.T @ dh
    db1 = dh.sum(axis=0)
    # update
    W1 -= lr * dW1
    b1 -= lr * db1
    W2 -= lr * dW2
    b2 -= lr * db2
    if epoch % 5 == 0:
        print(epoch, loss)
"""

STRAIGHT = """
rng = np.random.default_rng(0)
x = rng.normal(size=(5, 3))
t = rng.normal(size=(5, 1))
w = rng.normal(size=(3, 1))
b = 0.5
# %%
z = x @ w + b
y = 1 / (1 + np.exp(-z))
E = 0.5 * np.sum((y - t) ** 2)
delta = (y - t) * y * (1 - y)
dw = x.T @ delta
db = delta.sum()
"""

DICT_LOOP = """
rng = np.random.RandomState(3)
data = rng.randn(8, 4)
labels = rng.randint(0, 3, 8)
params = {"W": rng.randn(4, 3), "b": np.zeros(3)}
# %%
for step in range(6):
    batch = rng.permutation(8)[:5]
    xb, yb = data[batch], labels[batch]
    scores = xb @ params["W"] + params["b"]
    scores -= scores.max(axis=1, keepdims=True)
    probs = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    loss = -np.log(probs[range(5), yb]).mean()
    dscores = probs.copy()
    dscores[range(5), yb] -= 1
    dscores /= 5
    grads = {"W": xb.T @ dscores, "b": dscores.sum(axis=0)}
    for key in params:
        params[key] -= 0.1 * grads[key]
"""

ACCUMULATED = """
rng = np.random.RandomState(1)
xs = rng.randn(4, 3, 1)
ts = rng.randn(4, 2, 1)
Wx, Wh, Wy = rng.randn(5, 3) * 0.4, rng.randn(5, 5) * 0.4, rng.randn(2, 5) * 0.4
eta = 0.05
# %%
for n in range(3):
    hs = {-1: np.zeros((5, 1))}
    loss = 0
    for k in range(4):
        hs[k] = np.tanh(Wx @ xs[k] + Wh @ hs[k - 1])
        loss += 0.5 * np.sum((Wy @ hs[k] - ts[k]) ** 2)
    dWx, dWh, dWy = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(Wy)
    carry = np.zeros((5, 1))
    for k in reversed(range(4)):
        dy = Wy @ hs[k] - ts[k]
        dWy += dy @ hs[k].T
        dz = (Wy.T @ dy + carry) * (1 - hs[k] ** 2)
        dWx += dz @ xs[k].T
        dWh += dz @ hs[k - 1].T
        carry = Wh.T @ dz
    Wx = Wx - eta * dWx
    Wh = Wh - eta * dWh
    Wy = Wy - eta * dWy
"""

NAMELESS_UPDATE = """
def nonlin(x, deriv=False):
    if deriv:
        return x * (1 - x)
    return 1 / (1 + np.exp(-x))
X = np.array([[0, 0, 1.0], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
y = np.array([[0.0], [1], [1], [0]])
np.random.seed(1)
syn0 = 2 * np.random.random((3, 4)) - 1
syn1 = 2 * np.random.random((4, 1)) - 1
# %%
for j in range(20):
    l0 = X
    l1 = nonlin(np.dot(l0, syn0))
    l2 = nonlin(np.dot(l1, syn1))
    l2_error = y - l2
    l2_delta = l2_error * nonlin(l2, deriv=True)
    l1_error = l2_delta.dot(syn1.T)
    l1_delta = l1_error * nonlin(l1, deriv=True)
    syn1 += l1.T.dot(l2_delta)
    syn0 += l0.T.dot(l1_delta)
"""

_loop = Row("training loop", "I", LOOP, "W1 b1 W2 b2", "the cell", "loss", told=("dW1",))
_straight = Row("straight cell", "I", STRAIGHT, "w b", "the cell", "E")
_dict = Row("dict in a loop", "I", DICT_LOOP, "W b", "the cell", "loss")
_sums = Row("sums over time", "I", ACCUMULATED, "Wx Wh Wy", "the cell", "loss")
_nameless = Row(
    "updates without a gradient's name",
    "I",
    NAMELESS_UPDATE,
    "syn0 syn1",
    "the cell",
    "the cost",
    hints={"cost": "0.5 * np.sum((y - l2) ** 2)"},
)

ROWS = [
    _loop,
    _loop.broken("no tanh'", " * (1 - h ** 2)", "", "W1 b1"),
    _straight,
    _straight.broken("mean", "db = delta.sum()", "db = delta.mean()", "b"),
    _dict,
    _dict.broken("no mean", "    dscores /= 5\n", "", "W b"),
    _sums,
    _sums.broken("no carry", " + carry)", ")", "Wx Wh"),
    _nameless,
    _nameless.broken("delta again", "l2_delta.dot(syn1.T)", "l2_error.dot(syn1.T)", "syn0"),
]  # fmt: skip
