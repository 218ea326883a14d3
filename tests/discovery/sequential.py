"""Family L: a model of layer objects, and a criterion object that begins the backward pass."""

from .rows import Row

OBJECTS = """
class Linear:
    def __init__(self, n_in, n_out, rng):
        self.W = rng.standard_normal((n_in, n_out)) * 0.5
        self.b = np.zeros(n_out)
    def forward(self, x):
        self.x = x
        return x @ self.W + self.b
    def backward(self, dout):
        self.dW = self.x.T @ dout
        self.db = dout.sum(axis=0)
        return dout @ self.W.T

class Sigmoid:
    def forward(self, x):
        self.out = 1 / (1 + np.exp(-x))
        return self.out
    def backward(self, dout):
        return dout * self.out * (1 - self.out)

class Sequential:
    def __init__(self, *layers):
        self.layers = layers
    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x
    def backward(self, dout):
        for layer in reversed(self.layers):
            dout = layer.backward(dout)
        return dout

class MSE:
    def forward(self, pred, target):
        self.pred, self.target = pred, target
        return np.mean((pred - target) ** 2)
    def backward(self):
        return 2 * (self.pred - self.target) / self.pred.size
# %%
rng = np.random.default_rng(0)
X, y = rng.standard_normal((8, 3)), rng.standard_normal((8, 2))
model = Sequential(Linear(3, 5, rng), Sigmoid(), Linear(5, 2, rng))
criterion = MSE()
# %%
"""

LOOP = (
    OBJECTS
    + """
for epoch in range(3):
    pred = model.forward(X)
    loss = criterion.forward(pred, y)
    grad = criterion.backward()
    model.backward(grad)
    for layer in model.layers:
        if hasattr(layer, "W"):
            layer.W -= 0.1 * layer.dW
            layer.b -= 0.1 * layer.db
"""
)
ONE_LINE = (
    OBJECTS
    + """
loss = criterion.forward(model.forward(X), y)
model.backward(criterion.backward())
"""
)

WEIGHTS = "layers[0].W layers[0].b layers[2].W layers[2].b"
_loop = Row("a criterion object", "L", LOOP, WEIGHTS, "model.backward", "criterion.forward")
_line = Row("both backwards in one line", "L", ONE_LINE, WEIGHTS, "model.backward",
            "criterion.forward")  # fmt: skip
_bare = Row("a model without a criterion", "L", OBJECTS.replace("criterion = MSE()\n", ""),
            WEIGHTS, "model.backward", "model.forward", told=("sum(out * dout)",))  # fmt: skip

ROWS = [
    _loop,
    _loop.broken("sigmoid of what went in", "self.out * (1 - self.out)",
                 "self.out * (1 + self.out)", "layers[0].W layers[0].b"),
    _line,
    _line.broken("bias not summed", "self.db = dout.sum(axis=0)", "self.db = dout.mean(axis=0)",
                 "layers[0].b layers[2].b"),
    _bare,
]  # fmt: skip
