"""The plan of a suite: the cells of all its experiments, each once."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from hashbench.engine.choosing import canonical, choose_source
from hashbench.engine.plan import Config, Plan, make_plan
from hashbench.errors import UserError
from hashbench.suites import Suite, SuiteFile

PLURAL = {"hasher": "hashers", "backbone": "backbones", "protocol": "protocols", "seed": "seeds", "dataset": "datasets"}
PLURAL |= {"benchmark": "benchmarks", "epsilon": "epsilons"}
_LISTS = {field.name for field in dataclasses.fields(Config) if "Sequence" in str(field.type)}


def plan_suite(file: SuiteFile, asked: Mapping[str, Any]) -> Plan:
    """`asked`: values of `Config` that the command line sets over the suite's own. Experiments share what they have in common."""
    plans, shown = [], []
    preset = _preset(file, asked)
    for suite in file.suites(preset):
        plan = make_plan(_config(suite, asked, preset))
        plans.append(plan)
        shown.append(
            {
                "name": suite.name,
                "title": suite.title,
                "about": suite.about,
                "note": suite.note,
                "attacks": {name: canonical(text) for name, text in suite.attacks.items()},
                "show": [dict(show) for show in suite.show],
                "cells": [cell.slug for cell in plan.cells],
            }
        )
    sizes = {plan.asked["batch_size"] for plan in plans}
    if len(sizes) > 1:
        raise UserError(f"the suites of {file.name} have different batch sizes: give one with --batch-size.")
    return Plan(
        {
            "suite": file.name,
            "preset": preset,
            "batch_size": sizes.pop(),
            "configs": [plan.asked for plan in plans],
            "attacks": list(dict.fromkeys(attack for plan in plans for attack in plan.asked["attacks"])),
        },
        tuple(dict.fromkeys(cell for plan in plans for cell in plan.cells)),
        tuple(dict.fromkeys(benchmark for plan in plans for benchmark in plan.benchmarks)),
        plans[0].reports,
        tuple(shown),
    )


def _preset(file: SuiteFile, asked: Mapping[str, Any]) -> str:
    """As given; else the datasets' own, which must agree."""
    if "preset" in asked:
        return str(asked["preset"])
    own = {name for suite in file.suites("paper") for name in _listed(suite.run.get("dataset", ("shapes",)))}
    presets = {choose_source(text, asked.get("data"))[1] for text in asked.get("datasets", own)}
    if len(presets) > 1:
        raise UserError("these datasets have different presets by default: give --preset quick or --preset paper.")
    return presets.pop()


def _config(suite: Suite, asked: Mapping[str, Any], preset: str) -> Config:
    own = {PLURAL.get(key, key).replace("-", "_"): value for key, value in suite.run.items()}
    known = {field.name for field in dataclasses.fields(Config)}
    unknown = next((key for key in own if key not in known), None)
    if unknown is not None:
        raise UserError(f"the suite {suite.name} sets '{unknown}' under [run], which is no option of hashbench run.")
    own.setdefault("protocols", ["harmonised" if preset == "quick" else "published"])
    values: dict[str, Any] = {key: _listed(value) if key in _LISTS else value for key, value in (own | dict(asked)).items()}
    return Config(**({"attacks": tuple(suite.attacks.values()), "reports": ("paper", "html"), "preset": preset} | values))


def _listed(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list | tuple) else (value,)
