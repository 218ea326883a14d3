"""Family F: backward moves the parameters itself, alone, layer by layer, with an optimiser."""

from .rows import Row

SELF_UPDATING = """
class Dense:
    def __init__(self, n_in, n_out, seed):
        rng = np.random.RandomState(seed)
        self.weights, self.bias = rng.randn(n_out, n_in), rng.randn(n_out, 1)
    def forward(self, input):
        self.input = input
        return self.weights @ input + self.bias
    def backward(self, output_gradient, learning_rate):
        input_gradient = self.weights.T @ output_gradient
        self.weights -= learning_rate * output_gradient @ self.input.T
        self.bias -= learning_rate * output_gradient.sum(axis=1, keepdims=True)
        return input_gradient
class Tanh:
    def forward(self, input):
        self.input = input
        return np.tanh(input)
    def backward(self, output_gradient, learning_rate):
        return output_gradient * (1 - np.tanh(self.input) ** 2)
def mse(y_true, y_pred):
    return np.mean((y_true - y_pred) ** 2)
def mse_prime(y_true, y_pred):
    return 2 * (y_pred - y_true) / y_true.size
# %%
class Network:
    def __init__(self, layers):
        self.layers = layers
    def predict(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x
    def backward(self, grad, learning_rate):
        for layer in reversed(self.layers):
            grad = layer.backward(grad, learning_rate)
    def fit(self, x, y, epochs=3, learning_rate=0.1):
        for epoch in range(epochs):
            output = self.predict(x)
            error = mse(y, output)
            self.backward(mse_prime(y, output), learning_rate)
# %%
X = np.array([[0.0, 0, 1, 1], [0, 1, 0, 1]])
Y = np.array([[0.0, 1, 1, 0]])
network = Network([Dense(2, 3, 0), Tanh(), Dense(3, 1, 1)])
network.fit(X, Y)
"""

MOMENTUM = """
class Net:
    def __init__(self, n_in, n_hidden, n_out, lr=0.1, beta=0.9):
        rng = np.random.default_rng(0)
        self.W1, self.W2 = rng.normal(size=(n_in, n_hidden)), rng.normal(size=(n_hidden, n_out))
        self.vW1, self.vW2 = np.zeros_like(self.W1), np.zeros_like(self.W2)
        self.lr, self.beta = lr, beta
    def forward(self, X):
        self.a1 = np.tanh(X @ self.W1)
        return self.a1 @ self.W2
    def loss(self, X, y):
        return np.mean((self.forward(X) - y) ** 2)
    def backward(self, X, y):
        d2 = 2 * (self.forward(X) - y) / y.size
        dW2 = self.a1.T @ d2
        dW1 = X.T @ (d2 @ self.W2.T * (1 - self.a1 ** 2))
        self.vW1 = self.beta * self.vW1 + (1 - self.beta) * dW1
        self.vW2 = self.beta * self.vW2 + (1 - self.beta) * dW2
        self.W1 = self.W1 - self.lr * self.vW1
        self.W2 = self.W2 - self.lr * self.vW2
rng = np.random.default_rng(1)
X, y = rng.normal(size=(7, 3)), rng.normal(size=(7, 2))
net = Net(3, 4, 2)
for _ in range(4):
    net.backward(X, y)
"""

ADAM = """
class Logistic:
    def __init__(self, n, learning_rate=0.01):
        self.w, self.b = np.linspace(-1, 1, n), 0.3
        self.m, self.v, self.t = np.zeros(n), np.zeros(n), 0
        self.learning_rate = learning_rate
    def forward(self, X):
        return 1 / (1 + np.exp(-(X @ self.w + self.b)))
    def compute_cost(self, X, y):
        p = self.forward(X)
        return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
    def backward(self, X, y):
        error = self.forward(X) - y
        dw = X.T @ error / len(y)
        db = error.mean()
        self.t += 1
        self.m = 0.9 * self.m + 0.1 * dw
        self.v = 0.999 * self.v + 0.001 * dw ** 2
        m_hat = self.m / (1 - 0.9 ** self.t)
        v_hat = self.v / (1 - 0.999 ** self.t)
        self.w -= self.learning_rate * m_hat / (np.sqrt(v_hat) + 1e-8)
        self.b -= self.learning_rate * db
rng = np.random.default_rng(2)
X, y = rng.normal(size=(8, 3)), (rng.random(8) > 0.5) * 1.0
model = Logistic(3)
for epoch in range(3):
    cost = model.compute_cost(X, y)
    model.backward(X, y)
"""

