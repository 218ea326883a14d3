"""Batch norm, layer norm, dropout and a skip path."""

from __future__ import annotations

from .cases import Network, rows

BATCH_NORM = Network(
    "batch norm, loss and gradients in one call",
    """
def batchnorm_forward(x, gamma, beta, eps=1e-5):
    mu = x.mean(axis=0)
    xc = x - mu
    var = (xc ** 2).mean(axis=0)
    std = np.sqrt(var + eps)
    xhat = xc / std
    return gamma * xhat + beta, (xc, std, xhat, gamma)

def batchnorm_backward(dout, cache):
    xc, std, xhat, gamma = cache
    N = dout.shape[0]
    dbeta = dout.sum(axis=0)
    dgamma = (dout * xhat).sum(axis=0)
    dxhat = dout * gamma
    dstd = -(dxhat * xc).sum(axis=0) / std ** 2
    dvar = 0.5 * dstd / std
    dxc = dxhat / std
    dxc += 2 / N * xc * dvar
    dmu = -dxc.sum(axis=0)
    dx = dxc + dmu / N
    return dx, dgamma, dbeta

def loss(params, X, y):
    W1, gamma, beta, W2, b2 = (params[k] for k in ("W1", "gamma", "beta", "W2", "b2"))
    N = X.shape[0]
    z = X @ W1
    out, cache = batchnorm_forward(z, gamma, beta)
    h = np.maximum(0, out)
    scores = h @ W2 + b2
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    cost = -np.log(p[np.arange(N), y]).mean()
    grads = {}
    dscores = p.copy()
    dscores[np.arange(N), y] -= 1
    dscores /= N
    grads["W2"] = h.T @ dscores
    grads["b2"] = dscores.sum(axis=0)
    dh = dscores @ W2.T
    dout = dh * (out > 0)
    dz, grads["gamma"], grads["beta"] = batchnorm_backward(dout, cache)
    grads["W1"] = X.T @ dz
    return cost, grads

rng = np.random.default_rng(9)
params = {
    "W1": rng.standard_normal((4, 5)),
    "gamma": 1 + 0.3 * rng.standard_normal(5), "beta": 0.3 * rng.standard_normal(5),
    "W2": rng.standard_normal((5, 3)), "b2": 0.1 * rng.standard_normal(3),
}
X = rng.standard_normal((8, 4))
y = np.array([0, 1, 2, 0, 1, 2, 2, 0])
cost, grads = loss(params, X, y)
""",
    rows("""
dxhat = dout * gamma -> dxhat = dout   # wrong
dxc += 2 / N * xc * dvar ->    # wrong
dxc += 2 / N * xc * dvar -> dxc += xc * dvar   # wrong
dx = dxc + dmu / N -> dx = dxc   # wrong
dx = dxc + dmu / N -> dx = dxc + dmu   # wrong
dvar = 0.5 * dstd / std -> dvar = dstd / std   # wrong
dgamma = (dout * xhat).sum(axis=0) -> dgamma = (dout * xc).sum(axis=0)   # wrong
dgamma = (dout * xhat).sum(axis=0) -> dgamma = dout.sum(axis=0)   # swapped: beta
dbeta = dout.sum(axis=0) -> dbeta = dout.mean(axis=0)   # constant-factor: 1/8
dstd = -(dxhat * xc).sum(axis=0) / std ** 2 -> dstd = (dxhat * xc).sum(axis=0) / std ** 2   # wrong
dz, grads["gamma"], grads["beta"] = batchnorm_backward(dout, cache) -> dz, grads["beta"], grads["gamma"] = batchnorm_backward(dout, cache)   # swapped
dscores /= N -> dscores /= N - 1   # constant-factor
dout = dh * (out > 0) -> dout = dh * (z > 0)
"""),
)

