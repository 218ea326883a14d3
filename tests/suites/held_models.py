"""Held out: models on graphs, sets, sequences, tables and differential equations."""

from __future__ import annotations

from .cases import Network, rows

GRAPH = Network(
    "graph convolution, labels for some nodes",
    """
def gcn_forward(A, X, W1, W2):
    Z1 = A @ X @ W1
    H1 = np.maximum(Z1, 0)
    Z2 = A @ H1 @ W2
    e = np.exp(Z2 - Z2.max(axis=1, keepdims=True))
    return Z1, H1, e / e.sum(axis=1, keepdims=True)

def gcn_loss(P, labels, train):
    return -np.sum(np.log(P[train, labels[train]])) / len(train)

def gcn_backward(A, X, labels, train, W2, Z1, H1, P):
    dZ2 = np.zeros_like(P)
    dZ2[train] = P[train]
    dZ2[train, labels[train]] -= 1
    dZ2 /= len(train)
    dW2 = (A @ H1).T @ dZ2
    dH1 = A.T @ dZ2 @ W2.T
    dZ1 = dH1 * (Z1 > 0)
    dW1 = (A @ X).T @ dZ1
    return dW1, dW2

rng = np.random.default_rng(71)
links = (rng.uniform(size=(7, 7)) < 0.35) + np.eye(7)
A = links / links.sum(axis=1, keepdims=True)
X = rng.standard_normal((7, 4))
labels = np.array([0, 2, 1, 1, 0, 2, 1])
train = np.array([0, 1, 3, 5])
W1, W2 = rng.standard_normal((4, 5)), rng.standard_normal((5, 3))
Z1, H1, P = gcn_forward(A, X, W1, W2)
loss = gcn_loss(P, labels, train)
dW1, dW2 = gcn_backward(A, X, labels, train, W2, Z1, H1, P)
""",
    rows("""
dH1 = A.T @ dZ2 @ W2.T -> dH1 = A @ dZ2 @ W2.T
dH1 = A.T @ dZ2 @ W2.T -> dH1 = dZ2 @ W2.T
dW2 = (A @ H1).T @ dZ2 -> dW2 = H1.T @ dZ2
dZ2[train] = P[train] -> dZ2[:] = P
dZ2 /= len(train) -> dZ2 /= len(labels)   # constant-factor: train.shape[0] / A.shape[0]
dZ1 = dH1 * (Z1 > 0) -> dZ1 = dH1 * (A @ Z1 > 0)
"""),
    other=rows("""
links = (rng.uniform(size=(7, 7)) < 0.35) + np.eye(7) -> links = (rng.uniform(size=(8, 8)) < 0.35) + np.eye(8)
X = rng.standard_normal((7, 4)) -> X = rng.standard_normal((8, 6))
labels = np.array([0, 2, 1, 1, 0, 2, 1]) -> labels = np.array([0, 2, 1, 1, 3, 2, 1, 3])
train = np.array([0, 1, 3, 5]) -> train = np.array([0, 1, 3, 4, 5])
W1, W2 = rng.standard_normal((4, 5)), rng.standard_normal((5, 3)) -> W1, W2 = rng.standard_normal((6, 7)), rng.standard_normal((7, 4))
"""),
)

