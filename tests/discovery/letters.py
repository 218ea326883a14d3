"""Names that are data's elsewhere, ``m`` and ``t`` and ``alpha``, and that have a gradient here."""

import re

from .rows import Row

ARGUMENTS = """
def loss(u0, m, X, y):
    return 0.5 * np.mean((X @ u0 + m - y) ** 2)
def backward(u0, m, X, y):
    r = X @ u0 + m - y
    du0 = X.T @ r / len(y)
    dm = np.mean(r, keepdims=True)
    return {"du0": du0, "dm": dm}
rng = np.random.default_rng(0)
X, y, u0 = rng.normal(size=(6, 3)), rng.normal(size=6), rng.normal(size=3)
m = np.array([0.3])
"""
TUPLE = ARGUMENTS.replace('{"du0": du0, "dm": dm}', "du0, dm")
NUMBER = TUPLE.replace("np.array([0.3])", "0").replace(", keepdims=True", "")
SAME_KEYS = ARGUMENTS.replace('"du0"', '"u0"').replace('"dm"', '"m"')
AT_CALL = NUMBER.replace("    du0 = X", "    a = X").replace("    dm = ", "    c = ")
AT_CALL = AT_CALL.replace("return du0, dm", "return a, c")
AT_CALL += "# %%\ngu0, gm = backward(u0, m, X, y)\n"

LINE = """
class Line:
    def __init__(self):
        self.m, self.b = 0.5, 0.1
    def loss(self, x, y):
        return np.mean((self.m * x + self.b - y) ** 2)
    def backward(self, x, y):
        e = self.m * x + self.b - y
        self.dm = 2 * np.mean(e * x)
        self.db = 2 * np.mean(e)
x = np.random.default_rng(0).normal(size=7)
y = 2 * x + 1
net = Line()
"""
IN_DICTS = (
    LINE.replace("self.m, self.b = 0.5, 0.1", 'self.params, self.grads = {"m": 0.5, "b": 0.1}, {}')
    .replace("self.dm", 'self.grads["m"]')
    .replace("self.db", 'self.grads["b"]')
    .replace("self.m", 'self.params["m"]')
    .replace("self.b ", 'self.params["b"] ')
)
COUNT = """
def cost(W, X, Y, m):
    return 0.5 * np.sum((W @ X - Y) ** 2) / m
def backward(W, X, Y, m):
    d = (W @ X - Y) / m
    dW, dX = d @ X.T, W.T @ d
    return {"dW": dW, "m": m}
rng = np.random.default_rng(0)
X, Y, W = rng.normal(size=(3, 6)), rng.normal(size=(2, 6)), rng.normal(size=(2, 3))
m = X.shape[1]
"""
RATE = """
def loss(W, X, y, alpha=0.2):
    z = X @ W
    return 0.5 * np.mean((np.where(z > 0, z, alpha * z) - y) ** 2)
def backward(W, X, y, alpha=0.2):
    z = X @ W
    d = (np.where(z > 0, z, alpha * z) - y) / len(y)
    dW = X.T @ (d * np.where(z > 0, 1, alpha))
    dalpha = np.sum(d * np.minimum(z, 0))
    return dW, dalpha
rng = np.random.default_rng(0)
X, y, W, alpha = rng.normal(size=(6, 3)), rng.normal(size=6), rng.normal(size=3), 0.3
"""
POSE = """
def loss(R, t, X, Y):
    return 0.5 * np.sum((X @ R.T + t - Y) ** 2)
def backward(R, t, X, Y):
    e = X @ R.T + t - Y
    dR = e.T @ X
    dt = e.sum(axis=0)
    return dR, dt
rng = np.random.default_rng(0)
X, Y, R, t = rng.normal(size=(6, 3)), rng.normal(size=(6, 3)), np.eye(3), np.zeros(3)
"""
UNKNOWNS = """
def loss(x, u, A, v):
    return 0.5 * np.sum((A @ x + u - v) ** 2)
def backward(x, u, A, v):
    e = A @ x + u - v
    return {"dx": A.T @ e, "du": e}
rng = np.random.default_rng(0)
A, v, x, u = rng.normal(size=(6, 3)), rng.normal(size=6), rng.normal(size=3), rng.normal(size=6)
"""
TWICE = """
def loss(u0, p, q, X, y):
    return 0.5 * np.mean((X @ u0 + p["m"] + q["m"] - y) ** 2)
def backward(u0, p, q, X, y):
    r = X @ u0 + p["m"] + q["m"] - y
    du0, dm = X.T @ r / len(y), np.mean(r)
    return du0, dm
rng = np.random.default_rng(0)
X, y, u0 = rng.normal(size=(6, 3)), rng.normal(size=6), rng.normal(size=3)
p, q = {"m": 0.1}, {"m": 0.2}
"""


