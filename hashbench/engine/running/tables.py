"""Shares of the way from floor to ceiling, and flags that need the other cells of a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from hashbench.engine.running.flags import table_flags, transfer_flags
from hashbench.engine.running.masking import through_filter
from hashbench.engine.running.ratio import ratio
from hashbench.engine.running.robustness import robustness
from hashbench.results.cell import CellResult, Coordinates, Flag, Measured
from hashbench.results.setting import settings_of


def finished(cells: Sequence[CellResult]) -> list[CellResult]:
    """The cells with their flags and the shares of the way: to the oracle, to the attack's own aim code, to the best."""
    done = [cell for cell in cells if cell.status == "ok"]
    flags: dict[str, list[Flag]] = {}
    for setting in settings_of(done):
        flags |= table_flags(setting.cells)
    best: dict[Coordinates, CellResult] = {}
    for cell in done:
        aim, so_far = cell.value("t_map_aim"), best.get(_scored_alike(cell))
        if aim is not None and (so_far is None or aim > (so_far.value("t_map_aim") or 0.0)):
            best[_scored_alike(cell)] = cell
    white_box = {cell.at: cell for cell in done if cell.white_box}
    return [_finished(cell, best, white_box, flags) if cell.status == "ok" else cell for cell in cells]


def _finished(
    cell: CellResult,
    best: dict[Coordinates, CellResult],
    white_box: dict[Coordinates, CellResult],
    flags: dict[str, list[Flag]],
) -> CellResult:
    rows = list(cell.rows)
    ceilings = {"t_map_share": (cell, "t_map_oracle"), "t_map_share_own_aim": (cell, "t_map_aim")}
    if (steered := best.get(_scored_alike(cell))) is not None:
        ceilings["t_map_share_best_aim"] = (steered, "t_map_aim")
    for metric, (ceiling, code) in ceilings.items():
        if ceiling.value(code) is not None:
            rows.append(_share(metric, cell, ceiling.arrays[f"per_query/{code}"]))
    rows += robustness(cell)
    passed, masked = through_filter(cell, white_box.values())
    rows += passed
    found = [*flags[cell.slug], *masked]
    here = white_box.get(cell.at.model_copy(update={"target": cell.at.source}))
    if not cell.white_box and here is not None:
        found = [*found, *transfer_flags(cell, here)]
    return replace(cell, rows=tuple(rows), flags=(*cell.flags, *found))


def _scored_alike(cell: CellResult) -> Coordinates:
    """Equal for cells whose images are scored on one hasher by one protocol: they share targets, floor and ceiling."""
    return cell.at.model_copy(update={"source": cell.at.target, "attack": "", "epsilon": 0.0, "norm": "linf"})


def _share(metric: str, cell: CellResult, ceiling: np.ndarray) -> Measured:
    """(t-MAP - floor) / (ceiling - floor), the t-MAP of a code (Q,) as the ceiling."""
    attacked, floor = cell.arrays["per_query/t_map"], cell.arrays["per_query/t_map_floor"]
    return ratio(metric, attacked - floor, ceiling - floor, cell.at.seed)
