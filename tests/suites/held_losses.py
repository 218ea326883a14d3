"""Held out: losses and output heads with derivatives of their own."""

from __future__ import annotations

from .cases import Network, rows

TRIPLET = Network(
    "one embedding, three branches, triplet loss",
    """
def embed(X, W1, b1, W2):
    H = np.tanh(X @ W1 + b1)
    return H @ W2, H

def distances(ea, ep, en):
    return np.sum((ea - ep) ** 2, axis=1), np.sum((ea - en) ** 2, axis=1)

def triplet_loss(anchor, positive, negative, W1, b1, W2, margin):
    ea, ep, en = (embed(X, W1, b1, W2)[0] for X in (anchor, positive, negative))
    near, far = distances(ea, ep, en)
    return np.mean(np.maximum(0, near - far + margin))

def triplet_gradient(anchor, positive, negative, W1, b1, W2, margin):
    ea, ha = embed(anchor, W1, b1, W2)
    ep, hp = embed(positive, W1, b1, W2)
    en, hn = embed(negative, W1, b1, W2)
    near, far = distances(ea, ep, en)
    active = (near - far + margin > 0).astype(float)
    scale = 2 * active[:, None] / len(anchor)
    dea = scale * (en - ep)
    dep = scale * (ep - ea)
    den = scale * (ea - en)
    dW1, db1, dW2 = np.zeros_like(W1), np.zeros_like(b1), np.zeros_like(W2)
    for X, h, de in ((anchor, ha, dea), (positive, hp, dep), (negative, hn, den)):
        dW2 += h.T @ de
        dz = (de @ W2.T) * (1 - h ** 2)
        dW1 += X.T @ dz
        db1 += dz.sum(axis=0)
    return dW1, db1, dW2

rng = np.random.default_rng(61)
anchor, positive, negative = rng.standard_normal((3, 7, 4))
W1, b1, W2 = rng.standard_normal((4, 5)) / 2, 0.2 * rng.standard_normal(5), rng.standard_normal((5, 2))
margin = 0.5
loss = triplet_loss(anchor, positive, negative, W1, b1, W2, margin)
dW1, db1, dW2 = triplet_gradient(anchor, positive, negative, W1, b1, W2, margin)
""",
    rows("""
dea = scale * (en - ep) -> dea = scale * (ep - en)
dea = scale * (en - ep) -> dea = scale * (ea - ep)
den = scale * (ea - en) -> den = scale * (en - ea)
scale = 2 * active[:, None] / len(anchor) -> scale = 2 * np.ones_like(active)[:, None] / len(anchor)
scale = 2 * active[:, None] / len(anchor) -> scale = 2 * active[:, None] / active.sum()   # constant-factor: 3.5
dW2 += h.T @ de -> dW2 = h.T @ de
for X, h, de in ((anchor, ha, dea), (positive, hp, dep), (negative, hn, den)): -> for X, h, de in ((anchor, ha, dea), (positive, hp, dep)):
dW1 += X.T @ dz -> dW1 += anchor.T @ dz
"""),
    other=rows("""
anchor, positive, negative = rng.standard_normal((3, 7, 4)) -> anchor, positive, negative = rng.standard_normal((3, 8, 5))
W1, b1, W2 = rng.standard_normal((4, 5)) / 2, 0.2 * rng.standard_normal(5), rng.standard_normal((5, 2)) -> W1, b1, W2 = rng.standard_normal((5, 6)) / 2, 0.2 * rng.standard_normal(6), rng.standard_normal((6, 3))
margin = 0.5 -> margin = 0.8
"""),
)

