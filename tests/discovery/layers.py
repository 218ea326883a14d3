"""Families P and O: layer functions in pairs, parameters in globals."""

from .rows import Row

AFFINE = """
def affine_forward(x, w, b):
    out = x.reshape(x.shape[0], -1) @ w + b
    cache = (x, w, b)
    return out, cache

def affine_backward(dout, cache):
    x, w, b = cache
    dx = (dout @ w.T).reshape(x.shape)
    dw = x.reshape(x.shape[0], -1).T @ dout
    db = dout.sum(axis=0)
    return dx, dw, db
# %%
np.random.seed(231)
x = np.random.randn(4, 2, 3)
w = np.random.randn(6, 5)
b = np.random.randn(5)
dout = np.random.randn(4, 5)
_, cache = affine_forward(x, w, b)
dx, dw, db = affine_backward(dout, cache)
"""

CONV = """
def zero_pad(X, pad):
    return np.pad(X, ((0, 0), (pad, pad), (pad, pad), (0, 0)))

def conv_forward(A_prev, W, b, hparameters):
    stride, pad = hparameters["stride"], hparameters["pad"]
    f = W.shape[0]
    m, n_H_prev, n_W_prev, n_C_prev = A_prev.shape
    n_H = (n_H_prev - f + 2 * pad) // stride + 1
    n_W = (n_W_prev - f + 2 * pad) // stride + 1
    Z = np.zeros((m, n_H, n_W, W.shape[3]))
    padded = zero_pad(A_prev, pad)
    for h in range(n_H):
        for w in range(n_W):
            piece = padded[:, h * stride:h * stride + f, w * stride:w * stride + f, :]
            Z[:, h, w, :] = np.tensordot(piece, W, 3) + b[0, 0, 0]
    return Z, (A_prev, W, b, hparameters)

def conv_backward(dZ, cache):
    A_prev, W, b, hparameters = cache
    stride, pad = hparameters["stride"], hparameters["pad"]
    f = W.shape[0]
    padded = zero_pad(A_prev, pad)
    d_padded = np.zeros_like(padded)
    dW = np.zeros_like(W)
    db = np.zeros_like(b)
    for h in range(dZ.shape[1]):
        for w in range(dZ.shape[2]):
            rows, cols = slice(h * stride, h * stride + f), slice(w * stride, w * stride + f)
            d_padded[:, rows, cols, :] += np.tensordot(dZ[:, h, w, :], W, ([1], [3]))
            dW += np.tensordot(padded[:, rows, cols, :], dZ[:, h, w, :], ([0], [0]))
            db += dZ[:, h, w, :].sum(axis=0)
    dA_prev = d_padded[:, pad:-pad, pad:-pad, :]
    return dA_prev, dW, db
# %%
np.random.seed(1)
A_prev = np.random.randn(2, 4, 4, 2)
W = np.random.randn(2, 2, 2, 3)
b = np.random.randn(1, 1, 1, 3)
hparameters = {"pad": 1, "stride": 2}
Z, cache_conv = conv_forward(A_prev, W, b, hparameters)
"""

TWO_PAIRS = (
    AFFINE
    + """
# %%
def relu_forward(x):
    return np.maximum(0, x), x
def relu_backward(dout, cache):
    return dout * (cache > 0)
def norm_forward(x, gamma, beta):
    mu = x.mean(axis=0)
    var = x.var(axis=0)
    xhat = (x - mu) / np.sqrt(var + 1e-5)
    return gamma * xhat + beta, (xhat, gamma, var)
def norm_backward(dout, cache):
    xhat, gamma, var = cache
    N = len(dout)
    dgamma = (dout * xhat).sum(axis=0)
    dbeta = dout.sum(axis=0)
    dxhat = dout * gamma
    dx = (N * dxhat - dxhat.sum(0) - xhat * (dxhat * xhat).sum(0)) / N / np.sqrt(var + 1e-5)
    return dx, dgamma, dbeta
# %%
x = np.random.randn(5, 4)
gamma, beta = np.random.randn(4), np.random.randn(4)
"""
)

LAYER_OBJECT = """
class Affine:
    def __init__(self, W, b):
        self.W, self.b = W, b
    def forward(self, x):
        self.x = x
        return x @ self.W + self.b
    def backward(self, dout):
        self.dW = self.x.T @ dout
        self.db = dout.sum(axis=0)
        return dout @ self.W.T
rng = np.random.default_rng(6)
x = rng.normal(size=(5, 3))
layer = Affine(rng.normal(size=(3, 2)), rng.normal(size=2))
"""

