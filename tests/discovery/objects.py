"""Families F, L and O: updates inside backward, gradients left in attributes, oddities."""

from .rows import Row

FUSED = """
class Neural_Network(object):
    def __init__(self):
        np.random.seed(0)
        self.W1 = np.random.randn(2, 3)
        self.W2 = np.random.randn(3, 1)

    def sigmoid(self, s, deriv=False):
        if deriv == True:
            return s * (1 - s)
        return 1 / (1 + np.exp(-s))

    def forward(self, X):
        self.z = np.dot(X, self.W1)
        self.z2 = self.sigmoid(self.z)
        self.z3 = np.dot(self.z2, self.W2)
        o = self.sigmoid(self.z3)
        return o

    def loss(self, X, y):
        return 0.5 * np.sum((y - self.forward(X)) ** 2)

    def backward(self, X, y, o, lr=0.1):
        self.o_error = y - o
        self.o_delta = self.o_error * self.sigmoid(o, deriv=True)
        self.z2_error = self.o_delta.dot(self.W2.T)
        self.z2_delta = self.z2_error * self.sigmoid(self.z2, deriv=True)
        self.W1 += lr * X.T.dot(self.z2_delta)
        self.W2 += lr * self.z2.T.dot(self.o_delta)

    def train(self, X, y):
        o = self.forward(X)
        self.backward(X, y, o)

X = np.array(([2, 9], [1, 5], [3, 6]), dtype=float) / 9
y = np.array(([0.92], [0.86], [0.89]))
NN = Neural_Network()
# %%
for i in range(5):
    NN.train(X, y)
"""

FUSED_RATE_ATTRIBUTE = """
class LogReg:
    def __init__(self, n, learning_rate=0.05):
        self.weights = np.linspace(-1, 1, n)
        self.bias = 0.25
        self.learning_rate = learning_rate

    def forward(self, X):
        self.output = 1 / (1 + np.exp(-(X @ self.weights + self.bias)))
        return self.output

    def compute_loss(self, y):
        p = self.output
        return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))

    def backward(self, X, y):
        error = self.output - y
        self.weights = self.weights - self.learning_rate * (X.T @ error) / len(y)
        self.bias = self.bias - self.learning_rate * error.mean()

rng = np.random.default_rng(3)
X, y = rng.normal(size=(6, 4)), np.array([0, 1, 1, 0, 1, 0])
model = LogReg(4)
# %%
for epoch in range(3):
    model.forward(X)
    loss = model.compute_loss(y)
    model.backward(X, y)
"""

FUSED_FUNCTION = """
def forward(X, W, b):
    return X @ W + b
def mse(y_hat, y):
    return np.mean((y_hat - y) ** 2)
def backprop(X, y, y_hat, W, b, lr):
    n = y.size
    W = W - lr * 2 * X.T @ (y_hat - y) / n
    b = b - lr * 2 * np.sum(y_hat - y, axis=0) / n
    return W, b
rng = np.random.RandomState(5)
X, y = rng.randn(8, 3), rng.randn(8, 2)
W, b = rng.randn(3, 2), rng.randn(2)
lr = 0.1
for _ in range(3):
    y_hat = forward(X, W, b)
    cost = mse(y_hat, y)
    W, b = backprop(X, y, y_hat, W, b, lr)
"""

LAYERS = """
class Dense:
    def __init__(self, n_in, n_out, seed):
        rng = np.random.default_rng(seed)
        self.W = rng.normal(size=(n_in, n_out))
        self.b = np.zeros(n_out)
    def forward(self, x):
        self.x = x
        return x @ self.W + self.b
    def backward(self, dout):
        self.dW = self.x.T @ dout
        self.db = dout.sum(axis=0)
        return dout @ self.W.T

class Tanh:
    def forward(self, x):
        self.out = np.tanh(x)
        return self.out
    def backward(self, dout):
        return dout * (1 - self.out ** 2)

class MSELoss:
    def forward(self, pred, target):
        self.diff = pred - target
        return (self.diff ** 2).mean()
    def backward(self):
        return 2 * self.diff / self.diff.size

class Sequential:
    def __init__(self, *layers):
        self.layers = list(layers)
    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x
    def backward(self, grad):
        for layer in reversed(self.layers):
            grad = layer.backward(grad)
        return grad
    def step(self, lr):
        for layer in self.layers:
            if hasattr(layer, "W"):
                layer.W -= lr * layer.dW
                layer.b -= lr * layer.db
# %%
rng = np.random.default_rng(0)
X = rng.normal(size=(6, 3))
Y = rng.normal(size=(6, 2))
model = Sequential(Dense(3, 4, 1), Tanh(), Dense(4, 2, 2))
criterion = MSELoss()
# %%
for epoch in range(4):
    pred = model.forward(X)
    loss = criterion.forward(pred, Y)
    grad = criterion.backward()
    model.backward(grad)
    model.step(0.01)
"""