SETS = Network(
    "sets of unequal size, mean over the members",
    """
class DeepSet:
    def __init__(self, d, h, k, rng):
        self.W1 = rng.standard_normal((d, h)) / 1.5
        self.b1 = 0.3 * rng.standard_normal(h)
        self.W2 = rng.standard_normal((h, k))
        self.b2 = 0.3 * rng.standard_normal(k)

    def forward(self, X, mask):
        z = X @ self.W1 + self.b1
        self.sig = 1 / (1 + np.exp(-z))
        self.z = z
        self.phi = z * self.sig
        self.counts = mask.sum(axis=1)
        total = np.sum(self.phi * mask[:, :, None], axis=1)
        self.pooled = total / self.counts[:, None]
        return self.pooled @ self.W2 + self.b2

    def loss(self, X, mask, t):
        return np.mean(np.log(np.cosh(self.forward(X, mask) - t)))

    def gradients(self, X, mask, t):
        out = self.forward(X, mask)
        dout = np.tanh(out - t) / out.size
        grads = {"W2": self.pooled.T @ dout, "b2": dout.sum(axis=0)}
        dpool = dout @ self.W2.T
        dphi = dpool[:, None, :] * mask[:, :, None] / self.counts[:, None, None]
        dz = dphi * (self.sig + self.z * self.sig * (1 - self.sig))
        grads["W1"] = np.tensordot(X, dz, axes=([0, 1], [0, 1]))
        grads["b1"] = dz.sum(axis=(0, 1))
        return grads

rng = np.random.default_rng(72)
X = rng.standard_normal((4, 5, 3))
mask = (np.arange(5) < np.array([5, 2, 3, 4])[:, None]).astype(float)
t = rng.standard_normal((4, 2))
net = DeepSet(3, 4, 2, rng)
loss = net.loss(X, mask, t)
grads = net.gradients(X, mask, t)
""",
    rows("""
dphi = dpool[:, None, :] * mask[:, :, None] / self.counts[:, None, None] -> dphi = dpool[:, None, :] * mask[:, :, None] / X.shape[1]
dphi = dpool[:, None, :] * mask[:, :, None] / self.counts[:, None, None] -> dphi = dpool[:, None, :] / self.counts[:, None, None] * np.ones_like(self.phi)
dphi = dpool[:, None, :] * mask[:, :, None] / self.counts[:, None, None] -> dphi = dpool[:, None, :] * mask[:, :, None]
dz = dphi * (self.sig + self.z * self.sig * (1 - self.sig)) -> dz = dphi * (self.sig + self.phi * self.sig * (1 - self.sig))
dout = np.tanh(out - t) / out.size -> dout = np.tanh(out - t) / len(out)   # constant-factor: 2
dz = dphi * (self.sig + self.z * self.sig * (1 - self.sig)) -> dz = dphi * self.sig * (1 - self.sig)
"""),
    other=rows("""
X = rng.standard_normal((4, 5, 3)) -> X = rng.standard_normal((5, 6, 4))
mask = (np.arange(5) < np.array([5, 2, 3, 4])[:, None]).astype(float) -> mask = (np.arange(6) < np.array([6, 2, 3, 5, 1])[:, None]).astype(float)
t = rng.standard_normal((4, 2)) -> t = rng.standard_normal((5, 3))
net = DeepSet(3, 4, 2, rng) -> net = DeepSet(4, 5, 3, rng)
"""),
)

