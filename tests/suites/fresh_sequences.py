"""Fresh: models that run along time, and one that attends over it."""

from __future__ import annotations

from .cases import Network, rows

BOTH_WAYS = Network(
    "recurrent network in both directions, labels at every step",
    """
def run(x, Wx, Wh, b):
    T, N = x.shape[:2]
    h = np.zeros((T + 1, N, len(b)))
    for t in range(T):
        h[t + 1] = np.tanh(x[t] @ Wx + h[t] @ Wh + b)
    return h

def run_backward(dh, x, h, Wh):
    T, N, D = x.shape
    dWx, dWh, db = np.zeros((D, Wh.shape[0])), np.zeros_like(Wh), np.zeros(Wh.shape[0])
    carry = np.zeros_like(h[0])
    for t in reversed(range(T)):
        total = dh[t] + carry
        da = total * (1 - h[t + 1] ** 2)
        dWx += x[t].T @ da
        dWh += h[t].T @ da
        db += da.sum(axis=0)
        carry = da @ Wh.T
    return dWx, dWh, db

def birnn_forward(params, x):
    hf = run(x, params["Wxf"], params["Whf"], params["bf"])
    hb = run(x[::-1], params["Wxb"], params["Whb"], params["bb"])
    both = np.concatenate([hf[1:], hb[1:][::-1]], axis=2)
    logits = both @ params["Wo"] + params["bo"]
    return logits, (x, hf, hb, both)

def sequence_loss(logits, labels):
    z = logits - logits.max(axis=2, keepdims=True)
    logp = z - np.log(np.exp(z).sum(axis=2, keepdims=True))
    return -np.take_along_axis(logp, labels[:, :, None], axis=2).mean()

def birnn_backward(params, logits, labels, cache):
    x, hf, hb, both = cache
    H = hf.shape[2]
    grads = {}
    p = np.exp(logits - logits.max(axis=2, keepdims=True))
    p /= p.sum(axis=2, keepdims=True)
    dlogits = (p - np.eye(p.shape[2])[labels]) / labels.size
    grads["Wo"] = np.einsum("tnh,tnk->hk", both, dlogits)
    grads["bo"] = dlogits.sum(axis=(0, 1))
    dboth = dlogits @ params["Wo"].T
    df, db = dboth[:, :, :H], dboth[:, :, H:]
    grads["Wxf"], grads["Whf"], grads["bf"] = run_backward(df, x, hf, params["Whf"])
    grads["Wxb"], grads["Whb"], grads["bb"] = run_backward(db[::-1], x[::-1], hb, params["Whb"])
    return grads

rng = np.random.default_rng(111)
x = rng.standard_normal((5, 3, 2))
labels = rng.integers(0, 3, (5, 3))
params = {k: rng.standard_normal((2, 4)) / 1.5 for k in ("Wxf", "Wxb")}
params.update({k: rng.standard_normal((4, 4)) / 2 for k in ("Whf", "Whb")})
params.update({k: 0.2 * rng.standard_normal(4) for k in ("bf", "bb")})
params["Wo"], params["bo"] = rng.standard_normal((8, 3)) / 1.5, 0.2 * rng.standard_normal(3)
logits, cache = birnn_forward(params, x)
loss = sequence_loss(logits, labels)
grads = birnn_backward(params, logits, labels, cache)
""",
    rows("""
total = dh[t] + carry -> total = dh[t]
da = total * (1 - h[t + 1] ** 2) -> da = total * (1 - h[t] ** 2)
dWh += h[t].T @ da -> dWh += h[t + 1].T @ da
grads["Wxb"], grads["Whb"], grads["bb"] = run_backward(db[::-1], x[::-1], hb, params["Whb"]) -> grads["Wxb"], grads["Whb"], grads["bb"] = run_backward(db, x[::-1], hb, params["Whb"])
dlogits = (p - np.eye(p.shape[2])[labels]) / labels.size -> dlogits = (p - np.eye(p.shape[2])[labels]) / labels.shape[1]
carry = da @ Wh.T -> carry = da @ Wh
"""),
    other=rows("""
x = rng.standard_normal((5, 3, 2)) -> x = rng.standard_normal((6, 4, 3))
labels = rng.integers(0, 3, (5, 3)) -> labels = rng.integers(0, 4, (6, 4))
params = {k: rng.standard_normal((2, 4)) / 1.5 for k in ("Wxf", "Wxb")} -> params = {k: rng.standard_normal((3, 5)) / 1.5 for k in ("Wxf", "Wxb")}
params.update({k: rng.standard_normal((4, 4)) / 2 for k in ("Whf", "Whb")}) -> params.update({k: rng.standard_normal((5, 5)) / 2 for k in ("Whf", "Whb")})
params.update({k: 0.2 * rng.standard_normal(4) for k in ("bf", "bb")}) -> params.update({k: 0.2 * rng.standard_normal(5) for k in ("bf", "bb")})
params["Wo"], params["bo"] = rng.standard_normal((8, 3)) / 1.5, 0.2 * rng.standard_normal(3) -> params["Wo"], params["bo"] = rng.standard_normal((10, 4)) / 1.5, 0.2 * rng.standard_normal(4)
"""),
)

