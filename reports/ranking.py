"""Which attack is ahead, and which can't be told apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hashbench.api import CellResult, Setting


@dataclass(frozen=True)
class Ranked:
    """An attack's place in its setting."""

    cell: CellResult
    rank: int
    """1 + how many attacks have a larger t-MAP by a paired difference whose 95 % interval excludes 0."""
    tied: bool
    """Whether another has this rank."""
    behind: tuple[float, float, float] | None
    """What separates it from the one with the largest t-MAP, with its interval; None for that one itself."""


def ranking(setting: Setting) -> list[Ranked]:
    """The attacks of a setting by t-MAP, the largest first. Intervals are not adjusted for the number of pairs."""
    cells = sorted(
        (cell for cell in setting.done if cell.value("t_map") is not None), key=lambda cell: -(cell.value("t_map") or 0.0)
    )
    ranks = [1 + sum(_ahead(setting, other, cell) for other in cells[:i]) for i, cell in enumerate(cells)]
    return [
        Ranked(cell, rank, ranks.count(rank) > 1, None if cell is cells[0] else setting.difference(cells[0], cell))
        for cell, rank in zip(cells, ranks, strict=True)
    ]


def _ahead(setting: Setting, first: CellResult, second: CellResult) -> bool:
    found = setting.difference(first, second)
    return found is not None and found[1] > 0


def leaders(ranked: Sequence[Ranked]) -> list[Ranked]:
    """Those that share the first rank."""
    return [one for one in ranked if one.rank == 1]
