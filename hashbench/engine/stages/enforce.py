"""The threat model, enforced by the runner on whatever an attack returns."""

from __future__ import annotations

import torch
from torch import Tensor

from hashbench.contracts.budget import Budget
from hashbench.errors import ContractError
from hashbench.protocols.protocol import Protocol


def check_images(attack: str, perturbed: Tensor, images: Tensor) -> None:
    """Raise ContractError unless `perturbed` is a detached float tensor shaped and placed like `images`, finite everywhere."""
    if not isinstance(perturbed, Tensor) or perturbed.shape != images.shape or perturbed.dtype != images.dtype:
        got = f"{tuple(perturbed.shape)} {perturbed.dtype}" if isinstance(perturbed, Tensor) else type(perturbed).__name__
        raise ContractError(f"{attack} returned {got} for images {tuple(images.shape)} {images.dtype}.")
    if perturbed.device != images.device or perturbed.requires_grad:
        raise ContractError(f"{attack} must return detached images on {images.device}.")
    if not torch.isfinite(perturbed).all():
        raise ContractError(f"{attack} returned images that are not finite.")


def differences(perturbed: Tensor, images: Tensor) -> dict[str, Tensor]:
    """Per image: mean squared and largest difference in pixel values of [0, 1], and the share of values that differ."""
    change = (perturbed - images).flatten(1).double()
    return {
        "squares": change.square().mean(1),
        "linf": change.abs().amax(1),
        "changed": (change != 0).double().mean(1),
    }


def enforce(perturbed: Tensor, images: Tensor, budget: Budget, protocol: Protocol) -> Tensor:
    """The images that are scored: clipped to [0, 1]; rounded to 8 bits and kept within the budget (L-inf: floor(255 epsilon)
    levels), as the protocol says. Returns uint8 where it rounds, float32 otherwise."""
    clipped = perturbed.clamp(0, 1)
    if not protocol.eight_bit:
        return budget.project(clipped, images) if protocol.enforce_budget else clipped
    levels = budget.eight_bit(clipped, images) if protocol.enforce_budget else (clipped * 255).round()
    return levels.to(torch.uint8)
