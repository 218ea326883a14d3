"""The house: imports point one way, and `import gcmagic` is cheap."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import gcmagic

ROOT = Path(gcmagic.__file__).parent
# each may import what stands before it, itself a package or a module
ORDER_TEXT = """
errors frames notation leaves gradient_shapes workspace parameters clock schemes problem evaluation
remembering progress draws batched parallel directions noise derivatives slopes line directional
comparison findings rungs first_look ladder nearby refusals phase aliased extended all_arrays
one_array one_point locating proving screening fast options curves rough confirm along joint room
sandbox budget surplus written repeatable initial training diagnosis explain report_text plots
report_html report_page report settling pace guarded watched narrow units places exposing
complex_parameters sweep check selftest adapters discovery submissions class_table jupyter cli
__main__ __init__
"""
ORDER = ORDER_TEXT.split()
# imported inside a function only, and never by import gcmagic
HEAVY = {
    "joblib",
    "IPython",
    "ipywidgets",
    "matplotlib",
    "tqdm",
    "torch",
    "nbclient",
    "nbformat",
    "ipykernel",
}


def modules():
    return sorted(ROOT.rglob("*.py"))


def room(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imports(path: Path):
    """(names of gcmagic's rooms, whether at the top) for each import that runs."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    package = path.relative_to(ROOT.parent).parent.parts
    for node in ast.walk(tree):
        for child in ast.iter_child_nodes(node):
            child.parent = node  # type: ignore[attr-defined]
    for node in ast.walk(tree):
        if not isinstance(node, (ast.Import, ast.ImportFrom)) or _type_checking(node):
            continue
        if isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            full = (*base, *(node.module or "").split(".")) if node.module else base
            names = [
                ".".join([*full, a.name]) if full == ("gcmagic",) else ".".join(full)
                for a in node.names
            ]
        else:
            names = [a.name for a in node.names]
        for name in names:
            yield name.split("."), isinstance(node.parent, ast.Module)  # type: ignore[attr-defined]


def _type_checking(node):
    while node := getattr(node, "parent", None):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            return True
    return False


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_one_way(path):
    here = room(path)
    assert here in ORDER, f"{here} has no place in the order of the house"
    if here == "__init__":
        return
    for name, _ in imports(path):
        if name[0] == "gcmagic" and len(name) > 1 and name[1] not in (here, "__version__"):
            assert ORDER.index(name[1]) < ORDER.index(here), f"{here} imports {'.'.join(name)}"


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_the_front_end_stays_in_its_rooms(path):
    here = room(path)
    for name, at_top in imports(path):
        if name[0] in ("IPython", "ipywidgets"):
            assert here == "jupyter"
        if name[0] == "matplotlib":
            assert here == "plots" or "dashboard" in path.name or not at_top
        if name[0] in HEAVY and at_top:
            assert here in ("jupyter", "plots")


def test_import_gcmagic_loads_numpy_alone():
    code = (
        "import sys, numpy; before = set(sys.modules); import gcmagic;"
        "print(*{m.split('.')[0] for m in set(sys.modules) - before})"
    )
    loaded = set(subprocess.check_output([sys.executable, "-c", code], text=True).split())
    assert "gcmagic" in loaded
    loaded = {name for name in loaded if not name.startswith("_sysconfigdata")}
    assert loaded - {"gcmagic"} <= set(sys.stdlib_module_names) | {"numpy"}


def test_every_public_name_is_there():
    for name in gcmagic.__all__:
        assert getattr(gcmagic, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'chek'"):
        gcmagic.chek  # noqa: B018
