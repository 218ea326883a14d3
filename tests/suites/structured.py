"""Convolution, recurrence, embeddings and attention."""

from __future__ import annotations

from .cases import Network, rows

CONV = Network(
    "convolution, max-pooling, softmax",
    """
def conv_forward(x, w, b):
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    out = np.zeros((N, F, H - HH + 1, W - WW + 1))
    for i in range(out.shape[2]):
        for j in range(out.shape[3]):
            patch = x[:, :, i:i + HH, j:j + WW]
            out[:, :, i, j] = np.tensordot(patch, w, axes=([1, 2, 3], [1, 2, 3])) + b
    return out, (x, w, b)

def conv_backward(dout, cache):
    x, w, b = cache
    F, C, HH, WW = w.shape
    dw = np.zeros_like(w)
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            patch = x[:, :, i:i + HH, j:j + WW]
            dw += np.tensordot(dout[:, :, i, j], patch, axes=([0], [0]))
    db = dout.sum(axis=(0, 2, 3))
    return dw, db

def pool_forward(x):
    N, F, H, W = x.shape
    blocks = x.reshape(N, F, H // 2, 2, W // 2, 2)
    out = blocks.max(axis=(3, 5))
    return out, (blocks, out)

def pool_backward(dout, cache):
    blocks, out = cache
    mask = blocks == out[:, :, :, None, :, None]
    dx = mask * dout[:, :, :, None, :, None]
    N, F, h, _, w, _ = blocks.shape
    return dx.reshape(N, F, 2 * h, 2 * w)

def forward(params, X):
    z1, conv_cache = conv_forward(X, params["W1"], params["b1"])
    a1 = np.maximum(0, z1)
    p1, pool_cache = pool_forward(a1)
    flat = p1.reshape(X.shape[0], -1)
    scores = flat @ params["W2"] + params["b2"]
    return scores, (conv_cache, z1, pool_cache, p1, flat)

def cost(scores, y):
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return -np.mean(np.log(p[np.arange(len(y)), y]))

def backward(params, X, y):
    scores, (conv_cache, z1, pool_cache, p1, flat) = forward(params, X)
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    dscores = e / e.sum(axis=1, keepdims=True)
    dscores[np.arange(len(y)), y] -= 1
    dscores /= len(y)
    grads = {}
    grads["W2"] = flat.T @ dscores
    grads["b2"] = dscores.sum(axis=0)
    dflat = dscores @ params["W2"].T
    dp1 = dflat.reshape(p1.shape)
    da1 = pool_backward(dp1, pool_cache)
    dz1 = da1 * (z1 > 0)
    grads["W1"], grads["b1"] = conv_backward(dz1, conv_cache)
    return grads

rng = np.random.default_rng(13)
X = rng.standard_normal((3, 2, 5, 5))
y = np.array([0, 2, 1])
params = {
    "W1": rng.standard_normal((2, 2, 2, 2)) / 2, "b1": 0.3 * rng.standard_normal(2),
    "W2": rng.standard_normal((8, 3)) / 2, "b2": 0.1 * rng.standard_normal(3),
}
scores, _ = forward(params, X)
J = cost(scores, y)
grads = backward(params, X, y)
""",
    rows("""
dw += np.tensordot(dout[:, :, i, j], patch, axes=([0], [0])) -> dw = np.tensordot(dout[:, :, i, j], patch, axes=([0], [0]))
db = dout.sum(axis=(0, 2, 3)) -> db = np.zeros_like(b) + dout.sum()   # scalar-broadcast: b1
db = dout.sum(axis=(0, 2, 3)) -> db = dout.mean(axis=(0, 2, 3))   # constant-factor: 1/48
db = dout.sum(axis=(0, 2, 3)) -> db = dout.sum(axis=(0, 2, 3)) / dout.shape[0]   # constant-factor: 1/3
dx = mask * dout[:, :, :, None, :, None] -> dx = dout[:, :, :, None, :, None] + 0 * blocks   # enters-at-layer: 1
dx = mask * dout[:, :, :, None, :, None] -> dx = mask * dout[:, :, :, None, :, None] / 4   # constant-factor: 1/4
dz1 = da1 * (z1 > 0) -> dz1 = da1   # enters-at-layer: 1
dp1 = dflat.reshape(p1.shape) -> dp1 = dflat.T.reshape(p1.shape)   # enters-at-layer: 1
for j in range(dout.shape[3]): -> for j in range(dout.shape[3] - 1):
return dw, db -> return dw[:, :, ::-1, ::-1], db   # order: W1
return dw, db -> return dw.transpose(0, 1, 3, 2), db   # transposed: W1
return dw, db -> return dw[:, ::-1], db   # order: W1
dscores /= len(y) -> dscores /= y.size * y.size   # constant-factor: 1/3
"""),
)

