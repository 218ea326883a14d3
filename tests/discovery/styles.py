"""Further ways in which public notebooks write it, each once."""

from __future__ import annotations

from .rows import Row

LSTM_OVER_GLOBALS = """
rng = np.random.default_rng(0)
T, D, H = 4, 3, 5
def sigmoid(z): return 1/(1+np.exp(-z))
Wf = rng.normal(size=(H, H+D))*.3
Wi = rng.normal(size=(H, H+D))*.3
Wc = rng.normal(size=(H, H+D))*.3
Wo = rng.normal(size=(H, H+D))*.3
Wy = rng.normal(size=(1, H))*.3
bf = np.zeros((H,1))
bi = np.zeros((H,1))
bc = np.zeros((H,1))
bo = np.zeros((H,1))
by = np.zeros((1,1))
lr = 0.01
# %%
def forward(xs):
    h = np.zeros((H, 1)); c = np.zeros((H, 1)); cache = []
    for x in xs:
        z = np.vstack((h, x.reshape(D, 1)))
        c_prev = c
        f = sigmoid(Wf @ z + bf)
        i = sigmoid(Wi @ z + bi)
        g = np.tanh(Wc @ z + bc)
        o = sigmoid(Wo @ z + bo)
        c = f * c + i * g
        h = o * np.tanh(c)
        cache.append((z, f, i, g, c_prev, c, o, h))
    y = Wy @ h + by
    return y, h, c, cache
# %%
def backward(xs, y_true, y_pred, cache):
    global Wf, Wi, Wc, Wo, Wy, bf, bi, bc, bo, by
    dWf, dWi, dWc, dWo = [np.zeros_like(W) for W in (Wf, Wi, Wc, Wo)]
    dbf, dbi, dbc, dbo = [np.zeros_like(b) for b in (bf, bi, bc, bo)]
    dy = y_pred - y_true
    dWy = dy @ cache[-1][7].T
    dby = dy
    dh = Wy.T @ dy
    dc = np.zeros((H, 1))
    for t in reversed(range(T)):
        z, f, i, g, c_prev, c, o, h = cache[t]
        tc = np.tanh(c)
        dc = dc + dh * o * (1 - tc**2)
        do = dh * tc * o * (1 - o)
        df = dc * c_prev * f * (1 - f)
        di = dc * g * i * (1 - i)
        dg = dc * i * (1 - g**2)
        for dW, db, d in ((dWf, dbf, df), (dWi, dbi, di), (dWc, dbc, dg), (dWo, dbo, do)):
            dW += d @ z.T
            db += d
        dz = Wf.T @ df + Wi.T @ di + Wc.T @ dg + Wo.T @ do
        dh = dz[:H]
        dc = dc * f
    for param, grad in zip(
        [Wf, Wi, Wc, Wo, Wy, bf, bi, bc, bo, by],
        [dWf, dWi, dWc, dWo, dWy, dbf, dbi, dbc, dbo, dby],
    ):
        param -= lr * grad
# %%
X = rng.normal(size=(6, T, D)); Y = rng.normal(size=6)
for epoch in range(3):
    total = 0
    for x, target in zip(X, Y):
        y_pred, h, c, cache = forward(x)
        loss = 0.5 * np.sum((y_pred - target) ** 2)
        total += loss
        backward(x, target, y_pred, cache)
    print(epoch, total / len(X))
"""

