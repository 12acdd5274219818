"""Heat maps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from .look import Chart, Look, folded


def heat_map(
    title: str, about: str, down: Sequence[str], across: Sequence[str], values: np.ndarray, ends: tuple[float, float]
) -> Chart:
    """(down, across) numbers as coloured cells with their values written in; nan cells stay empty. `ends`: of the colours."""

    def draw(axes: Axes, look: Look) -> None:
        shown = np.ma.masked_invalid(values)
        axes.pcolormesh(shown, cmap="cividis", edgecolors="none", vmin=ends[0], vmax=ends[1])
        middle = ends[0] / 2 + ends[1] / 2
        size = min(look.size - 1, 72 * look.width * 0.6 / max(len(across), 1) / 3.2)
        for (i, j), value in np.ndenumerate(values):
            if np.isfinite(value):
                colour = "#ffffff" if value < middle else "#000000"
                axes.text(j + 0.5, i + 0.5, f"{value:.3f}", ha="center", va="center", fontsize=size, color=colour)
        small = min(look.size - 2, 7.5)
        axes.set_xticks(np.arange(len(across)) + 0.5, map(folded, across), rotation=30, ha="right", fontsize=small)
        axes.set_yticks(np.arange(len(down)) + 0.5, map(folded, down), fontsize=small)
        axes.set(xlabel="scored on", ylabel="made on", ylim=(len(down), 0))
        axes.spines[:].set_visible(False)

    written = max(len(down), 0.6 * sum(folded(name).count("\n") + 1 for name in down))
    return Chart(title, about, draw, min(1.2, 0.34 + 0.085 * written))
