"""Curves as inline SVG that repeats byte for byte and follows the page's colours."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

INK = "#010203"
"""Axes are drawn in this colour, which becomes currentColor."""
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b8860b", "#56b4e9", "#8c564b", "#7f7f7f")

Curve = tuple[np.ndarray, np.ndarray]


def curves(title: str, across: str, up: str, lines: Mapping[str, Curve], log: bool = False) -> str:
    """Lines by name as an SVG element with a title for screen readers."""
    style = {
        "svg.fonttype": "none",
        "svg.hashsalt": title,
        "font.family": "sans-serif",
        "text.color": INK,
        "axes.edgecolor": INK,
        "axes.labelcolor": INK,
        "xtick.color": INK,
        "ytick.color": INK,
        "font.size": 10,
    }
    with mpl.rc_context(style):
        figure = Figure(figsize=(5.2, 3.7), layout="constrained")
        axes = figure.add_subplot()
        for i, (name, (x, y)) in enumerate(lines.items()):
            dashed = name == "clean query"
            colour = INK if dashed else COLOURS[i % len(COLOURS)]
            axes.plot(x, y, "--" if dashed else "-", color=colour, linewidth=1.6, label=name)
        axes.set(title=title, xlabel=across, ylabel=up)
        if log:
            axes.set_xscale("log")
        axes.grid(alpha=0.2)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, fontsize=8)
        return _inline(figure, title)


def way(title: str, rows: Mapping[str, Mapping[str, float]], floor: float, clean: float) -> str:
    """t-MAP of each attack with its interval, between the floor and its aim code, as an SVG element."""
    style = {"svg.fonttype": "none", "svg.hashsalt": title, "text.color": INK, "axes.edgecolor": INK, "font.size": 10}
    style |= {"axes.labelcolor": INK, "xtick.color": INK, "ytick.color": INK}
    with mpl.rc_context(style):
        figure = Figure(figsize=(7.6, 0.9 + 0.36 * len(rows)), layout="constrained")
        axes = figure.add_subplot()
        for i, (row, colour) in enumerate(zip(rows.values(), [COLOURS[0]] * len(rows), strict=True)):
            axes.plot([row["low"], row["high"]], [i, i], color=colour, linewidth=3, solid_capstyle="round")
            axes.plot(row["value"], i, "o", color=colour, markersize=7)
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


def _inline(figure: Figure, title: str) -> str:
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None}, transparent=True)
    svg = text.getvalue()
    svg = svg[svg.index("<svg") :].replace(INK, "currentColor")
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    safe = title.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    return svg.replace("<svg", f'<svg role="img" aria-label="{safe}"', 1)