EXPERTS = Network(
    "mixture of experts with a softmax gate and a balance term",
    """
def moe_forward(params, X):
    logits = X @ params["G"]
    gate = np.exp(logits - logits.max(axis=1, keepdims=True))
    gate = gate / gate.sum(axis=1, keepdims=True)
    outs = [np.tanh(X @ W + b) for W, b in zip(params["W"], params["b"])]
    mixed = sum(gate[:, e:e + 1] * outs[e] for e in range(len(outs)))
    return mixed @ params["V"], (gate, outs, mixed)

def moe_loss(Y, T, gate, lam):
    load = gate.mean(axis=0)
    return np.sum((Y - T) ** 2) / len(T) + lam * np.sum(load ** 2)

def moe_backward(params, X, T, Y, cache, lam):
    gate, outs, mixed = cache
    N = len(X)
    dY = 2 * (Y - T) / N
    grads = {"V": mixed.T @ dY}
    dmixed = dY @ params["V"].T
    dgate = np.zeros_like(gate)
    dW, db = np.zeros_like(params["W"]), np.zeros_like(params["b"])
    for e in range(len(outs)):
        dgate[:, e] = np.sum(dmixed * outs[e], axis=1)
        dpre = dmixed * gate[:, e:e + 1] * (1 - outs[e] ** 2)
        dW[e] = X.T @ dpre
        db[e] = dpre.sum(axis=0)
    dgate += 2 * lam * gate.mean(axis=0) / N
    dlogits = gate * (dgate - np.sum(dgate * gate, axis=1, keepdims=True))
    grads["G"] = X.T @ dlogits
    grads["W"], grads["b"] = dW, db
    return grads

rng = np.random.default_rng(73)
X = rng.standard_normal((6, 3))
T = rng.standard_normal((6, 2))
params = {
    "G": rng.standard_normal((3, 4)), "W": rng.standard_normal((4, 3, 5)) / 1.5,
    "b": 0.2 * rng.standard_normal((4, 5)), "V": rng.standard_normal((5, 2)),
}
lam = 0.3
Y, cache = moe_forward(params, X)
loss = moe_loss(Y, T, cache[0], lam)
grads = moe_backward(params, X, T, Y, cache, lam)
""",
    rows("""
dlogits = gate * (dgate - np.sum(dgate * gate, axis=1, keepdims=True)) -> dlogits = gate * (1 - gate) * dgate
dlogits = gate * (dgate - np.sum(dgate * gate, axis=1, keepdims=True)) -> dlogits = gate * (dgate - np.sum(dgate, axis=1, keepdims=True))
dgate += 2 * lam * gate.mean(axis=0) / N ->
dgate += 2 * lam * gate.mean(axis=0) / N -> dgate += 2 * lam * gate.mean(axis=0)
dgate += 2 * lam * gate.mean(axis=0) / N -> dgate += 2 * lam * gate / N
dgate[:, e] = np.sum(dmixed * outs[e], axis=1) -> dgate[:, e] = np.sum(dmixed * mixed, axis=1)
dpre = dmixed * gate[:, e:e + 1] * (1 - outs[e] ** 2) -> dpre = dmixed * (1 - outs[e] ** 2)
"""),
    other=rows("""
X = rng.standard_normal((6, 3)) -> X = rng.standard_normal((7, 4))
T = rng.standard_normal((6, 2)) -> T = rng.standard_normal((7, 3))
"G": rng.standard_normal((3, 4)), "W": rng.standard_normal((4, 3, 5)) / 1.5, -> "G": rng.standard_normal((4, 5)), "W": rng.standard_normal((5, 4, 6)) / 1.5,
"b": 0.2 * rng.standard_normal((4, 5)), "V": rng.standard_normal((5, 2)), -> "b": 0.2 * rng.standard_normal((5, 6)), "V": rng.standard_normal((6, 3)),
lam = 0.3 -> lam = 0.45
"""),
)

EULER = Network(
    "steps of an ordinary differential equation",
    """
class NeuralODE:
    def __init__(self, d, k, steps, rng):
        self.W = rng.standard_normal((d, d)) / 1.2
        self.b = 0.2 * rng.standard_normal(d)
        self.c = rng.standard_normal(d)
        self.V = rng.standard_normal((d, k))
        self.steps = steps
        self.dt = 1.0 / steps

    def forward(self, x):
        self.states = [x]
        self.slopes = []
        for i in range(self.steps):
            f = np.tanh(self.states[-1] @ self.W + self.b + i * self.dt * self.c)
            self.slopes.append(f)
            self.states.append(self.states[-1] + self.dt * f)
        return self.states[-1] @ self.V

    def loss(self, x, target):
        y = self.forward(x)
        return np.sum((y - target) ** 2) / (2 * len(x))

    def backward(self, x, target):
        y = self.forward(x)
        dy = (y - target) / len(x)
        self.dV = self.states[-1].T @ dy
        self.dW, self.db = np.zeros_like(self.W), np.zeros_like(self.b)
        self.dc = np.zeros_like(self.c)
        adj = dy @ self.V.T
        for i in range(self.steps - 1, -1, -1):
            da = self.dt * adj * (1 - self.slopes[i] ** 2)
            self.dW += self.states[i].T @ da
            self.db += da.sum(axis=0)
            self.dc += i * self.dt * da.sum(axis=0)
            adj = adj + da @ self.W.T

rng = np.random.default_rng(74)
ode = NeuralODE(3, 2, 4, rng)
x = rng.standard_normal((5, 3))
target = rng.standard_normal((5, 2))
loss = ode.loss(x, target)
ode.backward(x, target)
""",
    rows("""
adj = adj + da @ self.W.T -> adj = da @ self.W.T
adj = adj + da @ self.W.T -> adj = adj + da @ self.W
adj = adj + da @ self.W.T -> adj = adj + self.dt * da @ self.W.T
da = self.dt * adj * (1 - self.slopes[i] ** 2) -> da = adj * (1 - self.slopes[i] ** 2)
self.dW += self.states[i].T @ da -> self.dW += self.states[i + 1].T @ da
self.dc += i * self.dt * da.sum(axis=0) -> self.dc += i * da.sum(axis=0)   # constant-factor: ode.steps
for i in range(self.steps - 1, -1, -1): -> for i in range(self.steps - 1, 0, -1):
self.dV = self.states[-1].T @ dy -> self.dV = self.slopes[-1].T @ dy
"""),
    other=rows("""
ode = NeuralODE(3, 2, 4, rng) -> ode = NeuralODE(4, 3, 5, rng)
x = rng.standard_normal((5, 3)) -> x = rng.standard_normal((6, 4))
target = rng.standard_normal((5, 2)) -> target = rng.standard_normal((6, 3))
"""),
)

