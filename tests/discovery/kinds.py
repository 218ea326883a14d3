"""Notebooks of more kinds, written to see what had been left out."""

from __future__ import annotations

from .rows import Row
from .styles import VALUE

LISTS_IN_SELF = """
class MLP:
    def __init__(self, sizes, seed=0):
        rng = np.random.default_rng(seed)
        pairs = list(zip(sizes[:-1], sizes[1:]))
        self.weights = [rng.normal(0, 1 / np.sqrt(a), (a, b)) for a, b in pairs]
        self.biases = [np.zeros(b) for b in sizes[1:]]
    def forward(self, X):
        self.a = [X]
        for i, (W, b) in enumerate(zip(self.weights, self.biases)):
            z = self.a[-1] @ W + b
            self.a.append(np.tanh(z) if i < len(self.weights) - 1 else z)
        return self.a[-1]
    def loss(self, X, y):
        return np.mean(np.sum((self.forward(X) - y) ** 2, axis=1))
    def backward(self, X, y):
        out = self.forward(X)
        delta = 2 * (out - y) / len(X)
        grads_w, grads_b = [], []
        for i in range(len(self.weights) - 1, -1, -1):
            grads_w.insert(0, self.a[i].T @ delta)
            grads_b.insert(0, delta.sum(axis=0))
            if i > 0:
                delta = (delta @ self.weights[i].T) * (1 - self.a[i] ** 2)
        return grads_w, grads_b
    def train(self, X, y, epochs, lr):
        for _ in range(epochs):
            gw, gb = self.backward(X, y)
            for i in range(len(self.weights)):
                self.weights[i] -= lr * gw[i]
                self.biases[i] -= lr * gb[i]
# %%
rng = np.random.default_rng(1)
X = rng.normal(size=(20, 3)); y = np.stack([X.sum(1), X[:, 0] * X[:, 1]], axis=1)
mlp = MLP([3, 6, 5, 2])
mlp.train(X, y, 3, 0.05)
print(mlp.loss(X, y))
"""

STRAIGHT_CELL = """
rng = np.random.default_rng(0)
n, d, h, c = 16, 5, 8, 4
X = rng.normal(size=(n, d)); Y = rng.integers(0, c, n)
W1 = rng.normal(size=(d, h)) * .3
b1 = rng.normal(size=h) * .1
W2 = rng.normal(size=(h, c)) * .3
b2 = np.zeros(c)
# %%
hpre = X @ W1 + b1
hid = np.tanh(hpre)
logits = hid @ W2 + b2
logit_maxes = logits.max(1, keepdims=True)
counts = np.exp(logits - logit_maxes)
probs = counts / counts.sum(1, keepdims=True)
logprobs = np.log(probs)
loss = -logprobs[range(n), Y].mean()
dlogprobs = np.zeros_like(logprobs); dlogprobs[range(n), Y] = -1.0 / n
dlogits = probs * (-dlogprobs.sum(1, keepdims=True)) + dlogprobs
dhid = dlogits @ W2.T
dW2 = hid.T @ dlogits
db2 = dlogits.sum(0)
dhpre = (1 - hid ** 2) * dhid
dW1 = X.T @ dhpre
db1 = dhpre.sum(0)
"""

