"""Evidence for the sanity flags, gathered while an attack runs."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import torch
from torch import Tensor

from hashbench.contracts.budget import Budget
from hashbench.contracts.victim import Victim


def zero_gradients(victim: Victim, images: Tensor, codes: Tensor) -> Tensor:
    """(B,) bool: images at which the gradient of f(x) . codes vanishes altogether."""
    images = images.clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad((victim.relaxed(images) * codes).sum(), images)
    return (gradient == 0).flatten(1).all(1)


FLAT = 0.9999
"""The relaxed value past which tanh passes on less than 2e-4 of a gradient."""


def saturated(victim: Victim, images: Tensor) -> Tensor:
    """(B,) share of bits at which tanh is flat."""
    with torch.no_grad():
        return (victim.relaxed(images).abs() > FLAT).float().mean(1)


def differs(victim: Victim, images: Tensor) -> Tensor:
    """() bool: whether two forwards of the same images differ."""
    with torch.no_grad():
        return (victim.logits(images) != victim.logits(images)).any()


def change_without_budget(perturb: Callable[[Budget], Tensor], image: Tensor, budget: Budget) -> Tensor:
    """The largest difference an attack makes to an image when its budget is 0; nan where it fails then."""
    try:
        perturbed = perturb(dataclasses.replace(budget, epsilon=0.0))
    except Exception:  # noqa: BLE001 - whatever a stranger's attack does with a budget of 0, it is evidence, not an end
        return torch.tensor(float("nan"))
    return (perturbed.detach() - image).abs().amax()
