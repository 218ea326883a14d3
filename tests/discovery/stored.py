"""Objects whose backward reads what forward stored: it is stored anew before every backward."""

from .rows import Row

AUTOENCODER = """
class Autoencoder:
    def __init__(self, n, h):
        rng = np.random.RandomState(0)
        self.W_enc, self.W_dec = rng.randn(n, h), rng.randn(h, n)
    def forward(self, x):
        self.h = np.tanh(x @ self.W_enc)
        self.x_hat = self.h @ self.W_dec
        return self.x_hat
    def loss(self, x):
        return np.mean((self.forward(x) - x) ** 2)
    def backward(self, x):
        d = 2 * (self.x_hat - x) / x.size
        self.dW_dec = self.h.T @ d
        self.dW_enc = x.T @ (d @ self.W_dec.T * (1 - self.h ** 2))
    def step(self, lr):
        self.W_enc -= lr * self.dW_enc
        self.W_dec -= lr * self.dW_dec
# %%
def fit(model, data, n):
    for i in range(n):
        model.forward(data)
        model.backward(data)
        model.step(0.1)
# %%
X = np.random.RandomState(1).randn(7, 4)
ae = Autoencoder(4, 3)
"""

LOGISTIC = """
class LogisticRegression:
    def __init__(self, n):
        self.w, self.b = np.linspace(-1, 1, n), 0.1
    def forward(self, X):
        self.X = X
        self.a = 1 / (1 + np.exp(-(X @ self.w + self.b)))
        return self.a
    def cost(self, y):
        return -np.mean(y * np.log(self.a) + (1 - y) * np.log(1 - self.a))
    def backward(self, y):
        d = (self.a - y) / len(y)
        self.dw, self.db = self.X.T @ d, d.sum()
rng = np.random.default_rng(0)
X, y = rng.normal(size=(8, 3)), (rng.random(8) > 0.5) * 1.0
model = LogisticRegression(3)
"""

_auto = Row("forward stores, fit calls both", "L", AUTOENCODER, "W_enc W_dec", "ae.backward",
            "ae.loss")  # fmt: skip
_trained = Row("after fit", "L", AUTOENCODER + "# %%\nfit(ae, X, 3)\n", "W_enc W_dec",
               "ae.backward", "ae.loss")  # fmt: skip
_logistic = Row("a cost and a backward that both read", "L", LOGISTIC, "w b", "model.backward",
                "model.cost", told=("after model.forward(X)",))  # fmt: skip
_used = Row("after forward", "L", LOGISTIC + "# %%\nmodel.forward(X)\n", "w b", "model.backward",
            "model.cost")  # fmt: skip

ROWS = [
    _auto,
    _auto.broken("no derivative of tanh", " * (1 - self.h ** 2)", "", "W_enc"),
    _trained,
    _trained.broken("one half", "d = 2 * ", "d = ", "W_enc W_dec"),
    _logistic,
    _logistic.broken("a sum", ", d.sum()", ", 2 * d.sum()", "b"),
    _used,
]
