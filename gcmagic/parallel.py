"""Components shared out among processes, or among the workers of a cluster, by joblib."""

from __future__ import annotations

from typing import Any

import numpy as np

from .errors import CheckInterrupted, GradcheckError, InputError
from .evaluation import Evaluator
from .problem import Problem

# chunks a worker, so that one slow worker does not keep the others waiting
CHUNKS = 4
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
    """

    def __init__(self, inner: Evaluator, n_jobs: int) -> None:
        try:
            import joblib
        except ImportError:
            raise InputError(
                f"n_jobs is {n_jobs} and joblib is not installed; needed: pip install joblib, or "
                "n_jobs=1"
            ) from None
        self.inner = inner
        self.n_jobs = joblib.effective_n_jobs(n_jobs)

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
            return self.inner(problem, theta, components, points)
        from joblib import Parallel, delayed

        places = np.array_split(np.arange(components.size), CHUNKS * self.n_jobs)
        call = delayed(self.inner)
        try:
            parts: Any = Parallel(n_jobs=self.n_jobs)(
                call(problem, theta, components[part], points[part]) for part in places if part.size
            )
        except GradcheckError:
            raise
        except KeyboardInterrupt:
            raise CheckInterrupted("stopped; parameters and data are as they were") from None
        except Exception as error:
            raise InputError(
                f"{problem.cost_name} cannot be evaluated in other processes: "
                f"{type(error).__name__}: {error}; use n_jobs=1"
            ) from error
        return np.concatenate(list(parts))
