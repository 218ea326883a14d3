"""What a family looks at: one site, its expressions, and what can be named there."""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ..nodes import Spot, loaded, spots
from ..scope import Scope
from ..sites import Edit, Site


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One site with its surroundings.

    Attributes
    ----------
    site
        The statement or header.
    scope
        What its function can name.
    every
        All sites of the function.
    spots
        The expressions that are read in it.
    limit
        The level beyond which edits are not asked for.
    """

    site: Site
    scope: Scope
    every: tuple[Site, ...]
    spots: tuple[Spot, ...]
    limit: int = 9

    @classmethod
    def at(cls, site: Site, scope: Scope, every: tuple[Site, ...]) -> Look:
        """Look at a site."""
        if site.header:
            root = getattr(site.statement, site.header)
            whole = (Spot(root, (), root, (site.statement,)),)
            return cls(site, scope, every, (*whole, *spots(root)))
        found = tuple(spots(site.statement, _read_fields(site.statement)))
        return cls(site, scope, every, found)

    @property
    def target(self) -> ast.expr | None:
        """What is assigned to, as something that is read; None for several and for none."""
        return target_of(self.site)

    @property
    def value(self) -> Spot | None:
        """The expression that is assigned or returned."""
        return next((s for s in self.spots if s.path == (("value", None),)), None)

    @property
    def values(self) -> Iterator[Spot]:
        """The whole expressions: what is assigned, or each thing in a tuple or dict."""
        value = self.value
        if value is None:
            return
        if not isinstance(value.node, (ast.Tuple, ast.Dict)):
            yield value
            return
        field = "values" if isinstance(value.node, ast.Dict) else "elts"
        for spot in self.spots:
            # (the elements of a tuple on the left are none of them)
            if len(spot.path) == 2 and spot.path[0][0] == "value" and spot.path[-1][0] == field:
                yield spot

    def exchange(self, level: int, kind: str, spot: Spot, new: Any) -> Edit:
        """The edit that puts `new` where `spot` is."""
        return Edit(self.site, level, kind, functools.partial(spot.exchanged, new))

    def put(self, level: int, kind: str, make: Callable[[], Any], span: int = 1) -> Edit:
        """The edit that puts statements in the place of this one."""
        return Edit(self.site, level, kind, make, span)


def _read_fields(statement: ast.stmt) -> tuple[str, ...]:
    if isinstance(statement, ast.Assign):
        # an index on the left is read too: grads[l] = ...
        return ("value", "targets")
    if isinstance(statement, (ast.AugAssign, ast.AnnAssign)):
        return ("value", "target")
    return ("value",)


def target_of(site: Site) -> ast.expr | None:
    """What a site assigns to, as something that is read; None for several and for none."""
    statement = site.statement
    if site.header:
        return None
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target = statement.targets[0]
    elif isinstance(statement, (ast.AugAssign, ast.AnnAssign)):
        target = statement.target
    else:
        return None
    return None if isinstance(target, (ast.Tuple, ast.List)) else loaded(target)