SENTENCES = """
class RNNNumpy:
    def __init__(self, word_dim, hidden_dim=6, bptt_truncate=10):
        self.word_dim = word_dim; self.hidden_dim = hidden_dim; self.bptt_truncate = bptt_truncate
        self.U = np.random.uniform(-.5, .5, (hidden_dim, word_dim))
        self.V = np.random.uniform(-.5, .5, (word_dim, hidden_dim))
        self.W = np.random.uniform(-.5, .5, (hidden_dim, hidden_dim))
    def forward_propagation(self, x):
        T = len(x)
        s = np.zeros((T + 1, self.hidden_dim))
        o = np.zeros((T, self.word_dim))
        for t in range(T):
            s[t] = np.tanh(self.U[:, x[t]] + self.W.dot(s[t-1]))
            e = np.exp(self.V.dot(s[t]) - self.V.dot(s[t]).max()); o[t] = e / e.sum()
        return [o, s]
    def predict(self, x):
        o, s = self.forward_propagation(x)
        return np.argmax(o, axis=1)
    def calculate_total_loss(self, x, y):
        L = 0
        for i in range(len(y)):
            o, s = self.forward_propagation(x[i])
            correct = o[np.arange(len(y[i])), y[i]]
            L += -1 * np.sum(np.log(correct))
        return L
    def calculate_loss(self, x, y):
        N = sum(len(y_i) for y_i in y)
        return self.calculate_total_loss(x, y) / N
    def bptt(self, x, y):
        T = len(y)
        o, s = self.forward_propagation(x)
        dLdU = np.zeros(self.U.shape); dLdV = np.zeros(self.V.shape); dLdW = np.zeros(self.W.shape)
        delta_o = o
        delta_o[np.arange(len(y)), y] -= 1.
        for t in np.arange(T)[::-1]:
            dLdV += np.outer(delta_o[t], s[t].T)
            delta_t = self.V.T.dot(delta_o[t]) * (1 - (s[t] ** 2))
            for bptt_step in np.arange(max(0, t-self.bptt_truncate), t+1)[::-1]:
                dLdW += np.outer(delta_t, s[bptt_step-1])
                dLdU[:, x[bptt_step]] += delta_t
                delta_t = self.W.T.dot(delta_t) * (1 - s[bptt_step-1] ** 2)
        return [dLdU, dLdV, dLdW]
# %%
np.random.seed(10)
X_train = [np.array([0, 1, 2, 3, 1]), np.array([2, 1, 3])]
y_train = [np.array([1, 2, 3, 1, 4]), np.array([1, 3, 4])]
model = RNNNumpy(5)
o, s = model.forward_propagation(X_train[0])
print(model.calculate_loss(X_train, y_train))
def sgd_step(model, x, y, learning_rate):
    dLdU, dLdV, dLdW = model.bptt(x, y)
    model.U -= learning_rate * dLdU
    model.V -= learning_rate * dLdV
    model.W -= learning_rate * dLdW
for k in range(2): sgd_step(model, X_train[k], y_train[k], 0.01)
"""

LSTM_STEP = """
def sigmoid(x): return 1/(1+np.exp(-x))
class LSTM:
    def __init__(self, wx, wh, b):
        self.params = [wx, wh, b]
        self.grads = [np.zeros_like(wx), np.zeros_like(wh), np.zeros_like(b)]
        self.cache = None
    def forward(self, x, h_prev, c_prev):
        wx, wh, b = self.params
        N, H = h_prev.shape
        A = x @ wx + h_prev @ wh + b
        f = sigmoid(A[:, :H])
        g = np.tanh(A[:, H:2*H])
        i = sigmoid(A[:, 2*H:3*H])
        o = sigmoid(A[:, 3*H:])
        c_next = c_prev * f + g * i
        h_next = o * np.tanh(c_next)
        self.cache = (x, h_prev, c_prev, f, g, i, o, c_next)
        return h_next, c_next
    def backward(self, dh_next, dc_next):
        wx, wh, b = self.params
        x, h_prev, c_prev, f, g, i, o, c_next = self.cache
        tc = np.tanh(c_next)
        ds = dc_next + dh_next * o * (1 - tc ** 2)
        dc_prev = ds * f
        df = ds * c_prev * f * (1 - f)
        dg = ds * i * (1 - g ** 2)
        di = ds * g * i * (1 - i)
        do = dh_next * tc * o * (1 - o)
        dA = np.hstack((df, dg, di, do))
        dwx = x.T @ dA; dwh = h_prev.T @ dA; db = dA.sum(axis=0)
        self.grads[0][...] = dwx; self.grads[1][...] = dwh; self.grads[2][...] = db
        return dA @ wx.T, dA @ wh.T, dc_prev
# %%
rng = np.random.default_rng(1)
N, D, H = 3, 4, 5
lstm = LSTM(rng.normal(size=(D, 4*H))*.4, rng.normal(size=(H, 4*H))*.4, rng.normal(size=4*H)*.1)
x = rng.normal(size=(N, D)); h_prev = rng.normal(size=(N, H)); c_prev = rng.normal(size=(N, H))
h, c = lstm.forward(x, h_prev, c_prev)
dx, dh_prev, dc_prev = lstm.backward(np.ones_like(h), np.zeros_like(c))
"""

