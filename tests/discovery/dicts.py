"""Families D and K: gradients in a dict."""

from .rows import Row

TWO_LAYERS = """
def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def relu_backward(dA, Z):
    return dA * (Z > 0)

def initialize_parameters(n_x, n_h, n_y):
    rng = np.random.RandomState(1)
    return {"W1": rng.randn(n_h, n_x) * 0.4, "b1": rng.randn(n_h, 1) * 0.1,
            "W2": rng.randn(n_y, n_h) * 0.4, "b2": rng.randn(n_y, 1) * 0.1}
# %%
def forward_propagation(X, parameters):
    Z1 = parameters["W1"] @ X + parameters["b1"]
    A1 = np.tanh(Z1)
    Z2 = parameters["W2"] @ A1 + parameters["b2"]
    A2 = sigmoid(Z2)
    cache = {"Z1": Z1, "A1": A1, "Z2": Z2, "A2": A2}
    return A2, cache
# %%
def compute_cost(A2, Y):
    m = Y.shape[1]
    return -np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2)) / m
# %%
def backward_propagation(parameters, cache, X, Y):
    m = X.shape[1]
    dZ2 = cache["A2"] - Y
    dW2 = dZ2 @ cache["A1"].T / m
    db2 = np.sum(dZ2, axis=1, keepdims=True) / m
    dZ1 = parameters["W2"].T @ dZ2 * (1 - cache["A1"] ** 2)
    dW1 = dZ1 @ X.T / m
    db1 = np.sum(dZ1, axis=1, keepdims=True) / m
    return {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2, "dZ1": dZ1}
# %%
def update_parameters(parameters, grads, learning_rate=0.5):
    return {key: parameters[key] - learning_rate * grads["d" + key] for key in parameters}

def nn_model(X, Y, n_h, num_iterations=10):
    parameters = initialize_parameters(X.shape[0], n_h, Y.shape[0])
    for i in range(num_iterations):
        A2, cache = forward_propagation(X, parameters)
        cost = compute_cost(A2, Y)
        grads = backward_propagation(parameters, cache, X, Y)
        parameters = update_parameters(parameters, grads)
        if i % 1000 == 0:
            print(cost)
    return parameters
# %%
np.random.seed(3)
X = np.random.randn(3, 7)
Y = (np.random.rand(2, 7) > 0.5).astype(int)
parameters = initialize_parameters(3, 4, 2)
"""

BY_CELLS = TWO_LAYERS.replace(
    """
np.random.seed(3)
X = np.random.randn(3, 7)
Y = (np.random.rand(2, 7) > 0.5).astype(int)
parameters = initialize_parameters(3, 4, 2)
""",
    """
def forward_propagation_test_case():
    rng = np.random.RandomState(2)
    return rng.randn(3, 5), initialize_parameters(3, 4, 2), (rng.rand(2, 5) > 0.5) * 1.0
# %%
X_assess, parameters, Y_assess = forward_propagation_test_case()
A2, cache = forward_propagation(X_assess, parameters)
# %%
print(compute_cost(A2, Y_assess))
# %%
grads = backward_propagation(parameters, cache, X_assess, Y_assess)
""",
).replace("def nn_model", "def unused")

