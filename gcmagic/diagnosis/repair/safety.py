"""Functions that no edit is tried on: those that reach outside the notebook, or are a game of luck.

Thousands of slightly wrong programs are run; none of them may open a file or wait for the user.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

from .units import Unit

NAMES = frozenset({"open", "input", "exec", "eval", "compile", "breakpoint", "exit", "quit"})
MODULES = frozenset(
    [
        "os",
        "shutil",
        "subprocess",
        "socket",
        "requests",
        "urllib",
        "http",
        "pathlib",
        "pickle",
        "shelve",
        "sqlite3",
        "ftplib",
        "smtplib",
        "threading",
        "multiprocessing",
        "ctypes",
        "tempfile",
        "joblib",
        "h5py",
    ]
)
METHODS = frozenset(
    [
        "save",
        "savez",
        "savez_compressed",
        "savetxt",
        "tofile",
        "fromfile",
        "loadtxt",
        "genfromtxt",
        "memmap",
        "savefig",
        "to_csv",
        "write",
        "writelines",
        "write_text",
        "write_bytes",
        "read_text",
        "unlink",
        "rmdir",
        "mkdir",
        "system",
        "popen",
        "urlopen",
        "sendall",
        "recv",
    ]
)


def reason(units: Iterable[Unit]) -> str:
    """Why none of these functions is edited, in the middle of a sentence; empty where one may."""
    for unit in units:
        for node in ast.walk(unit.node):
            if not isinstance(node, ast.Call):
                continue
            said = _of(node.func, unit)
            if said:
                return f"{unit.name} {said}"
    return ""


def _of(function: ast.expr, unit: Unit) -> str:
    if isinstance(function, ast.Name):
        return f"calls {function.id}()" if function.id in NAMES else ""
    if isinstance(function, ast.Attribute):
        root: ast.expr = function
        while isinstance(root, ast.Attribute):
            root = root.value
        if isinstance(root, ast.Name):
            module = unit.ran.outer.get(root.id)
            label = getattr(module, "__name__", "") if root.id not in unit.ran.variables else ""
            if isinstance(label, str) and label.partition(".")[0] in MODULES:
                return f"calls {ast.unparse(function)}()"
        if function.attr in METHODS:
            return f"calls {ast.unparse(function)}()"
    return ""
