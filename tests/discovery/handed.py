"""Training loops over layers that add up gradients, or hand one from network to network."""

from __future__ import annotations

from .rows import Row

ADDING = """
class Affine:
    def __init__(self, n, m):
        self.W = np.random.randn(n, m) * .5; self.b = np.random.randn(m) * .1
        self.dW = np.zeros_like(self.W); self.db = np.zeros_like(self.b)
    def forward(self, x):
        self.x = x
        return x @ self.W + self.b
    def zero_grad(self):
        self.dW[...] = 0; self.db[...] = 0
    def backward(self, dout):
        self.dW += self.x.T @ dout
        self.db += dout.sum(axis=0)
        return dout @ self.W.T
class Tanh:
    def forward(self, x):
        self.y = np.tanh(x)
        return self.y
    def backward(self, dout):
        return dout * (1 - self.y ** 2)
np.random.seed(0)
X = np.random.randn(12, 3); Y = np.random.randn(12, 2)
layers = [Affine(3, 4), Tanh(), Affine(4, 2)]
"""

SETTING = ADDING.replace("+= self.x", "= self.x").replace("+= dout", "= dout")

OPTIMISER = """
# %%
class SGD:
    def __init__(self, layers, lr): self.layers = layers; self.lr = lr
    def zero_grad(self):
        for l in self.layers:
            if hasattr(l, 'W'): l.zero_grad()
    def step(self):
        for l in self.layers:
            if hasattr(l, 'W'):
                l.W -= self.lr * l.dW; l.b -= self.lr * l.db
optimizer = SGD(layers, 0.1)
for epoch in range(3):
    optimizer.zero_grad()
    out = X
    for layer in layers:
        out = layer.forward(out)
    loss = np.mean((out - Y) ** 2)
    dout = 2 * (out - Y) / Y.size
    for layer in reversed(layers):
        dout = layer.backward(dout)
    optimizer.step()
"""

BEFORE = """
# %%
lr = 0.05
for epoch in range(4):
    for layer in layers:
        if hasattr(layer, 'W'): layer.zero_grad()
    out = X
    for layer in layers:
        out = layer.forward(out)
    loss = np.mean((out - Y) ** 2)
    grad = 2 * (out - Y) / Y.size
    for i, layer in enumerate(reversed(layers)):
        grad = layer.backward(grad)
    for layer in layers:
        if hasattr(layer, 'W'):
            layer.W -= lr * layer.dW; layer.b -= lr * layer.db
"""

TWO = """
# %%
G = [Affine(3, 4), Tanh(), Affine(4, 3)]
D = [Affine(3, 5), Tanh(), Affine(5, 2)]
lr = 0.05
for epoch in range(4):
    fake = X
    for layer in G:
        fake = layer.forward(fake)
    out = fake
    for layer in D:
        out = layer.forward(out)
    loss = np.mean((out - Y) ** 2)
    grad = 2 * (out - Y) / Y.size
    for layer in reversed(D):
        grad = layer.backward(grad)
    for layer in reversed(G):
        grad = layer.backward(grad)
    for layer in G + D:
        if hasattr(layer, 'W'):
            layer.W -= lr * layer.dW; layer.b -= lr * layer.db
"""

# trained before, and left alone now: its gradients lie there still
FROZEN = """
# %%
old = [Affine(3, 4), Tanh(), Affine(4, 2)]
def apply(net, x):
    for layer in net: x = layer.forward(x)
    return x
for epoch in range(3):
    base = apply(old, X)
    out = X
    for layer in layers:
        out = layer.forward(out)
    loss = np.mean((out + base - Y) ** 2)
    grad = 2 * (out + base - Y) / Y.size
    for layer in reversed(layers):
        grad = layer.backward(grad)
    for layer in layers:
        if hasattr(layer, 'W'):
            layer.W -= 0.1 * layer.dW; layer.b -= 0.1 * layer.db
"""

PRINTED = """
# %%
def mse(y, p): return np.mean((y - p) ** 2)
for epoch in range(4):
    out = X
    for layer in layers:
        out = layer.forward(out)
    grad = 2 * (out - Y) / Y.size
    for i in range(len(layers) - 1, -1, -1):
        grad = layers[i].backward(grad)
    for layer in layers:
        if hasattr(layer, 'W'):
            layer.W -= 0.1 * layer.dW; layer.b -= 0.1 * layer.db
    print(epoch, mse(Y, out))
"""