CHAINED = """
class Layer_Dense:
    def __init__(self, n_inputs, n_neurons):
        self.weights = 0.3 * np.random.randn(n_inputs, n_neurons)
        self.biases = np.zeros((1, n_neurons))
    def forward(self, inputs):
        self.inputs = inputs
        self.output = np.dot(inputs, self.weights) + self.biases
    def backward(self, dvalues):
        self.dweights = np.dot(self.inputs.T, dvalues)
        self.dbiases = np.sum(dvalues, axis=0, keepdims=True)
        self.dinputs = np.dot(dvalues, self.weights.T)

class Activation_ReLU:
    def forward(self, inputs):
        self.inputs = inputs
        self.output = np.maximum(0, inputs)
    def backward(self, dvalues):
        self.dinputs = dvalues.copy()
        self.dinputs[self.inputs <= 0] = 0

class Activation_Softmax_Loss:
    def forward(self, inputs, y_true):
        e = np.exp(inputs - inputs.max(axis=1, keepdims=True))
        self.output = e / e.sum(axis=1, keepdims=True)
        return -np.mean(np.log(self.output[range(len(y_true)), y_true]))
    def backward(self, dvalues, y_true):
        samples = len(dvalues)
        self.dinputs = dvalues.copy()
        self.dinputs[range(samples), y_true] -= 1
        self.dinputs = self.dinputs / samples
# %%
np.random.seed(0)
X = np.random.randn(7, 2)
y = np.random.randint(0, 3, 7)
dense1 = Layer_Dense(2, 5)
activation1 = Activation_ReLU()
dense2 = Layer_Dense(5, 3)
loss_activation = Activation_Softmax_Loss()
# %%
dense1.forward(X)
activation1.forward(dense1.output)
dense2.forward(activation1.output)
loss = loss_activation.forward(dense2.output, y)
print("loss:", loss)
# %%
loss_activation.backward(loss_activation.output, y)
dense2.backward(loss_activation.dinputs)
activation1.backward(dense2.dinputs)
dense1.backward(activation1.dinputs)
"""

STORED = """
class Network:
    def __init__(self):
        rng = np.random.RandomState(1)
        self.params = {"W1": rng.randn(3, 4), "b1": rng.randn(4), "W2": rng.randn(4, 1)}
        self.gradients = {}
    def forward(self, X):
        self.h = np.tanh(X @ self.params["W1"] + self.params["b1"])
        return self.h @ self.params["W2"]
    def cost(self, X, y):
        return 0.5 * np.mean((self.forward(X) - y) ** 2)
    def backward(self, X, y):
        d = (self.forward(X) - y) / len(y)
        dh = d @ self.params["W2"].T * (1 - self.h ** 2)
        self.gradients["W2"] = self.h.T @ d
        self.gradients["W1"] = X.T @ dh
        self.gradients["b1"] = dh.sum(axis=0)
rng = np.random.RandomState(2)
X, y = rng.randn(5, 3), rng.randn(5, 1)
nn = Network()
"""

NESTED = """
class Network(object):
    def __init__(self, sizes):
        rng = np.random.default_rng(0)
        self.num_layers = len(sizes)
        self.sizes = sizes
        self.biases = [rng.normal(size=(y, 1)) for y in sizes[1:]]
        self.weights = [rng.normal(size=(y, x)) for x, y in zip(sizes[:-1], sizes[1:])]

    def feedforward(self, a):
        for b, w in zip(self.biases, self.weights):
            a = sigmoid(np.dot(w, a) + b)
        return a

    def cost(self, x, y):
        return 0.5 * np.sum((self.feedforward(x) - y) ** 2)

    def update_mini_batch(self, mini_batch, eta):
        for x, y in mini_batch:
            delta_nabla_b, delta_nabla_w = self.backprop(x, y)

    def backprop(self, x, y):
        nabla_b = [np.zeros(b.shape) for b in self.biases]
        nabla_w = [np.zeros(w.shape) for w in self.weights]
        activation = x
        activations = [x]
        zs = []
        for b, w in zip(self.biases, self.weights):
            z = np.dot(w, activation) + b
            zs.append(z)
            activation = sigmoid(z)
            activations.append(activation)
        delta = (activations[-1] - y) * sigmoid_prime(zs[-1])
        nabla_b[-1] = delta
        nabla_w[-1] = np.dot(delta, activations[-2].transpose())
        for l in range(2, self.num_layers):
            delta = np.dot(self.weights[-l + 1].transpose(), delta) * sigmoid_prime(zs[-l])
            nabla_b[-l] = delta
            nabla_w[-l] = np.dot(delta, activations[-l - 1].transpose())
        return (nabla_b, nabla_w)

def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))

def sigmoid_prime(z):
    return sigmoid(z) * (1 - sigmoid(z))
# %%
net = Network([3, 4, 2])
x = np.array([[0.3], [-1.2], [0.8]])
y = np.array([[0.0], [1.0]])
"""

