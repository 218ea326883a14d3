"""Held out: layers that normalise, gate, convolve along time, or attend."""

from __future__ import annotations

from .cases import Network, rows

RMS_NORM = Network(
    "rms norm before a gated block, with a residual",
    """
def rms_norm(x, g, eps=1e-6):
    r = np.sqrt(np.mean(x ** 2, axis=-1, keepdims=True) + eps)
    return g * x / r, r

def forward(params, X):
    H = X @ params["We"]
    n, r = rms_norm(H, params["g"])
    gate = n @ params["Wg"]
    up = n @ params["Wu"]
    act = gate / (1 + np.exp(-gate)) * up
    out = H + act @ params["Wd"]
    y = out @ params["Wo"]
    return y, (H, n, r, gate, up, act, out)

def loss_fn(y, T):
    return np.mean((y - T) ** 2)

def backward(params, X, T, y, cache):
    H, n, r, gate, up, act, out = cache
    grads = {}
    dy = 2 * (y - T) / y.size
    grads["Wo"] = out.T @ dy
    dout = dy @ params["Wo"].T
    grads["Wd"] = act.T @ dout
    dact = dout @ params["Wd"].T
    s = 1 / (1 + np.exp(-gate))
    dup = dact * gate * s
    dgate = dact * up * (s + gate * s * (1 - s))
    grads["Wu"] = n.T @ dup
    grads["Wg"] = n.T @ dgate
    dn = dup @ params["Wu"].T + dgate @ params["Wg"].T
    grads["g"] = np.sum(dn * H / r, axis=0)
    dxn = dn * params["g"]
    dH = dxn / r - H * np.sum(dxn * H, axis=-1, keepdims=True) / (H.shape[1] * r ** 3)
    dH += dout
    grads["We"] = X.T @ dH
    return grads

rng = np.random.default_rng(51)
X = rng.standard_normal((6, 3))
T = rng.standard_normal((6, 2))
params = {
    "We": rng.standard_normal((3, 5)), "g": 1 + 0.3 * rng.standard_normal(5),
    "Wg": rng.standard_normal((5, 4)) / 1.5, "Wu": rng.standard_normal((5, 4)) / 1.5,
    "Wd": rng.standard_normal((4, 5)) / 1.5, "Wo": rng.standard_normal((5, 2)),
}
y, cache = forward(params, X)
loss = loss_fn(y, T)
grads = backward(params, X, T, y, cache)
""",
    rows("""
dH += dout ->
dxn = dn * params["g"] -> dxn = dn
dH = dxn / r - H * np.sum(dxn * H, axis=-1, keepdims=True) / (H.shape[1] * r ** 3) -> dH = dxn / r - H * np.sum(dxn * H, axis=-1, keepdims=True) / (H.shape[1] * r ** 2)
dH = dxn / r - H * np.sum(dxn * H, axis=-1, keepdims=True) / (H.shape[1] * r ** 3) -> dH = dxn / r - H * np.sum(dxn * H, axis=-1, keepdims=True) / r ** 3
dH = dxn / r - H * np.sum(dxn * H, axis=-1, keepdims=True) / (H.shape[1] * r ** 3) -> dH = dxn / r
dgate = dact * up * (s + gate * s * (1 - s)) -> dgate = dact * up * (s + s * (1 - s))
dup = dact * gate * s -> dup = dact * gate
grads["g"] = np.sum(dn * H / r, axis=0) -> grads["g"] = np.sum(dn * n, axis=0)
dxn = dn * params["g"] | dH = dxn / r - H * np.sum(dxn * H, axis=-1, keepdims=True) / (H.shape[1] * r ** 3) | dH += dout -> dxn = (dn + dout) * params["g"] | dH = dxn / r - H * np.sum(dxn * H, axis=-1, keepdims=True) / (H.shape[1] * r ** 3)
"""),
    other=rows("""
X = rng.standard_normal((6, 3)) -> X = rng.standard_normal((7, 4))
T = rng.standard_normal((6, 2)) -> T = rng.standard_normal((7, 3))
"We": rng.standard_normal((3, 5)), "g": 1 + 0.3 * rng.standard_normal(5), -> "We": rng.standard_normal((4, 6)), "g": 1 + 0.3 * rng.standard_normal(6),
"Wg": rng.standard_normal((5, 4)) / 1.5, "Wu": rng.standard_normal((5, 4)) / 1.5, -> "Wg": rng.standard_normal((6, 5)) / 1.5, "Wu": rng.standard_normal((6, 5)) / 1.5,
"Wd": rng.standard_normal((4, 5)) / 1.5, "Wo": rng.standard_normal((5, 2)), -> "Wd": rng.standard_normal((5, 6)) / 1.5, "Wo": rng.standard_normal((6, 3)),
"""),
)

