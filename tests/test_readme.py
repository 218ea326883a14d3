"""What README shows is what happens."""

import re
from pathlib import Path

import pytest
from IPython.terminal.interactiveshell import TerminalInteractiveShell
from IPython.utils.capture import capture_output

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", README, re.DOTALL)
    assert found
    return found.group(1)


@pytest.fixture
def shell():
    TerminalInteractiveShell.clear_instance()
    yield TerminalInteractiveShell.instance(colors="nocolor")
    TerminalInteractiveShell.clear_instance()


def test_the_first_screen_shows_what_the_code_prints(shell):
    with capture_output() as captured:
        shell.run_cell(block("python"), store_history=True)
    printed = [line for line in captured.stdout.splitlines() if not line.startswith("Out[")]
    place = 0
    for line in block("text").splitlines():
        if line != "...":
            assert line in printed[place:]
            place = printed.index(line, place) + 1


def test_the_bug_of_the_first_screen_is_in_the_first_screen():
    assert README.index("what to do next") < README.index("## On a fresh machine")
    assert len(README[: README.index("```text")].splitlines()) < 40


def test_every_finding_has_its_line():
    sources = [*Path(__file__).parent.parent.glob("gcmagic/**/*.py")]
    codes = set()
    for source in sources:
        codes |= set(re.findall(r'Finding\(\s*"([a-z-]+)"', source.read_text(encoding="utf-8")))
    table = README[README.index("## Findings") :]
    assert len(codes) > 12
    assert not {code for code in codes if f"`{code}`" not in table}


def test_the_benchmarks_named_are_there_and_run_as_they_are_named():
    named = re.findall(r"python (-m benchmarks\.|benchmarks/)(\w+)", README)
    assert len(named) > 5
    for how, name in named:
        source = (ROOT / "benchmarks" / f"{name}.py").read_text(encoding="utf-8")
        assert how.startswith("-m") or "\nfrom ." not in source, f"python -m benchmarks.{name}"
