"""The examples keep their contracts, and do what their papers say."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers import linear_hasher, perturb, small_split

from hashbench.api import Budget
from hashbench.plugins import registry
from hashbench.testing import FINDINGS
from hashbench.testing.small import named

EXAMPLES = Path(__file__).parents[2] / "examples"
NEEDS_TIMM = pytest.mark.skipif(importlib.util.find_spec("timm") is None, reason="timm is not installed")
SPECS = {
    "attacks": f"{EXAMPLES}/momentum_ifgsm/momentum_ifgsm.py:MomentumIFGSM",
    "hashers": f"{EXAMPLES}/csq/csq.py:CSQ",
    "backbones": f"{EXAMPLES}/timm_backbone/timm_backbone.py:Timm",
}


def module(kind: str) -> Any:
    import sys

    return sys.modules[registry.load(kind, SPECS[kind]).__module__]


@pytest.mark.parametrize("kind", ["attacks", "hashers", pytest.param("backbones", marks=NEEDS_TIMM)])
def test_contracts(kind: str) -> None:
    assert FINDINGS[kind](named(kind, SPECS[kind])) == []


def test_without_momentum_it_is_ifgsm() -> None:
    codes = torch.where(torch.rand(4, 8, generator=torch.Generator().manual_seed(1)) < 0.5, -1.0, 1.0)
    with_none, plain = (
        perturb(text, linear_hasher(), small_split(), Budget(), codes)
        for text in (SPECS["attacks"] + "[decay=0,steps=5]", "ifgsm[steps=5]")
    )
    assert torch.equal(with_none, plain)


@pytest.mark.parametrize(("classes", "bits"), [(10, 16), (32, 16), (21, 32)])
def test_centres_are_half_the_bits_apart_or_opposite(classes: int, bits: int) -> None:
    centres = module("hashers").hash_centres(classes, bits, torch.Generator())
    agree = (centres @ centres.T - bits * torch.eye(classes)).unique().tolist()
    assert centres.shape == (classes, bits) and set(agree) <= {0.0, float(-bits)}


def test_csq_loss_equals_a_transcription() -> None:
    rng = torch.Generator().manual_seed(0)
    u = torch.rand(3, 4, generator=rng).double() * 1.8 - 0.9
    h = torch.where(torch.rand(3, 4, generator=rng) < 0.5, -1.0, 1.0).double()
    total = 0.0
    for a, c in zip(u.flatten().tolist(), h.flatten().tolist(), strict=True):
        p, t = (a + 1) / 2, (c + 1) / 2
        total -= t * torch.tensor(p).double().log().item() + (1 - t) * torch.tensor(1 - p).double().log().item()
    expected = total / 12 + 0.1 * sum((abs(a) - 1) ** 2 for a in u.flatten().tolist()) / 12
    assert float(module("hashers").csq_loss(u, h, 0.1)) == pytest.approx(expected, abs=1e-6)
