"""Momentum and input transforms against plain versions of themselves, and where they are the identity."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from helpers import CPU, goal_of, linear_hasher, perturb, small_split, small_victim

from hashbench.api import Budget, Run, Task, UserError
from hashbench.plugins import registry
from hashbench.plugins.configure import configure

PACKAGE = registry.load("attacks", "pgd").__module__.rpartition(".")[0]
transforms = importlib.import_module(f"{PACKAGE}.transforms")
SIZE, BUDGET = 2 / 255, Budget(8 / 255)


def task(state: dict[str, torch.Tensor] | None = None) -> Task:
    split = small_split()
    images = split.images(np.arange(4), CPU)
    return Task(small_victim(linear_hasher(), split), state or {}, images, goal_of(split), torch.ones(4, 8), BUDGET, Run(0, CPU))


def slope(point: torch.Tensor) -> torch.Tensor:
    """The gradient of the loss of one image (1, 3, h, w) that steers to all ones."""
    point = point.clone().requires_grad_(True)
    return torch.autograd.grad(-torch.tanh(linear_hasher()(point)).mean(), point)[0]


def unit(gradient: torch.Tensor) -> torch.Tensor:
    return gradient / gradient.abs().mean()


def plainly(momentum: str, image: torch.Tensor, index: int, steps: int, decay: float) -> torch.Tensor:
    """One image, as the papers write them, with the draws that belong to the query."""
    point, velocity, variance, run = image, torch.zeros_like(image), torch.zeros_like(image), Run(0, CPU)

    def near(step: int, i: int, reach: float) -> torch.Tensor:
        draw = run.uniform(image, (index,), f"step{step} neighbour{i}")
        return point + reach * BUDGET.epsilon * (2 * draw - 1)

    for step in range(steps):
        if momentum == "mi":
            followed = slope(point)
        elif momentum == "ni":
            followed = slope(point - SIZE * decay * velocity)
        elif momentum == "vmi":
            gradient = slope(point)
            followed = gradient + variance
            variance = sum(slope(near(step, i, 1.5)) for i in range(20)) / 20 - gradient
        else:
            both = []
            for i in range(20):
                there = near(step, i, 3.0)
                first = slope(there)
                both.append(0.5 * first + 0.5 * slope(there + SIZE * unit(first)))
            followed = sum(both) / 20
        velocity = decay * velocity + unit(followed)
        point = (image + (point - SIZE * velocity.sign() - image).clamp(-BUDGET.epsilon, BUDGET.epsilon)).clamp(0, 1)
    return point


@pytest.mark.parametrize("momentum", ["mi", "ni", "vmi", "pgn"])
def test_momentum_is_the_plain_algorithm(momentum: str) -> None:
    text = f"pgd[momentum={momentum},steps=5,step_size={SIZE},start=image,rule=sign,decay=0.7]"
    split, hasher = small_split(), linear_hasher()
    made = perturb(text, hasher, split, BUDGET, torch.ones(4, 8))
    images = split.images(np.arange(4), CPU)
    for i in range(4):
        expected = plainly(momentum, images[i : i + 1], i, 5, 0.7)
        assert (made[i] - expected[0]).abs().max() < 0.1 / 255


def test_mi_is_the_example_plugin() -> None:
    file = Path(__file__).parents[2] / "examples" / "momentum_ifgsm" / "momentum_ifgsm.py"
    spec = importlib.util.spec_from_file_location("example", file)
    assert spec is not None and spec.loader is not None
    example: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    split, hasher, codes = small_split(), linear_hasher(), torch.ones(4, 8)
    images, view = split.images(np.arange(4), CPU), small_victim(hasher, split)
    theirs = example.MomentumIFGSM(steps=7).perturb(view, {}, images, goal_of(split), codes, BUDGET, Run(0, CPU))
    ours = perturb("pgd[momentum=mi,steps=7,step_size=1/255,start=image,rule=sign]", hasher, split, BUDGET, codes)
    assert torch.equal(ours, theirs)


def drawn(monkeypatch: pytest.MonkeyPatch, lots: torch.Tensor) -> None:
    """Have every transform get these draws."""
    monkeypatch.setattr(transforms, "_lots", lambda images, task, count, purpose: lots[:, :count])


def test_di_is_the_identity_for_half_of_the_draws_and_a_centred_zoom_shrinks(monkeypatch: pytest.MonkeyPatch) -> None:
    one = task()
    lots = torch.tensor([[0.5, 0.5, 0.5, 0.9]] * 4)
    drawn(monkeypatch, lots)
    assert torch.equal(transforms.diverse(one.images, one, 0, ""), one.images)
    lots[:, 3] = 0.1
    shrunk = transforms.diverse(torch.ones_like(one.images), one, 0, "")
    assert shrunk[:, :, 4, 4].min() == 1 and 0.85 < float(shrunk.mean()) < 1
    lots[:, 0], lots[:, 1:3] = 1.0, 0.0
    assert torch.allclose(transforms.diverse(one.images, one, 0, ""), one.images, atol=1e-5), "1.1 on a canvas of 1.1"


def test_bsr_shuffles_blocks_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    images = torch.rand(2, 3, 9, 9, generator=torch.Generator().manual_seed(0))
    lots = torch.cat([torch.arange(9.0) / 9, torch.full((9,), 0.5)]).repeat(2, 1)
    drawn(monkeypatch, lots)
    assert torch.allclose(transforms.shuffled(images, task(), 0, ""), images, atol=1e-5)
    lots[:, :9] = lots[:, :9].flip(1)
    blocks = images.unfold(2, 3, 3).unfold(3, 3, 3)
    turned = transforms.shuffled(images, task(), 0, "").unfold(2, 3, 3).unfold(3, 3, 3)
    assert torch.allclose(turned, blocks.flip(2, 3), atol=1e-5)
    lots[:, 9:] = 1.0
    assert not torch.allclose(transforms.shuffled(images, task(), 0, ""), images.flip(2, 3), atol=0.1)


def test_si_admix_and_ti_are_their_formulas() -> None:
    one = task({"mixed": torch.rand(5, 3, 8, 8, generator=torch.Generator().manual_seed(0))})
    assert torch.equal(transforms.scaled(one.images, one, 3, ""), one.images / 8)
    added = (transforms.admixed(one.images, one, 0, "a") - one.images) / 0.2
    assert all(any(torch.allclose(row, other, atol=1e-5) for other in one.state["mixed"]) for row in added)
    spot = torch.zeros(1, 3, 31, 31)
    spot[:, :, 15, 15] = 1
    smooth = transforms.smooth(spot)
    assert smooth.sum() == pytest.approx(3) and smooth[0, 0, 15, 18] / smooth[0, 0, 15, 15] == pytest.approx(np.exp(-0.5))


def test_the_scales_of_an_image_share_what_admix_mixes_in() -> None:
    attack, one = configure("attacks", "pgd[transforms=admix+si]"), task({"mixed": torch.rand(50, 3, 8, 8)})
    views = torch.stack([attack.transform(one.images, one, 0, view) * 2 ** (view // 3) for view in range(15)])
    assert all(torch.allclose(views[copy::3], views[copy].expand(5, *one.images.shape), atol=1e-5) for copy in range(3))
    assert not torch.allclose(views[0], views[1], atol=1e-3) and not torch.allclose(views[1], views[2], atol=1e-3)


def test_copies_multiply_and_a_wrong_name_is_a_sentence() -> None:
    assert configure("attacks", "pgd[transforms=admix+si+di+ti]").views == 15
    assert configure("attacks", "pgd[transforms=bsr,samples=2]").views == 40
    with pytest.raises(UserError, match="unknown transform 'dl': did you mean 'di'"):
        configure("attacks", "pgd[transforms=dl]")
    with pytest.raises(UserError, match="leave keep and starts out"):
        configure("attacks", "pgd[momentum=ni,starts=2]")
    with pytest.raises(UserError, match="ranks no points: leave keep and starts out"):
        configure("attacks", "pgd[preset=saat,keep=best]")


@pytest.mark.parametrize(("norm", "rule", "share"), [("linf", "norm", 1.0), ("l2", "norm", 192**-0.5), ("linf", "l2", 192**-0.5)])
def test_momentum_looks_ahead_as_far_as_a_step_goes_in_its_norm(
    norm: str, rule: str, share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = importlib.import_module(f"{PACKAGE}.momentum")
    sizes = []

    def seen(step: Any) -> Any:
        sizes.append(step.size)
        return module.pgn(step)

    monkeypatch.setitem(module.MOMENTUM, "pgn", seen)
    perturb(f"pgd[momentum=pgn,steps=5,rule={rule}]", linear_hasher(), small_split(), Budget(0.5, norm), torch.ones(4, 8))
    assert sizes == pytest.approx([2.5 * 0.5 / 5 * share] * 5)
