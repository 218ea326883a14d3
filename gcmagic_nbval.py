"""Make nbval judge notebooks that hold gradient checks and widgets: a plugin of pytest.

It is loaded with every pytest, so it imports nothing until nbval is asked to work, and it lies
beside the package, because importing ``gcmagic`` imports NumPy. Turn it off with
``-p no:gcmagic_nbval``.

Two things change, and only where ``--nbval`` or ``--nbval-lax`` is given:

* What differs from run to run is not compared: widgets, pictures, and the HTML and data of an
  output that has the same as text. The text is compared, with the verdict in it.
* What nbval lets pass fails: a cell that ends in an error which comes without an error message,
  as an unknown magic does, and a cell tagged ``raises-exception`` that raises nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

WIDGET = "application/vnd.jupyter.widget-view+json"
TEXT = "text/plain"
SAME_AS_TEXT = frozenset({"text/html", "application/vnd.gcmagic.report+json"})


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Start work where nbval does; its options are missing where it is not loaded."""
    if getattr(config.option, "nbval", False) or getattr(config.option, "nbval_lax", False):
        from nbval.plugin import IPyNbCell

        config.pluginmanager.register(Judge(IPyNbCell), "gcmagic_nbval_judge")


class Judge:
    """Watches the cells that nbval runs, through pytest's hooks and the cells' own methods."""

    def __init__(self, cell_type: type[pytest.Item]) -> None:
        self.cell_type = cell_type

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Run one cell: compare less, and look at the kernel's reply."""
        if not isinstance(item, self.cell_type):
            return (yield)
        cell: Any = item
        compare, kernel = cell.compare_outputs, cell.parent.kernel
        receive = kernel.get_message
        replies: list[dict[str, Any]] = []

        def compare_less(test: Any, ref: Any, *args: Any, **kwargs: Any) -> bool:
            return compare(comparable(test), comparable(ref), *args, **kwargs)

        def keep_reply(*args: Any, **kwargs: Any) -> Any:
            message = receive(*args, **kwargs)
            if message["msg_type"] == "execute_reply":
                replies.append(message["content"])
            return message

        cell.compare_outputs, kernel.get_message = compare_less, keep_reply
        try:
            result = yield  # raises where nbval itself finds that the cell failed
        finally:
            del cell.compare_outputs, kernel.get_message
        said = unnoticed(replies, expected=cell.options["check_exception"])
        if said:
            cell.raise_cell_error(said)
        return result


def comparable(outputs: Iterable[Any]) -> list[Any]:
    """The outputs of a cell without what differs from run to run."""
    kept = []
    for output in outputs:
        data = output.get("data")
        if data is None:
            kept.append(output)
        elif WIDGET not in data:  # a widget is gone from a stored notebook, text and all
            text = "".join(data.get(TEXT, ""))
            mute = not text or text.startswith("<IPython.core.display.")  # as HTML('...') is
            same = frozenset() if mute else SAME_AS_TEXT
            left = {
                mime: value
                for mime, value in data.items()
                if mime not in same and not mime.startswith("image/")
            }
            less = type(output)(output)  # nbval reads attributes too
            less["data"] = left
            kept.append(less)
    return kept


def unnoticed(replies: list[dict[str, Any]], *, expected: bool) -> str:
    """What nbval did not notice about a cell that it let pass; empty where all is well."""
    if not replies:
        return "The kernel did not answer in time"
    reply = replies[-1]
    failed = reply["status"] == "error"
    if failed and not expected:
        said = str(reply.get("evalue", "")).partition("\n")[0]
        return f"Cell ended in {reply.get('ename', 'an error')}: {said}"
    if expected and not failed:
        return "Cell is tagged raises-exception and raised nothing"
    return ""
