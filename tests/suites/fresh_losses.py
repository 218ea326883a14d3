"""Fresh: losses over classes, pairs and actions."""

from __future__ import annotations

from .cases import Network, rows

SMOOTHED = Network(
    "selu, smoothed labels, weighted classes, columns",
    """
ALPHA, SCALE = 1.67326, 1.0507

def selu(Z):
    return SCALE * np.where(Z > 0, Z, ALPHA * (np.exp(np.minimum(Z, 0)) - 1))

def softmax(Z):
    expZ = np.exp(Z - np.max(Z, axis=0, keepdims=True))
    return expZ / np.sum(expZ, axis=0, keepdims=True)

def forward_propagation(X, parameters):
    W1, b1 = parameters["W1"], parameters["b1"]
    W2, b2 = parameters["W2"], parameters["b2"]
    W3, b3 = parameters["W3"], parameters["b3"]
    Z1 = np.dot(W1, X) + b1
    A1 = selu(Z1)
    Z2 = np.dot(W2, A1) + b2
    A2 = selu(Z2)
    Z3 = np.dot(W3, A2) + b3
    A3 = softmax(Z3)
    cache = (Z1, A1, W1, b1, Z2, A2, W2, b2, Z3, A3, W3, b3)
    return A3, cache

def compute_cost(A3, Y, parameters, class_weights, eps, lambd):
    m = Y.shape[1]
    Q = (1 - eps) * Y + eps / Y.shape[0]
    weights = class_weights @ Y
    cost = -np.sum(weights * np.sum(Q * np.log(A3), axis=0)) / np.sum(weights)
    decay = sum(np.sum(np.square(parameters["W" + str(l)])) for l in (1, 2, 3))
    return cost + lambd / (2 * m) * decay

def backward_propagation(X, Y, cache, class_weights, eps, lambd):
    m = X.shape[1]
    (Z1, A1, W1, b1, Z2, A2, W2, b2, Z3, A3, W3, b3) = cache
    Q = (1 - eps) * Y + eps / Y.shape[0]
    weights = class_weights @ Y
    dZ3 = weights * (A3 - Q) / np.sum(weights)
    dW3 = np.dot(dZ3, A2.T) + lambd / m * W3
    db3 = np.sum(dZ3, axis=1, keepdims=True)
    dA2 = np.dot(W3.T, dZ3)
    dZ2 = dA2 * SCALE * np.where(Z2 > 0, 1, ALPHA * np.exp(Z2))
    dW2 = np.dot(dZ2, A1.T) + lambd / m * W2
    db2 = np.sum(dZ2, axis=1, keepdims=True)
    dA1 = np.dot(W2.T, dZ2)
    dZ1 = dA1 * SCALE * np.where(Z1 > 0, 1, ALPHA * np.exp(Z1))
    dW1 = np.dot(dZ1, X.T) + lambd / m * W1
    db1 = np.sum(dZ1, axis=1, keepdims=True)
    return {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2, "dW3": dW3, "db3": db3}

rng = np.random.default_rng(121)
X = rng.standard_normal((4, 8))
Y = np.eye(3)[:, [0, 2, 1, 0, 0, 2, 1, 0]]
class_weights = np.array([0.6, 1.0, 2.0])
eps, lambd = 0.1, 0.7
parameters = {
    "W1": rng.standard_normal((5, 4)) / 2, "b1": 0.2 * rng.standard_normal((5, 1)),
    "W2": rng.standard_normal((5, 5)) / 2, "b2": 0.2 * rng.standard_normal((5, 1)),
    "W3": rng.standard_normal((3, 5)) / 2, "b3": 0.2 * rng.standard_normal((3, 1)),
}
A3, cache = forward_propagation(X, parameters)
cost = compute_cost(A3, Y, parameters, class_weights, eps, lambd)
gradients = backward_propagation(X, Y, cache, class_weights, eps, lambd)
""",
    rows("""
dZ3 = weights * (A3 - Q) / np.sum(weights) -> dZ3 = weights * (A3 - Y) / np.sum(weights)
dZ3 = weights * (A3 - Q) / np.sum(weights) -> dZ3 = weights * (A3 - Q) / m
dZ2 = dA2 * SCALE * np.where(Z2 > 0, 1, ALPHA * np.exp(Z2)) -> dZ2 = dA2 * SCALE * np.where(Z2 > 0, 1, ALPHA * np.exp(A2))
dZ1 = dA1 * SCALE * np.where(Z1 > 0, 1, ALPHA * np.exp(Z1)) -> dZ1 = dA1 * np.where(Z1 > 0, 1, ALPHA * np.exp(Z1))
dA1 = np.dot(W2.T, dZ2) -> dA1 = np.dot(W2, dZ2)
dW1 = np.dot(dZ1, X.T) + lambd / m * W1 -> dW1 = np.dot(dZ1, X.T)
db2 = np.sum(dZ2, axis=1, keepdims=True) -> db2 = np.sum(dZ2, axis=1, keepdims=True) / m
"""),
    other=rows("""
X = rng.standard_normal((4, 8)) -> X = rng.standard_normal((5, 9))
Y = np.eye(3)[:, [0, 2, 1, 0, 0, 2, 1, 0]] -> Y = np.eye(4)[:, [0, 2, 1, 0, 3, 2, 1, 0, 3]]
class_weights = np.array([0.6, 1.0, 2.0]) -> class_weights = np.array([0.7, 1.1, 1.9, 1.5])
eps, lambd = 0.1, 0.7 -> eps, lambd = 0.2, 0.4
"W1": rng.standard_normal((5, 4)) / 2, "b1": 0.2 * rng.standard_normal((5, 1)), -> "W1": rng.standard_normal((6, 5)) / 2, "b1": 0.2 * rng.standard_normal((6, 1)),
"W2": rng.standard_normal((5, 5)) / 2, "b2": 0.2 * rng.standard_normal((5, 1)), -> "W2": rng.standard_normal((6, 6)) / 2, "b2": 0.2 * rng.standard_normal((6, 1)),
"W3": rng.standard_normal((3, 5)) / 2, "b3": 0.2 * rng.standard_normal((3, 1)), -> "W3": rng.standard_normal((4, 6)) / 2, "b3": 0.2 * rng.standard_normal((4, 1)),
"""),
)

