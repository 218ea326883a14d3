"""Fresh: a network that updates itself, one example at a time, and an inverse problem."""

from __future__ import annotations

from .cases import Network, rows

UPDATING = Network(
    "scaled tanh, a backward pass that makes the step itself",
    """
def act(z):
    return 1.7159 * np.tanh(2 * z / 3)

def act_prime(z):
    return 1.7159 * 2 / 3 * (1 - np.tanh(2 * z / 3) ** 2)

class NeuralNetwork:
    def __init__(self, n_in, n_hidden, n_out, rng):
        self.W1 = rng.standard_normal((n_in, n_hidden)) / 1.5
        self.b1 = 0.2 * rng.standard_normal((1, n_hidden))
        self.W2 = rng.standard_normal((n_hidden, n_hidden)) / 1.5
        self.b2 = 0.2 * rng.standard_normal((1, n_hidden))
        self.W3 = rng.standard_normal((n_hidden, n_out)) / 1.5
        self.b3 = 0.2 * rng.standard_normal((1, n_out))

    def forward(self, X):
        self.z1 = np.dot(X, self.W1) + self.b1
        self.a1 = act(self.z1)
        self.z2 = np.dot(self.a1, self.W2) + self.b2
        self.a2 = act(self.z2)
        self.z3 = np.dot(self.a2, self.W3) + self.b3
        return 1 / (1 + np.exp(-self.z3))

    def loss(self, X, y):
        output = self.forward(X)
        return np.mean((output - y) ** 2)

    def backward(self, X, y, learning_rate):
        output = self.forward(X)
        delta3 = 2 * (output - y) / y.size * output * (1 - output)
        delta2 = np.dot(delta3, self.W3.T) * act_prime(self.z2)
        delta1 = np.dot(delta2, self.W2.T) * act_prime(self.z1)
        self.W3 -= learning_rate * np.dot(self.a2.T, delta3)
        self.b3 -= learning_rate * np.sum(delta3, axis=0, keepdims=True)
        self.W2 -= learning_rate * np.dot(self.a1.T, delta2)
        self.b2 -= learning_rate * np.sum(delta2, axis=0, keepdims=True)
        self.W1 -= learning_rate * np.dot(X.T, delta1)
        self.b1 -= learning_rate * np.sum(delta1, axis=0, keepdims=True)

rng = np.random.default_rng(161)
nn = NeuralNetwork(3, 4, 2, rng)
X = rng.standard_normal((6, 3))
y = rng.random((6, 2))
learning_rate = 0.1
for epoch in range(2):
    loss = nn.loss(X, y)
    nn.backward(X, y, learning_rate)
""",
    rows("""
delta3 = 2 * (output - y) / y.size * output * (1 - output) -> delta3 = 2 * (output - y) / y.size
delta2 = np.dot(delta3, self.W3.T) * act_prime(self.z2) -> delta2 = np.dot(delta3, self.W3.T) * act_prime(self.a2)
return 1.7159 * 2 / 3 * (1 - np.tanh(2 * z / 3) ** 2) -> return 1.7159 * (1 - np.tanh(2 * z / 3) ** 2)
self.b2 -= learning_rate * np.sum(delta2, axis=0, keepdims=True) -> self.b2 -= learning_rate * np.sum(delta2)
self.b1 -= learning_rate * np.sum(delta1, axis=0, keepdims=True) -> self.b1 -= learning_rate * np.mean(delta1, axis=0, keepdims=True)
delta1 = np.dot(delta2, self.W2.T) * act_prime(self.z1) | self.W3 -= learning_rate * np.dot(self.a2.T, delta3) | self.b3 -= learning_rate * np.sum(delta3, axis=0, keepdims=True) | self.W2 -= learning_rate * np.dot(self.a1.T, delta2) -> self.W3 -= learning_rate * np.dot(self.a2.T, delta3) | self.b3 -= learning_rate * np.sum(delta3, axis=0, keepdims=True) | self.W2 -= learning_rate * np.dot(self.a1.T, delta2) | delta1 = np.dot(delta2, self.W2.T) * act_prime(self.z1)
"""),
    other=rows("""
nn = NeuralNetwork(3, 4, 2, rng) -> nn = NeuralNetwork(4, 5, 3, rng)
X = rng.standard_normal((6, 3)) -> X = rng.standard_normal((7, 4))
y = rng.random((6, 2)) -> y = rng.random((7, 3))
"""),
)