MIXTURE = Network(
    "mixture density head",
    """
def mdn_forward(x, W1, b1, W2, b2):
    h = np.tanh(x @ W1 + b1)
    o = h @ W2 + b2
    K = o.shape[1] // 3
    logits, mu, log_sigma = o[:, :K], o[:, K:2 * K], o[:, 2 * K:]
    pi = np.exp(logits - logits.max(axis=1, keepdims=True))
    pi = pi / pi.sum(axis=1, keepdims=True)
    return h, pi, mu, np.exp(log_sigma)

def density(y, pi, mu, sigma):
    return pi * np.exp(-0.5 * ((y - mu) / sigma) ** 2) / (sigma * np.sqrt(2 * np.pi))

def mdn_loss(y, pi, mu, sigma):
    return -np.mean(np.log(density(y, pi, mu, sigma).sum(axis=1)))

def mdn_backward(x, y, W2, h, pi, mu, sigma):
    N = len(x)
    parts = density(y, pi, mu, sigma)
    resp = parts / parts.sum(axis=1, keepdims=True)
    dlogits = (pi - resp) / N
    dmu = resp * (mu - y) / sigma ** 2 / N
    dlog_sigma = resp * (1 - ((y - mu) / sigma) ** 2) / N
    do = np.concatenate([dlogits, dmu, dlog_sigma], axis=1)
    dW2 = h.T @ do
    db2 = do.sum(axis=0)
    dz = (do @ W2.T) * (1 - h ** 2)
    dW1 = x.T @ dz
    db1 = dz.sum(axis=0)
    return dW1, db1, dW2, db2

rng = np.random.default_rng(62)
x, y = rng.standard_normal((8, 2)), rng.standard_normal((8, 1))
W1, b1 = rng.standard_normal((2, 5)), 0.2 * rng.standard_normal(5)
W2, b2 = rng.standard_normal((5, 9)) / 2, 0.2 * rng.standard_normal(9)
h, pi, mu, sigma = mdn_forward(x, W1, b1, W2, b2)
loss = mdn_loss(y, pi, mu, sigma)
dW1, db1, dW2, db2 = mdn_backward(x, y, W2, h, pi, mu, sigma)
""",
    rows("""
dmu = resp * (mu - y) / sigma ** 2 / N -> dmu = resp * (mu - y) / sigma / N
dmu = resp * (mu - y) / sigma ** 2 / N -> dmu = pi * (mu - y) / sigma ** 2 / N
dlog_sigma = resp * (1 - ((y - mu) / sigma) ** 2) / N -> dlog_sigma = resp * (1 / sigma - (y - mu) ** 2 / sigma ** 3) / N
dlog_sigma = resp * (1 - ((y - mu) / sigma) ** 2) / N -> dlog_sigma = resp * (1 - (y - mu) ** 2 / sigma) / N
dlogits = (pi - resp) / N -> dlogits = (resp - pi) / N
do = np.concatenate([dlogits, dmu, dlog_sigma], axis=1) -> do = np.concatenate([dlogits, dlog_sigma, dmu], axis=1)   # order
resp = parts / parts.sum(axis=1, keepdims=True) -> resp = parts / parts.sum(axis=0, keepdims=True)
"""),
    other=rows("""
x, y = rng.standard_normal((8, 2)), rng.standard_normal((8, 1)) -> x, y = rng.standard_normal((9, 3)), rng.standard_normal((9, 1))
W1, b1 = rng.standard_normal((2, 5)), 0.2 * rng.standard_normal(5) -> W1, b1 = rng.standard_normal((3, 6)), 0.2 * rng.standard_normal(6)
W2, b2 = rng.standard_normal((5, 9)) / 2, 0.2 * rng.standard_normal(9) -> W2, b2 = rng.standard_normal((6, 12)) / 2, 0.2 * rng.standard_normal(12)
"""),
)

