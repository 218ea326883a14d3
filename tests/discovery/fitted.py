"""What only a training method has: encoded labels, a list of pairs, parameters that it draws."""

from .rows import Row

FIT = """
class Classifier:
    def __init__(self, hidden=5, alpha=0.1):
        self.hidden, self.alpha = hidden, alpha
        self.rng = np.random.RandomState(0)
    def _init(self, n_in, n_out):
        sizes = [n_in, self.hidden, n_out]
        self.coefs_ = [self.rng.uniform(-1, 1, s) for s in zip(sizes, sizes[1:])]
        self.intercepts_ = [self.rng.uniform(-1, 1, s) for s in sizes[1:]]
    def _forward_pass(self, X):
        h = np.tanh(X @ self.coefs_[0] + self.intercepts_[0])
        z = np.exp(h @ self.coefs_[1] + self.intercepts_[1])
        return h, z / z.sum(axis=1, keepdims=True)
    def _compute_loss_grad(self, X, y):
        h, probs = self._forward_pass(X)
        loss = -np.sum(y * np.log(probs)) / len(X)
        loss += 0.5 * self.alpha * sum((w ** 2).sum() for w in self.coefs_)
        delta = (probs - y) / len(X)
        coef_grads = [None, h.T @ delta + self.alpha * self.coefs_[1]]
        intercept_grads = [None, delta.sum(axis=0)]
        delta = delta @ self.coefs_[1].T * (1 - h ** 2)
        coef_grads[0] = X.T @ delta + self.alpha * self.coefs_[0]
        intercept_grads[0] = delta.sum(axis=0)
        return loss, coef_grads, intercept_grads
    def fit(self, X, y, epochs=3):
        self.classes_ = np.unique(y)
        Y = (y[:, None] == self.classes_).astype(float)
        self._init(X.shape[1], len(self.classes_))
        for _ in range(epochs):
            loss, coef_grads, intercept_grads = self._compute_loss_grad(X, Y)
            for i in range(2):
                self.coefs_[i] -= 0.1 * coef_grads[i]
                self.intercepts_[i] -= 0.1 * intercept_grads[i]
        return self
X, y = np.random.RandomState(1).randn(20, 4), np.arange(20) % 3
clf = Classifier().fit(X, y)
"""
PAIRS = """
class Network:
    def __init__(self, sizes):
        rng = np.random.RandomState(0)
        self.biases = [rng.randn(n, 1) for n in sizes[1:]]
        self.weights = [rng.randn(n, m) for m, n in zip(sizes, sizes[1:])]
    def feedforward(self, a):
        for b, w in zip(self.biases, self.weights):
            a = np.tanh(w @ a + b)
        return a
    def update_mini_batch(self, mini_batch, eta):
        for x, y in mini_batch:
            nabla_b, nabla_w = self.backprop(x, y)
            self.weights = [w - eta * nw for w, nw in zip(self.weights, nabla_w)]
            self.biases = [b - eta * nb for b, nb in zip(self.biases, nabla_b)]
    def backprop(self, x, y):
        nabla_b = [np.zeros(b.shape) for b in self.biases]
        nabla_w = [np.zeros(w.shape) for w in self.weights]
        activations = [x]
        for b, w in zip(self.biases, self.weights):
            activations.append(np.tanh(w @ activations[-1] + b))
        delta = activations[-1] - y
        for l in range(1, len(self.weights) + 1):
            delta = delta * (1 - activations[-l] ** 2)
            nabla_b[-l], nabla_w[-l] = delta, delta @ activations[-l - 1].T
            delta = self.weights[-l].T @ delta
        return nabla_b, nabla_w
rng = np.random.RandomState(2)
training_data = [(rng.randn(4, 1), rng.randn(2, 1)) for _ in range(6)]
net = Network([4, 5, 2])
net.update_mini_batch(training_data, 0.1)
"""
BOTH = "coefs_[0] coefs_[1] intercepts_[0] intercepts_[1]"
FOUR = "biases[0] biases[1] weights[0] weights[1]"
CALL = "clf._compute_loss_grad"
COST = "np.sum((net.feedforward(training_data[0][0]) - training_data[0][1])**2) / 2"

_fit = Row("labels encoded in fit", "S", FIT, BOTH, CALL, CALL,
           told=("clf._compute_loss_grad(X, Y)",))  # fmt: skip
_hint = Row("parameters drawn in fit", "S", FIT, BOTH, CALL, CALL,
            hints={"data": "X,np.eye(3)[y]"})  # fmt: skip
_pairs = Row("a list of pairs", "K", PAIRS, FOUR, "net.backprop", "np.sum", hints={"cost": COST},
             told=("net.backprop(training_data[0][0], training_data[0][1])",))  # fmt: skip
ROWS = [
    _fit,
    _hint,
    _fit.broken("alpha", "h.T @ delta + self.alpha", "h.T @ delta + 2 * self.alpha", "coefs_[1]"),
    _pairs,
    _pairs.broken("a", "delta @ activations[-l - 1].T", "2 * delta @ activations[-l - 1].T",
                  "weights[0] weights[1]"),
]  # fmt: skip
