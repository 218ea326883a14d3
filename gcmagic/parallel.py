"""Components shared out among processes, or among the workers of a cluster, by joblib."""

from __future__ import annotations

from contextlib import nullcontext
from copy import copy
from typing import Any

import numpy as np

from .errors import CheckInterrupted, GradcheckError, InputError
from .evaluation import Evaluator, Progress, watched
from .problem import Problem
from .progress import Bar

# chunks a worker, so that one slow worker does not keep the others waiting
CHUNKS = 4
# how often it is tried while workers are lost
ATTEMPTS = 3
# fewer components than this are not worth a process
FEWEST = 64


class ParallelEvaluator:
    """Gives every worker some of the components; joblib decides where the workers are.

    Under ``with joblib.parallel_config("dask"):`` they are those of a Dask cluster. Functions that
    are defined in a notebook, and closures, go to them by cloudpickle.

    Parameters
    ----------
    inner
        What each worker evaluates its components with.
    n_jobs
        Number of workers as joblib counts them: -1 for one a core.
    progress
        Wraps the range of components; a `Bar` shows one after a second.

    Attributes
    ----------
    reasons
        Why workers took components one by one, by name of the parameter array.

    Notes
    -----
    Joblib's own processes share the threads of the linear algebra: each gets the number of cores
    over the number of processes. Where a worker is lost, killed or gone from the cluster, the
    parameter array that it worked on is shared out again among those that are left.
    """

    def __init__(self, inner: Evaluator, n_jobs: int, progress: Progress = nullcontext) -> None:
        try:
            import joblib
        except ImportError:
            raise InputError(
                f"n_jobs is {n_jobs} and joblib is not installed; needed: pip install joblib, or "
                "n_jobs=1"
            ) from None
        self.inner, self.progress = inner, progress
        # what is not shared out is seen one by one; a bar cannot go to other processes
        self._alone = copy(inner)
        if hasattr(inner, "progress"):
            self._alone.progress = progress  # pyright: ignore
        self.n_jobs = joblib.effective_n_jobs(n_jobs)
        self.reasons: dict[str, str] = {}

    def __call__(
        self, problem: Problem, theta: np.ndarray, components: np.ndarray, points: np.ndarray
    ) -> np.ndarray:
        """Evaluate; see `Evaluator`.

        Raises
        ------
        InputError
            Where the functions cannot be sent to another process.
        """
        if self.n_jobs == 1 or components.size < FEWEST:
            values, reasons = _with_reasons(self._alone, problem, theta, components, points)
            self.reasons |= reasons
            return values
        attempts = ATTEMPTS
        try:
            while True:
                attempts -= 1
                try:
                    return self._shared_out(problem, theta, components, points)
                except Exception as error:
                    if not (attempts and _is_loss(error)):
                        raise
        except GradcheckError:
            raise
        except KeyboardInterrupt:
            raise CheckInterrupted("stopped; parameters and data are as they were") from None
        except Exception as error:
            raise InputError(
                f"{problem.cost_name} cannot be evaluated in other processes: "
                f"{type(error).__name__}: {error}; use n_jobs=1"
            ) from error

    def __getattr__(self, name: str) -> Any:
        # what is quicker in one call here than in parts elsewhere: slopes through pre-activations
        if name in ("through", "moves"):
            return getattr(self._alone, name)
        raise AttributeError(name)

    def _shared_out(
        self, problem: Problem, theta: np.ndarray, components: np.ndarray, points: np.ndarray
    ) -> np.ndarray:
        from joblib import Parallel, delayed
        from joblib.parallel import get_active_backend

        backend, _ = get_active_backend()
        # one after the other for the progress bar; Dask forgets what a lost worker had of these
        local = type(backend).__name__ == "LokyBackend"
        split = np.array_split(np.arange(components.size), CHUNKS * self.n_jobs)
        places = [part for part in split if part.size]
        if isinstance(self.progress, Bar):
            self.progress.soon()  # processes take a while to start, and tell of whole chunks
        call = delayed(_with_reasons)
        results: Any = Parallel(n_jobs=self.n_jobs, return_as="generator" if local else "list")(
            call(self.inner, problem, theta, components[part], points[part]) for part in places
        )
        found, told = [], {}
        with watched(self.progress, components.size) as tick:
            for part, (values, reasons) in zip(places, results, strict=True):
                found.append(values)
                told |= reasons
                tick(part.size)
        for name, reason in told.items():
            if name not in self.reasons:
                self.reasons[name] = self._here(problem, theta, components, points, name) or reason
        return np.concatenate(found)

    def _here(
        self,
        problem: Problem,
        theta: np.ndarray,
        components: np.ndarray,
        points: np.ndarray,
        name: str,
    ) -> str | None:
        """The reason as this process tells it: only here is the text of a notebook's cell known."""
        block = next(b for b in problem.layout.blocks if b.name == name)
        mine = np.flatnonzero((components >= block.start) & (components < block.stop))[:FEWEST]
        _, reasons = _with_reasons(self.inner, problem, theta, components[mine], points[mine])
        return reasons.get(name)


def _with_reasons(
    inner: Evaluator,
    problem: Problem,
    theta: np.ndarray,
    components: np.ndarray,
    points: np.ndarray,
) -> tuple[np.ndarray, dict[str, str]]:
    """The values, and why they were taken one by one, which would stay behind in a worker."""
    values = inner(problem, theta, components, points)
    return values, dict(getattr(inner, "reasons", {}))


def _is_loss(error: BaseException) -> bool:
    """Whether a worker is gone; said by name, for only its own package may be imported."""
    names = {kind.__name__ for kind in type(error).__mro__}
    return bool(names & {"BrokenProcessPool", "CancelledError", "KilledWorker"})