GROUP_NORM = Network(
    "group norm and elu as layer objects",
    """
class Dense:
    def __init__(self, n_in, n_out, rng):
        self.W = rng.standard_normal((n_in, n_out)) / 1.5
        self.b = 0.2 * rng.standard_normal(n_out)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW = self.x.T @ dout
        self.db = dout.sum(axis=0)
        return dout @ self.W.T

class GroupNorm:
    def __init__(self, channels, groups, rng):
        self.gamma = 1 + 0.3 * rng.standard_normal(channels)
        self.beta = 0.2 * rng.standard_normal(channels)
        self.groups = groups

    def forward(self, x):
        N, C = x.shape
        g = x.reshape(N, self.groups, C // self.groups)
        self.std = np.sqrt(g.var(axis=2, keepdims=True) + 1e-5)
        self.xhat = (g - g.mean(axis=2, keepdims=True)) / self.std
        return self.gamma * self.xhat.reshape(N, C) + self.beta

    def backward(self, dout):
        N, C = dout.shape
        self.dgamma = np.sum(dout * self.xhat.reshape(N, C), axis=0)
        self.dbeta = np.sum(dout, axis=0)
        dxhat = (dout * self.gamma).reshape(self.xhat.shape)
        mean_d = dxhat.mean(axis=2, keepdims=True)
        mean_dx = np.mean(dxhat * self.xhat, axis=2, keepdims=True)
        dx = (dxhat - mean_d - self.xhat * mean_dx) / self.std
        return dx.reshape(N, C)

class ELU:
    def __init__(self, alpha):
        self.alpha = alpha

    def forward(self, x):
        self.x = x
        self.y = np.where(x > 0, x, self.alpha * (np.exp(np.minimum(x, 0)) - 1))
        return self.y

    def backward(self, dout):
        return dout * np.where(self.x > 0, 1, self.y + self.alpha)

class CrossEntropy:
    def forward(self, scores, labels):
        self.labels = labels
        e = np.exp(scores - scores.max(axis=1, keepdims=True))
        self.probs = e / e.sum(axis=1, keepdims=True)
        return -np.mean(np.log(self.probs[np.arange(len(labels)), labels]))

    def backward(self):
        d = self.probs.copy()
        d[np.arange(len(d)), self.labels] -= 1
        return d / len(d)

class Model:
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

rng = np.random.default_rng(52)
model = Model(Dense(3, 6, rng), GroupNorm(6, 2, rng), ELU(0.7), Dense(6, 4, rng))
criterion = CrossEntropy()
X = rng.standard_normal((5, 3))
y = np.array([0, 3, 1, 2, 0])
scores = model.forward(X)
loss = criterion.forward(scores, y)
dscores = criterion.backward()
model.backward(dscores)
""",
    rows("""
return dout * np.where(self.x > 0, 1, self.y + self.alpha) -> return dout * np.where(self.x > 0, 1, self.y)
return dout * np.where(self.x > 0, 1, self.y + self.alpha) -> return dout * np.where(self.x > 0, 1, self.alpha)
dxhat = (dout * self.gamma).reshape(self.xhat.shape) -> dxhat = dout.reshape(self.xhat.shape)
dx = (dxhat - mean_d - self.xhat * mean_dx) / self.std -> dx = (dxhat - mean_d) / self.std
dx = (dxhat - mean_d - self.xhat * mean_dx) / self.std -> dx = (dxhat - mean_d - mean_dx) / self.std
mean_d = dxhat.mean(axis=2, keepdims=True) -> mean_d = dxhat.mean(axis=0, keepdims=True)
dx = (dxhat - mean_d - self.xhat * mean_dx) / self.std -> dx = dxhat - mean_d - self.xhat * mean_dx
d[np.arange(len(d)), self.labels] -= 1 -> d[:, self.labels] -= 1
"""),
    other=rows("""
model = Model(Dense(3, 6, rng), GroupNorm(6, 2, rng), ELU(0.7), Dense(6, 4, rng)) -> model = Model(Dense(4, 9, rng), GroupNorm(9, 3, rng), ELU(0.6), Dense(9, 5, rng))
X = rng.standard_normal((5, 3)) -> X = rng.standard_normal((7, 4))
y = np.array([0, 3, 1, 2, 0]) -> y = np.array([0, 3, 1, 2, 0, 4, 1])
"""),
)