RNN = Network(
    "recurrent network, a loss a step, scores at every step",
    """
def loss_fun(inputs, targets, Wxh, Whh, Why, bh, by):
    xs, hs, ps = {}, {}, {}
    hs[-1] = np.zeros((Whh.shape[0], 1))
    loss = 0.0
    for t in range(len(inputs)):
        xs[t] = np.zeros((Wxh.shape[1], 1))
        xs[t][inputs[t]] = 1
        hs[t] = np.tanh(Wxh @ xs[t] + Whh @ hs[t - 1] + bh)
        y = Why @ hs[t] + by
        e = np.exp(y - y.max())
        ps[t] = e / e.sum()
        loss += -np.log(ps[t][targets[t], 0])
    dWxh, dWhh, dWhy = np.zeros_like(Wxh), np.zeros_like(Whh), np.zeros_like(Why)
    dbh, dby = np.zeros_like(bh), np.zeros_like(by)
    dhnext = np.zeros_like(hs[0])
    for t in reversed(range(len(inputs))):
        dy = np.copy(ps[t])
        dy[targets[t]] -= 1
        dWhy += dy @ hs[t].T
        dby += dy
        dh = Why.T @ dy + dhnext
        dhraw = (1 - hs[t] ** 2) * dh
        dbh += dhraw
        dWxh += dhraw @ xs[t].T
        dWhh += dhraw @ hs[t - 1].T
        dhnext = Whh.T @ dhraw
    return loss, dWxh, dWhh, dWhy, dbh, dby

rng = np.random.default_rng(14)
Wxh = rng.standard_normal((3, 4)) / 2
Whh = rng.standard_normal((3, 3)) / 2
Why = rng.standard_normal((4, 3)) / 2
bh = 0.2 * rng.standard_normal((3, 1))
by = 0.2 * rng.standard_normal((4, 1))
inputs = [0, 2, 1, 2, 3]
targets = [2, 1, 2, 3, 0]
loss, dWxh, dWhh, dWhy, dbh, dby = loss_fun(inputs, targets, Wxh, Whh, Why, bh, by)
""",
    rows("""
dh = Why.T @ dy + dhnext -> dh = Why.T @ dy
dhnext = Whh.T @ dhraw -> dhnext = Whh.T @ dh
dhnext = Whh.T @ dhraw -> dhnext = Whh @ dhraw
dhraw = (1 - hs[t] ** 2) * dh -> dhraw = dh
dhraw = (1 - hs[t] ** 2) * dh -> dhraw = (1 - hs[t]) * dh
dWhh += dhraw @ hs[t - 1].T -> dWhh += dhraw @ hs[t].T
dWhh += dhraw @ hs[t - 1].T -> dWhh += hs[t - 1] @ dhraw.T   # transposed: Whh
dWhy += dy @ hs[t].T -> dWhy = dy @ hs[t].T
dbh += dhraw -> dbh = dhraw
dWxh += dhraw @ xs[t].T -> dWxh = dhraw @ xs[t].T   # some-components: Wxh
dy[targets[t]] -= 1 -> dy[inputs[t]] -= 1
dby += dy -> dby += dy / len(inputs)   # constant-factor: 1/5
dbh += dhraw -> dbh += dh
for t in reversed(range(len(inputs))): -> for t in reversed(range(1, len(inputs))):
for t in reversed(range(len(inputs))): -> for t in range(len(inputs)):
"""),
)

