"""How a chart looks on a page (inline SVG that follows the page's colours) and in a paper (a vector file of its own)."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure, FigureBase
from matplotlib.ticker import LogLocator, NullFormatter

from hashbench.api import write_atomically

from .palette import DASHES, MARKERS, SERIES

INK = "#010203"
"""On pages axes are drawn in this colour, which becomes currentColor."""
WIDTHS = {1: 3.4, 2: 7.0}
"""Inches of a figure of one and of two columns of a paper."""
LEAST = 2.1
"""Inches."""
_REFERENCE = re.compile(r"^(?:url\(#|#)([^)]+)\)?$")
_DIGITS = re.compile(r"(\.\d\d)\d+")
_PLACES = ("d", "x", "y", "points", "transform")
ElementTree.register_namespace("", "http://www.w3.org/2000/svg")
ElementTree.register_namespace("xlink", "http://www.w3.org/1999/xlink")


@dataclass(frozen=True)
class Look:
    """Sizes and colours."""

    width: float
    size: float
    """Of the font, in points."""
    ink: str
    page: bool = False

    def inches(self, characters: int) -> float:
        """About how wide so much text is."""
        return characters * self.size * 0.58 / 72

    @property
    def style(self) -> Any:
        """For `mpl.rc_context`."""
        inked = ("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color")
        return {
            "svg.fonttype": "none" if self.page else "path",
            "pdf.fonttype": 42,
            "font.size": self.size,
            "axes.titlesize": self.size,
            "legend.fontsize": self.size - 1,
            "text.parse_math": False,
            "axes.linewidth": 0.6,
            "savefig.dpi": 300,
            **dict.fromkeys(inked, self.ink),
        }


PAGE = Look(5.4, 10, INK, page=True)
WIDE = Look(9.8, 10, INK, page=True)


def paper(columns: int) -> Look:
    """The look of a figure of one or two columns."""
    return Look(WIDTHS[columns], 7 if columns == 1 else 8, "#000000")


@dataclass(frozen=True)
class Chart:
    """One chart, drawn in any look."""

    title: str
    about: str
    """What it shows and of what: seen in papers' captions, read to those who can't see it."""
    draw: Callable[[Axes, Look], None]
    height: float = 0.72
    """Of the axes with their legend, over the width; a narrow figure is at least LEAST inches high."""
    wide: bool = False
    """Whether a page gives it its whole width."""

    def inline(self) -> str:
        """An SVG element that repeats byte for byte."""
        figure = self.figure(WIDE if self.wide else PAGE)
        text = io.StringIO()
        with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": self.title + self.about}):
            figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None}, transparent=True)
        return _lean(text.getvalue(), f"{self.title}. {self.about}")

    def figure(self, look: Look) -> Figure:
        """Drawn, not yet written."""
        with mpl.rc_context(look.style):
            figure = Figure(figsize=(look.width, self.inches(look)), layout="constrained")
            _make_room(figure, self.onto(figure, look, self.title))
            return figure

    def inches(self, look: Look) -> float:
        """How high it is."""
        return max(look.width * self.height, LEAST)

    def onto(self, figure: FigureBase, look: Look, title: str) -> float:
        """Drawn onto a figure or a part of one, with its legend below; about how many inches that takes."""
        axes = figure.add_subplot()
        self.draw(axes, look)
        axes.set_title(title)
        handles, labels = axes.get_legend_handles_labels()
        if not labels:
            return 0.0
        fitting = max(1, min(8, int(look.width / look.inches(max(map(len, labels)) + 8))))
        figure.legend(handles, labels, frameon=False, loc="outside lower center", ncols=fitting)
        rows = -(-len(labels) // fitting)
        lines = [max(label.count("\n") + 1 for label in labels[row::rows]) for row in range(rows)]  # filled column by column
        return sum(lines) * look.size * 1.6 / 72


def write(charts: Sequence[Chart], file: Path, columns: int) -> None:
    """Charts as one PDF, SVG or PNG file by its suffix, as wide as columns of a paper; vectors with their fonts inside.

    One chart stands without a title, for the paper's caption; several are lettered, two in a row of two columns.
    """
    across = columns if len(charts) > 1 and not all(chart.wide for chart in charts) else 1
    whole = paper(columns)
    look = replace(whole, width=whole.width / across)
    down = -(-len(charts) // across)
    heights = [max(chart.inches(look) for chart in charts[row * across : (row + 1) * across]) for row in range(down)]
    stamp = {"pdf": {"CreationDate": None, "Creator": None, "Producer": None}, "svg": {"Date": None, "Creator": None}}
    kind = file.suffix.removeprefix(".")
    data = io.BytesIO()
    with mpl.rc_context({**look.style, "svg.hashsalt": "".join(chart.title + chart.about for chart in charts)}):
        figure = Figure(figsize=(whole.width, sum(heights)), layout="constrained")
        parts = figure.subfigures(down, across, squeeze=False, height_ratios=heights).flatten()
        for i, (chart, part) in enumerate(zip(charts, parts, strict=False)):
            _make_room(figure, chart.onto(part, look, "" if len(charts) == 1 else f"{letter(i)} {chart.title}"))
        figure.savefig(data, format=kind, metadata=stamp.get(kind, {}))
    write_atomically(file, data.getvalue())


def _make_room(figure: Figure, legend: float) -> None:
    """A figure grows by what a legend so high takes beyond a third of it: axes keep the rest."""
    figure.set_figheight(figure.get_figheight() + max(0.0, legend - figure.get_figheight() / 3))


def logarithmic(axes: Axes) -> None:
    """x in decades, written as plain numbers."""
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0), numticks=8))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter(NullFormatter())


def folded(name: str) -> str:
    """A long name in lines of at most 32 characters where its joints allow it, broken after a comma, bracket or hyphen."""
    lines = [""]
    for part in re.split(r"(?<=[-,\[])(?<!\de-)", name):
        if lines[-1] and len(lines[-1]) + len(part) > 32:
            lines.append("")
        lines[-1] += part
    return "\n".join(lines)


def letter(index: int) -> str:
    """(a), (b), ..., (z), (27), ..."""
    return f"({chr(97 + index)})" if index < 26 else f"({index + 1})"


def series(index: int) -> dict[str, Any]:
    """Colour of the n-th series; on pages it becomes the palette's variable."""
    return {"color": SERIES[index % len(SERIES)][0]}