VARIATIONAL = Network(
    "variational auto-encoder with its noise held",
    """
class VAE:
    def __init__(self, n_in, n_hid, n_z, rng):
        shapes = {"We": (n_in, n_hid), "Wm": (n_hid, n_z), "Wv": (n_hid, n_z)}
        shapes.update({"Wd": (n_z, n_hid), "Wo": (n_hid, n_in)})
        self.params = {k: rng.standard_normal(s) / 1.5 for k, s in shapes.items()}
        self.params["bd"] = 0.2 * rng.standard_normal(n_hid)

    def forward(self, x, eps):
        p = self.params
        self.h = np.tanh(x @ p["We"])
        self.mu = self.h @ p["Wm"]
        self.logvar = self.h @ p["Wv"]
        self.z = self.mu + np.exp(0.5 * self.logvar) * eps
        self.d = np.tanh(self.z @ p["Wd"] + p["bd"])
        self.xr = 1 / (1 + np.exp(-(self.d @ p["Wo"])))
        return self.xr

    def loss(self, x, eps):
        xr = self.forward(x, eps)
        rec = -np.sum(x * np.log(xr) + (1 - x) * np.log(1 - xr))
        kl = -0.5 * np.sum(1 + self.logvar - self.mu ** 2 - np.exp(self.logvar))
        return (rec + kl) / len(x)

    def backward(self, x, eps):
        p, N = self.params, len(x)
        self.forward(x, eps)
        dlogit = (self.xr - x) / N
        dWo = self.d.T @ dlogit
        dd = dlogit @ p["Wo"].T
        da = dd * (1 - self.d ** 2)
        dWd = self.z.T @ da
        dbd = da.sum(axis=0)
        dz = da @ p["Wd"].T
        dmu = dz + self.mu / N
        dlogvar = dz * eps * 0.5 * np.exp(0.5 * self.logvar)
        dlogvar += 0.5 * (np.exp(self.logvar) - 1) / N
        dWm = self.h.T @ dmu
        dWv = self.h.T @ dlogvar
        dh = dmu @ p["Wm"].T + dlogvar @ p["Wv"].T
        dWe = x.T @ (dh * (1 - self.h ** 2))
        return {"We": dWe, "Wm": dWm, "Wv": dWv, "Wd": dWd, "bd": dbd, "Wo": dWo}

rng = np.random.default_rng(63)
x = rng.uniform(0.05, 0.95, (5, 4))
eps = rng.standard_normal((5, 2))
vae = VAE(4, 3, 2, rng)
loss = vae.loss(x, eps)
grads = vae.backward(x, eps)
""",
    rows("""
dmu = dz + self.mu / N -> dmu = dz
dmu = dz + self.mu / N -> dmu = dz + self.mu
dlogvar = dz * eps * 0.5 * np.exp(0.5 * self.logvar) -> dlogvar = dz * eps * np.exp(0.5 * self.logvar)
dlogvar = dz * eps * 0.5 * np.exp(0.5 * self.logvar) -> dlogvar = dz * 0.5 * np.exp(0.5 * self.logvar)
dlogvar += 0.5 * (np.exp(self.logvar) - 1) / N -> dlogvar += 0.25 * (np.exp(self.logvar) - 1) / N
dlogvar += 0.5 * (np.exp(self.logvar) - 1) / N -> dlogvar += 0.5 * (1 - np.exp(self.logvar)) / N
dlogvar += 0.5 * (np.exp(self.logvar) - 1) / N -> dlogvar = 0.5 * (np.exp(self.logvar) - 1) / N
dh = dmu @ p["Wm"].T + dlogvar @ p["Wv"].T -> dh = dz @ p["Wm"].T + dlogvar @ p["Wv"].T
dWd = self.z.T @ da -> dWd = self.mu.T @ da
"""),
    other=rows("""
x = rng.uniform(0.05, 0.95, (5, 4)) -> x = rng.uniform(0.05, 0.95, (6, 5))
eps = rng.standard_normal((5, 2)) -> eps = rng.standard_normal((6, 3))
vae = VAE(4, 3, 2, rng) -> vae = VAE(5, 4, 3, rng)
"""),
)

