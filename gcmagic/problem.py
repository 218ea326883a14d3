"""A Problem: a cost J(theta), a gradient g(theta) and a theta, and how they were found."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from .errors import GradcheckError, InputError, UserCodeError
from .gradient_shapes import spreads
from .leaves import describe, leaves_of
from .parameters import ParameterLayout

_OWN = str(Path(__file__).parent)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is checked.

    Attributes
    ----------
    fun
        ``fun(params) -> cost``, one real number.
    grad
        ``grad(params) -> gradients`` in the structure of `params`.
    params
        The parameters as given: an array, a number, or dicts and lists of them.
    how
        One line that says what was bound to what; empty where nothing had to be found.
    cost_name, gradient_name
        What messages call the two functions.
    notes
        Sentences about the binding that the report repeats, casts for example.
    source
        The text of the cell whose statements compute the gradient; empty where functions do.
    unchecked
        Names of parameters that forward takes and that get no gradient.
    complex_names
        Parameters that are complex, and here their real and imaginary parts.
    roots
        Objects that `fun` and `grad` may touch beside `params`: what a sandbox has to guard.
    spread
        Shapes of gradients that are not those of their parameters and that an update would spread
        over them, by the names of these; `with_spread` finds them.
    data
        Names of arrays that are data: that these are written into is a finding.
    """

    fun: Callable[[Any], Any]
    grad: Callable[[Any], Any]
    params: Any
    how: str = ""
    cost_name: str = "the cost"
    gradient_name: str = "the gradient"
    notes: tuple[str, ...] = ()
    roots: tuple[Any, ...] = ()
    unchecked: tuple[str, ...] = ()
    source: str = ""
    complex_names: tuple[str, ...] = ()
    spread: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    data: tuple[str, ...] = ()
    layout: ParameterLayout = field(init=False, repr=False)

    def __post_init__(self) -> None:
        for name, value in (("fun", self.fun), ("grad", self.grad)):
            if not callable(value):
                raise InputError(f"{name} is {describe(value)}; needed: a function of the params")
        layout = ParameterLayout.of(self.params)
        if self.spread:
            layout = replace(layout, spread=frozenset(self.spread))
        object.__setattr__(self, "layout", layout)

    def copied(self) -> Any:
        """The parameters in arrays of their own, for a function that may write into them."""
        return self.layout.unflatten(self.layout.flatten(self.params))

    def cost(self, params: Any) -> float:
        """J as one real number, not checked for being finite."""
        return as_cost(_call(self.fun, params, self.cost_name), self.cost_name)

    def cost_at(self, theta: np.ndarray) -> float:
        """J at `theta`, with arrays made for this one call."""
        return self.cost(self.layout.views(np.array(theta, dtype=float)))

    def gradient_at(self, theta: np.ndarray) -> np.ndarray:
        """The user's gradient at `theta` as a vector in the order of theta."""
        return self.gradient(self.layout.unflatten(theta))

    def gradient(self, params: Any) -> np.ndarray:
        """The user's gradient as a vector in the order of theta."""
        return self.layout.flatten_gradient(self.gradients(params))

    def gradients(self, params: Any) -> Any:
        """The user's gradient as the user's function gives it."""
        return _call(self.grad, params, self.gradient_name)


def with_spread(problem: Problem, theta: np.ndarray) -> Problem:
    """The problem, told which gradients an update would spread over their parameters.

    ``b1 -= rate * np.sum(dZ1)`` moves every component of b1 by the same number, and NumPy does not
    say a word: a number for an array of four is a wrong gradient, not a question asked wrongly.
    """
    layout = problem.layout
    given = {path: np.shape(leaf) for path, leaf in leaves_of(_gradients_at(problem, theta))}
    pairs = [(b, given.get(path)) for b, path in zip(layout.blocks, layout.paths, strict=True)]
    found = {
        block.name: shape
        for block, shape in pairs
        if shape is not None
        and np.prod(shape, dtype=int) < block.size
        and spreads(shape, block.shape)
    }
    return replace(problem, spread=found)


def _gradients_at(problem: Problem, theta: np.ndarray) -> Any:
    return problem.gradients(problem.layout.unflatten(theta))


def as_cost(value: Any, name: str = "the cost", kinds: str = "fiub") -> Any:
    """One number out of what a cost function returned.

    Parameters
    ----------
    value
        A number, or an array of one number of any number of axes.
    name
        What the message calls the function.
    kinds
        The kinds of dtype to take; a complex step adds ``"c"``.

    Raises
    ------
    InputError
        For anything else.
    """
    if type(value) is float or type(value) is np.float64:  # as nearly all are
        return float(value)
    plain = type(value) is np.ndarray or isinstance(value, np.generic)  # np.squeeze(cost), for one
    if plain and value.size == 1 and value.dtype.kind in kinds:
        return value.item()
    if not isinstance(value, (np.ndarray, np.generic, int, float, complex)):
        arrived, advice = describe(value), ""
    else:
        array = np.asarray(value)
        if array.size == 1 and array.dtype.kind in kinds:
            return array.reshape(-1)[0].item()
        arrived = (
            f"an array of shape {array.shape}" if array.size != 1 else f"{array.dtype} {value}"
        )
        advice = " (sum or average over the examples?)" if array.size > 1 else ""
    raise InputError(f"{name} returned {arrived}; needed: one real number{advice}")


def _call(function: Callable[[Any], Any], params: Any, name: str) -> Any:
    try:
        return function(params)
    except GradcheckError:
        raise
    except (Exception, SystemExit) as error:  # exit() in a cost must not end the notebook's kernel
        raise UserCodeError(
            f"{name} raised {type(error).__name__}: {error}{raised_at(error)}"
            f"{_signature(function, error)}"
        ) from error


def _signature(function: Callable[[Any], Any], error: BaseException) -> str:
    """What is needed where a function cannot be called with the parameters alone."""
    if not isinstance(error, TypeError):
        return ""
    try:
        inspect.signature(function).bind(None)
    except TypeError:
        return "; needed: a function of the params alone (lambda params: f(params, X, Y))"
    except ValueError:  # a builtin without a signature
        return ""
    return ""


def raised_in(error: BaseException) -> traceback.FrameSummary | None:
    """The last line of the user's own code before an error; None where its text is not known."""
    frames = [
        frame
        for frame in traceback.walk_tb(error.__traceback__)
        if not (name := frame[0].f_code.co_filename).startswith(_OWN)
        and "site-packages" not in name
    ]
    # the text of one line alone is looked up, not those of all frames
    last = next(iter(traceback.StackSummary.extract(iter(frames[-1:]))), None)
    return last if last is not None and last.line else None


def raised_at(error: BaseException) -> str:
    """Where the user's own code raised, ``(line 7 of forward: Z2 = W2 @ A1)``."""
    last = raised_in(error)
    return f" (line {last.lineno} of {last.name}: {last.line})" if last is not None else ""


def casts_told(kinds: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Sentences about arrays that are not in float64.

    >>> casts_told({"float32": ["W1", "b1"]})
    ('W1 b1: float32, checked in float64',)
    """
    return tuple(f"{' '.join(names)}: {kind}, checked in float64" for kind, names in kinds.items())
