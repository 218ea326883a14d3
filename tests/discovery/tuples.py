"""Families T, V and S: gradients in a tuple, in one vector, from the call that gives the cost."""

from .rows import Row

DIGITS = """
def init_params():
    W1 = np.random.rand(6, 5) - 0.5
    b1 = np.random.rand(6, 1) - 0.5
    W2 = np.random.rand(3, 6) - 0.5
    b2 = np.random.rand(3, 1) - 0.5
    return W1, b1, W2, b2

def ReLU(Z):
    return np.maximum(Z, 0)

def softmax(Z):
    A = np.exp(Z) / sum(np.exp(Z))
    return A

def forward_prop(W1, b1, W2, b2, X):
    Z1 = W1.dot(X) + b1
    A1 = ReLU(Z1)
    Z2 = W2.dot(A1) + b2
    A2 = softmax(Z2)
    return Z1, A1, Z2, A2

def ReLU_deriv(Z):
    return Z > 0

def one_hot(Y):
    one_hot_Y = np.zeros((Y.size, 3))
    one_hot_Y[np.arange(Y.size), Y] = 1
    return one_hot_Y.T

def cross_entropy(A2, Y):
    return -np.mean(np.log(A2[Y, np.arange(Y.size)]))

def backward_prop(Z1, A1, Z2, A2, W1, W2, X, Y):
    one_hot_Y = one_hot(Y)
    dZ2 = A2 - one_hot_Y
    dW2 = 1 / m * dZ2.dot(A1.T)
    db2 = 1 / m * np.sum(dZ2, axis=1, keepdims=True)
    dZ1 = W2.T.dot(dZ2) * ReLU_deriv(Z1)
    dW1 = 1 / m * dZ1.dot(X.T)
    db1 = 1 / m * np.sum(dZ1, axis=1, keepdims=True)
    return dW1, db1, dW2, db2

def update_params(W1, b1, W2, b2, dW1, db1, dW2, db2, alpha):
    return W1 - alpha * dW1, b1 - alpha * db1, W2 - alpha * dW2, b2 - alpha * db2

def get_accuracy(predictions, Y):
    return np.sum(predictions == Y) / Y.size

def gradient_descent(X, Y, alpha, iterations):
    W1, b1, W2, b2 = init_params()
    for i in range(iterations):
        Z1, A1, Z2, A2 = forward_prop(W1, b1, W2, b2, X)
        dW1, db1, dW2, db2 = backward_prop(Z1, A1, Z2, A2, W1, W2, X, Y)
        W1, b1, W2, b2 = update_params(W1, b1, W2, b2, dW1, db1, dW2, db2, alpha)
        if i % 10 == 0:
            print("Iteration: ", i, cross_entropy(A2, Y))
    return W1, b1, W2, b2
# %%
np.random.seed(1)
X_train = np.random.rand(5, 9)
Y_train = np.random.randint(0, 3, 9)
n, m = X_train.shape
W1, b1, W2, b2 = gradient_descent(X_train, Y_train, 0.1, 20)
"""

LOCALS_ONLY = DIGITS.replace(
    "W1, b1, W2, b2 = gradient_descent(X_train", "_ = gradient_descent(X_train"
)

PARTIALS = """
def predict(x, w, b):
    return x * w + b

def compute_cost(x, y, w, b):
    m = x.shape[0]
    return np.sum((predict(x, w, b) - y) ** 2) / (2 * m)

def compute_gradient(x, y, w, b):
    m = x.shape[0]
    error = predict(x, w, b) - y
    dj_dw = np.sum(error * x) / m
    dj_db = np.sum(error) / m
    return dj_dw, dj_db
# %%
x_train = np.array([1.0, 2.0, 3.5])
y_train = np.array([300.0, 500.0, 480.0])
w = 200
b = 100
compute_gradient(x_train, y_train, w, b)
"""

