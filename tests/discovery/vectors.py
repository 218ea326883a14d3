"""Families V and K: one vector, or a dict with the parameters' own keys."""

from .rows import Row

ALONE = """
rng = np.random.default_rng(0)
A, c = rng.normal(size=(6, 3)), rng.normal(size=6)
def f(w):
    r = A @ w - c
    return 0.5 * r @ r / len(c)
def grad_f(w):
    return A.T @ (A @ w - c) / len(c)
w = np.zeros(3)
for k in range(4):
    w = w - 0.1 * grad_f(w)
    print(f(w))
"""

COLUMN = """
def computeCost(X, y, theta):
    inner = np.power((X * theta.T) - y, 2)
    return np.sum(inner) / (2 * len(X))
def computeGradient(X, y, theta):
    error = (X * theta.T) - y
    return (error.T * X) / len(X)
# %%
rng = np.random.RandomState(0)
X = np.matrix(np.c_[np.ones(7), rng.randn(7, 2)])
y = np.matrix(rng.randn(7, 1))
theta = np.matrix(np.array([0.5, -0.2, 0.1]))
# %%
computeCost(X, y, theta)
computeGradient(X, y, theta)
"""

SOFTMAX = """
def probabilities(W, X):
    scores = X @ W
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
def nll(W, X, T, decay):
    return -np.sum(T * np.log(probabilities(W, X))) / len(X) + 0.5 * decay * np.sum(W ** 2)
def nll_gradient(W, X, T, decay):
    return X.T @ (probabilities(W, X) - T) / len(X) + decay * W
rng = np.random.default_rng(3)
X, T = rng.normal(size=(9, 4)), np.eye(3)[rng.integers(0, 3, 9)]
W, decay = rng.normal(size=(4, 3)), 0.01
"""

MODES = """
class Dropout:
    def __init__(self, ratio=0.5):
        self.ratio, self.mask = ratio, None
    def forward(self, x, train_flg=True):
        if train_flg:
            self.mask = np.random.rand(*x.shape) > self.ratio
            return x * self.mask
        return x * (1 - self.ratio)
    def backward(self, dout):
        return dout * self.mask
class Affine:
    def __init__(self, W, b):
        self.W, self.b = W, b
    def forward(self, x):
        self.x = x
        return x @ self.W + self.b
    def backward(self, dout):
        self.dW, self.db = self.x.T @ dout, dout.sum(axis=0)
        return dout @ self.W.T
class SoftmaxWithLoss:
    def forward(self, x, t):
        e = np.exp(x - x.max(axis=1, keepdims=True))
        self.y, self.t = e / e.sum(axis=1, keepdims=True), t
        return -np.sum(t * np.log(self.y + 1e-12)) / len(x)
    def backward(self, dout=1):
        return dout * (self.y - self.t) / len(self.t)
class MultiLayerNet:
    def __init__(self):
        rng = np.random.RandomState(8)
        self.params = {"W1": 0.3 * rng.randn(4, 6), "b1": np.zeros(6), "W2": 0.3 * rng.randn(6, 3),
                       "b2": np.zeros(3)}
        self.layers = {"Affine1": Affine(self.params["W1"], self.params["b1"]),
                       "Dropout1": Dropout(),
                       "Affine2": Affine(self.params["W2"], self.params["b2"])}
        self.last_layer = SoftmaxWithLoss()
    def predict(self, x, train_flg=False):
        for key, layer in self.layers.items():
            if "Dropout" in key:
                x = layer.forward(x, train_flg)
            else:
                x = layer.forward(x)
        return x
    def loss(self, x, t, train_flg=False):
        return self.last_layer.forward(self.predict(x, train_flg), t)
    def accuracy(self, x, t):
        return np.mean(self.predict(x).argmax(axis=1) == t.argmax(axis=1))
    def numerical_gradient(self, x, t):
        raise RuntimeError("a decoy")
    def gradient(self, x, t):
        self.loss(x, t, train_flg=True)
        dout = self.last_layer.backward(1)
        for layer in reversed(list(self.layers.values())):
            dout = layer.backward(dout)
        one, two = self.layers["Affine1"], self.layers["Affine2"]
        return {"W1": one.dW, "b1": one.db, "W2": two.dW, "b2": two.db}
# %%
rng = np.random.default_rng(7)
x_train, t_train = rng.normal(size=(6, 4)), np.eye(3)[rng.integers(0, 3, 6)]
network = MultiLayerNet()
"""
MATCHED = MODES.replace("t, train_flg=False", "t, train_flg=True")

