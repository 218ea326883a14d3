"""Functions made for an optimiser, costs kept as classes, gradients named by their keys."""

from .rows import Row

WORD2VEC = """
import random
def softmax(x):
    e = np.exp(x - x.max())
    return e / e.sum()
def naive_loss(center, k, outside, dataset):
    p = softmax(outside @ center)
    loss = -np.log(p[k])
    p[k] -= 1
    return loss, outside.T @ p, np.outer(p, center)
def skipgram(word, context, word2Ind, centers, outsides, dataset, lossAndGradient=naive_loss):
    loss, grad_centers, grad_outsides = 0.0, np.zeros(centers.shape), np.zeros(outsides.shape)
    k = word2Ind[word]
    for other in context:
        one, first, second = lossAndGradient(centers[k], word2Ind[other], outsides, dataset)
        loss += one
        grad_centers[k] += first
        grad_outsides += second
    return loss, grad_centers, grad_outsides
def word2vec_sgd_wrapper(word2vecModel, word2Ind, wordVectors, dataset, windowSize,
                         lossAndGradient=naive_loss):
    loss, grad, rounds = 0.0, np.zeros(wordVectors.shape), 4
    half = wordVectors.shape[0] // 2
    centers, outsides = wordVectors[:half], wordVectors[half:]
    for _ in range(rounds):
        word, context = dataset.getRandomContext(random.randint(1, windowSize))
        c, gin, gout = word2vecModel(word, context, word2Ind, centers, outsides, dataset,
                                     lossAndGradient)
        loss += c / rounds
        grad[:half] += gin / rounds
        grad[half:] += gout / rounds
    return loss, grad
class Toy:
    def getRandomContext(self, size):
        return random.choice("abcd"), [random.choice("abcd") for _ in range(2 * size)]
dataset, word2Ind, windowSize = Toy(), {w: k for k, w in enumerate("abcd")}, 2
# %%
wordVectors = np.random.default_rng(0).normal(size=(8, 3))
random.seed(1)
loss, grad = word2vec_sgd_wrapper(skipgram, word2Ind, wordVectors, dataset, windowSize)
"""
# names of the notebook's own, behind a lambda
LAMBDA = WORD2VEC.partition("wordVectors = np")[0].replace(
    "word2Ind, windowSize = ", "tokens, _ = "
)
LAMBDA += """vectors = np.random.default_rng(0).normal(size=(8, 3))
def gradcheck_naive(f, x):
    return f(x)[0]
gradcheck_naive(lambda vec: word2vec_sgd_wrapper(skipgram, tokens, vec, dataset, 2), vectors)
"""
KEPT = """
class SquaredError:
    @staticmethod
    def fn(a, y):
        return 0.5 * np.sum((a - y) ** 2)
    @staticmethod
    def delta(a, y):
        return (a - y) * a * (1 - a)
class CrossEntropy:
    @staticmethod
    def fn(a, y):
        return -np.sum(y * np.log(a) + (1 - y) * np.log(1 - a))
    @staticmethod
    def delta(a, y):
        return (a - y)
class Net:
    def __init__(self, widths, cost=CrossEntropy):
        rng, self.cost = np.random.default_rng(3), cost
        pairs = list(zip(widths[:-1], widths[1:]))
        self.weights = [rng.normal(size=(n, m)) for m, n in pairs]
        self.biases = [rng.normal(size=(n, 1)) for _, n in pairs]
    def feedforward(self, a):
        for w, b in zip(self.weights, self.biases):
            a = 1 / (1 + np.exp(-(w @ a + b)))
        return a
    def backprop(self, x, y):
        seen = [x]
        for w, b in zip(self.weights, self.biases):
            seen.append(1 / (1 + np.exp(-(w @ seen[-1] + b))))
        nabla_w, nabla_b = [0] * len(self.weights), [0] * len(self.weights)
        delta = self.cost.delta(seen[-1], y)
        for k in reversed(range(len(self.weights))):
            nabla_w[k], nabla_b[k] = delta @ seen[k].T, delta
            delta = self.weights[k].T @ delta * seen[k] * (1 - seen[k])
        return nabla_w, nabla_b
    def fit(self, pairs, eta):
        for x, y in pairs:
            nabla_w, nabla_b = self.backprop(x, y)
            self.weights = [w - eta * n for w, n in zip(self.weights, nabla_w)]
            self.biases = [b - eta * n for b, n in zip(self.biases, nabla_b)]
rng = np.random.default_rng(0)
training_data = [(rng.random((4, 1)), np.eye(2)[:, [k % 2]]) for k in range(6)]
net = Net([4, 5, 2])
net.fit(training_data, 0.5)
"""
# what scipy.optimize.minimize is given: a function of one vector, and where it starts
UNROLLED = """
def network_cost(unrolled, wide, X, y, lam):
    W1 = unrolled[: wide * 3].reshape(wide, 3)
    W2 = unrolled[wide * 3 :].reshape(2, wide)
    h = np.tanh(X @ W1.T)
    J = np.sum((h @ W2.T - y) ** 2) / 2 + lam / 2 * np.sum(W1 ** 2)
    d = h @ W2.T - y
    grad1 = (d @ W2 * (1 - h ** 2)).T @ X + lam * W1
    grad = np.concatenate([grad1.ravel(), (d.T @ h).ravel()])
    return J, grad
rng = np.random.default_rng(0)
X, y, wide, lam = rng.normal(size=(7, 3)), rng.normal(size=(7, 2)), 4, 0.5
initial_unrolled = rng.normal(size=20)
"""
KEYS = """
def forward(X, p):
    A1 = np.tanh(X @ p["W1"])
    return A1, A1 @ p["W2"]
def cost(A2, Y):
    return np.mean((A2 - Y) ** 2)
def backward(X, Y, A1, A2, p):
    dZ2 = 2 * (A2 - Y) / Y.size
    dZ1 = dZ2 @ p["W2"].T * (1 - A1 ** 2)
    return {"dW1": X.T @ dZ1, "dW2": A1.T @ dZ2}
rng = np.random.default_rng(0)
X, Y = rng.normal(size=(10, 3)), rng.normal(size=(10, 2))
p = {"W1": rng.normal(size=(3, 4)), "W2": rng.normal(size=(4, 2))}
"""

