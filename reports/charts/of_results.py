"""The charts that results of any run give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from hashbench.api import CellResult, Results, Setting
from hashbench.retrieval.curves import by_radius, precision_at

from ..pictures.gallery import strips_of
from ..tables.columns import column_of
from ..tables.names import label, labels
from .bars import Way, grouped, way
from .detectors import roc
from .heat import heat_map
from .lines import CLEAN, Curve, lines
from .look import Chart
from .picked import WORLD, interval, together, white_box
from .scatter import Point, scatter
from .security import over_bits, over_epsilon, over_steps, survival
from .strips import strips


def bars(results: Results) -> list[Chart]:
    """t-MAP of each attack, settings as groups; a chart for each data set, protocol, seed and budget."""
    charts = []
    for names, settings in together(results, WORLD):
        groups = labels(settings)
        values: dict[str, dict[str, tuple[float, float, float]]] = {}
        for group, setting in zip(groups, settings, strict=True):
            for cell in setting.done:
                found = interval(cell, "t_map")
                if found is not None:
                    values.setdefault(cell.label, {})[group] = found
        if values:
            charts.append(grouped("t-MAP by attack", f"{names}; 95 % intervals over queries", groups, values))
    return charts


def way_of(setting: Setting) -> Chart | None:
    """t-MAP of a setting's attacks between its floor and the codes they steer to."""
    rows = {}
    for cell in setting.done:
        row = cell.row("t_map")
        if row is not None and row.value is not None:
            rows[cell.label] = Way(row.value, row.low, row.high, cell.value("t_map_aim"))
    if not rows:
        return None
    floor, clean = (setting.done[0].value(metric) for metric in ("t_map_floor", "t_map_clean"))
    said = "; ".join(f"{name} {row.value:.3f}" for name, row in rows.items())
    aimed = any(row.aim is not None for row in rows.values())
    title = "From a random ranking to the code that is steered to" if aimed else "t-MAP beside a random ranking's"
    return way(title, f"{label(setting.names)}: {said}", rows, floor, clean)


def retrieval(cells: Mapping[str, CellResult], where: str) -> list[Chart]:
    """Precision by recall and precision@N of the targets, a line a cell by name, with the clean query's; none without counts."""
    recall: dict[str, Curve] = {}
    precision: dict[str, Curve] = {}
    for attack, cell in cells.items():
        for which, name in (("clean", CLEAN), ("attacked", attack)):
            items = cell.arrays.get(f"targeted/{which}/target/items")
            relevant = cell.arrays.get(f"targeted/{which}/target/relevant")
            if items is None or relevant is None or name in recall:
                continue
            precisions, recalls = by_radius(items, relevant)
            seen = items.sum(0).cumsum() > 0
            recall[name] = (recalls.mean(0)[seen], precisions.mean(0)[seen])
            tops = np.unique(np.geomspace(1, min(1000, int(items[0].sum())), 40).astype(int))
            precision[name] = (tops, precision_at(items, relevant, tops).mean(0))
    if not recall:
        return []
    return [
        lines("Precision and recall of the targets", f"by Hamming radius; {where}", "recall", "precision", recall),
        lines("Precision of the targets at N", f"among the first N; {where}", "N retrieved", "precision", precision, log=True),
    ]


def curves(results: Results) -> list[Chart]:
    """`retrieval` of every setting."""
    return [chart for setting in white_box(results) for chart in retrieval_of(setting)]


def retrieval_of(setting: Setting) -> list[Chart]:
    """`retrieval` of one setting."""
    return retrieval({cell.label: cell for cell in setting.done}, label(setting.names))


def trade_off(results: Results, metric: str, log: bool) -> list[Chart]:
    """t-MAP of every attack and setting against another metric; a chart for each data set and protocol."""
    column, charts = column_of(metric), []
    for names, settings in together(results, ("dataset", "protocol")):
        points: dict[str, list[Point]] = {}
        for setting in settings:
            for cell in setting.done:
                row, other = cell.row("t_map"), cell.value(metric)
                if row is not None and row.value is not None and other is not None:
                    points.setdefault(cell.label, []).append((other * column.scale, row.value, row.low, row.high))
        if points:
            title = f"t-MAP against {column.heading}"
            charts.append(scatter(title, f"{names}; a point a setting", column.heading, "t-MAP", points, log))
    return charts


def perceptibility(results: Results) -> list[Chart]:
    """How far against how visible."""
    return trade_off(results, "rms", log=False)


def time(results: Results) -> list[Chart]:
    """How far against how long."""
    return trade_off(results, "seconds_per_image", log=True)


def transfer(results: Results) -> list[Chart]:
    """Heat maps of t-MAP, images made on rows and scored on columns; one for each attack and what else differs."""
    groups = travelling(results.cells)
    return [matrix(cells[0].label, cells, ends_of(groups)) for cells in groups]


def ends_of(groups: Sequence[Sequence[CellResult]]) -> tuple[float, float]:
    """The least and the largest t-MAP of the heat maps that are seen together."""
    found = [value for cells in groups for cell in cells if (value := cell.value("t_map")) is not None]
    return (min(found), max(found)) if found else (0.0, 1.0)


def travelling(cells: Sequence[CellResult]) -> list[list[CellResult]]:
    """Cells by attack, data, protocol, seed and budget; the groups in which images travelled."""
    groups: dict[tuple[Any, ...], list[CellResult]] = {}
    for cell in cells:
        groups.setdefault((cell.label, *(cell.names[name] for name in WORLD)), []).append(cell)
    return [group for group in groups.values() if not all(cell.white_box for cell in group)]


def matrix(attack: str, cells: Sequence[CellResult], ends: tuple[float, float]) -> Chart:
    """One attack's heat map, coloured from one end to the other; cells without a number stay empty."""
    sources = list(dict.fromkeys(cell.at.source.label for cell in cells))
    targets = list(dict.fromkeys(cell.at.target.label for cell in cells))
    values = np.full((len(sources), len(targets)), np.nan)
    for cell in cells:
        value = cell.value("t_map") if cell.status == "ok" else None
        values[sources.index(cell.at.source.label), targets.index(cell.at.target.label)] = np.nan if value is None else value
    where = label(cells[0].names, WORLD)
    return heat_map(f"Transfer of {attack}: t-MAP", f"{where}; one scale of colours for all", sources, targets, values, ends)


def pictures(results: Results) -> list[Chart]:
    """Sample queries of each setting with what its attacks make of them and what is retrieved."""
    drawn = [(setting, strips_of(setting.done)) for setting in white_box(results)]
    return [strips("Retrieved before and after", label(setting.names), samples) for setting, samples in drawn if samples]


CHARTS = {
    "bars": bars,
    "curves": curves,
    "perceptibility": perceptibility,
    "time": time,
    "epsilon": over_epsilon,
    "steps": over_steps,
    "code-length": over_bits,
    "survival": survival,
    "transfer": transfer,
    "roc": roc,
    "pictures": pictures,
}
"""Charts by the names that `hashbench figure` takes."""