VARIADIC = """
def forward(x, W1, b1, W2, b2, W3, b3):
    h1 = np.tanh(x @ W1 + b1)
    h2 = np.tanh(h1 @ W2 + b2)
    out = h2 @ W3 + b3
    return out, (x, h1, h2)

def squared_error(pred, y):
    return 0.5 * np.sum((pred - y) ** 2) / y.shape[0]

def backprop(pred, y, cache, W2, W3):
    x, h1, h2 = cache
    g = (pred - y) / y.shape[0]
    grad_W3, grad_b3 = h2.T @ g, g.sum(axis=0)
    g = (g @ W3.T) * (1 - h2 ** 2)
    grad_W2, grad_b2 = h1.T @ g, g.sum(axis=0)
    g = (g @ W2.T) * (1 - h1 ** 2)
    grads = (x.T @ g, g.sum(axis=0), grad_W2, grad_b2, grad_W3, grad_b3)
    grad_W1, grad_b1 = grads[0], grads[1]
    return grad_W1, grad_b1, grad_W2, grad_b2, grad_W3, grad_b3

rng = np.random.default_rng(0)
shape = [(3, 5), (5, 4), (4, 2)]
W1, W2, W3 = [rng.normal(size=s) for s in shape]
b1, b2, b3 = [rng.normal(size=s[1]) for s in shape]
X, Y = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
# %%
losses = []
for epoch in range(5):
    pred, cache = forward(X, W1, b1, W2, b2, W3, b3)
    losses.append(squared_error(pred, Y))
    dW1, db1, dW2, db2, dW3, db3 = backprop(pred, Y, cache, W2, W3)
    W1 = W1 - 0.01 * dW1
    b1 = b1 - 0.01 * db1
"""

CLASS_TUPLE = """
class MLP:
    def __init__(self, sizes):
        rng = np.random.RandomState(0)
        self.W1 = rng.randn(sizes[0], sizes[1])
        self.b1 = np.zeros(sizes[1])
        self.W2 = rng.randn(sizes[1], sizes[2])
        self.b2 = np.zeros(sizes[2])

    def forward(self, X):
        self.z1 = X @ self.W1 + self.b1
        self.a1 = 1 / (1 + np.exp(-self.z1))
        return self.a1 @ self.W2 + self.b2

    def cost(self, X, y):
        return np.mean((self.forward(X) - y) ** 2)

    def gradients(self, X, y):
        yhat = self.forward(X)
        delta = 2 * (yhat - y) / yhat.size
        dW2 = self.a1.T @ delta
        db2 = delta.sum(axis=0)
        hidden = delta @ self.W2.T * self.a1 * (1 - self.a1)
        dW1 = X.T @ hidden
        db1 = hidden.sum(axis=0)
        return dW1, db1, dW2, db2

X = np.random.RandomState(1).randn(5, 3)
y = np.random.RandomState(2).randn(5, 2)
net = MLP([3, 4, 2])
"""

GLOBAL_NAMES = """
def forward(X):
    Z1 = X.dot(W1) + b1
    A1 = np.tanh(Z1)
    Z2 = A1.dot(W2) + b2
    return Z1, A1, Z2
def loss(Z2, y):
    return ((Z2 - y) ** 2).sum()
def backward(X, y, A1, Z2):
    dZ2 = 2 * (Z2 - y)
    dW2 = A1.T.dot(dZ2)
    db2 = dZ2.sum(0)
    dZ1 = dZ2.dot(W2.T) * (1 - A1 ** 2)
    return X.T.dot(dZ1), dZ1.sum(0), dW2, db2
"""

NAMELESS = """
def cost(W, b, X, Y):
    return np.sum((X @ W + b - Y) ** 2)
def grad(W, b, X, Y):
    r = 2 * (X @ W + b - Y)
    return X.T @ r, r.sum(0)
rng = np.random.default_rng(8)
W, b = rng.normal(size=(3, 2)), rng.normal(size=2)
X, Y = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
"""

