"""Fresh: maxout, a strided convolution along time, one by columns, and a style's own norm."""

from __future__ import annotations

from .cases import Network, rows

MAXOUT = Network(
    "two maxout layers with dropout between them, softmax",
    """
def maxout_forward(x, W, b):
    z = np.einsum("nd,kdh->nkh", x, W) + b
    winner = np.argmax(z, axis=1)
    return np.max(z, axis=1), (x, W, winner)

def maxout_backward(dout, cache):
    x, W, winner = cache
    pieces = np.arange(W.shape[0])
    mask = winner[:, None, :] == pieces[None, :, None]
    dz = mask * dout[:, None, :]
    dW = np.einsum("nd,nkh->kdh", x, dz)
    db = dz.sum(axis=0)
    dx = np.einsum("nkh,kdh->nd", dz, W)
    return dx, dW, db

class MaxoutNet:
    def __init__(self, d, h, c, pieces, reg, rng):
        self.reg = reg
        self.params = {
            "W1": rng.standard_normal((pieces, d, h)) / 2, "b1": 0.2 * rng.standard_normal((pieces, h)),
            "W2": rng.standard_normal((pieces, h, c)) / 2, "b2": 0.2 * rng.standard_normal((pieces, c)),
        }

    def loss(self, X, y, drop, keep):
        W1, b1, W2, b2 = (self.params[k] for k in ("W1", "b1", "W2", "b2"))
        N = X.shape[0]
        h, cache1 = maxout_forward(X, W1, b1)
        hd = h * drop / keep
        scores, cache2 = maxout_forward(hd, W2, b2)
        e = np.exp(scores - scores.max(axis=1, keepdims=True))
        probs = e / e.sum(axis=1, keepdims=True)
        loss = -np.sum(np.log(probs[np.arange(N), y])) / N
        loss += 0.5 * self.reg * (np.sum(W1 ** 2) + np.sum(W2 ** 2))

        grads = {}
        dscores = probs.copy()
        dscores[np.arange(N), y] -= 1
        dscores /= N
        dhd, grads["W2"], grads["b2"] = maxout_backward(dscores, cache2)
        dh = dhd * drop / keep
        dx, grads["W1"], grads["b1"] = maxout_backward(dh, cache1)
        grads["W2"] += self.reg * W2
        grads["W1"] += self.reg * W1
        return loss, grads

rng = np.random.default_rng(101)
net = MaxoutNet(4, 5, 3, 2, 0.1, rng)
X = rng.standard_normal((6, 4))
y = np.array([0, 2, 1, 1, 0, 2])
drop = rng.random((6, 5)) < 0.7
keep = 0.7
loss, grads = net.loss(X, y, drop, keep)
""",
    rows("""
dz = mask * dout[:, None, :] -> dz = np.repeat(dout[:, None, :], len(pieces), axis=1)
dh = dhd * drop / keep -> dh = dhd * drop
dh = dhd * drop / keep -> dh = dhd
grads["W1"] += self.reg * W1 -> grads["W1"] += 2 * self.reg * W1
dscores /= N ->
"""),
    other=rows("""
net = MaxoutNet(4, 5, 3, 2, 0.1, rng) -> net = MaxoutNet(5, 6, 4, 3, 0.2, rng)
X = rng.standard_normal((6, 4)) -> X = rng.standard_normal((7, 5))
y = np.array([0, 2, 1, 1, 0, 2]) -> y = np.array([0, 2, 1, 1, 0, 3, 3])
drop = rng.random((6, 5)) < 0.7 -> drop = rng.random((7, 6)) < 0.6
keep = 0.7 -> keep = 0.6
"""),
)

