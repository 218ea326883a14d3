"""Traps: state, chance, aliases, what forward makes, what other modules bring."""

from .rows import Row

DROPOUT = """
def forward(X, params, keep_prob=0.8):
    A1 = np.tanh(params["W1"] @ X + params["b1"])
    D1 = np.random.rand(*A1.shape) < keep_prob
    A1 = A1 * D1 / keep_prob
    A2 = params["W2"] @ A1
    return A2, (D1, A1)
def cost(A2, Y):
    return 0.5 * np.sum((A2 - Y) ** 2) / Y.shape[1]
def backward(X, Y, params, A2, cache, keep_prob=0.8):
    D1, A1 = cache
    d = (A2 - Y) / Y.shape[1]
    tanh = A1 * keep_prob
    dZ = (params["W2"].T @ d) * D1 / keep_prob * (1 - tanh ** 2)
    return {"dW2": d @ A1.T, "dW1": dZ @ X.T, "db1": dZ.sum(axis=1, keepdims=True)}
rng = np.random.default_rng(0)
X, Y = rng.normal(size=(3, 6)), rng.normal(size=(2, 6))
params = {"W1": rng.normal(size=(5, 3)), "b1": np.zeros((5, 1)), "W2": rng.normal(size=(2, 5))}
"""

OWN_GENERATOR = """
import random
rng = np.random.default_rng(11)
class Noisy:
    def __init__(self):
        self.rng = np.random.default_rng(12)
        self.w = np.array([0.5, -0.3])
    def loss(self, X, y):
        noise = self.rng.normal(size=X.shape) * random.random()
        r = (X + noise) @ self.w - y
        grads = {"w": (X + noise).T @ r}
        return 0.5 * r @ r, grads
X, y = rng.normal(size=(5, 2)), rng.normal(size=5)
model = Noisy()
"""

RUNNING = """
class Norm:
    def __init__(self):
        self.gamma = np.array([1.0, 0.5, 2.0])
        self.beta = np.zeros(3)
        self.running = np.zeros(3)
        self.calls = []
    def forward(self, x):
        self.running = 0.9 * self.running + 0.1 * x.mean(axis=0)
        self.calls.append(len(x))
        self.xhat = (x - self.running) / (x.std(axis=0) + 1e-5)
        return self.gamma * self.xhat + self.beta
    def loss(self, x, y):
        return ((self.forward(x) - y) ** 2).sum()
    def gradient(self, x, y):
        d = 2 * (self.forward(x) - y)
        return {"gamma": (d * self.xhat).sum(axis=0), "beta": d.sum(axis=0)}
rng = np.random.default_rng(0)
x, y = rng.normal(size=(6, 3)), rng.normal(size=(6, 3))
norm = Norm()
norm.forward(x)
"""

ALIASED = """
class Affine:
    def __init__(self, W, b):
        self.W, self.b = W, b
    def forward(self, x):
        self.x = x
        return x @ self.W + self.b
    def backward(self, dout):
        self.dW, self.db = self.x.T @ dout, dout.sum(axis=0)
        return dout @ self.W.T
class Net:
    def __init__(self):
        rng = np.random.default_rng(1)
        self.params = {"W1": rng.normal(size=(3, 4)).astype(np.float32), "b1": np.zeros(4),
                       "W2": rng.normal(size=(4, 2)), "b2": np.zeros(2, dtype=int)}
        self.layers = [Affine(self.params["W1"], self.params["b1"]),
                       Affine(self.params["W2"], self.params["b2"])]
    def predict(self, x):
        h = self.layers[0].forward(x)
        self.mask = h > 0
        return self.layers[1].forward(h * self.mask)
    def loss(self, x, t):
        return 0.5 * np.sum((self.predict(x) - t) ** 2) / len(x)
    def gradient(self, x, t):
        y = self.predict(x)
        d = self.layers[1].backward((y - t) / len(x))
        self.layers[0].backward(d * self.mask)
        return {"W1": self.layers[0].dW, "b1": self.layers[0].db,
                "W2": self.layers[1].dW, "b2": self.layers[1].db}
rng = np.random.default_rng(2)
x_train, t_train = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
net = Net()
"""

LAZY = """
class Dense:
    def __init__(self, units):
        self.units = units
        self.W = None
    def forward(self, x):
        if self.W is None:
            rng = np.random.default_rng(self.units)
            self.W = rng.normal(size=(x.shape[1], self.units))
            self.b = np.zeros(self.units)
        self.x = x
        return x @ self.W + self.b
    def backward(self, dout):
        self.dW, self.db = self.x.T @ dout, dout.sum(axis=0)
        return dout @ self.W.T
class Net:
    def __init__(self):
        self.first, self.second = Dense(4), Dense(2)
    def forward(self, x):
        self.h = np.tanh(self.first.forward(x))
        return self.second.forward(self.h)
    def loss(self, x, y):
        return ((self.forward(x) - y) ** 2).sum()
    def backward(self, x, y):
        d = self.second.backward(2 * (self.forward(x) - y))
        self.first.backward(d * (1 - self.h ** 2))
rng = np.random.default_rng(3)
X, y = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
net = Net()
"""

ACCUMULATES = """
class Linear:
    def __init__(self):
        self.W, self.b = np.array([[1.0, -2.0], [0.5, 0.3]]), np.zeros(2)
        self.zero_grad()
    def zero_grad(self):
        self.grad_W, self.grad_b = np.zeros((2, 2)), np.zeros(2)
    def forward(self, x):
        self.x = x
        return x @ self.W + self.b
    def backward(self, d):
        self.grad_W += self.x.T @ d
        self.grad_b += d.sum(axis=0)
def mse_loss(pred, y):
    return ((pred - y) ** 2).mean()
rng = np.random.default_rng(4)
X, y = rng.normal(size=(6, 2)), rng.normal(size=(6, 2))
linear = Linear()
# %%
for epoch in range(3):
    linear.zero_grad()
    pred = linear.forward(X)
    loss = mse_loss(pred, y)
    linear.backward(2 * (pred - y) / y.size)
    linear.W -= 0.1 * linear.grad_W
    linear.b -= 0.1 * linear.grad_b
"""

