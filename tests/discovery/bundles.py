"""A cache without a name: the tuple or dict that stands in forward's return."""

from .rows import Row

TUPLE = """
def forward(X, parameters):
    Z1 = parameters["W1"] @ X + parameters["b1"]
    A1 = np.tanh(Z1)
    Z2 = parameters["W2"] @ A1
    A2 = 1 / (1 + np.exp(-Z2))
    return A2, (Z1, A1, Z2, A2)
def cost(A2, Y):
    return -np.mean(Y * np.log(A2) + (1 - Y) * np.log(1 - A2))
def backward(parameters, cache, X, Y):
    Z1, A1, Z2, A2 = cache
    d = (A2 - Y) / Y.size
    d1 = (parameters["W2"].T @ d) * (1 - A1 ** 2)
    return {"dW1": d1 @ X.T, "db1": d1.sum(axis=1, keepdims=True), "dW2": d @ A1.T}
rng = np.random.default_rng(0)
X, Y = rng.normal(size=(3, 8)), (rng.random((1, 8)) > 0.5) * 1.0
parameters = {"W1": rng.normal(size=(4, 3)), "b1": np.zeros((4, 1)), "W2": rng.normal(size=(1, 4))}
"""
DICT = TUPLE.replace("(Z1, A1, Z2, A2)\ndef", '{"A1": A1, "A2": A2}\ndef').replace(
    "Z1, A1, Z2, A2 = cache", 'A1, A2 = cache["A1"], cache["A2"]'
)
THREE = TUPLE.replace("return A2, (Z1", "return A1, A2, (Z1")
FIRST = TUPLE.replace("return A2, (Z1, A1, Z2, A2)", "return (Z1, A1, Z2, A2), A2")
UNNAMED = """
def forward(X, p):
    A = np.tanh(X @ p["W1"])
    return A @ p["W2"], (X, A)
def loss(out, Y):
    return np.mean((out - Y) ** 2)
def backward(Y, out, cache, p):
    X, A = cache
    d = 2 * (out - Y) / Y.size
    return {"W1": X.T @ (d @ p["W2"].T * (1 - A ** 2)), "W2": A.T @ d}
rng = np.random.default_rng(0)
X, Y = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
p = {"W1": rng.normal(size=(3, 4)), "W2": rng.normal(size=(4, 2))}
"""

ROWS = [
    Row(name, "D", source, "W1 b1 W2", "backward", "cost",
        told=("cost(A2, Y) after forward(X, parameters)",))
    for name, source in (
        ("a tuple as the cache", TUPLE),
        ("a dict as the cache", DICT),
        ("a tuple behind two activations", THREE),
        ("a tuple before the activation", FIRST),
    )
]  # fmt: skip
ROWS.append(ROWS[0].broken("no 1/m", "(A2 - Y) / Y.size", "A2 - Y", "W1 b1 W2"))
ROWS.append(Row("a prediction without a name", "K", UNNAMED, "W1 W2", "backward", "loss",
                told=("loss(out, Y) after forward(X, p)",)))  # fmt: skip
