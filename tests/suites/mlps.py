"""Multi-layer perceptrons as courses write them: dicts, caches, tuples, classes, loops."""

from __future__ import annotations

from .cases import Network, rows

RELU = Network(
    "relu, softmax, L2, dict of parameters",
    """
def init(D, H1, H2, C):
    rng = np.random.default_rng(1)
    return {
        "W1": 0.7 * rng.standard_normal((D, H1)), "b1": 0.1 * rng.standard_normal(H1),
        "W2": 0.7 * rng.standard_normal((H1, H2)), "b2": 0.1 * rng.standard_normal(H2),
        "W3": 0.7 * rng.standard_normal((H2, C)), "b3": 0.1 * rng.standard_normal(C),
    }

def forward(X, params):
    z1 = X @ params["W1"] + params["b1"]
    a1 = np.maximum(0, z1)
    z2 = a1 @ params["W2"] + params["b2"]
    a2 = np.maximum(0, z2)
    scores = a2 @ params["W3"] + params["b3"]
    cache = (z1, a1, z2, a2, scores)
    return scores, cache

def softmax_loss(scores, y, params, reg):
    shifted = scores - scores.max(axis=1, keepdims=True)
    logp = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    data_loss = -logp[np.arange(y.size), y].mean()
    reg_loss = 0.5 * reg * sum(np.sum(params[k] ** 2) for k in ("W1", "W2", "W3"))
    return data_loss + reg_loss

def backward(X, y, params, cache, reg):
    z1, a1, z2, a2, scores = cache
    N = X.shape[0]
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    probs = e / e.sum(axis=1, keepdims=True)
    dscores = probs.copy()
    dscores[np.arange(N), y] -= 1
    dscores /= N
    dW3 = a2.T @ dscores
    dW3 += reg * params["W3"]
    db3 = np.sum(dscores, axis=0)
    da2 = dscores @ params["W3"].T
    dz2 = da2 * (z2 > 0)
    dW2 = a1.T @ dz2 + reg * params["W2"]
    db2 = np.sum(dz2, axis=0)
    da1 = dz2 @ params["W2"].T
    dz1 = da1 * (z1 > 0)
    dW1 = X.T @ dz1 + reg * params["W1"]
    db1 = np.sum(dz1, axis=0)
    return {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2, "W3": dW3, "b3": db3}

params = init(4, 6, 5, 3)
rng = np.random.default_rng(2)
X = rng.standard_normal((7, 4))
y = np.array([0, 2, 1, 1, 0, 2, 2])
reg = 0.1
scores, cache = forward(X, params)
loss = softmax_loss(scores, y, params, reg)
grads = backward(X, y, params, cache, reg)
""",
    rows("""
dscores /= N ->    # constant-factor: 7
dz2 = da2 * (z2 > 0) -> dz2 = da2   # enters-at-layer: 2
dz1 = da1 * (z1 > 0) -> dz1 = da1   # enters-at-layer: 1
dz1 = da1 * (z1 > 0) -> dz1 = da1 * (a1 < 0.5)   # enters-at-layer: 1
dz2 = da2 * (z2 > 0) -> dz2 = da2 * (da2 > 0)   # enters-at-layer: 2
dW3 += reg * params["W3"] ->    # regulariser: 0.1
dW2 = a1.T @ dz2 + reg * params["W2"] -> dW2 = a1.T @ dz2 + 2 * reg * params["W2"]   # regulariser: 0.1
dW1 = X.T @ dz1 + reg * params["W1"] -> dW1 = X.T @ dz1 - reg * params["W1"]   # regulariser: 0.2
dW2 = a1.T @ dz2 + reg * params["W2"] -> dW2 = a1.T @ dz2 + reg / N * params["W2"]   # regulariser
db2 = np.sum(dz2, axis=0) -> db2 = np.sum(dz2, axis=0) + reg * params["b2"]   # regularised-bias: b2
db3 = np.sum(dscores, axis=0) -> db3 = np.mean(dscores, axis=0)   # constant-factor: 1/7
dscores[np.arange(N), y] -= 1 -> dscores[:, y] -= 1
dW1 = X.T @ dz1 + reg * params["W1"] -> dW1 = X.T @ dz1 / N + reg * params["W1"]   # constant-factor
da1 = dz2 @ params["W2"].T -> da1 = da2 @ params["W2"][:, ::-1].T   # enters-at-layer: 1
db1 = np.sum(dz1, axis=0) -> db1 = np.sum(da1, axis=0)
"""),
)

