"""A second suite, held out: networks that neither the rules nor the edits were written for."""

from __future__ import annotations

from .cases import Case, Network, bugs, rows

GRU = Network(
    "gru, squared error at the last step",
    """
def sigmoid(x):
    return 1 / (1 + np.exp(-x))

def forward(params, x):
    Wz, Wr, Wn = params["Wz"], params["Wr"], params["Wn"]
    h = np.zeros((x.shape[1], Wn.shape[1]))
    steps = []
    for t in range(x.shape[0]):
        xh = np.hstack([x[t], h])
        z = sigmoid(xh @ Wz + params["bz"])
        r = sigmoid(xh @ Wr + params["br"])
        xrh = np.hstack([x[t], r * h])
        n = np.tanh(xrh @ Wn + params["bn"])
        steps.append((xh, xrh, h, z, r, n))
        h = (1 - z) * n + z * h
    return h @ params["V"], h, steps

def mse(y, target):
    return np.sum((y - target) ** 2) / (2 * len(y))

def backward(params, x, target, y, h, steps):
    D = x.shape[2]
    grads = {k: np.zeros_like(v) for k, v in params.items()}
    dy = (y - target) / len(y)
    grads["V"] += h.T @ dy
    dh = dy @ params["V"].T
    for xh, xrh, h_prev, z, r, n in reversed(steps):
        dn = dh * (1 - z)
        dz = dh * (h_prev - n)
        dh_prev = dh * z
        da_n = dn * (1 - n ** 2)
        grads["Wn"] += xrh.T @ da_n
        grads["bn"] += da_n.sum(axis=0)
        dxrh = da_n @ params["Wn"].T
        drh = dxrh[:, D:]
        dr = drh * h_prev
        dh_prev += drh * r
        da_r = dr * r * (1 - r)
        grads["Wr"] += xh.T @ da_r
        grads["br"] += da_r.sum(axis=0)
        da_z = dz * z * (1 - z)
        grads["Wz"] += xh.T @ da_z
        grads["bz"] += da_z.sum(axis=0)
        dxh = da_z @ params["Wz"].T + da_r @ params["Wr"].T
        dh_prev += dxh[:, D:]
        dh = dh_prev
    return grads

rng = np.random.default_rng(31)
x = rng.standard_normal((4, 3, 2))
target = rng.standard_normal((3, 2))
params = {k: rng.standard_normal((5, 3)) / 1.5 for k in ("Wz", "Wr", "Wn")}
params.update({k: 0.2 * rng.standard_normal(3) for k in ("bz", "br", "bn")})
params["V"] = rng.standard_normal((3, 2))
y, h, steps = forward(params, x)
loss = mse(y, target)
grads = backward(params, x, target, y, h, steps)
""",
    rows("""
dn = dh * (1 - z) -> dn = dh * z
dz = dh * (h_prev - n) -> dz = dh * (n - h_prev)
dh_prev = dh * z -> dh_prev = np.zeros_like(dh)
dh_prev += drh * r -> dh_prev += drh
dr = drh * h_prev -> dr = drh * r
da_r = dr * r * (1 - r) -> da_r = dr * (1 - r ** 2)
grads["Wn"] += xrh.T @ da_n -> grads["Wn"] += xh.T @ da_n
dxh = da_z @ params["Wz"].T + da_r @ params["Wr"].T -> dxh = da_z @ params["Wz"].T
grads["bz"] += da_z.sum(axis=0) -> grads["bz"] = da_z.sum(axis=0)
"""),
)