FACTORS = Network(
    "factorisation machine beside a deep part",
    """
def fm_forward(p, X):
    XV = X @ p["V"]
    pairs = 0.5 * np.sum(XV ** 2 - (X ** 2) @ (p["V"] ** 2), axis=1)
    H = np.maximum(X @ p["U"], 0.1 * (X @ p["U"]))
    logit = p["w0"] + X @ p["w"] + pairs + H @ p["u"]
    return logit, XV, H

def fm_loss(p, logit, y, l2):
    return np.mean(np.log(1 + np.exp(-y * logit))) + l2 * np.sum(p["V"] ** 2)

def fm_backward(p, X, y, logit, XV, H, l2):
    d = -y / (1 + np.exp(y * logit)) / len(y)
    grads = {"w0": d.sum(keepdims=True), "w": X.T @ d, "u": H.T @ d}
    grads["V"] = X.T @ (d[:, None] * XV) - p["V"] * ((X ** 2).T @ d)[:, None]
    grads["V"] += 2 * l2 * p["V"]
    dpre = np.outer(d, p["u"]) * np.where(H > 0, 1, 0.1)
    grads["U"] = X.T @ dpre
    return grads

rng = np.random.default_rng(75)
X = rng.standard_normal((9, 5))
y = np.where(rng.uniform(size=9) < 0.5, -1.0, 1.0)
p = {
    "w0": np.array([0.2]), "w": 0.5 * rng.standard_normal(5), "V": 0.5 * rng.standard_normal((5, 3)),
    "U": rng.standard_normal((5, 4)) / 2, "u": rng.standard_normal(4),
}
l2 = 0.05
logit, XV, H = fm_forward(p, X)
loss = fm_loss(p, logit, y, l2)
grads = fm_backward(p, X, y, logit, XV, H, l2)
""",
    rows("""
grads["V"] = X.T @ (d[:, None] * XV) - p["V"] * ((X ** 2).T @ d)[:, None] -> grads["V"] = X.T @ (d[:, None] * XV)
grads["V"] = X.T @ (d[:, None] * XV) - p["V"] * ((X ** 2).T @ d)[:, None] -> grads["V"] = X.T @ (d[:, None] * XV) - p["V"] * (X.T @ d)[:, None]
grads["V"] = X.T @ (d[:, None] * XV) - p["V"] * ((X ** 2).T @ d)[:, None] -> grads["V"] = X.T @ (d[:, None] * XV) - p["V"] ** 2 * ((X ** 2).T @ d)[:, None]
grads["V"] += 2 * l2 * p["V"] -> grads["V"] += l2 * p["V"]   # regulariser: 0.05
d = -y / (1 + np.exp(y * logit)) / len(y) -> d = -y / (1 + np.exp(-y * logit)) / len(y)
dpre = np.outer(d, p["u"]) * np.where(H > 0, 1, 0.1) -> dpre = np.outer(d, p["u"]) * np.where(H > 0, 1, 0)
"""),
    other=rows("""
X = rng.standard_normal((9, 5)) -> X = rng.standard_normal((8, 6))
y = np.where(rng.uniform(size=9) < 0.5, -1.0, 1.0) -> y = np.where(rng.uniform(size=8) < 0.5, -1.0, 1.0)
"w0": np.array([0.2]), "w": 0.5 * rng.standard_normal(5), "V": 0.5 * rng.standard_normal((5, 3)), -> "w0": np.array([0.2]), "w": 0.5 * rng.standard_normal(6), "V": 0.5 * rng.standard_normal((6, 4)),
"U": rng.standard_normal((5, 4)) / 2, "u": rng.standard_normal(4), -> "U": rng.standard_normal((6, 5)) / 2, "u": rng.standard_normal(5),
l2 = 0.05 -> l2 = 0.08
"""),
)