SIGMOID = Network(
    "sigmoid, cross-entropy, columns, dict with d keys",
    """
def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def forward_propagation(X, parameters):
    W1, b1 = parameters["W1"], parameters["b1"]
    W2, b2 = parameters["W2"], parameters["b2"]
    Z1 = np.dot(W1, X) + b1
    A1 = sigmoid(Z1)
    Z2 = np.dot(W2, A1) + b2
    A2 = sigmoid(Z2)
    cache = {"Z1": Z1, "A1": A1, "Z2": Z2, "A2": A2}
    return A2, cache

def compute_cost(A2, Y):
    m = Y.shape[1]
    logprobs = np.multiply(np.log(A2), Y) + np.multiply(np.log(1 - A2), 1 - Y)
    return -np.sum(logprobs) / m

def backward_propagation(parameters, cache, X, Y):
    m = X.shape[1]
    W1 = parameters["W1"]
    W2 = parameters["W2"]
    A1 = cache["A1"]
    A2 = cache["A2"]
    dZ2 = A2 - Y
    dW2 = (1 / m) * np.dot(dZ2, A1.T)
    db2 = (1 / m) * np.sum(dZ2, axis=1, keepdims=True)
    dA1 = np.dot(W2.T, dZ2)
    dZ1 = np.multiply(dA1, A1 * (1 - A1))
    dW1 = (1 / m) * np.dot(dZ1, X.T)
    db1 = (1 / m) * np.sum(dZ1, axis=1, keepdims=True)
    grads = {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2}
    return grads

rng = np.random.default_rng(3)
X = rng.standard_normal((3, 8))
Y = (rng.random((2, 8)) > 0.5) * 1.0
parameters = {
    "W1": rng.standard_normal((5, 3)), "b1": 0.1 * rng.standard_normal((5, 1)),
    "W2": rng.standard_normal((2, 5)), "b2": 0.1 * rng.standard_normal((2, 1)),
}
A2, cache = forward_propagation(X, parameters)
cost = compute_cost(A2, Y)
grads = backward_propagation(parameters, cache, X, Y)
""",
    rows("""
dW2 = (1 / m) * np.dot(dZ2, A1.T) -> dW2 = np.dot(dZ2, A1.T)   # constant-factor: 8
dW1 = (1 / m) * np.dot(dZ1, X.T) -> dW1 = (2 / m) * np.dot(dZ1, X.T)   # constant-factor: 2
dW1 = (1 / m) * np.dot(dZ1, X.T) -> dW1 = -(1 / m) * np.dot(dZ1, X.T)   # sign
dZ2 = A2 - Y -> dZ2 = Y - A2   # sign
dZ2 = A2 - Y -> dZ2 = (A2 - Y) * A2 * (1 - A2)
dZ2 = A2 - Y -> dZ2 = (A2 - Y) / m   # constant-factor: 1/8
dZ1 = np.multiply(dA1, A1 * (1 - A1)) -> dZ1 = np.multiply(dA1, 1 - A1)   # enters-at-layer: 1
dZ1 = np.multiply(dA1, A1 * (1 - A1)) -> dZ1 = np.multiply(dA1, 1 - np.power(A1, 2))   # enters-at-layer: 1
dZ1 = np.multiply(dA1, A1 * (1 - A1)) -> dZ1 = dA1   # enters-at-layer: 1
db1 = (1 / m) * np.sum(dZ1, axis=1, keepdims=True) -> db1 = np.full((5, 1), np.sum(dZ1) / m)   # scalar-broadcast: b1
db2 = (1 / m) * np.sum(dZ2, axis=1, keepdims=True) -> db2 = np.sum(dZ2, axis=1, keepdims=True)   # constant-factor: 8
db1 = (1 / m) * np.sum(dZ1, axis=1, keepdims=True) -> db1 = (1 / m) * dZ1[:, :1]
dA1 = np.dot(W2.T, dZ2) -> dA1 = np.dot(W2.T, dZ2 / m)   # constant-factor: 1/8
db2 = (1 / m) * np.sum(dZ2, axis=1, keepdims=True) -> db2 = np.zeros((2, 1))   # zero-gradient: b2
"""),
)