N_LAYERS = """
from math import exp
def relu(x):
    return np.maximum(0, x)
def forward_propagation_n(X, Y, parameters):
    W1, b1 = parameters["W1"], parameters["b1"]
    W2, b2 = parameters["W2"], parameters["b2"]
    W3, b3 = parameters["W3"], parameters["b3"]
    Z1 = np.dot(W1, X) + b1
    A1 = relu(Z1)
    Z2 = np.dot(W2, A1) + b2
    A2 = relu(Z2)
    Z3 = np.dot(W3, A2) + b3
    A3 = 1 / (1 + np.exp(-Z3))
    logprobs = -np.log(A3) * Y - np.log(1 - A3) * (1 - Y)
    cost = 1.0 / X.shape[1] * np.sum(logprobs)
    cache = (Z1, A1, W1, b1, Z2, A2, W2, b2, Z3, A3, W3, b3)
    return cost, cache
def backward_propagation_n(X, Y, cache):
    m = X.shape[1]
    (Z1, A1, W1, b1, Z2, A2, W2, b2, Z3, A3, W3, b3) = cache
    dZ3 = A3 - Y
    dW3 = np.dot(dZ3, A2.T) / m
    db3 = np.sum(dZ3, axis=1, keepdims=True) / m
    dA2 = np.dot(W3.T, dZ3)
    dZ2 = dA2 * (A2 > 0)
    dW2 = np.dot(dZ2, A1.T) / m
    db2 = np.sum(dZ2, axis=1, keepdims=True) / m
    dA1 = np.dot(W2.T, dZ2)
    dZ1 = dA1 * (A1 > 0)
    dW1 = np.dot(dZ1, X.T) / m
    db1 = np.sum(dZ1, axis=1, keepdims=True) / m
    gradients = {"dZ3": dZ3, "dW3": dW3, "db3": db3, "dA2": dA2, "dZ2": dZ2, "dW2": dW2,
                 "db2": db2, "dA1": dA1, "dZ1": dZ1, "dW1": dW1, "db1": db1}
    return gradients
def gradient_check_n(parameters, gradients, X, Y, epsilon=1e-7):
    raise RuntimeError("a decoy")
# %%
rng = np.random.default_rng(0)
X = rng.standard_normal((4, 3))
Y = np.array([[1, 1, 0]])
parameters = {"W1": rng.standard_normal((5, 4)), "b1": rng.standard_normal((5, 1)),
              "W2": rng.standard_normal((3, 5)), "b2": rng.standard_normal((3, 1)),
              "W3": rng.standard_normal((1, 3)), "b3": rng.standard_normal((1, 1))}
# %%
cost, cache = forward_propagation_n(X, Y, parameters)
gradients = backward_propagation_n(X, Y, cache)
"""

REGULARISED = """
def forward(X, params):
    A1 = np.tanh(params["W1"] @ X + params["b1"])
    Z2 = params["W2"] @ A1 + params["b2"]
    e = np.exp(Z2 - Z2.max(axis=0))
    A2 = e / e.sum(axis=0)
    return A2, {"A1": A1, "A2": A2}
def compute_cost(A2, Y):
    return -np.sum(Y * np.log(A2)) / Y.shape[1]
def compute_cost_with_regularization(A2, Y, params, lambd):
    penalty = sum(np.sum(params[k] ** 2) for k in ("W1", "W2"))
    return compute_cost(A2, Y) + lambd * penalty / (2 * Y.shape[1])
def backward_propagation(X, Y, params, cache):
    m = X.shape[1]
    dZ2 = cache["A2"] - Y
    dZ1 = params["W2"].T @ dZ2 * (1 - cache["A1"] ** 2)
    return {"dW1": dZ1 @ X.T / m, "db1": dZ1.sum(axis=1, keepdims=True) / m,
            "dW2": dZ2 @ cache["A1"].T / m, "db2": dZ2.sum(axis=1, keepdims=True) / m}
def backward_propagation_with_regularization(X, Y, params, cache, lambd):
    m = X.shape[1]
    dZ2 = cache["A2"] - Y
    dZ1 = params["W2"].T @ dZ2 * (1 - cache["A1"] ** 2)
    return {"dW1": dZ1 @ X.T / m + lambd * params["W1"] / m,
            "db1": dZ1.sum(axis=1, keepdims=True) / m,
            "dW2": dZ2 @ cache["A1"].T / m + lambd * params["W2"] / m,
            "db2": dZ2.sum(axis=1, keepdims=True) / m}
# %%
def model(X, Y, lambd=0, steps=3):
    params = {"W1": np.ones((3, 2)), "b1": np.zeros((3, 1)),
              "W2": np.ones((2, 3)), "b2": np.zeros((2, 1))}
    for step in range(steps):
        A2, cache = forward(X, params)
        if lambd == 0:
            cost = compute_cost(A2, Y)
        else:
            cost = compute_cost_with_regularization(A2, Y, params, lambd)
        if lambd == 0:
            grads = backward_propagation(X, Y, params, cache)
        else:
            grads = backward_propagation_with_regularization(X, Y, params, cache, lambd)
        for key in params:
            params[key] = params[key] - 0.1 * grads["d" + key]
    return params
# %%
rng = np.random.RandomState(7)
train_X = rng.randn(2, 6)
train_Y = np.eye(2)[:, rng.randint(2, size=6)]
# %%
params = model(train_X, train_Y, lambd=0.7)
"""

