"""A model and layers that are called, ``model(x, targ)``, and were not called before the check."""

from .rows import Row

CALLED = """
class Relu():
    def __call__(self, inp):
        self.inp = inp
        return np.maximum(inp, 0)
    def backward(self, g):
        return g * (self.inp > 0)
class Lin():
    def __init__(self, w, b): self.w, self.b = w, b
    def __call__(self, inp):
        self.inp = inp
        return inp @ self.w + self.b
    def backward(self, g):
        self.dw, self.db = self.inp.T @ g, g.sum(0)
        return g @ self.w.T
class Mse():
    def __call__(self, inp, targ):
        self.diff = inp[:, 0] - targ
        return (self.diff ** 2).mean()
    def backward(self):
        return 2 * self.diff[:, None] / len(self.diff)
class Model():
    def __init__(self, w1, b1, w2, b2):
        self.layers = [Lin(w1, b1), Relu(), Lin(w2, b2)]
        self.loss = Mse()
    def __call__(self, x, targ):
        for l in self.layers: x = l(x)
        return self.loss(x, targ)
    def backward(self):
        g = self.loss.backward()
        for l in reversed(self.layers): g = l.backward(g)
rng = np.random.default_rng(0)
x_train, y_train = rng.normal(size=(9, 4)), rng.normal(size=9)
w1, b1 = rng.normal(size=(4, 5)), np.zeros(5)
w2, b2 = rng.normal(size=(5, 1)), np.zeros(1)
model = Model(w1, b1, w2, b2)
"""
# the same with a base class that calls forward
BASE = "class Module:\n    def __call__(self, *a): return self.forward(*a)\n"
BASED = BASE + CALLED.replace("def __call__(", "def forward(").replace("():\n", "(Module):\n")
LAYERS = "layers[0].w layers[0].b layers[2].w layers[2].b"

_called = Row("a model that is called", "L", CALLED, LAYERS, "model.backward", "model",
              told=("cost: model(x_train, y_train)",))  # fmt: skip
_named = Row("a model that is named", "L", CALLED, LAYERS, "model.backward", "model",
             hints={"forward": "model"})  # fmt: skip
_based = Row("called by a base class", "L", BASED, LAYERS, "model.backward", "model.forward")

ROWS = [
    _called,
    _called.broken("no mask", "g * (self.inp > 0)", "g", "layers[0].w layers[0].b"),
    _named,
    _based,
    _based.broken("bias averaged", "g.sum(0)", "g.mean(0)", "layers[0].b layers[2].b"),
]
