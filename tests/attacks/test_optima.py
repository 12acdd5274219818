"""Every gradient attack on linear hashers of one bit, whose cheapest flips are known in both norms."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from helpers import CPU, linear_hasher, perturb, small_split

from hashbench.api import Budget

BOTH = [
    "pgd",
    "pgd[loss=B]",
    "pgd[loss=C]",
    "pgd[loss=D]",
    "pgd[loss=saat]",
    "pgd[momentum=mi]",
    "pgd[momentum=ni]",
    "pgd[momentum=vmi,steps=10]",
    "pgd[momentum=pgn,steps=10]",
    "pgd[starts=3,steps=20]",
    "apgd[steps=40]",
    "apgd[steps=40,loss=D]",
    "cw[margin=0,steps=60]",
]
SIGNS = ["ifgsm", "tha", "hag", "nag[steps=40]", "fgsm"]


@pytest.mark.parametrize("norm", ["linf", "l2"])
@pytest.mark.parametrize("attack", [*BOTH, *SIGNS])
def test_one_bit_flips_just_above_the_optimum_and_not_below(attack: str, norm: str) -> None:
    """L-inf: |w x + b| / ||w||_1; L2: |w x + b| / ||w||_2. Sign steps are no steepest descent in L2, and C&W none in L-inf."""
    if norm == "l2" and attack in SIGNS:
        step = "" if attack == "fgsm" else ",step_size=0.05"
        attack = f"{attack.removesuffix(']')}{',' if '[' in attack else '['}rule=norm{step}]"
    hasher, split = linear_hasher(bits=1), small_split()
    split._pixels[:] = split._pixels // 2 + 64  # room on both sides, so that clipping to [0, 1] plays no part
    images = split.images(np.arange(4), CPU)
    logits, weights = hasher(images).detach()[:, 0], hasher.head.weight.detach()[0]
    cheapest = logits.abs() / (weights.abs().sum() if norm == "linf" else weights.norm())
    codes = -torch.where(logits >= 0, 1.0, -1.0)[:, None]
    slack = 1.3 if attack.startswith("cw") and norm == "linf" else 1.05
    for factor, flips in ((0.95, False), (slack, True)):
        for i in range(2):
            budget = Budget(float(cheapest[i]) * factor, norm)
            made = perturb(attack, hasher, split, budget, codes)[i]
            assert bool((hasher(made[None]) >= 0).float() * 2 - 1 == codes[i]) is flips, (i, factor)


def test_with_room_to_spare_cw_returns_nearly_the_least_change() -> None:
    hasher, split = linear_hasher(bits=1), small_split()
    split._pixels[:] = split._pixels // 2 + 64
    images = split.images(np.arange(4), CPU)
    logits, weights = hasher(images).detach()[:, 0], hasher.head.weight.detach()[0]
    least = logits.abs() / weights.norm()
    codes = -torch.where(logits >= 0, 1.0, -1.0)[:, None]
    made = perturb("cw[margin=0,steps=100,searches=9]", hasher, split, Budget(10 * float(least.max()), "l2"), codes)
    assert ((hasher(made) >= 0).float() * 2 - 1 == codes).all()
    ratio = (made - images).flatten(1).norm(dim=1) / least
    assert (ratio >= 1 - 1e-4).all() and (ratio <= 1.05).all(), ratio


@pytest.mark.parametrize("attack", ["dhta[steps=20]", "ifgsm[steps=20]"])
def test_the_point_that_is_kept_agrees_no_less_than_the_last_one(attack: str) -> None:
    hasher, split = linear_hasher(bits=8), small_split()
    codes = torch.where(torch.rand(4, 8, generator=torch.Generator().manual_seed(1)) < 0.5, -1.0, 1.0)
    agreed = []
    for options in ("", ",keep=best"):
        made = perturb(f"{attack.removesuffix(']')}{options}]", hasher, split, Budget(0.1), codes)
        with torch.no_grad():
            agreed.append((torch.tanh(hasher(made)) * codes).mean(1))
    assert (agreed[1] >= agreed[0] - 1e-6).all()