RNN_CELL = """
def rnn_cell_forward(xt, a_prev, parameters):
    Wax = parameters["Wax"]; Waa = parameters["Waa"]; ba = parameters["ba"]
    a_next = np.tanh(Wax @ xt + Waa @ a_prev + ba)
    cache = (a_next, a_prev, xt, parameters)
    return a_next, cache
def rnn_cell_backward(da_next, cache):
    (a_next, a_prev, xt, parameters) = cache
    Wax = parameters["Wax"]; Waa = parameters["Waa"]; ba = parameters["ba"]
    dtanh = (1 - a_next ** 2) * da_next
    dxt = Wax.T @ dtanh
    dWax = dtanh @ xt.T
    da_prev = Waa.T @ dtanh
    dWaa = dtanh @ a_prev.T
    dba = np.sum(dtanh, axis=1, keepdims=True)
    gradients = {"dxt": dxt, "da_prev": da_prev, "dWax": dWax, "dWaa": dWaa, "dba": dba}
    return gradients
# %%
np.random.seed(1)
xt_tmp = np.random.randn(3, 10); a_prev_tmp = np.random.randn(5, 10)
parameters_tmp = {"Wax": np.random.randn(5, 3), "Waa": np.random.randn(5, 5)}
parameters_tmp["ba"] = np.random.randn(5, 1)
a_next_tmp, cache_tmp = rnn_cell_forward(xt_tmp, a_prev_tmp, parameters_tmp)
da_next_tmp = np.random.randn(5, 10)
gradients_tmp = rnn_cell_backward(da_next_tmp, cache_tmp)
print(gradients_tmp["dxt"][1][2])
"""

LISTS = """
import math, random
random.seed(4)
n_in, n_hid = 2, 3
w1 = [[random.uniform(-1, 1) for _ in range(n_in)] for _ in range(n_hid)]
b1 = [0.1] * n_hid
w2 = [random.uniform(-1, 1) for _ in range(n_hid)]
b2 = 0.0
data = [([0.0, 1.0], 1.0), ([1.0, 0.5], 0.0), ([0.3, -1.0], 1.0)]
# %%
def forward(x, w1, b1, w2, b2):
    h = [math.tanh(sum(w * v for w, v in zip(row, x)) + b) for row, b in zip(w1, b1)]
    return h, sum(w * a for w, a in zip(w2, h)) + b2
def loss(data, w1, b1, w2, b2):
    return sum((forward(x, w1, b1, w2, b2)[1] - y) ** 2 for x, y in data) / len(data)
def gradients(data, w1, b1, w2, b2):
    dw1 = [[0.0] * n_in for _ in range(n_hid)]; db1 = [0.0] * n_hid; dw2 = [0.0] * n_hid; db2 = 0.0
    for x, y in data:
        h, out = forward(x, w1, b1, w2, b2)
        d = 2 * (out - y) / len(data)
        db2 += d
        for j in range(n_hid):
            dw2[j] += d * h[j]
            dh = d * w2[j] * (1 - h[j] ** 2)
            db1[j] += dh
            for k in range(n_in):
                dw1[j][k] += dh * x[k]
    return dw1, db1, dw2, db2
"""

VALUE = """
class Value:
    def __init__(self, data, _children=()):
        self.data, self.grad = data, 0.0
        self._backward, self._prev = lambda: None, set(_children)
    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data + other.data, (self, other))
        def _backward():
            self.grad += out.grad
            other.grad += out.grad
        out._backward = _backward
        return out
    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data * other.data, (self, other))
        def _backward():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad
        out._backward = _backward
        return out
    def __pow__(self, k):
        out = Value(self.data ** k, (self,))
        def _backward():
            self.grad += k * self.data ** (k - 1) * out.grad
        out._backward = _backward
        return out
    def tanh(self):
        t = np.tanh(self.data); out = Value(t, (self,))
        def _backward():
            self.grad += (1 - t ** 2) * out.grad
        out._backward = _backward
        return out
    def backward(self):
        topo, visited = [], set()
        def build(v):
            if v not in visited:
                visited.add(v)
                for c in v._prev: build(c)
                topo.append(v)
        build(self)
        self.grad = 1
        for v in reversed(topo): v._backward()
    def __neg__(self): return self * -1
    def __sub__(self, other): return self + (-other)
    def __radd__(self, other): return self + other
    def __rmul__(self, other): return self * other
"""

