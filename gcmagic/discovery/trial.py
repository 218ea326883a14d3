"""Trial calls: on copies, with output captured, everything put back afterwards."""

from __future__ import annotations

import ast
import contextlib
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from ..adapters import pair
from ..adapters.calling import COST
from ..adapters.program import Program, private
from ..errors import BindingError
from ..problem import raised_at
from ..sandbox import global_names, unheard, untouched
from . import limit
from .evidence import Evidence, inner
from .limit import TimeLimitReached, limited
from .lookup import Root

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a binding was given up."""

    what: str
    why: str
    fixes: tuple[str, ...] = ()


def names_in(lines: Sequence[str]) -> set[str]:
    """All names in some lines."""
    nodes = (node for line in lines for node in ast.walk(ast.parse(line)))
    return {node.id for node in nodes if isinstance(node, ast.Name)}


def reached_globals(lines: Sequence[str], evidence: Evidence) -> set[str]:
    """Globals that the functions of some lines read, directly or through what they call."""
    pending, found = list(names_in(lines)), set()
    seen: set[str] = set()
    while pending:
        name = pending.pop()
        code = getattr(inner(evidence.functions.get(name)), "__code__", None)
        if name not in seen and code is not None:
            seen.add(name)
            found |= global_names(code)[0]
            pending += global_names(code)[0]
    return found


def space_of(lines: Sequence[str], evidence: Evidence, roots: Mapping[str, Root]) -> dict[str, Any]:
    """The functions, classes and modules that the lines name."""
    names = names_in(lines) - set(roots)
    found = {name: evidence.namespace[name] for name in sorted(names) if name in evidence.namespace}
    return found | {name: value for name, value in pair.FUNCTIONS.items() if name in names}


def run(
    lines: Sequence[str],
    evidence: Evidence,
    roots: Mapping[str, Root],
    look: Callable[[dict[str, Any], dict[str, Any]], T],
    prepare: Callable[[dict[str, Any]], None] = lambda values: None,
) -> T | str:
    """Run the lines on private copies; `look(roots, variables)`, or why there is no answer.

    `look` is called before anything is put back, for gradients may lie in objects; `prepare` before
    the lines run, on the copies.
    """
    space = space_of(lines, evidence, roots)
    values = private({name: root.value for name, root in roots.items()})
    functions = [value for value in space.values() if callable(value)]
    with untouched(*functions, values), quiet():
        try:
            prepare(values)
            with limited():
                after = Program(tuple(lines), {**space, **values}).run()
            return look(values, after)
        except TimeLimitReached:
            return f"took longer than {limit.SECONDS:g} s: a loop that does not end, or much data"
        except BindingError as error:
            return str(error)
        except (Exception, SystemExit) as error:
            said = f"raised {type(error).__name__}: {error}".partition("\n")[0]
            return said.rstrip(": ") + raised_at(error)


def cost_in(after: Mapping[str, Any]) -> Any:
    """The cost that a run left; where it is a text, why that is no cost."""
    value = after[COST]
    return "returned a value of type str, not one number" if isinstance(value, str) else value


@contextlib.contextmanager
def quiet() -> Any:
    """Nothing printed, logged or displayed, no warning shown."""
    with unheard(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
