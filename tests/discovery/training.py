"""A stack of layers in a training loop, and no backward pass of the whole network."""

from __future__ import annotations

from .rows import Row

LAYERS = """
class Layer:
    def __init__(self):
        self.input = None; self.output = None
class Dense(Layer):
    def __init__(self, input_size, output_size):
        self.weights = np.random.randn(output_size, input_size)
        self.bias = np.random.randn(output_size, 1)
    def forward(self, input):
        self.input = input
        return np.dot(self.weights, self.input) + self.bias
    def backward(self, output_gradient, learning_rate):
        weights_gradient = np.dot(output_gradient, self.input.T)
        input_gradient = np.dot(self.weights.T, output_gradient)
        self.weights -= learning_rate * weights_gradient
        self.bias -= learning_rate * output_gradient
        return input_gradient
class Tanh(Layer):
    def forward(self, input):
        self.input = input
        return np.tanh(input)
    def backward(self, output_gradient, learning_rate):
        return output_gradient * (1 - np.tanh(self.input) ** 2)
def mse(y_true, y_pred): return np.mean(np.power(y_true - y_pred, 2))
def mse_prime(y_true, y_pred): return 2 * (y_pred - y_true) / np.size(y_true)
np.random.seed(0)
X = np.reshape([[0, 0], [0, 1], [1, 0], [1, 1]], (4, 2, 1)).astype(float)
Y = np.reshape([[0], [1], [1], [0]], (4, 1, 1)).astype(float)
network = [Dense(2, 3), Tanh(), Dense(3, 1), Tanh()]
"""

CELL = """
# %%
epochs = 5
learning_rate = 0.1
for e in range(epochs):
    error = 0
    for x, y in zip(X, Y):
        output = x
        for layer in network:
            output = layer.forward(output)
        error += mse(y, output)
        grad = mse_prime(y, output)
        for layer in reversed(network):
            grad = layer.backward(grad, learning_rate)
    error /= len(X)
    if e % 2 == 0:
        print(f"{e + 1}/{epochs}, error={error}")
"""

FUNCTION = """
# %%
def predict(network, input):
    output = input
    for layer in network:
        output = layer.forward(output)
    return output
def train(network, loss, loss_prime, x_train, y_train, epochs=5, learning_rate=0.01, verbose=True):
    for e in range(epochs):
        error = 0
        for x, y in zip(x_train, y_train):
            output = predict(network, x)
            error += loss(y, output)
            grad = loss_prime(y, output)
            for layer in reversed(network):
                grad = layer.backward(grad, learning_rate)
        error /= len(x_train)
        if verbose: print(f"{e + 1}/{epochs}, error={error}")
train(network, mse, mse_prime, X, Y, epochs=3, learning_rate=0.1)
"""

CLASS = """
# %%
class Network:
    def __init__(self):
        self.layers = []; self.loss = None; self.loss_prime = None
    def add(self, layer): self.layers.append(layer)
    def use(self, loss, loss_prime): self.loss = loss; self.loss_prime = loss_prime
    def predict(self, input_data):
        result = []
        for i in range(len(input_data)):
            output = input_data[i]
            for layer in self.layers:
                output = layer.forward(output)
            result.append(output)
        return result
    def fit(self, x_train, y_train, epochs, learning_rate):
        samples = len(x_train)
        for i in range(epochs):
            err = 0
            for j in range(samples):
                output = x_train[j]
                for layer in self.layers:
                    output = layer.forward(output)
                err += self.loss(y_train[j], output)
                error = self.loss_prime(y_train[j], output)
                for layer in reversed(self.layers):
                    error = layer.backward(error, learning_rate)
            err /= samples
            print('epoch %d/%d   error=%f' % (i+1, epochs, err))
net = Network()
for l in network: net.add(l)
net.use(mse, mse_prime)
net.fit(X, Y, epochs=3, learning_rate=0.1)
"""

