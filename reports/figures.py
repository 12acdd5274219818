"""Curves as inline SVG that repeats byte for byte and follows the page's colours."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

INK = "#010203"
"""Axes are drawn in this colour, which becomes currentColor."""
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b8860b", "#56b4e9", "#8c564b", "#7f7f7f")

Curve = tuple[np.ndarray, np.ndarray]


def curves(title: str, of: str, across: str, up: str, lines: Mapping[str, Curve], log: bool = False) -> str:
    """Lines by name as an SVG element. `title` is seen; `of` what, is added for screen readers."""
    with mpl.rc_context(_style(title + of)):
        figure = Figure(figsize=(5.2, 4.2), layout="constrained")
        axes = figure.add_subplot()
        for i, (name, (x, y)) in enumerate(lines.items()):
            dashed = name == "clean query"
            colour = INK if dashed else COLOURS[i % len(COLOURS)]
            axes.plot(x, y, "--" if dashed else "-", color=colour, linewidth=1.6, label=name)
        axes.set_title(title, fontsize=10)
        axes.set(xlabel=across, ylabel=up)
        if log:
            axes.set_xscale("log")
        axes.grid(alpha=0.2)
        axes.spines[["top", "right"]].set_visible(False)
        figure.legend(frameon=False, fontsize=8, loc="outside lower center", ncols=4)
        return _inline(figure, f"{title}: {of}")


def way(title: str, rows: Mapping[str, Mapping[str, float]], floor: float, clean: float) -> str:
    """t-MAP of each attack with its interval, between the floor and its aim code, as an SVG element."""
    with mpl.rc_context(_style(title)):
        figure = Figure(figsize=(9.6, 0.9 + 0.36 * len(rows)), layout="constrained")
        axes = figure.add_subplot()
        for i, row in enumerate(rows.values()):
            axes.plot([row["low"], row["high"]], [i, i], color=COLOURS[0], linewidth=3, solid_capstyle="round")
            axes.plot(row["value"], i, "o", color=COLOURS[0], markersize=7)
            if "aim" in row:
                axes.plot(row["aim"], i, "|", color=COLOURS[1], markersize=16, markeredgewidth=2.5)
        axes.axvline(floor, color=INK, linewidth=1, linestyle=":")
        axes.axvline(clean, color=INK, linewidth=1, linestyle="--")
        axes.set_yticks(range(len(rows)), list(rows))
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.set_xlabel("t-MAP (dotted: floor, dashed: clean query, bar: the attack's aim code)")
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.grid(axis="x", alpha=0.2)
        return _inline(figure, title)


def heat_map(title: str, of: str, down: Sequence[str], across: Sequence[str], values: np.ndarray) -> str:
    """(down, across) numbers as coloured cells with their values written in; nan cells stay empty."""
    with mpl.rc_context(_style(title + of)):
        figure = Figure(figsize=(2.6 + 1.05 * len(across), 1.5 + 0.42 * len(down)), layout="constrained")
        axes = figure.add_subplot()
        axes.pcolormesh(np.ma.masked_invalid(values), cmap="cividis", edgecolors="none")
        middle = np.ma.masked_invalid(values).min() / 2 + np.ma.masked_invalid(values).max() / 2
        for (i, j), value in np.ndenumerate(values):
            if np.isfinite(value):
                colour = "#ffffff" if value < middle else "#000000"
                axes.text(j + 0.5, i + 0.5, f"{value:.3f}", ha="center", va="center", fontsize=9, color=colour)
        axes.set_xticks(np.arange(len(across)) + 0.5, across, rotation=30, ha="right", fontsize=8)
        axes.set_yticks(np.arange(len(down)) + 0.5, down, fontsize=8)
        axes.set(xlabel="scored on", ylabel="made on", ylim=(len(down), 0))
        axes.set_title(title, fontsize=10)
        axes.spines[:].set_visible(False)
        return _inline(figure, f"{title}: {of}")


def _style(salt: str) -> Any:
    inked = ("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color")
    return {"svg.fonttype": "none", "svg.hashsalt": salt, "font.size": 10, **dict.fromkeys(inked, INK)}


def _inline(figure: Figure, title: str) -> str:
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None}, transparent=True)
    svg = text.getvalue()
    svg = svg[svg.index("<svg") :].replace(INK, "currentColor")
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    safe = title.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    return svg.replace("<svg", f'<svg role="img" aria-label="{safe}"', 1)