LSTM = Network(
    "lstm, squared error at the last step",
    """
def sigmoid(x):
    return 1 / (1 + np.exp(-x))

def lstm_forward(x, Wx, Wh, b):
    N, T, D = x.shape
    H = Wh.shape[0]
    h, c = np.zeros((N, H)), np.zeros((N, H))
    caches = []
    for t in range(T):
        a = x[:, t] @ Wx + h @ Wh + b
        i, f = sigmoid(a[:, :H]), sigmoid(a[:, H:2 * H])
        o, g = sigmoid(a[:, 2 * H:3 * H]), np.tanh(a[:, 3 * H:])
        c_next = f * c + i * g
        tc = np.tanh(c_next)
        h_next = o * tc
        caches.append((x[:, t], h, c, i, f, o, g, tc))
        h, c = h_next, c_next
    return h, caches

def forward(params, x):
    h, caches = lstm_forward(x, params["Wx"], params["Wh"], params["b"])
    y = h @ params["Wy"] + params["by"]
    return y, (h, caches)

def compute_loss(y, target):
    return 0.5 * np.sum((y - target) ** 2) / y.shape[0]

def backward(params, target, y, cache):
    h, caches = cache
    Wx, Wh, Wy = params["Wx"], params["Wh"], params["Wy"]
    dy = (y - target) / y.shape[0]
    dWy = h.T @ dy
    dby = dy.sum(axis=0)
    dh = dy @ Wy.T
    dc = np.zeros_like(dh)
    dWx, dWh = np.zeros_like(Wx), np.zeros_like(Wh)
    db = np.zeros(Wx.shape[1])
    for x_t, h_prev, c_prev, i, f, o, g, tc in reversed(caches):
        do = dh * tc
        dc = dc + dh * o * (1 - tc ** 2)
        di = dc * g
        dg = dc * i
        df = dc * c_prev
        da_i = di * i * (1 - i)
        da_f = df * f * (1 - f)
        da_o = do * o * (1 - o)
        da_g = dg * (1 - g ** 2)
        da = np.hstack([da_i, da_f, da_o, da_g])
        dWx += x_t.T @ da
        dWh += h_prev.T @ da
        db += da.sum(axis=0)
        dh = da @ Wh.T
        dc = dc * f
    return {"Wx": dWx, "Wh": dWh, "b": db, "Wy": dWy, "by": dby}

rng = np.random.default_rng(15)
N, T, D, H = 3, 4, 2, 3
x = rng.standard_normal((N, T, D))
target = rng.standard_normal((N, 2))
params = {
    "Wx": rng.standard_normal((D, 4 * H)) / 1.5, "Wh": rng.standard_normal((H, 4 * H)) / 1.5,
    "b": 0.2 * rng.standard_normal(4 * H),
    "Wy": rng.standard_normal((H, 2)), "by": 0.1 * rng.standard_normal(2),
}
y, cache = forward(params, x)
loss = compute_loss(y, target)
grads = backward(params, target, y, cache)
""",
    rows("""
dc = dc + dh * o * (1 - tc ** 2) -> dc = dh * o * (1 - tc ** 2)
dc = dc + dh * o * (1 - tc ** 2) -> dc = dc + dh * o
dc = dc * f ->
dh = da @ Wh.T ->
da_f = df * f * (1 - f) -> da_f = df
da_i = di * i * (1 - i) -> da_i = di * (1 - i ** 2)
da_o = do * o * (1 - o) -> da_o = do * o
da_g = dg * (1 - g ** 2) -> da_g = dg * g * (1 - g)
da = np.hstack([da_i, da_f, da_o, da_g]) -> da = np.hstack([da_f, da_i, da_o, da_g])
di = dc * g -> di = dc * i
df = dc * c_prev -> df = dc * c_prev * f
dWh += h_prev.T @ da -> dWh = h_prev.T @ da
db += da.sum(axis=0) -> db += da.mean(axis=0)   # constant-factor: 1/3
dby = dy.sum(axis=0) -> dby = dy.sum(axis=0) / 4   # constant-factor: 1/4
"""),
)

EMBEDDING = Network(
    "embedding, average of words, softmax",
    """
def forward(params, words):
    E, W, b = params["E"], params["W"], params["b"]
    vectors = E[words]
    h = vectors.mean(axis=1)
    scores = h @ W + b
    return h, scores

def loss_fn(scores, labels):
    s = scores - scores.max(axis=1, keepdims=True)
    logp = s - np.log(np.exp(s).sum(axis=1, keepdims=True))
    return -logp[np.arange(len(labels)), labels].mean()

def backward(params, words, labels, h, scores):
    N, L = words.shape
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    p = p / p.sum(axis=1, keepdims=True)
    dscores = p.copy()
    dscores[np.arange(N), labels] -= 1
    dscores = dscores / N
    grads = {}
    grads["W"] = h.T @ dscores
    grads["b"] = dscores.sum(axis=0)
    dh = dscores @ params["W"].T
    dE = np.zeros_like(params["E"])
    for n in range(N):
        for l in range(L):
            dE[words[n, l]] += dh[n] / L
    grads["E"] = dE
    return grads

rng = np.random.default_rng(16)
words = np.array([[0, 2, 2], [1, 4, 0], [3, 5, 1], [2, 2, 6]])
labels = np.array([0, 1, 2, 1])
params = {
    "E": rng.standard_normal((7, 3)), "W": rng.standard_normal((3, 3)),
    "b": 0.2 * rng.standard_normal(3),
}
h, scores = forward(params, words)
loss = loss_fn(scores, labels)
grads = backward(params, words, labels, h, scores)
""",
    rows("""
dE[words[n, l]] += dh[n] / L -> dE[words[n, l]] = dh[n] / L   # some-components: E
dE[words[n, l]] += dh[n] / L -> dE[words[n, l]] += dh[n]   # constant-factor: 3
dE[words[n, l]] += dh[n] / L -> dE[words[n, l]] += dh[n] / N   # constant-factor: 0.75
for l in range(L): -> for l in range(L - 1):
for n in range(N): -> for n in range(1, N):   # some-components: E
grads["W"] = h.T @ dscores -> grads["W"] = dscores.T @ h   # transposed: W
dh = dscores @ params["W"].T -> dh = dscores @ params["W"]
dscores = dscores / N -> dscores = dscores / len(np.unique(words))   # constant-factor: 0.5714
grads["b"] = dscores.sum(axis=0) -> grads["b"] = np.full(3, dscores.sum())   # scalar-broadcast: b
dscores[np.arange(N), labels] -= 1 -> dscores[np.arange(N), labels] -= 1 / N
grads["E"] = dE -> grads["E"] = np.zeros_like(dE)   # zero-gradient: E
"""),
)

