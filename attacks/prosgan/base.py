"""Attacks by a generator that is trained once and makes any query look like any target."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Literal, Self

import torch
from torch import Tensor, nn

from hashbench.api import Attack, Budget, FittedAim, Goal, Run, Split, State, UserError, Victim, epochs, option

from ..aims.targets import draw_disjoint_targets, draw_targets, target_pool
from ..prefixed import part
from .discriminator import Discriminator
from .generator import Generator
from .training import Condition, Hashing, Trainer, Weights, bound, rate_factor, widening

WEIGHT = 50.0
"""Of the reconstruction loss on [-1, 1], on most data sets."""


@dataclass(frozen=True)
class GeneratorAttack(Attack):
    """ProS-GAN's networks and training; subclasses say what conditions the generator and what its codes should be."""

    targeted: ClassVar[bool] = True
    own_weights: ClassVar[Mapping[str, float]] = {}
    """Of the reconstruction loss, on data sets where it is not WEIGHT."""

    epochs: int = option(100, "passes over the training split; the rate falls linearly in the second half")
    batch_size: int = option(24, "images a step")
    rate: float = option(1e-4, "Adam's learning rate, of both networks")
    beta: float = option(0.5, "Adam's momentum, of both networks")
    width: int = option(64, "channels of the first convolutions; the paper's networks have 64")
    decoder_width: int = option(64, "channels of the label decoder's second layer; the paper's has 64")
    halvings: int = option(2, "times the generator halves the image before its residual blocks: 2 in the paper, from 224 px to 56")
    reconstruction: float | None = option(None, "weight of the reconstruction loss; none: the paper's for the data set")
    hamming: float = option(1.0, "weight of the loss of the codes")
    adversarial: float = option(1.0, "weight of the discriminator's judgement; 0: no discriminator")
    categories: bool = option(False, "the discriminator also judges labels; false: real or fake only")
    discriminator_every: int = option(3, "the discriminator is updated every so many iterations")
    min_images: int = option(10, "targets in training: label vectors of so many database images or more; the release's 1")
    disjoint: bool = option(True, "targets in training share no class with the image; the release's may")
    bounded: Literal["tanh", "project", "none"] = option(
        "tanh", "the budget built in while training: x + epsilon * tanh(.), a projection, or none as published"
    )
    widen: float = option(
        1.0, "training begins within so many times the budget, which falls to its own after 60 % of the steps: 1 in the paper"
    )

    def __post_init__(self) -> None:
        for name, width in (("width", self.width), ("decoder_width", self.decoder_width)):
            if width < 8 or width % 8:
                raise ValueError(f"{name} is {width}: give a multiple of 8.")
        if self.halvings not in range(6):
            raise ValueError(f"halvings is {self.halvings}: give 0 to 5.")
        if self.widen < 1 or (self.widen > 1 and self.bounded == "none"):
            raise ValueError(f"widen is {self.widen:g}: give 1 or more, and 1 with bounded=none, which has no budget to widen.")

    def resolve(self, dataset: str) -> Self:
        if self.reconstruction is not None:
            return self
        return replace(self, reconstruction=self.own_weights.get(dataset, WEIGHT))

    @abstractmethod
    def condition(self, victim: Victim, aim: FittedAim | None, run: Run) -> Condition:
        """What the generator is told of target labels, and the codes that its images should have."""

    @abstractmethod
    def hashing(self, victim: Victim, run: Run) -> Hashing:
        """The loss of the codes of its images."""

    def known(self, aim: FittedAim | None) -> dict[str, Tensor]:
        """What `represented` needs later, beside the generator."""
        return {}

    def represented(self, state: State, labels: Tensor) -> Tensor:
        """(B, R) what the generator is told of labels (B, C): themselves."""
        return labels

    def fit(self, victim: Victim, data: Split, aim: FittedAim | None, budget: Budget, run: Run) -> dict[str, Tensor]:
        name = type(self).__name__.lower()
        condition = self.condition(victim, aim, run)
        if data.image_size % 32:
            raise UserError(f"{name} needs an image side divisible by 32, not {data.image_size}: change --image-size.")
        if budget.norm != "linf" and self.bounded != "none":
            raise UserError(f"{name} is trained within L-inf budgets: leave --norm out, or give bounded=none.")
        labels = data.labels.to(run.device)
        pool = target_pool(victim.reference("database").labels, self.min_images)
        trainer = self._trainer(condition, self.hashing(victim, run), labels[:1], data.image_size, budget, run)
        optimisers = (trainer.generator_optimiser, trainer.discriminator_optimiser)
        parts = trainer.parts()
        steps = -(-len(data) // self.batch_size)
        for epoch, i, positions, pixels in epochs(data, self.epochs, self.batch_size, run, f"training {name}", **parts):
            for group in (group for optimiser in optimisers for group in optimiser.param_groups):
                group["lr"] = self.rate * rate_factor(epoch + 1, self.epochs)
            trainer.epsilon = budget.epsilon * widening((epoch + i / steps) / self.epochs, self.widen)
            own = labels[positions]
            if self.disjoint:
                targets = draw_disjoint_targets(pool, own, run.generator)
            else:
                targets = draw_targets(pool, len(own), run.generator)
            trainer.step(pixels, own, targets, i % self.discriminator_every == 0)
        return {f"generator.{k}": v for k, v in trainer.generator.state_dict().items()} | self.known(aim)

    def _trainer(self, condition: Condition, hashing: Hashing, labels: Tensor, side: int, budget: Budget, run: Run) -> Trainer:
        told, _ = condition(labels)
        generator = Generator(told.shape[1], side, self.width, self.decoder_width, self.halvings).to(run.device)
        discriminator = Discriminator(labels.shape[1] if self.categories else 0, side, self.width).to(run.device)
        return Trainer(
            generator,
            discriminator,
            condition,
            hashing,
            Weights(WEIGHT if self.reconstruction is None else self.reconstruction, self.hamming, self.adversarial),
            self.bounded,
            budget.epsilon,
            self._optimiser(generator),
            self._optimiser(discriminator),
            run.lowered,
        )

    def _optimiser(self, network: nn.Module) -> torch.optim.Adam:
        return torch.optim.Adam(network.parameters(), lr=self.rate, betas=(self.beta, 0.999))

    @torch.no_grad()
    def perturb(
        self, victim: Victim, state: State, images: Tensor, goal: Goal, codes: Tensor | None, budget: Budget, run: Run
    ) -> Tensor:
        told = self.represented(state, goal.target_labels)
        with torch.device("meta"):
            generator = Generator(told.shape[1], images.shape[-1], self.width, self.decoder_width, self.halvings)
        generator.load_state_dict(part(state, "generator."), assign=True)
        scaled = 2 * images - 1
        with run.lowered():
            output = generator(told, scaled)
        return (bound(output.float(), scaled, self.bounded, budget.epsilon) + 1) / 2
