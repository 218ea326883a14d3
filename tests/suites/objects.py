"""Layers as objects, a network as an object, and a vector of parameters."""

from __future__ import annotations

from .cases import Network, rows

SEQUENTIAL = Network(
    "sequential layer objects",
    """
class Linear:
    def __init__(self, n_in, n_out, rng):
        self.W = rng.standard_normal((n_in, n_out)) / 1.5
        self.b = 0.2 * rng.standard_normal(n_out)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW = self.x.T @ dout
        self.db = dout.sum(axis=0)
        return dout @ self.W.T

class Sigmoid:
    def forward(self, x):
        self.a = 1 / (1 + np.exp(-x))
        return self.a

    def backward(self, dout):
        return dout * self.a * (1 - self.a)

class ReLU:
    def forward(self, x):
        self.mask = x > 0
        return x * self.mask

    def backward(self, dout):
        return dout * self.mask

class MSELoss:
    def forward(self, y, t):
        self.diff = y - t
        return np.mean(self.diff ** 2)

    def backward(self):
        return 2 * self.diff / self.diff.size

class Sequential:
    def __init__(self, *layers):
        self.layers = list(layers)

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dout):
        for layer in reversed(self.layers):
            dout = layer.backward(dout)
        return dout

rng = np.random.default_rng(18)
model = Sequential(Linear(3, 5, rng), ReLU(), Linear(5, 4, rng), Sigmoid(), Linear(4, 2, rng))
criterion = MSELoss()
x = rng.standard_normal((6, 3))
t = rng.standard_normal((6, 2))
y = model.forward(x)
loss = criterion.forward(y, t)
grad = criterion.backward()
model.backward(grad)
""",
    rows("""
self.dW = self.x.T @ dout -> self.dW = self.x.T @ dout / self.x.shape[0]   # constant-factor: 1/6
self.db = dout.sum(axis=0) -> self.db = dout.mean(axis=0)   # constant-factor: 1/6
self.db = dout.sum(axis=0) -> self.db = np.sum(dout) + 0 * self.b   # scalar-broadcast
return dout * self.a * (1 - self.a) -> return dout * (1 - self.a)
return dout * self.a * (1 - self.a) -> return dout * self.a
return dout * self.mask -> return dout
return dout * self.mask -> return dout * ~self.mask
return 2 * self.diff / self.diff.size -> return 2 * self.diff / self.diff.shape[0]   # constant-factor: 2
return 2 * self.diff / self.diff.size -> return self.diff / self.diff.size   # constant-factor: 1/2
return 2 * self.diff / self.diff.size -> return -2 * self.diff / self.diff.size   # sign
self.dW = self.x.T @ dout -> self.dW = -self.x.T @ dout   # sign
self.dW = self.x.T @ dout -> self.dW = self.x.T @ dout + 0.05 * self.W   # regulariser: 0.05
"""),
)

