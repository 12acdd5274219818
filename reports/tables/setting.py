"""Tables of one setting: its attacks, their paired differences, what they cost."""

from __future__ import annotations

from dataclasses import replace

from hashbench.api import CellResult, Setting

from ..numbers.published import published
from ..numbers.ranking import Ranked, by_rank, ranking
from .columns import column_of
from .model import Column, Entry, Line, Table, measured, why_missing
from .names import label

SHOWN = (
    *("t_map", "t_map_share", "t_map_share_own_aim", "t_map_share_best_aim", "t_map_aim", "t_map_oracle", "map_attacked"),
    *("rms", "linf", "changed", "seconds_per_image", "fit_seconds"),
)
RANK = Column("rank", 0, help="1 + how many attacks are ahead by a paired difference whose 95 % interval excludes 0")
COSTS = ("seconds_per_image", "forwards_per_image", "backwards_per_image", "fit_seconds", "aim_fit_seconds")
DETAILS = (
    "t_map_worst_ties",
    "t_map_best_ties",
    "t_precision_radius_2",
    "t_distance_relevant",
    "t_distance_irrelevant",
    "let_through",
    "psnr",
    "rms_raw",
)


def attacks(setting: Setting, several_runs: bool = False) -> Table:
    """The attacks of a setting by rank, below the random ranking and the clean query."""
    shown = [metric for metric in SHOWN if not (several_runs and metric == "t_map_share_best_aim")]
    columns = [
        Column("attack", None),
        RANK,
        Column("aim", None),
        *(column_of(metric) for metric in shown),
    ]
    lines = [*_base(setting, shown)]
    for cell, place in by_rank(setting):
        aim = cell.option("aim")
        first = (Entry(cell.label), rank_of(cell, place), Entry(None if aim is None else str(aim)))
        lines.append(Line((*first, *(measured(cell, metric, published(cell, metric)) for metric in shown)), cell=cell))
    notes = [
        "Intervals: 95 % bootstrap over queries, the same resamples for every attack, not adjusted for the number of pairs.",
        "RMS, L∞ and codes are of the images as scored.",
    ]
    return Table("Attacks", label(setting.names), columns, lines, notes=notes)


def rank_of(cell: CellResult, place: Ranked | None) -> Entry:
    """A rank, or why there is none."""
    if place is None:
        return Entry(None, why=why_missing(cell))
    return Entry(place.rank, why="" if place.rank else "no values by query to compare")


def _base(setting: Setting, shown: list[str]) -> list[Line]:
    if not setting.done:
        return []
    first, lines = setting.done[0], []
    for name, metrics in (
        ("random ranking", {"t_map": "t_map_floor", "map_attacked": "map_floor"}),
        ("clean query", {"t_map": "t_map_clean", "map_attacked": "map_clean"}),
    ):
        numbers = [measured(first, metrics[m], published(first, metrics[m])) if m in metrics else Entry("") for m in shown]
        lines.append(Line((Entry(name), Entry(""), Entry(""), *numbers), base=True))
    return lines


def differences(setting: Setting) -> Table:
    """Each pair of attacks: the paired difference of t-MAP."""
    number = replace(column_of("t_map"), heading="difference of t-MAP", key="difference")
    columns = [Column("attack", None), Column("minus", None), number, Column("", None, key="told apart")]
    cells = [one.cell for one in ranking(setting)]
    lines = []
    for i, first in enumerate(cells):
        for second in cells[i + 1 :]:
            found = setting.difference(first, second)
            if found is not None:
                apart = "" if found[1] > 0 or found[2] < 0 else "not told apart"
                lines.append(Line((Entry(first.label), Entry(second.label), Entry(*found, signed=True), Entry(apart))))
    return Table("Paired differences", label(setting.names), columns, lines, labels=2)


def details(setting: Setting) -> Table:
    """Metrics beside the main table: ties, images as returned, costs."""
    metrics = [m for m in (*DETAILS, *COSTS) if any(cell.value(m) is not None or m in COSTS for cell in setting.done)]
    columns = [Column("attack", None), *(column_of(metric) for metric in metrics)]
    lines = [
        Line((Entry(cell.label), *(measured(cell, m, published(cell, m)) for m in metrics)), cell=cell) for cell in setting.cells
    ]
    return Table("Ties and costs", label(setting.names), columns, lines)