HINGE = Network(
    "multi-class hinge loss over a hidden relu layer",
    """
def scores_of(X, W1, b1, W2, b2):
    pre = X.dot(W1) + b1
    hidden = np.maximum(pre, 0)
    return hidden.dot(W2) + b2, pre, hidden

def svm_loss(X, y, W1, b1, W2, b2, reg):
    scores, pre, hidden = scores_of(X, W1, b1, W2, b2)
    num = X.shape[0]
    correct = scores[np.arange(num), y][:, None]
    margins = np.maximum(0, scores - correct + 1.0)
    margins[np.arange(num), y] = 0
    return margins.sum() / num + reg * (np.sum(W1 * W1) + np.sum(W2 * W2))

def svm_grad(X, y, W1, b1, W2, b2, reg):
    scores, pre, hidden = scores_of(X, W1, b1, W2, b2)
    num = X.shape[0]
    correct = scores[np.arange(num), y][:, None]
    margins = np.maximum(0, scores - correct + 1.0)
    margins[np.arange(num), y] = 0
    counts = (margins > 0).astype(float)
    counts[np.arange(num), y] = -counts.sum(axis=1)
    counts = counts / num
    dW2 = hidden.T.dot(counts)
    dW2 += 2 * reg * W2
    db2 = counts.sum(axis=0)
    dhidden = counts.dot(W2.T)
    dpre = dhidden * (pre > 0)
    dW1 = X.T.dot(dpre) + 2 * reg * W1
    db1 = dpre.sum(axis=0)
    return dW1, db1, dW2, db2

rng = np.random.default_rng(32)
X = rng.standard_normal((6, 3))
y = np.array([0, 1, 2, 3, 1, 0])
W1, b1 = rng.standard_normal((3, 5)), 0.3 * rng.standard_normal(5)
W2, b2 = rng.standard_normal((5, 4)), 0.3 * rng.standard_normal(4)
reg = 0.05
loss = svm_loss(X, y, W1, b1, W2, b2, reg)
dW1, db1, dW2, db2 = svm_grad(X, y, W1, b1, W2, b2, reg)
""",
    rows("""
counts[np.arange(num), y] = -counts.sum(axis=1) -> counts[np.arange(num), y] = -1
counts[np.arange(num), y] = -counts.sum(axis=1) ->
counts = counts / num ->
counts = (margins > 0).astype(float) -> counts = margins.copy()
dW2 += 2 * reg * W2 -> dW2 += reg * W2
dW1 = X.T.dot(dpre) + 2 * reg * W1 -> dW1 = X.T.dot(dpre)
dpre = dhidden * (pre > 0) -> dpre = dhidden * (hidden > 1)
"""),
)

AUTOENCODER = Network(
    "auto-encoder with tied weights",
    """
def encode(X, W, b):
    return 1 / (1 + np.exp(-(X @ W + b)))

def decode(H, W, c):
    return H @ W.T + c

def reconstruction_error(X, W, b, c):
    R = decode(encode(X, W, b), W, c)
    return 0.5 * np.mean(np.sum((R - X) ** 2, axis=1))

def gradients(X, W, b, c):
    n = X.shape[0]
    H = encode(X, W, b)
    R = decode(H, W, c)
    dR = (R - X) / n
    dc = dR.sum(axis=0)
    dH = dR @ W
    dA = dH * H * (1 - H)
    db = dA.sum(axis=0)
    dW = X.T @ dA
    dW = dW + dR.T @ H
    return dW, db, dc

rng = np.random.default_rng(33)
X = rng.standard_normal((7, 5))
W = rng.standard_normal((5, 3))
b = 0.2 * rng.standard_normal(3)
c = 0.2 * rng.standard_normal(5)
error = reconstruction_error(X, W, b, c)
dW, db, dc = gradients(X, W, b, c)
""",
    rows("""
dW = dW + dR.T @ H ->
dW = X.T @ dA -> dW = 0
dA = dH * H * (1 - H) -> dA = dH * (1 - H)
dH = dR @ W -> dH = (R - X) @ W
dR = (R - X) / n -> dR = (X - R) / n
dc = dR.sum(axis=0) -> dc = dR.mean(axis=0)
"""),
)

FACTORISATION = Network(
    "matrix factorisation with biases",
    """
def predict(model):
    return model["U"] @ model["V"].T + model["bu"][:, None] + model["bv"][None, :]

def objective(model, R, mask, lam):
    E = mask * (R - predict(model))
    return 0.5 * np.sum(E ** 2) + 0.5 * lam * (np.sum(model["U"] ** 2) + np.sum(model["V"] ** 2))

def objective_grad(model, R, mask, lam):
    E = mask * (predict(model) - R)
    dU = E @ model["V"]
    dU = dU + lam * model["U"]
    dV = E.T @ model["U"]
    dV = dV + lam * model["V"]
    dbu = np.sum(E, axis=1)
    dbv = np.sum(E, axis=0)
    return {"U": dU, "V": dV, "bu": dbu, "bv": dbv}

rng = np.random.default_rng(34)
R = rng.standard_normal((6, 5))
mask = rng.random((6, 5)) < 0.7
lam = 0.4
model = {
    "U": rng.standard_normal((6, 2)), "V": rng.standard_normal((5, 2)),
    "bu": 0.3 * rng.standard_normal(6), "bv": 0.3 * rng.standard_normal(5),
}
J = objective(model, R, mask, lam)
grad = objective_grad(model, R, mask, lam)
""",
    rows("""
E = mask * (predict(model) - R) -> E = predict(model) - R
dU = dU + lam * model["U"] -> dU = dU + 2 * lam * model["U"]
dV = dV + lam * model["V"] ->
dbu = np.sum(E, axis=1) -> dbu = np.sum(E, axis=1) / mask.sum(axis=1)
dV = E.T @ model["U"] -> dV = E.T @ (model["U"] - dU)
dbv = np.sum(E, axis=0) -> dbv = np.sum(E, axis=0) + lam * model["bv"]
"""),
)