SIAMESE = Network(
    "siamese network with a contrastive loss",
    """
class Siamese:
    def __init__(self, n_in, n_hidden, n_out, margin, rng):
        self.W1 = rng.standard_normal((n_in, n_hidden)) / 1.5
        self.b1 = 0.2 * rng.standard_normal(n_hidden)
        self.W2 = rng.standard_normal((n_hidden, n_out)) / 1.5
        self.margin = margin

    def embed(self, x):
        h = 1 / (1 + np.exp(-(x @ self.W1 + self.b1)))
        return h @ self.W2, h

    def forward(self, left, right):
        self.e1, self.h1 = self.embed(left)
        self.e2, self.h2 = self.embed(right)
        self.diff = self.e1 - self.e2
        self.dist = np.sqrt(np.sum(self.diff ** 2, axis=1))
        return self.dist

    def loss(self, left, right, same):
        d = self.forward(left, right)
        gap = np.maximum(0, self.margin - d)
        return np.mean(same * d ** 2 + (1 - same) * gap ** 2) / 2

    def backward(self, left, right, same):
        d = self.forward(left, right)
        gap = np.maximum(0, self.margin - d)
        dd = (same * d - (1 - same) * gap) / len(same)
        de1 = dd[:, None] * self.diff / d[:, None]
        de2 = -de1
        self.dW1, self.db1, self.dW2 = 0, 0, 0
        for x, h, de in ((left, self.h1, de1), (right, self.h2, de2)):
            self.dW2 += h.T @ de
            dz = (de @ self.W2.T) * h * (1 - h)
            self.dW1 += x.T @ dz
            self.db1 += dz.sum(axis=0)
        return self.dW1, self.db1, self.dW2

rng = np.random.default_rng(122)
net = Siamese(3, 5, 2, 1.5, rng)
left, right = rng.standard_normal((7, 3)), rng.standard_normal((7, 3))
same = np.array([1, 0, 0, 1, 0, 1, 0])
loss = net.loss(left, right, same)
dW1, db1, dW2 = net.backward(left, right, same)
""",
    rows("""
dd = (same * d - (1 - same) * gap) / len(same) -> dd = (same * d + (1 - same) * gap) / len(same)
de1 = dd[:, None] * self.diff / d[:, None] -> de1 = dd[:, None] * self.diff
self.dW2 += h.T @ de -> self.dW2 = h.T @ de
de2 = -de1 -> de2 = de1
dz = (de @ self.W2.T) * h * (1 - h) -> dz = (de @ self.W2.T) * self.h1 * (1 - self.h1)
"""),
    other=rows("""
net = Siamese(3, 5, 2, 1.5, rng) -> net = Siamese(4, 6, 3, 1.8, rng)
left, right = rng.standard_normal((7, 3)), rng.standard_normal((7, 3)) -> left, right = rng.standard_normal((8, 4)), rng.standard_normal((8, 4))
same = np.array([1, 0, 0, 1, 0, 1, 0]) -> same = np.array([1, 0, 0, 1, 0, 1, 0, 0])
"""),
)