STRIDED = Network(
    "convolutions along time with a stride, prelu, the largest over time",
    """
def conv1d_forward(x, w, b, stride, pad):
    N, C, T = x.shape
    F, _, K = w.shape
    xp = np.pad(x, ((0, 0), (0, 0), (pad, pad)))
    steps = (T + 2 * pad - K) // stride + 1
    out = np.zeros((N, F, steps))
    for t in range(steps):
        window = xp[:, :, t * stride:t * stride + K]
        out[:, :, t] = np.tensordot(window, w, axes=([1, 2], [1, 2])) + b
    return out, (xp, w, stride, pad, T)

def conv1d_backward(dout, cache):
    xp, w, stride, pad, T = cache
    K = w.shape[2]
    dxp, dw = np.zeros_like(xp), np.zeros_like(w)
    db = dout.sum(axis=(0, 2))
    for t in range(dout.shape[2]):
        d = dout[:, :, t]
        lo, hi = t * stride, t * stride + K
        dw += np.tensordot(d, xp[:, :, lo:hi], axes=(0, 0))
        dxp[:, :, lo:hi] += np.tensordot(d, w, axes=(1, 0))
    return dxp[:, :, pad:pad + T], dw, db

def prelu_forward(x, alpha):
    return np.where(x > 0, x, alpha[:, None] * x), (x, alpha)

def prelu_backward(dout, cache):
    x, alpha = cache
    dx = dout * np.where(x > 0, 1, alpha[:, None])
    dalpha = np.sum(dout * np.minimum(x, 0), axis=(0, 2))
    return dx, dalpha

def forward(params, x):
    c1, cache1 = conv1d_forward(x, params["w1"], params["b1"], 2, 1)
    h1, act1 = prelu_forward(c1, params["a1"])
    c2, cache2 = conv1d_forward(h1, params["w2"], params["b2"], 1, 1)
    h2, act2 = prelu_forward(c2, params["a2"])
    best = h2.argmax(axis=2)
    pooled = h2.max(axis=2)
    out = pooled @ params["V"]
    return out, (cache1, act1, cache2, act2, h2.shape, best, pooled)

def squared_error(out, target):
    return np.sum((out - target) ** 2) / len(out)

def backward(params, target, out, cache):
    cache1, act1, cache2, act2, shape, best, pooled = cache
    grads = {}
    dout = 2 * (out - target) / len(out)
    grads["V"] = pooled.T @ dout
    dpooled = dout @ params["V"].T
    dh2 = np.zeros(shape)
    np.put_along_axis(dh2, best[:, :, None], dpooled[:, :, None], axis=2)
    dc2, grads["a2"] = prelu_backward(dh2, act2)
    dh1, grads["w2"], grads["b2"] = conv1d_backward(dc2, cache2)
    dc1, grads["a1"] = prelu_backward(dh1, act1)
    dx, grads["w1"], grads["b1"] = conv1d_backward(dc1, cache1)
    return grads

rng = np.random.default_rng(102)
x = rng.standard_normal((4, 2, 9))
target = rng.standard_normal((4, 2))
params = {
    "w1": rng.standard_normal((3, 2, 3)) / 1.5, "b1": 0.2 * rng.standard_normal(3),
    "w2": rng.standard_normal((4, 3, 3)) / 2, "b2": 0.2 * rng.standard_normal(4),
    "a1": rng.uniform(0.1, 0.4, 3), "a2": rng.uniform(0.1, 0.4, 4), "V": rng.standard_normal((4, 2)),
}
out, cache = forward(params, x)
loss = squared_error(out, target)
grads = backward(params, target, out, cache)
""",
    rows("""
lo, hi = t * stride, t * stride + K -> lo, hi = t, t + K
dxp[:, :, lo:hi] += np.tensordot(d, w, axes=(1, 0)) -> dxp[:, :, lo:hi] = np.tensordot(d, w, axes=(1, 0))
return dxp[:, :, pad:pad + T], dw, db -> return dxp[:, :, :T], dw, db
dx = dout * np.where(x > 0, 1, alpha[:, None]) -> dx = dout * np.where(dout > 0, 1, alpha[:, None])
dalpha = np.sum(dout * np.minimum(x, 0), axis=(0, 2)) -> dalpha = np.sum(dout * x, axis=(0, 2))
np.put_along_axis(dh2, best[:, :, None], dpooled[:, :, None], axis=2) -> dh2[:] = dpooled[:, :, None] / shape[2]
"""),
    other=rows("""
x = rng.standard_normal((4, 2, 9)) -> x = rng.standard_normal((5, 3, 11))
target = rng.standard_normal((4, 2)) -> target = rng.standard_normal((5, 3))
"w1": rng.standard_normal((3, 2, 3)) / 1.5, "b1": 0.2 * rng.standard_normal(3), -> "w1": rng.standard_normal((4, 3, 5)) / 2, "b1": 0.2 * rng.standard_normal(4),
"w2": rng.standard_normal((4, 3, 3)) / 2, "b2": 0.2 * rng.standard_normal(4), -> "w2": rng.standard_normal((5, 4, 3)) / 2, "b2": 0.2 * rng.standard_normal(5),
"a1": rng.uniform(0.1, 0.4, 3), "a2": rng.uniform(0.1, 0.4, 4), "V": rng.standard_normal((4, 2)), -> "a1": rng.uniform(0.1, 0.4, 4), "a2": rng.uniform(0.1, 0.4, 5), "V": rng.standard_normal((5, 3)),
"""),
)

