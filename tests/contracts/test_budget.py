"""Budgets in both norms: starts, projections and 8-bit images stay inside."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from helpers import CPU, goal_of, small_split
from hypothesis import given, settings
from hypothesis import strategies as st

from hashbench.api import Budget, Run, UserError

NORMS = ["linf", "l2"]


def size(change: torch.Tensor, norm: str) -> torch.Tensor:
    flat = change.flatten(1)
    return flat.abs().amax(1) if norm == "linf" else flat.norm(dim=1)


def eight_bit_images(count: int, seed: int) -> torch.Tensor:
    rng = np.random.default_rng(seed)
    return torch.from_numpy(rng.integers(0, 256, (count, 3, 6, 6))).float() / 255


@settings(max_examples=40, deadline=None)
@given(norm=st.sampled_from(NORMS), epsilon=st.floats(0.0, 1.0), reach=st.floats(0.0, 3.0), seed=st.integers(0, 99))
def test_projections_and_rounded_images_stay_inside(norm: str, epsilon: float, reach: float, seed: int) -> None:
    budget, images = Budget(epsilon, norm), eight_bit_images(3, seed)
    torch_rng = torch.Generator().manual_seed(seed)
    moved = images + reach * (torch.rand(images.shape, generator=torch_rng) - 0.5)
    held = budget.project(moved, images)
    assert (size(held - images, norm) <= epsilon + 1e-5).all() and held.min() >= 0 and held.max() <= 1
    inside = budget.project(held, images)
    assert torch.allclose(inside, held, atol=1e-6)
    levels = budget.eight_bit(moved, images)
    assert torch.equal(levels, levels.round()) and levels.min() >= 0 and levels.max() <= 255
    assert (size(levels / 255 - images, norm) <= epsilon + 1e-5).all()


@pytest.mark.parametrize("norm", NORMS)
def test_rounding_gives_away_little_of_the_budget(norm: str) -> None:
    budget, images = Budget(8 / 255 if norm == "linf" else 0.5, norm), eight_bit_images(4, 1) / 2 + 0.25
    images = (images * 255).round() / 255
    far = budget.eight_bit(images + torch.randn(images.shape, generator=torch.Generator().manual_seed(0)), images)
    assert (size(far / 255 - images, norm) >= 0.97 * budget.epsilon).all()


@pytest.mark.parametrize("norm", NORMS)
def test_starts_fill_the_ball_and_belong_to_query_and_purpose(norm: str) -> None:
    split = small_split()
    split._pixels[:] = split._pixels // 2 + 64
    images, goal, budget, run = split.images(np.arange(4), CPU), goal_of(split), Budget(0.05, norm), Run(0, CPU)
    first, second = budget.start(images, goal, run), budget.start(images, goal, run, "start1")
    assert torch.equal(first, budget.start(images, goal, run)) and not torch.equal(first, second)
    reached = size(first - images, norm)
    assert (reached <= 0.05 + 1e-6).all() and (reached > 0.04).all()
    steepest = budget.steepest(torch.randn(images.shape, generator=torch.Generator().manual_seed(0)))
    assert torch.allclose(size(steepest, norm), torch.ones(4))


def test_a_wrong_budget_is_a_sentence() -> None:
    with pytest.raises(UserError, match="give a value in"):
        Budget(1.5)
    with pytest.raises(UserError, match="give a length above 0"):
        Budget(float("inf"), "l2")
    assert Budget(2.0, "l2").text == "L2 2" and Budget(8 / 255).text == "8/255"
