"""The outlook of a plan: stages to make and how long their like took, from the names and times in a store alone."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hashbench.engine.planning.cell import Cell
from hashbench.engine.stages.stage import missing, place, reachable


@dataclass(frozen=True)
class Outlook:
    """One kind of stage: how many products cells need, how many are there, what the others may take."""

    name: str
    needs: tuple[str, ...]
    """The kinds of stages it is made from."""
    count: int
    there: int
    seconds: float
    """Of those to be made whose like was measured."""
    unmeasured: int
    """To be made, and nothing like them was measured."""


def stages_of(root: Path, cell: Cell) -> tuple[list[str], list[str]]:
    """The kinds of a cell's stages that are in the store, and those that would be made."""
    wanted = cell.wanted()
    left = [stage.name for stage in missing(root, wanted)]
    names = dict.fromkeys(stage.name for stage in reachable(wanted))
    return [name for name in names if name not in left], list(dict.fromkeys(left))


def outlook(root: Path, cells: Iterable[Cell], everything: bool = False) -> list[Outlook]:
    """Each kind of stage of all cells, what is needed first; `everything`: as if the store were empty."""
    wanted = [stage for cell in cells for stage in cell.wanted()]
    each = list({place(root, stage): stage for stage in reachable(wanted)}.values())
    left = each if everything else list(missing(root, wanted))
    rates = _measured(root)
    found = []
    for name in dict.fromkeys(stage.name for stage in each):
        ours = [stage for stage in each if stage.name == name]
        made = [stage for stage in left if stage.name == name]
        seconds = [rates.get((name, stage.work)) for stage in made]
        known = [second for second in seconds if second is not None]
        needs = tuple(dict.fromkeys(need.name for stage in ours for need in stage.needs().values()))
        found.append(Outlook(name, needs, len(ours), len(ours) - len(made), sum(known), len(made) - len(known)))
    return found


def _measured(root: Path) -> dict[tuple[str, str], float]:
    """Median seconds of each kind of work over the products in a store."""
    seen: dict[tuple[str, str], list[float]] = {}
    for name, work, seconds in seconds_in(root):
        seen.setdefault((name, work), []).append(seconds)
    return {key: statistics.median(values) for key, values in seen.items()}


def seconds_in(root: Path) -> Iterator[tuple[str, str, float]]:
    """The kind of stage, the work and the seconds of each product in a store."""
    for file in root.glob("*/*/made.json"):
        try:
            made = json.loads(file.read_text(encoding="utf-8"))
            yield file.parts[-3], str(made["work"]), float(made["seconds"])
        except (OSError, ValueError, KeyError, TypeError):
            continue  # damaged: the store finds that out when it is used


def total(stages: Sequence[Outlook]) -> float:
    """Seconds of all that was measured."""
    return sum(stage.seconds for stage in stages)
