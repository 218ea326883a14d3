"""More in the style of the courses: whole tuples, embeddings, carried state, caches that pop."""

from .rows import Row

WHOLE_TUPLE = """
def forward(X, params):
    W1, b1, W2, b2 = params
    Z1 = X @ W1 + b1
    A1 = np.maximum(0, Z1)
    Z2 = A1 @ W2 + b2
    return Z1, A1, Z2
def mse(Z2, Y):
    return np.mean((Z2 - Y) ** 2)
def backward(X, Y, params, cache):
    W1, b1, W2, b2 = params
    Z1, A1, Z2 = cache
    dZ2 = 2 * (Z2 - Y) / Y.size
    dZ1 = (dZ2 @ W2.T) * (Z1 > 0)
    return [X.T @ dZ1, dZ1.sum(axis=0), A1.T @ dZ2, dZ2.sum(axis=0)]
rng = np.random.default_rng(0)
X, Y = rng.normal(size=(7, 3)), rng.normal(size=(7, 2))
params = [rng.normal(size=(3, 4)), np.zeros(4), rng.normal(size=(4, 2)), np.zeros(2)]
"""

EMBEDDING = """
rng = np.random.default_rng(1)
Xb, Yb = rng.integers(0, 5, size=(6, 2)), rng.integers(0, 5, size=6)
C, W1, b1 = rng.normal(size=(5, 3)), rng.normal(size=(6, 4)) * 0.4, rng.normal(size=4) * 0.1
W2, b2 = rng.normal(size=(4, 5)) * 0.3, np.zeros(5)
parameters = [C, W1, b1, W2, b2]
n = len(Yb)
# %%
emb = C[Xb]
embcat = emb.reshape(n, -1)
hpreact = embcat @ W1 + b1
h = np.tanh(hpreact)
logits = h @ W2 + b2
counts = np.exp(logits - logits.max(1, keepdims=True))
probs = counts / counts.sum(1, keepdims=True)
loss = -np.log(probs[range(n), Yb]).mean()
dlogits = probs.copy()
dlogits[range(n), Yb] -= 1
dlogits /= n
dW2, db2 = h.T @ dlogits, dlogits.sum(0)
dh = dlogits @ W2.T
dhpreact = (1 - h ** 2) * dh
dW1, db1 = embcat.T @ dhpreact, dhpreact.sum(0)
demb = (dhpreact @ W1.T).reshape(emb.shape)
dC = np.zeros_like(C)
for k in range(n):
    for j in range(2):
        dC[Xb[k, j]] += demb[k, j]
"""

CARRIED = """
class RNN:
    def __init__(self, n_in, n_hidden):
        rng = np.random.RandomState(2)
        self.Wx, self.Wh = rng.randn(n_in, n_hidden) * 0.5, rng.randn(n_hidden, n_hidden) * 0.5
        self.Wy = rng.randn(n_hidden, 1) * 0.5
        self.start_H = np.zeros(n_hidden)
    def forward(self, xs):
        self.hs = [self.start_H]
        for x in xs:
            self.hs.append(np.tanh(x @ self.Wx + self.hs[-1] @ self.Wh))
        self.start_H = self.hs[-1]
        return np.array(self.hs[1:]) @ self.Wy
    def loss(self, xs, ys):
        return 0.5 * np.sum((self.forward(xs) - ys) ** 2)
    def backward(self, xs, ys):
        out = self.forward(xs)
        grads = {"Wx": np.zeros_like(self.Wx), "Wh": np.zeros_like(self.Wh),
                 "Wy": np.array(self.hs[1:]).T @ (out - ys)}
        dh = np.zeros_like(self.start_H)
        for t in reversed(range(len(xs))):
            dh = dh + self.Wy[:, 0] * (out - ys)[t]
            dz = dh * (1 - self.hs[t + 1] ** 2)
            grads["Wx"] += np.outer(xs[t], dz)
            grads["Wh"] += np.outer(self.hs[t], dz)
            dh = self.Wh @ dz
        return grads
rng = np.random.RandomState(3)
xs, ys = rng.randn(4, 2), rng.randn(4, 1)
rnn = RNN(2, 3)
rnn.forward(xs)
"""

POPPED = """
class Linear:
    def __init__(self, W):
        self.W, self.caches = W, []
    def forward(self, x):
        self.caches.append(x)
        return x @ self.W
    def backward(self, dout):
        x = self.caches.pop()
        self.dW = x.T @ dout
        return dout @ self.W.T
class Net:
    def __init__(self):
        rng = np.random.default_rng(4)
        self.one, self.two = Linear(rng.normal(size=(3, 4))), Linear(rng.normal(size=(4, 2)))
    def forward(self, x):
        self.h = np.tanh(self.one.forward(x))
        return self.two.forward(self.h)
    def backward(self, dout):
        self.one.backward(self.two.backward(dout) * (1 - self.h ** 2))
def squared_loss(out, y):
    return 0.5 * np.sum((out - y) ** 2), out - y
rng = np.random.default_rng(5)
X, Y = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
net = Net()
# %%
for _ in range(2):
    out = net.forward(X)
    loss, dout = squared_loss(out, Y)
    net.backward(dout)
    net.one.W -= 0.01 * net.one.dW
"""

_whole = Row("the whole tuple as the cache", "T", WHOLE_TUPLE,
             "params[0] params[1] params[2] params[3]", "backward", "mse")  # fmt: skip
_embedding = Row("an embedding, by hand", "I", EMBEDDING, "C W1 b1 W2 b2", "the cell", "loss")
_carried = Row("the state of the last call", "K", CARRIED, "Wx Wh Wy", "rnn.backward", "rnn.loss")
_popped = Row("caches that pop", "L", POPPED, "one.W two.W", "net.backward", "squared_loss")

ROWS = [
    _whole,
    _whole.broken("mask from after", "(Z1 > 0)", "(Z1 > -9)", "params[0] params[1]"),
    _embedding,
    _embedding.broken("rows overwritten", "dC[Xb[k, j]] += demb", "dC[Xb[k, j]] = demb", "C"),
    _carried,
    _carried.broken("no carry", "dh = self.Wh @ dz", "dh = 0 * dz", "Wx Wh"),
    _popped,
    _popped.broken("no derivative", " * (1 - self.h ** 2)", "", "one.W"),
]  # fmt: skip