BATCHES = """
class Affine:
    def __init__(self, n, m):
        self.W = np.random.randn(n, m) * .5; self.b = np.zeros(m)
    def forward(self, x):
        self.x = x
        return x @ self.W + self.b
    def backward(self, dout):
        self.dW = self.x.T @ dout
        self.db = dout.sum(axis=0)
        return dout @ self.W.T
class Relu:
    def forward(self, x):
        self.mask = x <= 0
        out = x.copy(); out[self.mask] = 0
        return out
    def backward(self, dout):
        dout = dout.copy(); dout[self.mask] = 0
        return dout
def softmax_loss(scores, y):
    p = np.exp(scores - scores.max(1, keepdims=True)); p /= p.sum(1, keepdims=True)
    n = len(y)
    loss = -np.log(p[np.arange(n), y]).mean()
    d = p.copy(); d[np.arange(n), y] -= 1
    return loss, d / n
# %%
np.random.seed(1)
X_train = np.random.randn(40, 5); y_train = np.random.randint(0, 3, 40)
layers = [Affine(5, 7), Relu(), Affine(7, 3)]
lr, batch_size = 0.1, 8
# %%
for epoch in range(2):
    idx = np.random.permutation(len(X_train))
    for start in range(0, len(X_train), batch_size):
        batch = idx[start:start + batch_size]
        xb, yb = X_train[batch], y_train[batch]
        out = xb
        for layer in layers:
            out = layer.forward(out)
        loss, dout = softmax_loss(out, yb)
        for layer in layers[::-1]:
            dout = layer.backward(dout)
        for layer in layers:
            if hasattr(layer, "W"):
                layer.W -= lr * layer.dW
                layer.b -= lr * layer.db
    print(epoch, loss)
"""

CALLED = """
class Module:
    def parameters(self): return []
class Linear(Module):
    def __init__(self, n, m, rng):
        self.W = rng.normal(size=(n, m)) / np.sqrt(n)
        self.b = np.zeros(m)
        self.gW = None
        self.gb = None
    def __call__(self, x):
        self.x = x
        return x @ self.W + self.b
    def backward(self, g):
        self.gW = self.x.T @ g; self.gb = g.sum(0)
        return g @ self.W.T
    def parameters(self): return [(self.W, self.gW), (self.b, self.gb)]
class GELU(Module):
    def __call__(self, x):
        self.x = x; self.t = np.tanh(0.7978845608 * (x + 0.044715 * x ** 3))
        return 0.5 * x * (1 + self.t)
    def backward(self, g):
        dt = (1 - self.t ** 2) * 0.7978845608 * (1 + 3 * 0.044715 * self.x ** 2)
        return g * (0.5 * (1 + self.t) + 0.5 * self.x * dt)
class MSE(Module):
    def __call__(self, out, y):
        self.diff = out - y
        return (self.diff ** 2).mean()
    def backward(self):
        return 2 * self.diff / self.diff.size
# %%
rng = np.random.default_rng(0)
model = [Linear(3, 6, rng), GELU(), Linear(6, 2, rng)]
loss_fn = MSE()
X = rng.normal(size=(8, 3)); Y = rng.normal(size=(8, 2))
def train_step(x, y, lr=0.1):
    h = x
    for layer in model:
        h = layer(h)
    loss = loss_fn(h, y)
    g = loss_fn.backward()
    for layer in reversed(model):
        g = layer.backward(g)
    for layer in model:
        for p, gp in layer.parameters():
            p -= lr * gp
    return loss
for _ in range(3):
    print(train_step(X, Y))
"""

STACK = "network[0].weights network[0].bias network[2].weights network[2].bias"
OWN = STACK.replace("network", "layers")
KEPT = "layers[0].W layers[0].b layers[2].W layers[2].b"
UPDATED = ("gradients are read from the update of the parameters, at learning rate 0.1",)

_cell = Row("layers in a cell", "F", LAYERS + CELL, STACK, "the cell", "the cost", noted=UPDATED)
_function = Row("layers in a function", "F", LAYERS + FUNCTION, STACK, "train", "the cost",
                noted=UPDATED)  # fmt: skip
_class = Row("layers of a class that fits", "F", LAYERS + CLASS, OWN, "net.fit", "the cost",
             noted=UPDATED)  # fmt: skip
_batches = Row("layers over mini-batches", "L", BATCHES, KEPT, "the cell", "loss")
_called = Row("layers that are called", "L", CALLED, KEPT.replace("layers", "model"),
              "train_step", "loss")  # fmt: skip

ROWS = [
    _cell,
    _cell.broken("tanh squared forgotten", "(1 - np.tanh(self.input) ** 2)",
                 "(1 - np.tanh(self.input))", STACK),
    _function,
    _function.broken("twice below", "np.dot(self.weights.T, output_gradient)",
                     "np.dot(self.weights.T, output_gradient) * 2",
                     "network[0].weights network[0].bias"),
    _class,
    _class.broken("half of the error", "2 * (y_pred - y_true) / np.size(y_true)",
                  "(y_pred - y_true) / np.size(y_true)", OWN),
    _batches,
    _batches.broken("bias averaged", "self.db = dout.sum(axis=0)", "self.db = dout.mean(axis=0)",
                    "layers[0].b layers[2].b"),
    _called,
    _called.broken("inner derivative", "1 + 3 * 0.044715", "1 + 2 * 0.044715",
                   "model[0].W model[0].b"),
]  # fmt: skip
