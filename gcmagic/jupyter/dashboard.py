"""The panel below a report: another epsilon, array, point or view, and what comes of it."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from ..comparison import Comparison
from ..errors import CheckInterrupted, GradcheckError, InputError
from ..notation import exponent
from ..plots.scene import Scene
from ..plots.theme import overall
from ..report import Report
from .controls import Controls
from .picture import Picture
from .recheck import Question, Recheck
from .sentences import sentence, valley
from .slices import Slices, Stopped

SLOW = 0.15  # seconds: what is expected to take longer shows a sample first, and can be cancelled
SAMPLE = 0.12  # seconds that such a sample may take
IDLE = 60.0  # seconds after which the thread ends; a new one has to read its fonts first


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
    controls
        The widgets; ``controls.widget`` is to be displayed.
    origin
        The report that it was opened on.
    """

    def __init__(self, report: Report) -> None:
        self.origin = report
        self._slices = Slices(self._go_on)
        self._lock = threading.RLock()
        self._turn = threading.Condition(self._lock)
        self._worker: threading.Thread | None = None
        self._wanted: Question | None = None
        self._cancelled = self._closed = self._working = self._changing = False
        self._begun = self._told = 0.0
        self._expected = self._done = 0
        self._heading = self._notice = ""
        self._take(report)
        self.controls = Controls(self._start, self._layers(), self._recheck.points)
        self._answer(self._question())
        for control in self._asking():
            control.observe(self._changed, "value")
        self.controls.cancel.on_click(self._cancel)

    def _asking(self) -> tuple[Any, ...]:
        asked = self.controls
        return asked.epsilon, asked.layer, asked.phase, asked.view

    @property
    def widget(self) -> Any:
        """To be displayed."""
        return self.controls.widget

    def _take(self, report: Report) -> None:
        self._report = report
        self._recheck = Recheck(report)
        self._picture = Picture(report.phases[0].blocks)
        self._start = report.phases[0].epsilon

    def _layers(self) -> list[Any]:
        return [(name, self._report.verdict_of(name)) for name in self._report.names]

    def show(self, report: Report, notice: str = "") -> None:
        """Take another report in place of this one, with a word on what has changed."""
        with self._turn:
            if self._closed:
                return
            epsilon = self.controls.epsilon
            own = math.isclose(epsilon.value, self._start, rel_tol=1e-6)
            self._changing = True  # the controls move, and nobody asked anything
            self._take(report)
            self.controls.offer(self._layers(), self._recheck.points)
            if own:
                epsilon.value = self._start
            self._changing = False
            self._notice = notice
        self._changed(None)

    def say(self, words: str) -> None:
        """Tell what went wrong with a check that the panel did not make."""
        self._say(words)

    def close(self) -> None:
        """Stop what is running and take the widgets, all of them, out of the kernel."""
        with self._turn:
            self._closed = True
            self._wanted = None
            self._turn.notify_all()
            self._picture.forget()
        for control in self._asking():  # Out keeps the widgets, and they this object
            control.unobserve_all()
        self.controls.close()

    def wait(self, seconds: float | None = None) -> bool:
        """Until everything asked so far is answered. Not from a cell: answers wait for its end."""
        with self._turn:
            return self._turn.wait_for(
                lambda: self._closed or (self._wanted is None and not self._working), seconds
            )

    def _question(self) -> Question:
        asked = self.controls
        value = asked.epsilon.value
        # a front end sends the value that it was given back with other last digits
        start = math.isclose(value, self._start, rel_tol=1e-6)
        # the grid of the slider is that of its readout, one digit: what is shown is what is used
        epsilon = None if start else float(f"{value:.0e}")
        place = int(asked.phase.value or 0)
        phase = self._recheck.phase(place)
        # a point that was added to settle one array may hold that array alone
        there = self._report.names if phase is None else tuple(b.name for b in phase.blocks)
        wanted = there if asked.layer.value is None else (asked.layer.value,)
        names = tuple(name for name in wanted if name in there)
        return Question(place, names, epsilon, str(asked.view.value))

    def _changed(self, _: Any) -> None:
        with self._turn:
            if self._closed or self._changing:
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
                first = self._report.phases[0]
                scene = replace(Scene.of(first, self._report.settings), blocks=())
                name = self._recheck.name_of(question.phase)
                self.controls.image.value = self._picture.png(question.view, scene, name)

    def _answer(self, question: Question) -> None:
        self._heading = self._head(question)
        if not question.names:
            gone = self.controls.layer.value
            raise InputError(f"{gone} was not looked at here; choose another point")
        if self._recheck.phase(question.phase) is None:
            self._look(question)
        blocks = self._recheck.known(question)
        if blocks is None:
            blocks = self._compute(question)
        if question.view == "sweep" and self._recheck.curves(question, None) is None:
            self._climb(question)
        self._show(blocks, question, f"{self._heading}: {sentence(blocks)}")

    def _look(self, question: Question) -> None:
        """Check a point that nobody has looked at."""
        size = sum(block.analytic.size for block in self._report.phases[0].blocks)
        with self._long(len(self._report.settings.scheme.offsets) * size):
            self._recheck.look(question.phase, self._slices)
        self._heading = self._head(question)

    def _climb(self, question: Question) -> None:
        """Evaluate the ladder of epsilons."""
        with self._long(self._recheck.ladder_calls(question)):
            self._recheck.curves(question, self._slices)

    def _compute(self, question: Question) -> list[Comparison]:
        calls = self._recheck.calls(question)
        with self._long(calls):
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

    @contextmanager
    def _long(self, calls: int) -> Iterator[None]:
        """Work that can be told of, given up and cancelled."""
        self._begun = self._told = time.monotonic()
        self._done, self._expected = 0, calls
        try:
            yield
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
                self.controls.cancel.layout.visibility = "visible" if busy else "hidden"

    def _show(
        self, blocks: Sequence[Comparison], question: Question, words: str, final: bool = True
    ) -> None:
        phase, settings = self._recheck.look(question.phase, self._slices), self._report.settings
        scene = Scene.of(phase, settings, blocks)
        scene = replace(scene, epsilon=question.epsilon or phase.epsilon)
        if question.view == "sweep":
            curves = self._recheck.curves(question, None) or []
            scene, words = replace(scene, curves=tuple(curves)), words + valley(curves)
        verdict = overall([block.verdict for block in blocks]) if final else None
        with self._lock:
            if self._closed:
                return
            self.controls.image.value = self._picture.png(question.view, scene, phase.name, verdict)
            notice, self._notice = self._notice, ""
            self._say(f"{notice[:1].upper()}{notice[1:]}. {words}" if notice else words)

    def _say(self, words: str) -> None:
        with self._lock:
            if not self._closed:
                self.controls.say(words)

    def _head(self, question: Question) -> str:
        several = len(question.names) == len(self._report.names) > 1
        what = "all layers" if several else " ".join(question.names)
        phase = self._recheck.phase(question.phase)
        epsilon = question.epsilon or (self._start if phase is None else phase.epsilon)
        name = self._recheck.name_of(question.phase)
        return f"{what}{', ' if what else ''}epsilon {exponent(epsilon)}, {name}"