LAYER_NORM = Network(
    "layer norm, tanh, tuple of gradients",
    """
def forward(x, W1, b1, gain, shift, W2, b2):
    a = x @ W1 + b1
    mean = a.mean(axis=1, keepdims=True)
    sigma = np.sqrt(a.var(axis=1, keepdims=True) + 1e-6)
    xhat = (a - mean) / sigma
    z = gain * xhat + shift
    h = np.tanh(z)
    y = h @ W2 + b2
    return a, sigma, xhat, h, y

def mse(y, target):
    return 0.5 * np.mean(np.sum((y - target) ** 2, axis=1))

def backward(x, target, sigma, xhat, h, y, gain, W2):
    N = x.shape[0]
    dy = (y - target) / N
    dW2 = h.T @ dy
    db2 = dy.sum(axis=0)
    dh = dy @ W2.T
    dz = dh * (1 - h ** 2)
    dgain = np.sum(dz * xhat, axis=0)
    dshift = np.sum(dz, axis=0)
    dxhat = dz * gain
    mean_d = dxhat.mean(axis=1, keepdims=True)
    mean_dx = (dxhat * xhat).mean(axis=1, keepdims=True)
    da = (dxhat - mean_d - xhat * mean_dx) / sigma
    dW1 = x.T @ da
    db1 = da.sum(axis=0)
    return dW1, db1, dgain, dshift, dW2, db2

rng = np.random.default_rng(10)
x = rng.standard_normal((6, 3))
target = rng.standard_normal((6, 2))
W1, b1 = rng.standard_normal((3, 5)), 0.3 * rng.standard_normal(5)
gain, shift = 1 + 0.3 * rng.standard_normal(5), 0.2 * rng.standard_normal(5)
W2, b2 = rng.standard_normal((5, 2)), 0.1 * rng.standard_normal(2)
a, sigma, xhat, h, y = forward(x, W1, b1, gain, shift, W2, b2)
cost = mse(y, target)
dW1, db1, dgain, dshift, dW2, db2 = backward(x, target, sigma, xhat, h, y, gain, W2)
""",
    rows("""
da = (dxhat - mean_d - xhat * mean_dx) / sigma -> da = (dxhat - xhat * mean_dx) / sigma
da = (dxhat - mean_d - xhat * mean_dx) / sigma -> da = (dxhat - mean_d) / sigma
da = (dxhat - mean_d - xhat * mean_dx) / sigma -> da = (dxhat - mean_d - mean_dx) / sigma
da = (dxhat - mean_d - xhat * mean_dx) / sigma -> da = dxhat - mean_d - xhat * mean_dx
dxhat = dz * gain -> dxhat = dz
mean_d = dxhat.mean(axis=1, keepdims=True) -> mean_d = dxhat.mean(axis=0, keepdims=True)
mean_dx = (dxhat * xhat).mean(axis=1, keepdims=True) -> mean_dx = (dxhat * xhat).sum(axis=1, keepdims=True)
dgain = np.sum(dz * xhat, axis=0) -> dgain = np.sum(dh * xhat, axis=0)
dshift = np.sum(dz, axis=0) -> dshift = np.sum(dz * gain, axis=0)
dz = dh * (1 - h ** 2) -> dz = dh * (1 - h)
dy = (y - target) / N -> dy = (y - target) / (N * 2)   # constant-factor: 1/2
dgain = np.sum(dz * xhat, axis=0) -> dgain = np.ones_like(gain) * np.sum(dz * xhat)   # scalar-broadcast: gain
"""),
)

DROPOUT = Network(
    "dropout with a seeded mask",
    """
def forward_propagation_with_dropout(X, parameters, keep_prob=0.6):
    np.random.seed(1)
    W1, b1 = parameters["W1"], parameters["b1"]
    W2, b2 = parameters["W2"], parameters["b2"]
    W3, b3 = parameters["W3"], parameters["b3"]
    Z1 = np.dot(W1, X) + b1
    A1 = np.tanh(Z1)
    D1 = (np.random.rand(A1.shape[0], A1.shape[1]) < keep_prob) * 1.0
    A1 = A1 * D1
    A1 = A1 / keep_prob
    Z2 = np.dot(W2, A1) + b2
    H2 = np.tanh(Z2)
    D2 = (np.random.rand(H2.shape[0], H2.shape[1]) < keep_prob) * 1.0
    A2 = H2 * D2 / keep_prob
    Z3 = np.dot(W3, A2) + b3
    A3 = 1 / (1 + np.exp(-Z3))
    cache = (np.tanh(Z1), D1, A1, H2, D2, A2, A3)
    return A3, cache

def compute_cost(A3, Y):
    m = Y.shape[1]
    logprobs = -np.log(A3) * Y - np.log(1 - A3) * (1 - Y)
    return np.sum(logprobs) / m

def backward_propagation_with_dropout(X, Y, cache, parameters, keep_prob=0.6):
    m = X.shape[1]
    H1, D1, A1, H2, D2, A2, A3 = cache
    W2, W3 = parameters["W2"], parameters["W3"]
    dZ3 = A3 - Y
    dW3 = 1.0 / m * np.dot(dZ3, A2.T)
    db3 = 1.0 / m * np.sum(dZ3, axis=1, keepdims=True)
    dA2 = np.dot(W3.T, dZ3)
    dA2 = dA2 * D2
    dH2 = dA2 / keep_prob
    dZ2 = dH2 * (1 - H2 ** 2)
    dW2 = 1.0 / m * np.dot(dZ2, A1.T)
    db2 = 1.0 / m * np.sum(dZ2, axis=1, keepdims=True)
    dA1 = np.dot(W2.T, dZ2)
    dA1 = dA1 * D1
    dH1 = dA1 / keep_prob
    dZ1 = dH1 * (1 - H1 ** 2)
    dW1 = 1.0 / m * np.dot(dZ1, X.T)
    db1 = 1.0 / m * np.sum(dZ1, axis=1, keepdims=True)
    return {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2, "dW3": dW3, "db3": db3}

rng = np.random.default_rng(11)
X = rng.standard_normal((3, 7))
Y = (rng.random((2, 7)) > 0.5) * 1.0
parameters = {
    "W1": rng.standard_normal((5, 3)), "b1": 0.2 * rng.standard_normal((5, 1)),
    "W2": rng.standard_normal((4, 5)), "b2": 0.2 * rng.standard_normal((4, 1)),
    "W3": rng.standard_normal((2, 4)), "b3": 0.2 * rng.standard_normal((2, 1)),
}
A3, cache = forward_propagation_with_dropout(X, parameters)
cost = compute_cost(A3, Y)
grads = backward_propagation_with_dropout(X, Y, cache, parameters)
""",
    rows("""
dA2 = dA2 * D2 ->    # enters-at-layer: 2
dA1 = dA1 * D1 ->    # enters-at-layer: 1
dH2 = dA2 / keep_prob -> dH2 = dA2   # constant-factor: 0.6
dH1 = dA1 / keep_prob -> dH1 = dA1   # constant-factor: 0.6
dH1 = dA1 / keep_prob -> dH1 = dA1 * keep_prob   # constant-factor: 0.36
dZ1 = dH1 * (1 - H1 ** 2) -> dZ1 = dH1 * (1 - A1 ** 2)   # enters-at-layer: 1
dZ2 = dH2 * (1 - H2 ** 2) -> dZ2 = dH2 * (1 - A2 ** 2)   # enters-at-layer: 2
dW2 = 1.0 / m * np.dot(dZ2, A1.T) -> dW2 = 1.0 / m * np.dot(dZ2, H1.T)
dW3 = 1.0 / m * np.dot(dZ3, A2.T) -> dW3 = 1.0 / m * np.dot(dZ3, H2.T)
dA1 = dA1 * D1 -> dA1 = dA1 * (np.random.rand(*D1.shape) < keep_prob)   # enters-at-layer: 1
db1 = 1.0 / m * np.sum(dZ1, axis=1, keepdims=True) -> db1 = 4.0 / m * np.sum(dZ1, axis=1, keepdims=True)   # constant-factor: 4
"""),
)

