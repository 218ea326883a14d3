"""Modes: ``train_flg=True``, ``mode="train"``: which one a cost and a gradient are computed in."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from typing import Any

from .source import Function

_MODE = re.compile(
    r"(is_?)?train(ing)?(_?(flg|flag|mode))?|mode|phase|(is_?)?test(ing)?(_?(flg|flag|mode))?"
    r"|(is_?)?eval(_?mode)?|deterministic|inference"
)


def is_mode(name: str, value: Any) -> bool:
    """True for ``training=False``, ``mode="train"``."""
    return isinstance(value, (bool, str)) and _MODE.fullmatch(name) is not None


def modes_in(value: Any) -> str:
    """``mode='train'`` of a dict of settings; empty where it holds no mode."""
    if not isinstance(value, Mapping):
        return ""
    found = [f"{key}={item!r}" for key, item in value.items() if is_mode(str(key), item)]
    return ", ".join(found)


def differing(cost: Function, call: str, backward: Function) -> Iterator[tuple[str, Any, Any]]:
    """``(flag, value in the cost, value in backward)`` of the modes that are not the same.

    Parameters
    ----------
    cost
        The cost function, whose defaults count where `call` gives no value.
    call
        The call of the cost.
    backward
        Its own calls, ``self.loss(x, t, train_flg=True)``, and its defaults say its mode.
    """
    given = dict(_flags(ast.parse(call)))
    own = {n: v for n, v in backward.defaults.items() if is_mode(n, v)}
    own |= dict(_flags(backward.node)) if backward.node is not None else {}
    for name, default in cost.defaults.items():
        if is_mode(name, default) and name in own and given.get(name, default) != own[name]:
            yield name, given.get(name, default), own[name]


def _flags(tree: ast.AST) -> Iterator[tuple[str, Any]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            for keyword in node.keywords:
                value = keyword.value
                constant = value.value if isinstance(value, ast.Constant) else None
                if keyword.arg and is_mode(keyword.arg, constant):
                    yield keyword.arg, constant