SQUEEZE = Network(
    "squeeze and excite over feature maps",
    """
def se_forward(X, Wc, W1, W2, Wo):
    Z = X @ Wc
    s = Z.mean(axis=(1, 2))
    e = np.maximum(s @ W1, 0)
    g = 1 / (1 + np.exp(-(e @ W2)))
    O = Z * g[:, None, None, :]
    A = np.maximum(O, 0).mean(axis=(1, 2))
    scores = A @ Wo
    return scores, Z, s, e, g, O, A

def softmax_cost(scores, Y):
    shifted = scores - scores.max(axis=1, keepdims=True)
    logp = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -np.sum(Y * logp) / len(Y)

def se_backward(X, Y, Wc, W1, W2, Wo, scores, Z, s, e, g, O, A):
    area = X.shape[1] * X.shape[2]
    P = np.exp(scores - scores.max(axis=1, keepdims=True))
    P = P / P.sum(axis=1, keepdims=True)
    dscores = (P - Y) / len(Y)
    dWo = A.T @ dscores
    dA = dscores @ Wo.T
    dO = (O > 0) * dA[:, None, None, :] / area
    dg = np.sum(dO * Z, axis=(1, 2))
    dZ = dO * g[:, None, None, :]
    dpre = dg * g * (1 - g)
    dW2 = e.T @ dpre
    de = dpre @ W2.T
    de[e <= 0] = 0
    dW1 = s.T @ de
    ds = de @ W1.T
    dZ += ds[:, None, None, :] / area
    dWc = np.tensordot(X, dZ, axes=([0, 1, 2], [0, 1, 2]))
    return dWc, dW1, dW2, dWo

rng = np.random.default_rng(53)
X = rng.standard_normal((4, 3, 2, 3))
Y = np.eye(3)[[0, 2, 1, 2]]
Wc, W1 = rng.standard_normal((3, 5)), rng.standard_normal((5, 2))
W2, Wo = rng.standard_normal((2, 5)), rng.standard_normal((5, 3))
scores, Z, s, e, g, O, A = se_forward(X, Wc, W1, W2, Wo)
cost = softmax_cost(scores, Y)
dWc, dW1, dW2, dWo = se_backward(X, Y, Wc, W1, W2, Wo, scores, Z, s, e, g, O, A)
""",
    rows("""
dO = (O > 0) * dA[:, None, None, :] / area -> dO = (O > 0) * dA[:, None, None, :]   # constant-factor: 6
dO = (O > 0) * dA[:, None, None, :] / area -> dO = dA[:, None, None, :] / area * np.ones_like(O)
dg = np.sum(dO * Z, axis=(1, 2)) -> dg = np.sum(dO * O, axis=(1, 2))
dg = np.sum(dO * Z, axis=(1, 2)) -> dg = np.mean(dO * Z, axis=(1, 2))
dZ += ds[:, None, None, :] / area ->
dZ += ds[:, None, None, :] / area -> dZ += ds[:, None, None, :]
dZ = dO * g[:, None, None, :] -> dZ = dO.copy()
"""),
    other=rows("""
X = rng.standard_normal((4, 3, 2, 3)) -> X = rng.standard_normal((5, 2, 4, 4))
Y = np.eye(3)[[0, 2, 1, 2]] -> Y = np.eye(4)[[0, 2, 1, 2, 3]]
Wc, W1 = rng.standard_normal((3, 5)), rng.standard_normal((5, 2)) -> Wc, W1 = rng.standard_normal((4, 6)), rng.standard_normal((6, 3))
W2, Wo = rng.standard_normal((2, 5)), rng.standard_normal((5, 3)) -> W2, Wo = rng.standard_normal((3, 6)), rng.standard_normal((6, 4))
"""),
)