COUNTS = Network(
    "zero-inflated counts with exposure and a ridge",
    """
def rates(X, exposure, w, b, v, c):
    lam = exposure * np.exp(X @ w + b)
    pi = 1 / (1 + np.exp(-(X @ v + c)))
    return lam, pi

def nll(X, y, exposure, w, b, v, c, ridge):
    lam, pi = rates(X, exposure, w, b, v, c)
    empty = -np.log(pi + (1 - pi) * np.exp(-lam))
    some = lam - y * np.log(lam) - np.log(1 - pi)
    return np.mean(np.where(y == 0, empty, some)) + 0.5 * ridge * np.sum(w ** 2)

def nll_grad(X, y, exposure, w, b, v, c, ridge):
    n = len(y)
    lam, pi = rates(X, exposure, w, b, v, c)
    p0 = pi + (1 - pi) * np.exp(-lam)
    dlam = np.where(y == 0, (1 - pi) * np.exp(-lam) / p0, 1 - y / lam)
    dpi = np.where(y == 0, (np.exp(-lam) - 1) / p0, 1 / (1 - pi))
    deta = dlam * lam / n
    dzeta = dpi * pi * (1 - pi) / n
    dw = X.T @ deta + ridge * w
    db = np.sum(deta)
    dv = X.T @ dzeta
    dc = np.sum(dzeta)
    return dw, db, dv, dc

rng = np.random.default_rng(64)
X = rng.standard_normal((12, 4)) / 1.5
y = np.array([0, 2, 0, 1, 3, 0, 0, 5, 1, 0, 2, 1])
exposure = rng.uniform(0.5, 2.0, 12)
w, v = 0.5 * rng.standard_normal(4), 0.5 * rng.standard_normal(4)
b, c = np.array(0.2), np.array(-0.3)
ridge = 0.1
loss = nll(X, y, exposure, w, b, v, c, ridge)
dw, db, dv, dc = nll_grad(X, y, exposure, w, b, v, c, ridge)
""",
    rows("""
deta = dlam * lam / n -> deta = dlam / n
dlam = np.where(y == 0, (1 - pi) * np.exp(-lam) / p0, 1 - y / lam) -> dlam = np.where(y == 0, -(1 - pi) * np.exp(-lam) / p0, 1 - y / lam)
dlam = np.where(y == 0, (1 - pi) * np.exp(-lam) / p0, 1 - y / lam) -> dlam = 1 - y / lam
dpi = np.where(y == 0, (np.exp(-lam) - 1) / p0, 1 / (1 - pi)) -> dpi = np.where(y == 0, -1 / p0, 1 / (1 - pi))
dzeta = dpi * pi * (1 - pi) / n -> dzeta = dpi * pi / n
dw = X.T @ deta + ridge * w -> dw = X.T @ deta + ridge * w / n
deta = dlam * lam / n -> deta = dlam * lam / exposure / n
"""),
    other=rows("""
X = rng.standard_normal((12, 4)) / 1.5 -> X = rng.standard_normal((10, 3)) / 1.5
y = np.array([0, 2, 0, 1, 3, 0, 0, 5, 1, 0, 2, 1]) -> y = np.array([1, 0, 0, 4, 2, 0, 1, 0, 3, 0])
exposure = rng.uniform(0.5, 2.0, 12) -> exposure = rng.uniform(0.5, 2.0, 10)
w, v = 0.5 * rng.standard_normal(4), 0.5 * rng.standard_normal(4) -> w, v = 0.5 * rng.standard_normal(3), 0.5 * rng.standard_normal(3)
ridge = 0.1 -> ridge = 0.3
"""),
)

ORDINAL = Network(
    "ordered classes by cumulative logits",
    """
def sigmoid(t):
    return 1 / (1 + np.exp(-t))

def cuts_of(gaps):
    return np.cumsum(np.concatenate([gaps[:1], np.exp(gaps[1:])]))

def bounds(X, y, W, u, gaps):
    hidden = np.tanh(X @ W)
    f = hidden @ u
    cuts = np.concatenate([[-np.inf], cuts_of(gaps), [np.inf]])
    return hidden, sigmoid(cuts[y + 1] - f), sigmoid(cuts[y] - f)

def ordinal_loss(X, y, W, u, gaps):
    _, upper, lower = bounds(X, y, W, u, gaps)
    return -np.mean(np.log(upper - lower))

def ordinal_gradient(X, y, W, u, gaps):
    n = len(y)
    hidden, upper, lower = bounds(X, y, W, u, gaps)
    p = upper - lower
    up = upper * (1 - upper) / p / n
    low = lower * (1 - lower) / p / n
    df = up - low
    du = hidden.T @ df
    dW = X.T @ (np.outer(df, u) * (1 - hidden ** 2))
    dcuts = np.zeros(len(gaps))
    for i, k in enumerate(y):
        if k < len(gaps):
            dcuts[k] -= up[i]
        if k > 0:
            dcuts[k - 1] += low[i]
    dgaps = np.cumsum(dcuts[::-1])[::-1]
    dgaps[1:] *= np.exp(gaps[1:])
    return dW, du, dgaps

rng = np.random.default_rng(65)
X = rng.standard_normal((9, 3))
y = np.array([0, 1, 2, 3, 4, 2, 1, 0, 3])
W, u = rng.standard_normal((3, 4)), rng.standard_normal(4)
gaps = np.array([-1.5, 0.1, -0.2, 0.3])
with np.errstate(over="ignore"):
    loss = ordinal_loss(X, y, W, u, gaps)
    dW, du, dgaps = ordinal_gradient(X, y, W, u, gaps)
""",
    rows("""
dgaps = np.cumsum(dcuts[::-1])[::-1] -> dgaps = np.cumsum(dcuts)
dgaps = np.cumsum(dcuts[::-1])[::-1] -> dgaps = dcuts.copy()
dgaps[1:] *= np.exp(gaps[1:]) ->
dgaps[1:] *= np.exp(gaps[1:]) -> dgaps[1:] *= gaps[1:]
if k > 0: -> if k > 1:   # some-components
dcuts[k - 1] += low[i] -> dcuts[k - 1] -= low[i]
df = up - low -> df = up + low
up = upper * (1 - upper) / p / n -> up = upper * (1 - upper) / n
"""),
    other=rows("""
X = rng.standard_normal((9, 3)) -> X = rng.standard_normal((8, 4))
y = np.array([0, 1, 2, 3, 4, 2, 1, 0, 3]) -> y = np.array([0, 1, 2, 3, 2, 1, 0, 3])
W, u = rng.standard_normal((3, 4)), rng.standard_normal(4) -> W, u = rng.standard_normal((4, 5)), rng.standard_normal(5)
gaps = np.array([-1.5, 0.1, -0.2, 0.3]) -> gaps = np.array([-1.2, 0.2, -0.1])
"""),
)

