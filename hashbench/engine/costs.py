"""What a plan costs: the work its cells share, and how long the same work took before in a store."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hashbench.engine.plan import Plan

Rates = Mapping[tuple[str, str], float]
"""(stage, work) -> seconds."""
STAGES = {"trunk": "trunk", "hasher": "hasher", "aim": "aim", "attack": "fitted attack", "images": "images"}
"""Stages of the store that take time, and what they are called."""


@dataclass(frozen=True)
class Work:
    """One product that some cells of a plan need: its stage, and what it is timed under."""

    stage: str
    name: str
    identity: object


def work_of(plan: Plan) -> list[Work]:
    """Every product of a plan that takes time, each once."""
    work: dict[Work, None] = {}
    for cell in plan.cells:
        choice = cell.choice
        for victim in (choice.victim, cell.victim):
            if victim.imported is not None:
                continue
            work[Work("trunk", victim.trunk_work, (victim.source, victim.backbone, victim.seed))] = None
            work[Work("hasher", victim.work, victim)] = None
        if choice.aim is not None:
            work[Work("aim", f"{choice.aim.work} against {choice.victim.work}", (choice.victim, choice.aim))] = None
        work[Work("attack", choice.work, (choice.victim, choice.attack, choice.aim, choice.budget))] = None
        work[Work("images", choice.work, choice)] = None
    return sorted(work, key=lambda item: list(STAGES).index(item.stage))


def measured_rates(store: Path) -> Rates:
    """Median seconds of each kind of work over the products in a store."""
    seen: dict[tuple[str, str], list[float]] = {}
    for stage in STAGES:
        for file in (store / stage).glob("*/made.json"):
            try:
                made = json.loads(file.read_text(encoding="utf-8"))
                seen.setdefault((stage, str(made["work"])), []).append(float(made["seconds"]))
            except (OSError, ValueError, KeyError, TypeError):
                continue  # damaged: the store finds that out when it is used
    return {key: statistics.median(values) for key, values in seen.items()}


def estimate(work: Sequence[Work], rates: Rates) -> dict[str, tuple[int, float, int]]:
    """For each stage: how many products, the seconds of those whose like was measured, and how many were not."""
    found: dict[str, tuple[int, float, int]] = {}
    for item in work:
        count, seconds, unknown = found.get(item.stage, (0, 0.0, 0))
        rate = rates.get((item.stage, item.name))
        found[item.stage] = (count + 1, seconds + (rate or 0.0), unknown + (rate is None))
    return found
