"""What gcmagic raises: one readable line in a notebook, an ordinary exception elsewhere."""

from __future__ import annotations


class _OneLine:
    """Show the message alone in IPython.

    IPython asks an exception for ``_render_traceback_`` before it prints a traceback. Its own
    ``UsageError`` is not used: nbval and nbclient let a cell that raises it pass.
    """

    def _render_traceback_(self) -> list[str]:
        return [f"{type(self).__name__}: {self}"]


class GradcheckError(_OneLine, Exception):
    """The question cannot be answered as it was asked. Every error of gcmagic is one of these."""


class InputError(GradcheckError, ValueError):
    """A value that is no parameter, gradient, cost or option that a check can use."""


class GradientShapeError(InputError):
    """A gradient has not the shape of its parameter."""


class UserCodeError(GradcheckError):
    """The user's own cost or backward pass raised; ``__cause__`` holds what it raised."""


class BindingError(GradcheckError, LookupError):
    """Discovery found nothing that fits, or more than one thing that does.

    Parameters
    ----------
    message
        What arrived, what was needed, what to do.
    lines
        The exact lines that would settle it, one a candidate.
    """

    def __init__(self, message: str, lines: tuple[str, ...] = ()) -> None:
        super().__init__("\n".join([message, *(f"    {line}" for line in lines)]))
        self.lines = lines


class GradcheckFailed(GradcheckError, AssertionError):  # noqa: N818 - FAIL is the verdict
    """Raised for FAIL where it was asked for; the message is the report's text.

    Parameters
    ----------
    report
        The report of the failed check.
    """

    def __init__(self, report: object) -> None:
        super().__init__(str(report))
        self.report = report


class CheckInterrupted(_OneLine, KeyboardInterrupt):
    """The user interrupted a check. A KeyboardInterrupt, so that nothing swallows it."""