CNN = """
class Conv3x3:
    def __init__(self, num_filters):
        self.num_filters = num_filters
        self.filters = np.random.randn(num_filters, 3, 3) / 9
    def iterate_regions(self, image):
        h, w = image.shape
        for i in range(h - 2):
            for j in range(w - 2):
                yield image[i:(i + 3), j:(j + 3)], i, j
    def forward(self, input):
        self.last_input = input
        h, w = input.shape
        output = np.zeros((h - 2, w - 2, self.num_filters))
        for im_region, i, j in self.iterate_regions(input):
            output[i, j] = np.sum(im_region * self.filters, axis=(1, 2))
        return output
    def backprop(self, d_L_d_out, learn_rate):
        d_L_d_filters = np.zeros(self.filters.shape)
        for im_region, i, j in self.iterate_regions(self.last_input):
            for f in range(self.num_filters):
                d_L_d_filters[f] += d_L_d_out[i, j, f] * im_region
        self.filters -= learn_rate * d_L_d_filters
        return None
class Softmax:
    def __init__(self, input_len, nodes):
        self.weights = np.random.randn(input_len, nodes) / input_len
        self.biases = np.zeros(nodes)
    def forward(self, input):
        self.last_input_shape = input.shape
        input = input.flatten()
        self.last_input = input
        totals = np.dot(input, self.weights) + self.biases
        self.last_totals = totals
        exp = np.exp(totals)
        return exp / np.sum(exp, axis=0)
    def backprop(self, d_L_d_out, learn_rate):
        for i, gradient in enumerate(d_L_d_out):
            if gradient == 0:
                continue
            t_exp = np.exp(self.last_totals)
            S = np.sum(t_exp)
            d_out_d_t = -t_exp[i] * t_exp / (S ** 2)
            d_out_d_t[i] = t_exp[i] * (S - t_exp[i]) / (S ** 2)
            d_t_d_w = self.last_input
            d_t_d_inputs = self.weights
            d_L_d_t = gradient * d_out_d_t
            d_L_d_w = d_t_d_w[np.newaxis].T @ d_L_d_t[np.newaxis]
            d_L_d_b = d_L_d_t
            d_L_d_inputs = d_t_d_inputs @ d_L_d_t
            self.weights -= learn_rate * d_L_d_w
            self.biases -= learn_rate * d_L_d_b
            return d_L_d_inputs.reshape(self.last_input_shape)
# %%
np.random.seed(0)
train_images = np.random.rand(4, 6, 6); train_labels = np.array([0, 2, 1, 2])
conv = Conv3x3(2)
softmax = Softmax(4 * 4 * 2, 3)
def forward(image, label):
    out = conv.forward(image - 0.5)
    out = softmax.forward(out)
    loss = -np.log(out[label])
    acc = 1 if np.argmax(out) == label else 0
    return out, loss, acc
def train(im, label, lr=.005):
    out, loss, acc = forward(im, label)
    gradient = np.zeros(3)
    gradient[label] = -1 / out[label]
    gradient = softmax.backprop(gradient, lr)
    gradient = conv.backprop(gradient, lr)
    return loss, acc
for im, label in zip(train_images, train_labels):
    l, acc = train(im, label)
"""

MATRIX_FACTORISATION = """
rng = np.random.default_rng(5)
R = rng.integers(1, 6, size=(6, 8)).astype(float); mask = rng.random((6, 8)) < 0.6
P = rng.normal(size=(6, 3)) * .4; Q = rng.normal(size=(8, 3)) * .4
lam = 0.1
# %%
def objective(P, Q, R, mask, lam):
    E = mask * (R - P @ Q.T)
    return 0.5 * np.sum(E ** 2) + 0.5 * lam * (np.sum(P ** 2) + np.sum(Q ** 2))
def gradients(P, Q, R, mask, lam):
    E = mask * (R - P @ Q.T)
    return -E @ Q + lam * P, -E.T @ P + lam * Q
# %%
history = []
for it in range(10):
    dP, dQ = gradients(P, Q, R, mask, lam)
    P = P - 0.01 * dP
    Q = Q - 0.01 * dQ
    history.append(objective(P, Q, R, mask, lam))
"""

GRADIENT_DESCENT = """
def compute_cost(X, y, theta):
    m = len(y)
    return np.sum((X @ theta - y) ** 2) / (2 * m)
def gradient_descent(X, y, theta, alpha, num_iters):
    m = len(y)
    J_history = []
    for i in range(num_iters):
        error = X @ theta - y
        theta = theta - alpha * (X.T @ error) / m
        J_history.append(compute_cost(X, y, theta))
    return theta, J_history
# %%
rng = np.random.default_rng(2)
X = np.c_[np.ones(30), rng.normal(size=(30, 2))]; y = X @ [1., 2., -1.] + rng.normal(size=30)
theta = np.zeros(3)
theta, J_history = gradient_descent(X, y, theta, 0.1, 50)
"""

SKLEARN_STYLE = """
class LogisticRegression:
    def __init__(self, lr=0.1, n_iters=20):
        self.lr = lr; self.n_iters = n_iters; self.weights = None; self.bias = None
    def fit(self, X, y):
        n_samples, n_features = X.shape
        self.weights = np.zeros(n_features); self.bias = 0
        for _ in range(self.n_iters):
            linear_model = np.dot(X, self.weights) + self.bias
            y_predicted = 1 / (1 + np.exp(-linear_model))
            dw = (1 / n_samples) * np.dot(X.T, (y_predicted - y))
            db = (1 / n_samples) * np.sum(y_predicted - y)
            self.weights -= self.lr * dw
            self.bias -= self.lr * db
# %%
rng = np.random.default_rng(3)
X = rng.normal(size=(40, 3)); y = (X[:, 0] > 0).astype(float)
model = LogisticRegression()
model.fit(X, y)
"""

