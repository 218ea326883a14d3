"""Families O and P: one function a parameter, gradients in globals, layers with settings."""

from .rows import Row

ONE_EACH = """
def sigmoid(z):
    return 1 / (1 + np.exp(-z))
def forward():
    global a1, a2
    a1 = np.tanh(X @ W1 + b1)
    a2 = a1 @ W2
def J():
    forward()
    return np.mean((a2 - Y) ** 2)
def dJ_da2():
    return 2 * (a2 - Y) / Y.size
def dJ_dW2():
    return a1.T @ dJ_da2()
def dJ_dz1():
    return dJ_da2() @ W2.T * (1 - a1 ** 2)
def dJ_dW1():
    return X.T @ dJ_dz1()
def dJ_db1():
    return dJ_dz1().sum(axis=0)
# %%
rng = np.random.default_rng(0)
X, Y = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
W1, b1, W2 = rng.normal(size=(3, 4)), np.zeros(4), rng.normal(size=(4, 2))
# %%
for i in range(3):
    forward()
    W1 = W1 - 0.1 * dJ_dW1()
    b1 = b1 - 0.1 * dJ_db1()
    W2 = W2 - 0.1 * dJ_dW2()
"""

PER_PARAMETER = """
def predict(x, w, b):
    return w * x + b
def cost(x, y, w, b):
    return np.mean((predict(x, w, b) - y) ** 2)
def grad_w(x, y, w, b):
    return 2 * np.mean((predict(x, w, b) - y) * x)
def grad_b(x, y, w, b):
    return 2 * np.mean(predict(x, w, b) - y)
x, y = np.array([1.0, 2, 3, 4]), np.array([2.0, 3.5, 6, 8.5])
w, b = 0.5, 0.1
for i in range(3):
    w, b = w - 0.01 * grad_w(x, y, w, b), b - 0.01 * grad_b(x, y, w, b)
"""

GLOBAL_GRADS = """
def forward(x):
    global h
    h = np.tanh(x @ W1)
    return h @ W2
def loss_fn(out, y):
    return 0.5 * np.sum((out - y) ** 2)
def backward(x, y, out):
    global dW1, dW2
    d = out - y
    dW2 = h.T @ d
    dW1 = x.T @ (d @ W2.T * (1 - h ** 2))
# %%
rng = np.random.default_rng(0)
x, y = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
W1, W2 = rng.normal(size=(3, 4)), rng.normal(size=(4, 2))
# %%
out = forward(x)
loss = loss_fn(out, y)
backward(x, y, out)
"""

BATCHNORM = """
def batchnorm_forward(x, gamma, beta, bn_param):
    mode, eps = bn_param["mode"], bn_param.get("eps", 1e-5)
    if mode == "train":
        mu, var = x.mean(axis=0), x.var(axis=0)
        bn_param["running_mean"] = 0.9 * bn_param.get("running_mean", 0) + 0.1 * mu
        xhat = (x - mu) / np.sqrt(var + eps)
        cache = (xhat, gamma, var, eps)
        return gamma * xhat + beta, cache
    return gamma * (x - bn_param["running_mean"]) + beta, None
def batchnorm_backward(dout, cache):
    xhat, gamma, var, eps = cache
    dgamma, dbeta = (dout * xhat).sum(axis=0), dout.sum(axis=0)
    dxhat = dout * gamma
    dx = (dxhat - dxhat.mean(0) - xhat * (dxhat * xhat).mean(0)) / np.sqrt(var + eps)
    return dx, dgamma, dbeta
# %%
np.random.seed(231)
x, gamma, beta = 5 * np.random.randn(4, 5) + 12, np.random.randn(5), np.random.randn(5)
bn_param = {"mode": "train"}
_, cache = batchnorm_forward(x, gamma, beta, bn_param)
"""

POOL = """
def max_pool_forward(x, pool_param):
    s = pool_param["stride"]
    N, C, H, W = x.shape
    out = x.reshape(N, C, H // s, s, W // s, s).max(axis=3).max(axis=4)
    cache = (x, out, s)
    return out, cache
def max_pool_backward(dout, cache):
    x, out, s = cache
    big = out.repeat(s, axis=2).repeat(s, axis=3)
    dx = (x == big) * dout.repeat(s, axis=2).repeat(s, axis=3)
    return dx
rng = np.random.default_rng(0)
x = rng.normal(size=(2, 2, 4, 4))
pool_param = {"stride": 2}
"""

_each = Row("one function a parameter, all in globals", "O", ONE_EACH, "W1 b1 W2",
            "dJ_dW1, dJ_db1, dJ_dW2", "J")  # fmt: skip
_two = Row("one function a parameter", "O", PER_PARAMETER, "w b", "grad_w, grad_b", "cost")
_kept = Row("gradients left in globals", "O", GLOBAL_GRADS, "W1 W2", "backward", "loss_fn")
_norm = Row("a mode in a dict", "P", BATCHNORM, "x gamma beta", "batchnorm_backward",
            "batchnorm_forward", told=("mode='train'",))  # fmt: skip
_pool = Row("pooling", "P", POOL, "x", "max_pool_backward", "max_pool_forward")

ROWS = [
    _each,
    _each.broken("mean", "dJ_dz1().sum(axis=0)", "dJ_dz1().mean(axis=0)", "b1"),
    _two,
    _two.broken("one half", "return 2 * np.mean(predict", "return np.mean(predict", "b"),
    _kept,
    _kept.broken("no derivative", " * (1 - h ** 2)", "", "W1"),
    _norm,
    _norm.broken("no mean", "dxhat - dxhat.mean(0) -", "dxhat -", "x"),
    _pool,
    _pool.broken("averaged", "(x == big) * dout", "0.25 * dout", "x"),
]  # fmt: skip