LSTM_STEP = """
def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b):
    i, f, o, g = np.split(x @ Wx + prev_h @ Wh + b, 4, axis=1)
    i, f, o, g = (1 / (1 + np.exp(-z)) for z in (i, f, o, g))
    next_c = f * prev_c + i * g
    next_h = o * np.tanh(next_c)
    cache = (x, prev_h, prev_c, Wx, Wh, i, f, o, g, next_c)
    return next_h, next_c, cache

def lstm_step_backward(dnext_h, dnext_c, cache):
    x, prev_h, prev_c, Wx, Wh, i, f, o, g, next_c = cache
    t = np.tanh(next_c)
    dc = dnext_c + dnext_h * o * (1 - t ** 2)
    gates = [dc * g * i * (1 - i), dc * prev_c * f * (1 - f)]
    gates += [dnext_h * t * o * (1 - o), dc * i * g * (1 - g)]
    dz = np.hstack(gates)
    dx = dz @ Wx.T
    dprev_h = dz @ Wh.T
    dprev_c = dc * f
    dWx = x.T @ dz
    dWh = prev_h.T @ dz
    db = dz.sum(axis=0)
    return dx, dprev_h, dprev_c, dWx, dWh, db
# %%
np.random.seed(3)
x, prev_h, prev_c = np.random.randn(3, 4), np.random.randn(3, 2), np.random.randn(3, 2)
Wx, Wh, b = np.random.randn(4, 8), np.random.randn(2, 8), np.random.randn(8)
"""

GLOBAL_NAMES = """
def forward(X):
    Z1 = X.dot(W1) + b1
    A1 = np.tanh(Z1)
    Z2 = A1.dot(W2) + b2
    return Z1, A1, Z2

def loss(Z2, y):
    return ((Z2 - y) ** 2).sum()

def backward(X, y, A1, Z2):
    dZ2 = 2 * (Z2 - y)
    dW2 = A1.T.dot(dZ2)
    db2 = dZ2.sum(axis=0)
    dZ1 = dZ2.dot(W2.T) * (1 - A1 ** 2)
    dW1 = X.T.dot(dZ1)
    db1 = dZ1.sum(axis=0)
    return dW1, db1, dW2, db2
# %%
rng = np.random.RandomState(0)
X, y = rng.randn(6, 3), rng.randn(6, 2)
W1, b1 = rng.randn(3, 4), rng.randn(4)
W2, b2 = rng.randn(4, 2), rng.randn(2)
# %%
Z1, A1, Z2 = forward(X)
print(loss(Z2, y))
dW1, db1, dW2, db2 = backward(X, y, A1, Z2)
"""

GLOBAL_DICT = """
params = {"w": np.array([0.5, -1.0, 2.0]), "b": 0.1}
def model(X):
    return X @ params["w"] + params["b"]
def mse(pred, y):
    return ((pred - y) ** 2).mean()
def backward(X, y):
    r = 2 * (model(X) - y) / len(y)
    return {"w": X.T @ r, "b": r.sum()}
rng = np.random.RandomState(1)
X, y = rng.randn(7, 3), rng.randn(7)
"""

_affine = Row(
    "affine", "P", AFFINE, "x w b", "affine_backward", "affine_forward", told=("sum(out * dout)",)
)
_conv = Row("convolution", "P", CONV, "A_prev W b", "conv_backward", "conv_forward")
_norm = Row(
    "one of three",
    "P",
    TWO_PAIRS,
    "x gamma beta",
    "norm_backward",
    "norm_forward",
    hints={"backward": "norm_backward"},
)
_relu = Row(
    "an activation by name",
    "P",
    TWO_PAIRS,
    "x",
    "relu_backward",
    "relu_forward",
    hints={"backward": "relu_backward"},
)
_object = Row("a layer without a loss", "P", LAYER_OBJECT, "W b", "layer.backward", "layer.forward")
_lstm = Row(
    "two upstream gradients",
    "P",
    LSTM_STEP,
    "x prev_h prev_c Wx Wh b",
    "lstm_step_backward",
    "lstm_step_forward",
    told=("sum(next_h * dnext_h) + sum(next_c * dnext_c)",),
)
_names = Row("parameters in globals", "O", GLOBAL_NAMES, "W1 b1 W2 b2", "backward", "loss")
_dict = Row("dict in a global", "O", GLOBAL_DICT, "w b", "backward", "mse")

ROWS = [
    _affine,
    _affine.broken("mean", "db = dout.sum(axis=0)", "db = dout.mean(axis=0)", "b"),
    _conv,
    _conv.broken("bias once", "db += dZ[:, h, w, :].sum", "db[:] = dZ[:, h, w, :].sum",
                 "b"),
    _norm,
    _norm.broken("no mean path", "N * dxhat - dxhat.sum(0)", "N * dxhat", "x"),
    _relu,
    _object,
    _object.broken("no axis", "self.db = dout.sum(axis=0)", "self.db = dout.sum()", "b"),
    _lstm,
    _lstm.broken("no cell path", "dc = dnext_c + dnext_h * o", "dc = 0 * dnext_c + dnext_h * o",
                 "x prev_h prev_c Wx Wh b"),
    _names,
    _names.broken("no tanh'", " * (1 - A1 ** 2)", "", "W1 b1"),
    _dict,
    _dict.broken("not averaged", "r.sum()", "r.sum() * len(y)", "b"),
]  # fmt: skip
