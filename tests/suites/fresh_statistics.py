"""Fresh: likelihoods that a statistician differentiates by hand."""

from __future__ import annotations

from .cases import Network, rows

SURVIVAL = Network(
    "partial likelihood of survival times over a hidden layer",
    """
def softplus(z):
    return np.log(1 + np.exp(z))

def risk_score(X, W, b, w):
    H = softplus(X @ W + b)
    return H, H @ w

def cox_loss(X, time, event, W, b, w, l2):
    _, score = risk_score(X, W, b, w)
    at_risk = time[None, :] >= time[:, None]
    log_sum = np.log(np.sum(at_risk * np.exp(score)[None, :], axis=1))
    return -np.sum(event * (score - log_sum)) / np.sum(event) + l2 / 2 * np.sum(W ** 2)

def cox_gradient(X, time, event, W, b, w, l2):
    H, score = risk_score(X, W, b, w)
    at_risk = time[None, :] >= time[:, None]
    expo = np.exp(score)
    weights = at_risk * expo / np.sum(at_risk * expo, axis=1, keepdims=True)
    dscore = (event @ weights - event) / np.sum(event)
    dw = H.T @ dscore
    dH = dscore[:, None] * w
    dZ = dH / (1 + np.exp(-X @ W - b))
    dW = X.T @ dZ + l2 * W
    db = dZ.sum(axis=0)
    return dW, db, dw

rng = np.random.default_rng(141)
X = rng.standard_normal((9, 3))
time = np.array([5.0, 2, 8, 2, 7, 1, 9, 4, 6])
event = np.array([1, 1, 0, 0, 1, 1, 0, 1, 1])
W, b, w = rng.standard_normal((3, 4)), 0.2 * rng.standard_normal(4), rng.standard_normal(4)
l2 = 0.1
loss = cox_loss(X, time, event, W, b, w, l2)
dW, db, dw = cox_gradient(X, time, event, W, b, w, l2)
""",
    rows("""
dscore = (event @ weights - event) / np.sum(event) -> dscore = (weights.sum(axis=0) - event) / np.sum(event)
dscore = (event @ weights - event) / np.sum(event) -> dscore = (event @ weights - event) / len(event)
dscore = (event @ weights - event) / np.sum(event) -> dscore = (weights @ event - event) / np.sum(event)
dZ = dH / (1 + np.exp(-X @ W - b)) -> dZ = dH / (1 + np.exp(-H))
weights = at_risk * expo / np.sum(at_risk * expo, axis=1, keepdims=True) -> weights = at_risk * expo / np.sum(expo)
"""),
    other=rows("""
X = rng.standard_normal((9, 3)) -> X = rng.standard_normal((8, 4))
time = np.array([5.0, 2, 8, 2, 7, 1, 9, 4, 6]) -> time = np.array([5.0, 1, 8, 3, 7, 1, 9, 4])
event = np.array([1, 1, 0, 0, 1, 1, 0, 1, 1]) -> event = np.array([1, 1, 0, 1, 0, 1, 0, 1])
W, b, w = rng.standard_normal((3, 4)), 0.2 * rng.standard_normal(4), rng.standard_normal(4) -> W, b, w = rng.standard_normal((4, 5)), 0.2 * rng.standard_normal(5), rng.standard_normal(5)
l2 = 0.1 -> l2 = 0.3
"""),
)

