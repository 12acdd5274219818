"""ProS-GAN: one generator for all queries and all targets (CVPR 2021)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor

from hashbench.api import Attack, Budget, FittedAim, Goal, Run, Split, State, UserError, Victim, epochs, option

from ..aims.prototype import PrototypeCode
from ..aims.targets import draw_disjoint_targets, draw_targets, target_pool
from .discriminator import Discriminator
from .generator import Generator
from .training import Trainer, Weights, bound, rate_factor

_RELEASE = {
    "aim": "prototype[preset=published]",
    "epochs": 100,
    "batch_size": 24,
    "rate": 1e-4,
    "beta": 0.5,
    "width": 64,
    "decoder_width": 64,
    "halvings": 2,
    "reconstruction": None,
    "hamming": 5.0,
    "adversarial": 1.0,
    "categories": True,
    "discriminator_every": 3,
    "min_images": 1,
    "disjoint": False,
    "bounded": "none",
}


@dataclass(frozen=True)
class ProSGAN(Attack):
    """ProS-GAN: a generator supervised by prototype codes makes any query look like any target (CVPR 2021)

    Preset `published`: the release, unbounded. Preset `as-written`: the same with the paper's weight of the Hamming loss, 1.
    """

    paper: ClassVar[str] = "https://arxiv.org/abs/2105.07553"
    targeted: ClassVar[bool] = True
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "quick": {"epochs": 33, "width": 16, "halvings": 0, "rate": 2e-3, "reconstruction": 20.0},
        "published": _RELEASE,
        "as-written": {**_RELEASE, "hamming": 1.0},
    }

    aim: str = option("prototype", "the prototype aim with its options: its network conditions the generator")
    epochs: int = option(100, "passes over the training split; the rate falls linearly in the second half")
    batch_size: int = option(24, "images a step")
    rate: float = option(1e-4, "Adam's learning rate, of both networks")
    beta: float = option(0.5, "Adam's momentum, of both networks")
    width: int = option(64, "channels of the first convolutions; the paper's networks have 64")
    decoder_width: int = option(64, "channels of the label decoder's second layer; the paper's has 64")
    halvings: int = option(2, "times the generator halves the image before its residual blocks: 2 in the paper, from 224 px to 56")
    reconstruction: float | None = option(None, "weight of the reconstruction loss; none: 100 on FLICKR-25K, 50 elsewhere")
    hamming: float = option(5.0, "weight of the Hamming loss: 5 in the release, 1 in the paper")
    adversarial: float = option(1.0, "weight of the discriminator's judgement")
    categories: bool = option(True, "the discriminator also judges labels; false: real or fake only, the paper's ProS-GAN1")
    discriminator_every: int = option(3, "the discriminator is updated every so many iterations")
    min_images: int = option(10, "targets in training: label vectors of so many database images or more; the release's 1")
    disjoint: bool = option(True, "targets in training share no class with the image; the release's may")
    bounded: Literal["tanh", "project", "none"] = option(
        "tanh", "the budget built in while training: x + epsilon * tanh(.), a projection, or none as published"
    )

    def __post_init__(self) -> None:
        for name, width in (("width", self.width), ("decoder_width", self.decoder_width)):
            if width < 8 or width % 8:
                raise ValueError(f"{name} is {width}: give a multiple of 8.")
        if self.halvings not in range(6):
            raise ValueError(f"halvings is {self.halvings}: give 0 to 5.")

    def resolve(self, dataset: str) -> ProSGAN:
        if self.reconstruction is not None:
            return self
        return dataclasses.replace(self, reconstruction=100.0 if dataset == "flickr25k" else 50.0)

    def fit(self, victim: Victim, data: Split, aim: FittedAim | None, budget: Budget, run: Run) -> dict[str, Tensor]:
        if aim is None or not isinstance(aim.aim, PrototypeCode):
            raise UserError("prosgan needs the aim prototype, whose network conditions its generator: leave its option aim out.")
        if data.image_size % 32:
            raise UserError(f"prosgan needs an image side divisible by 32, not {data.image_size}: change --image-size.")
        labels = data.labels.to(run.device)
        pool = target_pool(victim.reference("database").labels, self.min_images)
        trainer = self._trainer(victim, aim, labels.shape[1], data.image_size, budget, run)
        optimisers = (trainer.generator_optimiser, trainer.discriminator_optimiser)
        parts = trainer.parts()
        for epoch, i, positions, pixels in epochs(data, self.epochs, self.batch_size, run, "training ProS-GAN", **parts):
            for group in (group for optimiser in optimisers for group in optimiser.param_groups):
                group["lr"] = self.rate * rate_factor(epoch + 1, self.epochs)
            own = labels[positions]
            if self.disjoint:
                targets = draw_disjoint_targets(pool, own, run.generator)
            else:
                targets = draw_targets(pool, len(own), run.generator)
            trainer.step(pixels, own, targets, i % self.discriminator_every == 0)
        return {f"generator.{k}": v for k, v in trainer.generator.state_dict().items()} | {
            f"prototype.{k}": v for k, v in aim.state.items()
        }

    def _trainer(self, victim: Victim, aim: FittedAim, classes: int, side: int, budget: Budget, run: Run) -> Trainer:
        prototype = PrototypeCode.network(aim.state)
        generator = Generator(prototype.hash.in_features, side, self.width, self.decoder_width, self.halvings).to(run.device)
        discriminator = Discriminator(classes if self.categories else 0, side, self.width).to(run.device)
        return Trainer(
            generator,
            discriminator,
            prototype,
            victim,
            Weights(50.0 if self.reconstruction is None else self.reconstruction, self.hamming, self.adversarial),
            self.bounded,
            budget,
            *(torch.optim.Adam(net.parameters(), lr=self.rate, betas=(self.beta, 0.999)) for net in (generator, discriminator)),
        )

    @torch.no_grad()
    def perturb(
        self, victim: Victim, state: State, images: Tensor, goal: Goal, codes: Tensor | None, budget: Budget, run: Run
    ) -> Tensor:
        represented, _, _ = PrototypeCode.network(_part(state, "prototype."))(goal.target_labels)
        with torch.device("meta"):
            generator = Generator(represented.shape[1], images.shape[-1], self.width, self.decoder_width, self.halvings)
        generator.load_state_dict(_part(state, "generator."), assign=True)
        scaled = 2 * images - 1
        return (bound(generator(represented, scaled), scaled, self.bounded, budget.epsilon) + 1) / 2


def _part(state: State, prefix: str) -> dict[str, Tensor]:
    return {key.removeprefix(prefix): value for key, value in state.items() if key.startswith(prefix)}