ALONE = """
class Net:
    pass
def net_forward(x, p):
    h = np.maximum(0, x @ p["w1"] + p["bias1"])
    return h @ p["w2"] + p["bias2"], h
def mse_loss(output, target):
    return ((output - target) ** 2).mean()
def net_backward(x, target, p, output, h):
    d = 2 * (output - target) / output.size
    dh = (d @ p["w2"].T) * (h > 0)
    grads = {}
    grads["DW1"] = x.T @ dh
    grads["DBias1"] = dh.sum(0)
    grads["DW2"] = h.T @ d
    grads["DBias2"] = d.sum(0)
    return grads
rng = np.random.default_rng(4)
x_train = rng.normal(size=(6, 3))
y_train = rng.normal(size=(6, 2))
x_test = rng.normal(size=(4, 3))
y_test = rng.normal(size=(4, 2))
p = dict(w1=rng.normal(size=(3, 5)), bias1=rng.normal(size=5),
         w2=rng.normal(size=(5, 2)), bias2=rng.normal(size=2))
"""

SAME_KEYS = """
class TwoLayer:
    def __init__(self, n_in, n_hidden, n_out):
        rng = np.random.default_rng(0)
        self.params = {"W1": rng.normal(size=(n_in, n_hidden)), "b1": rng.normal(size=n_hidden),
                       "W2": rng.normal(size=(n_hidden, n_out)), "b2": rng.normal(size=n_out)}

    def predict(self, x):
        a1 = np.tanh(x @ self.params["W1"] + self.params["b1"])
        z = a1 @ self.params["W2"] + self.params["b2"]
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    def loss(self, x, t):
        y = self.predict(x)
        return -np.sum(t * np.log(y + 1e-12)) / len(x)

    def accuracy(self, x, t):
        return np.mean(self.predict(x).argmax(1) == t.argmax(1))

    def numerical_gradient(self, x, t):
        raise RuntimeError("a decoy")

    def gradient(self, x, t):
        grads = {}
        a1 = np.tanh(x @ self.params["W1"] + self.params["b1"])
        dy = (self.predict(x) - t) / len(x)
        grads["W2"] = a1.T @ dy
        grads["b2"] = dy.sum(axis=0)
        da = dy @ self.params["W2"].T * (1 - a1 ** 2)
        grads["W1"] = x.T @ da
        grads["b1"] = da.sum(axis=0)
        return grads
# %%
rng = np.random.default_rng(5)
x_train = rng.normal(size=(5, 4))
t_train = np.eye(3)[rng.integers(0, 3, 5)]
network = TwoLayer(4, 6, 3)
"""

SAME_KEYS_FUNCTIONS = """
def loss_function(params, inputs, labels):
    s = inputs @ params["W"] + params["b"]
    return 0.5 * np.sum((s - labels) ** 2)

def compute_gradients(params, inputs, labels):
    s = inputs @ params["W"] + params["b"]
    return {"W": inputs.T @ (s - labels), "b": (s - labels).sum(0)}

rng = np.random.RandomState(0)
inputs, labels = rng.randn(6, 3), rng.randn(6, 2)
params = {"W": rng.randn(3, 2), "b": np.zeros(2)}
"""

LISTS_OF_DICTS = """
def forward_pass(x, layers):
    activations = [x]
    for layer in layers:
        x = np.tanh(x @ layer["W"] + layer["b"])
        activations.append(x)
    return x, activations

def loss(y_pred, y):
    return np.sum((y_pred - y) ** 2)

def backprop(layers, activations, y):
    grads = [None] * len(layers)
    delta = 2 * (activations[-1] - y)
    for k in reversed(range(len(layers))):
        delta = delta * (1 - activations[k + 1] ** 2)
        grads[k] = {"dW": activations[k].T @ delta, "db": delta.sum(axis=0)}
        delta = delta @ layers[k]["W"].T
    return grads

rng = np.random.default_rng(2)
layers = [{"W": rng.normal(size=(3, 4)), "b": rng.normal(size=4)},
          {"W": rng.normal(size=(4, 2)), "b": rng.normal(size=2)}]
x, y = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
"""

