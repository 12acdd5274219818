"""The examples keep their contracts, and do what their papers say."""

from __future__ import annotations

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
SPECS = {
    "attacks": f"{EXAMPLES}/momentum_ifgsm/momentum_ifgsm.py:MomentumIFGSM",
    "hashers": f"{EXAMPLES}/dsh/dsh.py:DSH",
}


def module(kind: str) -> Any:
    import sys

    return sys.modules[registry.load(kind, SPECS[kind]).__module__]


@pytest.mark.parametrize("kind", ["attacks", "hashers"])
def test_contracts(kind: str) -> None:
    assert FINDINGS[kind](named(kind, SPECS[kind])) == []


def test_without_momentum_it_is_ifgsm() -> None:
    codes = torch.where(torch.rand(4, 8, generator=torch.Generator().manual_seed(1)) < 0.5, -1.0, 1.0)
    with_none, plain = (
        perturb(text, linear_hasher(), small_split(), Budget(), codes)
        for text in (SPECS["attacks"] + "[decay=0,steps=5]", "ifgsm[steps=5]")
    )
    assert torch.equal(with_none, plain)


def test_dsh_loss_equals_a_transcription() -> None:
    rng = torch.Generator().manual_seed(0)
    logits = torch.randn(3, 4, generator=rng).double()
    similar = torch.tensor([[1.0, 0.0, 2.0], [0.0, 1.0, 0.0], [2.0, 0.0, 1.0]])
    rows, total = logits.tolist(), 0.0
    for i in range(3):
        for j in range(3):
            apart = sum((a - b) ** 2 for a, b in zip(rows[i], rows[j], strict=True))
            total += (apart if similar[i, j] else max(0.0, 8 - apart)) / 2
    expected = total / 9 + 0.1 * sum(abs(abs(a) - 1) for row in rows for a in row) / 3
    assert float(module("hashers").dsh_loss(logits, similar, 0.1)) == pytest.approx(expected, abs=1e-6)