VECTOR = """
def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def cost_function(theta, X, y):
    h = sigmoid(X @ theta)
    return -(y * np.log(h) + (1 - y) * np.log(1 - h)).mean()

def gradient(theta, X, y):
    return X.T @ (sigmoid(X @ theta) - y) / len(y)

def gradient_descent(theta, X, y, alpha=0.1, iters=5):
    for _ in range(iters):
        theta = theta - alpha * gradient(theta, X, y)
    return theta
# %%
rng = np.random.RandomState(0)
X = np.c_[np.ones(8), rng.randn(8, 3)]
y = (rng.rand(8) > 0.4) * 1.0
initial_theta = np.zeros(4)
theta = gradient_descent(initial_theta, X, y)
"""

REGULARISED_VECTOR = """
def cost_reg(theta, X, y, lambda_):
    m = len(y)
    h = X @ theta
    return ((h - y) ** 2).sum() / (2 * m) + lambda_ / (2 * m) * (theta[1:] ** 2).sum()

def gradient_reg(theta, X, y, lambda_):
    m = len(y)
    g = X.T @ (X @ theta - y) / m
    g[1:] += lambda_ / m * theta[1:]
    return g
# %%
rng = np.random.default_rng(1)
X, y = rng.normal(size=(6, 3)), rng.normal(size=6)
theta = rng.normal(size=3)
# %%
J = cost_reg(theta, X, y, 1.5)
grad = gradient_reg(theta, X, y, 1.5)
"""

ONE_DIMENSION = """
def forward_propagation(x, theta):
    J = theta * x
    return J
def backward_propagation(x, theta):
    dtheta = x
    return dtheta
x, theta = 2, 4
"""

UNROLLED = """
def unroll(nn_params, n_in, n_hidden):
    cut = n_in * n_hidden
    return nn_params[:cut].reshape(n_in, n_hidden), nn_params[cut:]

def nn_cost(nn_params, n_in, n_hidden, X, y, lambd):
    V, w = unroll(nn_params, n_in, n_hidden)
    out = np.tanh(X @ V) @ w
    return 0.5 * np.sum((out - y) ** 2) + 0.5 * lambd * np.sum(nn_params ** 2)

def nn_grad(nn_params, n_in, n_hidden, X, y, lambd):
    V, w = unroll(nn_params, n_in, n_hidden)
    A = np.tanh(X @ V)
    d = A @ w - y
    dw = A.T @ d
    dV = X.T @ (np.outer(d, w) * (1 - A ** 2))
    return np.concatenate([dV.ravel(), dw]) + lambd * nn_params

rng = np.random.default_rng(0)
X, y = rng.normal(size=(7, 3)), rng.normal(size=7)
n_in, n_hidden, lambd = 3, 4, 0.3
nn_params = rng.normal(size=16)
"""

SOFTMAX_LOSS = """
def softmax_loss_vectorized(W, X, y, reg):
    scores = X @ W
    scores -= scores.max(axis=1, keepdims=True)
    p = np.exp(scores)
    p /= p.sum(axis=1, keepdims=True)
    n = len(y)
    loss = -np.log(p[np.arange(n), y]).mean() + reg * np.sum(W * W)
    p[np.arange(n), y] -= 1
    dW = X.T @ p / n + 2 * reg * W
    return loss, dW
# %%
np.random.seed(0)
X_dev = np.random.randn(6, 4)
y_dev = np.random.randint(0, 3, 6)
W = np.random.randn(4, 3) * 0.1
# %%
loss, grad = softmax_loss_vectorized(W, X_dev, y_dev, 0.05)
"""