CHAIN = Network(
    "linear-chain conditional random field",
    """
def lse(a, axis):
    m = a.max(axis=axis, keepdims=True)
    return np.squeeze(m, axis=axis) + np.log(np.exp(a - m).sum(axis=axis))

def emissions(X, W, b):
    return np.tanh(X) @ W + b

def crf_loss(X, tags, W, b, A):
    E = emissions(X, W, b)
    alpha = E[0]
    for t in range(1, len(E)):
        alpha = E[t] + lse(alpha[:, None] + A, 0)
    score = E[np.arange(len(E)), tags].sum() + A[tags[:-1], tags[1:]].sum()
    return lse(alpha, 0) - score

def crf_gradient(X, tags, W, b, A):
    E = emissions(X, W, b)
    T, K = E.shape
    alpha, beta = np.zeros((T, K)), np.zeros((T, K))
    alpha[0] = E[0]
    for t in range(1, T):
        alpha[t] = E[t] + lse(alpha[t - 1][:, None] + A, 0)
    for t in range(T - 2, -1, -1):
        beta[t] = lse(A + E[t + 1] + beta[t + 1], 1)
    logZ = lse(alpha[-1], 0)
    dE = np.exp(alpha + beta - logZ)
    dE[np.arange(T), tags] -= 1
    dA = np.zeros_like(A)
    for t in range(1, T):
        dA += np.exp(alpha[t - 1][:, None] + A + E[t] + beta[t] - logZ)
        dA[tags[t - 1], tags[t]] -= 1
    dW = np.tanh(X).T @ dE
    db = dE.sum(axis=0)
    return dW, db, dA

rng = np.random.default_rng(76)
X = rng.standard_normal((6, 4))
tags = np.array([0, 2, 2, 1, 0, 1])
W, b = rng.standard_normal((4, 3)), 0.3 * rng.standard_normal(3)
A = rng.standard_normal((3, 3)) / 1.5
loss = crf_loss(X, tags, W, b, A)
dW, db, dA = crf_gradient(X, tags, W, b, A)
""",
    rows("""
dA += np.exp(alpha[t - 1][:, None] + A + E[t] + beta[t] - logZ) -> dA += np.exp(alpha[t - 1][:, None] + A + beta[t] - logZ)
dA += np.exp(alpha[t - 1][:, None] + A + E[t] + beta[t] - logZ) -> dA += np.exp(alpha[t][:, None] + A + E[t] + beta[t] - logZ)
dA[tags[t - 1], tags[t]] -= 1 -> dA[tags[t], tags[t - 1]] -= 1   # some-components
beta[t] = lse(A + E[t + 1] + beta[t + 1], 1) -> beta[t] = lse(A + E[t] + beta[t + 1], 1)
beta[t] = lse(A + E[t + 1] + beta[t + 1], 1) -> beta[t] = lse(A + E[t + 1] + beta[t + 1], 0)
dE = np.exp(alpha + beta - logZ) -> dE = np.exp(alpha - logZ)
dE[np.arange(T), tags] -= 1 -> dE[np.arange(T - 1), tags[1:]] -= 1
"""),
    other=rows("""
X = rng.standard_normal((6, 4)) -> X = rng.standard_normal((7, 5))
tags = np.array([0, 2, 2, 1, 0, 1]) -> tags = np.array([0, 2, 3, 1, 0, 1, 3])
W, b = rng.standard_normal((4, 3)), 0.3 * rng.standard_normal(3) -> W, b = rng.standard_normal((5, 4)), 0.3 * rng.standard_normal(4)
A = rng.standard_normal((3, 3)) / 1.5 -> A = rng.standard_normal((4, 4)) / 1.5
"""),
)