TANH = Network(
    "tanh, mean squared error, tuple of gradients",
    """
def forward_prop(X, W1, b1, W2, b2, W3, b3):
    Z1 = X.dot(W1) + b1
    A1 = np.tanh(Z1)
    Z2 = A1.dot(W2) + b2
    A2 = np.tanh(Z2)
    Z3 = A2.dot(W3) + b3
    return Z1, A1, Z2, A2, Z3

def cost_function(Z3, Y):
    return np.mean((Z3 - Y) ** 2)

def back_prop(X, Y, Z1, A1, Z2, A2, Z3, W1, W2, W3):
    m, k = Y.shape
    dZ3 = 2 * (Z3 - Y) / (m * k)
    dW3 = A2.T.dot(dZ3)
    db3 = dZ3.sum(axis=0)
    dA2 = dZ3.dot(W3.T)
    dZ2 = dA2 * (1 - A2 ** 2)
    dW2 = A1.T.dot(dZ2)
    db2 = dZ2.sum(axis=0)
    dA1 = dZ2.dot(W2.T)
    dZ1 = dA1 * (1 - A1 ** 2)
    dW1 = X.T.dot(dZ1)
    db1 = dZ1.sum(axis=0)
    return dW1, db1, dW2, db2, dW3, db3

rng = np.random.default_rng(4)
X = rng.standard_normal((6, 3))
Y = rng.standard_normal((6, 2))
W1, b1 = rng.standard_normal((3, 4)) / 2, 0.2 * rng.standard_normal(4)
W2, b2 = rng.standard_normal((4, 4)) / 2, 0.2 * rng.standard_normal(4)
W3, b3 = rng.standard_normal((4, 2)) / 2, 0.2 * rng.standard_normal(2)
Z1, A1, Z2, A2, Z3 = forward_prop(X, W1, b1, W2, b2, W3, b3)
cost = cost_function(Z3, Y)
dW1, db1, dW2, db2, dW3, db3 = back_prop(X, Y, Z1, A1, Z2, A2, Z3, W1, W2, W3)
""",
    rows("""
dZ3 = 2 * (Z3 - Y) / (m * k) -> dZ3 = (Z3 - Y) / (m * k)   # constant-factor: 1/2
dZ3 = 2 * (Z3 - Y) / (m * k) -> dZ3 = 2 * (Z3 - Y) / m   # constant-factor: 2
dW2 = A1.T.dot(dZ2) -> dW2 = dZ2.T.dot(A1)   # transposed: W2
dA1 = dZ2.dot(W2.T) -> dA1 = dZ2.dot(W2)   # enters-at-layer: 1
dZ2 = dA2 * (1 - A2 ** 2) -> dZ2 = dA2 * (1 - A2)   # enters-at-layer: 2
dZ2 = dA2 * (1 - A2 ** 2) -> dZ2 = dA2 * (1 - A1 ** 2)   # enters-at-layer: 2
dZ1 = dA1 * (1 - A1 ** 2) -> dZ1 = dA1 * (1 - Z1 ** 2)   # enters-at-layer: 1
dZ1 = dA1 * (1 - A1 ** 2) -> dZ1 = dA1 * (1 - np.tanh(A1) ** 2)   # enters-at-layer: 1
dW2 = A1.T.dot(dZ2) -> dW2 = A2.T.dot(dZ2)
db1 = dZ1.sum(axis=0) -> db1 = db2   # swapped: b2
dW3 = A2.T.dot(dZ3) -> dW3 = A1.T.dot(dZ3)
dA2 = dZ3.dot(W3.T) -> dA2 = -dZ3.dot(W3.T)   # sign
return dW1, db1, dW2, db2, dW3, db3 -> return dW1, db2, dW2, db1, dW3, db3   # swapped
db2 = dZ2.sum(axis=0) -> db2 = dZ2.sum() * np.ones(4)   # scalar-broadcast: b2
"""),
)