LAYERED = Network(
    "a class with lists of weights, one-step loss, L2",
    """
class NeuralNetwork:
    def __init__(self, sizes, lam):
        rng = np.random.default_rng(19)
        self.lam = lam
        self.sizes = sizes
        self.weights = [rng.standard_normal((a, b)) / 1.5 for a, b in zip(sizes[:-1], sizes[1:])]
        self.biases = [0.2 * rng.standard_normal((1, b)) for b in sizes[1:]]

    def forward(self, X):
        self.activations = [X]
        self.zs = []
        for k, (W, b) in enumerate(zip(self.weights, self.biases)):
            z = self.activations[-1] @ W + b
            self.zs.append(z)
            last = k == len(self.weights) - 1
            self.activations.append(z if last else np.tanh(z))
        return self.activations[-1]

    def cost(self, X, Y):
        out = self.forward(X)
        data = np.sum((out - Y) ** 2) / (2 * X.shape[0])
        return data + self.lam / 2 * sum(np.sum(W ** 2) for W in self.weights)

    def backward(self, X, Y):
        m = X.shape[0]
        out = self.forward(X)
        dweights, dbiases = [], []
        delta = (out - Y) / m
        for k in range(len(self.weights) - 1, -1, -1):
            dW = self.activations[k].T @ delta
            dW = dW + self.lam * self.weights[k]
            db = np.sum(delta, axis=0, keepdims=True)
            dweights.insert(0, dW)
            dbiases.insert(0, db)
            if k > 0:
                slope = 1 - self.activations[k] ** 2
                delta = (delta @ self.weights[k].T) * slope
        return dweights, dbiases

rng = np.random.default_rng(20)
X = rng.standard_normal((7, 3))
Y = rng.standard_normal((7, 2))
nn = NeuralNetwork([3, 4, 5, 2], 0.3)
J = nn.cost(X, Y)
dweights, dbiases = nn.backward(X, Y)
""",
    rows("""
delta = (out - Y) / m -> delta = out - Y   # constant-factor: 7
dW = dW + self.lam * self.weights[k] ->    # regulariser: 0.3
dW = dW + self.lam * self.weights[k] -> dW = dW + self.lam / m * self.weights[k]   # regulariser
dW = dW + self.lam * self.weights[k] -> dW = dW + self.lam / 2 * self.weights[k]   # regulariser: 0.15
dW = dW + self.lam * self.weights[k] -> dW = dW - self.lam * self.weights[k]   # regulariser: 0.6
db = np.sum(delta, axis=0, keepdims=True) -> db = np.sum(delta, axis=0, keepdims=True) + self.lam * self.biases[k]   # regularised-bias
db = np.sum(delta, axis=0, keepdims=True) -> db = np.sum(delta, axis=0, keepdims=True) / m   # constant-factor: 1/7
db = np.sum(delta, axis=0, keepdims=True) -> db = np.sum(delta, keepdims=True) + 0 * self.biases[k]   # scalar-broadcast
slope = 1 - self.activations[k] ** 2 -> slope = 1 - self.activations[k]
slope = 1 - self.activations[k] ** 2 -> slope = 1 - self.zs[k - 1] ** 2
slope = 1 - self.activations[k] ** 2 -> slope = self.activations[k] * (1 - self.activations[k])
delta = (delta @ self.weights[k].T) * slope -> delta = delta @ self.weights[k].T
delta = (delta @ self.weights[k].T) * slope -> delta = (delta @ np.abs(self.weights[k].T)) * slope
"""),
)
LOGISTIC = Network(
    "regularised softmax regression, a vector of parameters",
    """
def cost_function(theta, X, y, lam):
    m, n = X.shape
    Theta = theta.reshape(n, 3)
    scores = X @ Theta
    s = scores - scores.max(axis=1, keepdims=True)
    logp = s - np.log(np.exp(s).sum(axis=1, keepdims=True))
    J = -logp[np.arange(m), y].mean()
    return J + lam / (2 * m) * np.sum(Theta[1:] ** 2)

def gradient(theta, X, y, lam):
    m, n = X.shape
    Theta = theta.reshape(n, 3)
    scores = X @ Theta
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    Y = np.eye(3)[y]
    grad = X.T @ (p - Y) / m
    reg = lam / m * Theta
    reg[0] = 0
    grad = grad + reg
    return grad.ravel()

rng = np.random.default_rng(21)
X = np.hstack([np.ones((9, 1)), rng.standard_normal((9, 4))])
y = np.array([0, 1, 2, 0, 1, 2, 2, 1, 0])
theta = rng.standard_normal(15)
lam = 1.5
J = cost_function(theta, X, y, lam)
grad = gradient(theta, X, y, lam)
""",
    rows("""
reg[0] = 0 ->    # some-components
reg = lam / m * Theta -> reg = lam * Theta   # regulariser
reg = lam / m * Theta -> reg = lam / (2 * m) * Theta   # regulariser
grad = grad + reg ->    # regulariser: 0.1667
grad = grad + reg -> grad = grad - reg   # regulariser
grad = X.T @ (p - Y) / m -> grad = X.T @ (p - Y)   # constant-factor: 9
grad = X.T @ (p - Y) / m -> grad = X.T @ (Y - p) / m
return grad.ravel() -> return grad.T.ravel()   # order
return grad.ravel() -> return -grad.ravel()   # sign
Y = np.eye(3)[y] -> Y = np.eye(3)[y][::-1]
return grad.ravel() -> return grad.ravel() / 2   # constant-factor: 1/2
"""),
)

NETWORKS = (SEQUENTIAL, LAYERED, LOGISTIC)
