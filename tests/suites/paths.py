"""Networks whose bugs are paths that are gone: what the chain rule has to make anew."""

from __future__ import annotations

from .cases import Case, Network, bugs, rows

GATED = Network(
    "gated unit with a residual and a penalty of the hidden units",
    """
def sigmoid(x):
    return 1 / (1 + np.exp(-x))

def forward(params, x):
    u = x @ params["U"] + params["bu"]
    v = x @ params["V"] + params["bv"]
    gate = sigmoid(v)
    mixed = u * gate
    h = mixed + x
    y = h @ params["W"] + params["b"]
    return y, (u, v, gate, mixed, h)

def cost(y, target, cache, params, lam=0.3):
    h = cache[4]
    return np.sum((y - target) ** 2) / (2 * len(y)) + lam * np.sum(h ** 2) + 0.5 * lam * np.sum(params["V"] ** 2)

def backward(params, x, target, y, cache, lam=0.3):
    u, v, gate, mixed, h = cache
    grads = {}
    dy = (y - target) / len(y)
    grads["W"] = h.T @ dy
    grads["b"] = dy.sum(axis=0)
    dh = dy @ params["W"].T
    dh += 2 * lam * h
    dmixed = dh
    du = dmixed * gate
    dgate = dmixed * u
    dv = dgate * gate * (1 - gate)
    grads["U"] = x.T @ du
    grads["bu"] = du.sum(axis=0)
    grads["V"] = x.T @ dv
    grads["V"] += lam * params["V"]
    grads["bv"] = dv.sum(axis=0)
    return grads

rng = np.random.default_rng(3)
x = rng.standard_normal((7, 4))
target = rng.standard_normal((7, 3))
params = {"U": rng.standard_normal((4, 4)), "bu": rng.standard_normal(4), "V": rng.standard_normal((4, 4)),
          "bv": rng.standard_normal(4), "W": rng.standard_normal((4, 3)), "b": rng.standard_normal(3)}
y, cache = forward(params, x)
loss = cost(y, target, cache, params)
grads = backward(params, x, target, y, cache)
""",
    rows("""
dh += 2 * lam * h ->
grads["V"] += lam * params["V"] ->
dgate = dmixed * u -> dgate = dmixed
dv = dgate * gate * (1 - gate) -> dv = dgate
"""),
)

CONTRAST = Network(
    "two views, similarities, softmax both ways",
    """
def forward(A, B, X, Y):
    P = np.tanh(X @ A)
    Q = Y @ B
    norm = np.sqrt(np.sum(Q ** 2, axis=1, keepdims=True) + 1)
    U = Q / norm
    S = P @ U.T / 0.5
    return P, Q, norm, U, S

def log_softmax(S):
    shifted = S - S.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))

def info_nce(S):
    n = len(S)
    rows = log_softmax(S)
    columns = log_softmax(S.T)
    return -(np.trace(rows) + np.trace(columns)) / (2 * n)

def backward(A, B, X, Y, P, Q, norm, U, S):
    n = len(S)
    dS = (np.exp(log_softmax(S)) - np.eye(n)) / (2 * n)
    dS += (np.exp(log_softmax(S.T)) - np.eye(n)).T / (2 * n)
    dS = dS / 0.5
    dP = dS @ U
    dU = dS.T @ P
    dQ = dU / norm
    dnorm = -np.sum(dU * Q, axis=1, keepdims=True) / norm ** 2
    dQ += dnorm * Q / norm
    dZ = dP * (1 - P ** 2)
    dA = X.T @ dZ
    dB = Y.T @ dQ
    return dA, dB

rng = np.random.default_rng(4)
X, Y = rng.standard_normal((6, 5)), rng.standard_normal((6, 4))
A, B = rng.standard_normal((5, 3)), rng.standard_normal((4, 3))
P, Q, norm, U, S = forward(A, B, X, Y)
loss = info_nce(S)
dA, dB = backward(A, B, X, Y, P, Q, norm, U, S)
""",
    rows("""
dQ += dnorm * Q / norm ->
dnorm = -np.sum(dU * Q, axis=1, keepdims=True) / norm ** 2 -> dnorm = -np.sum(dU, axis=1, keepdims=True) / norm ** 2
dQ = dU / norm -> dQ = dU
dS = dS / 0.5 ->
dU = dS.T @ P -> dU = dS @ P
"""),
)