VALUES = (
    VALUE
    + """
# %%
x1, x2 = Value(2.0), Value(0.5)
w1, w2, b = Value(-0.3), Value(1.0), Value(0.2)
out = (x1 * w1 + x2 * w2 + b).tanh()
out.backward()
print(w1.grad)
"""
)

WORDS = """
rng = np.random.default_rng(0)
V, D = 9, 4
W_in = rng.normal(size=(V, D)) * 0.5
W_out = rng.normal(size=(D, V)) * 0.5
pairs = np.array([[0, 1], [2, 3], [4, 5], [1, 0], [7, 8]])
def forward(center):
    h = W_in[center]
    u = h @ W_out
    e = np.exp(u - u.max(axis=1, keepdims=True))
    return h, e / e.sum(axis=1, keepdims=True)
def backward(center, context, h, y):
    n = len(center)
    e = y.copy()
    e[np.arange(n), context] -= 1
    dW_out = h.T @ e / n
    dW_in = np.zeros_like(W_in)
    np.add.at(dW_in, center, e @ W_out.T / n)
    return dW_in, dW_out
# %%
losses = []
for step in range(20):
    center, context = pairs[:, 0], pairs[:, 1]
    h, y = forward(center)
    loss = -np.mean(np.log(y[np.arange(len(center)), context]))
    dW_in, dW_out = backward(center, context, h, y)
    W_in -= 0.1 * dW_in
    W_out -= 0.1 * dW_out
    losses.append(loss)
"""

GATES = "Wf Wi Wc Wo Wy bf bi bc bo by"
NUMBERS = " ".join(
    [f"w1[{j}][{k}]" for j in range(3) for k in range(2)]
    + [f"b1[{j}]" for j in range(3)]
    + [f"w2[{j}]" for j in range(3)]
    + ["b2"]
)
STEP = "x h_prev c_prev params[0] params[1] params[2]"
SCALARS = "x1.data w1.data x2.data w2.data b.data"
ADDED = ("gradients are added up: they start from zero, not from what an earlier call left",)

_lstm = Row("an update over a list of globals", "F", LSTM_OVER_GLOBALS, GATES, "backward", "loss",
            noted=("learning rate 0.01",))  # fmt: skip
_sentences = Row("costs of lists of sentences", "T", SENTENCES, "U V W", "model.bptt",
                 "model.calculate_total_loss",
                 hints={"cost": "model.calculate_total_loss"})  # fmt: skip
_step = Row("a layer of two outputs", "P", LSTM_STEP, STEP, "lstm.backward", "lstm.forward")
_rnn = Row("a dict of gradients from a pair", "P", RNN_CELL, "xt a_prev Wax Waa ba",
           "rnn_cell_backward", "rnn_cell_forward")  # fmt: skip
_lists = Row("lists of numbers", "T", LISTS, NUMBERS, "gradients", "loss")
_values = Row("a graph of numbers", "O", VALUES, SCALARS, "out.backward", "out", noted=ADDED)
_words = Row("rows of a table of words", "T", WORDS, "W_in W_out", "backward", "loss")

ROWS = [
    _lstm,
    _lstm.broken("the wrong gate back", "dc = dc * f\n", "dc = dc * i\n",
                 "Wf Wi Wc Wo bf bi bc bo"),
    _sentences,
    _sentences.broken("a step too late", "(1 - s[bptt_step-1] ** 2)", "(1 - s[bptt_step] ** 2)",
                      "U W"),
    _step,
    _step.broken("tanh", "dg = ds * i * (1 - g ** 2)", "dg = ds * i * (1 - g)",
                 "x h_prev params[0] params[1] params[2]"),
    _rnn,
    _rnn.broken("the state after", "dWaa = dtanh @ a_prev.T", "dWaa = dtanh @ a_next.T", "Waa"),
    _lists,
    _lists.broken("not added", "db1[j] += dh", "db1[j] = dh", "b1[0] b1[1] b1[2]"),
    _values,
    _values.broken("tanh", "self.grad += (1 - t ** 2) * out.grad",
                   "self.grad += (1 - t) * out.grad", SCALARS),
    _words,
    _words.broken("p in place of p - y", "dW_out = h.T @ e / n", "dW_out = h.T @ y / n", "W_out"),
]  # fmt: skip
