"""The widgets of the panel: made here, moved by `Dashboard`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape

import ipywidgets as widgets

from ..comparison import Verdict
from ..notation import CHECKMARK
from ..plots import VIEWS
from .picture import SIZE

STEPS_A_DECADE = 3  # 1e-5, 2e-5, 5e-5, 1e-4
BUTTONS = 16  # arrays that get a button each; more go into a list
TEXT = "line-height:1.45;margin:2px 0"
NARROWEST = 420  # pixels that a picture is shown with at least; below that it is scrolled
COLOURS = {"PASS": "#0072B2", "FAIL": "#D55E00", "INCONCLUSIVE": "#8A8A8A"}


class Panel(widgets.VBox):
    """The widgets in a box whose plain text is one sentence, the same in every run."""

    def __repr__(self) -> str:
        return "Gradient check panel (run this cell again for its sliders)"


class Controls:
    """What a user sees and moves.

    Attributes
    ----------
    widget
        All of it, to be displayed.
    epsilon, layer, phase, view
        The questions.
    image, status, cancel
        The answer, in a picture and in words, and the button that stops the work for it.
    """

    def __init__(
        self,
        epsilon: float,
        layers: Sequence[tuple[str, Verdict]],
        phases: Sequence[tuple[str, int]],
    ) -> None:
        self._style = widgets.HTML(layout=widgets.Layout(display="none"))
        self.epsilon = _epsilon_slider(epsilon)
        self.layer = _layers(len(layers))
        self._class = f"gcmagic-{self.layer.model_id}"  # one page may show several panels
        self.phase = widgets.ToggleButtons(
            description="point", style=_style(button_width="auto"), layout=_auto()
        )
        self.view = widgets.Dropdown(
            options=[(view.words, name) for name, view in VIEWS.items()],
            description="view",
            style=_style(),
            layout=widgets.Layout(width="auto", flex="0 1 17em", min_width="12em"),
        )
        self.image = widgets.Image(
            format="png",
            width=SIZE[0],
            height=SIZE[1],
            layout=widgets.Layout(
                max_width="100%", min_width=f"{NARROWEST}px", height="auto", margin="4px 0"
            ),
        )
        self.status = widgets.HTML(layout=widgets.Layout(flex="1 1 auto", min_height="3.2em"))
        self.cancel = widgets.Button(
            description="Cancel",
            layout=widgets.Layout(width="auto", flex="0 0 auto", visibility="hidden"),
        )
        self.offer(layers, phases)
        self.widget = Panel(
            [
                self._style,
                _row(self.epsilon, self.view),
                _row(self.layer, self.phase),
                self.image,
                widgets.HBox([self.status, self.cancel], layout=_across("flex-start")),
            ],
            layout=widgets.Layout(overflow="auto hidden"),
        )
        self.layer.add_class("gcmagic-layers")
        self.widget.add_class("gcmagic-panel")
        self.widget.add_class(self._class)

    def offer(
        self, layers: Sequence[tuple[str, Verdict]], phases: Sequence[tuple[str, int]]
    ) -> None:
        """Change what can be chosen; what was chosen stays, where it is still there."""
        chosen, point = self.layer.value, self.phase.value
        options = [
            ("all", None),
            *((f"{CHECKMARK[verdict.name]} {name}", name) for name, verdict in layers),
        ]
        self.layer.options = options
        self.layer.index = 1 + list(dict(layers)).index(chosen) if chosen in dict(layers) else 0
        self.phase.options = list(phases)
        places = [place for _, place in phases]
        self.phase.value = point if point in places else places[0]
        self._style.value = _sheet(self._class, [verdict for _, verdict in layers])

    def say(self, words: str) -> None:
        """In the line of text, which screen readers read out."""
        self.status.value = f'<div role="status" style="{TEXT}">{escape(words)}</div>'

    def close(self) -> None:
        """Take every widget out of the kernel."""
        _close(self.widget)


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
        style=_style(),
        layout=widgets.Layout(width="auto", flex="1 1 18em", max_width="34em"),
    )


def _layers(count: int) -> widgets.ToggleButtons | widgets.Dropdown:
    """A button an array, or a list where these would fill the page."""
    if count > BUTTONS:
        layout = widgets.Layout(width="auto", flex="0 1 16em", min_width="9em")
        return widgets.Dropdown(description="layer", style=_style(), layout=layout)
    return widgets.ToggleButtons(
        description="layer", style=_style(button_width="auto"), layout=_auto()
    )


def _sheet(name: str, verdicts: Iterable[Verdict]) -> str:
    """Verdicts as coloured bars under the buttons, and a frame that shows where the keys go."""
    groups = f".{name} .widget-toggle-buttons"
    rules = [
        f"{groups}{{display:flex;flex-flow:row wrap;align-items:center;height:auto;"
        "margin:2px 1.4em 2px 2px}",
        f"{groups}>label{{margin:0 .6em 0 0;width:auto}}",
        f"{groups}>div{{display:flex;flex-flow:row wrap;height:auto;gap:3px}}",
        f"{groups} .widget-toggle-button{{margin:0;padding:0 .8em;min-width:0}}",
        f"{groups} .mod-active{{outline:1px solid currentColor;outline-offset:-1px}}",
        f".{name} button:focus-visible,.{name} select:focus-visible,"
        f".{name} .noUi-handle:focus-visible{{outline:2px solid #0072B2;outline-offset:1px}}",
    ]
    for place, verdict in enumerate(verdicts, 2):
        bar = f"inset 0 -3px 0 {COLOURS[verdict.name]}"
        weight = ";font-weight:600" if verdict.name == "FAIL" else ""
        rules.append(
            f".{name} .gcmagic-layers .widget-toggle-button:nth-child({place})"
            f"{{box-shadow:{bar}{weight}}}"
        )
    return f"<style>{''.join(rules)}</style>"


def _style(**more: str) -> dict[str, str]:
    return {"description_width": "initial", **more}


def _auto() -> widgets.Layout:
    return widgets.Layout(width="auto", flex="0 1 auto")


def _across(align: str) -> widgets.Layout:
    return widgets.Layout(max_width=f"{SIZE[0]}px", align_items=align)


def _row(*parts: widgets.Widget) -> widgets.Box:
    return widgets.Box(
        parts,
        layout=widgets.Layout(
            flex_flow="row wrap", align_items="center", max_width=f"{SIZE[0]}px", overflow="visible"
        ),
    )


def _close(widget: widgets.Widget) -> None:
    for child in getattr(widget, "children", ()):
        _close(child)
    for part in (getattr(widget, "style", None), getattr(widget, "layout", None)):
        if isinstance(part, widgets.Widget):
            part.close()
    widget.close()