ATTENTION = Network(
    "one head of attention, squared error",
    """
def forward(params, X):
    Wq, Wk, Wv, Wo = (params[k] for k in ("Wq", "Wk", "Wv", "Wo"))
    Q, K, V = X @ Wq, X @ Wk, X @ Wv
    d = Q.shape[1]
    S = Q @ K.T / np.sqrt(d)
    E = np.exp(S - S.max(axis=1, keepdims=True))
    P = E / E.sum(axis=1, keepdims=True)
    C = P @ V
    O = C @ Wo
    return O, (Q, K, V, P, C)

def cost(O, target):
    return np.sum((O - target) ** 2) / (2 * O.shape[0])

def backward(params, X, target, O, cache):
    Q, K, V, P, C = cache
    d = Q.shape[1]
    dO = (O - target) / O.shape[0]
    dWo = C.T @ dO
    dC = dO @ params["Wo"].T
    dP = dC @ V.T
    dV = P.T @ dC
    dS = P * (dP - np.sum(dP * P, axis=1, keepdims=True))
    dS = dS / np.sqrt(d)
    dQ = dS @ K
    dK = dS.T @ Q
    dWq = X.T @ dQ
    dWk = X.T @ dK
    dWv = X.T @ dV
    return {"Wq": dWq, "Wk": dWk, "Wv": dWv, "Wo": dWo}

rng = np.random.default_rng(17)
X = rng.standard_normal((5, 4))
target = rng.standard_normal((5, 2))
params = {
    "Wq": rng.standard_normal((4, 3)), "Wk": rng.standard_normal((4, 3)),
    "Wv": rng.standard_normal((4, 3)), "Wo": rng.standard_normal((3, 2)),
}
O, cache = forward(params, X)
loss = cost(O, target)
grads = backward(params, X, target, O, cache)
""",
    rows("""
dS = P * (dP - np.sum(dP * P, axis=1, keepdims=True)) -> dS = P * dP
dS = P * (dP - np.sum(dP * P, axis=1, keepdims=True)) -> dS = P * (1 - P) * dP
dS = P * (dP - np.sum(dP * P, axis=1, keepdims=True)) -> dS = P * (dP - np.sum(dP * P, axis=0, keepdims=True))
dS = dS / np.sqrt(d) ->    # constant-factor: 1.732
dS = dS / np.sqrt(d) -> dS = dS / d   # constant-factor: 0.5774
dK = dS.T @ Q -> dK = dS @ Q
dV = P.T @ dC -> dV = P @ dC
dQ = dS @ K -> dQ = dS @ Q
dWk = X.T @ dK -> dWk = X.T @ dQ   # swapped: Wq
return {"Wq": dWq, "Wk": dWk, "Wv": dWv, "Wo": dWo} -> return {"Wq": dWk, "Wk": dWq, "Wv": dWv, "Wo": dWo}   # swapped
dWv = X.T @ dV -> dWv = X.T @ V
dO = (O - target) / O.shape[0] -> dO = (O - target)   # constant-factor: 5
dWo = C.T @ dO -> dWo = C.T @ dO / 5   # constant-factor: 1/5
"""),
)

NETWORKS = (CONV, RNN, LSTM, EMBEDDING, ATTENTION)
