"""Data and constants with the names of parameters: inputs U, a weight of the loss."""

from .rows import Row

TAKEN = (
    "{} gets no gradient and no update: taken for data; if it is a parameter, its gradient is "
    "missing"
)

INPUTS = """
def forward(U, W, b):
    return np.tanh(U @ W + b)
def loss(A, Y):
    return np.sum((A - Y) ** 2) / (2 * len(Y))
def backward(U, Y, A, W, b):
    dZ = (A - Y) * (1 - A ** 2) / len(Y)
    return U.T @ dZ, dZ.sum(axis=0)
rng = np.random.default_rng(0)
U, Y = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
W, b = rng.normal(size=(3, 2)), np.zeros(2)
"""
SQUARE = INPUTS.replace("(5, 3)", "(3, 3)").replace("(5, 2)", "(3, 3)").replace("(3, 2)", "(3, 3)")
SQUARE = SQUARE.replace("zeros(2)", "zeros(3)")
NAMED = INPUTS.replace("    return U.T @ dZ, ", "    dU = dZ @ W.T\n    return U.T @ dZ, ")
TRAINED = INPUTS + "for _ in range(0):\n    U = U - 0.1 * U\n"
DICT = INPUTS.replace("W, b)", "p)").replace("W, b = ", "p = dict(W=").replace(", np.z", ", b=np.z")
DICT = DICT.replace("zeros(2)", "zeros(2))").replace("@ W + b", '@ p["W"] + p["b"]')
DICT = DICT.replace("U.T @ dZ, dZ.sum(axis=0)", '{"dW": U.T @ dZ, "db": dZ.sum(axis=0)}')
VECTOR = """
def loss(w, U, y):
    return np.mean((U @ w - y) ** 2)
def gradient(w, U, y):
    return 2 * U.T @ (U @ w - y) / len(y)
rng = np.random.default_rng(0)
U, y, w = rng.normal(size=(5, 3)), rng.normal(size=5), rng.normal(size=3)
"""

NUMBER = """
def forward(X, W, b):
    return np.tanh(X @ W + b)
def loss(A, Y, weight):
    return np.sum(weight * (A - Y) ** 2) / (2 * len(Y))
def backward(X, Y, A, W, b, weight):
    dZ = weight * (A - Y) * (1 - A ** 2) / len(Y)
    dW = X.T @ dZ
    db = dZ.sum(axis=0)
    return dW, db
rng = np.random.default_rng(0)
X, Y, weight = rng.normal(size=(5, 3)), rng.normal(size=(5, 2)), 0.5
W, b = rng.normal(size=(3, 2)), np.zeros(2)
"""
EXAMPLES = NUMBER.replace("0.5", "np.linspace(0.1, 1.0, 5)[:, None]")
CLASSES = NUMBER.replace("weight", "weights").replace("0.5", "np.array([0.3, 0.7])")
READ = NUMBER.replace("Y, weight)", "Y)").replace("b, weight)", "b)")
OBJECT = """
class Net:
    def __init__(self):
        rng = np.random.default_rng(0)
        self.W, self.b, self.weight = rng.normal(size=(3, 2)), np.zeros(2), 0.5
    def loss(self, X, Y):
        self.out = X @ self.W + self.b
        return self.weight * np.sum((self.out - Y) ** 2)
    def backward(self, X, Y):
        d = 2 * self.weight * (self.out - Y)
        self.dW, self.db = X.T @ d, d.sum(0)
rng = np.random.default_rng(0)
X, Y = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
net = Net()
"""