POOLED = Network(
    "additive attention over the words of a sentence, logistic loss",
    """
def attend(words, lengths, E, Wa, ba, v, w, c):
    H = E[words]
    U = np.tanh(H @ Wa + ba)
    scores = U @ v
    valid = np.arange(words.shape[1]) < lengths[:, None]
    scores = np.where(valid, scores, -1e9)
    A = np.exp(scores - scores.max(axis=1, keepdims=True))
    A = A / A.sum(axis=1, keepdims=True)
    context = np.einsum("nt,nth->nh", A, H)
    prob = 1 / (1 + np.exp(-(context @ w + c)))
    return prob, H, U, A, context

def log_loss(prob, y):
    return -np.mean(y * np.log(prob) + (1 - y) * np.log(1 - prob))

def attend_backward(words, y, E, Wa, v, w, prob, H, U, A, context):
    dlogit = (prob - y) / len(y)
    dw = context.T @ dlogit
    dc = dlogit.sum(keepdims=True)
    dcontext = np.outer(dlogit, w)
    dA = np.einsum("nh,nth->nt", dcontext, H)
    dscores = A * (dA - np.sum(A * dA, axis=1, keepdims=True))
    dv = np.einsum("nt,ntk->k", dscores, U)
    dpre = dscores[:, :, None] * v * (1 - U ** 2)
    dWa = np.einsum("nth,ntk->hk", H, dpre)
    dba = dpre.sum(axis=(0, 1))
    dH = A[:, :, None] * dcontext[:, None, :]
    dH += dpre @ Wa.T
    dE = np.zeros_like(E)
    np.add.at(dE, words, dH)
    return dE, dWa, dba, dv, dw, dc

rng = np.random.default_rng(112)
words = rng.integers(0, 7, (6, 5))
lengths = np.array([5, 3, 4, 2, 5, 3])
y = np.array([1.0, 0, 0, 1, 1, 0])
E, Wa, ba = rng.standard_normal((7, 3)), rng.standard_normal((3, 4)), 0.2 * rng.standard_normal(4)
v, w, c = rng.standard_normal(4), rng.standard_normal(3), np.array([0.1])
prob, H, U, A, context = attend(words, lengths, E, Wa, ba, v, w, c)
loss = log_loss(prob, y)
dE, dWa, dba, dv, dw, dc = attend_backward(words, y, E, Wa, v, w, prob, H, U, A, context)
""",
    rows("""
dscores = A * (dA - np.sum(A * dA, axis=1, keepdims=True)) -> dscores = dA * A * (1 - A)
np.add.at(dE, words, dH) -> dE[words] += dH
dH += dpre @ Wa.T ->
dpre = dscores[:, :, None] * v * (1 - U ** 2) -> dpre = dscores[:, :, None] * v * (1 - U)
dlogit = (prob - y) / len(y) -> dlogit = (prob - y) * prob * (1 - prob) / len(y)
"""),
    other=rows("""
words = rng.integers(0, 7, (6, 5)) -> words = rng.integers(0, 9, (5, 6))
lengths = np.array([5, 3, 4, 2, 5, 3]) -> lengths = np.array([6, 3, 4, 2, 5])
y = np.array([1.0, 0, 0, 1, 1, 0]) -> y = np.array([1.0, 0, 0, 1, 1])
E, Wa, ba = rng.standard_normal((7, 3)), rng.standard_normal((3, 4)), 0.2 * rng.standard_normal(4) -> E, Wa, ba = rng.standard_normal((9, 4)), rng.standard_normal((4, 5)), 0.2 * rng.standard_normal(5)
v, w, c = rng.standard_normal(4), rng.standard_normal(3), np.array([0.1]) -> v, w, c = rng.standard_normal(5), rng.standard_normal(4), np.array([0.2])
"""),
)

