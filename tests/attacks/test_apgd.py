"""APGD against a slow, plain version of the paper's algorithm, image by image; what it reaches."""

from __future__ import annotations

import importlib

import numpy as np
import pytest
import torch
from helpers import CPU, goal_of, linear_hasher, perturb, small_split, small_victim
from torch import nn

from hashbench.api import Budget, Run, TrunkHasher
from hashbench.plugins import registry
from hashbench.plugins.configure import configure

apgd = importlib.import_module(registry.load("attacks", "apgd").__module__)
LOSSES = apgd.LOSSES


def curved(seed: int = 0) -> TrunkHasher:
    """A hasher on which steps fail now and then, so that the schedule has something to do."""
    torch.manual_seed(seed)
    hasher = linear_hasher()
    hasher.trunk.body = nn.Sequential(nn.Flatten(), nn.Linear(192, 192), nn.Tanh(), nn.Linear(192, 192), nn.Tanh())
    hasher.trunk.body[1].weight.data *= 8
    return hasher.eval()


def plainly(
    hasher: nn.Module, image: torch.Tensor, code: torch.Tensor, budget: Budget, steps: int, noise: torch.Tensor, loss: str
) -> torch.Tensor:
    """One start on one image (1, 3, h, w), as Croce and Hein's algorithm 1 is written, with their implementation's windows."""
    epsilon = budget.epsilon

    def project(point: torch.Tensor) -> torch.Tensor:
        if budget.norm == "linf":
            return (image + (point - image).clamp(-epsilon, epsilon)).clamp(0, 1)
        return (image + (point - image) * min(1.0, epsilon / max(float((point - image).norm()), 1e-12))).clamp(0, 1)

    def uphill(gradient: torch.Tensor) -> torch.Tensor:
        return gradient.sign() if budget.norm == "linf" else gradient / gradient.norm()

    def more(value: float, than: float) -> bool:
        return value > than + apgd.ROUNDING * (1 + abs(than))

    def look(point: torch.Tensor) -> tuple[float, torch.Tensor]:
        point = point.clone().requires_grad_(True)
        value = -LOSSES[loss](hasher(point), code)
        return float(value.detach()), torch.autograd.grad(value.sum(), point)[0]

    point = project(image + epsilon * noise)
    value, gradient = look(point)
    best, best_value, best_gradient, old = point, value, gradient, point
    size, window, since = 2 * epsilon, max(int(0.22 * steps), 1), 0
    values, halved, seen = [value], True, value
    for i in range(steps):
        ahead = project(point + size * uphill(gradient))
        following = project(point + (0.75 if i else 1.0) * (ahead - point) + (0.25 if i else 0.0) * (point - old))
        old, point = point, following
        value, gradient = look(point)
        values.append(value)
        if more(value, best_value):
            best, best_value, best_gradient = point, value, gradient
        since += 1
        if since == window:
            raised = sum(more(values[-k], values[-k - 1]) for k in range(1, window + 1))
            halved = raised <= 0.75 * window or (not halved and best_value <= seen)
            if halved:
                size /= 2
                point, gradient = best, best_gradient
            seen, since = best_value, 0
            window = max(window - max(int(0.03 * steps), 1), max(int(0.06 * steps), 1))
    return best


@pytest.mark.parametrize("loss", ["A", "B", "C", "D"])
@pytest.mark.parametrize("steps", [7, 60])
@pytest.mark.parametrize("budget", [Budget(12 / 255), Budget(0.3, "l2")])
def test_it_is_the_plain_algorithm(budget: Budget, steps: int, loss: str) -> None:
    hasher, split = curved(), small_split()
    images, goal, run = split.images(np.arange(4), CPU), goal_of(split), Run(3, CPU)
    codes = torch.where(torch.rand(4, 8, generator=torch.Generator().manual_seed(1)) < 0.5, -1.0, 1.0)
    attack = configure("attacks", f"apgd[steps={steps},loss={loss}]")
    made = attack.perturb(small_victim(hasher, split), {}, images, goal, codes, budget, run)
    draws = [2 * run.uniform(images, goal.indices, "start0") - 1, run.normal(images, goal.indices, "start0")]
    noise = apgd.touching(draws[budget.norm == "l2"], budget)
    for i in range(4):
        expected = plainly(hasher, images[i : i + 1], codes[i : i + 1], budget, steps, noise[i : i + 1], loss)
        assert torch.allclose(made[i : i + 1], expected, atol=1e-5)
        size = noise[i].abs().max() if budget.norm == "linf" else noise[i].norm()
        assert (size - 1).abs() < 1e-5


def test_windows_are_the_paper_s() -> None:
    assert list(apgd.checkpoints(100)) == [22, 41, 57, 70, 80, 87, 93, 99]
    assert list(apgd.checkpoints(1)) == [1]


@pytest.mark.parametrize("loss", ["A", "B", "C", "D"])
def test_one_bit_flips_just_above_the_optimum(loss: str) -> None:
    hasher, split = linear_hasher(bits=1), small_split()
    split._pixels[:] = split._pixels // 2 + 64
    images = split.images(np.arange(4), CPU)
    logits = hasher(images).detach()
    flip = (logits.abs() / hasher.head.weight.detach().abs().sum(1))[:, 0]
    codes = -torch.where(logits >= 0, 1.0, -1.0)
    for factor, flips in ((0.95, False), (1.05, True)):
        for i in range(4):
            made = perturb(f"apgd[loss={loss},steps=40]", hasher, split, Budget(float(flip[i]) * factor), codes)[i]
            assert bool((hasher(made[None]) >= 0).float() * 2 - 1 == codes[i]) is flips


def test_more_starts_are_never_worse() -> None:
    hasher, split, budget = curved(), small_split(), Budget(4 / 255)
    images, codes = split.images(np.arange(4), CPU), torch.ones(4, 8)
    goal, values = goal_of(split), []
    for starts in (1, 5):
        attack = configure("attacks", f"apgd[steps=1,starts={starts}]")
        made = attack.perturb(small_victim(hasher, split), {}, images, goal, codes, budget, Run(0, CPU))
        values.append(-LOSSES["A"](hasher(made), codes))
    assert (values[1] >= values[0]).all() and (values[1] > values[0]).any()
