"""From findings to assertions: a helper a kind for a plugin's own tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from hashbench.testing.aims import aim_findings
from hashbench.testing.attacks import attack_findings
from hashbench.testing.benchmarks import benchmark_findings
from hashbench.testing.datasets import dataset_findings
from hashbench.testing.finding import BrokenContract, Finding
from hashbench.testing.hashers import backbone_findings, hasher_findings
from hashbench.testing.reports import report_findings

FINDINGS: Mapping[str, Callable[..., list[Finding]]] = {
    "attacks": attack_findings,
    "aims": aim_findings,
    "hashers": hasher_findings,
    "backbones": backbone_findings,
    "datasets": dataset_findings,
    "benchmarks": benchmark_findings,
    "reports": report_findings,
}


def check(kind: str, plugin: Any, *given: Any) -> None:
    """Raise BrokenContract where `plugin`, of a kind such as "attacks", breaks a rule; a dataset's folder may follow it."""
    found = FINDINGS[kind](plugin, *given)
    if found:
        raise BrokenContract(plugin, found)


check_attack = partial(check, "attacks")
check_aim = partial(check, "aims")
check_hasher = partial(check, "hashers")
check_backbone = partial(check, "backbones")
check_dataset = partial(check, "datasets")
check_benchmark = partial(check, "benchmarks")
check_report = partial(check, "reports")