FOCAL = Network(
    "several labels at once under a focal loss",
    """
def predict(X, W1, b1, W2, b2):
    Z1 = X @ W1 + b1
    A1 = Z1 * (Z1 > 0)
    P = 1 / (1 + np.exp(-(A1 @ W2 + b2)))
    return Z1, A1, P

def focal_loss(X, Y, W1, b1, W2, b2, gamma, alpha):
    P = predict(X, W1, b1, W2, b2)[2]
    pos = alpha * Y * (1 - P) ** gamma * np.log(P)
    neg = (1 - alpha) * (1 - Y) * P ** gamma * np.log(1 - P)
    return -np.sum(pos + neg) / len(X)

def focal_grad(X, Y, W1, b1, W2, b2, gamma, alpha):
    Z1, A1, P = predict(X, W1, b1, W2, b2)
    pos = (1 - P) ** gamma * (gamma * P * np.log(P) - (1 - P))
    neg = P ** gamma * (P - gamma * (1 - P) * np.log(1 - P))
    dZ2 = (alpha * Y * pos + (1 - alpha) * (1 - Y) * neg) / len(X)
    dW2 = A1.T @ dZ2
    db2 = dZ2.sum(axis=0)
    dZ1 = (dZ2 @ W2.T) * (Z1 > 0)
    dW1 = X.T @ dZ1
    db1 = dZ1.sum(axis=0)
    return dW1, db1, dW2, db2

rng = np.random.default_rng(66)
X = rng.standard_normal((7, 3))
Y = (rng.uniform(size=(7, 4)) < 0.4).astype(float)
W1, b1 = rng.standard_normal((3, 5)) / 1.5, 0.3 * rng.standard_normal(5)
W2, b2 = rng.standard_normal((5, 4)) / 1.5, 0.3 * rng.standard_normal(4)
gamma, alpha = 2.0, 0.3
loss = focal_loss(X, Y, W1, b1, W2, b2, gamma, alpha)
dW1, db1, dW2, db2 = focal_grad(X, Y, W1, b1, W2, b2, gamma, alpha)
""",
    rows("""
pos = (1 - P) ** gamma * (gamma * P * np.log(P) - (1 - P)) -> pos = -(1 - P) ** (gamma + 1)
pos = (1 - P) ** gamma * (gamma * P * np.log(P) - (1 - P)) -> pos = (1 - P) ** (gamma - 1) * (gamma * P * np.log(P) - (1 - P))
neg = P ** gamma * (P - gamma * (1 - P) * np.log(1 - P)) -> neg = P ** gamma * (P + gamma * (1 - P) * np.log(1 - P))
neg = P ** gamma * (P - gamma * (1 - P) * np.log(1 - P)) -> neg = P ** gamma * (P - gamma * np.log(1 - P))
dZ2 = (alpha * Y * pos + (1 - alpha) * (1 - Y) * neg) / len(X) -> dZ2 = (alpha * Y * pos + (1 - Y) * neg) / len(X)
dZ2 = (alpha * Y * pos + (1 - alpha) * (1 - Y) * neg) / len(X) -> dZ2 = (alpha * Y * pos + (1 - alpha) * (1 - Y) * neg) / Y.size   # constant-factor: 1/4
dZ2 = (alpha * Y * pos + (1 - alpha) * (1 - Y) * neg) / len(X) -> dZ2 = alpha * (P - Y) / len(X)
"""),
    other=rows("""
X = rng.standard_normal((7, 3)) -> X = rng.standard_normal((6, 4))
Y = (rng.uniform(size=(7, 4)) < 0.4).astype(float) -> Y = (rng.uniform(size=(6, 3)) < 0.4).astype(float)
W1, b1 = rng.standard_normal((3, 5)) / 1.5, 0.3 * rng.standard_normal(5) -> W1, b1 = rng.standard_normal((4, 6)) / 1.5, 0.3 * rng.standard_normal(6)
W2, b2 = rng.standard_normal((5, 4)) / 1.5, 0.3 * rng.standard_normal(4) -> W2, b2 = rng.standard_normal((6, 3)) / 1.5, 0.3 * rng.standard_normal(3)
gamma, alpha = 2.0, 0.3 -> gamma, alpha = 1.5, 0.2
"""),
)

