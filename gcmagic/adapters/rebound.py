"""A binding that is known, over the functions as they are now."""

from __future__ import annotations

import traceback
import types
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..errors import GradcheckError, UserCodeError
from ..problem import Problem, raised_at
from ..sandbox import untouched, users_own
from .program import own_globals, private


def rebound(problem: Problem, namespace: Mapping[str, Any]) -> Problem:
    """The same calls, with the user's functions, classes and objects out of `namespace`.

    Parameters
    ----------
    problem
        What discovery has made; one that it has not made stays as it is.
    namespace
        The notebook's names, after some of them have been defined anew.
    """
    made: Any
    found = []
    for made in (problem.fun, problem.grad):
        space = getattr(made, "space", None)
        if space is None:
            return problem
        now = {name: namespace[name] for name in space if _is_code(namespace.get(name))}
        space = {**space, **private(now)}
        own = None if made.own is None else own_globals(space, space, made.moving)
        found.append(replace(made, space=space, own=own))
    fun, grad = found
    return replace(problem, fun=fun, grad=grad, roots=(fun.space, grad.space))


def failure(problem: Problem) -> str:
    """What the user's code raises, and where, when cost and gradient are called once.

    Returns
    -------
    str
        ``"ValueError: not yet (line 3 of forward: raise ValueError('not yet'))"``; empty where it
        raises nothing, or where nobody knows what did.
    """
    with untouched(problem.fun, problem.grad, *problem.roots):
        try:
            problem.cost(problem.copied())
            problem.gradient_at(problem.layout.flatten(problem.params))
        except UserCodeError as error:
            cause = error.__cause__ or error
            where = raised_at(cause) or _statement(cause, problem)
            return f"{type(cause).__name__}: {cause}{where}" if where else ""
        except GradcheckError as error:
            return str(error)
    return ""


def _statement(error: BaseException, problem: Problem) -> str:
    """The call whose value is not what it was: no line of the user's has raised anything."""
    made: tuple[Any, ...] = problem.fun, problem.grad
    lines = {one.code: one.lines for one in made if hasattr(one, "code")}
    for frame, number in traceback.walk_tb(error.__traceback__):
        if frame.f_code in lines:
            return f" ({lines[frame.f_code][number - 1]})"
    return ""


def _is_code(value: Any) -> bool:
    return isinstance(value, (types.FunctionType, type)) or users_own(type(value))
