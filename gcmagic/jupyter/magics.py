"""``%gradcheck`` and ``%%gradcheck``: a skin over discover() and check()."""

from __future__ import annotations

import ast
import itertools
import shlex
from dataclasses import replace
from typing import Any, NoReturn

from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import (
    Magics,
    line_cell_magic,
    magics_class,
    needs_local_scope,
    no_var_expand,
    output_can_be_silenced,
)
from IPython.core.magic_arguments import argument, magic_arguments

from ..check import check_problem
from ..comparison import THRESHOLD
from ..discovery import discover, discover_cell, explain
from ..errors import BindingError, CheckInterrupted, InputError, UserCodeError
from ..problem import Problem
from ..report import Report
from ..schemes import SCHEMES
from ..selftest import SelfTest, self_test_problem
from .cells import Cells
from .completion import close_completion, open_completion
from .following import Follower
from .misspelt import check_functions, nearest
from .showing import Stage

NOT_WATCHING = "nothing was watched; %gradcheck --watch does"
# what the options want that take no whole number
NUMBERS = {
    "--epsilon": "a number such as 1e-5",
    "--threshold": "a number such as 1e-7",
    "--learning-rate": "a number such as 0.1",
    "--budget": "a number of seconds such as 60",
    "--repair": "a number of seconds such as 20",
}