RADIAL = Network(
    "radial basis functions with learnt widths",
    """
def basis(X, C, beta):
    sq = np.sum((X[:, None, :] - C[None, :, :]) ** 2, axis=2)
    return np.exp(-np.exp(beta) * sq), sq

def rbf_cost(X, Y, C, beta, W, b):
    phi, _ = basis(X, C, beta)
    return 0.5 * np.mean(np.sum((phi @ W + b - Y) ** 2, axis=1))

def rbf_grads(X, Y, C, beta, W, b):
    phi, sq = basis(X, C, beta)
    err = (phi @ W + b - Y) / len(X)
    dW = phi.T @ err
    db = err.sum(axis=0)
    dphi = err @ W.T
    G = dphi * phi
    width = np.exp(beta)
    dbeta = -width * np.sum(G * sq, axis=0)
    dC = 2 * width[:, None] * (G.T @ X - G.sum(axis=0)[:, None] * C)
    return dC, dbeta, dW, db

rng = np.random.default_rng(77)
X, Y = rng.standard_normal((8, 3)), rng.standard_normal((8, 2))
C, beta = rng.standard_normal((5, 3)), -1 + 0.2 * rng.standard_normal(5)
W, b = rng.standard_normal((5, 2)), 0.2 * rng.standard_normal(2)
cost = rbf_cost(X, Y, C, beta, W, b)
dC, dbeta, dW, db = rbf_grads(X, Y, C, beta, W, b)
""",
    rows("""
dbeta = -width * np.sum(G * sq, axis=0) -> dbeta = -np.sum(G * sq, axis=0)
dbeta = -width * np.sum(G * sq, axis=0) -> dbeta = -width * np.sum(dphi * sq, axis=0)
dC = 2 * width[:, None] * (G.T @ X - G.sum(axis=0)[:, None] * C) -> dC = width[:, None] * (G.T @ X - G.sum(axis=0)[:, None] * C)   # constant-factor: 1/2
dC = 2 * width[:, None] * (G.T @ X - G.sum(axis=0)[:, None] * C) -> dC = 2 * width[:, None] * (G.T @ X - C)
dC = 2 * width[:, None] * (G.T @ X - G.sum(axis=0)[:, None] * C) -> dC = 2 * width[:, None] * (G.sum(axis=0)[:, None] * C - G.T @ X)   # sign
dC = 2 * width[:, None] * (G.T @ X - G.sum(axis=0)[:, None] * C) -> dC = 2 * beta[:, None] * (G.T @ X - G.sum(axis=0)[:, None] * C)
"""),
    other=rows("""
X, Y = rng.standard_normal((8, 3)), rng.standard_normal((8, 2)) -> X, Y = rng.standard_normal((9, 4)), rng.standard_normal((9, 3))
C, beta = rng.standard_normal((5, 3)), -1 + 0.2 * rng.standard_normal(5) -> C, beta = rng.standard_normal((6, 4)), -1 + 0.2 * rng.standard_normal(6)
W, b = rng.standard_normal((5, 2)), 0.2 * rng.standard_normal(2) -> W, b = rng.standard_normal((6, 3)), 0.2 * rng.standard_normal(3)
"""),
)

PINBALL = Network(
    "low-rank bilinear features, three quantiles",
    """
def quantiles(X1, X2, A, L, R, C, c):
    h = np.tanh(X1 @ A)
    left = h @ L
    right = X2 @ R
    inter = left * right
    return inter @ C + c, h, left, right, inter

def pinball(q, y, tau):
    err = y - q
    return np.mean(np.maximum(tau * err, (tau - 1) * err))

def pinball_grads(X1, X2, y, tau, L, R, C, q, h, left, right, inter):
    err = y - q
    dq = np.where(err > 0, -tau, 1 - tau) / err.size
    dC = inter.T @ dq
    dc = dq.sum(axis=0)
    dinter = dq @ C.T
    dleft = dinter * right
    dright = dinter * left
    dL = h.T @ dleft
    dR = X2.T @ dright
    dh = dleft @ L.T
    dA = X1.T @ (dh * (1 - h ** 2))
    return dA, dL, dR, dC, dc

rng = np.random.default_rng(78)
X1, X2, y = rng.standard_normal((8, 3)), rng.standard_normal((8, 4)), rng.standard_normal((8, 1))
tau = np.array([0.1, 0.5, 0.9])
A, L, R = rng.standard_normal((3, 5)), rng.standard_normal((5, 2)), rng.standard_normal((4, 2))
C, c = rng.standard_normal((2, 3)), 0.2 * rng.standard_normal(3)
q, h, left, right, inter = quantiles(X1, X2, A, L, R, C, c)
loss = pinball(q, y, tau)
dA, dL, dR, dC, dc = pinball_grads(X1, X2, y, tau, L, R, C, q, h, left, right, inter)
""",
    rows("""
dq = np.where(err > 0, -tau, 1 - tau) / err.size -> dq = np.where(err > 0, -tau, tau) / err.size
dq = np.where(err > 0, -tau, 1 - tau) / err.size -> dq = np.where(err < 0, -tau, 1 - tau) / err.size
dq = np.where(err > 0, -tau, 1 - tau) / err.size -> dq = np.where(err > 0, -tau, 1 - tau) / len(err)   # constant-factor: tau.shape[0]
dleft = dinter * right -> dleft = dinter * left
dright = dinter * left -> dright = dinter * inter
dh = dleft @ L.T -> dh = dinter @ L.T
"""),
    other=rows("""
X1, X2, y = rng.standard_normal((8, 3)), rng.standard_normal((8, 4)), rng.standard_normal((8, 1)) -> X1, X2, y = rng.standard_normal((9, 6)), rng.standard_normal((9, 5)), rng.standard_normal((9, 1))
tau = np.array([0.1, 0.5, 0.9]) -> tau = np.array([0.1, 0.4, 0.6, 0.9])
A, L, R = rng.standard_normal((3, 5)), rng.standard_normal((5, 2)), rng.standard_normal((4, 2)) -> A, L, R = rng.standard_normal((6, 7)), rng.standard_normal((7, 3)), rng.standard_normal((5, 3))
C, c = rng.standard_normal((2, 3)), 0.2 * rng.standard_normal(3) -> C, c = rng.standard_normal((3, 4)), 0.2 * rng.standard_normal(4)
"""),
)

