"""Lines: retrieval curves and security curves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from .look import Chart, Look, dashes, frame, logarithmic, marker, series

CLEAN, CHANCE = "clean query", "chance"
"""Lines that are drawn in ink, dashed."""
Curve = tuple[np.ndarray, ...]
"""x and y, and where there is an interval, low and high."""


def lines(
    title: str, about: str, across: str, up: str, curves: Mapping[str, Curve], log: bool = False, points: bool = False
) -> Chart:
    """A line a name; `points` marks what was measured."""

    def draw(axes: Axes, look: Look) -> None:
        names = [name for name in curves if name not in (CLEAN, CHANCE)]
        for name, (x, y, *ends) in curves.items():
            if name in (CLEAN, CHANCE):
                axes.plot(x, y, color=look.ink, linewidth=1.2, linestyle=(0, (4, 2)), zorder=3, label=name)
                continue
            i = names.index(name)
            mark: dict[str, Any] = {"marker": marker(i), "markersize": 4} if points else {}
            style = dashes(i // 8 if len(names) > 8 else i)
            axes.plot(x, y, linewidth=1.5, linestyle=style, label=name, **mark, **series(i))
            if ends:
                axes.fill_between(x, ends[0], ends[1], alpha=0.18, linewidth=0, **series(i))
        if log:
            logarithmic(axes)
        frame(axes, across, up)

    return Chart(title, about, draw, 0.78 + 0.02 * max(0, len(curves) - 6))