GELU = Network(
    "gelu (tanh form) and a log-sum-exp loss",
    """
K = np.sqrt(2 / np.pi)

def gelu(z):
    return 0.5 * z * (1 + np.tanh(K * (z + 0.044715 * z ** 3)))

def gelu_grad(z):
    inner = K * (z + 0.044715 * z ** 3)
    t = np.tanh(inner)
    dinner = K * (1 + 3 * 0.044715 * z ** 2)
    return 0.5 * (1 + t) + 0.5 * z * (1 - t ** 2) * dinner

def forward(p, X):
    z1 = X @ p["W1"] + p["b1"]
    a1 = gelu(z1)
    z2 = a1 @ p["W2"] + p["b2"]
    return z1, a1, z2

def loss(z2, T):
    m = z2.max(axis=1, keepdims=True)
    lse = m + np.log(np.exp(z2 - m).sum(axis=1, keepdims=True))
    return np.mean(lse[:, 0] - np.sum(z2 * T, axis=1))

def backward(p, X, T, z1, a1, z2):
    n = len(X)
    e = np.exp(z2 - z2.max(axis=1, keepdims=True))
    dz2 = (e / e.sum(axis=1, keepdims=True) - T) / n
    da1 = dz2 @ p["W2"].T
    dz1 = da1 * gelu_grad(z1)
    return {
        "W2": a1.T @ dz2,
        "b2": dz2.sum(axis=0),
        "W1": X.T @ dz1,
        "b1": dz1.sum(axis=0),
    }

rng = np.random.default_rng(35)
X = rng.standard_normal((6, 4))
T = np.eye(3)[[0, 2, 1, 1, 0, 2]]
p = {
    "W1": rng.standard_normal((4, 5)) / 1.5, "b1": 0.2 * rng.standard_normal(5),
    "W2": rng.standard_normal((5, 3)), "b2": 0.2 * rng.standard_normal(3),
}
z1, a1, z2 = forward(p, X)
J = loss(z2, T)
grads = backward(p, X, T, z1, a1, z2)
""",
    rows("""
dinner = K * (1 + 3 * 0.044715 * z ** 2) -> dinner = K * (1 + 0.044715 * z ** 2)
return 0.5 * (1 + t) + 0.5 * z * (1 - t ** 2) * dinner -> return 0.5 * (1 + t) + 0.5 * z * (1 - t ** 2)
return 0.5 * (1 + t) + 0.5 * z * (1 - t ** 2) * dinner -> return 0.5 * (1 + t)
return 0.5 * (1 + t) + 0.5 * z * (1 - t ** 2) * dinner -> return 0.5 * (1 + t) + 0.5 * (1 - t ** 2) * dinner
dz1 = da1 * gelu_grad(z1) -> dz1 = da1 * gelu_grad(a1)
dz2 = (e / e.sum(axis=1, keepdims=True) - T) / n -> dz2 = (e / e.sum() - T) / n
"""),
)

