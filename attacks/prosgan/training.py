"""The alternating training of generator and discriminator."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from .discriminator import Discriminator
from .generator import Generator
from .losses import adversarial_loss, reconstruction_loss

Condition = Callable[[Tensor], tuple[Tensor, Tensor]]
"""Target labels (B, C) -> what the generator is told (B, R), and codes (B, K)."""
Hashing = Callable[[Tensor, Tensor, Tensor], Tensor]
"""Images in [0, 1], codes and target labels -> a loss."""


def bound(output: Tensor, images: Tensor, mode: str, epsilon: float) -> Tensor:
    """The generator's output in (-1, 1) as adversarial images in [-1, 1].

    'tanh': x + epsilon * output; 'project': the output clamped to the ball; 'none': the output itself, as published.
    `epsilon` is in pixel values of [0, 1], half of what it is here.
    """
    if mode == "tanh":
        return (images + 2 * epsilon * output).clamp(-1, 1)
    if mode == "project":
        return torch.minimum(torch.maximum(output, images - 2 * epsilon), images + 2 * epsilon).clamp(-1, 1)
    return output


@dataclass(frozen=True)
class Weights:
    """Weights of the generator's three losses."""

    reconstruction: float
    hamming: float
    adversarial: float


@dataclass
class Trainer:
    """Networks, optimisers and losses of one training; `step` is one iteration."""

    generator: Generator
    discriminator: Discriminator
    condition: Condition
    hashing: Hashing
    weights: Weights
    mode: str
    epsilon: float
    generator_optimiser: torch.optim.Optimizer
    discriminator_optimiser: torch.optim.Optimizer
    lowered: Callable[[], AbstractContextManager[object]] = nullcontext
    """Around the networks' forwards: the precision of the run."""

    def parts(self) -> dict[str, Any]:
        """All that a step changes."""
        networks = {"generator": self.generator, "discriminator": self.discriminator}
        return networks | {
            "generator_optimiser": self.generator_optimiser,
            "discriminator_optimiser": self.discriminator_optimiser,
        }

    def step(self, pixels: Tensor, labels: Tensor, targets: Tensor, update_discriminator: bool) -> Tensor:
        """`pixels` (B, 3, h, w) in [0, 1] with `labels` (B, C), steered to `targets` (B, C). Returns the generator's loss.

        The generator runs once; the discriminator is updated first, where it is its turn, and judges as updated.
        """
        images = 2 * pixels - 1
        represented, codes = self.condition(targets)
        with self.lowered():
            output = self.generator(represented, images)
        fakes = bound(output.float(), images, self.mode, self.epsilon)
        judged, wanted = labels[:, : self.discriminator.classes], targets[:, : self.discriminator.classes]
        if update_discriminator and self.weights.adversarial:
            self._update_discriminator(images, judged, fakes.detach(), wanted)
        loss = self.weights.reconstruction * reconstruction_loss(fakes, images)
        if self.weights.hamming:
            loss = loss + self.weights.hamming * self.hashing((fakes + 1) / 2, codes, targets)
        if self.weights.adversarial:
            self.discriminator.requires_grad_(False)
            loss = loss + self.weights.adversarial * adversarial_loss(self._judged(fakes), wanted, 0.0)
            self.discriminator.requires_grad_(True)
        self.generator_optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        self.generator_optimiser.step()
        return loss.detach()

    def _judged(self, images: Tensor) -> Tensor:
        with self.lowered():
            judgement: Tensor = self.discriminator(images)
        return judgement.float()

    def _update_discriminator(self, images: Tensor, labels: Tensor, fakes: Tensor, targets: Tensor) -> None:
        real = adversarial_loss(self._judged(images), labels, 0.0)
        fake = adversarial_loss(self._judged(fakes), targets, 1.0)
        self.discriminator_optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward((real + fake) / 2)
        self.discriminator_optimiser.step()


def rate_factor(epoch: int, epochs: int) -> float:
    """Constant to the half, then linear: of 100 epochs the last, counted from 1, runs at 1/51."""
    half = epochs // 2
    return 1 - max(0, epoch - half) / (epochs - half + 1)


def widening(done: float, widen: float) -> float:
    """How many times the budget a training has when `done` in [0, 1) of it is behind: from `widen` it falls to 1 at 0.6."""
    return max(1.0, widen - (widen - 1) * done / 0.6)