ENDLESS = """
# %%
def batches(X, Y, k):
    while True:
        s = np.random.randint(0, len(X) - k)
        yield X[s:s+k], Y[s:s+k]
def train(layers, steps=5, lr=0.05):
    n = 0
    for xb, yb in batches(X, Y, 4):
        out = xb
        for layer in layers:
            out = layer.forward(out)
        loss = ((out - yb) ** 2).sum()
        grad = 2 * (out - yb)
        for layer in reversed(layers):
            grad = layer.backward(grad)
        for layer in layers:
            if hasattr(layer, 'W'):
                layer.W -= lr * layer.dW; layer.b -= lr * layer.db
        n += 1
        if n == steps: break
train(layers)
"""

# the backward pass of the network holds a loop and a loss, and no forward pass
INSIDE = """
# %%
class Net:
    def __init__(self, layers): self.layers = layers
    def forward(self, x):
        for l in self.layers: x = l.forward(x)
        return x
    def backward(self, y):
        loss = ((self.out - y) ** 2).mean()
        g = 2 * (self.out - y) / y.size
        for l in reversed(self.layers): g = l.backward(g)
        return loss
    def fit(self, X, y, epochs=3, lr=.1):
        for e in range(epochs):
            self.out = self.forward(X)
            loss = self.backward(y)
            for l in self.layers:
                if hasattr(l, 'W'): l.W -= lr * l.dW; l.b -= lr * l.db
net = Net(layers); net.fit(X, Y)
"""

SHARED_RATE = (
    SETTING.replace("self.dW = self.x.T @ dout", "g = dout @ self.W.T")
    .replace(
        "self.db = dout.sum(axis=0)",
        "self.W -= lr * self.x.T @ dout; self.b -= lr * dout.sum(axis=0)",
    )
    .replace("return dout @ self.W.T", "return g")
    .replace("self.dW = np.zeros_like(self.W); self.db = np.zeros_like(self.b)", "pass")
    .replace("self.dW[...] = 0; self.db[...] = 0", "pass")
)
OWN_STEP = """
# %%
lr = 0.1
for epoch in range(4):
    out = X
    for layer in layers:
        out = layer.forward(out)
    loss = np.mean((out - Y) ** 2)
    grad = 2 * (out - Y) / Y.size
    for layer in layers[::-1]:
        grad = layer.backward(grad)
"""

KEPT = "layers[0].W layers[0].b layers[2].W layers[2].b"
FIRST = "layers[0].W layers[0].b"
BOTH = " ".join(f"{net}[{k}].{name}" for net in "GD" for k in (0, 2) for name in ("W", "b"))
ADDED = ("gradients are added up: they start from zero, not from what an earlier call left",)
OLD = "old[0].W old[0].b old[2].W old[2].b"
DERIVATIVE = ("(1 - self.y ** 2)", "(1 - self.y)")

_optimiser = Row("added up, an optimiser that zeroes", "L", ADDING + OPTIMISER, KEPT, "the cell",
                 "loss", noted=ADDED)  # fmt: skip
_before = Row("added up, a loop that zeroes", "L", ADDING + BEFORE, KEPT, "the cell", "loss")
_two = Row("two networks, one after the other", "L", SETTING + TWO, BOTH, "the cell", "loss")
_frozen = Row("a network that is not trained", "L", SETTING + FROZEN, KEPT, "the cell", "loss",
              unchecked=OLD)  # fmt: skip
_printed = Row("by index, the loss printed", "L", SETTING + PRINTED, KEPT, "the cell", "the cost")
_endless = Row("batches without end", "L", SETTING + ENDLESS, KEPT, "train", "loss")
_inside = Row(
    "a loss in backward itself", "L", SETTING + INSIDE, KEPT, "net.backward", "net.backward"
)
_shared = Row("layers that read one rate", "F", SHARED_RATE + OWN_STEP, KEPT, "the cell", "loss")

ROWS = [
    row
    for good in (_optimiser, _before, _frozen, _printed, _endless, _shared)
    for row in (good, good.broken("tanh squared forgotten", *DERIVATIVE, FIRST))
] + [
    _two,
    _two.broken("tanh squared forgotten", *DERIVATIVE, "G[0].W G[0].b G[2].W G[2].b D[0].W D[0].b"),
    _inside,
]