SET = Network(
    "a set with members that are masked, mean and sum of squares",
    """
def forward(params, x, mask):
    z = x @ params["W1"] + params["b1"]
    h = np.log(1 + np.exp(z))
    hm = h * mask[:, :, None]
    count = mask.sum(axis=1)
    pooled = hm.sum(axis=1) / count[:, None]
    spread = np.sqrt(np.sum(hm ** 2, axis=1) + 0.1)
    joined = pooled + spread * params["s"]
    y = joined @ params["W2"]
    return y, (z, h, hm, count, pooled, spread, joined)

def mse(y, target):
    return np.mean(np.sum((y - target) ** 2, axis=1))

def backward(params, x, mask, target, y, cache):
    z, h, hm, count, pooled, spread, joined = cache
    dy = 2 * (y - target) / len(y)
    dW2 = joined.T @ dy
    djoined = dy @ params["W2"].T
    ds = np.sum(djoined * spread, axis=0)
    dspread = djoined * params["s"]
    dhm = (djoined / count[:, None])[:, None, :] * np.ones_like(hm)
    dhm += dspread[:, None, :] * hm / spread[:, None, :]
    dh = dhm * mask[:, :, None]
    dz = dh / (1 + np.exp(-z))
    dW1 = np.einsum("nti,ntj->ij", x, dz)
    db1 = dz.sum(axis=(0, 1))
    return {"W1": dW1, "b1": db1, "s": ds, "W2": dW2}

rng = np.random.default_rng(5)
x = rng.standard_normal((5, 6, 3))
mask = (np.arange(6) < np.array([6, 2, 3, 5, 4])[:, None]).astype(float)
target = rng.standard_normal((5, 2))
params = {"W1": rng.standard_normal((3, 4)), "b1": rng.standard_normal(4), "s": rng.standard_normal(4),
          "W2": rng.standard_normal((4, 2))}
y, cache = forward(params, x, mask)
loss = mse(y, target)
grads = backward(params, x, mask, target, y, cache)
""",
    rows("""
dhm += dspread[:, None, :] * hm / spread[:, None, :] ->
dh = dhm * mask[:, :, None] -> dh = dhm
dhm = (djoined / count[:, None])[:, None, :] * np.ones_like(hm) -> dhm = djoined[:, None, :] * np.ones_like(hm)
dz = dh / (1 + np.exp(-z)) -> dz = dh
dspread = djoined * params["s"] -> dspread = djoined
"""),
)

KERNEL = Network(
    "a kernel with centres that move, ridge",
    """
def forward(C, a, log_width, X):
    D = X[:, None, :] - C[None, :, :]
    dist = np.sum(D ** 2, axis=2)
    width = np.exp(log_width)
    K = np.exp(-dist / width)
    return D, dist, width, K, K @ a

def objective(prediction, t, a):
    return 0.5 * np.mean((prediction - t) ** 2) + 0.05 * np.sum(a ** 2)

def backward(C, a, log_width, X, t, D, dist, width, K, prediction):
    dprediction = (prediction - t) / len(t)
    da = K.T @ dprediction
    da += 0.1 * a
    dK = np.outer(dprediction, a)
    ddist = -dK * K / width
    dwidth = np.sum(dK * K * dist, axis=0) / width ** 2
    dlog_width = dwidth * width
    dD = 2 * D * ddist[:, :, None]
    dC = -dD.sum(axis=0)
    return dC, da, dlog_width

rng = np.random.default_rng(6)
X, t = rng.standard_normal((9, 2)), rng.standard_normal(9)
C, a = rng.standard_normal((5, 2)), rng.standard_normal(5)
log_width = 0.3 * rng.standard_normal(5)
D, dist, width, K, prediction = forward(C, a, log_width, X)
loss = objective(prediction, t, a)
dC, da, dlog_width = backward(C, a, log_width, X, t, D, dist, width, K, prediction)
""",
    rows("""
da += 0.1 * a ->
dlog_width = dwidth * width -> dlog_width = dwidth
dD = 2 * D * ddist[:, :, None] -> dD = D * np.ones_like(ddist)[:, :, None]
ddist = -dK * K / width -> ddist = -dK / width
dwidth = np.sum(dK * K * dist, axis=0) / width ** 2 -> dwidth = np.sum(dK * K, axis=0) / width ** 2
"""),
)

NETWORKS = (GATED, CONTRAST, SET, KERNEL)
PATHS = tuple(bugs(*NETWORKS))
RIGHT = tuple(Case(network) for network in NETWORKS)
