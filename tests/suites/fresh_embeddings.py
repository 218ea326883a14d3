"""Fresh: embeddings and codes learnt without labels."""

from __future__ import annotations

from .cases import Network, rows

RANKING = Network(
    "bayesian personalised ranking with biases of the items",
    """
def score(users, items, P, Q, b):
    return np.sum(P[users] * Q[items], axis=1) + b[items]

def bpr_loss(users, pos, neg, P, Q, b, reg):
    x = score(users, pos, P, Q, b) - score(users, neg, P, Q, b)
    rank = np.sum(np.log(1 + np.exp(-x)))
    touched = np.sum(P[users] ** 2) + np.sum(Q[pos] ** 2) + np.sum(Q[neg] ** 2)
    return (rank + 0.5 * reg * touched) / len(users)

def bpr_gradients(users, pos, neg, P, Q, b, reg):
    n = len(users)
    dP, dQ, db = np.zeros_like(P), np.zeros_like(Q), np.zeros_like(b)
    for u, i, j in zip(users, pos, neg):
        x = P[u] @ (Q[i] - Q[j]) + b[i] - b[j]
        g = -1 / (1 + np.exp(x))
        dP[u] += g * (Q[i] - Q[j]) + reg * P[u]
        dQ[i] += g * P[u] + reg * Q[i]
        dQ[j] += -g * P[u] + reg * Q[j]
        db[i] += g
        db[j] -= g
    return dP / n, dQ / n, db / n

rng = np.random.default_rng(131)
users = np.array([0, 2, 1, 2, 3, 0, 2])
pos = np.array([1, 4, 0, 1, 3, 1, 2])
neg = np.array([3, 0, 4, 2, 0, 4, 1])
P, Q = rng.standard_normal((4, 3)) / 1.5, rng.standard_normal((5, 3)) / 1.5
b = 0.2 * rng.standard_normal(5)
reg = 0.1
loss = bpr_loss(users, pos, neg, P, Q, b, reg)
dP, dQ, db = bpr_gradients(users, pos, neg, P, Q, b, reg)
""",
    rows("""
g = -1 / (1 + np.exp(x)) -> g = -1 / (1 + np.exp(-x))
dQ[j] += -g * P[u] + reg * Q[j] -> dQ[j] = -g * P[u] + reg * Q[j]
dP[u] += g * (Q[i] - Q[j]) + reg * P[u] -> dP[u] += g * Q[i] + reg * P[u]
db[j] -= g ->
dQ[i] += g * P[u] + reg * Q[i] -> dQ[i] += g * P[u] + 2 * reg * Q[i]
"""),
    other=rows("""
users = np.array([0, 2, 1, 2, 3, 0, 2]) -> users = np.array([0, 2, 1, 2, 3, 0, 4, 4])
pos = np.array([1, 4, 0, 1, 3, 1, 2]) -> pos = np.array([1, 4, 0, 1, 3, 1, 2, 5])
neg = np.array([3, 0, 4, 2, 0, 4, 1]) -> neg = np.array([3, 0, 4, 2, 5, 4, 1, 0])
P, Q = rng.standard_normal((4, 3)) / 1.5, rng.standard_normal((5, 3)) / 1.5 -> P, Q = rng.standard_normal((5, 4)) / 1.5, rng.standard_normal((6, 4)) / 1.5
b = 0.2 * rng.standard_normal(5) -> b = 0.2 * rng.standard_normal(6)
reg = 0.1 -> reg = 0.25
"""),
)

GLOVE = Network(
    "word vectors from counts of pairs, weighted squares",
    """
def weighting(counts, x_max=20.0, alpha=0.75):
    return np.where(counts > 0, np.minimum(counts / x_max, 1) ** alpha, 0)

def glove_cost(counts, params):
    logs = np.log(np.maximum(counts, 1))
    diff = params["W"] @ params["C"].T + params["bw"][:, None] + params["bc"][None, :] - logs
    return 0.5 * np.sum(weighting(counts) * diff ** 2)

def glove_gradients(counts, params):
    W, C = params["W"], params["C"]
    logs = np.log(np.maximum(counts, 1))
    diff = W @ C.T + params["bw"][:, None] + params["bc"][None, :] - logs
    G = weighting(counts) * diff
    grads = {}
    grads["W"] = G @ C
    grads["C"] = G.T @ W
    grads["bw"] = G.sum(axis=1)
    grads["bc"] = G.sum(axis=0)
    return grads

rng = np.random.default_rng(132)
V, d = 6, 3
counts = rng.poisson(6, (V, V)) * (rng.random((V, V)) < 0.8)
params = {"W": rng.standard_normal((V, d)) / 1.5, "C": rng.standard_normal((V, d)) / 1.5}
params["bw"], params["bc"] = 0.3 * rng.standard_normal(V), 0.3 * rng.standard_normal(V)
cost = glove_cost(counts, params)
grads = glove_gradients(counts, params)
""",
    rows("""
grads["C"] = G.T @ W -> grads["C"] = G @ W
grads["bc"] = G.sum(axis=0) -> grads["bc"] = G.sum(axis=1)
G = weighting(counts) * diff -> G = diff
G = weighting(counts) * diff -> G = 2 * weighting(counts) * diff
"""),
    other=rows("""
V, d = 6, 3 -> V, d = 7, 4
counts = rng.poisson(6, (V, V)) * (rng.random((V, V)) < 0.8) -> counts = rng.poisson(9, (V, V)) * (rng.random((V, V)) < 0.6)
"""),
)