PROCESS = Network(
    "marginal likelihood of a gaussian process with a linear mean",
    """
def kernel(X, hyp):
    ell = np.exp(hyp["log_ell"])
    Z = X / ell
    sq = np.sum((Z[:, None, :] - Z[None, :, :]) ** 2, axis=2)
    return np.exp(2 * hyp["log_sf"]) * np.exp(-0.5 * sq)

def negative_log_likelihood(X, y, hyp):
    n = len(y)
    Ky = kernel(X, hyp) + np.exp(2 * hyp["log_sn"]) * np.eye(n)
    r = y - X @ hyp["w"]
    L = np.linalg.cholesky(Ky)
    alpha = np.linalg.solve(L.T, np.linalg.solve(L, r))
    return 0.5 * r @ alpha + np.sum(np.log(np.diag(L))) + 0.5 * n * np.log(2 * np.pi)

def gradient(X, y, hyp):
    n = len(y)
    K = kernel(X, hyp)
    noise = np.exp(2 * hyp["log_sn"])
    Kinv = np.linalg.inv(K + noise * np.eye(n))
    r = y - X @ hyp["w"]
    alpha = Kinv @ r
    inner = Kinv - np.outer(alpha, alpha)
    grad = {}
    grad["w"] = -X.T @ alpha
    grad["log_sf"] = np.sum(inner * K)
    grad["log_sn"] = noise * np.trace(inner)
    ell = np.exp(hyp["log_ell"])
    grad["log_ell"] = np.zeros_like(ell)
    for j in range(X.shape[1]):
        sq = (X[:, j][:, None] - X[:, j][None, :]) ** 2
        grad["log_ell"][j] = 0.5 * np.sum(inner * K * sq) / ell[j] ** 2
    return grad

rng = np.random.default_rng(142)
X = rng.standard_normal((7, 2))
y = np.sin(X[:, 0]) + 0.3 * rng.standard_normal(7)
hyp = {"log_ell": np.array([0.2, -0.1]), "log_sf": np.array(0.1), "log_sn": np.array(-0.8), "w": np.array([0.3, -0.4])}
nlml = negative_log_likelihood(X, y, hyp)
grad = gradient(X, y, hyp)
""",
    rows("""
grad["log_ell"][j] = 0.5 * np.sum(inner * K * sq) / ell[j] ** 2 -> grad["log_ell"][j] = 0.5 * np.sum(inner * K * sq) / ell[j] ** 3
grad["log_sn"] = noise * np.trace(inner) -> grad["log_sn"] = 0.5 * noise * np.trace(inner)
grad["log_sf"] = np.sum(inner * K) -> grad["log_sf"] = np.sum(inner * (K + noise * np.eye(n)))
inner = Kinv - np.outer(alpha, alpha) -> inner = np.outer(alpha, alpha) - Kinv
grad["w"] = -X.T @ alpha -> grad["w"] = -X.T @ r
"""),
    other=rows("""
X = rng.standard_normal((7, 2)) -> X = rng.standard_normal((9, 3))
y = np.sin(X[:, 0]) + 0.3 * rng.standard_normal(7) -> y = np.sin(X[:, 0]) + 0.3 * rng.standard_normal(9)
hyp = {"log_ell": np.array([0.2, -0.1]), "log_sf": np.array(0.1), "log_sn": np.array(-0.8), "w": np.array([0.3, -0.4])} -> hyp = {"log_ell": np.array([0.3, -0.2, 0.1]), "log_sf": np.array(0.2), "log_sn": np.array(-0.6), "w": np.array([0.3, -0.4, 0.2])}
"""),
)

COUNTS = Network(
    "negative binomial regression with its dispersion learnt",
    """
def nb_loss(X, y, beta, b0, log_r, ridge):
    mu = np.exp(X @ beta + b0)
    r = np.exp(log_r)
    ll = r * np.log(r / (r + mu)) + y * np.log(mu / (r + mu))
    for k in range(y.max()):
        ll += np.where(y > k, np.log(r + k) - np.log(k + 1), 0)
    return -np.mean(ll) + 0.5 * ridge * beta @ beta

def nb_gradients(X, y, beta, b0, log_r, ridge):
    n = len(y)
    mu = np.exp(X @ beta + b0)
    r = np.exp(log_r)
    deta = r * (mu - y) / (r + mu)
    dbeta = X.T @ deta / n + ridge * beta
    db0 = np.mean(deta)
    dr = np.log(r / (r + mu)) + (mu - y) / (r + mu)
    for k in range(y.max()):
        dr += np.where(y > k, 1 / (r + k), 0)
    dlog_r = -np.mean(dr) * r
    return dbeta, db0, dlog_r

rng = np.random.default_rng(143)
X = rng.standard_normal((10, 4)) / 2
y = np.array([0, 3, 1, 0, 7, 2, 0, 1, 4, 2])
beta, b0, log_r = rng.standard_normal(4) / 2, 0.4, 0.6
ridge = 0.1
loss = nb_loss(X, y, beta, b0, log_r, ridge)
dbeta, db0, dlog_r = nb_gradients(X, y, beta, b0, log_r, ridge)
""",
    rows("""
deta = r * (mu - y) / (r + mu) -> deta = mu - y
dlog_r = -np.mean(dr) * r -> dlog_r = -np.mean(dr)
dr = np.log(r / (r + mu)) + (mu - y) / (r + mu) -> dr = np.log(r / (r + mu)) - y / (r + mu)
db0 = np.mean(deta) -> db0 = np.sum(deta)
dr += np.where(y > k, 1 / (r + k), 0) -> dr += np.where(y >= k, 1 / (r + k), 0)
"""),
    other=rows("""
X = rng.standard_normal((10, 4)) / 2 -> X = rng.standard_normal((12, 5)) / 2
y = np.array([0, 3, 1, 0, 7, 2, 0, 1, 4, 2]) -> y = np.array([0, 3, 1, 0, 5, 2, 0, 1, 4, 2, 1, 6])
beta, b0, log_r = rng.standard_normal(4) / 2, 0.4, 0.6 -> beta, b0, log_r = rng.standard_normal(5) / 2, 0.3, 0.9
ridge = 0.1 -> ridge = 0.2
"""),
)

NETWORKS = (SURVIVAL, PROCESS, COUNTS)
