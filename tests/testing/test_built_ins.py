"""Every built-in keeps the contract of its kind."""

from __future__ import annotations

from pathlib import Path

import layouts
import pytest

from hashbench.plugins import registry
from hashbench.testing import (
    FINDINGS,
    attack_findings,
)
from hashbench.testing.small import named

GENERATORS = ("prosgan", "ttagan", "apga")
APART = (*GENERATORS, "lists", "foolbox", "autohash", "timm")
BUILT_IN = [(kind, name) for kind in registry.KINDS for name in registry.entries(kind) if name not in APART]


@pytest.mark.parametrize(("kind", "name"), BUILT_IN)
def test_built_ins_keep_their_contract(kind: str, name: str, tmp_path: Path) -> None:
    if name in layouts.WRITERS:
        sizes = "" if name == "cifar10" else "[queries=4,train=8,draw=uniform]"
        layouts.WRITERS[name](tmp_path)
        assert FINDINGS[kind](named(kind, name + sizes), tmp_path) == []
    else:
        assert FINDINGS[kind](named(kind, name)) == []


@pytest.mark.parametrize("name", GENERATORS)
def test_generators_keep_the_contract(name: str) -> None:
    aims = {"prosgan": ",aim=prototype[steps=20]", "ttagan": ",aim=tha[steps=20]", "apga": ""}
    assert attack_findings(named("attacks", f"{name}[epochs=2,width=8,decoder_width=8{aims[name]}]")) == []


def test_an_attack_with_momentum_and_every_transform_keeps_the_contract() -> None:
    assert attack_findings(named("attacks", "pgd[momentum=vmi,transforms=di+admix+ti,steps=1]")) == []
    assert attack_findings(named("attacks", "pgd[transforms=bsr,steps=1]")) == []
    assert attack_findings(named("attacks", "universal[towards=true]")) == []
