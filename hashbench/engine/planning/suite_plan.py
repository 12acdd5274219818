"""The plan of a suite: the cells of all its experiments, each once."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from hashbench.engine.planning.choosing import choose_source
from hashbench.engine.planning.config import Config, config_of
from hashbench.engine.planning.plan import Plan, Resolve, make_plan
from hashbench.errors import UserError
from hashbench.plugins.spec import canonical
from hashbench.results.run import Shown
from hashbench.suites.suite import Suite, SuiteFile

PLURAL = {"hasher": "hashers", "backbone": "backbones", "protocol": "protocols", "seed": "seeds", "dataset": "datasets"}
PLURAL |= {"benchmark": "benchmarks", "epsilon": "epsilons"}
_LISTS = {field.name for field in dataclasses.fields(Config) if "Sequence" in str(field.type)}


def plan_suite(file: SuiteFile, asked: Mapping[str, object], resolve: Resolve) -> Plan:
    """`asked`: values of `Config` that the command line sets over the suite's own. Experiments share what they have in common."""
    plans, shown = [], []
    preset = _preset(file, asked)
    for suite in file.suites(preset):
        plan = make_plan(_config(suite, asked, preset), resolve)
        plans.append(plan)
        shown.append(
            Shown(
                name=suite.name,
                title=suite.title,
                about=suite.about,
                note=suite.note,
                attacks={name: canonical(text) for name, text in suite.attacks.items()},
                show=list(suite.show),
                cells=[cell.slug for cell in plan.cells],
            )
        )
    sizes = {cell.images.batch_size for plan in plans for cell in plan.cells}
    if len(sizes) > 1:
        raise UserError(f"the suites of {file.name} have different batch sizes: give one with --batch-size.")
    return Plan(
        {
            "suite": file.name,
            "preset": preset,
            "batch_size": sizes.pop(),
            "configs": [plan.asked for plan in plans],
            "attacks": list(dict.fromkeys(cell.images.attack.attack.text for plan in plans for cell in plan.cells)),
        },
        tuple(dict.fromkeys(cell for plan in plans for cell in plan.cells)),
        tuple(dict.fromkeys(benchmark for plan in plans for benchmark in plan.benchmarks)),
        plans[0].reports,
        tuple(shown),
    )


def _preset(file: SuiteFile, asked: Mapping[str, object]) -> str:
    """As given; else the datasets' own, which must agree."""
    if "preset" in asked:
        return str(asked["preset"])
    own = {name for suite in file.suites("paper") for name in _listed(suite.run.get("dataset", ("shapes",)))}
    data = asked.get("data")
    named = _listed(asked["datasets"]) if "datasets" in asked else own
    presets = {choose_source(str(text), None if data is None else str(data))[1] for text in named}
    if not presets:
        raise UserError(f"{file.name} names no dataset: give --dataset, or one under [run].")
    if len(presets) > 1:
        raise UserError("these datasets have different presets by default: give --preset quick or --preset paper.")
    return presets.pop()


def _config(suite: Suite, asked: Mapping[str, object], preset: str) -> Config:
    own: dict[str, object] = {PLURAL.get(key, key).replace("-", "_"): value for key, value in suite.run.items()}
    known = {field.name for field in dataclasses.fields(Config)}
    unknown = next((key for key in own if key not in known), None)
    if unknown is not None:
        raise UserError(f"the suite {suite.name} sets '{unknown}' under [run], which is no option of hashbench run.")
    fixed: dict[str, object] = {"attacks": tuple(suite.attacks.values()), "reports": ("paper", "html"), "preset": preset}
    values = {key: _listed(value) if key in _LISTS else value for key, value in (own | dict(asked)).items()}
    return config_of(fixed | values)


def _listed(value: object) -> tuple[object, ...]:
    return tuple(value) if isinstance(value, list | tuple) else (value,)