EXAMPLES = Network(
    "swish, lists of nablas, added up example by example",
    """
def swish(z):
    return z / (1 + np.exp(-z))

def swish_prime(z):
    s = 1 / (1 + np.exp(-z))
    return s + z * s * (1 - s)

class Network:
    def __init__(self, sizes, lmbda, rng):
        self.num_layers = len(sizes)
        self.lmbda = lmbda
        self.biases = [0.2 * rng.standard_normal((b, 1)) for b in sizes[1:]]
        self.weights = [rng.standard_normal((b, a)) / np.sqrt(a) for a, b in zip(sizes[:-1], sizes[1:])]

    def feedforward(self, a):
        for b, w in zip(self.biases[:-1], self.weights[:-1]):
            a = swish(w @ a + b)
        return self.weights[-1] @ a + self.biases[-1]

    def cost(self, X, Y):
        total = 0.0
        for x, y in zip(X, Y):
            total += 0.5 * np.sum((self.feedforward(x[:, None]) - y[:, None]) ** 2)
        return total / len(X) + 0.5 * self.lmbda / len(X) * sum(np.sum(w ** 2) for w in self.weights)

    def backprop(self, x, y):
        nabla_b = [np.zeros(b.shape) for b in self.biases]
        nabla_w = [np.zeros(w.shape) for w in self.weights]
        activation = x
        activations, zs = [x], []
        for k, (b, w) in enumerate(zip(self.biases, self.weights)):
            z = w @ activation + b
            zs.append(z)
            activation = swish(z) if k < self.num_layers - 2 else z
            activations.append(activation)
        delta = activations[-1] - y
        nabla_b[-1] = delta
        nabla_w[-1] = delta @ activations[-2].T
        for l in range(2, self.num_layers):
            sp = swish_prime(zs[-l])
            delta = (self.weights[-l + 1].T @ delta) * sp
            nabla_b[-l] = delta
            nabla_w[-l] = delta @ activations[-l - 1].T
        return nabla_b, nabla_w

    def gradient(self, X, Y):
        grad_b = [np.zeros(b.shape) for b in self.biases]
        grad_w = [np.zeros(w.shape) for w in self.weights]
        for x, y in zip(X, Y):
            nabla_b, nabla_w = self.backprop(x[:, None], y[:, None])
            grad_b = [g + n for g, n in zip(grad_b, nabla_b)]
            grad_w = [g + n for g, n in zip(grad_w, nabla_w)]
        grad_b = [g / len(X) for g in grad_b]
        grad_w = [(g + self.lmbda * w) / len(X) for g, w in zip(grad_w, self.weights)]
        return grad_b, grad_w

rng = np.random.default_rng(162)
net = Network([3, 4, 4, 2], 0.3, rng)
X = rng.standard_normal((5, 3))
Y = rng.standard_normal((5, 2))
J = net.cost(X, Y)
grad_b, grad_w = net.gradient(X, Y)
""",
    rows("""
sp = swish_prime(zs[-l]) -> sp = swish_prime(activations[-l])
return s + z * s * (1 - s) -> return z * s * (1 - s)
grad_w = [(g + self.lmbda * w) / len(X) for g, w in zip(grad_w, self.weights)] -> grad_w = [g / len(X) + self.lmbda * w for g, w in zip(grad_w, self.weights)]
grad_b = [g / len(X) for g in grad_b] ->
grad_b = [g / len(X) for g in grad_b] -> grad_b = [(g + self.lmbda * b) / len(X) for g, b in zip(grad_b, self.biases)]
grad_b = [g + n for g, n in zip(grad_b, nabla_b)] -> grad_b = nabla_b
delta = (self.weights[-l + 1].T @ delta) * sp -> delta = self.weights[-l + 1].T @ delta
"""),
    other=rows("""
net = Network([3, 4, 4, 2], 0.3, rng) -> net = Network([4, 5, 5, 3], 0.4, rng)
X = rng.standard_normal((5, 3)) -> X = rng.standard_normal((6, 4))
Y = rng.standard_normal((5, 2)) -> Y = rng.standard_normal((6, 3))
"""),
)

CONDUCTION = Network(
    "conductivity and first state of a rod from what sensors saw",
    """
def diffuse(logk, u0, dt, steps):
    k = np.exp(logk)
    history = [u0]
    for n in range(steps):
        u = history[-1]
        flux = k * np.diff(u)
        new = u.copy()
        new[:-1] += dt * flux
        new[1:] -= dt * flux
        history.append(new)
    return history

def misfit(logk, u0, dt, observed, sensors, smooth):
    history = diffuse(logk, u0, dt, len(observed))
    J = 0.0
    for n in range(len(observed)):
        J += 0.5 * np.sum((history[n + 1][sensors] - observed[n]) ** 2)
    return J + 0.5 * smooth * np.sum(np.diff(logk) ** 2)

def misfit_gradient(logk, u0, dt, observed, sensors, smooth):
    history = diffuse(logk, u0, dt, len(observed))
    k = np.exp(logk)
    adj = np.zeros_like(u0)
    dk = np.zeros_like(k)
    for n in range(len(observed) - 1, -1, -1):
        adj[sensors] += history[n + 1][sensors] - observed[n]
        dflux = dt * (adj[:-1] - adj[1:])
        dk += dflux * np.diff(history[n])
        back = adj.copy()
        back[1:] += k * dflux
        back[:-1] -= k * dflux
        adj = back
    dlogk = dk * k
    rough = smooth * np.diff(logk)
    dlogk[1:] += rough
    dlogk[:-1] -= rough
    du0 = adj
    return dlogk, du0

rng = np.random.default_rng(163)
cells, steps, dt = 7, 5, 0.2
sensors = np.array([1, 3, 6])
observed = rng.standard_normal((steps, 3))
logk, u0 = 0.4 * rng.standard_normal(cells - 1), rng.standard_normal(cells)
smooth = 0.2
J = misfit(logk, u0, dt, observed, sensors, smooth)
dlogk, du0 = misfit_gradient(logk, u0, dt, observed, sensors, smooth)
""",
    rows("""
dlogk = dk * k -> dlogk = dk
dk += dflux * np.diff(history[n]) -> dk += dflux * np.diff(history[n + 1])
dflux = dt * (adj[:-1] - adj[1:]) -> dflux = dt * (adj[1:] - adj[:-1])
adj[sensors] += history[n + 1][sensors] - observed[n] -> adj[sensors] = history[n + 1][sensors] - observed[n]
dlogk[:-1] -= rough ->
dk += dflux * np.diff(history[n]) -> dk = dflux * np.diff(history[n])
"""),
    other=rows("""
cells, steps, dt = 7, 5, 0.2 -> cells, steps, dt = 8, 6, 0.15
sensors = np.array([1, 3, 6]) -> sensors = np.array([0, 2, 5, 7])
observed = rng.standard_normal((steps, 3)) -> observed = rng.standard_normal((steps, 4))
smooth = 0.2 -> smooth = 0.35
"""),
)

NETWORKS = (UPDATING, EXAMPLES, CONDUCTION)