LEAKY = Network(
    "leaky relu, squared error, a class with a loss and a gradient",
    """
class TwoLayerNet:
    def __init__(self, input_size, hidden_size, output_size):
        rng = np.random.default_rng(5)
        self.params = {}
        self.params["W1"] = rng.standard_normal((input_size, hidden_size))
        self.params["b1"] = 0.3 * rng.standard_normal(hidden_size)
        self.params["W2"] = rng.standard_normal((hidden_size, output_size))
        self.params["b2"] = 0.3 * rng.standard_normal(output_size)

    def predict(self, x):
        W1, W2 = self.params["W1"], self.params["W2"]
        b1, b2 = self.params["b1"], self.params["b2"]
        a1 = x @ W1 + b1
        z1 = np.where(a1 > 0, a1, 0.1 * a1)
        return z1 @ W2 + b2

    def loss(self, x, t):
        y = self.predict(x)
        return 0.5 * np.sum((y - t) ** 2) / x.shape[0]

    def gradient(self, x, t):
        W1, W2 = self.params["W1"], self.params["W2"]
        b1, b2 = self.params["b1"], self.params["b2"]
        grads = {}
        batch_num = x.shape[0]
        a1 = x @ W1 + b1
        z1 = np.where(a1 > 0, a1, 0.1 * a1)
        y = z1 @ W2 + b2
        dy = (y - t) / batch_num
        grads["W2"] = z1.T @ dy
        grads["b2"] = np.sum(dy, axis=0)
        dz1 = dy @ W2.T
        slope = np.where(a1 > 0, 1.0, 0.1)
        da1 = slope * dz1
        grads["W1"] = x.T @ da1
        grads["b1"] = np.sum(da1, axis=0)
        return grads

net = TwoLayerNet(4, 6, 3)
rng = np.random.default_rng(6)
x = rng.standard_normal((5, 4))
t = rng.standard_normal((5, 3))
loss = net.loss(x, t)
grads = net.gradient(x, t)
""",
    rows("""
dy = (y - t) / batch_num -> dy = (y - t)   # constant-factor: 5
dy = (y - t) / batch_num -> dy = 2 * (y - t) / batch_num   # constant-factor: 2
slope = np.where(a1 > 0, 1.0, 0.1) -> slope = np.where(a1 > 0, 1.0, 0.0)   # enters-at-layer: 1
slope = np.where(a1 > 0, 1.0, 0.1) -> slope = np.where(a1 > 0, 1.0, 0.01)   # enters-at-layer: 1
slope = np.where(a1 > 0, 1.0, 0.1) -> slope = np.where(a1 < 0, 1.0, 0.1)   # enters-at-layer: 1
slope = np.where(a1 > 0, 1.0, 0.1) -> slope = np.where(a1 > 0, a1, 0.1)   # enters-at-layer: 1
da1 = slope * dz1 -> da1 = dz1   # enters-at-layer: 1
grads["b1"] = np.sum(da1, axis=0) -> grads["b1"] = np.sum(dz1, axis=0)
grads["W2"] = z1.T @ dy -> grads["W2"] = a1.T @ dy
grads["b2"] = np.sum(dy, axis=0) -> grads["b2"] = np.zeros_like(b2) + np.sum(dy)   # scalar-broadcast: b2
grads["W1"] = x.T @ da1 -> grads["W1"] = np.clip(x.T @ da1, -0.5, 0.5)   # clipped: W1
grads["W2"] = z1.T @ dy -> grads["W2"] = 1.01 * z1.T @ dy   # constant-factor: 1.01
grads["b1"] = np.sum(da1, axis=0) -> grads["b1"] = np.mean(da1, axis=0)   # constant-factor: 1/5
"""),
)