NESTED = """
def forward(params, x):
    h = np.tanh(x @ params["hidden"]["w"] + params["hidden"]["b"])
    return h @ params["out"]["w"] + params["out"]["b"]
def loss(params, x, y):
    return np.mean((forward(params, x) - y) ** 2)
def grad(params, x, y):
    h = np.tanh(x @ params["hidden"]["w"] + params["hidden"]["b"])
    d = 2 * (forward(params, x) - y) / y.size
    dh = d @ params["out"]["w"].T * (1 - h ** 2)
    return {"hidden": {"w": x.T @ dh, "b": dh.sum(0)}, "out": {"w": h.T @ d, "b": d.sum(0)}}
rng = np.random.default_rng(0)
x, y = rng.normal(size=(8, 2)), rng.normal(size=(8, 2))
params = {"hidden": {"w": rng.normal(size=(2, 5)), "b": np.zeros(5)},
          "out": {"w": rng.normal(size=(5, 2)), "b": np.zeros(2)}}
"""

CASTS = """
class Regression:
    def __init__(self):
        self.params = {"w": np.array([0.5, -1.5, 2.0]), "b": np.zeros(1)}
    def predict(self, x):
        return (x @ self.params["w"] + self.params["b"]).astype(np.float32)
    def loss(self, x, y):
        return np.mean((self.predict(x) - y) ** 2)
    def gradient(self, x, y):
        r = 2 * (self.predict(x) - y) / len(y)
        return {"w": x.T @ r, "b": r.sum(keepdims=True)}
rng = np.random.default_rng(0)
x, y = rng.normal(size=(7, 3)), rng.normal(size=7)
model = Regression()
"""

GAUSSIAN_PROCESS = """
def kernel(theta, X):
    return np.exp(theta[0] - (X - X.T) ** 2 / np.exp(theta[1])) + 0.1 * np.eye(len(X))
def negative_log_marginal(theta, X, y):
    K = kernel(theta, X)
    return 0.5 * y @ np.linalg.solve(K, y) + 0.5 * np.linalg.slogdet(K)[1]
def gradient(theta, X, y):
    K = kernel(theta, X)
    a, E = np.linalg.solve(K, y), K - 0.1 * np.eye(len(X))
    A = np.linalg.inv(K) - np.outer(a, a)
    dtheta = 0.5 * np.array([np.sum(A * E), np.sum(A * E * (X - X.T) ** 2) / np.exp(theta[1])])
    return dtheta
X = np.linspace(0, 1, 8)[:, None]
y, theta = np.sin(3 * X[:, 0]), np.array([0.1, -0.3])
"""

_alone = Row("one argument, data in globals", "V", ALONE, "w", "grad_f", "f")
_column = Row("matrices", "V", COLUMN, "theta", "computeGradient", "computeCost")
_softmax = Row("a matrix of weights", "V", SOFTMAX, "W", "nll_gradient", "nll")
_marginal = Row("a negative log", "V", GAUSSIAN_PROCESS, "theta", "gradient",
                "negative_log_marginal")  # fmt: skip
_modes = Row("modes that default alike", "K", MATCHED, "W1 b1 W2 b2", "network.gradient",
             "network.loss", told=("train_flg=True",))  # fmt: skip
_differ = Row("modes that default differently", "K", MODES, "W1 b1 W2 b2", "network.gradient",
              "network.loss", "W1 b1 W2 b2", noted=("train_flg",))  # fmt: skip
_named = Row("the mode in a hint", "K", MODES, "W1 b1 W2 b2", "network.gradient",
             "network.loss",
             hints={"cost": "network.loss(x_train, t_train, train_flg=True)"})  # fmt: skip
_nested = Row("dicts in a dict", "K", NESTED,
              "params['hidden']['w'] params['hidden']['b'] params['out']['w'] params['out']['b']",
              "grad", "loss")  # fmt: skip

ROWS = [
    _alone,
    _alone.broken("twice", "return A.T @", "return 2 * A.T @", "w"),
    _column,
    _column.broken("no mean", "(error.T * X) / len(X)", "error.T * X", "theta"),
    _softmax,
    _softmax.broken("penalty left out", " + decay * W\n", "\n", "W"),
    _marginal,
    _marginal.broken("half", "dtheta = 0.5 *", "dtheta =", "theta"),
    *(Row(f"a cost called {name}", "V", GAUSSIAN_PROCESS.replace("negative_log_marginal", name),
          "theta", "gradient", name)
      for name in ("neg_log_posterior", "negative_elbo", "minus_log_evidence", "negLogLik",
                   "nlml")),
    _modes,
    _modes.broken("b from the other sum", "dout.sum(axis=0)", "dout.mean(axis=0)", "b1 b2"),
    _differ,
    _named,
    _nested,
    _nested.broken("bias once", "dh.sum(0)", "dh[0]", "params['hidden']['b']"),
]  # fmt: skip