TWO_TOWERS = Network(
    "two towers, matched pairs, cross-entropy both ways",
    """
def unit(U):
    norm = np.sqrt(np.sum(U ** 2, axis=1, keepdims=True))
    return U / norm, norm

def log_softmax(S, axis):
    S = S - S.max(axis=axis, keepdims=True)
    return S - np.log(np.sum(np.exp(S), axis=axis, keepdims=True))

def similarity(images, texts, Wi, Wt, log_scale):
    I, ni = unit(images @ Wi)
    T, nt = unit(np.tanh(texts) @ Wt)
    return I, ni, T, nt, np.exp(log_scale) * (I @ T.T)

def contrastive_loss(S):
    rows = np.trace(log_softmax(S, 1))
    columns = np.trace(log_softmax(S, 0))
    return -(rows + columns) / (2 * len(S))

def contrastive_backward(images, texts, log_scale, I, ni, T, nt, S):
    n = len(S)
    eye = np.eye(n)
    dS = (np.exp(log_softmax(S, 1)) - eye) / (2 * n)
    dS += (np.exp(log_softmax(S, 0)) - eye) / (2 * n)
    dlog_scale = np.sum(dS * S)
    dI = np.exp(log_scale) * dS @ T
    dT = np.exp(log_scale) * dS.T @ I
    dU = (dI - I * np.sum(dI * I, axis=1, keepdims=True)) / ni
    dV = (dT - T * np.sum(dT * T, axis=1, keepdims=True)) / nt
    dWi = images.T @ dU
    dWt = np.tanh(texts).T @ dV
    return dWi, dWt, dlog_scale

rng = np.random.default_rng(123)
images, texts = rng.standard_normal((6, 4)), rng.standard_normal((6, 5))
Wi, Wt = rng.standard_normal((4, 3)), rng.standard_normal((5, 3))
log_scale = 0.8
I, ni, T, nt, S = similarity(images, texts, Wi, Wt, log_scale)
loss = contrastive_loss(S)
dWi, dWt, dlog_scale = contrastive_backward(images, texts, log_scale, I, ni, T, nt, S)
""",
    rows("""
dT = np.exp(log_scale) * dS.T @ I -> dT = np.exp(log_scale) * dS @ I
dlog_scale = np.sum(dS * S) -> dlog_scale = np.sum(dS * (I @ T.T))
dS += (np.exp(log_softmax(S, 0)) - eye) / (2 * n) -> dS += (np.exp(log_softmax(S, 1)) - eye) / (2 * n)
dV = (dT - T * np.sum(dT * T, axis=1, keepdims=True)) / nt -> dV = (dT - T * np.sum(dT * T, axis=1, keepdims=True)) / ni
dI = np.exp(log_scale) * dS @ T -> dI = dS @ T
"""),
    other=rows("""
images, texts = rng.standard_normal((6, 4)), rng.standard_normal((6, 5)) -> images, texts = rng.standard_normal((7, 5)), rng.standard_normal((7, 6))
Wi, Wt = rng.standard_normal((4, 3)), rng.standard_normal((5, 3)) -> Wi, Wt = rng.standard_normal((5, 4)), rng.standard_normal((6, 4))
log_scale = 0.8 -> log_scale = 1.1
"""),
)

