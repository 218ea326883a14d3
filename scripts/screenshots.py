"""Remake the pictures of the README: ``python scripts/screenshots.py``."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import gcmagic as gcm

FOLDER = Path(__file__).parents[1] / "docs"
DPI = 110


def report() -> gcm.Report:
    """A network of three layers with a factor too many in W1 and one row of W2 off."""
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(12, 16)), rng.normal(size=(5, 16))
    shapes = {"W1": (14, 12), "b1": (14, 1), "W2": (10, 14), "b2": (10, 1), "W3": (5, 10)}
    params = {name: rng.normal(size=shape) / 3 for name, shape in shapes.items()}
    params["b3"] = np.zeros((5, 1))

    def forward(p):
        A1 = np.tanh(p["W1"] @ X + p["b1"])
        A2 = np.tanh(p["W2"] @ A1 + p["b2"])
        return A1, A2, p["W3"] @ A2 + p["b3"]

    def cost(p):
        return 0.5 * np.sum((forward(p)[-1] - Y) ** 2) / X.shape[1]

    def backward(p):
        A1, A2, A3 = forward(p)
        d3 = (A3 - Y) / X.shape[1]
        d2 = (p["W3"].T @ d3) * (1 - A2**2)
        d1 = (p["W2"].T @ d2) * (1 - A1**2)
        dW2 = d2 @ A1.T
        dW2[3] *= 1.5
        sums = {f"b{k}": d.sum(axis=1, keepdims=True) for k, d in enumerate((d1, d2, d3), 1)}
        return {"W1": d1 @ X.T / 8, "W2": dW2, "W3": d3 @ A2.T, **sums}

    return gcm.check(cost, backward, params, steps=0)


def main() -> None:
    """Write one picture a file."""
    FOLDER.mkdir(exist_ok=True)
    found = report()
    for view in ("heatmap", "sweep"):
        ax = getattr(gcm.plots, view)(found)
        (FOLDER / f"{view}.png").write_bytes(gcm.plots.png(ax.figure, DPI))


if __name__ == "__main__":
    main()