LOOP = Network(
    "L layers in a loop, with helpers",
    """
def initialize_parameters_deep(layer_dims):
    rng = np.random.default_rng(7)
    parameters = {}
    for l in range(1, len(layer_dims)):
        parameters["W" + str(l)] = rng.standard_normal((layer_dims[l], layer_dims[l - 1])) / 2
        parameters["b" + str(l)] = 0.2 * rng.standard_normal((layer_dims[l], 1))
    return parameters

def linear_activation_forward(A_prev, W, b, activation):
    Z = W @ A_prev + b
    A = 1 / (1 + np.exp(-Z)) if activation == "sigmoid" else np.maximum(0, Z)
    return A, ((A_prev, W, b), Z)

def L_model_forward(X, parameters):
    caches = []
    A = X
    L = len(parameters) // 2
    for l in range(1, L):
        A, cache = linear_activation_forward(A, parameters["W" + str(l)], parameters["b" + str(l)], "relu")
        caches.append(cache)
    AL, cache = linear_activation_forward(A, parameters["W" + str(L)], parameters["b" + str(L)], "sigmoid")
    caches.append(cache)
    return AL, caches

def compute_cost(AL, Y):
    m = Y.shape[1]
    return -np.sum(Y * np.log(AL) + (1 - Y) * np.log(1 - AL)) / m

def relu_backward(dA, Z):
    dZ = np.array(dA, copy=True)
    dZ[Z <= 0] = 0
    return dZ

def sigmoid_backward(dA, Z):
    s = 1 / (1 + np.exp(-Z))
    dZ = dA * s * (1 - s)
    return dZ

def linear_backward(dZ, cache):
    A_prev, W, b = cache
    m = A_prev.shape[1]
    dW = np.dot(dZ, A_prev.T) / m
    db = np.sum(dZ, axis=1, keepdims=True) / m
    dA_prev = np.dot(W.T, dZ)
    return dA_prev, dW, db

def linear_activation_backward(dA, cache, activation):
    linear_cache, Z = cache
    if activation == "relu":
        dZ = relu_backward(dA, Z)
    else:
        dZ = sigmoid_backward(dA, Z)
    return linear_backward(dZ, linear_cache)

def L_model_backward(AL, Y, caches):
    grads = {}
    L = len(caches)
    dAL = -(np.divide(Y, AL) - np.divide(1 - Y, 1 - AL))
    current_cache = caches[L - 1]
    dA, dW, db = linear_activation_backward(dAL, current_cache, "sigmoid")
    grads["dA" + str(L - 1)] = dA
    grads["dW" + str(L)] = dW
    grads["db" + str(L)] = db
    for l in reversed(range(L - 1)):
        current_cache = caches[l]
        dA, dW, db = linear_activation_backward(grads["dA" + str(l + 1)], current_cache, "relu")
        grads["dA" + str(l)] = dA
        grads["dW" + str(l + 1)] = dW
        grads["db" + str(l + 1)] = db
    return grads

rng = np.random.default_rng(8)
X = rng.standard_normal((4, 9))
Y = (rng.random((1, 9)) > 0.5) * 1.0
parameters = initialize_parameters_deep([4, 5, 4, 3, 1])
AL, caches = L_model_forward(X, parameters)
cost = compute_cost(AL, Y)
grads = L_model_backward(AL, Y, caches)
""",
    rows("""
dZ[Z <= 0] = 0 ->    # enters-at-layer: 3
dZ[Z <= 0] = 0 -> dZ[dA <= 0] = 0   # enters-at-layer: 3
dZ[Z <= 0] = 0 -> dZ[Z > 0] = 0   # enters-at-layer: 3
dZ = dA * s * (1 - s) -> dZ = dA * (1 - s)
dW = np.dot(dZ, A_prev.T) / m -> dW = np.dot(dZ, A_prev.T)   # constant-factor: 9
db = np.sum(dZ, axis=1, keepdims=True) / m -> db = np.sum(dZ, axis=1, keepdims=True)   # constant-factor: 9
db = np.sum(dZ, axis=1, keepdims=True) / m -> db = np.zeros_like(b) + np.sum(dZ) / m   # scalar-broadcast
dA_prev = np.dot(W.T, dZ) -> dA_prev = np.dot(W.T, dZ) / m   # constant-factor
dAL = -(np.divide(Y, AL) - np.divide(1 - Y, 1 - AL)) -> dAL = np.divide(Y, AL) - np.divide(1 - Y, 1 - AL)   # sign
dAL = -(np.divide(Y, AL) - np.divide(1 - Y, 1 - AL)) -> dAL = -(np.divide(Y, AL) + np.divide(1 - Y, 1 - AL))
current_cache = caches[L - 1] | dA, dW, db = linear_activation_backward(dAL, current_cache, "sigmoid") -> current_cache = caches[L - 1] | dA, dW, db = linear_activation_backward(dAL, current_cache, "relu")
dA, dW, db = linear_activation_backward(grads["dA" + str(l + 1)], current_cache, "relu") -> dA, dW, db = linear_activation_backward(grads["dA" + str(l + 1)], current_cache, "sigmoid")   # enters-at-layer: 3
grads["db" + str(l + 1)] = db -> grads["db" + str(l + 1)] = 2 * db   # constant-factor: 2
"""),
)

NETWORKS = (RELU, SIGMOID, TANH, LEAKY, LOOP)
