"""A pass written out over several cells."""

from .rows import Row

START = """
rng = np.random.default_rng(0)
n, words, wide = 6, 5, 4
C, W1, b1 = rng.normal(size=(words, 3)), rng.normal(size=(6, wide)) / 2, np.zeros(wide)
W2 = rng.normal(size=(wide, words))
b2 = rng.normal(size=words)
Xb, Yb = rng.integers(0, words, (n, 2)), rng.integers(0, words, n)
"""
FORWARD = """
emb = C[Xb]
flat = emb.reshape(n, -1)
h = np.tanh(flat @ W1 + b1)
logits = h @ W2 + b2
counts = np.exp(logits - logits.max(1, keepdims=True))
probs = counts / counts.sum(1, keepdims=True)
loss = -np.log(probs[range(n), Yb]).mean()
"""
BACKWARD = """
dlogits = probs.copy()
dlogits[range(n), Yb] -= 1
dlogits /= n
dW2, db2 = h.T @ dlogits, dlogits.sum(0)
dh = dlogits @ W2.T
dpre = (1 - h ** 2) * dh
dW1, db1 = flat.T @ dpre, dpre.sum(0)
demb = (dpre @ W1.T).reshape(emb.shape)
dC = np.zeros_like(C)
for k in range(n):
    for j in range(2):
        dC[Xb[k, j]] += demb[k, j]
"""
NINJA = "# %%".join((START, FORWARD, BACKWARD))
# an update in a cell of its own, and the forward cell run once more
UPDATED = """
X, y = np.random.default_rng(1).normal(size=(8, 3)), np.arange(8.0) / 4
w, b = np.array([0.1, -0.2, 0.3]), np.array([0.5, 0.0])
# %%
hidden = X @ w
out = np.tanh(hidden) * b[0] + b[1]
error = out - y
mse = np.mean(error ** 2)
# %%
dout = 2 * error / len(y)
db = np.array([np.sum(dout * np.tanh(hidden)), np.sum(dout)])
dw = X.T @ (dout * b[0] * (1 - np.tanh(hidden) ** 2))
# %%
w = w - 0.1 * dw
b -= 0.1 * db
# %%
hidden = X @ w
out = np.tanh(hidden) * b[0] + b[1]
error = out - y
mse = np.mean(error ** 2)
"""

_ninja = Row("forward and backward in two cells", "I", NINJA, "C W1 b1 W2 b2", "the cells", "loss")
_updated = Row("updated in a third cell", "I", UPDATED, "w b", "the cells", "mse")

ROWS = [
    _ninja,
    _ninja.broken("tanh", "(1 - h ** 2) * dh", "(1 - h) * dh", "C W1 b1"),
    _ninja.broken("= for +=", "dC[Xb[k, j]] += demb", "dC[Xb[k, j]] = demb", "C"),
    _updated,
    _updated.broken("no b", "dout * b[0] * (1", "dout * (1", "w"),
]
