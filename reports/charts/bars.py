"""Bars with intervals, and ways that are gone in part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from .look import Chart, Look, folded, frame, series

Interval = tuple[float, float, float]
"""Value, low, high."""


@dataclass(frozen=True)
class Way:
    """t-MAP of an attack with the ends of its interval, and of the code it steers to."""

    value: float
    low: float | None
    high: float | None
    aim: float | None


def way(title: str, about: str, rows: Mapping[str, Way], floor: float | None, clean: float | None) -> Chart:
    """The way of each attack from the floor to the code it steers to, and how far its t-MAP is along it."""

    def draw(axes: Axes, look: Look) -> None:
        for i, row in enumerate(rows.values()):
            if floor is not None and row.aim is not None:
                axes.plot([floor, row.aim], [i, i], color=look.ink, alpha=0.2, linewidth=0.6 * look.size, solid_capstyle="butt")
            if row.low is not None and row.high is not None:
                axes.plot([row.low, row.high], [i, i], linewidth=0.25 * look.size, **series(0))
            axes.plot(row.value, i, "o", markersize=0.8 * look.size, **series(0))
            if row.aim is not None:
                axes.plot(row.aim, i, "|", markersize=1.8 * look.size, markeredgewidth=2, **series(1))
        for at, dashes in ((floor, ":"), (clean, "--")):
            if at is not None:
                axes.axvline(at, color=look.ink, linewidth=0.9, linestyle=dashes)
        axes.set_xlim(left=0)
        axes.set_yticks(range(len(rows)), map(folded, rows))
        axes.set_ylim(len(rows) - 0.4, -0.6)
        frame(axes, "t-MAP (dotted: floor; dashed: clean query; dot: the attack; upright mark: the code it steers to)", "", "x")

    return Chart(title, about, draw, 0.1 + 0.042 * len(rows), wide=True)


def grouped(title: str, about: str, groups: Sequence[str], values: Mapping[str, Mapping[str, Interval]]) -> Chart:
    """Bars of each series (name -> group -> value and interval) side by side in each group."""

    def draw(axes: Axes, look: Look) -> None:
        width = 0.82 / max(len(values), 1)
        for i, (name, found) in enumerate(values.items()):
            there = [j for j, group in enumerate(groups) if group in found]
            picked = np.array([found[groups[j]] for j in there], dtype=np.float64).reshape(-1, 3)
            at = np.array(there) + (i - (len(values) - 1) / 2) * width
            ends = np.abs(picked[:, 1:] - picked[:, :1]).T
            hatch = "" if i < 8 else "///"
            axes.bar(at, picked[:, 0], width * 0.92, label=name, hatch=hatch, **series(i))
            axes.errorbar(at, picked[:, 0], ends, fmt="none", ecolor=look.ink, elinewidth=0.8, capsize=1.2)
        fits = look.inches(sum(map(len, groups)) + 2 * len(groups)) < 0.85 * look.width
        turned: dict[str, Any] = {} if fits else {"rotation": 20, "ha": "right"}
        axes.set_xticks(range(len(groups)), map(folded, groups), **turned)
        axes.set_ylim(bottom=0)
        frame(axes, "", "t-MAP", "y")

    return Chart(title, about, draw, 0.42, wide=True)
