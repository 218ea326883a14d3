"""Where every argument of forward, cost and backward comes from."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..adapters.names import (
    BACKWARD,
    FORWARD,
    is_held_out,
    is_maker,
    kind,
    role_score,
    words,
)
from ..adapters.pair import is_surely_upstream
from ..sandbox import users_own
from .evidence import Evidence, is_number
from .lookup import Hints, Root, look_up
from .outputs import is_cache, is_final, is_prediction, prediction
from .scopes import Line, Scope, is_builtin, is_update
from .source import Function, names_loaded
from .trial import run

MAKERS_OF_ARRAYS = frozenset({"zeros", "ones", "full", "empty", "eye", "arange", "linspace"})

# words of methods that draw parameters, and of what else is set at the start of each pass
INITIAL = frozenset({"init", "initialize", "initialise", "initialization", "reinit", "build"})
STATE = frozenset({"hidden", "state", "states", "cache", "caches", "memory", "grad", "grads", "h"})


@dataclass(slots=True)
class Wiring:
    """A program while it is put together; `lines` are statements in the user's names."""

    evidence: Evidence
    hints: Hints
    scope: Scope | None
    forward: Function | None = None
    chosen: set[int] = field(default_factory=set)
    added: list[str] = field(default_factory=list)
    produced: dict[str, str] = field(default_factory=dict)
    roots: dict[str, Root] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    forward_outputs: tuple[str, ...] = ()
    path: tuple[tuple[str, bool], ...] = ()
    limit: int = 0
    outputs: frozenset[str] = frozenset()
    making: bool = False
    moving: frozenset[str] = frozenset()
    trained: frozenset[str] = frozenset()
    alone: str = ""

    def copy(self) -> Wiring:
        """A wiring that can grow on its own."""
        return replace(
            self,
            chosen=set(self.chosen),
            added=list(self.added),
            produced=dict(self.produced),
            roots=dict(self.roots),
            missing=list(self.missing),
        )

    @property
    def lines(self) -> list[str]:
        """The statements, those of the scope first."""
        scope = self.scope.lines if self.scope else ()
        return [*(scope[index].text for index in sorted(self.chosen)), *self.added]

    def need(self, name: str, before: int, like: str = "", *, given: bool = False) -> None:
        """Make sure that `name` has a value in the program; `like` is the argument it is for.

        With `given` it is an argument itself: ``forward(self, input)`` does not mean Python's own.
        """
        if name in self.produced or name in self.roots:
            return
        if is_callable_name(name, self.evidence) or (is_builtin(name) and not given):
            return
        if self.follow(name, before):
            self.produced[name] = name
            return
        if self.forward is not None and self.provided(like or name):
            self.call_forward()
            if name not in self.produced:
                self.added.append(f"{name} = {like or name}")
                self.produced[name] = name
            return
        if self.forward is not None and is_cache(like or name):
            self.call_forward()
            bundles = self.forward.returns_bundles
            if len(bundles) != len(self.forward_outputs):
                bundles = ()
            written = [n for n, b in zip(self.forward_outputs, bundles, strict=False) if b]
            named = [n for n in self.forward_outputs if is_cache(n)]
            rest = named or written or self.forward_outputs[1:]
            if len(rest) > 1 and not named and not written:
                # `Z1, A1, Z2 = cache`: all that forward returns, as one
                self.added.append(f"{name} = ({', '.join(self.forward_outputs)})")
                self.produced[name] = name
                return
            if len(rest) == 1:
                self.added.append(f"{name} = {rest[0]}")
                self.produced[name] = rest[0]
                return
        nameless = self._nameless(like or name)
        if nameless:
            self.added.append(f"{name} = {nameless}")
            self.produced[name] = nameless
            return
        if self.is_stale(like or name):
            # A global of that name was left by an earlier cell: it would not move with theta
            self.missing.append(like or name)
            return
        alone = self.forward is not None and not self.forward.returns_tuple
        only = alone and is_prediction(like or name) and name not in self.evidence.values
        if self.forward is not None and (only or is_final(like or name)):
            # What forward predicts under another name; a global of that name would be stale
            self.call_forward()
            output = prediction(self, like or name)
            if output is not None:
                self.added.append(f"{name} = {output}")
                self.produced[name] = output
                return
        root = self.encoded(name, before, like)
        root = root or look_up(name, self.evidence, self.hints, self.scope, like)
        root = root or self.made(name, before)
        if root is None:
            self.missing.append(like or name)
        else:
            self.roots[name] = root

    def _nameless(self, name: str) -> str:
        """``A2`` for ``return A1, A1 @ W2``: the one thing that forward returns without a name."""
        function = self.forward
        if function is None or not is_prediction(name) or name in self.evidence.values:
            return ""
        places = [k for k, returned in enumerate(function.returns) if returned is None]
        bundled = function.returns_bundles
        if len(places) != 1 or not function.returns_tuple or bundled[places[0]]:
            return ""
        self.call_forward()
        output = self.forward_outputs[places[0]] if places[0] < len(self.forward_outputs) else ""
        taken = any(line.endswith(f" = {output}") for line in self.added)
        return "" if taken else output

    def act(self, before: int) -> None:
        """Take over calls that leave something in the objects of the program.

        ``dense1.forward(X)`` returns nothing, but ``dense1.backward(d)`` needs what it left.
        """
        lines = self.scope.lines if self.scope else ()
        here = lines[self.limit].cell if self.limit < len(lines) else -1
        reached: set[str] = set()
        while True:
            objects = {n for n, root in self.roots.items() if users_own(type(root.value))}
            if not objects - reached:
                return
            for name in sorted(objects - reached):
                acting = [k for k in range(before) if self._acts(lines[k], name)]
                ahead = [k for k in acting if not self._is_backward(lines[k], name)]
                cell = max((lines[k].cell for k in ahead), default=here)
                for index in [k for k in acting if lines[k].cell in (here, cell)]:
                    if index not in self.chosen:
                        self.chosen.add(index)
                        for load in lines[index].loads:
                            self.need(load, index)
                        self.produced.update({bound: bound for bound in lines[index].binds})
            reached |= objects

    def _acts(self, line: Line, name: str) -> bool:
        if name not in line.owners or line.header or contradicts(line.tests, self.path):
            return False
        found = {word for called in line.called for word in words(called)}
        if (is_update(line) and "zero" not in found) or found & {"print", "append"}:
            return False
        if found & INITIAL and not found & STATE:  # self._init(sizes) would draw new parameters
            return False
        outside = line.loops != self.loops and line.loops != ()
        return not outside and not any(is_held_out(load) for load in line.loads)

    def _is_backward(self, line: Line, name: str) -> bool:
        calls = [c for c in line.called if c.partition(".")[0] == name]
        return any(role_score(c.rpartition(".")[2], BACKWARD) for c in calls)

    def encoded(self, name: str, before: int, like: str) -> Root | None:
        """Labels that the scope makes of others, ``Y = one_hot(y)``: no ``y`` stands for them."""
        known = name in self.evidence.values or bool(self.hints.data)
        return None if known or kind(like or name) != "y" else self.made(name, before)

    def made(self, name: str, before: int) -> Root | None:
        """A value that the scope makes for itself, such as ``W1, b1 = init_params()``."""
        if self.scope is None or self.scope.function is None:
            return None
        helper = replace(self.copy(), forward=None, chosen=set(), produced={}, added=[], missing=[])
        helper.making = True
        if not helper.follow(name, before) or helper.missing:
            return None
        roots = {n: r for n, r in helper.roots.items() if n != name}
        value = run(helper.lines, self.evidence, roots, lambda _, after: after[name])
        return None if isinstance(value, str) else Root(value, name)

    def is_stale(self, name: str) -> bool:
        """True for what only a pass of the network may provide."""
        if self.making or name in self.hints.data:
            return False
        if isinstance(self.evidence.values.get(name), (int, float)):
            return name in self.outputs
        return name in self.outputs or is_cache(name) or is_surely_upstream(name)

    def provided(self, name: str) -> bool:
        """True where the forward pass returns something of that name."""
        return self.forward is not None and name in self.forward.returns

    def follow(self, name: str, before: int) -> bool:
        """Take over the statement of the scope that computes `name`, if it is part of a pass."""
        lines = self.scope.lines if self.scope else ()
        for index in range(min(before, len(lines)) - 1, -1, -1):
            line = lines[index]
            if name not in line.binds or contradicts(line.tests, self.path):
                continue
            if "_" in line.binds:  # `_, cache = forward(X)`: forward's own names say more
                continue
            if index in self.chosen:
                return True
            if not self.part_of_pass(line, name) and not self._filled(name, index, before):
                return False
            self.chosen.add(index)
            for load in line.loads:
                if load not in line.binds or load == name:
                    self.need(load, index)
            for later in range(index + 1, min(before, len(lines))):
                if name in lines[later].mutates and not is_update(lines[later]):
                    self.chosen.add(later)
                    for load in lines[later].loads:
                        self.need(load, later)
            return True
        return False

    def _filled(self, name: str, index: int, before: int) -> bool:
        """True for ``d = np.zeros(3)`` before ``d[label] = -1 / out[label]``."""
        line = self.scope.lines[index] if self.scope else None
        if line is None or line.header or is_update(line) or set(line.loads) - {"np", "numpy"}:
            return False
        later = self.scope.lines[index + 1 : before] if self.scope else ()
        filling = [other for other in later if name in other.mutates and not is_update(other)]
        return any(self.part_of_pass(other, "") for other in filling)

    def part_of_pass(self, line: Line, name: str) -> bool:
        """Whether a statement computes something from the parameters rather than making data."""
        if self.making:
            return not line.header and not is_update(line)
        # np.arange(n) may also stand in an index
        plain = [c for c in line.called if c.rpartition(".")[2] in MAKERS_OF_ARRAYS]
        makers = any(is_maker(called) for called in line.called if called not in plain)
        if line.header or is_update(line) or makers:
            return False
        makes = bool(plain)
        if makes and (kind(name) in ("vector", "params", "x", "y") or not line.loads):
            return False
        if self.in_cells and name in line.loads:  # X = X / 255: it has happened already
            return False
        variables = [
            load
            for load in line.loads
            if not is_callable_name(load, self.evidence) and not is_builtin(load)
        ]
        if not variables:
            return False
        if self.in_cells or line.loops != self.loops:
            users = [c for c in line.called if self.evidence.read(c) is not None or self._is_own(c)]
            lines = self.scope.lines if self.scope else ()
            bound = {n for k in self.chosen for n in lines[k].binds} | set(self.produced)
            made = any(load in bound for load in variables)
            return bool(users) or made or self._of_its_kind(name, variables)
        return True

    def _of_its_kind(self, name: str, loads: Sequence[str]) -> bool:
        """True for ``loss = (w * x + b) ** 2``, one object with a gradient made from others."""
        values = [self.evidence.values.get(n) for n in (name, *loads)]
        kinds = [type(v[0] if isinstance(v, (list, tuple)) and v else v) for v in values]
        return users_own(kinds[0]) and kinds[0] in kinds[1:]

    def _is_own(self, called: str) -> bool:
        """True for ``layer(x)``, an instance of the user's that is called."""
        return users_own(type(self.evidence.values.get(called)))

    @property
    def in_cells(self) -> bool:
        """True where the call was found in the notebook's cells."""
        return self.scope is not None and self.scope.function is None

    @property
    def loops(self) -> tuple[int, ...]:
        """The loops around the call of backward."""
        if self.scope is None or not self.limit:
            return ()
        return self.scope.lines[self.limit - 1].loops

    def call_forward(self) -> None:
        """Add the call of the forward pass, its results under the names that it returns."""
        function = self.forward
        if function is None or self.forward_outputs:
            return
        followed = self.followed(function.name)
        if followed is not None:
            self.forward_outputs = followed[1]
            return
        names: list[str] = [
            str(name) if self._can_bind(name, function) else f"output_{k}"
            for k, name in enumerate(function.returns)
        ]
        if not names or not function.returns_tuple:
            names = names[:1] or ["output"]  # one thing, whatever its name
        self.forward_outputs = tuple(names)
        self.forward = None  # its own arguments come from elsewhere
        call = self.call(function, None)
        self.forward = function
        targets = ", ".join(names) if function.returns_tuple else names[0]
        if function.returns_tuple and len(names) == 1:
            targets += ","
        self.added.append(f"{targets} = {call}")
        self.produced.update({name: name for name in names})

    def _can_bind(self, name: str | None, function: Function) -> bool:
        # `return x, cache` of forward(x, layers): the data must not be bound again
        return bool(name) and str(name).isidentifier() and name not in function.arguments

    def followed(self, name: str) -> tuple[str, tuple[str, ...]] | None:
        """The call of a function that was taken over from the scope, and what it binds."""
        for index in sorted(self.chosen):
            line = self.scope.lines[index] if self.scope else None
            if (
                line is None
                or name not in line.called
                or not isinstance(line.statement, ast.Assign)
            ):
                continue
            target = line.statement.targets[0]
            items = target.elts if isinstance(target, ast.Tuple) else [target]
            return ast.unparse(line.statement.value), tuple(ast.unparse(item) for item in items)
        return None

    def name_forward(self) -> None:
        """Remember which function the statements taken over call as the forward pass."""
        for index in sorted(self.chosen, reverse=True):
            for name in self.scope.lines[index].called if self.scope else ():
                behind = role_score(name.rpartition(".")[2], BACKWARD)  # the layer above
                function = None if behind else self.evidence.read(name)
                if function is not None and self.forward is None:
                    self.forward = function

    def call(self, function: Function, site: ast.Call | None, before: int = -1) -> str:
        """A call of `function` with every argument found; text in the user's names."""
        if before < 0:
            before = self.limit
        if site is None and self.scope is not None:
            site = self.latest_site(function.name, before)
        if site is None or any(isinstance(arg, ast.Starred) for arg in site.args):
            return self.call_by_names(function)
        bound = bind_site(function, site)
        if bound is None:
            return self.call_by_names(function)
        for name in names_loaded(site.func):
            self.need(name, before)
        parts = []
        for argument, node in bound.items():
            parts.append(self.argument(argument, node, before))
        self.act(before)
        return f"{ast.unparse(site.func)}({', '.join(parts)})"

    def argument(self, argument: str, node: ast.expr, before: int) -> str:
        """The text of one argument that a call site gives."""
        if isinstance(node, ast.Constant) and is_number(node.value):
            # A literal becomes a value with the argument's name: cost and backward then share it
            if argument not in self.roots:
                self.roots[argument] = Root(node.value, f"{argument}={node.value!r}")
            if self.roots[argument].value == node.value:
                return f"{argument}={argument}"
            return f"{argument}={node.value!r}"
        for name in names_loaded(node):
            only = isinstance(node, ast.Name)
            self.need(name, before, argument if only else "")
        return f"{argument}={ast.unparse(node)}"

    def call_by_names(self, function: Function) -> str:
        """A call whose arguments are found by their names alone."""
        parts = []
        self.need_owner(function)
        for argument in function.arguments:
            data = self._input_of(function, argument)
            if data:
                parts.append(f"{argument}={data}")
                continue
            shared = argument in self.roots and kind(argument) in ("x", "y", "penalty")
            given = argument in self.produced or self.provided(argument)
            if self.is_alone(function, argument):
                self.need(self.alone, self.limit, given=True)
                parts.append(f"{argument}={self.alone}")
                continue
            if argument in function.required or given or shared or argument in self.trained:
                self.need(argument, self.limit, given=True)
                parts.append(f"{argument}={argument}")
        return f"{function.name}({', '.join(parts)})"

    def _input_of(self, function: Function, argument: str) -> str:
        """What stands for the only argument of ``feedforward(a)``, which begins with the input."""
        if tuple(function.required) != (argument,) or not is_prediction(argument):
            return ""
        known = argument in self.produced or argument in self.roots
        inputs = [name for name in self.roots if kind(name) == "x"]
        if known or argument in self.evidence.values or len(inputs) != 1:
            return ""
        return inputs[0] if role_score(function.short, FORWARD) else ""

    def is_alone(self, function: Function, argument: str) -> bool:
        """True where the only argument of a function stands for the only parameter.

        ``loss(image)`` of a canvas that is optimised itself is not given the notebook's X.
        """
        if not self.alone or tuple(function.required) != (argument,):
            return False
        known = argument in self.produced or argument in self.roots or self.provided(argument)
        return not known and argument not in self.evidence.values

    def need_owner(self, function: Function) -> None:
        """The instance whose method is called is a value of the program, copied like any other."""
        if function.owner:
            self.need(function.owner.partition(".")[0], self.limit)

    def latest_site(self, name: str, before: int) -> ast.Call | None:
        """The latest call of a function in the scope."""
        if self.scope is None:
            return None
        sites = self.scope.calls_of(lambda called: called == name)
        return sites[-1][2] if sites else None


def bind_site(function: Function, site: ast.Call) -> dict[str, ast.expr] | None:
    """Arguments of a call by name, None where they do not fit the signature."""
    try:
        signature = inspect.signature(function.value)
        bound = signature.bind(
            *site.args, **{k.arg: k.value for k in site.keywords if k.arg is not None}
        )
    except (TypeError, ValueError):
        return None
    return {name: value for name, value in bound.arguments.items() if isinstance(value, ast.expr)}


def contradicts(tests: tuple[tuple[str, bool], ...], path: tuple[tuple[str, bool], ...]) -> bool:
    """True where two statements lie in branches that exclude each other."""
    known = dict(path)
    return any(known.get(test, side) != side for test, side in tests)


def is_callable_name(name: str, evidence: Evidence) -> bool:
    """True for functions, classes and modules of the namespace: nothing to be bound."""
    if name in evidence.functions or name in evidence.classes:
        return True
    value: Any = evidence.namespace.get(name)
    return type(value).__name__ == "module" or (callable(value) and name not in evidence.values)
