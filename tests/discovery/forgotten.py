"""Parameters that forward takes and that backward forgets: told, never passed over."""

from .rows import Row

ARRAYS = """
def forward(X, W1, b1, W2, b2):
    A1 = np.tanh(X @ W1 + b1)
    return A1, A1 @ W2 + b2
def compute_loss(A2, Y):
    return 0.5 * np.sum((A2 - Y) ** 2)
def backward(X, Y, W1, b1, W2, b2):
    A1, A2 = forward(X, W1, b1, W2, b2)
    d = A2 - Y
    d1 = (d @ W2.T) * (1 - A1 ** 2)
    dW1, db1, dW2, db2 = X.T @ d1, d1.sum(0), A1.T @ d, d.sum(0)
    return dW1, db1, dW2, db2
rng = np.random.default_rng(0)
X, Y = rng.normal(size=(6, 3)), rng.normal(size=(6, 3))
W1, b1, W2, b2 = rng.normal(size=(3, 3)), np.zeros(3), rng.normal(size=(3, 3)), np.zeros(3)
velocity_W1, vW2, D1 = np.zeros((3, 3)), np.zeros((3, 3)), np.ones(3)
"""
FORGOTTEN = ARRAYS.replace("return dW1, db1, dW2, db2", "return dW1, db1, db2")
NAMELESS = ARRAYS.replace("return dW1, db1, dW2, db2", "return dW1 @ dW2, db1, A1.T @ d * 9, db2")
DICT = ARRAYS.replace("return dW1, db1, dW2, db2", 'return {"dW1": dW1, "db1": db1, "db2": db2}')
IN_DICT = """
def forward(X, p):
    A1 = np.tanh(X @ p["W1"] + p["b1"])
    return A1, A1 @ p["W2"]
def compute_loss(A2, Y):
    return 0.5 * np.sum((A2 - Y) ** 2)
def backward(X, Y, p):
    A1, A2 = forward(X, p)
    d1 = ((A2 - Y) @ p["W2"].T) * (1 - A1 ** 2)
    return {"dW1": X.T @ d1, "db1": d1.sum(0)}
rng = np.random.default_rng(0)
X, Y = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
p = {"W1": rng.normal(size=(3, 4)), "b1": np.zeros(4), "W2": rng.normal(size=(4, 2)),
     "vW1": np.zeros((3, 4))}
"""

OBJECT = """
class Net:
    def __init__(self):
        rng = np.random.default_rng(0)
        self.W, self.b, self.vW = rng.normal(size=(3, 2)), np.zeros(2), np.zeros((3, 2))
    def forward(self, X):
        self.X = X
        self.out = X @ self.W + self.b
        return self.out
    def loss(self, X, Y):
        return 0.5 * np.sum((self.forward(X) - Y) ** 2)
    def backward(self, X, Y):
        self.dW = X.T @ (self.forward(X) - Y)
rng = np.random.default_rng(0)
X, Y = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
net = Net()
"""

MOMENTUM = """
rng = np.random.default_rng(0)
X, Y = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
W, b = rng.normal(size=(3, 2)), np.zeros(2)
vW, lr = np.zeros((3, 2)), 0.1
# %%
for i in range(3):
    out = X @ W + b
    loss = 0.5 * np.sum((out - Y) ** 2)
    d = out - Y
    db = d.sum(0)
    vW = 0.9 * vW - lr * (X.T @ d)
    b -= lr * db
    W += vW
"""

# a dict by the parameters' own names, one of them misspelt, and an output without a name
CODE = """
def encode(x, W_e, b_e): return np.tanh(W_e @ x + b_e)
def decode(h, W_d, b_d): return W_d @ h + b_d
def forward(x, p):
    h = encode(x, p["W_e"], p["b_e"])
    return decode(h, p["W_d"], p["b_d"]), h
def loss(x_hat, x): return 0.5 * np.sum((x_hat - x) ** 2) / x.shape[1]
def backward(x, x_hat, h, p):
    d = (x_hat - x) / x.shape[1]
    dh = p["W_d"].T @ d * (1 - h * h)
    return {"W_e": dh @ x.T, "b_e": dh.sum(1, keepdims=True),
            "W_d": d @ h.T, "b_d": d.sum(1, keepdims=True)}
rng = np.random.default_rng(0)
p = {"W_e": rng.normal(size=(2, 5)), "b_e": np.zeros((2, 1)),
     "W_d": rng.normal(size=(5, 2)), "b_d": np.zeros((5, 1))}
x = rng.normal(size=(5, 9))
"""
MISSPELT = CODE.replace('"b_e": dh', '"be": dh')
TOLD = ("backward also returns be: no parameter was found for it, not compared",)

ROWS = [
    Row("an auto-encoder", "K", CODE, "W_e b_e W_d b_d", "backward", "loss"),
    Row("a misspelt key", "K", MISSPELT, "W_e W_d b_d", "backward", "loss", noted=TOLD,
        unchecked="b_e"),
    Row("all there", "T", ARRAYS, "W1 b1 W2 b2", "backward", "compute_loss"),
    Row("W2 forgotten", "T", FORGOTTEN, "W1 b1 b2", "backward", "compute_loss", unchecked="W2"),
    Row("W2 forgotten, but not asked for", "T", FORGOTTEN, "W1 b1", "backward", "compute_loss",
        hints={"params": "W1,b1"}),
    Row("expressions without names", "T", NAMELESS, "b1 b2", "backward", "compute_loss",
        unchecked="W1 W2"),
    Row("a dict without dW2", "T", DICT, "W1 b1 b2", "backward", "compute_loss", unchecked="W2"),
    Row("W2 in the dict", "D", IN_DICT, "W1 b1", "backward", "compute_loss", unchecked="W2"),
    Row("an attribute", "L", OBJECT, "W", "net.backward", "net.loss", unchecked="b"),
    Row("momentum in a cell", "I", MOMENTUM, "b", "the cell", "loss", unchecked="W"),
]  # fmt: skip
