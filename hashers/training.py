"""Training of hashing methods by gradient descent on batches: one loop, whatever the loss looks at."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn

from hashbench.api import Features, HashingMethod, Part, Run, Split, Trunk, TrunkHasher, epochs, kept_features, option

from .augment import flip_and_shift

Kept = dict[str, Part]
"""What a training keeps beside the hasher: a memory bank, centres, layers that only it needs (modules, which learn too)."""

OPTIMISERS: dict[str, type[torch.optim.Optimizer]] = {
    "sgd": torch.optim.SGD,
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "rmsprop": torch.optim.RMSprop,
}


@dataclass(frozen=True)
class Batch:
    """What a loss sees: the batch's rows of the training split, and what the hasher makes of them."""

    positions: Tensor
    """(B,) rows in the training split."""
    labels: Tensor
    """(B, C) of 0/1."""
    features: Tensor
    """(B, width), or (2B, width) where a method looks at each image twice."""
    logits: Tensor
    """(B, K), or (2B, K)."""

    @property
    def outputs(self) -> Tensor:
        """The relaxed codes, in (-1, 1)."""
        return torch.tanh(self.logits)


Also = Callable[[Batch], Tensor]
"""Another term of the loss."""


@dataclass(frozen=True)
class TrainedMethod(HashingMethod):
    """A method that descends a loss of batches. Defaults: the training of the field's toolkits."""

    falls: ClassVar[bool] = False
    """Whether the rate falls tenfold after each third of the epochs."""
    least: ClassVar[int] = 1
    """Images that a step needs; a rest of fewer at the end of an epoch is left out."""
    again: ClassVar[bool] = False
    """Whether each step looks at images of its own, so that features of a trunk that stays can't be kept."""
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "quick": {"epochs": 30, "batch_size": 32, "optimiser": "adam", "rate": 1e-3, "trunk_rate": 0.0},
    }
    epochs: int = option(100, "passes over the training split")
    batch_size: int = option(64, "images a step")
    optimiser: Literal["sgd", "adam", "adamw", "rmsprop"] = option("adam", "plain SGD without momentum, Adam, AdamW, or RMSprop")
    rate: float = option(1e-4, "learning rate of the hash layer")
    trunk_rate: float = option(
        0.1, "learning rate of the trunk, as a share of the hash layer's; 0: it stays, and its features are kept"
    )
    weight_decay: float = option(1e-5, "weight decay")
    init: Literal["release", "default"] = option(
        "default", "the hash layer's start: N(0, 0.01) on pooled features as in the ProS-GAN release, or PyTorch's"
    )
    augment: bool = option(False, "mirror and shift the training images")

    def __post_init__(self) -> None:
        if self.epochs < 0 or self.rate <= 0 or self.trunk_rate < 0:
            raise ValueError("give epochs and trunk_rate of at least 0, and a rate above 0.")
        if self.batch_size < self.least:
            raise ValueError(f"batch_size is {self.batch_size}: give at least {self.least}.")
        if self.augment and self.keeps_features:
            raise ValueError("augment changes images, and trunk_rate=0 looks at them once: leave one of them out.")

    @property
    def keeps_features(self) -> bool:
        return not self.trunk_rate and not self.again

    def begin(self, hasher: TrunkHasher, labels: Tensor, run: Run) -> Kept:
        """What the training keeps, on the device; `labels` (N, C) of the whole training split. Nothing by default."""
        return {}

    @abstractmethod
    def batch_loss(self, batch: Batch, kept: Kept, labels: Tensor) -> Tensor:
        """The loss of a batch; it may change tensors of `kept` in place. `labels` (N, C) of the whole training split."""

    def before_step(self, hasher: TrunkHasher, step: int) -> None:
        """Change the hasher before its training step number `step`, counted from 1; nothing by default."""

    def views(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """The images that a step looks at: as they are, or augmented."""
        return flip_and_shift(images, generator) if self.augment else images

    def starts_small(self, trunk: Trunk) -> bool:
        """Whether `init=release` starts this method's hash layer on this trunk from N(0, 0.01): on pooled features."""
        return trunk.width < 4096

    def head(self, width: int, bits: int) -> nn.Module:
        """The untrained hash layer."""
        return nn.Linear(width, bits)

    def build(self, trunk: Trunk, bits: int) -> TrunkHasher:
        hasher = TrunkHasher(trunk, bits, self.head(trunk.width, bits))
        if self.init == "release" and self.starts_small(trunk):
            for part in hasher.head.modules():
                if isinstance(part, nn.Linear):
                    nn.init.normal_(part.weight, std=0.01)
                    nn.init.zeros_(part.bias)
        return hasher

    def fit(self, hasher: TrunkHasher, data: Split, run: Run) -> dict[str, Any]:
        return self.fit_with(hasher, data, run)

    def fit_with(self, hasher: TrunkHasher, data: Split, run: Run, also: Also | None = None) -> dict[str, Any]:
        """`fit` on the method's loss and, where it is given, another term of each batch."""
        hasher.to(run.device).train()
        if not self.trunk_rate:
            hasher.trunk.eval()
        if self.keeps_features and not isinstance(data, Features):
            data = kept_features(hasher.trunk, data, run)
        labels = data.labels.to(run.device)
        kept = self.begin(hasher, labels, run)
        optimiser = self.optimiser_of(hasher, kept)
        schedule = torch.optim.lr_scheduler.StepLR(optimiser, max(self.epochs // 3, 1), 0.1)
        parts: dict[str, Part] = {"hasher": hasher, "optimiser": optimiser, "schedule": schedule, **kept}
        for epoch, i, positions, images in epochs(data, self.epochs, self.batch_size, run, "training the hasher", **parts):
            if self.falls and i == 0 and epoch > 1:  # set at the end of an epoch: the first third is one epoch longer
                schedule.step()
            if len(positions) < self.least:
                continue
            self.before_step(hasher, epoch * -(-len(data) // self.batch_size) + i + 1)
            self.step(hasher, optimiser, kept, labels, positions, self.views(images, run.generator), also)
        what = "" if self.trunk_rate else ", of the hash layer alone"
        return {"training": f"{self.epochs} epochs of {self.optimiser}{what}"}

    def optimiser_of(self, hasher: TrunkHasher, kept: Kept) -> torch.optim.Optimizer:
        """Of the hash layer, of layers that only the training needs, and of the trunk where it learns."""
        layers = [hasher.head, *(part for part in kept.values() if isinstance(part, nn.Module))]
        groups: list[dict[str, Any]] = [{"params": [weight for layer in layers for weight in layer.parameters()]}]
        if self.trunk_rate:
            groups.append({"params": list(hasher.trunk.parameters()), "lr": self.rate * self.trunk_rate})
        return OPTIMISERS[self.optimiser](groups, lr=self.rate, weight_decay=self.weight_decay)  # type: ignore[call-arg]

    def see(self, hasher: TrunkHasher, positions: Tensor, labels: Tensor, images: Tensor) -> Batch:
        """What a loss sees of images, or of their features (B, width) where the trunk stays as it is."""
        if self.keeps_features:
            features = images
        else:
            with torch.set_grad_enabled(bool(self.trunk_rate)):
                features = hasher.trunk(images)
        return Batch(positions, labels[positions], features, hasher.of_features(features))

    def step(
        self,
        hasher: TrunkHasher,
        optimiser: torch.optim.Optimizer,
        kept: Kept,
        labels: Tensor,
        positions: Tensor,
        images: Tensor,
        also: Also | None = None,
    ) -> Tensor:
        """One training step. Returns the loss."""
        batch = self.see(hasher, positions, labels, images)
        loss = self.batch_loss(batch, kept, labels)
        if also is not None:
            loss = loss + also(batch)
        optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        optimiser.step()
        return loss.detach()