def _called(name: str, source: str) -> str:
    """The same with a parameter `name` for m."""
    return re.sub(r"\bdm\b", f"d{name}", re.sub(r"\bm\b", name, source))


NAMELESS = AT_CALL.partition("# %%")[0]

_dict = Row("m in a dict of gradients", "D", ARGUMENTS, "u0 m", "backward", "loss")
_tuple = Row("m in a tuple", "T", TUPLE, "u0 m", "backward", "loss")
_number = Row("a whole number m", "T", NUMBER, "u0 m", "backward", "loss")
_same = Row("m under its own name", "D", SAME_KEYS, "u0 m", "backward", "loss")
_call = Row("gm at the call", "T", AT_CALL, "u0 m", "backward", "loss")
_line = Row("a slope in an object", "L", LINE, "m b", "net.backward", "net.loss")
_dicts = Row("a slope in params and grads", "L", IN_DICTS, "m b", "net.backward", "net.loss")
_rate = Row("alpha with a default", "T", RATE, "W alpha", "backward", "loss",
            told=("backward(W, X, y, alpha)", "loss(W, X, y, alpha)"))  # fmt: skip
_pose = Row("a shift t beside labels Y", "T", POSE, "R t", "backward", "loss")
_unknowns = Row("an unknown x without labels", "D", UNKNOWNS, "x u", "backward", "loss")

ROWS = [
    _dict, _tuple, _number, _same, _call, _line, _dicts, _rate, _pose, _unknowns,
    _dict.broken("dm twice", "np.mean(r, keep", "2 * np.mean(r, keep", "m"),
    _tuple.broken("dm twice", "np.mean(r, keep", "2 * np.mean(r, keep", "m"),
    _number.broken("dm twice", "np.mean(r)", "2 * np.mean(r)", "m"),
    _same.broken("m twice", "np.mean(r, keep", "2 * np.mean(r, keep", "m"),
    _call.broken("gm twice", "np.mean(r)", "2 * np.mean(r)", "m"),
    _line.broken("dm without 2", "self.dm = 2 * ", "self.dm = ", "m"),
    _dicts.broken("m without 2", '["m"] = 2 * ', '["m"] = ', "m"),
    _rate.broken("without x", "np.minimum(z, 0)", "(z < 0)", "alpha"),
    _pose.broken("dt by three", "e.sum(axis=0)", "3 * e.sum(axis=0)", "t"),
    _unknowns.broken("dx twice", "A.T @ e,", "2 * A.T @ e,", "x"),
    *(Row(f"a parameter called {name}", "D", _called(name, ARGUMENTS).replace("= np.mean", "= "
          "2 * np.mean"), f"u0 {name}", "backward", "loss", wrong=name)
      for name in ("n", "N", "x", "t", "lr", "lam", "labels")),
    Row("m is a number of examples", "D", COUNT, "W", "backward", "cost"),
    Row("dX beside dW", "D", COUNT.replace('"m": m', '"dX": dX'), "W", "backward", "cost",
        noted=("backward also returns dX: no parameter was found for it, not compared",)),
    Row("an array without a name that says whose", "V", NAMELESS, "u0", "backward", "loss",
        noted=("backward also returns c: no parameter was found for it, not compared",)),
    Row("dm of one of two", "T", TWICE, "u0", "backward", "loss", unchecked="p['m'] q['m']",
        noted=("backward also returns dm: no parameter was found for it, not compared",)),
]  # fmt: skip
