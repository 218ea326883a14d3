"""Complex parameters, checked as their real and imaginary parts.

The cost is real and a function of both parts, so a gradient has to say two slopes for each number.
The convention here is the one that descent goes by, theta - rate * gradient::

    gradient = dJ/dRe(theta) + i dJ/dIm(theta)

Twice Wirtinger's derivative with respect to the conjugate, as torch has it; its conjugate is what
JAX returns (Kreutz-Delgado, The complex gradient operator and the CR-calculus, 2009).
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, MutableMapping
from dataclasses import replace
from typing import Any

import numpy as np

from .comparison import FAIL
from .errors import InputError
from .findings import Finding
from .leaves import describe, leaves_of, path_name
from .phase import Phase
from .problem import Problem


def is_complex(leaf: Any) -> bool:
    """Whether it is a complex number or an array of them."""
    return isinstance(leaf, (np.ndarray, np.generic, complex)) and np.iscomplexobj(leaf)


def real_problem(fun: Any, grad: Any, params: Any) -> Problem:
    """The Problem of `fun` and `grad`, with complex parameters in parts.

    Examples
    --------
    >>> z = np.array([1 + 2j, 3 - 1j])
    >>> problem = real_problem(lambda z: np.sum(np.abs(z) ** 2), lambda z: 2 * z, z)
    >>> problem.layout.blocks[0].shape, problem.gradient_at(np.array([1.0, 2.0, 3.0, -1.0]))
    ((2, 2), array([ 2.,  4.,  6., -2.]))
    """
    paths = tuple(path for path, leaf in leaves_of(params) if is_complex(leaf))
    if not paths:
        return Problem(fun, grad, params)
    if not (callable(fun) and callable(grad)):
        return Problem(fun, grad, _split(params, params))  # says which is no function

    def cost(parts: Any) -> Any:
        return fun(_join(parts, params))

    def gradient(parts: Any) -> Any:
        return _split(grad(_join(parts, params)), params)

    names = " ".join(path_name(path) for path in paths)
    note = (
        f"complex, so checked as real and imaginary parts, [..., 0] and [..., 1]: {names}; "
        "the gradient is taken to be dJ/dRe + i dJ/dIm"
    )
    return Problem(
        cost,
        gradient,
        _split(params, params),
        notes=(note,),
        roots=(fun, grad, params),
        complex_names=tuple(path_name(path) for path in paths),
    )


def conjugates(problem: Problem, phase: Phase) -> Phase:
    """The phase with a finding for complex arrays whose gradient is the conjugate one."""
    found = []
    for block in phase.blocks:
        whole = block.analytic.size == block.block.size
        if block.name in problem.complex_names and whole and block.verdict is FAIL:
            g, a = block.analytic.reshape(-1, 2), block.numeric.reshape(-1, 2)
            left = float(np.linalg.norm(g - a * [1, -1]) / np.linalg.norm(a))
            if left <= 1e-6 + 3 * float(np.linalg.norm(block.error) / np.linalg.norm(a)):
                found.append(block.name)
    if not found:
        return phase
    said = Finding(
        "conjugate",
        " ".join(found),
        f"{' '.join(found)}: the gradient is the conjugate of dJ/dRe + i dJ/dIm",
        "the real parts agree, the imaginary parts have the other sign",
        "A step against this gradient does not go downhill. Return np.conj(...) of it, unless the "
        "convention dJ/dRe - i dJ/dIm is meant.",
    )
    others = [f for f in phase.findings if not set(f.where.split()) & set(found)]
    return replace(phase, findings=(said, *others))


def _split(value: Any, template: Any) -> Any:
    """The structure of `template` with complex leaves as (..., 2) real arrays."""
    if isinstance(template, Mapping):
        if not isinstance(value, Mapping):
            return value  # the layout says what is wrong with it
        return {k: _split(value[k], item) if k in value else None for k, item in template.items()}
    if isinstance(template, (list, tuple)):
        if not isinstance(value, (list, tuple)) or len(value) != len(template):
            return value
        return [_split(v, t) for v, t in zip(value, template, strict=True)]
    if not is_complex(template):
        return value
    try:
        parts = np.array(value, dtype=complex)
    except (TypeError, ValueError):
        raise InputError(
            f"the gradient is {describe(value)}; needed: an array of complex numbers"
        ) from None
    return np.stack([np.real(parts), np.imag(parts)], axis=-1)


def _join(parts: Any, template: Any) -> Any:
    if isinstance(template, Mapping):
        items = {key: _join(parts[key], item) for key, item in template.items()}
        if isinstance(template, MutableMapping) and type(template) is not dict:
            new = copy.copy(template)
            new.update(items)
            return new
        return items
    if isinstance(template, (list, tuple)):
        items = [_join(p, t) for p, t in zip(parts, template, strict=True)]
        return type(template)(*items) if hasattr(template, "_fields") else type(template)(items)
    return parts[..., 0] + 1j * parts[..., 1] if is_complex(template) else parts
