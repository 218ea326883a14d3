"""Operators: drop a factor, a term, a sign; exchange one operator for another; transpose."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..nodes import at, attribute, binary, negative, number, numpy_call
from ..sites import Edit
from .look import Look

# methods that change the order of axes and nothing else
REORDERED = frozenset({"transpose", "swapaxes", "squeeze", "copy", "conj"})
COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Gt: (ast.Lt, ast.GtE, ast.LtE),
    ast.GtE: (ast.LtE, ast.Gt, ast.Lt),
    ast.Lt: (ast.Gt, ast.LtE, ast.GtE),
    ast.LtE: (ast.GtE, ast.Lt, ast.Gt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
}


def edits(look: Look) -> Iterator[Edit]:
    """Edits of the operators of one statement."""
    for spot in look.spots:
        node = spot.node
        if isinstance(getattr(node, "ctx", None), ast.Store):
            continue
        for level, kind, new in _of(node, look):
            yield look.exchange(level, kind, spot, new)
    for spot in look.values:
        node = spot.node
        if isinstance(node, ast.Constant):
            continue
        if not isinstance(node, ast.UnaryOp):
            yield look.exchange(1, "sign", spot, negative(node))
        if _axes(look, node) >= 2:
            yield look.exchange(1, "transpose", spot, transposed(node))


def _of(node: ast.AST, look: Look) -> Iterator[tuple[int, str, ast.expr]]:
    if isinstance(node, ast.BinOp):
        yield from _binary(node, look)
    elif isinstance(node, ast.UnaryOp):
        if not isinstance(node.operand, ast.Constant):
            yield 1, "sign", node.operand
    elif isinstance(node, ast.Compare) and len(node.ops) == 1:
        for other in COMPARISONS.get(type(node.ops[0]), ()):
            yield 1, "comparison", at(ast.Compare(node.left, [other()], node.comparators))
    elif isinstance(node, ast.BoolOp):
        other = ast.And() if isinstance(node.op, ast.Or) else ast.Or()
        yield 2, "condition", at(ast.BoolOp(other, node.values))
        for value in node.values:
            yield 2, "condition", value
    elif isinstance(node, ast.IfExp):
        yield 1, "condition", at(ast.IfExp(node.test, node.orelse, node.body))
        yield 2, "condition", node.body
        yield 2, "condition", node.orelse
    elif isinstance(node, ast.Attribute) and node.attr == "T":
        yield 1, "transpose", node.value
    elif isinstance(node, ast.Subscript) and _sliced(node.slice):
        yield 1, "drop", node.value
    elif isinstance(node, ast.Call) and _reorders(node.func):
        yield 1, "drop", node.func.value  # pyright: ignore[reportAttributeAccessIssue]


def _binary(node: ast.BinOp, look: Look) -> Iterator[tuple[int, str, ast.expr]]:
    left, right, operator = node.left, node.right, type(node.op)
    if operator is ast.Add:
        yield 1, "operator", binary(left, ast.Sub, right)
        yield 1, "drop", left
        yield 1, "drop", right
    elif operator is ast.Sub:
        yield 1, "operator", binary(left, ast.Add, right)
        yield 1, "order", binary(right, ast.Sub, left)
        yield 1, "drop", right
        yield 1, "drop", left
        yield 2, "drop", negative(right)
        base = _squared(right)
        if base is not None and ast.unparse(left) in ("1", "1.0"):
            yield 2, "slope", binary(base, ast.Mult, binary(number(1), ast.Sub, base))
    elif operator is ast.Mult:
        yield 1, "drop", left
        yield 1, "drop", right
        yield 1, "operator", binary(left, ast.Div, right)
        if _axes(look, left) >= 2 and _axes(look, right) >= 1:
            yield 2, "operator", binary(left, ast.MatMult, right)
        yield 3, "operator", binary(left, ast.Add, right)
        if isinstance(left, ast.BinOp) and isinstance(left.op, ast.Mult):
            yield 2, "drop", left.left
            yield 2, "drop", left.right
        yield from _complements(node)
        yield from ((2, "slope", new) for new in _slopes(node))
        if _axes(look, node) >= 2:
            yield from ((3, "softmax", new) for new in _jacobians(node))
    elif operator is ast.Div:
        yield 1, "drop", left
        yield 1, "operator", binary(left, ast.Mult, right)
        yield 2, "order", binary(right, ast.Div, left)
        yield from _complements(node)
    elif operator is ast.Pow:
        yield 1, "drop", left
    elif operator is ast.MatMult:
        yield from ((1, "transpose", new) for new in products(left, right, _matmul))
        yield 2, "operator", binary(left, ast.Mult, right)
        yield 2, "transpose", transposed(node)
        yield 3, "drop", left
        yield 3, "drop", right
    if operator in (ast.Add, ast.Sub, ast.Mult, ast.Div):
        for k, part in enumerate((left, right)):
            if isinstance(part, ast.Constant) or _axes(look, part) < 0:
                continue
            for level, changed in _changed(part):
                sides = (changed, right) if k == 0 else (left, changed)
                yield level, "function", binary(sides[0], operator, sides[1])


def _sliced(index: ast.expr) -> bool:
    """``x[:, ::-1]``: slices alone."""
    parts = index.elts if isinstance(index, ast.Tuple) else [index]
    return all(isinstance(part, ast.Slice) for part in parts)


def _reorders(function: ast.expr) -> bool:
    """``x.transpose``, and not ``np.transpose``."""
    return (
        isinstance(function, ast.Attribute)
        and function.attr in REORDERED
        and getattr(function.value, "id", "") not in ("np", "numpy")
    )


def _jacobians(node: ast.BinOp) -> Iterator[ast.expr]:
    """``p * g`` and ``p * (1 - p) * g`` as the whole Jacobian of a softmax takes them."""
    parts = _chain(node)
    texts = [ast.unparse(part) for part in parts]
    for k, p in enumerate(parts):
        rest = [
            part
            for i, part in enumerate(parts)
            if i != k and texts[i] not in (f"1 - {texts[k]}", f"1.0 - {texts[k]}")
        ]
        if rest and not isinstance(p, ast.Constant):
            g = _product(rest)
            inner = numpy_call(
                "sum", binary(g, ast.Mult, p), axis=number(-1), keepdims=number(True)
            )
            yield binary(p, ast.Mult, binary(g, ast.Sub, inner))


def _changed(node: ast.expr) -> Iterator[tuple[int, ast.expr]]:
    """A power or a root that is missing."""
    yield 2, binary(node, ast.Pow, number(2))
    yield 3, numpy_call("sqrt", node)


def _complements(node: ast.BinOp) -> Iterator[tuple[int, str, ast.expr]]:
    """``a * x`` as ``a * (1 - x)``."""
    operator = type(node.op)
    for k, part in enumerate((node.left, node.right)):
        if isinstance(part, ast.Constant):
            continue
        one = binary(number(1), ast.Sub, part)
        sides = (one, node.right) if k == 0 else (node.left, one)
        yield 2, "complement", binary(sides[0], operator, sides[1])


def _slopes(node: ast.BinOp) -> Iterator[ast.expr]:
    """The derivative of the hyperbolic tangent for that of the sigmoid."""
    parts = _chain(node)
    texts = [ast.unparse(part) for part in parts]
    for k, part in enumerate(parts):
        if not (isinstance(part, ast.BinOp) and isinstance(part.op, ast.Sub)):
            continue
        inner = part.right
        if ast.unparse(part.left) not in ("1", "1.0") or _squared(inner) is not None:
            continue
        if ast.unparse(inner) in texts:
            same = texts.index(ast.unparse(inner))
            square = binary(number(1), ast.Sub, binary(inner, ast.Pow, number(2)))
            kept = [p for i, p in enumerate(parts) if i not in (k, same)]
            yield _product([*kept, square])


def _squared(node: ast.expr) -> ast.expr | None:
    """``x`` in ``x ** 2``, ``np.square(x)`` and ``np.power(x, 2)``."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        return node.left
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
        return node.args[0] if node.func.attr in ("square", "power") else None
    return None


def _chain(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return [*_chain(node.left), *_chain(node.right)]
    return [node]


def _product(parts: list[ast.expr]) -> ast.expr:
    found = parts[0]
    for part in parts[1:]:
        found = binary(found, ast.Mult, part)
    return found


def products(left: ast.expr, right: ast.expr, make) -> Iterator[ast.expr]:
    """The product in the other order, and with either factor transposed."""
    a, b = transposed(left), transposed(right)
    for first, second in (
        (right, left), (a, right), (left, b), (b, a), (a, b), (right, a), (b, left),
    ):  # fmt: skip
        yield make(first, second)


def _matmul(left: ast.expr, right: ast.expr) -> ast.expr:
    return binary(left, ast.MatMult, right)


def transposed(node: ast.expr) -> ast.expr:
    """``x.T``, and ``x`` for ``x.T``."""
    if isinstance(node, ast.Attribute) and node.attr == "T":
        return node.value
    return attribute(node, "T")


def _axes(look: Look, node: ast.expr) -> int:
    """How many axes; one too few for anything that is not known, so that nothing is left out."""
    shape = look.scope.shape(node)
    return 2 if shape is None else len(shape)
