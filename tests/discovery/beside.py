"""What stands beside gradients in a return: a cost, a norm, an accuracy, the gradient of b."""

from .rows import Row

BIAS = """
def predict(X, w, b):
    return X @ w + b
def mse(yp, y):
    return np.mean((yp - y) ** 2)
def gradients(X, y, w, b):
    e = predict(X, w, b) - y
    return 2 * X.T @ e / len(y), 2 * e.mean()
X = np.random.RandomState(0).randn(30, 2)
y = X @ np.array([1.0, 2.0]) + 0.5
w, b = np.zeros(2), 0.0
"""
CALLED = BIAS + "# %%\ngw, gb = gradients(X, y, w, b)\n"

METRIC = """
def sigmoid(z):
    return 1 / (1 + np.exp(-z))
def compute_cost(X, y, p):
    h = sigmoid(X @ p["w"] + p["b"])
    return -np.mean(y * np.log(h) + (1 - y) * np.log(1 - h))
def backward(X, y, p):
    h = sigmoid(X @ p["w"] + p["b"])
    grads = {"w": X.T @ (h - y) / len(y), "b": np.mean(h - y)}
    acc = np.mean((h > 0.5) == y)
    norm = np.linalg.norm(grads["w"])
    return grads, acc
rng = np.random.default_rng(0)
X, y = rng.normal(size=(9, 3)), (rng.random(9) > 0.5) * 1.0
p = {"w": rng.normal(size=3), "b": 0.1}
"""

UNNAMED = """
def forward(X, W1, b1, W2, b2):
    A1 = np.tanh(X @ W1 + b1)
    return A1, A1 @ W2 + b2
def compute_loss(A2, Y):
    return 0.5 * np.sum((A2 - Y) ** 2)
def backward(X, Y, W1, b1, W2, b2):
    A1, A2 = forward(X, W1, b1, W2, b2)
    d = A2 - Y
    d1 = (d @ W2.T) * (1 - A1 ** 2)
    return X.T @ d1, d1.sum(0, keepdims=True), A1.T @ d, d.sum(0, keepdims=True)
rng = np.random.default_rng(0)
X, Y = rng.normal(size=(6, 3)), rng.normal(size=(6, 3))
W1, b1 = rng.normal(size=(3, 3)), np.zeros((1, 3))
W2, b2 = rng.normal(size=(3, 3)), np.zeros((1, 3))
# %%
dW1, db1, dW2, db2 = backward(X, Y, W1, b1, W2, b2)
"""

_order = "return X.T @ d1, d1.sum(0, keepdims=True), A1.T @ d, d.sum(0, keepdims=True)"
NAMED = UNNAMED.replace(
    _order,
    "dW1, db1 = X.T @ d1, d1.sum(0, keepdims=True)\n"
    "    dW2, db2 = A1.T @ d, d.sum(0, keepdims=True)\n"
    "    return dW2, db2, dW1, db1",
)

ONE_BIAS = UNNAMED.replace(
    "W1, b1 = rng.normal(size=(3, 3)), np.zeros((1, 3))\n"
    "W2, b2 = rng.normal(size=(3, 3)), np.zeros((1, 3))",
    "W1, b1 = rng.normal(size=(3, 4)), np.zeros((1, 4))\n"
    "W2, b2 = rng.normal(size=(4, 1)), np.zeros((1, 1))",
).replace("Y = rng.normal(size=(6, 3)), rng.normal(size=(6, 3))",
          "Y = rng.normal(size=(6, 3)), rng.normal(size=(6, 1))")  # fmt: skip

OF_FUNCTION = """
def svm_loss(W, X, y):
    scores = X @ W - y
    return np.sum(scores ** 2), 2 * X.T @ scores
rng = np.random.default_rng(0)
W, X, y = rng.normal(size=3), rng.normal(size=(5, 3)), rng.normal(size=5)
# %%
value, dW = svm_loss(W, X, y)
"""

_bias = Row("a lone number is the gradient of b", "T", BIAS, "w b", "gradients", "mse",
            told=("cost: mse(predict(X, w, b), y)",))  # fmt: skip
_called = Row("gw and gb at the call", "T", CALLED, "w b", "gradients", "mse",
              told=("cost: mse(predict(X, w, b), y)",))  # fmt: skip
_acc = Row("an accuracy beside grads", "D", METRIC, "w b", "backward", "compute_cost")
_norm = Row("a norm beside grads", "D", METRIC.replace("return grads, acc", "return grads, norm"),
            "w b", "backward", "compute_cost")  # fmt: skip
_unnamed = Row("names at the call for expressions", "T", UNNAMED, "W1 b1 W2 b2", "backward",
               "compute_loss")  # fmt: skip

ROWS = [
    _bias,
    _called,
    _called.broken("b twice", "2 * e.mean()", "4 * e.mean()", "b"),
    _acc,
    _norm,
    _norm.broken("w twice", '{"w": X.T', '{"w": 2 * X.T', "w"),
    _unnamed,
    _unnamed.broken("W1 by seven", "return X.T @ d1", "return 7 * X.T @ d1", "W1"),
    Row("one output: the last bias is a number", "T", ONE_BIAS, "W1 b1 W2 b2", "backward",
        "compute_loss"),
    Row("names at return and call in another order", "T", NAMED, "W1 b1 W2 b2", "backward",
        "compute_loss", "W1 b1 W2 b2", noted=("the names at the call are followed",)),
    Row("a cost without a name from a function named loss", "S", OF_FUNCTION, "W", "svm_loss",
        "svm_loss", hints={"backward": "svm_loss"}, told=("cost: value of svm_loss(W, X, y)",)),
]  # fmt: skip