@magics_class
class GradcheckMagics(Magics):
    """Holds which cells were run and what was shown in them, nothing else."""

    def __init__(self, shell: InteractiveShell) -> None:
        super().__init__(shell)
        self.stage = Stage.of(shell)
        self.cells = Cells(shell)
        self.follower = Follower(shell, self.stage)

    @magic_arguments()
    @argument(
        "functions",
        nargs="*",
        metavar="FUNCTION",
        help="forward (or the cost), then backward; what is not named is looked for",
    )
    @argument("--forward", metavar="NAME", help="the forward pass")
    @argument("--backward", metavar="NAME", help="the backward pass: what is checked")
    @argument(
        "--params",
        nargs="+",
        metavar="NAMES",
        help="the parameters: one dict, list or vector, or arrays as W1,b1,W2,b2",
    )
    @argument("--data", nargs="+", metavar="EXPR", help="the data: X,Y or X[:, :16],Y[:, :16]")
    @argument("--cost", nargs="+", metavar="EXPR", help="a function or an expression for the cost")
    @argument(
        "--grads",
        nargs="+",
        metavar="NAMES",
        help="the gradients: grads, or dW1,db1, or layer.dW,layer.db",
    )
    @argument("--epsilon", metavar="STEP", help="the step; scaled to the parameters by default")
    @argument("--scheme", default="central", help=f"{', '.join(SCHEMES)}; central by default")
    @argument("--layers", nargs="+", metavar="NAMES", help="check these arrays only: W2,b2")
    @argument(
        "--threshold", default=str(THRESHOLD), help="the difference that is called small; 1e-7"
    )
    @argument("--steps", default="5", help="training steps before the second point; 0: none")
    @argument(
        "--learning-rate",
        "--lr",
        metavar="RATE",
        help="of the training steps; and of updates inside backward where it is not in sight",
    )
    @argument(
        "--init",
        default="random",
        help="random (drawn at the scale of the parameters) or given (their values as they are)",
    )
    @argument("--seed", default="0", help="for the random initialisation")
    @argument(
        "--budget",
        metavar="SECONDS",
        default="60",
        help="what would take longer goes as with --fast, at one point if need be; 60 by default",
    )
    @argument("--jobs", metavar="N", default="1", help="processes to share the work; -1: all cores")
    @argument(
        "--fast",
        action="store_true",
        help="random directions for all components at once; looks closer where one is off",
    )
    @argument(
        "--repair",
        metavar="SECONDS",
        default="5",
        help="look so long for the edit that makes a failed check pass; 0: none",
    )
    @argument(
        "--apply", action="store_true", help="put the function with that edit into a new cell"
    )
    @argument("--raise", action="store_true", dest="raise_", help="raise an error for FAIL")
    @argument(
        "--explain", action="store_true", help="say what was found and why, and check nothing"
    )
    @argument(
        "--watch", action="store_true", help="check again when a cell redefines what was checked"
    )
    @argument("--unwatch", action="store_true", help="end that, and check nothing")
    @argument(
        "--self-test",
        action="store_true",
        dest="self_test",
        help="plant bugs into the gradient and show that each is caught",
    )
    @argument("--static", action="store_true", help="no sliders below the report")
    @argument("-h", "--help", action="store_true", help="show this and check nothing")
    @no_var_expand
    @needs_local_scope
    @output_can_be_silenced
    @line_cell_magic
    def gradcheck(
        self, line: str, cell: str | None = None, local_ns: dict[str, Any] | None = None
    ) -> Report | SelfTest | None:
        """Check a backward pass written by hand against its cost.

        As a line, %gradcheck finds the forward and backward functions, the parameters and the data
        that the notebook defines, says in one line what it took for what, and compares the
        gradient with differences of the cost, at a random initialisation and after a few training
        steps. As the first line of a cell, %%gradcheck runs the cell and checks what it defined.
        Returns the Report.

        For example:

          %gradcheck
          %gradcheck forward_propagation backward_propagation
          %gradcheck --data X[:, :16],Y[:, :16] --layers W2,b2
          %gradcheck --cost "cross_entropy(forward(X, p), y)"
        """
        arguments = self._parse(line)
        if arguments.help:
            print(_parser().format_help().removeprefix("::\n\n"))  # reStructuredText's sign
            return None
        if arguments.unwatch:
            print(f"gradcheck: {'no longer watching' if self.follower.end() else NOT_WATCHING}")
            return None
        options = self._options(arguments)
        defined: frozenset[str] = frozenset()
        if cell is not None:
            defined = self._run(cell)
        try:
            found = {"cells": self.cells.sources, **_hints(arguments)}
            found["learning_rate"] = options["learning_rate"]
            if arguments.explain:
                print(explain(self._namespace(local_ns), **found))
                return None
            problem = self._discover(cell, defined, self._namespace(local_ns), found)
            print(f"gradcheck: {problem.how}")
            if arguments.self_test:
                return self_test_problem(problem, **options)
            # the report is there first; an error that is raised has to have the repair in it
            seconds = 0.0 if options["raise_on_failure"] else options["repair"]
            report = check_problem(problem, **(options | {"repair": 0} if seconds else options))
            report = replace(report, announced=True)
        except CheckInterrupted:
            raise
        except KeyboardInterrupt:
            raise CheckInterrupted("stopped; parameters and data are as they were") from None
        except UserCodeError as error:
            raise error from None  # the message says where; no chain of tracebacks
        self.stage.remember(report, arguments.static, seconds, arguments.apply)
        if arguments.watch:
            quiet = options | {"raise_on_failure": False, "repair": 0}
            self.follower.follow(report, lambda: self._once_more(arguments, quiet))
        return report

    def _once_more(self, arguments: Any, options: dict[str, Any]) -> Report:
        """The same check in the namespace as it is now."""
        found = {"cells": self.cells.sources, **_hints(arguments)}
        found["learning_rate"] = options["learning_rate"]
        try:
            return check_problem(discover(self._namespace(None), **found), **options)
        except KeyboardInterrupt:
            raise CheckInterrupted("stopped; parameters and data are as they were") from None

    def silently(self, line: str = "") -> None:
        """Stand in for ``gradcheck;``, the name that IPython reads in ``%gradcheck;``."""
        self._shell.run_line_magic("gradcheck", line)

    def _discover(
        self,
        cell: str | None,
        defined: frozenset[str],
        namespace: dict[str, Any],
        hints: dict[str, Any],
    ) -> Problem:
        """What to check; a cell without functions of its own may hold the training loop itself."""
        if cell is not None and not defined:
            statements = {k: hints[k] for k in ("params", "data", "cost", "grads", "learning_rate")}
            try:
                return discover_cell(cell, namespace, **statements)
            except BindingError as inline:
                try:
                    return discover(namespace, **hints)
                except BindingError:
                    raise inline from None
        return discover(namespace, **hints, defined=defined)

    def _parse(self, line: str) -> Any:
        line = line.strip().removesuffix(";")
        return _parser().parse_args(_words(line))

    def _options(self, arguments: Any) -> dict[str, Any]:
        return {
            "epsilon": self._number(arguments.epsilon, "--epsilon"),
            "scheme": arguments.scheme,
            "layers": _names(arguments.layers),
            "threshold": self._number(arguments.threshold, "--threshold"),
            "steps": self._number(arguments.steps, "--steps", int),
            "learning_rate": self._number(arguments.learning_rate, "--learning-rate"),
            "init": arguments.init,
            "seed": self._number(arguments.seed, "--seed", int),
            "budget": self._number(arguments.budget, "--budget"),
            "n_jobs": self._number(arguments.jobs, "--jobs", int),
            "fast": arguments.fast,
            "repair": self._number(arguments.repair, "--repair"),
            "raise_on_failure": arguments.raise_,
        }

    def _number(self, text: str | None, option: str, kind: type = float) -> Any:
        """A number, or the value of a variable that holds one."""
        if text is None:
            return None
        try:
            return kind(self._shell.user_ns.get(text, text))
        except (TypeError, ValueError):
            needed = NUMBERS.get(option, "a whole number such as 5")
            raise InputError(f"{option} is {text!r}; needed: {needed}") from None

    @property
    def _shell(self) -> InteractiveShell:
        assert self.shell is not None
        return self.shell

    def _namespace(self, local_ns: dict[str, Any] | None) -> dict[str, Any]:
        hidden = self._shell.user_ns_hidden
        return {
            name: value
            for name, value in {**self._shell.user_ns, **(local_ns or {})}.items()
            if not name.startswith("_") and name not in hidden
        }

    def _run(self, cell: str) -> frozenset[str]:
        """Run the cell as if the magic were not there; the names that it defines."""
        self.follower.skip()
        result = self._shell.run_cell(cell, store_history=False)
        if not result.success:
            raise InputError("the cell failed, see above, so nothing was checked")
        tree = ast.parse(self._shell.transform_cell(cell))
        return frozenset(
            node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))
        )