def marker(index: int) -> str:
    """Marker of the n-th series."""
    return MARKERS[index % len(MARKERS)]


def dashes(index: int) -> Any:
    """Line style of the n-th series: with the colours, as many different lines as 8 x 4."""
    return DASHES[index % len(DASHES)]


def frame(axes: Axes, across: str, up: str, grid: str = "both") -> None:
    """Labels, light grid, no box."""
    axes.set(xlabel=across, ylabel=up)
    axes.grid(axis=grid, alpha=0.25, linewidth=0.5)  # type: ignore[arg-type]
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _lean(svg: str, description: str) -> str:
    """Colours as the page's variables; coordinates to a hundredth; no metadata, no ids that nothing refers to."""
    root = ElementTree.fromstring(svg)
    used = {found for part in root.iter() for value in part.attrib.values() for found in _REFERENCE.findall(value)}
    colours = {INK: "currentColor", **{light: f"var(--s{i})" for i, (light, _) in enumerate(SERIES)}}
    for part in list(root.iter()):
        for child in [child for child in part if child.tag.endswith("}metadata")]:
            part.remove(child)
        part.text, part.tail = (text if text and text.strip() else None for text in (part.text, part.tail))
        if part.attrib.get("id") not in used:
            part.attrib.pop("id", None)
        for name, value in part.attrib.items():
            for colour, variable in colours.items():
                value = value.replace(colour, variable)
            part.set(name, _DIGITS.sub(r"\1", value) if name in _PLACES else value)
    root.attrib.update({"role": "img", "aria-label": description})
    return ElementTree.tostring(root, encoding="unicode")
