"""Parameters and gradients in named tuples, dataclasses and namespaces, by attribute."""

from .rows import Row

NETWORK = """
def forward(X, p):
    A = np.tanh(X @ p.W1 + p.b1)
    return A, A @ p.W2
def compute_loss(A, out, Y):
    return 0.5 * np.sum((out - Y) ** 2)
def backward(X, Y, A, out, p):
    grads = zeros(p)
    d = out - Y
    dZ = (d @ p.W2.T) * (1 - A ** 2)
    for k in range(len(X)):
        grads.W1[...] += np.outer(X[k], dZ[k])
    grads.b1[...] += dZ.sum(0)
    grads.W2[...] += A.T @ d
    return grads
rng = np.random.default_rng(0)
X, Y = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
p = Params(rng.normal(size=(3, 4)), np.zeros(4), rng.normal(size=(4, 2)))
A, out = forward(X, p)
grads = backward(X, Y, A, out, p)
"""
TUPLE = """
from collections import namedtuple
Params = namedtuple("Params", "W1 b1 W2")
def zeros(p):
    return Params(*(np.zeros_like(a) for a in p))
"""
CLASS = """
from dataclasses import dataclass
@dataclass
class Params:
    W1: np.ndarray
    b1: np.ndarray
    W2: np.ndarray
def zeros(p):
    return Params(np.zeros_like(p.W1), np.zeros_like(p.b1), np.zeros_like(p.W2))
"""
SPACE = """
from types import SimpleNamespace
def Params(W1, b1, W2):
    return SimpleNamespace(W1=W1, b1=b1, W2=W2)
def zeros(p):
    return SimpleNamespace(**{name: np.zeros_like(value) for name, value in vars(p).items()})
"""
# in place without an index: an attribute of the gradients, which moves no parameter
PLAIN = NETWORK.replace("[...] +=", " +=")


def rows() -> list[Row]:
    """Right ones, and each with the same bug."""
    found = []
    for name, source in (
        ("a named tuple", TUPLE + NETWORK),
        ("a dataclass", CLASS + NETWORK),
        ("a dataclass, += on attributes", CLASS + PLAIN),
        ("a SimpleNamespace, += on attributes", SPACE + PLAIN),
    ):
        row = Row(name, "K", source, "W1 b1 W2", "backward", "compute_loss")
        found += [row, row.broken("tanh", " * (1 - A ** 2)", " * (1 - A)", "W1 b1")]
    return found


ROWS = rows()