def not_first(line: str = "") -> NoReturn:
    """Stand in for the line magic ``%gradcheck``, which is what ``%%`` below a comment becomes."""
    raise InputError(
        "%%gradcheck stands below another line; needed: %%gradcheck as the first line of its cell, "
        "with no comment above it"
    )


def _parser() -> Any:
    return GradcheckMagics.gradcheck.parser  # type: ignore[attr-defined]


def _takes() -> dict[str, int | str]:
    """How many words each option takes."""
    return {
        name: 1 if action.nargs is None else action.nargs
        for action in _parser()._actions
        for name in action.option_strings
        if name.startswith("--")
    }


def _error(message: str) -> NoReturn:
    # not argparse's exit and not IPython's UsageError, which nbval lets pass
    raise InputError(f"{nearest(message, _takes())}; %gradcheck --help lists the options")


_parser().error = _error
_parser().usage = "%(prog)s [FORWARD [BACKWARD]] [options]"


def _words(line: str) -> list[str]:
    """The words of the line; quotes group, and stay where they are part of an expression.

    A word that begins with # begins a comment, which IPython hands on to a magic.
    """
    lexer = shlex.shlex(line, posix=False)
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        words = list(itertools.takewhile(lambda word: not word.startswith("#"), lexer))
    except ValueError:
        raise InputError(f"a quote is not closed in {line!r}; needed: the other one") from None
    return [w[1:-1] if len(w) > 1 and w[0] == w[-1] and w[0] in "\"'" else w for w in words]


def _hints(arguments: Any) -> dict[str, str | None]:
    """What the user said of the binding; an expression with spaces arrives in pieces."""
    functions = [name.rstrip(",") for name in arguments.functions]
    check_functions(functions, _takes())
    functions += [None] * (2 - len(functions))
    hints: dict[str, str | None] = {
        "forward": arguments.forward or functions[0],
        "backward": arguments.backward or functions[1],
    }
    for name in ("params", "data", "cost", "grads"):
        words = getattr(arguments, name)
        hints[name] = " ".join(words) if words else None
    return hints


def _names(words: list[str] | None) -> list[str] | None:
    return [name for word in words for name in word.split(",") if name] if words else None


def load(shell: InteractiveShell) -> None:
    """Register the magics; a second time replaces the first."""
    unload(shell)
    magics = GradcheckMagics(shell)
    shell.register_magics(magics)
    shell.magics_manager.register_function(not_first, "line", "%gradcheck")
    shell.magics_manager.register_function(magics.silently, "line", "gradcheck;")
    magics.cells.open()
    open_completion(shell, _takes())


def unload(shell: InteractiveShell) -> None:
    """Take the magics away again, with the panels that are open."""
    manager: Any = shell.magics_manager
    magics = manager.registry.pop(GradcheckMagics.__name__, None)
    if magics is not None:
        magics.follower.end()
        magics.stage.close()
        magics.cells.close()
    close_completion(shell)
    for kind in ("line", "cell"):
        manager.magics[kind].pop("gradcheck", None)
    for name in ("%gradcheck", "gradcheck;"):
        manager.magics["line"].pop(name, None)