GLOBALS = """
def sigmoid(z):
    return 1 / (1 + np.exp(-z))
def forward(X):
    hidden = sigmoid(X @ w_hidden)
    return hidden, sigmoid(hidden @ w_out)
def loss(X, y):
    _, out = forward(X)
    return 0.5 * np.sum((out - y) ** 2)
def backprop(X, y, lr):
    global w_hidden, w_out
    hidden, out = forward(X)
    d_out = (out - y) * out * (1 - out)
    d_hidden = d_out @ w_out.T * hidden * (1 - hidden)
    w_out -= lr * hidden.T @ d_out
    w_hidden -= lr * X.T @ d_hidden
# %%
rng = np.random.RandomState(4)
X, y = rng.randn(6, 3), rng.rand(6, 1)
w_hidden, w_out = rng.randn(3, 4), rng.randn(4, 1)
lr = 0.5
for i in range(3):
    backprop(X, y, lr)
"""

STEP_CALLED = """
class MLP:
    def __init__(self):
        rng = np.random.default_rng(5)
        self.params = {"W1": rng.normal(size=(3, 5)), "b1": np.zeros(5),
                       "W2": rng.normal(size=(5, 2)), "b2": np.zeros(2)}
    def forward(self, X):
        self.H = np.maximum(0, X @ self.params["W1"] + self.params["b1"])
        return self.H @ self.params["W2"] + self.params["b2"]
    def loss(self, X, Y):
        return 0.5 * np.mean(np.sum((self.forward(X) - Y) ** 2, axis=1))
    def backward(self, X, Y, eta=0.01):
        d = (self.forward(X) - Y) / len(X)
        dH = d @ self.params["W2"].T * (self.H > 0)
        self.params["W2"] -= eta * self.H.T @ d
        self.params["b2"] -= eta * d.sum(axis=0)
        self.params["W1"] -= eta * X.T @ dH
        self.params["b1"] -= eta * dH.sum(axis=0)
rng = np.random.default_rng(6)
X, Y = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
mlp = MLP()
"""

_layers = Row("layers that update themselves", "F", SELF_UPDATING,
              "layers[0].weights layers[0].bias layers[2].weights layers[2].bias",
              "network.backward", "mse")  # fmt: skip
_momentum = Row("momentum after training", "F", MOMENTUM, "W1 W2", "net.backward", "net.loss")
_adam = Row("Adam with a step counter", "F", ADAM, "w b", "model.backward", "model.compute_cost")
_globals = Row("global weights", "F", GLOBALS, "w_hidden w_out", "backprop", "loss")
_dict = Row("a dict of the object", "F", STEP_CALLED, "W1 b1 W2 b2", "mlp.backward", "mlp.loss")

ROWS = [
    _layers,
    _layers.broken("no derivative", " * (1 - np.tanh(self.input) ** 2)", "",
                   "layers[0].weights layers[0].bias"),
    _momentum,
    _momentum.broken("no derivative", " * (1 - self.a1 ** 2)", "", "W1"),
    _adam,
    _adam.broken("a sum", "error.mean()", "error.sum()", "b"),
    _globals,
    _globals.broken("delta of the output", "hidden * (1 - hidden)\n", "hidden\n", "w_hidden"),
    _dict,
    _dict.broken("post-activation mask", "(self.H > 0)", "1.0", "W1 b1"),
    _dict.broken("updated before it is used",
                 "        dH = d @ self.params[\"W2\"].T * (self.H > 0)\n"
                 "        self.params[\"W2\"] -= eta * self.H.T @ d\n",
                 "        self.params[\"W2\"] -= eta * self.H.T @ d\n"
                 "        dH = d @ self.params[\"W2\"].T * (self.H > 0)\n", "W1 b1"),
]  # fmt: skip

THINKS = """
class NeuralNetwork:
    def __init__(self):
        np.random.seed(1)
        self.syn0, self.syn1 = np.random.randn(3, 4), np.random.randn(4, 1)
    def sigmoid(self, x):
        return 1 / (1 + np.exp(-x))
    def think(self, X):
        self.l1 = self.sigmoid(X @ self.syn0)
        return self.sigmoid(self.l1 @ self.syn1)
    def backprop(self, X, y):
        l2 = self.think(X)
        l2_delta = (y - l2) * l2 * (1 - l2)
        l1_delta = l2_delta.dot(self.syn1.T) * self.l1 * (1 - self.l1)
        self.syn1 += self.l1.T.dot(l2_delta)
        self.syn0 += X.T.dot(l1_delta)
def error_of(out, y):
    return 0.5 * np.sum((out - y) ** 2)
X, y = np.random.RandomState(0).rand(5, 3), np.random.RandomState(1).rand(5, 1)
nn = NeuralNetwork()
for _ in range(3):
    nn.backprop(X, y)
    print(error_of(nn.think(X), y))
"""