NET_LOSS = """
class TwoLayerNet(object):
    def __init__(self, input_size, hidden_size, output_size, std=0.5):
        self.params = {}
        self.params['W1'] = std * np.random.randn(input_size, hidden_size)
        self.params['b1'] = np.zeros(hidden_size)
        self.params['W2'] = std * np.random.randn(hidden_size, output_size)
        self.params['b2'] = np.zeros(output_size)

    def loss(self, X, y=None, reg=0.0):
        W1, b1 = self.params['W1'], self.params['b1']
        W2, b2 = self.params['W2'], self.params['b2']
        h = np.maximum(0, X @ W1 + b1)
        scores = h @ W2 + b2
        if y is None:
            return scores
        N = X.shape[0]
        p = np.exp(scores - scores.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        loss = -np.log(p[range(N), y]).sum() / N + reg * (np.sum(W1 * W1) + np.sum(W2 * W2))
        grads = {}
        d = p.copy()
        d[range(N), y] -= 1
        d /= N
        grads['W2'] = h.T @ d + 2 * reg * W2
        grads['b2'] = d.sum(0)
        dh = d @ W2.T
        dh[h <= 0] = 0
        grads['W1'] = X.T @ dh + 2 * reg * W1
        grads['b1'] = dh.sum(0)
        return loss, grads

    def train(self, X, y, learning_rate=1e-3, num_iters=100):
        for it in range(num_iters):
            loss, grads = self.loss(X, y)
            for k in self.params:
                self.params[k] -= learning_rate * grads[k]
# %%
np.random.seed(0)
net = TwoLayerNet(4, 10, 3)
np.random.seed(1)
X = 3 * np.random.randn(5, 4)
y = np.array([0, 1, 2, 2, 1])
# %%
scores = net.loss(X)
loss, grads = net.loss(X, y, reg=0.05)
"""

PROPAGATE = """
def sigmoid(z):
    return 1 / (1 + np.exp(-z))
def initialize_with_zeros(dim):
    return np.zeros((dim, 1)), 0.0
def propagate(w, b, X, Y):
    m = X.shape[1]
    A = sigmoid(np.dot(w.T, X) + b)
    cost = -np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A)) / m
    dw = np.dot(X, (A - Y).T) / m
    db = np.sum(A - Y) / m
    cost = np.squeeze(np.array(cost))
    grads = {"dw": dw, "db": db}
    return grads, cost
def optimize(w, b, X, Y, num_iterations=100, learning_rate=0.009):
    for i in range(num_iterations):
        grads, cost = propagate(w, b, X, Y)
        w = w - learning_rate * grads["dw"]
        b = b - learning_rate * grads["db"]
    return w, b
# %%
w = np.array([[1.0], [2]])
b = 1.5
X = np.array([[1.0, -2.0, -1.0], [3.0, 0.5, -3.2]])
Y = np.array([[1, 1, 0]])
grads, cost = propagate(w, b, X, Y)
"""

LAST_COST = """
def lossFun(inputs, targets, hprev):
    xs, hs, ps = {}, {-1: np.copy(hprev)}, {}
    loss = 0
    for t in range(len(inputs)):
        xs[t] = np.zeros((4, 1))
        xs[t][inputs[t]] = 1
        hs[t] = np.tanh(Wxh @ xs[t] + Whh @ hs[t - 1] + bh)
        y = Why @ hs[t] + by
        ps[t] = np.exp(y) / np.sum(np.exp(y))
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
        draw = (1 - hs[t] * hs[t]) * dh
        dbh += draw
        dWxh += draw @ xs[t].T
        dWhh += draw @ hs[t - 1].T
        dhnext = Whh.T @ draw
    return loss, dWxh, dWhh, dWhy, dbh, dby, hs[len(inputs) - 1]
# %%
rng = np.random.RandomState(0)
Wxh, Whh, Why = rng.randn(3, 4) * 0.5, rng.randn(3, 3) * 0.5, rng.randn(4, 3) * 0.5
bh, by = rng.randn(3, 1) * 0.1, rng.randn(4, 1) * 0.1
# %%
hprev = np.zeros((3, 1))
inputs, targets = [0, 1, 2, 3], [1, 2, 3, 0]
loss, dWxh, dWhh, dWhy, dbh, dby, hprev = lossFun(inputs, targets, hprev)
"""

