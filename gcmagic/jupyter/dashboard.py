"""The panel below a report: another epsilon, one array, the other point, and what comes of it."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Sequence
from html import escape
from typing import Any

import ipywidgets as widgets

from ..comparison import FAIL, INCONCLUSIVE, PASS, Comparison
from ..errors import CheckInterrupted, GradcheckError, InputError
from ..notation import CHECKMARK, exponent
from ..report import Report
from .picture import SIZE, Picture
from .recheck import Question, Recheck, sentence
from .slices import Slices, Stopped

SLOW = 0.15  # seconds: what is expected to take longer shows a sample first, and can be cancelled
SAMPLE = 0.12  # seconds that such a sample may take
TEXT = "line-height:1.45;margin:2px 0"
IDLE = 60.0  # seconds after which the thread ends; a new one has to read its fonts first
STEPS_A_DECADE = 3  # 1e-5, 2e-5, 5e-5, 1e-4


class Panel(widgets.VBox):
    """The widgets in a box whose plain text is one sentence, the same in every run."""

    def __repr__(self) -> str:
        return "Gradient check panel (run this cell again for its sliders)"


class Dashboard:
    """Sliders over a report.

    Controls only say what is asked. One thread at a time answers: it takes the newest question,
    gives up a long answer that nobody waits for any more, and ends when nothing is left to do.

    Parameters
    ----------
    report
        What a check found, for the arrays, the points and the settings.

    Attributes
    ----------
    widget
        To be displayed.
    epsilon, layer, phase, image, status, cancel
        The parts of it.
    """

    def __init__(self, report: Report) -> None:
        self._report = report
        self._recheck = Recheck(report)
        self._slices = Slices(self._go_on)
        self._picture = Picture(report)
        self._lock = threading.RLock()
        self._turn = threading.Condition(self._lock)
        self._worker: threading.Thread | None = None
        self._wanted: Question | None = None
        self._cancelled = self._closed = self._working = False
        self._begun = self._told = 0.0
        self._expected = self._done = 0
        self._heading = ""

        self._start = report.phases[0].epsilon
        self.epsilon = _epsilon_slider(self._start)
        self.layer = widgets.Dropdown(
            options=[("all", None), *[(_marked(report, name), name) for name in report.names]],
            description="layer",
            style={"description_width": "initial"},
            layout=widgets.Layout(width="auto", flex="0 1 13em", min_width="9em"),
        )
        self.phase = widgets.ToggleButtons(
            options=[(phase.name, k) for k, phase in enumerate(report.phases)],
            style={"button_width": "auto"},
            layout=widgets.Layout(display=None if len(report.phases) > 1 else "none"),
        )
        self.image = widgets.Image(
            format="png",
            width=SIZE[0],
            height=SIZE[1],
            layout=widgets.Layout(max_width="100%", height="auto", margin="4px 0"),
        )
        self.status = widgets.HTML(layout=widgets.Layout(flex="1 1 auto", min_height="3.2em"))
        self.cancel = widgets.Button(
            description="Cancel",
            layout=widgets.Layout(width="auto", flex="0 0 auto", visibility="hidden"),
        )
        self.widget = Panel(
            [
                widgets.Box(
                    [self.epsilon, self.layer, self.phase],
                    layout=widgets.Layout(
                        flex_flow="row wrap", align_items="center", max_width=f"{SIZE[0]}px"
                    ),
                ),
                self.image,
                widgets.HBox(
                    [self.status, self.cancel],
                    layout=widgets.Layout(max_width=f"{SIZE[0]}px", align_items="flex-start"),
                ),
            ]
        )
        self._answer(self._question())
        for control in (self.epsilon, self.layer, self.phase):
            control.observe(self._changed, "value")
        self.cancel.on_click(self._cancel)

    def close(self) -> None:
        """Stop what is running and take the widgets, all of them, out of the kernel."""
        with self._turn:
            self._closed = True
            self._wanted = None
            self._turn.notify_all()
        _close(self.widget)

    def wait(self, seconds: float | None = None) -> bool:
        """Until everything asked so far is answered. Not from a cell: answers wait for its end."""
        with self._turn:
            return self._turn.wait_for(
                lambda: self._closed or (self._wanted is None and not self._working), seconds
            )

    def _question(self) -> Question:
        value = self.epsilon.value
        # a front end sends the value that it was given back with other last digits
        start = math.isclose(value, self._start, rel_tol=1e-6)
        # the grid of the slider is that of its readout, one digit: what is shown is what is used
        epsilon = None if start else float(f"{value:.0e}")
        phase = int(self.phase.value or 0)
        # a point that was added to settle one array may hold that array alone
        there = tuple(block.name for block in self._report.phases[phase].blocks)
        wanted = there if self.layer.value is None else (self.layer.value,)
        return Question(phase, tuple(name for name in wanted if name in there), epsilon)

    def _changed(self, _: Any) -> None:
        with self._turn:
            if self._closed:
                return
            self._wanted = self._question()
            self._cancelled = False
            if self._worker is None:
                self._worker = threading.Thread(
                    target=self._work, name="gcmagic panel", daemon=True
                )
                self._worker.start()
            self._turn.notify_all()

    def _cancel(self, _: Any) -> None:
        self._cancelled = True

    def _work(self) -> None:
        """Answer what is wanted, until nothing has been for a while."""
        while True:
            with self._turn:
                self._working = False
                self._turn.notify_all()
                self._turn.wait_for(lambda: self._wanted is not None or self._closed, IDLE)
                question, self._wanted = self._wanted, None
                if question is None:
                    self._worker = None
                    return
                self._working = True
            try:
                self._answer(question)
            except Stopped:
                if self._cancelled:
                    self._say(f"{self._heading}: stopped")
            except (Exception, CheckInterrupted) as error:
                self._fail(question, error)

    def _fail(self, question: Question, error: BaseException) -> None:
        """What went wrong, in words, beside no picture: the last one was of something else."""
        own = isinstance(error, (GradcheckError, CheckInterrupted))
        self._say(f"{self._heading}: {'' if own else type(error).__name__ + ': '}{error}")
        with self._lock:
            if not self._closed:
                name = self._report.phases[question.phase].name
                self.image.value = self._picture.png([], name)

    def _answer(self, question: Question) -> None:
        self._heading = _heading(self._report, question)
        if not question.names:
            raise InputError(f"{self.layer.value} was not looked at here; choose another point")
        blocks = self._recheck.known(question)
        if blocks is None:
            blocks = self._compute(question)
        self._show(blocks, question, f"{self._heading}: {sentence(blocks)}")

    def _compute(self, question: Question) -> list[Comparison]:
        calls = self._recheck.calls(question)
        self._begun = self._told = time.monotonic()
        self._done, self._expected = 0, calls
        try:
            if self._slices.seconds is None:  # a first look at two components says what is slow
                self._recheck.answer(question, self._slices, share=1e-9)
            seconds = calls * (self._slices.seconds or 0.0)
            if seconds > SLOW:
                self._busy(True)
                sample = self._recheck.answer(question, self._slices, SAMPLE / seconds)
                looked = sum(block.analytic.size for block in sample)
                words = f"a first look at {looked:,} components, {sentence(sample)}"
                self._show(sample, question, f"{self._heading}: {words} …", final=False)
                self._done = 0
            return self._recheck.answer(question, self._slices)
        finally:
            self._busy(False)

    def _go_on(self, calls: int) -> None:
        """Between two slices: stop, or tell how far it is."""
        now = time.monotonic()
        with self._lock:
            newer = self._wanted is not None and now - self._begun > SLOW
            if self._closed or self._cancelled or newer:
                raise Stopped("stopped")
        self._done += calls
        if now - self._told > 0.5:
            self._told = now
            self._busy(True)
            share = min(99, math.floor(100 * self._done / max(1, self._expected)))
            self._say(
                f"{self._heading}: "
                + (f"checking, {share} %" if calls else "waiting for the cell that is running")
            )

    def _busy(self, busy: bool) -> None:
        with self._lock:
            if not self._closed:
                self.cancel.layout.visibility = "visible" if busy else "hidden"

    def _show(
        self, blocks: Sequence[Comparison], question: Question, words: str, final: bool = True
    ) -> None:
        with self._lock:
            if self._closed:
                return
            verdict = None
            if blocks and final:
                verdicts = [block.verdict for block in blocks]
                verdict = FAIL if FAIL in verdicts else PASS if all(verdicts) else INCONCLUSIVE
            name = self._report.phases[question.phase].name
            self.image.value = self._picture.png(blocks, name, verdict)
            self._say(words)

    def _say(self, words: str) -> None:
        with self._lock:
            if not self._closed:
                self.status.value = f'<div role="status" style="{TEXT}">{escape(words)}</div>'


def _marked(report: Report, name: str) -> str:
    return f"{CHECKMARK[report.verdict_of(name).name]} {name}"


def _heading(report: Report, question: Question) -> str:
    phase = report.phases[question.phase]
    several = len(question.names) == len(report.names) > 1
    what = "all layers" if several else " ".join(question.names)
    return (
        f"{what}{', ' if what else ''}"
        f"epsilon {exponent(question.epsilon or phase.epsilon)}, {phase.name}"
    )


def _epsilon_slider(value: float) -> widgets.FloatLogSlider:
    decade = math.log10(value)
    return widgets.FloatLogSlider(
        value=value,
        base=10,
        min=min(-12.0, math.floor(decade)),
        max=max(-1.0, math.ceil(decade)),
        step=1 / STEPS_A_DECADE,
        description="epsilon",
        readout_format=".0e",
        style={"description_width": "initial"},
        layout=widgets.Layout(width="auto", flex="1 1 18em", max_width="34em"),
    )


def _close(widget: widgets.Widget) -> None:
    for child in getattr(widget, "children", ()):
        _close(child)
    for part in (getattr(widget, "style", None), getattr(widget, "layout", None)):
        if isinstance(part, widgets.Widget):
            part.close()
    widget.close()