ACTOR_CRITIC = Network(
    "actor and critic on one trunk, with an entropy bonus",
    """
class ActorCritic:
    def __init__(self, n_state, n_hidden, n_action, rng):
        self.value_coef, self.entropy_coef = 0.5, 0.1
        self.params = {"W": rng.standard_normal((n_state, n_hidden)) / 1.5, "b": 0.2 * rng.standard_normal(n_hidden)}
        self.params["Wp"] = rng.standard_normal((n_hidden, n_action)) / 1.5
        self.params["wv"] = rng.standard_normal(n_hidden)

    def forward(self, s):
        p = self.params
        h = np.maximum(0, s @ p["W"] + p["b"])
        logits = h @ p["Wp"]
        z = logits - logits.max(axis=1, keepdims=True)
        logpi = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
        return h, logpi, h @ p["wv"]

    def loss(self, s, actions, advantages, returns):
        h, logpi, value = self.forward(s)
        policy = -np.mean(advantages * logpi[np.arange(len(s)), actions])
        critic = 0.5 * np.mean((value - returns) ** 2)
        entropy = -np.mean(np.sum(np.exp(logpi) * logpi, axis=1))
        return policy + self.value_coef * critic - self.entropy_coef * entropy

    def gradient(self, s, actions, advantages, returns):
        p = self.params
        n = len(s)
        h, logpi, value = self.forward(s)
        pi = np.exp(logpi)
        H = -np.sum(pi * logpi, axis=1, keepdims=True)
        onehot = np.zeros_like(pi)
        onehot[np.arange(n), actions] = 1
        dlogits = advantages[:, None] * (pi - onehot) / n
        dlogits += self.entropy_coef * pi * (logpi + H) / n
        dvalue = self.value_coef * (value - returns) / n
        grads = {"Wp": h.T @ dlogits, "wv": h.T @ dvalue}
        dh = dlogits @ p["Wp"].T + np.outer(dvalue, p["wv"])
        dh[h <= 0] = 0
        grads["W"] = s.T @ dh
        grads["b"] = dh.sum(axis=0)
        return grads

rng = np.random.default_rng(124)
agent = ActorCritic(4, 6, 3, rng)
s = rng.standard_normal((7, 4))
actions = np.array([0, 2, 1, 1, 0, 2, 1])
advantages, returns = rng.standard_normal(7), rng.standard_normal(7)
loss = agent.loss(s, actions, advantages, returns)
grads = agent.gradient(s, actions, advantages, returns)
""",
    rows("""
dlogits = advantages[:, None] * (pi - onehot) / n -> dlogits = advantages[:, None] * (onehot - pi) / n
dlogits += self.entropy_coef * pi * (logpi + H) / n -> dlogits += self.entropy_coef * pi * (logpi + 1) / n
dh = dlogits @ p["Wp"].T + np.outer(dvalue, p["wv"]) -> dh = dlogits @ p["Wp"].T
dvalue = self.value_coef * (value - returns) / n -> dvalue = (value - returns) / n
dh[h <= 0] = 0 ->
dlogits = advantages[:, None] * (pi - onehot) / n -> dlogits = (pi - advantages[:, None] * onehot) / n
"""),
    other=rows("""
agent = ActorCritic(4, 6, 3, rng) -> agent = ActorCritic(5, 7, 4, rng)
s = rng.standard_normal((7, 4)) -> s = rng.standard_normal((8, 5))
actions = np.array([0, 2, 1, 1, 0, 2, 1]) -> actions = np.array([0, 2, 1, 3, 0, 2, 1, 3])
advantages, returns = rng.standard_normal(7), rng.standard_normal(7) -> advantages, returns = rng.standard_normal(8), rng.standard_normal(8)
"""),
)

NETWORKS = (SMOOTHED, SIAMESE, TWO_TOWERS, ACTOR_CRITIC)