TEMPORAL = Network(
    "dilated causal convolutions and average pooling",
    """
def causal_conv(x, w, b, d):
    T, K = x.shape[1], w.shape[0]
    xp = np.pad(x, ((0, 0), ((K - 1) * d, 0), (0, 0)))
    out = np.zeros((len(x), T, w.shape[2])) + b
    for k in range(K):
        out += xp[:, k * d:k * d + T] @ w[k]
    return out, xp

def causal_conv_backward(dout, xp, w, d):
    T, K = dout.shape[1], w.shape[0]
    dw = np.zeros_like(w)
    dxp = np.zeros_like(xp)
    for k in range(K):
        dw[k] = np.einsum("ntc,ntf->cf", xp[:, k * d:k * d + T], dout)
        dxp[:, k * d:k * d + T] += dout @ w[k].T
    db = dout.sum(axis=(0, 1))
    return dxp[:, (K - 1) * d:], dw, db

def tcn_forward(params, x):
    c1, xp1 = causal_conv(x, params["w1"], params["b1"], 1)
    h1 = np.maximum(c1, 0)
    c2, xp2 = causal_conv(h1, params["w2"], params["b2"], 2)
    h2 = np.tanh(c2)
    pool = (h2[:, 0::2] + h2[:, 1::2]) / 2
    out = pool.reshape(len(x), -1) @ params["wo"]
    return out, (xp1, c1, xp2, h2, pool)

def tcn_loss(out, target):
    return 0.5 * np.sum((out - target) ** 2) / len(target)

def tcn_backward(params, out, target, cache):
    xp1, c1, xp2, h2, pool = cache
    dout = (out - target) / len(target)
    grads = {"wo": pool.reshape(len(out), -1).T @ dout}
    dpool = (dout @ params["wo"].T).reshape(pool.shape)
    dh2 = np.repeat(dpool, 2, axis=1) / 2
    dc2 = dh2 * (1 - h2 ** 2)
    dh1, grads["w2"], grads["b2"] = causal_conv_backward(dc2, xp2, params["w2"], 2)
    dc1 = dh1 * (c1 > 0)
    _, grads["w1"], grads["b1"] = causal_conv_backward(dc1, xp1, params["w1"], 1)
    return grads

rng = np.random.default_rng(54)
x = rng.standard_normal((3, 6, 2))
target = rng.standard_normal((3, 2))
params = {
    "w1": rng.standard_normal((2, 2, 3)) / 1.5, "b1": 0.2 * rng.standard_normal(3),
    "w2": rng.standard_normal((3, 3, 4)) / 2, "b2": 0.2 * rng.standard_normal(4),
    "wo": rng.standard_normal((12, 2)) / 2,
}
out, cache = tcn_forward(params, x)
loss = tcn_loss(out, target)
grads = tcn_backward(params, out, target, cache)
""",
    rows("""
dh2 = np.repeat(dpool, 2, axis=1) / 2 -> dh2 = np.repeat(dpool, 2, axis=1)   # constant-factor: 2
dh2 = np.repeat(dpool, 2, axis=1) / 2 -> dh2 = np.tile(dpool, (1, 2, 1)) / 2
dxp[:, k * d:k * d + T] += dout @ w[k].T -> dxp[:, k * d:k * d + T] = dout @ w[k].T
dw[k] = np.einsum("ntc,ntf->cf", xp[:, k * d:k * d + T], dout) -> dw[k] = np.einsum("ntc,ntf->cf", xp[:, k:k + T], dout)   # some-components: axis 0: 1, 2
return dxp[:, (K - 1) * d:], dw, db -> return dxp[:, :T], dw, db
dxp[:, k * d:k * d + T] += dout @ w[k].T -> dxp[:, k * d:k * d + T] += dout @ w[K - 1 - k].T
db = dout.sum(axis=(0, 1)) -> db = dout.sum(axis=1).mean(axis=0)   # constant-factor: 1/3
"""),
    other=rows("""
x = rng.standard_normal((3, 6, 2)) -> x = rng.standard_normal((4, 8, 3))
target = rng.standard_normal((3, 2)) -> target = rng.standard_normal((4, 3))
"w1": rng.standard_normal((2, 2, 3)) / 1.5, "b1": 0.2 * rng.standard_normal(3), -> "w1": rng.standard_normal((3, 3, 4)) / 1.5, "b1": 0.2 * rng.standard_normal(4),
"w2": rng.standard_normal((3, 3, 4)) / 2, "b2": 0.2 * rng.standard_normal(4), -> "w2": rng.standard_normal((2, 4, 5)) / 2, "b2": 0.2 * rng.standard_normal(5),
"wo": rng.standard_normal((12, 2)) / 2, -> "wo": rng.standard_normal((20, 3)) / 2,
"""),
)