SYSTEM = Network(
    "identification of a linear system from its outputs",
    """
def simulate(A, B, C, D, x0, inputs):
    states, outputs = [x0], []
    for u in inputs:
        x = states[-1]
        outputs.append(C @ x + D @ u)
        states.append(A @ x + B @ u)
    return np.array(outputs), states

def output_error(Y_hat, measured):
    return 0.5 * np.sum((Y_hat - measured) ** 2) / measured.shape[0]

def adjoint(A, B, C, D, x0, inputs, measured, Y_hat, states):
    T = len(inputs)
    dA, dB = np.zeros_like(A), np.zeros_like(B)
    dC, dD = np.zeros_like(C), np.zeros_like(D)
    lam = np.zeros_like(x0)
    for t in range(T - 1, -1, -1):
        e = (Y_hat[t] - measured[t]) / T
        dC += np.outer(e, states[t])
        dD += np.outer(e, inputs[t])
        dA += np.outer(lam, states[t])
        dB += np.outer(lam, inputs[t])
        lam = A.T @ lam + C.T @ e
    dx0 = lam
    return dA, dB, dC, dD, dx0

rng = np.random.default_rng(113)
inputs, measured = rng.standard_normal((8, 2)), rng.standard_normal((8, 2))
A, B = rng.standard_normal((3, 3)) / 2.5, rng.standard_normal((3, 2))
C, D, x0 = rng.standard_normal((2, 3)), rng.standard_normal((2, 2)), rng.standard_normal(3)
Y_hat, states = simulate(A, B, C, D, x0, inputs)
J = output_error(Y_hat, measured)
dA, dB, dC, dD, dx0 = adjoint(A, B, C, D, x0, inputs, measured, Y_hat, states)
""",
    rows("""
lam = A.T @ lam + C.T @ e -> lam = A @ lam + C.T @ e
dA += np.outer(lam, states[t]) -> dA += np.outer(lam, states[t + 1])
dC += np.outer(e, states[t]) -> dC += np.outer(e, states[t + 1])
for t in range(T - 1, -1, -1): -> for t in range(T - 1, 0, -1):
lam = A.T @ lam + C.T @ e -> lam = A.T @ (lam + C.T @ e)
"""),
    other=rows("""
inputs, measured = rng.standard_normal((8, 2)), rng.standard_normal((8, 2)) -> inputs, measured = rng.standard_normal((7, 3)), rng.standard_normal((7, 2))
A, B = rng.standard_normal((3, 3)) / 2.5, rng.standard_normal((3, 2)) -> A, B = rng.standard_normal((4, 4)) / 2.5, rng.standard_normal((4, 3))
C, D, x0 = rng.standard_normal((2, 3)), rng.standard_normal((2, 2)), rng.standard_normal(3) -> C, D, x0 = rng.standard_normal((2, 4)), rng.standard_normal((2, 3)), rng.standard_normal(4)
"""),
)

GARCH = Network(
    "volatility by its recursion, sensitivities run forward",
    """
def unpack(theta):
    return theta[0], np.exp(theta[1]), np.exp(theta[2]), 1 / (1 + np.exp(-theta[3]))

def garch_nll(theta, r, s0):
    mu, omega, alpha, beta = unpack(theta)
    e = r - mu
    s = np.zeros_like(r)
    s[0] = s0
    for t in range(1, len(r)):
        s[t] = omega + alpha * e[t - 1] ** 2 + beta * s[t - 1]
    return 0.5 * np.sum(np.log(s) + e ** 2 / s) / len(r)

def garch_grad(theta, r, s0):
    mu, omega, alpha, beta = unpack(theta)
    e = r - mu
    s = s0
    ds = np.zeros(4)
    grad = np.zeros(4)
    for t in range(len(r)):
        if t > 0:
            ds = beta * ds
            ds[0] += -2 * alpha * e[t - 1]
            ds[1] += omega
            ds[2] += alpha * e[t - 1] ** 2
            ds[3] += beta * (1 - beta) * s
            s = omega + alpha * e[t - 1] ** 2 + beta * s
        grad += 0.5 * (1 / s - e[t] ** 2 / s ** 2) * ds
        grad[0] -= e[t] / s
    return grad / len(r)

rng = np.random.default_rng(114)
r = 0.1 + 0.8 * rng.standard_normal(12)
s0 = 0.6
theta = np.array([0.05, -1.6, -1.5, 0.4])
nll = garch_nll(theta, r, s0)
grad = garch_grad(theta, r, s0)
""",
    rows("""
ds[1] += omega -> ds[1] += 1
ds = beta * ds -> ds = np.zeros(4)
grad[0] -= e[t] / s ->
ds[3] += beta * (1 - beta) * s -> ds[3] += beta * s
grad += 0.5 * (1 / s - e[t] ** 2 / s ** 2) * ds -> grad += 0.5 * (1 / s - e[t] ** 2 / s) * ds
"""),
    other=rows("""
r = 0.1 + 0.8 * rng.standard_normal(12) -> r = 0.2 + 0.7 * rng.standard_normal(15)
s0 = 0.6 -> s0 = 0.9
theta = np.array([0.05, -1.6, -1.5, 0.4]) -> theta = np.array([-0.1, -1.2, -1.3, 0.2])
"""),
)

NETWORKS = (BOTH_WAYS, POOLED, SYSTEM, GARCH)