RECURRENT = """
def forward(x, W, U, V):
    hs = [np.zeros((5, 4))]
    for step in range(3):
        hs.append(np.tanh(x[step] @ W + hs[-1] @ U))
    out = hs[-1] @ V
    return hs, out
def loss(out, Y):
    return np.mean((out - Y) ** 2)
def backward(x, Y, hs, out, W, U, V):
    d = 2 * (out - Y) / Y.size
    dV, dh, dW = hs[-1].T @ d, d @ V.T, np.zeros_like(W)
    for step in (2, 1, 0):
        e = dh * (1 - hs[step + 1] ** 2)
        dW += x[step].T @ e
        dh = e @ U.T
    return dW, dV
rng = np.random.default_rng(0)
x, Y = rng.normal(size=(3, 5, 3)), rng.normal(size=(5, 2))
W, U, V = rng.normal(size=(3, 4)), rng.normal(size=(4, 4)), rng.normal(size=(4, 2))
"""
NO_V = RECURRENT.replace("V", "Wy")
FACTORS = """
def loss(U, V, R):
    return np.sum((U @ V.T - R) ** 2) / 2
def gradient(U, V, R):
    dV = (U @ V.T - R).T @ U
    return dV
rng = np.random.default_rng(0)
R, U, V = rng.normal(size=(6, 5)), rng.normal(size=(6, 2)), rng.normal(size=(5, 2))
"""
TWO_WEIGHTS = """
def forward(X, W, b, w):
    A = np.tanh(X @ W + b)
    out = A @ w
    return A, out
def loss(out, y):
    return np.mean((out - y) ** 2)
def backward(X, y, A, out, w):
    d = 2 * (out - y) / len(y)
    e = np.outer(d, w) * (1 - A ** 2)
    dW, db = X.T @ e, e.sum(0)
    return dW, db
rng = np.random.default_rng(0)
X, y = rng.normal(size=(6, 3)), rng.normal(size=6)
W, b, w = rng.normal(size=(3, 4)), np.zeros(4), rng.normal(size=4)
"""

_ONE, _WEIGHT, _WEIGHTS = (TAKEN.format(name) for name in ("U", "weight", "weights"))
_SLOPE = ("(1 - A ** 2)", "(1 - A)")
_inputs = Row("inputs called U", "T", INPUTS, "W b", "backward", "loss", noted=(_ONE,))
_weight = Row("a weight of the loss", "T", NUMBER, "W b", "backward", "loss", noted=(_WEIGHT,))

ROWS = [
    _inputs,
    _inputs.broken("tanh", *_SLOPE, "W b"),
    Row("inputs called U, all square", "T", SQUARE, "W b", "backward", "loss", noted=(_ONE,)),
    Row("inputs called U, a dict", "D", DICT, "W b", "backward", "loss", noted=(_ONE,)),
    Row("inputs called U, a vector", "V", VECTOR, "w", "gradient", "loss", noted=(_ONE,)),
    _weight,
    _weight.broken("tanh", *_SLOPE, "W b"),
    Row("weights of examples", "T", EXAMPLES, "W b", "backward", "loss", noted=(_WEIGHT,)),
    Row("weights of classes", "T", CLASSES, "W b", "backward", "loss", noted=(_WEIGHTS,)),
    Row("a global weight of the loss", "T", READ, "W b", "backward", "loss", noted=(_WEIGHT,)),
    Row("a weight of the loss in an object", "L", OBJECT, "W b", "net.backward", "net.loss",
        noted=(_WEIGHT,)),
    # a regression on U, or a factor that is forgotten: both read alike
    Row("factors of Y", "T", FACTORS.replace("R", "Y").replace("V", "W"), "W", "gradient", "loss",
        noted=(_ONE,)),
    # forgotten all the same
    Row("U whose gradient has a name", "T", NAMED, "W b", "backward", "loss", unchecked="U"),
    Row("U that is trained", "T", TRAINED, "W b", "backward", "loss", unchecked="U"),
    Row("recurrent without dU", "T", RECURRENT, "W V", "backward", "loss", unchecked="U"),
    Row("recurrent without dU, no V", "T", NO_V, "W Wy", "backward", "loss", unchecked="U"),
    Row("factors without dU", "T", FACTORS, "V", "gradient", "loss", unchecked="U"),
    Row("w after W", "T", TWO_WEIGHTS, "W b", "backward", "loss", unchecked="w"),
]  # fmt: skip
