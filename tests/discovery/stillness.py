"""A fingerprint of a namespace that does not use the sandbox it is there to watch."""

from __future__ import annotations

import random
import types
from typing import Any

import numpy as np


def fingerprint(namespace: dict[str, Any]) -> list[str]:
    lines: list[str] = []
    seen: set[int] = set()

    def walk(name: str, value: Any, depth: int = 0) -> None:
        if isinstance(value, np.ndarray):
            lines.append(f"{name} {id(value)} {value.shape} {value.dtype} {value.tobytes()!r}")
            return
        if hasattr(value, "to_numpy"):
            lines.append(f"{name} {id(value)} {list(value.index)} {value.to_numpy().tobytes()!r}")
            return
        if isinstance(value, np.random.Generator):
            lines.append(f"{name} {value.bit_generator.state}")
        elif isinstance(value, np.random.RandomState):
            lines.append(f"{name} {value.get_state(legacy=False)}")
        elif isinstance(value, random.Random):
            lines.append(f"{name} {value.getstate()}")
        elif isinstance(value, (dict, list, tuple)):
            lines.append(f"{name} {type(value).__name__} {id(value)} {len(value)}")
        elif isinstance(value, types.ModuleType):
            return
        elif isinstance(value, type):
            if value.__module__ == "__main__":
                for key, item in vars(value).items():
                    if key[:2] != "__":
                        walk(f"{name}.{key}", item, depth + 1)
            return
        else:
            plain = isinstance(value, (int, float, str, bool, type(None)))
            lines.append(f"{name} {value!r}" if plain else f"{name} {id(value)}")
        if id(value) in seen or depth > 8:
            return
        seen.add(id(value))
        if isinstance(value, dict):
            for key, item in value.items():
                walk(f"{name}[{key!r}]", item, depth + 1)
        elif isinstance(value, (list, tuple)):
            for key, item in enumerate(value):
                walk(f"{name}[{key}]", item, depth + 1)
        elif isinstance(value, types.FunctionType):
            walk(f"{name} defaults", value.__defaults__, depth + 1)
            walk(f"{name} keyword defaults", value.__kwdefaults__, depth + 1)
            for key, item in vars(value).items():
                walk(f"{name}.{key}", item, depth + 1)
            for cell in value.__closure__ or ():
                walk(f"{name} closure", cell.cell_contents, depth + 1)
        elif hasattr(value, "__dict__"):
            walk(f"{name} attributes", vars(value), depth + 1)

    for name, value in namespace.items():
        if name not in ("__builtins__", "np"):
            walk(name, value)
    state = np.random.get_state(legacy=False)
    return [*lines, repr(state["state"]["pos"]), state["state"]["key"].tobytes().hex(),
            repr(random.getstate())]  # fmt: skip