NEIGHBOURS = Network(
    "parametric t-sne",
    """
def embed(X, W1, b1, W2):
    A = np.tanh(X.dot(W1) + b1)
    return A.dot(W2), A

def affinities(Y):
    D = np.sum((Y[:, None] - Y[None, :]) ** 2, axis=-1)
    num = 1.0 / (1.0 + D)
    np.fill_diagonal(num, 0)
    return num / num.sum(), num

def kl(P, Y):
    Q, _ = affinities(Y)
    off = P > 0
    return np.sum(P[off] * np.log(P[off] / Q[off]))

def tsne_grad(P, X, Y, A, W2):
    Q, num = affinities(Y)
    PQ = (P - Q) * num
    dY = np.zeros_like(Y)
    for i in range(len(Y)):
        dY[i] = 4 * PQ[i].dot(Y[i] - Y)
    dW2 = A.T.dot(dY)
    dA = dY.dot(W2.T)
    dZ = dA * (1 - A ** 2)
    dW1 = X.T.dot(dZ)
    db1 = np.sum(dZ, axis=0)
    return dW1, db1, dW2

rng = np.random.default_rng(133)
n, d, h = 7, 4, 5
X = rng.standard_normal((n, d))
P = np.exp(-0.4 * np.sum((X[:, None] - X[None, :]) ** 2, axis=-1)) * (1 - np.eye(n))
P = P / P.sum()
W1, b1, W2 = rng.standard_normal((d, h)) / 1.5, 0.2 * rng.standard_normal(h), rng.standard_normal((h, 2))
Y, A = embed(X, W1, b1, W2)
C = kl(P, Y)
dW1, db1, dW2 = tsne_grad(P, X, Y, A, W2)
""",
    rows("""
PQ = (P - Q) * num -> PQ = P - Q
dY[i] = 4 * PQ[i].dot(Y[i] - Y) -> dY[i] = 2 * PQ[i].dot(Y[i] - Y)
dY[i] = 4 * PQ[i].dot(Y[i] - Y) -> dY[i] = 4 * PQ[i].dot(Y - Y[i])
dZ = dA * (1 - A ** 2) -> dZ = dA * (1 - np.tanh(A) ** 2)
"""),
    other=rows("""
n, d, h = 7, 4, 5 -> n, d, h = 8, 5, 6
"""),
)

SPARSE = Network(
    "sparse auto-encoder, one vector of parameters",
    """
def sigmoid(x):
    return 1 / (1 + np.exp(-x))

def unroll(theta, visible, hidden):
    size = hidden * visible
    W1 = theta[:size].reshape(hidden, visible)
    W2 = theta[size:2 * size].reshape(visible, hidden)
    b1 = theta[2 * size:2 * size + hidden]
    b2 = theta[2 * size + hidden:]
    return W1, W2, b1, b2

def sparse_autoencoder_cost(theta, visible, hidden, lam, rho, beta, data):
    W1, W2, b1, b2 = unroll(theta, visible, hidden)
    m = data.shape[1]
    # forward
    a2 = sigmoid(W1.dot(data) + b1[:, None])
    a3 = sigmoid(W2.dot(a2) + b2[:, None])
    rho_hat = np.sum(a2, axis=1) / m
    kl = np.sum(rho * np.log(rho / rho_hat) + (1 - rho) * np.log((1 - rho) / (1 - rho_hat)))
    cost = np.sum((a3 - data) ** 2) / (2 * m)
    cost += lam / 2 * (np.sum(W1 ** 2) + np.sum(W2 ** 2)) + beta * kl
    # backward
    sparsity = beta * (-rho / rho_hat + (1 - rho) / (1 - rho_hat))
    delta3 = -(data - a3) * a3 * (1 - a3)
    delta2 = (W2.T.dot(delta3) + sparsity[:, None]) * a2 * (1 - a2)
    W1grad = delta2.dot(data.T) / m + lam * W1
    W2grad = delta3.dot(a2.T) / m + lam * W2
    b1grad = np.sum(delta2, axis=1) / m
    b2grad = np.sum(delta3, axis=1) / m
    grad = np.concatenate([W1grad.ravel(), W2grad.ravel(), b1grad, b2grad])
    return cost, grad

rng = np.random.default_rng(134)
visible, hidden = 4, 3
lam, rho, beta = 0.05, 0.2, 0.6
data = rng.uniform(0.1, 0.9, (visible, 8))
theta = rng.standard_normal(2 * hidden * visible + hidden + visible) / 1.5
cost, grad = sparse_autoencoder_cost(theta, visible, hidden, lam, rho, beta, data)
""",
    rows("""
delta2 = (W2.T.dot(delta3) + sparsity[:, None]) * a2 * (1 - a2) -> delta2 = W2.T.dot(delta3) * a2 * (1 - a2) + sparsity[:, None]
delta2 = (W2.T.dot(delta3) + sparsity[:, None]) * a2 * (1 - a2) -> delta2 = W2.T.dot(delta3) * a2 * (1 - a2)
sparsity = beta * (-rho / rho_hat + (1 - rho) / (1 - rho_hat)) -> sparsity = beta * (rho / rho_hat + (1 - rho) / (1 - rho_hat))
delta3 = -(data - a3) * a3 * (1 - a3) -> delta3 = -(data - a3)
W1grad = delta2.dot(data.T) / m + lam * W1 -> W1grad = (delta2.dot(data.T) + lam * W1) / m
b2grad = np.sum(delta3, axis=1) / m -> b2grad = np.sum(delta3, axis=1)
"""),
    other=rows("""
visible, hidden = 4, 3 -> visible, hidden = 5, 4
lam, rho, beta = 0.05, 0.2, 0.6 -> lam, rho, beta = 0.08, 0.15, 0.9
data = rng.uniform(0.1, 0.9, (visible, 8)) -> data = rng.uniform(0.1, 0.9, (visible, 9))
"""),
)

NETWORKS = (RANKING, GLOVE, NEIGHBOURS, SPARSE)
