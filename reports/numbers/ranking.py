"""Ranks of attacks, and ties between those that can't be told apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hashbench.api import CellResult, Setting, led_away


@dataclass(frozen=True)
class Ranked:
    """An attack's place in its setting."""

    cell: CellResult
    rank: int | None
    """1 + how many attacks have a larger t-MAP by a paired difference whose 95 % interval excludes 0; None where the
    attacks of the setting can't be compared query by query."""
    behind: tuple[float, float, float] | None
    """What separates it from the one with the largest t-MAP, with its interval; None for that one itself."""


def ranking(setting: Setting) -> list[Ranked]:
    """The attacks of a setting by t-MAP, the largest first. Intervals are not adjusted for the number of pairs."""
    return _ranked(setting, [cell for cell in setting.done if cell.value("t_map") is not None])


def steering(setting: Setting) -> list[Ranked]:
    """The attacks that steer to targets, ranked among themselves."""
    return _ranked(setting, [cell for cell in setting.done if cell.value("t_map") is not None and not led_away(cell)])


def contest(setting: Setting) -> list[Ranked]:
    """The attacks that steer to targets, ranked among themselves; empty where fewer than two do."""
    ranked = steering(setting)
    return ranked if len(ranked) > 1 else []


def _ranked(setting: Setting, cells: list[CellResult]) -> list[Ranked]:
    cells.sort(key=lambda cell: (-(cell.value("t_map") or 0.0), cell.label))
    gaps = [[setting.difference(other, cell) for other in cells[:i]] for i, cell in enumerate(cells)]
    paired = all(gap is not None for row in gaps for gap in row)
    return [
        Ranked(cell, 1 + sum(gap is not None and gap[1] > 0 for gap in row) if paired else None, row[0] if row else None)
        for cell, row in zip(cells, gaps, strict=True)
    ]


def by_rank(setting: Setting) -> list[tuple[CellResult, Ranked | None]]:
    """The cells of a setting, those without a t-MAP last."""
    ranked = ranking(setting)
    there = {id(place.cell) for place in ranked}
    return [*((place.cell, place) for place in ranked), *((cell, None) for cell in setting.cells if id(cell) not in there)]


def leaders(ranked: Sequence[Ranked]) -> list[Ranked]:
    """Those that share the first rank."""
    return [one for one in ranked if one.rank == 1]