_two = Row(
    "two layers",
    "D",
    TWO_LAYERS,
    "W1 b1 W2 b2",
    "backward_propagation",
    "compute_cost",
    told=("compute_cost(A2, Y)",),
)
_cells = Row(
    "two layers by cells",
    "D",
    BY_CELLS,
    "W1 b1 W2 b2",
    "backward_propagation",
    "compute_cost",
    told=("X_assess", "Y_assess"),
)
_n = Row(
    "cost from forward",
    "D",
    N_LAYERS,
    "W1 b1 W2 b2 W3 b3",
    "backward_propagation_n",
    "forward_propagation_n",
    told=(
        "backward_propagation_n(X, Y, cache)",
        "first value of forward_propagation_n(X, Y, parameters)",
    ),
)
_reg = Row(
    "regularised",
    "D",
    REGULARISED,
    "W1 b1 W2 b2",
    "backward_propagation_with_regularization",
    "compute_cost_with_regularization",
    hints={"backward": "backward_propagation_with_regularization"},
    told=("lambd=0.7",),
)
_alone = Row(
    "no call site",
    "D",
    ALONE,
    "w1 bias1 w2 bias2",
    "net_backward",
    "mse_loss",
    told=("x_train", "y_train"),
)
_same = Row("method gradient", "K", SAME_KEYS, "W1 b1 W2 b2", "network.gradient", "network.loss")
_plain = Row("functions", "K", SAME_KEYS_FUNCTIONS, "W b", "compute_gradients", "loss_function")
_lists = Row(
    "list of dicts",
    "D",
    LISTS_OF_DICTS,
    "layers[0].W layers[0].b layers[1].W layers[1].b",
    "backprop",
    "loss",
)

ROWS = [
    _two,
    _two.broken("bias not averaged", "db2 = np.sum(dZ2, axis=1, keepdims=True) / m",
                "db2 = np.sum(dZ2, axis=1, keepdims=True)", "b2"),
    _cells,
    _cells.broken("no tanh'", " * (1 - cache[\"A1\"] ** 2)", "", "W1 b1"),
    _n,
    _n.broken("factor two", "dW2 = np.dot(dZ2, A1.T) / m", "dW2 = np.dot(dZ2, A1.T) / m * 2", "W2"),
    _n.broken("four", "db1 = np.sum(dZ1, axis=1, keepdims=True) / m",
              "db1 = 4.0 / m * np.sum(dZ1, axis=1, keepdims=True)", "b1"),
    _reg,
    _reg.broken("no penalty on W1", "dZ1 @ X.T / m + lambd * params[\"W1\"] / m",
                "dZ1 @ X.T / m", "W1"),
    Row("plain beside regularised", "D", REGULARISED, "W1 b1 W2 b2", "backward_propagation",
        "compute_cost", hints={"backward": "backward_propagation"}),
    _alone,
    _alone.broken("mean over examples", "/ output.size", "/ len(output)",
                  "w1 bias1 w2 bias2"),
    _lists,
    _lists.broken("forgotten derivative", "delta = delta * (1 - activations[k + 1] ** 2)",
                  "delta = delta * (1 - activations[k + 1])",
                  "layers[0].W layers[0].b layers[1].W layers[1].b"),
    _same,
    _same.broken("transposed", "grads[\"b1\"] = da.sum(axis=0)", "grads[\"b1\"] = da.mean(axis=0)",
                 "b1"),
    _same.broken("sum", "dy = (self.predict(x) - t) / len(x)", "dy = self.predict(x) - t",
                 "W1 b1 W2 b2"),
    _plain,
    _plain.broken("twice", "(s - labels).sum(0)", "2 * (s - labels).sum(0)", "b"),
]  # fmt: skip