VAE = """
rng = np.random.default_rng(0)
D, Z = 6, 2
params = {"We": rng.normal(size=(D, 2 * Z)) * .3, "be": np.zeros(2 * Z),
          "Wd": rng.normal(size=(Z, D)) * .3, "bd": np.zeros(D)}
X = rng.random((12, D))
# %%
def encode(params, X):
    s = X @ params["We"] + params["be"]
    return s[:, :Z], s[:, Z:]
def decode(params, z):
    return 1 / (1 + np.exp(-(z @ params["Wd"] + params["bd"])))
def elbo_loss(params, X, eps):
    mu, logvar = encode(params, X)
    z = mu + np.exp(0.5 * logvar) * eps
    p = decode(params, z)
    rec = -np.sum(X * np.log(p) + (1 - X) * np.log(1 - p))
    kl = -0.5 * np.sum(1 + logvar - mu ** 2 - np.exp(logvar))
    return (rec + kl) / len(X)
def elbo_grads(params, X, eps):
    mu, logvar = encode(params, X)
    sd = np.exp(0.5 * logvar)
    z = mu + sd * eps
    p = decode(params, z)
    dlogit = (p - X) / len(X)
    g = {"Wd": z.T @ dlogit, "bd": dlogit.sum(0)}
    dz = dlogit @ params["Wd"].T
    dmu = dz + mu / len(X)
    dlogvar = dz * eps * 0.5 * sd - 0.5 * (1 - np.exp(logvar)) / len(X)
    ds = np.hstack([dmu, dlogvar])
    g["We"] = X.T @ ds; g["be"] = ds.sum(0)
    return g
# %%
for step in range(5):
    eps = rng.standard_normal((len(X), Z))
    grads = elbo_grads(params, X, eps)
    for k in params: params[k] -= 0.05 * grads[k]
print(elbo_loss(params, X, eps))
"""

STATEFUL = """
class Net:
    def __init__(self, n_in, n_hidden, n_out):
        np.random.seed(0)
        self.params = {"W1": np.random.randn(n_hidden, n_in) * .5, "b1": np.zeros((n_hidden, 1)),
                       "W2": np.random.randn(n_out, n_hidden) * .5, "b2": np.zeros((n_out, 1))}
        self.cache, self.grads = {}, {}
    def forward(self, X):
        self.cache["X"] = X
        self.cache["Z1"] = self.params["W1"] @ X + self.params["b1"]
        self.cache["A1"] = np.maximum(0.01 * self.cache["Z1"], self.cache["Z1"])
        z = self.params["W2"] @ self.cache["A1"] + self.params["b2"]
        self.cache["A2"] = 1 / (1 + np.exp(-z))
        return self.cache["A2"]
    def compute_cost(self, Y):
        A2 = self.cache["A2"]
        return float(-np.mean(np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2), axis=0)))
    def backward(self, Y):
        m = Y.shape[1]
        dZ2 = (self.cache["A2"] - Y) / m
        self.grads["W2"] = dZ2 @ self.cache["A1"].T
        self.grads["b2"] = dZ2.sum(axis=1, keepdims=True)
        dA1 = self.params["W2"].T @ dZ2
        dZ1 = dA1 * np.where(self.cache["Z1"] > 0, 1, 0.01)
        self.grads["W1"] = dZ1 @ self.cache["X"].T
        self.grads["b1"] = dZ1.sum(axis=1, keepdims=True)
    def step(self, lr):
        for k in self.params: self.params[k] -= lr * self.grads[k]
# %%
rng = np.random.default_rng(1)
X_train = rng.normal(size=(4, 25)); Y_train = (rng.random((2, 25)) > .5).astype(float)
net = Net(4, 6, 2)
for i in range(3):
    net.forward(X_train)
    cost = net.compute_cost(Y_train)
    net.backward(Y_train)
    net.step(0.1)
"""

POLICY = """
D, H = 5, 4
rng = np.random.default_rng(0)
model = {"W1": rng.normal(size=(H, D)) / np.sqrt(D), "W2": rng.normal(size=H) / np.sqrt(H)}
def policy_forward(x):
    h = x @ model["W1"].T
    h = np.maximum(h, 0)
    logp = h @ model["W2"]
    p = 1.0 / (1.0 + np.exp(-logp))
    return p, h
def policy_backward(epx, eph, epdlogp):
    dW2 = eph.T @ epdlogp
    dh = np.outer(epdlogp, model["W2"])
    dh[eph <= 0] = 0
    dW1 = dh.T @ epx
    return {"W1": dW1, "W2": dW2}
# %%
epx = rng.normal(size=(12, D)); actions = rng.integers(0, 2, 12); advantages = rng.normal(size=12)
p, eph = policy_forward(epx)
epdlogp = (p - actions) * advantages
grad = policy_backward(epx, eph, epdlogp)
"""