COSINE = Network(
    "softmax over scaled cosines",
    """
def cosines(X, W1, W):
    Z = np.tanh(X @ W1) + 0.1 * (X @ W1)
    zn = np.linalg.norm(Z, axis=1, keepdims=True)
    wn = np.linalg.norm(W, axis=0, keepdims=True)
    return Z, zn, wn, Z / zn, W / wn

def probabilities(E, V, s):
    logits = s * E @ V
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)

def cosine_loss(X, y, W1, W, s):
    _, _, _, E, V = cosines(X, W1, W)
    return -np.mean(np.log(probabilities(E, V, s)[np.arange(len(y)), y]))

def cosine_grads(X, y, W1, W, s):
    Z, zn, wn, E, V = cosines(X, W1, W)
    d = probabilities(E, V, s)
    d[np.arange(len(y)), y] -= 1
    dcos = s * d / len(y)
    dV = E.T @ dcos
    dE = dcos @ V.T
    dW = (dV - V * np.sum(dV * V, axis=0, keepdims=True)) / wn
    dZ = (dE - E * np.sum(dE * E, axis=1, keepdims=True)) / zn
    T = np.tanh(X @ W1)
    dA = dZ * (1 - T ** 2 + 0.1)
    dW1 = X.T @ dA
    return {"dW1": dW1, "dW": dW}

rng = np.random.default_rng(67)
X = rng.standard_normal((6, 4))
y = np.array([2, 0, 1, 1, 2, 0])
W1, W = rng.standard_normal((4, 5)), rng.standard_normal((5, 3))
s = 4.0
loss = cosine_loss(X, y, W1, W, s)
grads = cosine_grads(X, y, W1, W, s)
""",
    rows("""
dcos = s * d / len(y) -> dcos = d / len(y)   # constant-factor: 1 / s
dZ = (dE - E * np.sum(dE * E, axis=1, keepdims=True)) / zn -> dZ = dE / zn
dZ = (dE - E * np.sum(dE * E, axis=1, keepdims=True)) / zn -> dZ = (dE - E * np.sum(dE * E, axis=0, keepdims=True)) / zn
dZ = (dE - E * np.sum(dE * E, axis=1, keepdims=True)) / zn -> dZ = dE - E * np.sum(dE * E, axis=1, keepdims=True)
dW = (dV - V * np.sum(dV * V, axis=0, keepdims=True)) / wn -> dW = (dV - W * np.sum(dV * W, axis=0, keepdims=True)) / wn
dA = dZ * (1 - T ** 2 + 0.1) -> dA = dZ * (1 - Z ** 2 + 0.1)
dA = dZ * (1 - T ** 2 + 0.1) -> dA = dZ * (1 - T ** 2)
"""),
    other=rows("""
X = rng.standard_normal((6, 4)) -> X = rng.standard_normal((7, 3))
y = np.array([2, 0, 1, 1, 2, 0]) -> y = np.array([2, 0, 1, 3, 2, 0, 3])
W1, W = rng.standard_normal((4, 5)), rng.standard_normal((5, 3)) -> W1, W = rng.standard_normal((3, 6)), rng.standard_normal((6, 4))
s = 4.0 -> s = 5.5
"""),
)

NETWORKS = (TRIPLET, MIXTURE, VARIATIONAL, COUNTS, ORDINAL, FOCAL, COSINE)
