"""Values of the cost with one component of theta moved at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

import numpy as np

from .errors import CheckInterrupted, GradcheckError, UserCodeError
from .problem import Problem, as_cost, raised_at

Progress = Callable[[range], AbstractContextManager[Iterable[int]]]


class Evaluator(Protocol):
    """Whatever gets the values: the loop below, a batch, a pool of processes."""

    def __call__(
        self, problem: Problem, theta: np.ndarray, components: np.ndarray, points: np.ndarray
    ) -> np.ndarray:
        """J with component ``components[i]`` set to ``points[i, k]``, all others as in `theta`.

        Returns an array of the shape and the dtype of `points`.
        """
        ...


class SerialEvaluator:
    """One call after the other, with theta moved in place and put back.

    Parameters
    ----------
    progress
        Wraps the range of components; a `Bar` shows one after a second.
    """

    def __init__(self, progress: Progress = nullcontext) -> None:
        self.progress = progress

    def __call__(
        self, problem: Problem, theta: np.ndarray, components: np.ndarray, points: np.ndarray
    ) -> np.ndarray:
        """Evaluate; see `Evaluator`.

        Raises
        ------
        CheckInterrupted
            On a keyboard interrupt; says how far it came.
        UserCodeError
            Where the cost raised; says for which component.
        """
        values, moved = self._loop(problem, theta, components, points, fresh=False)
        if moved:  # the cost writes into its parameters: give it new ones at every call
            values, _ = self._loop(problem, theta, components, points, fresh=True)
        return values

    def _loop(
        self,
        problem: Problem,
        theta: np.ndarray,
        components: np.ndarray,
        points: np.ndarray,
        fresh: bool,
    ) -> tuple[np.ndarray, bool]:
        layout, fun = problem.layout, problem.fun
        kinds = "fiubc" if points.dtype.kind == "c" else "fiub"
        workspace = layout.workspace(theta, points.dtype)
        writers = [workspace.writer(block) for block in layout.blocks]
        owners = np.searchsorted([b.start for b in layout.blocks], components, side="right") - 1
        values = np.empty_like(points)
        places = range(len(components))
        done = 0
        try:
            with self.progress(places) as shown:
                for i in shown:
                    component = int(components[i])
                    write = writers[owners[i]]
                    offset = component - layout.blocks[owners[i]].start
                    for k in range(points.shape[1]):
                        if fresh:
                            workspace.load(theta)
                            write = workspace.writer(layout.blocks[owners[i]])
                        write(offset, points[i, k])
                        values[i, k] = as_cost(fun(workspace.params), problem.cost_name, kinds)
                    write(offset, theta[component])
                    done += 1
        except KeyboardInterrupt:
            raise CheckInterrupted(
                f"stopped after {done} of {len(components)} components; "
                "parameters and data are as they were"
            ) from None
        except GradcheckError:
            raise
        except Exception as error:
            raise UserCodeError(
                f"{problem.cost_name} raised {type(error).__name__} with "
                f"{layout.component(int(components[done]))} moved: {error}"
                f"{raised_at(error)}"
            ) from error
        return values, not np.array_equal(workspace.vector(), theta, equal_nan=True)