HEADS = Network(
    "two causal heads over token and position embeddings",
    """
def split(x, H):
    return x.reshape(len(x), H, -1).transpose(1, 0, 2)

def merge(x):
    return x.transpose(1, 0, 2).reshape(x.shape[1], -1)

def forward(p, tokens, H=2):
    X = p["E"][tokens] + p["P"]
    q, k, v = split(X @ p["Wq"], H), split(X @ p["Wk"], H), split(X @ p["Wv"], H)
    S = q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[2])
    S = np.where(np.tri(len(tokens)) > 0, S, -1e9)
    A = np.exp(S - S.max(axis=-1, keepdims=True))
    A = A / A.sum(axis=-1, keepdims=True)
    O = merge(A @ v)
    R = X + O @ p["Wo"]
    logits = R @ p["U"]
    return logits, (X, q, k, v, A, O, R)

def cost(logits, targets):
    m = logits.max(axis=1, keepdims=True)
    lse = np.log(np.sum(np.exp(logits - m), axis=1)) + m[:, 0]
    return np.mean(lse - logits[np.arange(len(targets)), targets])

def backward(p, tokens, targets, logits, cache, H=2):
    X, q, k, v, A, O, R = cache
    g = {}
    dlogits = np.exp(logits - logits.max(axis=1, keepdims=True))
    dlogits /= dlogits.sum(axis=1, keepdims=True)
    dlogits[np.arange(len(targets)), targets] -= 1
    dlogits /= len(targets)
    g["U"] = R.T @ dlogits
    dR = dlogits @ p["U"].T
    g["Wo"] = O.T @ dR
    do = split(dR @ p["Wo"].T, H)
    dA = do @ v.transpose(0, 2, 1)
    dv = A.transpose(0, 2, 1) @ do
    dS = A * (dA - np.sum(dA * A, axis=-1, keepdims=True))
    dS = dS / np.sqrt(q.shape[2])
    dq = dS @ k
    dk = dS.transpose(0, 2, 1) @ q
    g["Wq"] = X.T @ merge(dq)
    g["Wk"] = X.T @ merge(dk)
    g["Wv"] = X.T @ merge(dv)
    dX = merge(dq) @ p["Wq"].T + merge(dk) @ p["Wk"].T + merge(dv) @ p["Wv"].T
    dX += dR
    g["P"] = dX
    g["E"] = np.zeros_like(p["E"])
    np.add.at(g["E"], tokens, dX)
    return g

rng = np.random.default_rng(55)
tokens, targets = np.array([1, 4, 1, 0, 2]), np.array([4, 1, 0, 2, 3])
p = {"E": rng.standard_normal((5, 4)), "P": 0.5 * rng.standard_normal((5, 4))}
p.update({k: rng.standard_normal((4, 6)) / 1.5 for k in ("Wq", "Wk", "Wv")})
p["Wo"], p["U"] = rng.standard_normal((6, 4)) / 1.5, rng.standard_normal((4, 5))
logits, cache = forward(p, tokens)
loss = cost(logits, targets)
grads = backward(p, tokens, targets, logits, cache)
""",
    rows("""
dS = dS / np.sqrt(q.shape[2]) ->
dS = dS / np.sqrt(q.shape[2]) -> dS = dS / np.sqrt(X.shape[1])
dk = dS.transpose(0, 2, 1) @ q -> dk = dS @ q
dS = A * (dA - np.sum(dA * A, axis=-1, keepdims=True)) -> dS = A * (dA - np.sum(dA * A, axis=1, keepdims=True))
dS = A * (dA - np.sum(dA * A, axis=-1, keepdims=True)) -> dS = dA * A * (1 - A)
np.add.at(g["E"], tokens, dX) -> g["E"][tokens] += dX   # some-components: row 1
g["P"] = dX | g["E"] = np.zeros_like(p["E"]) -> g["P"] = dR | g["E"] = np.zeros_like(p["E"])
dA = do @ v.transpose(0, 2, 1) -> dA = do @ k.transpose(0, 2, 1)
dX = merge(dq) @ p["Wq"].T + merge(dk) @ p["Wk"].T + merge(dv) @ p["Wv"].T -> dX = merge(dq) @ p["Wq"].T + merge(dk) @ p["Wk"].T
"""),
    other=rows("""
tokens, targets = np.array([1, 4, 1, 0, 2]), np.array([4, 1, 0, 2, 3]) -> tokens, targets = np.array([1, 4, 1, 0, 2, 6]), np.array([4, 1, 0, 2, 3, 5])
p = {"E": rng.standard_normal((5, 4)), "P": 0.5 * rng.standard_normal((5, 4))} -> p = {"E": rng.standard_normal((7, 5)), "P": 0.5 * rng.standard_normal((6, 5))}
p.update({k: rng.standard_normal((4, 6)) / 1.5 for k in ("Wq", "Wk", "Wv")}) -> p.update({k: rng.standard_normal((5, 8)) / 1.5 for k in ("Wq", "Wk", "Wv")})
p["Wo"], p["U"] = rng.standard_normal((6, 4)) / 1.5, rng.standard_normal((4, 5)) -> p["Wo"], p["U"] = rng.standard_normal((8, 5)) / 1.5, rng.standard_normal((5, 7))
"""),
)

NETWORKS = (RMS_NORM, GROUP_NORM, SQUEEZE, TEMPORAL, HEADS)