_plain = Row("a cost and gradient for sgd", "S", WORD2VEC, "wordVectors", "word2vec_sgd_wrapper",
             "word2vec_sgd_wrapper")  # fmt: skip
_lambda = Row("behind a lambda", "S", LAMBDA, "vectors", "word2vec_sgd_wrapper",
              "word2vec_sgd_wrapper", told=("tokens, vectors, dataset, windowSize=2",))  # fmt: skip
_kept = Row("a cost kept as a class", "T", KEPT, "weights[0] weights[1] biases[0] biases[1]",
            "net.backprop", "net.cost.fn", told=("net.cost.fn(net.feedforward(",))  # fmt: skip
_keys = Row("a key of the gradients named", "D", KEYS, "W1", "backward", "cost",
            hints={"grads": "dW1"},
            noted=("W2: not checked, --grads names no gradient of it",))  # fmt: skip
_start = Row("where an optimiser starts", "S", UNROLLED, "unrolled", "network_cost",
             "network_cost", told=("network_cost(initial_unrolled, wide",))  # fmt: skip
_all = Row("gradients of nameless output", "D", KEYS, "W1 W2", "backward", "cost")

ROWS = [
    _plain,
    _plain.broken("not averaged", "gout / rounds", "gout", "wordVectors"),
    _lambda,
    _lambda.broken("sign", "outside.T @ p,", "-outside.T @ p,", "vectors"),
    _kept,
    _kept.broken("sign", "        return (a - y)\n", "        return (y - a)\n",
                 "weights[0] weights[1] biases[0] biases[1]"),
    _keys,
    _keys.broken("twice", '"dW1": X.T @ dZ1', '"dW1": 2 * X.T @ dZ1', "W1"),
    _start,
    _start.broken("lambda twice", "+ lam * W1", "+ 2 * lam * W1", "unrolled"),
    _all,
    _all.broken("twice", '"dW2": A1.T @ dZ2', '"dW2": 2 * A1.T @ dZ2', "W2"),
]  # fmt: skip