RESIDUAL = Network(
    "residual block, relu, squared error",
    """
def forward(params, X):
    H0 = X @ params["W0"] + params["b0"]
    Z1 = H0 @ params["W1"] + params["b1"]
    A1 = np.maximum(0, Z1)
    F = A1 @ params["W2"] + params["b2"]
    H2 = H0 + F
    out = H2 @ params["W3"] + params["b3"]
    return out, (H0, Z1, A1, H2)

def cost(params, X, T):
    out, _ = forward(params, X)
    return np.sum((out - T) ** 2) / (2 * X.shape[0])

def backward(params, X, T):
    out, (H0, Z1, A1, H2) = forward(params, X)
    grads = {}
    dout = (out - T) / X.shape[0]
    grads["W3"] = H2.T @ dout
    grads["b3"] = dout.sum(axis=0)
    dH2 = dout @ params["W3"].T
    dF = dH2
    grads["W2"] = A1.T @ dF
    grads["b2"] = dF.sum(axis=0)
    dA1 = dF @ params["W2"].T
    dZ1 = dA1 * (Z1 > 0)
    grads["W1"] = H0.T @ dZ1
    grads["b1"] = dZ1.sum(axis=0)
    dH0 = dZ1 @ params["W1"].T
    dH0 = dH0 + dH2
    grads["W0"] = X.T @ dH0
    grads["b0"] = dH0.sum(axis=0)
    return grads

rng = np.random.default_rng(12)
X = rng.standard_normal((6, 3))
T = rng.standard_normal((6, 2))
params = {}
for k, (a, b) in enumerate([(3, 4), (4, 5), (5, 4), (4, 2)]):
    params[f"W{k}"] = rng.standard_normal((a, b)) / 1.5
    params[f"b{k}"] = 0.2 * rng.standard_normal(b)
J = cost(params, X, T)
grads = backward(params, X, T)
""",
    rows("""
dH0 = dH0 + dH2 ->    # enters-at-layer: 0
dH0 = dH0 + dH2 -> dH0 = dH2   # enters-at-layer: 0
dH0 = dH0 + dH2 -> dH0 = dH0 + 2 * dH2   # enters-at-layer: 0
dH0 = dH0 + dH2 -> dH0 = dH0 - dH2   # enters-at-layer: 0
dF = dH2 -> dF = dH2 / 2   # constant-factor: 1/2
dZ1 = dA1 * (Z1 > 0) -> dZ1 = dA1 * (A1 >= 0)   # enters-at-layer: 1
dZ1 = dA1 * (Z1 > 0) -> dZ1 = dA1 * (H0.sum() > 0) * (dA1 > 0)   # enters-at-layer: 1
grads["W1"] = H0.T @ dZ1 -> grads["W1"] = (H0 + dH2).T @ dZ1
grads["W3"] = H2.T @ dout -> grads["W3"] = (H2 - H0).T @ dout
grads["b2"] = dF.sum(axis=0) -> grads["b2"] = np.abs(dF).sum(axis=0)
dout = (out - T) / X.shape[0] -> dout = (out - T) * X.shape[0]   # constant-factor: 36
grads["b0"] = dH0.sum(axis=0) -> grads["b0"] = dH0[0]
"""),
)

NETWORKS = (BATCH_NORM, LAYER_NORM, DROPOUT, RESIDUAL)
