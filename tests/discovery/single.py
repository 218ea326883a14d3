"""Data of one example, left behind by a loop: the whole set is taken, or the one is told."""

from .rows import Row

COLUMNS = """
def forward(X, W, b):
    return W @ X + b
def cost(A, Y):
    return 0.5 * np.sum((A - Y) ** 2) / Y.shape[1]
def backward(X, Y, A, W, b):
    d = (A - Y) / Y.shape[1]
    return d @ X.T, d.sum(axis=1, keepdims=True)
rng = np.random.default_rng(0)
X, Y = rng.normal(size=(3, 5)), rng.normal(size=(2, 5))
W, b = rng.normal(size=(2, 3)), np.zeros((2, 1))
# %%
for start in range(0, 5, 2):
    xb, yb = X[:, start:start + 2], Y[:, start:start + 2]
    A = forward(xb, W, b)
    J = cost(A, yb)
    dW, db = backward(xb, yb, A, W, b)
"""
ROWS_OF_IT = (
    COLUMNS.replace("W @ X + b", "X @ W + b")
    .replace("Y.shape[1]", "Y.shape[0]")
    .replace("d @ X.T, d.sum(axis=1", "X.T @ d, d.sum(axis=0")
    .replace("size=(3, 5)), rng.normal(size=(2, 5))", "size=(5, 3)), rng.normal(size=(5, 2))")
    .replace("size=(2, 3)), np.zeros((2, 1))", "size=(3, 2)), np.zeros((1, 2))")
    .replace("[:, start:start + 2]", "[start:start + 2]")
)
ALONE = COLUMNS + "del X, Y\n"

_columns = Row("a column left by a loop", "T", COLUMNS, "W b", "backward", "cost",
               told=("backward(X, Y, A, W, b)",))  # fmt: skip
_rows = Row("a row left by a loop", "T", ROWS_OF_IT, "W b", "backward", "cost",
            told=("backward(X, Y, A, W, b)",))  # fmt: skip

ROWS = [
    _columns,
    _columns.broken("no 1/m", "d = (A - Y) / Y.shape[1]", "d = A - Y", "W b"),
    _rows,
    _rows.broken("no 1/m", "d = (A - Y) / Y.shape[0]", "d = A - Y", "W b"),
    Row("one column is all there is", "T", ALONE, "W b", "backward", "cost",
        noted=("xb, yb hold one example",)),
    Row("one column was asked for", "T", COLUMNS, "W b", "backward", "cost",
        hints={"data": "X[:, :1],Y[:, :1]"}, noted=("X[:, :1], Y[:, :1] hold one example",)),
]  # fmt: skip