MICROGRAD_MLP = (
    VALUE
    + """
import random
class Neuron:
    def __init__(self, nin):
        self.w = [Value(random.uniform(-1, 1)) for _ in range(nin)]; self.b = Value(0.0)
    def __call__(self, x): return sum((wi * xi for wi, xi in zip(self.w, x)), self.b).tanh()
    def parameters(self): return self.w + [self.b]
class MLP:
    def __init__(self, nin, nh):
        self.hidden = [Neuron(nin) for _ in range(nh)]; self.out = Neuron(nh)
    def __call__(self, x): return self.out([n(x) for n in self.hidden])
    def parameters(self): return [p for n in self.hidden + [self.out] for p in n.parameters()]
# %%
random.seed(1)
n = MLP(2, 2)
xs = [[2.0, 3.0], [3.0, -1.0], [0.5, 1.0]]; ys = [1.0, -1.0, 1.0]
# %%
for k in range(3):
    ypred = [n(x) for x in xs]
    loss = sum((yout - ygt) ** 2 for ygt, yout in zip(ys, ypred))
    for p in n.parameters():
        p.grad = 0.0
    loss.backward()
    for p in n.parameters():
        p.data += -0.05 * p.grad
    print(k, loss.data)
"""
)

COST = "-np.mean(y * np.log(y_predicted) + (1 - y) * np.log(1 - y_predicted))"
DEEP = "weights[0] weights[1] weights[2] biases[0] biases[1] biases[2]"

_lists = Row("lists in the object", "O", LISTS_IN_SELF, DEEP, "mlp.backward", "mlp.loss")
_straight = Row("every step by hand", "I", STRAIGHT_CELL, "W1 b1 W2 b2", "the cell", "loss")
_conv = Row(
    "layers that are globals", "F", CNN, "filters weights biases", "conv.backprop", "forward"
)
_factors = Row("two factors", "T", MATRIX_FACTORISATION, "P Q", "gradients", "objective")
_descent = Row("costs collected", "I", GRADIENT_DESCENT, "theta", "gradient_descent", "the cost")
_fit = Row("a fit without a cost", "I", SKLEARN_STYLE, "weights bias", "model.fit", "the cost",
           hints={"cost": COST})  # fmt: skip
_noise = Row("noise as an argument", "K", VAE, "We be Wd bd", "elbo_grads", "elbo_loss")
_state = Row("all in the object", "K", STATEFUL, "W1 b1 W2 b2", "net.backward", "net.compute_cost")
REWARD = "-np.sum(advantages * np.log(np.where(actions == 1, p, 1 - p)))"
NEURONS = " ".join(f"{unit}.{part}.data" for unit in ("hidden[0]", "hidden[1]", "out")
                   for part in ("w[0]", "w[1]", "b"))  # fmt: skip
_policy = Row("an error made in the cell", "K", POLICY, "W1 W2", "policy_backward", "-np.sum",
              hints={"cost": REWARD})  # fmt: skip
_neurons = Row("a network of numbers", "O", MICROGRAD_MLP, NEURONS, "loss.backward", "loss",
               noted=("gradients are added up",))  # fmt: skip

ROWS = [
    _policy,
    _policy.broken("one per cent", "dh[eph <= 0] = 0", "dh[eph < 0] = 0; dh = dh * 1.01", "W1"),
    _neurons,
    _neurons.broken("the power", "+= k * self.data ** (k - 1)", "+= self.data ** (k - 1)", NEURONS),
    _lists,
    _lists.broken("the activation below", "(1 - self.a[i] ** 2)",
                  "(1 - self.a[i - 1].mean() ** 2)",
                  "weights[0] weights[1] biases[0] biases[1]"),
    _straight,
    _straight.broken("tanh of what went in", "(1 - hid ** 2)", "(1 - hpre ** 2)", "W1 b1"),
    _conv,
    _conv.broken("not squared", "(S - t_exp[i]) / (S ** 2)", "(S - t_exp[i]) / S",
                 "filters weights biases"),
    _factors,
    _factors.broken("half of the penalty", "-E.T @ P + lam * Q", "-E.T @ P + lam * Q / 2", "Q"),
    _descent,
    _descent.broken("half", "(X.T @ error) / m", "(X.T @ error) / (2 * m)", "theta"),
    _fit,
    _fit.broken("squared", "(y_predicted - y))", "(y_predicted - y) ** 2)", "weights"),
    _noise,
    _noise.broken("without its noise", "dz * eps * 0.5 * sd - 0.5", "dz * 0.5 * sd - 0.5", "We be"),
    _state,
    _state.broken("another slope", "> 0, 1, 0.01)", "> 0, 1, 0.1)", "W1 b1"),
]  # fmt: skip