PHYSICS = Network(
    "a network whose derivative is in its loss",
    """
def u_and_slope(x, w, b, v):
    t = np.tanh(np.outer(x, w) + b)
    return t, t @ v, (w * (1 - t ** 2)) @ v

def physics_loss(x, f, w, b, v, k, lam):
    _, u, ux = u_and_slope(x, w, b, v)
    residual = ux + k * u - f
    start = np.tanh(b) @ v - 1
    return np.mean(residual ** 2) + lam * start ** 2

def physics_gradient(x, f, w, b, v, k, lam):
    t, u, ux = u_and_slope(x, w, b, v)
    s = 1 - t ** 2
    dr = 2 * (ux + k * u - f) / len(x)
    dv = (w * s + k * t).T @ dr
    da = dr[:, None] * v * (k * s - 2 * w * t * s)
    dw = x @ da + np.sum(dr[:, None] * v * s, axis=0)
    db = da.sum(axis=0)
    t0 = np.tanh(b)
    start = t0 @ v - 1
    dv += 2 * lam * start * t0
    db += 2 * lam * start * v * (1 - t0 ** 2)
    return dw, db, dv

rng = np.random.default_rng(79)
x = np.linspace(0, 2, 9)
f = np.sin(x)
w, b, v = rng.standard_normal((3, 5))
k, lam = 0.8, 0.5
loss = physics_loss(x, f, w, b, v, k, lam)
dw, db, dv = physics_gradient(x, f, w, b, v, k, lam)
""",
    rows("""
da = dr[:, None] * v * (k * s - 2 * w * t * s) -> da = dr[:, None] * v * (k * s - 2 * t * s)
da = dr[:, None] * v * (k * s - 2 * w * t * s) -> da = dr[:, None] * v * k * s
da = dr[:, None] * v * (k * s - 2 * w * t * s) -> da = dr[:, None] * v * (k * s - w * t * s)
dw = x @ da + np.sum(dr[:, None] * v * s, axis=0) -> dw = x @ da
dv = (w * s + k * t).T @ dr -> dv = (s + k * t).T @ dr
db += 2 * lam * start * v * (1 - t0 ** 2) ->
dv += 2 * lam * start * t0 -> dv += lam * start * t0
"""),
    other=rows("""
x = np.linspace(0, 2, 9) -> x = np.linspace(0, 2, 11)
w, b, v = rng.standard_normal((3, 5)) -> w, b, v = rng.standard_normal((3, 6))
k, lam = 0.8, 0.5 -> k, lam = 1.3, 0.7
"""),
)

NETWORKS = (GRAPH, SETS, EXPERTS, EULER, FACTORS, CHAIN, RADIAL, PINBALL, PHYSICS)
