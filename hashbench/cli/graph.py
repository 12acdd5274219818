"""The graph of a run's stages: printed, or drawn into a file."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from hashbench.cli.costs import duration
from hashbench.disk.files import write_atomically
from hashbench.engine.planning.outlook import Outlook


def print_graph(stages: Sequence[Outlook]) -> None:
    """A line a kind of stage, what is needed first."""
    width = max(len(stage.name) for stage in stages)
    for stage in stages:
        needs = f"  <- {', '.join(stage.needs)}" if stage.needs else ""
        click.echo(f"{stage.name:<{width}}  {stage.count:>4} x  {_said(stage):<44}{needs}".rstrip())


def draw(stages: Sequence[Outlook], file: Path) -> None:
    """Boxes and arrows from left to right, by matplotlib; arrows that others imply are left out."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    needs = _reduced({stage.name: set(stage.needs) for stage in stages})
    places = _places(needs)
    across, down = (1 + max(place[i] for place in places.values()) for i in (0, 1))
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "stages"}):
        figure = Figure(figsize=(1.7 * across, 0.9 * down))
        axes = figure.add_axes((0.0, 0.0, 1.0, 1.0), xlim=(-0.5, across - 0.5), ylim=(down - 0.5, -0.5))
        axes.set_axis_off()
        boxes = {}
        for stage in stages:
            colour = "#d7ecd9" if stage.there == stage.count else "#fff3d6"
            box = {"boxstyle": "round,pad=0.4", "facecolor": colour, "edgecolor": "#525d6b"}
            said = f"{stage.name} x {stage.count}\n{_said(stage)}"
            boxes[stage.name] = axes.text(*places[stage.name], said, ha="center", va="center", size=7, bbox=box)
        for name, made_from in needs.items():
            for need in made_from:
                ends = {"patchA": boxes[need].get_bbox_patch(), "patchB": boxes[name].get_bbox_patch()}
                axes.annotate("", places[name], places[need], arrowprops={"arrowstyle": "-|>", "color": "#525d6b", **ends})
        data = io.BytesIO()
        figure.savefig(data, format=file.suffix.removeprefix("."), metadata={"Date": None} if file.suffix == ".svg" else {})
    write_atomically(file, data.getvalue())


def _reduced(needs: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """Needs without those that others of the same stage stand on."""

    def below(name: str) -> set[str]:
        return needs[name].union(*(below(need) for need in needs[name]))

    return {name: own - set[str]().union(*(below(need) for need in own)) for name, own in needs.items()}


def _places(needs: Mapping[str, set[str]]) -> dict[str, tuple[int, int]]:
    """Column and row of each kind: right of all it needs, or just left of what needs it; the longest chain on top."""
    users = {name: {other for other, own in needs.items() if name in own} for name in needs}

    def depth(name: str) -> int:
        return 1 + max(map(depth, needs[name])) if needs[name] else 0

    def height(name: str) -> int:
        return 1 + max(map(height, users[name])) if users[name] else 0

    columns = {name: depth(name) if needs[name] else max(min(map(depth, users[name]), default=1) - 1, 0) for name in needs}
    places: dict[str, tuple[int, int]] = {}
    for column in sorted(set(columns.values())):
        own = sorted((name for name in needs if columns[name] == column), key=lambda name: (-height(name), not needs[name], name))
        places |= {name: (column, row) for row, name in enumerate(own)}
    return places


def _said(stage: Outlook) -> str:
    left = stage.count - stage.there
    if not left:
        return "all there"
    seconds = "" if stage.unmeasured == left else f", {duration(stage.seconds)}"
    return f"{left} to make{seconds}"
