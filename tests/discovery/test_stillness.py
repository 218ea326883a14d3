"""Byte for byte: every row, after discovery and a check, also where the user's code raises."""

from __future__ import annotations

import contextlib
import random
import sys
import warnings
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gcmagic.check import check_problem
from gcmagic.errors import GradcheckError

from .namespaces import ROWS
from .rows import Row, disagreeing
from .stillness import fingerprint


class HalfwayError(Exception):
    pass


class Lines:
    """Counts the lines of the user's code that run, and raises at one of them."""

    def __init__(self, last: int | None = None) -> None:
        self.count, self.last = 0, last

    def __enter__(self) -> Lines:
        self.before = sys.gettrace()
        sys.settrace(self.calls)
        return self

    def __exit__(self, *_: Any) -> None:
        sys.settrace(self.before)

    def calls(self, frame: Any, event: str, arg: Any) -> Any:
        # the statements of a cell run under our own name
        users = frame.f_code.co_filename.startswith(("<cell ", "<gcmagic>"))
        return self.lines if users else None

    def lines(self, frame: Any, event: str, arg: Any) -> Any:
        if event == "line":
            self.count += 1
            if self.count == self.last:
                raise HalfwayError(f"line {self.count}")
        return self.lines


def everything(namespace: dict[str, Any]) -> list[str]:
    files = [
        f"{path} {path.read_bytes()!r}" for path in sorted(Path().rglob("*")) if path.is_file()
    ]
    settings = [repr(np.geterr()), repr(warnings.filters), repr(np.get_printoptions())]
    return [*fingerprint(namespace), *files, *settings]


@pytest.mark.filterwarnings("ignore:the matrix subclass")
@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.family}: {row.name}")
def test_nothing_has_changed(row: Row, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    Path("weights.npy").write_bytes(b"as before")
    namespace = row.namespace()
    rng = random.Random(zlib.crc32(row.name.encode()))
    np.random.seed(rng.randrange(1000))
    random.seed(rng.randrange(1000))
    before = everything(namespace)
    with Lines() as lines:
        problem = row.found(namespace)
    assert everything(namespace) == before
    # half-way through forward or backward, in discovery and in the middle of the check
    with contextlib.suppress(GradcheckError), Lines(rng.randint(1, lines.count)):
        row.found(namespace)
    assert everything(namespace) == before
    # somewhere in the check, or after its end; a wrong shape is an error and leaves no trace either
    with contextlib.suppress(GradcheckError), Lines(rng.randint(1, 3 * lines.count)):
        check_problem(problem, steps=0, budget=0.2)
    assert everything(namespace) == before


def test_the_fingerprint_sees_what_it_is_there_to_see(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a").write_bytes(b"1")
    row = next(row for row in ROWS if row.name == "the user's own generator")

    def changes(change: Any) -> bool:
        namespace = row.namespace()
        before = everything(namespace)
        change(namespace)
        return everything(namespace) != before

    assert not changes(lambda space: disagreeing(row.found(space)))
    assert changes(lambda space: space["model"].loss(space["X"], space["y"]))
    assert changes(lambda space: np.random.rand())
    assert changes(lambda space: random.random())
    assert changes(lambda space: space["rng"].normal())
    assert changes(lambda space: space["X"].__setitem__((0, 0), 1.5))
    assert changes(lambda space: setattr(space["model"], "extra", 1))
    assert changes(lambda space: setattr(space["Noisy"], "extra", 1))
    assert changes(lambda space: space.pop("y"))
    assert changes(lambda space: Path("a").write_bytes(b"2"))
    assert changes(lambda space: Path("b").write_bytes(b""))
    assert changes(lambda space: warnings.simplefilter("ignore", ResourceWarning))