GLOBAL_MOMENTUM = """
def forward(X):
    global A1
    A1 = np.tanh(X @ W1)
    return A1 @ W2
def loss(X, Y):
    return 0.5 * np.sum((forward(X) - Y) ** 2)
def backward(X, Y, lr=0.1):
    global W1, W2, vW1, vW2
    d = forward(X) - Y
    dW2 = A1.T @ d
    dW1 = X.T @ (d @ W2.T * (1 - A1 ** 2))
    vW1 = 0.9 * vW1 + 0.1 * dW1
    vW2 = 0.9 * vW2 + 0.1 * dW2
    W1 = W1 - lr * vW1
    W2 = W2 - lr * vW2
def reset_network():
    global W1, W2, vW1, vW2
    r = np.random.RandomState(0)
    W1, W2 = r.randn(3, 4), r.randn(4, 2)
    vW1, vW2 = np.zeros((3, 4)), np.zeros((4, 2))
reset_network()
rng = np.random.default_rng(0)
X, Y = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
"""

_thinks = Row("a forward pass called think", "F", THINKS, "syn0 syn1", "nn.backprop", "error_of")
_both = Row("momentum over globals", "F", GLOBAL_MOMENTUM, "W1 W2", "backward", "loss")
ROWS += [
    _thinks,
    _thinks.broken("delta of the output again", "l2_delta.dot(self.syn1.T) * self.l1 * ",
                   "l2_delta.dot(self.syn1.T) * ", "syn0"),
    _both,
    _both.broken("no derivative", " * (1 - A1 ** 2)", "", "W1"),
]  # fmt: skip

STEP = """
def compute_error_for_line_given_points(b, m, points):
    total = 0
    for i in range(len(points)):
        total += (points[i, 1] - (m * points[i, 0] + b)) ** 2
    return total / float(len(points))
def step_gradient(b_current, m_current, points, learningRate):
    b_gradient, m_gradient, N = 0, 0, float(len(points))
    for i in range(len(points)):
        x, y = points[i, 0], points[i, 1]
        b_gradient += -(2 / N) * (y - (m_current * x + b_current))
        m_gradient += -(2 / N) * x * (y - (m_current * x + b_current))
    new_b = b_current - learningRate * b_gradient
    new_m = m_current - learningRate * m_gradient
    return [new_b, new_m]
def gradient_descent_runner(points, starting_b, starting_m, learning_rate, num_iterations):
    b, m = starting_b, starting_m
    for i in range(num_iterations):
        b, m = step_gradient(b, m, np.array(points), learning_rate)
    return [b, m]
# %%
points = np.array([[1.0, 2.1], [2.0, 3.9], [3.0, 6.2], [4.0, 8.1]])
learning_rate, b, m = 0.01, 0.3, 0.2
[b, m] = gradient_descent_runner(points, b, m, learning_rate, 10)
"""
STEP_ALONE = """
def mse(m, b, x, y):
    return np.mean((m * x + b - y) ** 2)
def step_gradient(m, b, x, y, lr):
    e = m * x + b - y
    m_new, b_new = m - lr * 2 * np.mean(e * x), b - lr * 2 * np.mean(e)
    return m_new, b_new
x, y = np.arange(1.0, 5), np.array([2.1, 3.9, 6.2, 8.1])
m, b, lr = 0.5, 0.1, 0.01
"""
_step = Row("a step that returns new_b, new_m", "F", STEP, "b m", "step_gradient",
            "compute_error_for_line_given_points")  # fmt: skip
_alone = Row("a step that returns m_new, b_new", "F", STEP_ALONE, "m b", "step_gradient", "mse")
_after = Row("the cost after the update", "F", THINKS.replace(
    "    print(error_of(nn.think(X), y))\n", "    cost = error_of(nn.think(X), y)\n"),
    "syn0 syn1", "nn.backprop", "error_of")  # fmt: skip
ROWS += [
    _after,
    _step,
    _step.broken("without x", "(2 / N) * x *", "(2 / N) *", "m"),
    _alone,
    _alone.broken("half", "b - lr * 2 *", "b - lr *", "b"),
]
