"""What each defence's claims come to: the defended hasher beside the one it started from, over the same queries."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hashbench.api import CellResult, Results, Setting, ShowRow, paired_difference

from ..numbers.away import strongest
from .columns import with_interval
from .model import Column, Entry, Line, Table
from .names import in_order, label, labels, shown, varying
from .whole import number_of

COLUMNS = (
    *(Column("defence", None), Column("on", None), Column("under", None), Column("undefended"), Column("defended")),
    *(Column("difference", help="paired over queries, with its 95 % interval"), Column("the claim to be harder to move", None)),
)


def defences(title: str, about: str, rows: Sequence[ShowRow], results: Results) -> Table:
    """For each defended hasher of a run, and each attack: MAP without and with the defence, and whether the gain holds."""
    settings = in_order(results.white_box)
    where = [name for name in varying([setting.names for setting in settings], ("backbone", "bits")) if name != "hasher"]
    lines = [
        _line(defended, before, row, where)
        for defended in settings
        if (before := undefended(defended, settings)) is not None
        for row in rows
    ]
    return Table(title, about, list(COLUMNS), lines, labels=3)


def undefended(setting: Setting, settings: Sequence[Setting]) -> Setting | None:
    """The setting of the very hasher that a defended one started from, all else the same; of several, one of the same queries."""
    start = _start(setting)
    if start is None:
        return None
    others = {key: value for key, value in setting.names.items() if key not in ("hasher", "target")}

    def fits(other: Setting) -> bool:
        same = all(other.names[key] == value for key, value in others.items())
        return same and any(cell.made is not None and cell.made.keys.hasher == start for cell in other.done)

    return min(filter(fits, settings), key=lambda other: _queries(other) != _queries(setting), default=None)


def _queries(setting: Setting) -> str:
    """What tells one draw of queries and targets from another: a setting has one."""
    return next((cell.made.targets.sha256 for cell in setting.done if cell.made is not None), "")


def _start(setting: Setting) -> object:
    """The key of the hasher that a defended one started from; None of others."""
    return next((cell.made.hasher.get("started_from") for cell in setting.done if cell.made is not None), None)


def _line(defended: Setting, before: Setting, row: ShowRow, where: Sequence[str]) -> Line:
    metric = row.metric or "map_attacked"
    cells = [_cell(setting, row.attack, metric) for setting in (before, defended)]
    gap = paired_difference(cells[1], cells[0], metric) if cells[0] is not None and cells[1] is not None else None
    difference = Entry(why="the two have no values over the same queries") if gap is None else Entry(*gap, signed=True)
    told = Entry(kept(cells[1], cells[0], metric) if metric == "map_clean" else verdict(gap, doubts(cells[1])))
    names = [Entry(str(shown("hasher", defended.names["hasher"]))), Entry(label(defended.names, where))]
    return Line((*names, Entry(row.label), *(number_of(cell, metric) for cell in cells), difference, told))


def in_words(results: Results) -> list[str]:
    """A sentence a defended hasher: what the strongest attack on it and on the undefended one leave, and whether that is more."""
    settings = in_order(results.white_box)
    found = []
    for defended, name in zip(settings, labels(settings, ("hasher",)), strict=True):
        if _start(defended) is None:
            continue
        before = undefended(defended, settings)
        alike = [] if before is None else _alike(defended, before)
        if before is None:
            method = str(defended.done[0].option("method", "hasher")).partition("[")[0]
            said = f"its claim can't be told without the hasher it defends: add --hasher {method}"
        elif alike:
            ours, theirs = map(strongest, zip(*alike, strict=True))
            said = _survives(ours, theirs, len(alike)) + _price(ours, theirs) + _left_by_ensembles(ours, results)
        else:
            continue
        found.append(f"{name}: {said}.")
    return found


def _alike(defended: Setting, before: Setting) -> list[tuple[CellResult, CellResult]]:
    """The cells of the attacks that ask the hasher, and that both have a number of; those of the defended hasher first."""
    asking = [cell for cell in defended.done if cell.value("map_attacked") is not None and cell.about().access != "none"]
    pairs = [(cell, _cell(before, cell.at.attack, "map_attacked")) for cell in asking]
    return [(cell, other) for cell, other in pairs if other is not None]


def _survives(ours: CellResult, theirs: CellResult, attacks: int) -> str:
    gap = paired_difference(ours, theirs, "map_attacked")
    left = f"MAP {ours.value('map_attacked'):.3f} is left under {ours.label}, {theirs.value('map_attacked'):.3f} undefended"
    left += f" under {theirs.label}" if theirs.at.attack != ours.at.attack else ""
    if gap is None:
        return f"{left}; they have no values over the same queries"
    of = f"under the strongest of {attacks} attacks"
    ends, flags = with_interval(Entry(*gap, signed=True)), doubts(ours)
    if attacks == 1:
        return f"{left} ({ends}); one attack can't show that a claim holds"
    so = {True: "survives", False: "does not survive", None: "can't be told"}[shows(gap, flags)]
    flagged = f"; flagged {', '.join(flags)}" if shows(gap, flags) is None else ""
    return f"the claim to be harder to move {so}: {of} {left} ({ends}{flagged})"


def _price(ours: CellResult, theirs: CellResult) -> str:
    clean = [cell.value("map_clean") for cell in (ours, theirs)]
    return "" if None in clean else f"; clean MAP {clean[0]:.3f}, {clean[1]:.3f} undefended"


SCORES = ("robustness_untargeted", "robustness_targeted")


def _left_by_ensembles(defended: CellResult, results: Results) -> str:
    """The lowest robustness that a run shows of the very hasher, its queries and targets whatever they are."""
    key = defended.made.keys.hasher if defended.made is not None else None
    same = [cell for cell in results.cells if cell.white_box and cell.made is not None and cell.made.keys.hasher == key]
    scores = [(score, cell.label) for cell in same for name in SCORES if (score := cell.value(name)) is not None]
    return "; the lowest robustness shown is {:.2f}, under {}".format(*min(scores)) if scores else ""


def _cell(setting: Setting, attack: str | None, metric: str) -> CellResult | None:
    found = [cell for cell in setting.done if attack in (None, cell.at.attack) and cell.value(metric) is not None]
    return found[0] if found else None


BLIND = ("masked-gradients", "vanishing-gradients", "saturated-bits", "queries-beat-gradients", "hasher-at-chance")
"""Flags of a number under an attack that may not have seen the hasher, or had nothing to take."""


def doubts(cell: CellResult | None) -> list[str]:
    """The flags for which a number under an attack is no evidence of a defence."""
    return [] if cell is None else [flag.flag for flag in cell.flags if flag.flag in BLIND]


def shows(gap: tuple[float, float, float], flags: Sequence[str]) -> bool | None:
    """Whether a paired gain of MAP under an attack shows the claim; None where a gain is flagged as no evidence."""
    return False if gap[1] <= 0 else None if flags else True


def verdict(gap: tuple[float, float, float] | None, flags: Sequence[str] = ()) -> str:
    """What a paired gain of MAP under an attack says of the claim."""
    if gap is None:
        return "can't be told"
    so = shows(gap, flags)
    if so is None:
        return f"can't be told: flagged {', '.join(flags)}"
    if so:
        return "holds"
    return "does not hold: it is easier to move" if gap[2] < 0 else "does not hold: no difference beyond its interval"


def kept(defended: CellResult | None, before: CellResult | None, metric: str) -> str:
    """The share of clean MAP that a defence keeps."""
    values = [None if cell is None else cell.value(metric) for cell in (defended, before)]
    if values[0] is None or not values[1]:
        return "–"
    return f"keeps {np.round(100 * values[0] / values[1]):.0f} %"
