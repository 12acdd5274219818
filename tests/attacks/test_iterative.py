"""Iterative attacks on linear hashers, where the optimum is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from helpers import CPU, goal_of, linear_hasher, perturb, small_split, small_victim

from hashbench.api import Budget, Iterative, Run, Task

ATTACKS = ["noise", "p2p", "dhta", "fgsm", "ifgsm"]


def cheapest_flips(hasher: torch.nn.Module, images: torch.Tensor) -> torch.Tensor:
    """(B, K): the smallest L-inf change that flips each bit, |w x + b| / ||w||_1."""
    logits = hasher(images).detach()
    return logits.abs() / hasher.head.weight.detach().abs().sum(1)


@pytest.mark.parametrize("attack", ["fgsm", "ifgsm", "dhta", "p2p"])
def test_one_bit_flips_just_above_the_optimum_and_not_below(attack: str) -> None:
    hasher, split = linear_hasher(bits=1), small_split()
    split._pixels[:] = split._pixels // 2 + 64  # room on both sides, so that clipping to [0, 1] plays no part
    images = split.images(np.arange(4), CPU)
    flip = cheapest_flips(hasher, images)[:, 0]
    codes = -torch.where(hasher(images) >= 0, 1.0, -1.0).detach()
    for factor, flips in ((0.95, False), (1.05, True)):
        for i in range(4):
            budget = Budget(float(flip[i]) * factor)
            adversarial = perturb(attack, hasher, split, budget, codes)[i]
            assert bool((hasher(adversarial[None]) >= 0).float() * 2 - 1 == codes[i]) is flips


@pytest.mark.parametrize("rule", ["sign", "l2", "raw"])
def test_step_rules_take_the_step_they_name(rule: str) -> None:
    hasher, split = linear_hasher(), small_split()
    split._pixels[:] = split._pixels // 2 + 64
    images = split.images(np.arange(4), CPU)
    codes = torch.ones(4, 8)
    size = 0.001
    moved = perturb(f"ifgsm[rule={rule},steps=1,step_size={size}]", hasher, split, Budget(0.2), codes) - images
    x = images.clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(-(torch.tanh(hasher(x)) * codes).mean(1).sum(), x)
    norm = gradient.flatten(1).norm(dim=1).view(-1, 1, 1, 1)
    expected = {"sign": gradient.sign(), "l2": gradient / norm, "raw": gradient / 32}[rule]
    assert torch.allclose(moved, -size * expected, atol=1e-6)


@pytest.mark.parametrize("attack", ATTACKS)
def test_stays_in_the_budget_and_leaves_its_input_alone(attack: str) -> None:
    hasher, split, budget = linear_hasher(), small_split(), Budget(8 / 255)
    images = split.images(np.arange(4), CPU)
    adversarial = perturb(attack, hasher, split, budget, torch.ones(4, 8))
    assert adversarial.shape == images.shape and not adversarial.requires_grad
    assert (adversarial - images).abs().max() <= budget.epsilon + 1e-6
    assert adversarial.min() >= 0 and adversarial.max() <= 1
    assert (adversarial - images).abs().max() > 0
    assert all(parameter.grad is None for parameter in hasher.parameters())


@pytest.mark.parametrize("attack", ["noise", "ifgsm[start=uniform,steps=1]"])
def test_random_draws_belong_to_the_query_not_the_batch(attack: str) -> None:
    hasher, split, codes = linear_hasher(), small_split(), torch.ones(4, 8)
    whole = perturb(attack, hasher, split, Budget(), codes)
    alone = perturb(attack, hasher, split, Budget(), codes[:1], count=1)
    assert torch.allclose(whole[:1], alone, atol=1e-6)
    assert not torch.equal(whole, perturb(attack, hasher, split, Budget(), codes, seed=1))


def test_noise_fills_the_budget_evenly_and_asks_nothing() -> None:
    split = small_split()
    split._pixels[:] = 128
    change = (perturb("noise", linear_hasher(), split, Budget(0.1), None) - 128 / 255) / 0.1
    assert abs(float(change.mean())) < 0.05 and float(change.var()) == pytest.approx(1 / 3, abs=0.02)


def test_annealing_rises_to_one() -> None:
    from hashbench.plugins.configure import configure

    tenths = configure("attacks", "dhta[steps=20]")
    assert [tenths.alpha(i) for i in (0, 9, 10, 12, 14, 16, 18, 19)] == [0.1, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.0]
    release = configure("attacks", "dhta[preset=published]")
    assert [release.alpha(i) for i in (0, 999, 1000, 1200, 1400, 1600, 1800, 1999)] == [0.1, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.0]
    assert (release.rule, release.steps, release.step_size) == ("raw", 2000, 1.0)


def test_any_iterative_attack_takes_any_aim() -> None:
    from hashbench.contracts.attack import aim_of
    from hashbench.plugins.configure import configure

    assert aim_of(configure("attacks", "fgsm[aim=dhta[members=5]]")) == "dhta[members=5]"
    own = configure("aims", "own")
    hasher, split = linear_hasher(bits=2), small_split()
    images = split.images(np.arange(4), CPU)
    view = small_victim(hasher, split)
    from hashbench.api import Run

    codes = own.codes(view, {}, images, goal_of(split), Run(0, CPU))
    assert torch.equal(codes, -view.codes(images))
    away = perturb("ifgsm[aim=own]", hasher, split, Budget(0.2), codes)
    assert (view.codes(away) == codes).float().mean() > 0.9


def test_the_last_point_is_judged_by_as_many_views_as_the_others() -> None:
    """Its first view alone would win: the mean of its views does not."""
    split, hasher = small_split(), linear_hasher()

    class Seesaw(Iterative):
        def objective(self, task: Task, images: torch.Tensor, step: int, view: int) -> torch.Tensor:
            last = not images.requires_grad
            return images.flatten(1).sum(1) * 0 + ((-0.9, 0.1)[view] if last else -0.6 + 0.1 * step)

    attack = Seesaw(steps=3, samples=2, keep="best", start="uniform")
    images, codes = split.images(np.arange(4), CPU), torch.ones(4, 8)
    run = Run(0, CPU)
    made = attack.perturb(small_victim(hasher, split), {}, images, goal_of(split), codes, Budget(), run)
    assert torch.equal(made, Budget().start(images, goal_of(split), run, ""))
