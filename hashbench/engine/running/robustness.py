"""The robustness score of a hasher: what an ensemble of attacks leaves of it, from 0 (nothing) to 1 (all)."""

from __future__ import annotations

from collections.abc import Iterator

from hashbench.engine.running.ratio import ratio
from hashbench.results.cell import CellResult, Measured


def robustness(cell: CellResult, judged: CellResult | None = None) -> Iterator[Measured]:
    """The score of the hasher that an ensemble's cell is of; nothing for other cells.

    Untargeted: max(0, (MAP attacked - floor) / (MAP clean - floor)). Targeted: 1 - (t-MAP - floor) / (t-MAP of the oracle -
    floor). Of means, with intervals from the same resamples; no value where the divisor is not told apart from 0.
    `judged`: the cell that says what the ensemble was judged by, where `cell` holds only what was computed again.
    """
    if not cell.white_box:
        return
    judged = judged or cell
    if judged.row("map_attacked_choice") is not None:
        yield _left("robustness_untargeted", cell, ("map_attacked", "map_floor", "map_clean"), 1)
    elif judged.row("t_map_choice") is not None:
        yield _left("robustness_targeted", cell, ("t_map", "t_map_oracle", "t_map_floor"), -1)


def _left(metric: str, cell: CellResult, names: tuple[str, str, str], direction: int) -> Measured:
    """(value - nothing) / (all - nothing), at least 0 and at most 1; `names`: value, nothing and all.

    `direction`: the sign that all - nothing has where there is anything to lose.
    """
    value, nothing, everything = (direction * cell.arrays[f"per_query/{name}"] for name in names)
    score = ratio(metric, value - nothing, everything - nothing, cell.at.seed)
    ends = {name: end if end is None else min(max(end, 0.0), 1.0) for name, end in dict(score).items() if name != "metric"}
    return Measured(metric=metric, **ends)
