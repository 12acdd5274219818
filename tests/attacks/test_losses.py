"""Losses against their formulas, number by number in float64."""

from __future__ import annotations

import importlib
import math

import pytest
import torch

from hashbench.plugins import registry

LOSSES = importlib.import_module(registry.load("attacks", "apgd").__module__).LOSSES


def plainly(loss: str, u: list[float], t: list[float]) -> float:
    """The formula as its docstring has it, to be lowered."""
    pairs, count = list(zip(u, t, strict=True)), len(u)
    unsettled = [(a, b) for a, b in pairs if math.tanh(a) * b < 0.5]
    few = max(len(unsettled), 1)
    s = [math.tanh(a) * b for a, b in unsettled]
    return {
        "A": -sum(math.tanh(a) * b for a, b in pairs) / count,
        "B": -sum(a * b for a, b in pairs) / count,
        "C": -sum(min(math.tanh(a) * b, 0.5) for a, b in pairs) / count,
        "D": -sum(min(a * b / (sum(map(abs, u)) / count), 0.5) for a, b in pairs) / count,
        "saat": sum((value - 2) * value for value in s) / few,
        "saat-targeted": -sum((value + 2) * value for value in s) / few,
    }[loss]


@pytest.mark.parametrize("loss", list(LOSSES))
def test_losses_are_their_formulas(loss: str) -> None:
    generator = torch.Generator().manual_seed(0)
    logits = 2 * torch.randn(6, 12, generator=generator, dtype=torch.float64)
    codes = torch.where(torch.rand(6, 12, generator=generator) < 0.5, -1.0, 1.0).double()
    logits[0] = 5 * codes[0]
    found = LOSSES[loss](logits, codes).tolist()
    for u, t, value in zip(logits.tolist(), codes.tolist(), found, strict=True):
        assert value == pytest.approx(plainly(loss, u, t), abs=1e-12)


@pytest.mark.parametrize("loss", ["A", "B", "C", "D"])
def test_winning_a_bit_is_never_a_loss(loss: str) -> None:
    """Across the margin, while another bit is still far: what is kept as the best point does not get worse."""
    far = torch.full((200,), -2.0, dtype=torch.float64)
    logits, codes = torch.stack([torch.linspace(-1, 2, 200, dtype=torch.float64), far], dim=1), torch.ones(200, 2).double()
    values = LOSSES[loss](logits, codes)
    assert (values.diff() <= 0.02).all() and values[-1] < values[0]


def test_no_scale_of_the_logits_changes_loss_d() -> None:
    logits = torch.linspace(0.1, 3, 12, dtype=torch.float64).repeat(2, 1)
    codes = -torch.ones(2, 12, dtype=torch.float64)
    assert torch.allclose(LOSSES["D"](50 * logits, codes), LOSSES["D"](logits, codes), atol=1e-12)
