"""Tables of all settings: every cell, Table 1's shape, protocols side by side, seeds, transfer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from hashbench.api import CellResult, Results, Setting

from ..numbers.published import published
from .columns import column_of
from .model import Column, Entry, Line, Table, measured
from .names import NAMES, in_order, label, labels, queries_of, shown, told_apart, varying
from .setting import COSTS

CELLS = (
    *("t_map", "t_map_share", "t_map_aim", "t_map_floor", "t_map_clean", "map_clean", "map_attacked"),
    *("rms", "linf", "seconds_per_image", "fit_seconds"),
)


def cells(results: Results) -> Table:
    """Every white-box cell in a line."""
    picked = [cell for cell in results.cells if cell.white_box]
    return _lines("All cells", "Every attack on the hasher its images were made on.", picked, CELLS)


def costs(results: Results) -> Table:
    """Costs of every white-box cell."""
    picked = [cell for cell in results.cells if cell.white_box]
    devices = {run.device for run in results.runs}
    return _lines("Costs", f"Measured on {', '.join(sorted(devices))}.", picked, COSTS)


def _lines(title: str, about: str, picked: Sequence[CellResult], metrics: Sequence[str]) -> Table:
    names = varying([cell.names for cell in picked], ("hasher", "bits"))
    draws = ["queries"] if len({queries_of(cell) for cell in picked if cell.made}) > 1 else []
    columns = [Column("attack", None), *(Column(name, 0 if name in ("bits", "seed") else None) for name in names)]
    columns += [Column(name, 0) for name in draws]
    columns += [column_of(metric) for metric in metrics]
    lines = []
    for cell in picked:
        said = [Entry(cell.names[name] if name in ("bits", "seed") else _name(cell, name)) for name in names]
        said += [Entry(queries_of(cell) or None) for _ in draws]
        numbers = [measured(cell, metric, published(cell, metric)) for metric in metrics]
        lines.append(Line((Entry(cell.label), *said, *numbers), cell=cell))
    return Table(title, about, columns, lines, labels=1 + len(names) + len(draws))


def _name(cell: CellResult, name: str) -> str:
    return shown(name, cell.names[name], cell.at.norm).removeprefix("ε ")


def by_bits(results: Results) -> Table:
    """Attacks as rows, code lengths as columns of each data set (and of whatever else differs): the shape of Table 1."""
    settings = in_order(results.white_box)
    attacks = list(dict.fromkeys(cell.label for setting in settings for cell in setting.cells))
    lines = [Line((Entry("Original"), *(_of_any(setting, "t_map_clean") for setting in settings)))]
    for attack in attacks:
        found = [next((cell for cell in setting.cells if cell.label == attack), None) for setting in settings]
        lines.append(Line((Entry(attack), *(number_of(cell, "t_map") for cell in found))))
    for aim in dict.fromkeys(_aim(cell) for setting in settings for cell in setting.done if cell.value("t_map_aim") is not None):
        steered = [next((cell for cell in setting.done if _aim(cell) == aim), None) for setting in settings]
        lines.append(Line((Entry(f"code of aim {aim}"), *(number_of(cell, "t_map_aim") for cell in steered))))
    lines.append(Line((Entry("Random ranking"), *(_of_any(setting, "t_map_floor") for setting in settings))))
    about = "t-MAP of the attacks, with the codes they steer to and the floor."
    return Table("Attacks by code length", about, headings(settings, "method"), lines)


def headings(settings: Sequence[Setting], first: str) -> list[Column]:
    """A column a setting: bits below, the data set and whatever else differs above."""
    names = [setting.names for setting in settings]
    above = [name for name in varying(names, ("dataset", "hasher")) if name != "bits"]
    number = replace(column_of("t_map"), help="", key="")
    plain = [label(one, [*above, "bits"]) for one in names]
    behind = [whole.removeprefix(text) for text, whole in zip(plain, told_apart(plain, settings), strict=True)]
    groups = [label(one, above) + more for one, more in zip(names, behind, strict=True)]
    columns = [replace(number, heading=shown("bits", one["bits"]), group=group) for one, group in zip(names, groups, strict=True)]
    return [Column(first, None), *columns]


def number_of(cell: CellResult | None, metric: str) -> Entry:
    """A metric of a cell beside the paper's; why there is none."""
    return Entry(why="not run") if cell is None else measured(cell, metric, published(cell, metric))


