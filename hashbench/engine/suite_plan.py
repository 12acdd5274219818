"""The plan of a suite: the cells of all its experiments, each once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hashbench.engine.plan import Config, Plan, canonical, make_plan
from hashbench.errors import UserError
from hashbench.suites import Suite, SuiteFile

PLURAL = {"hasher": "hashers", "backbone": "backbones", "protocol": "protocols", "seed": "seeds", "dataset": "datasets"}


def plan_suite(file: SuiteFile, asked: Mapping[str, Any], preset: str) -> Plan:
    """`asked`: values of `Config` that the command line sets over the suite's own. Experiments share what they have in common."""
    plans, shown = [], []
    for suite in file.suites(preset):
        config = _config(suite, asked, preset)
        plan = make_plan(config)
        names = {name: canonical(text) for name, text in suite.attacks.items()}
        plans.append(plan)
        shown.append(
            {
                "name": suite.name,
                "title": suite.title,
                "about": suite.about,
                "note": suite.note,
                "attacks": names,
                "show": [dict(show) for show in suite.show],
                "cells": [cell.slug for cell in plan.cells],
            }
        )
    return Plan(
        {"suite": file.name, "preset": preset, "configs": [plan.asked for plan in plans], "attacks": _attacks(plans)},
        tuple(dict.fromkeys(cell for plan in plans for cell in plan.cells)),
        plans[0].benchmarks,
        plans[0].reports,
        tuple(shown),
    )


def _config(suite: Suite, asked: Mapping[str, Any], preset: str) -> Config:
    known = set(Config.__dataclass_fields__)
    own = {PLURAL.get(key, key).replace("-", "_"): value for key, value in suite.run.items()}
    unknown = next((key for key in own if key not in known), None)
    if unknown is not None:
        raise UserError(f"the suite {suite.name} sets '{unknown}' under [run], which is no option of hashbench run.")
    own.setdefault("protocols", ["harmonised" if preset == "quick" else "published"])
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in (own | dict(asked)).items()}
    return Config(**({"attacks": tuple(suite.attacks.values()), "reports": ("paper", "html"), "preset": preset} | values))


def _attacks(plans: list[Plan]) -> list[str]:
    return list(dict.fromkeys(attack for plan in plans for attack in plan.asked["attacks"]))
