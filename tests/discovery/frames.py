"""Series and data frames of pandas: as data, as parameters and as gradients."""

from .rows import Row

DATA = """
import pandas as pd
def cost(X, y, w, b):
    p = 1 / (1 + np.exp(-(X @ w + b)))
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
def gradient(X, y, w, b):
    p = 1 / (1 + np.exp(-(X @ w + b)))
    dw = X.T @ (p - y) / len(y)
    db = np.mean(p - y)
    return dw, db
# %%
rng = np.random.default_rng(0)
table = pd.DataFrame(rng.normal(size=(9, 3)), columns=["age", "fare", "size"])
X_train, y_train = table, pd.Series((rng.random(9) > 0.5) * 1.0)
w, b = np.zeros(3), 0.0
"""
SERIES = """
import pandas as pd
def cost(theta, X, y):
    return ((X @ theta - y) ** 2).mean() / 2 + 0.1 * (theta ** 2).sum()
def gradient(theta, X, y):
    g = X.T @ (X @ theta - y) / len(y) + 0.2 * theta
    return g[::-1]  # its labels say which is which
rng = np.random.default_rng(0)
X = pd.DataFrame(rng.normal(size=(9, 3)), columns=["age", "fare", "size"])
y, theta = pd.Series(rng.normal(size=9)), pd.Series([0.1, 0.2, 0.3], index=X.columns)
"""
WEIGHTS = """
import pandas as pd
def forward(X, params):
    return X @ params["W"] + params["b"]
def loss(out, Y):
    return 0.5 * ((out - Y) ** 2).mean(axis=0).sum()
def backward(X, Y, params):
    d = (forward(X, params) - Y) / len(X)
    return {"dW": X.T @ d, "db": d.sum(axis=0)}
rng = np.random.default_rng(0)
X = pd.DataFrame(rng.normal(size=(9, 3)), columns=list("abc"))
Y = pd.DataFrame(rng.normal(size=(9, 2)), columns=["u", "v"])
W = pd.DataFrame(rng.normal(size=(3, 2)), index=list("abc"), columns=["u", "v"])
params = {"W": W, "b": pd.Series([1, 0], index=["u", "v"])}
del W
"""

_data = Row("a data frame as data", "T", DATA, "w b", "gradient", "cost",
            told=("gradient(X_train, y_train, w, b)",))  # fmt: skip
_series = Row("a Series of parameters", "V", SERIES, "theta", "gradient", "cost")
_weights = Row("a data frame of weights", "D", WEIGHTS, "W b", "backward", "loss",
               noted=("b: int64, checked in float64",))  # fmt: skip

ROWS = [
    _data,
    _data.broken("no mean", " / len(y)\n", "\n", "w"),
    _series,
    _series.broken("lambda", "0.2 * theta", "0.1 * theta", "theta"),
    _series.broken("turned by force", "g[::-1] ", "pd.Series(g.to_numpy()[::-1], X.columns) ",
                   "theta"),
    _weights,
    _weights.broken("twice", "X.T @ d,", "2 * X.T @ d,", "W"),
    _weights.broken("mean of means", "d.sum(axis=0)", "d.mean(axis=0)", "b"),
]  # fmt: skip