PARAMETER_OBJECTS = """
class Param:
    def __init__(self, value):
        self.value = value
        self.grad = np.zeros_like(value)
class Linear:
    def __init__(self, n_in, n_out):
        rng = np.random.default_rng(n_in)
        self.W = Param(rng.normal(size=(n_in, n_out)))
        self.B = Param(rng.normal(size=(1, n_out)))
    def forward(self, X):
        self.X = X
        return X @ self.W.value + self.B.value
    def backward(self, d):
        self.W.grad += self.X.T @ d
        self.B.grad += d.sum(axis=0, keepdims=True)
        return d @ self.W.value.T
class Model:
    def __init__(self):
        self.one, self.two = Linear(3, 4), Linear(4, 2)
    def params(self):
        return {"one.W": self.one.W}
    def compute_loss_and_gradients(self, X, y):
        for layer in (self.one, self.two):
            layer.W.grad[:] = 0
            layer.B.grad[:] = 0
        h = self.one.forward(X)
        r = np.maximum(h, 0)
        p = self.two.forward(r)
        loss = np.mean((p - y) ** 2)
        d = self.two.backward(2 * (p - y) / p.size)
        d[h < 0] = 0
        self.one.backward(d)
        return loss
rng = np.random.default_rng(9)
X, y = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
model = Model()
"""

_fused = Row("classic", "F", FUSED, "W1 W2", "NN.backward", "NN.loss", told=("lr=0.1",))
_rate = Row(
    "rate in the object",
    "F",
    FUSED_RATE_ATTRIBUTE,
    "weights bias",
    "model.backward",
    "model.compute_loss",
)
_function = Row("function", "F", FUSED_FUNCTION, "W b", "backprop", "mse")
_layers = Row(
    "sequential",
    "L",
    LAYERS,
    "layers[0].W layers[0].b layers[2].W layers[2].b",
    "model.backward",
    "criterion.forward",
)
_chained = Row(
    "chained by hand",
    "L",
    CHAINED,
    "dense1.weights dense1.biases dense2.weights dense2.biases",
    "dense1.backward",
    "loss_activation.forward",
)
_stored = Row("self.gradients", "O", STORED, "W1 b1 W2", "nn.backward", "nn.cost")
_nested = Row(
    "nested lists",
    "O",
    NESTED,
    "biases[0] biases[1] weights[0] weights[1]",
    "net.backprop",
    "net.cost",
)
_objects = Row(
    "value objects",
    "O",
    PARAMETER_OBJECTS,
    "one.W.value one.B.value two.W.value two.B.value",
    "model.compute_loss_and_gradients",
    "model.compute_loss_and_gradients",
)

ROWS = [
    _fused,
    _fused.broken("linear output", "self.o_delta = self.o_error * self.sigmoid(o, deriv=True)",
                  "self.o_delta = self.o_error", "W1 W2"),
    _rate,
    _rate.broken("sum", "error.mean()", "error.sum()", "bias"),
    _function,
    _function.broken("no axis", "np.sum(y_hat - y, axis=0)", "np.sum(y_hat - y)", "b"),
    _layers,
    _layers.broken("no derivative", "return dout * (1 - self.out ** 2)", "return dout",
                   "layers[0].W layers[0].b"),
    _chained,
    _chained.broken("mask", "        self.dinputs[self.inputs <= 0] = 0\n", "",
                    "dense1.weights dense1.biases"),
    _stored,
    _stored.broken("mean", "dh.sum(axis=0)", "dh.mean(axis=0)", "b1"),
    _nested,
    _nested.broken("wrong activation", "activations[-l - 1]", "activations[0] * 0.5 if False else "
                   "-activations[-l - 1]", "weights[0]"),
    _objects,
    _objects.broken("mask", "        d[h < 0] = 0\n", "",
                    "one.W.value one.B.value"),
]  # fmt: skip