def _of_any(setting: Setting, metric: str) -> Entry:
    return number_of(next((cell for cell in setting.done), None), metric)


def _aim(cell: CellResult) -> str:
    return str(cell.option("aim") or cell.label)


def protocols(results: Results) -> Table | None:
    """Hashers and attacks under each protocol side by side, where there are several."""
    names = list(dict.fromkeys(cell.at.protocol for cell in results.cells))
    if len(names) < 2:
        return None
    metrics = ("t_map_floor", "t_map", "t_map_share")
    rows: dict[tuple[str, ...], dict[str, CellResult]] = {}
    for setting, where in zip(results.settings, labels(results.settings, ("dataset", "hasher", "bits")), strict=True):
        for cell in setting.cells if setting.white_box else ():
            key = (cell.label, where.replace(f", {cell.names['protocol']}", ""))
            rows.setdefault(key, {}).setdefault(cell.at.protocol, cell)
    columns = [Column("attack", None), Column("on", None)]
    columns += [replace(column_of(metric), group=name) for name in names for metric in metrics]
    lines = [
        Line((*map(Entry, key), *(number_of(found.get(name), metric) for name in names for metric in metrics)))
        for key, found in rows.items()
    ]
    about = "The same hashers by other rules. t-MAPs of different protocols are not comparable; shares of the way are."
    return Table("By protocol", about, columns, lines, labels=2)


_UNATTACKED = ("t_map_floor", "map_clean")
_SPREAD = ("t_map", "t_map_share", "map_attacked", *_UNATTACKED)


def seeds(results: Results) -> Table | None:
    """How far a number moves when everything is made again, where several seeds were run."""
    own = Results(results.runs, [cell for cell in results.cells if cell.white_box])
    spread = own.seed_spread[own.seed_spread["metric"].isin(_SPREAD)]
    unattacked = spread["metric"].isin(_UNATTACKED)
    spread = spread.assign(attack=spread["attack"].where(~unattacked, "(whatever attack)"))
    rows = spread.drop_duplicates([name for name in spread if name in (*NAMES, "attack", "queries", "metric", "mean")]).to_dict(
        "records"
    )
    if not rows:
        return None
    names = varying(rows, ("hasher", "bits"))  # type: ignore[arg-type]
    columns = [Column("attack", None), Column("on", None), Column("metric", None), Column("queries", 0), Column("seeds", 0)]
    columns += [Column(heading) for heading in ("mean", "least", "most", "standard deviation")]
    lines = [
        Line(
            (
                *(Entry(str(row["attack"])), Entry(label(row, names)), Entry(column_of(str(row["metric"])).heading)),  # type: ignore[arg-type]
                *(Entry(row[name]) for name in ("queries", "seeds", "mean", "least", "most", "deviation")),
            )
        )
        for row in rows
    ]
    about = "Other seeds are other targets and draws, and other hashers if trained here: another thing than intervals over queries."
    versions = {json.dumps(run.versions, sort_keys=True) for run in results.runs}
    notes = (
        ["The runs are of several versions of the code, which are in it, too: see To repeat these runs."]
        if len(versions) > 1
        else []
    )
    return Table("Spread over seeds", about, columns, lines, labels=4, notes=notes)


def transfer(results: Results) -> Table | None:
    """Images made on one hasher, scored on another; None where no image travelled."""
    if all(cell.white_box for cell in results.cells):
        return None
    names = [name for name in varying([cell.names for cell in results.cells]) if name not in ("hasher", "backbone", "bits")]
    columns = [Column(heading, None) for heading in ("attack", "made on", "scored on", *names)]
    metrics = ["t_map", "t_map_floor", "t_map_clean", "t_map_share"]
    columns += [column_of(metric) for metric in metrics]
    lines = [
        Line(
            (
                *map(Entry, (cell.label, cell.at.source.label, cell.at.target.label, *(_name(cell, name) for name in names))),
                *(number_of(cell, metric) for metric in metrics),
            ),
            cell=cell,
        )
        for cell in results.cells
    ]
    about = "t-MAP of images made on one hasher and scored on another; where the two are one, the white box."
    return Table("Transfer", about, columns, lines, labels=3 + len(names))