RESEEDS = """
def forward(X, W):
    np.random.seed(0)
    mask = np.random.rand(X.shape[0], W.shape[1]) > 0.5
    out = (X @ W) * mask
    return out, mask
def loss_fn(out, y):
    return np.array([[((out - y) ** 2).sum()]])
def backward(X, y, out, mask):
    dW = X.T @ (2 * (out - y) * mask)
    return dW
X, W, y = np.eye(3) + 0.1, np.arange(6.0).reshape(3, 2), np.ones((3, 2))
np.random.rand(3)
"""

IN_FUNCTION = """
def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def train(X, y, hidden=4, lr=0.1, epochs=5):
    np.random.seed(0)
    W1 = np.random.randn(X.shape[1], hidden)
    W2 = np.random.randn(hidden, 1)
    history = []
    for epoch in range(epochs):
        a1 = sigmoid(X @ W1)
        a2 = sigmoid(a1 @ W2)
        loss = 0.5 * np.mean((a2 - y) ** 2)
        history.append(loss)
        d2 = (a2 - y) * a2 * (1 - a2) / len(y)
        dW2 = a1.T @ d2
        d1 = d2 @ W2.T * a1 * (1 - a1)
        dW1 = X.T @ d1
        W1 -= lr * dW1
        W2 -= lr * dW2
    return W1, W2, history
# %%
rng = np.random.default_rng(0)
X_train = rng.normal(size=(8, 3))
y_train = rng.integers(0, 2, size=(8, 1))
X_test, y_test = X_train[:2], y_train[:2]
# %%
W1, W2, history = train(X_train, y_train)
"""

BATCHES = """
def forward(X, params):
    return X @ params["W"] + params["b"]
def mse(pred, y):
    return np.mean((pred - y) ** 2)
def backward(X, y, pred):
    d = 2 * (pred - y) / y.size
    return {"dW": X.T @ d, "db": d.sum(axis=0)}
# %%
def fit(X, y, params, lr=0.1, batch_size=4, epochs=2):
    rng = np.random.default_rng(0)
    for epoch in range(epochs):
        order = rng.permutation(len(X))
        for start in range(0, len(X), batch_size):
            rows = order[start:start + batch_size]
            X_batch, y_batch = X[rows], y[rows]
            pred = forward(X_batch, params)
            loss = mse(pred, y_batch)
            grads = backward(X_batch, y_batch, pred)
            for name in params:
                params[name] -= lr * grads["d" + name]
    return params
# %%
rng = np.random.default_rng(1)
x_train, y_train = rng.normal(size=(10, 3)), rng.normal(size=(10, 2))
x_test, y_test = rng.normal(size=(4, 3)), rng.normal(size=(4, 2))
params = fit(x_train, y_train, {"W": rng.normal(size=(3, 2)), "b": np.zeros(2)})
"""

_dropout = Row(
    "dropout from the global generator",
    "D",
    DROPOUT,
    "W1 b1 W2",
    "backward",
    "cost",
    told=("keep_prob=0.8",),
)
_noise = Row("the user's own generator", "S", OWN_GENERATOR, "w", "model.loss", "model.loss")
_running = Row("running average", "K", RUNNING, "gamma beta", "norm.gradient", "norm.loss")
_aliased = Row("layers share the arrays", "K", ALIASED, "W1 b1 W2 b2", "net.gradient", "net.loss")
_lazy = Row(
    "layers made by forward",
    "L",
    LAZY,
    "first.W first.b second.W second.b",
    "net.backward",
    "net.loss",
)
_sums = Row("accumulated gradients", "L", ACCUMULATES, "W b", "linear.backward", "mse_loss")
_reseeds = Row("reseeds the generator", "T", RESEEDS, "W", "backward", "loss_fn")
_function = Row("loop in a function", "I", IN_FUNCTION, "W1 W2", "train", "loss")
_batches = Row("mini-batches", "D", BATCHES, "W b", "backward", "mse", told=("x_train", "y_train"))

ROWS = [
    _dropout,
    _dropout.broken("not scaled", "* D1 / keep_prob * (1", "* D1 * (1", "W1 b1"),
    _noise,
    _noise.broken("noise drawn twice", "(X + noise).T @ r}",
                  "(X + self.rng.normal(size=X.shape)).T @ r}", "w"),
    _running,
    _aliased,
    _aliased.broken("bias averaged twice", '"b2": self.layers[1].db',
                    '"b2": self.layers[1].db / len(x)', "b2"),
    _lazy,
    _lazy.broken("no tanh'", "d * (1 - self.h ** 2)", "d", "first.W first.b"),
    _sums,
    _sums.broken("mean", "d.sum(axis=0)", "d.mean(axis=0)", "b"),
    _reseeds,
    _reseeds.broken("no mask", " * mask)\n    return dW", ")\n    return dW", "W"),
    _function,
    _function.broken("wrong layer", "d2 @ W2.T * a1 * (1 - a1)", "d2 @ W2.T * (1 - a1)", "W1"),
    _batches,
    _batches.broken("no mean", "d = 2 * (pred - y) / y.size", "d = 2 * (pred - y)", "W b"),
]  # fmt: skip