HIGHWAY = Network(
    "highway layer with a gate",
    """
def sig(v):
    return 1 / (1 + np.exp(-v))

class Highway:
    def __init__(self):
        rng = np.random.default_rng(36)
        self.params = {
            "Wt": rng.standard_normal((4, 4)), "bt": 0.2 * rng.standard_normal(4),
            "Wh": rng.standard_normal((4, 4)), "bh": 0.2 * rng.standard_normal(4),
            "Wo": rng.standard_normal((4, 2)),
        }

    def loss(self, x, t):
        p = self.params
        gate = sig(x @ p["Wt"] + p["bt"])
        h = np.tanh(x @ p["Wh"] + p["bh"])
        y = gate * h + (1 - gate) * x
        return np.sum((y @ p["Wo"] - t) ** 2) / x.shape[0]

    def gradient(self, x, t):
        p = self.params
        gate = sig(x @ p["Wt"] + p["bt"])
        h = np.tanh(x @ p["Wh"] + p["bh"])
        y = gate * h + (1 - gate) * x
        dout = 2 * (y @ p["Wo"] - t) / x.shape[0]
        grads = {"Wo": y.T @ dout}
        dy = dout @ p["Wo"].T
        dgate = dy * (h - x)
        dh = dy * gate
        dat = dgate * gate * (1 - gate)
        dah = dh * (1 - h * h)
        grads["Wt"] = x.T @ dat
        grads["bt"] = dat.sum(axis=0)
        grads["Wh"] = x.T @ dah
        grads["bh"] = dah.sum(axis=0)
        return grads

net = Highway()
rng = np.random.default_rng(37)
x = rng.standard_normal((5, 4))
t = rng.standard_normal((5, 2))
loss = net.loss(x, t)
grads = net.gradient(x, t)
""",
    rows("""
dgate = dy * (h - x) -> dgate = dy * h
dgate = dy * (h - x) -> dgate = dy * (x - h)
dh = dy * gate -> dh = dy
dat = dgate * gate * (1 - gate) -> dat = dgate * (1 - gate)
dah = dh * (1 - h * h) -> dah = dh * (1 - x * x)
grads["Wt"] = x.T @ dat -> grads["Wt"] = x.T @ dah
dout = 2 * (y @ p["Wo"] - t) / x.shape[0] -> dout = (y @ p["Wo"] - t) / x.shape[0]
"""),
)

HUBER = Network(
    "softplus and the huber loss",
    """
def softplus(z):
    return np.log1p(np.exp(z))

def model_forward(X, W1, b1, w2, b2):
    Z = X @ W1 + b1
    A = softplus(Z)
    pred = A @ w2 + b2
    return Z, A, pred

def huber(pred, target, delta=0.8):
    r = pred - target
    small = np.abs(r) <= delta
    return np.mean(np.where(small, 0.5 * r ** 2, delta * (np.abs(r) - 0.5 * delta)))

def model_backward(X, target, Z, A, pred, w2, delta=0.8):
    n = len(target)
    r = pred - target
    small = np.abs(r) <= delta
    dpred = np.where(small, r, delta * np.sign(r)) / n
    dw2 = A.T @ dpred
    db2 = np.sum(dpred)
    dA = np.outer(dpred, w2)
    dZ = dA / (1 + np.exp(-Z))
    dW1 = X.T @ dZ
    db1 = np.sum(dZ, axis=0)
    return dW1, db1, dw2, db2

rng = np.random.default_rng(38)
X = rng.standard_normal((8, 3))
target = 2 * rng.standard_normal(8)
W1, b1 = rng.standard_normal((3, 5)) / 1.5, 0.2 * rng.standard_normal(5)
w2, b2 = rng.standard_normal(5), 0.1
Z, A, pred = model_forward(X, W1, b1, w2, b2)
cost = huber(pred, target)
dW1, db1, dw2, db2 = model_backward(X, target, Z, A, pred, w2)
""",
    rows("""
dpred = np.where(small, r, delta * np.sign(r)) / n -> dpred = np.where(small, r, np.sign(r)) / n
dpred = np.where(small, r, delta * np.sign(r)) / n -> dpred = r / n
dpred = np.where(small, r, delta * np.sign(r)) / n -> dpred = np.where(small, r, delta) / n
dZ = dA / (1 + np.exp(-Z)) -> dZ = dA / (1 + np.exp(Z))
dZ = dA / (1 + np.exp(-Z)) -> dZ = dA * (Z > 0)
db2 = np.sum(dpred) -> db2 = np.mean(dpred)
"""),
)