_digits = Row(
    "digits",
    "T",
    DIGITS,
    "W1 b1 W2 b2",
    "backward_prop",
    "cross_entropy",
    told=("X_train", "Y_train"),
)
_locals = Row(
    "parameters made in training", "T", LOCALS_ONLY, "W1 b1 W2 b2", "backward_prop", "cross_entropy"
)
_partials = Row("one feature", "T", PARTIALS, "w b", "compute_gradient", "compute_cost")
_loop = Row("loop in a cell", "T", VARIADIC, "W1 b1 W2 b2 W3 b3", "backprop", "squared_error")
_method = Row("method", "T", CLASS_TUPLE, "W1 b1 W2 b2", "net.gradients", "net.cost")
_nameless = Row("no names returned", "T", NAMELESS, "W b", "grad", "cost")
_vector = Row(
    "logistic regression",
    "V",
    VECTOR,
    "theta",
    "gradient",
    "cost_function",
    told=("gradient(initial_theta, X, y)",),
)
_penalty = Row(
    "with a penalty",
    "V",
    REGULARISED_VECTOR,
    "theta",
    "gradient_reg",
    "cost_reg",
    told=("lambda_=1.5",),
)
_one = Row(
    "one dimension", "V", ONE_DIMENSION, "theta", "backward_propagation", "forward_propagation"
)
_unrolled = Row("unrolled", "V", UNROLLED, "nn_params", "nn_grad", "nn_cost")
_softmax = Row(
    "softmax loss",
    "S",
    SOFTMAX_LOSS,
    "W",
    "softmax_loss_vectorized",
    "softmax_loss_vectorized",
    told=("reg=0.05",),
)
_net = Row("net.loss", "S", NET_LOSS, "W1 b1 W2 b2", "net.loss", "net.loss", told=("reg=0.05",))
_propagate = Row("propagate", "S", PROPAGATE, "w b", "propagate", "propagate")
_rnn = Row("recurrent over globals", "S", LAST_COST, "Wxh Whh Why bh by", "lossFun", "lossFun")

ROWS = [
    _digits,
    _digits.broken("sum over all", "np.sum(dZ2, axis=1, keepdims=True)", "np.sum(dZ2)", "b2"),
    _digits.broken("mask of the wrong layer", "ReLU_deriv(Z1)", "ReLU_deriv(W1.dot(X))", "W1 b1"),
    _locals,
    _partials,
    _partials.broken("not averaged", "dj_db = np.sum(error) / m", "dj_db = np.sum(error)", "b"),
    _loop,
    _loop.broken("one layer not passed", "g = (g @ W2.T) * (1 - h1 ** 2)", "g = (g @ W2.T)",
                 "W1 b1"),
    _method,
    _method.broken("delta again", "* self.a1 * (1 - self.a1)", "* self.z1 * (1 - self.z1)",
                   "W1 b1"),
    _nameless,
    _vector,
    _vector.broken("no mean", " / len(y)", "", "theta"),
    _penalty,
    _penalty.broken("bias decays", "g[1:] += lambda_ / m * theta[1:]", "g += lambda_ / m * theta",
                    "theta"),
    _one,
    _one.broken("wrong", "dtheta = x", "dtheta = theta", "theta"),
    _unrolled,
    _unrolled.broken("transposed outer", "dV.ravel()", "dV.T.ravel()", "nn_params"),
    _softmax,
    _softmax.broken("half the penalty", "+ 2 * reg * W", "+ reg * W", "W"),
    _net,
    _net.broken("mask", "        dh[h <= 0] = 0\n", "", "W1 b1"),
    _propagate,
    _propagate.broken("sign", "dw = np.dot(X, (A - Y).T)", "dw = np.dot(X, (Y - A).T)", "w"),
    _rnn,
    _rnn.broken("no carry", "+ dhnext", "", "Wxh Whh bh"),
]  # fmt: skip