BY_COLUMNS = Network(
    "convolution by columns, average pooling, layers in a dict",
    """
def im2col(x, fh, fw):
    N, C, H, W = x.shape
    oh, ow = H - fh + 1, W - fw + 1
    col = np.zeros((N, C, fh, fw, oh, ow))
    for i in range(fh):
        for j in range(fw):
            col[:, :, i, j] = x[:, :, i:i + oh, j:j + ow]
    return col.transpose(0, 4, 5, 1, 2, 3).reshape(N * oh * ow, -1)

def col2im(col, shape, fh, fw):
    N, C, H, W = shape
    oh, ow = H - fh + 1, W - fw + 1
    col = col.reshape(N, oh, ow, C, fh, fw).transpose(0, 3, 4, 5, 1, 2)
    img = np.zeros(shape)
    for i in range(fh):
        for j in range(fw):
            img[:, :, i:i + oh, j:j + ow] += col[:, :, i, j]
    return img

class Convolution:
    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, x):
        FN, C, fh, fw = self.W.shape
        N, _, H, W = x.shape
        self.shape = x.shape
        self.col = im2col(x, fh, fw)
        out = self.col @ self.W.reshape(FN, -1).T + self.b
        return out.reshape(N, H - fh + 1, W - fw + 1, FN).transpose(0, 3, 1, 2)

    def backward(self, dout):
        FN, C, fh, fw = self.W.shape
        dout = dout.transpose(0, 2, 3, 1).reshape(-1, FN)
        self.db = np.sum(dout, axis=0)
        self.dW = (dout.T @ self.col).reshape(FN, C, fh, fw)
        dcol = dout @ self.W.reshape(FN, -1)
        return col2im(dcol, self.shape, fh, fw)

class Softsign:
    def forward(self, x):
        self.x = x
        return x / (1 + np.abs(x))

    def backward(self, dout):
        return dout / (1 + np.abs(self.x)) ** 2

class AveragePool:
    def forward(self, x):
        N, C, H, W = x.shape
        return x.reshape(N, C, H // 2, 2, W // 2, 2).mean(axis=(3, 5))

    def backward(self, dout):
        dx = dout.repeat(2, axis=2).repeat(2, axis=3)
        return dx / 4

class Affine:
    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, x):
        self.shape = x.shape
        self.x = x.reshape(len(x), -1)
        return self.x @ self.W + self.b

    def backward(self, dout):
        self.dW = self.x.T @ dout
        self.db = dout.sum(axis=0)
        return (dout @ self.W.T).reshape(self.shape)

class ConvNet:
    def __init__(self, channels, filters, out, flat, rng):
        p = self.params = {}
        p["W1"], p["b1"] = rng.standard_normal((filters[0], channels, 2, 2)) / 1.5, 0.2 * rng.standard_normal(filters[0])
        p["W2"], p["b2"] = rng.standard_normal((filters[1], filters[0], 2, 3)) / 2, 0.2 * rng.standard_normal(filters[1])
        p["W3"], p["b3"] = rng.standard_normal((flat, out)) / 2, 0.2 * rng.standard_normal(out)
        self.layers = {"conv1": Convolution(p["W1"], p["b1"]), "act1": Softsign(), "conv2": Convolution(p["W2"], p["b2"])}
        self.layers.update({"act2": Softsign(), "pool": AveragePool(), "affine": Affine(p["W3"], p["b3"])})

    def predict(self, x):
        for layer in self.layers.values():
            x = layer.forward(x)
        return x

    def loss(self, x, t):
        return 0.5 * np.sum((self.predict(x) - t) ** 2) / len(x)

    def gradient(self, x, t):
        dout = (self.predict(x) - t) / len(x)
        for layer in reversed(self.layers.values()):
            dout = layer.backward(dout)
        grads = {}
        grads["W1"], grads["b1"] = self.layers["conv1"].dW, self.layers["conv1"].db
        grads["W2"], grads["b2"] = self.layers["conv2"].dW, self.layers["conv2"].db
        grads["W3"], grads["b3"] = self.layers["affine"].dW, self.layers["affine"].db
        return grads

rng = np.random.default_rng(103)
net = ConvNet(2, (3, 4), 2, 16, rng)
x = rng.standard_normal((3, 2, 6, 7))
t = rng.standard_normal((3, 2))
loss = net.loss(x, t)
grads = net.gradient(x, t)
""",
    rows("""
img[:, :, i:i + oh, j:j + ow] += col[:, :, i, j] -> img[:, :, i:i + oh, j:j + ow] = col[:, :, i, j]
dout = dout.transpose(0, 2, 3, 1).reshape(-1, FN) -> dout = dout.reshape(-1, FN)
return dout / (1 + np.abs(self.x)) ** 2 -> return dout / (1 + np.abs(self.x))
return dx / 4 -> return dx
dout = (self.predict(x) - t) / len(x) -> dout = self.predict(x) - t
col = col.reshape(N, oh, ow, C, fh, fw).transpose(0, 3, 4, 5, 1, 2) -> col = col.reshape(N, C, fh, fw, oh, ow)
"""),
    other=rows("""
net = ConvNet(2, (3, 4), 2, 16, rng) -> net = ConvNet(3, (4, 5), 3, 30, rng)
x = rng.standard_normal((3, 2, 6, 7)) -> x = rng.standard_normal((4, 3, 6, 9))
t = rng.standard_normal((3, 2)) -> t = rng.standard_normal((4, 3))
"""),
)

NETWORKS = (MAXOUT, STRIDED, BY_COLUMNS)
