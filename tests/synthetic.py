"""Results of runs that nobody ran: a real cell's facts, with numbers, counts and pictures drawn by a seed."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hashbench.engine.running.tables import finished
from hashbench.results.cell import CellResult, Coordinates, HasherName, Measured
from hashbench.results.provenance import Provenance
from hashbench.results.results import Results
from hashbench.results.run import RunFacts
from hashbench.retrieval import Bootstrap

TEMPLATE = Path(__file__).parent / "fixtures" / "results3"
ATTACKS = ("noise", "dhta", "ifgsm[steps=5]", "ifgsm[steps=50]")
QUERIES, ITEMS, CLASSES = 40, 300, 12


def results(
    attacks: Sequence[str] = ATTACKS,
    hashers: Sequence[str] = ("dpsh",),
    bits: Sequence[int] = (16, 32),
    epsilons: Sequence[float] = (8 / 255,),
    seeds: Sequence[int] = (0,),
    protocols: Sequence[str] = ("harmonised",),
    side: int = 32,
    transfer: bool = False,
    name: str = "synthetic",
) -> Results:
    """A run over the product of the arguments; every attack has a strength of its own, larger with the budget."""
    cells = []
    for seed in seeds:
        for protocol in protocols:
            for hasher in hashers:
                for count in bits:
                    for epsilon in epsilons:
                        own, *others = [HasherName(hasher=hasher, backbone="convnet", bits=one) for one in _first(count, bits)]
                        for i, attack in enumerate(attacks):
                            for target in (own, *(others if transfer else ())):
                                where = {"dataset": "shapes", "source": own, "attack": attack, "target": target}
                                where |= {"protocol": protocol, "seed": seed, "epsilon": epsilon}
                                cells.append(_cell(Coordinates.model_validate(where), i, len(attacks), side))
    run = json.loads((TEMPLATE / "run.json").read_text())
    command = f"hashbench run --attack {','.join(attacks)}"
    facts = run | {"name": name, "command": command, "cells": [cell.slug for cell in cells]}
    return Results([RunFacts.model_validate(facts)], finished(cells))


def _first(count: int, bits: Sequence[int]) -> list[int]:
    return [count, *(other for other in bits if other != count)]


def _cell(at: Coordinates, strength: int, of: int, side: int) -> CellResult:
    file = next((TEMPLATE / "cells").glob("*fgsm*.json"))
    made = copy.deepcopy(json.loads(file.read_text())["made"])
    key = at.model_dump_json()
    rng = np.random.default_rng(list(key.encode()))
    shared = np.random.default_rng(at.seed)
    made["budget"]["epsilon"] = at.epsilon
    made["protocol"] |= {"name": at.protocol, "version": 1 if at.protocol == "harmonised" else 2}
    made["keys"] = {"hasher": f"{at.target.label} {at.seed}", "images": key}
    name, _, options = at.attack.partition("[")
    made["plugins"]["attack"] |= {"about": f"What {name} does", "paper": "https://example.org/paper"}
    if "steps=" in options:
        made["options"]["attack"]["steps"] = int(options.partition("steps=")[2].split(",")[0].rstrip("]"))
    floor = shared.uniform(0.2, 0.4, QUERIES)
    aim = floor + 0.4
    reach = (strength / max(of - 1, 1)) * min(1.0, at.epsilon * 255 / 8) * 0.35
    values = {
        "map_clean": shared.uniform(0.6, 0.8, QUERIES),
        "map_floor": floor,
        "map_pixels": floor + 0.02,
        "map_random": floor + 0.01,
        "map_attacked": shared.uniform(0.5, 0.7, QUERIES) - reach,
        "t_map_clean": floor - 0.02,
        "t_map": floor + reach + rng.normal(0, 0.03, QUERIES),
        "t_map_worst_ties": floor + reach - 0.05,
        "t_map_best_ties": floor + reach + 0.05,
        "t_map_floor": floor,
        "t_map_oracle": aim + 0.05,
        "t_precision_radius_2": floor,
    }
    values |= {"t_map_jpeg75": floor + reach / 2, "t_map_bits6": floor + reach / 3}
    if name != "noise" and at.white_box:
        values["t_map_aim"] = aim
    bootstrap = Bootstrap(QUERIES, at.seed)
    rows = [_row(metric, float(v.mean()), bootstrap.interval(v)) for metric, v in values.items()]
    rows += [_row("rms", 0.01 + 0.02 * rng.random(), (0.0123, 0.0345)), _row("linf", at.epsilon), _row("changed", 0.98)]
    rows += [_row("psnr", 30 + rng.random()), _row("rms_raw", 0.0301), _row("targets_without_relevant", 0.0)]
    seconds = float(10.0 ** rng.uniform(-4, -1))
    timings = [_row("seconds_per_image", seconds), _row("forwards_per_image", 5.0), _row("backwards_per_image", 5.0)]
    timings += [_row("fit_seconds", 0.0), _row("aim_fit_seconds", 1.5)]
    arrays = {f"per_query/{metric}": v for metric, v in values.items()}
    arrays |= _counts(at.source.bits, rng) | _pictures(side, shared, rng)
    slug = f"cell-{hashlib.sha256(key.encode()).hexdigest()[:12]}"
    return CellResult(at, "ok", slug, "", tuple(rows), tuple(timings), arrays, Provenance.model_validate(made))


def _row(metric: str, value: float, ends: tuple[float | None, float | None] = (None, None)) -> Measured:
    return Measured(metric=metric, value=value, low=ends[0], high=ends[1])


def _counts(bits: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    found = {}
    for which in ("clean", "attacked"):
        distances = rng.binomial(bits, 0.4, (QUERIES, ITEMS))
        items = np.stack([np.bincount(row, minlength=bits + 1) for row in distances])
        found[f"targeted/{which}/target/items"] = items
        found[f"targeted/{which}/target/relevant"] = rng.binomial(items, 0.3)
    return found


def _pictures(side: int, shared: np.random.Generator, rng: np.random.Generator) -> dict[str, np.ndarray]:
    clean = shared.integers(0, 256, (2, 3, side, side), dtype=np.uint8)
    found = {
        "queries": np.array([0, 7]),
        "clean": clean,
        "adversarial": (clean.astype(int) + rng.integers(-8, 9, clean.shape)).clip(0, 255).astype(np.uint8),
        "query_labels": np.eye(CLASSES, dtype=np.uint8)[:2],
        "target_labels": np.eye(CLASSES, dtype=np.uint8)[2:4],
    }
    for which, of in (("clean", shared), ("attacked", rng)):
        found[f"{which}/pixels"] = of.integers(0, 256, (2, 5, 3, side, side), dtype=np.uint8)
        found[f"{which}/labels"] = np.eye(CLASSES, dtype=np.uint8)[of.integers(0, CLASSES, (2, 5))]
    return {f"gallery/{name}": array for name, array in found.items()}