WEIGHT_NORM = Network(
    "weight normalisation",
    """
def wn_forward(params, X):
    norm = np.sqrt(np.sum(params["V"] ** 2, axis=0))
    W = params["g"] * params["V"] / norm
    H = np.tanh(X @ W + params["b"])
    Y = H @ params["U"]
    return Y, (norm, W, H)

def half_mse(Y, T):
    return 0.5 * np.sum((Y - T) ** 2) / len(T)

def wn_backward(params, X, T, Y, cache):
    norm, W, H = cache
    dY = (Y - T) / len(T)
    dU = H.T @ dY
    dH = dY @ params["U"].T
    dA = dH * (1 - H ** 2)
    db = dA.sum(axis=0)
    dW = X.T @ dA
    dg = np.sum(dW * params["V"], axis=0) / norm
    dV = params["g"] / norm * dW
    dV -= params["g"] * dg / norm ** 2 * params["V"]
    return {"V": dV, "g": dg, "b": db, "U": dU}

rng = np.random.default_rng(39)
X = rng.standard_normal((6, 4))
T = rng.standard_normal((6, 2))
params = {
    "V": rng.standard_normal((4, 5)), "g": 1 + 0.3 * rng.standard_normal(5),
    "b": 0.2 * rng.standard_normal(5), "U": rng.standard_normal((5, 2)),
}
Y, cache = wn_forward(params, X)
loss = half_mse(Y, T)
grads = wn_backward(params, X, T, Y, cache)
""",
    rows("""
dV -= params["g"] * dg / norm ** 2 * params["V"] ->
dV -= params["g"] * dg / norm ** 2 * params["V"] -> dV += params["g"] * dg / norm ** 2 * params["V"]
dV -= params["g"] * dg / norm ** 2 * params["V"] -> dV -= params["g"] * dg / norm * params["V"]
dV = params["g"] / norm * dW -> dV = dW / norm
dg = np.sum(dW * params["V"], axis=0) / norm -> dg = np.sum(dW * params["V"], axis=0)
dA = dH * (1 - H ** 2) -> dA = dH * (1 - H)
"""),
)

WORD2VEC = Network(
    "word2vec with negative sampling",
    """
def sigmoid(x):
    return 1 / (1 + np.exp(-x))

def skipgram_loss(centre, outside, negatives, Vin, Vout):
    total = 0.0
    for c, o, neg in zip(centre, outside, negatives):
        v = Vin[c]
        total -= np.log(sigmoid(Vout[o] @ v))
        total -= np.sum(np.log(sigmoid(-Vout[neg] @ v)))
    return total / len(centre)

def skipgram_gradient(centre, outside, negatives, Vin, Vout):
    dVin = np.zeros_like(Vin)
    dVout = np.zeros_like(Vout)
    for c, o, neg in zip(centre, outside, negatives):
        v = Vin[c]
        pos = sigmoid(Vout[o] @ v) - 1
        away = sigmoid(Vout[neg] @ v)
        dVin[c] += pos * Vout[o] + away @ Vout[neg]
        dVout[o] += pos * v
        for k, a in zip(neg, away):
            dVout[k] += a * v
    return dVin / len(centre), dVout / len(centre)

rng = np.random.default_rng(40)
centre = [0, 2, 1, 2]
outside = [1, 3, 4, 0]
negatives = [[2, 4, 4], [0, 1, 5], [3, 3, 0], [5, 1, 4]]
Vin = rng.standard_normal((3, 3))
Vout = rng.standard_normal((6, 3))
loss = skipgram_loss(centre, outside, negatives, Vin, Vout)
dVin, dVout = skipgram_gradient(centre, outside, negatives, Vin, Vout)
""",
    rows("""
dVout[k] += a * v -> dVout[k] = a * v
pos = sigmoid(Vout[o] @ v) - 1 -> pos = sigmoid(Vout[o] @ v)
away = sigmoid(Vout[neg] @ v) -> away = sigmoid(-Vout[neg] @ v)
dVin[c] += pos * Vout[o] + away @ Vout[neg] -> dVin[c] += pos * Vout[o]
dVin[c] += pos * Vout[o] + away @ Vout[neg] -> dVin[c] = pos * Vout[o] + away @ Vout[neg]
return dVin / len(centre), dVout / len(centre) -> return dVin / len(centre), dVout
"""),
)

NETWORKS = (
    GRU,
    HINGE,
    AUTOENCODER,
    FACTORISATION,
    GELU,
    HIGHWAY,
    HUBER,
    WEIGHT_NORM,
    WORD2VEC,
)
RIGHT = tuple(Case(network) for network in NETWORKS)
UNSEEN = tuple(bugs(*NETWORKS))
