"""The contracts, tried: what `hashbench check` runs, as helpers for a plugin's own tests.

from hashbench.testing import check_attack

def test_contract():
    check_attack(MyAttack())
"""

from hashbench.testing.aims import aim_findings
from hashbench.testing.attacks import attack_findings
from hashbench.testing.benchmarks import benchmark_findings
from hashbench.testing.checks import (
    FINDINGS,
    check,
    check_aim,
    check_attack,
    check_backbone,
    check_benchmark,
    check_dataset,
    check_hasher,
    check_report,
)
from hashbench.testing.datasets import dataset_findings
from hashbench.testing.finding import BrokenContract, Finding
from hashbench.testing.hashers import backbone_findings, hasher_findings
from hashbench.testing.reports import report_findings

__all__ = [
    "FINDINGS",
    "BrokenContract",
    "Finding",
    "aim_findings",
    "attack_findings",
    "backbone_findings",
    "benchmark_findings",
    "check",
    "check_aim",
    "check_attack",
    "check_backbone",
    "check_benchmark",
    "check_dataset",
    "check_hasher",
    "check_report",
    "dataset_findings",
    "hasher_findings",
    "report_findings",
]
