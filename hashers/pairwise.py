"""Training of pairwise hashing methods: the batch against a memory bank of the whole training split."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn

from hashbench.api import HashingMethod, Part, Run, Split, Trunk, TrunkHasher, epochs, option

from .augment import flip_and_shift
from .kept import kept_features


@dataclass(frozen=True)
class PairwiseMethod(HashingMethod):
    """A method whose loss compares the batch's outputs with those of all training images. Defaults: the release's training."""

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "quick": {"epochs": 30, "trunk_rate": 0.0, "init": "default"},
    }
    epochs: int = option(100, "passes over the training split; the rate falls tenfold after each third")
    batch_size: int = option(32, "images a step")
    optimiser: Literal["sgd", "adamw"] = option("sgd", "plain SGD without momentum, or AdamW")
    rate: float = option(0.05, "learning rate of the hash layer")
    trunk_rate: float = option(
        1.0, "learning rate of the trunk, as a share of the hash layer's: 1 in the release; 0: it stays, and its features are kept"
    )
    weight_decay: float = option(1e-5, "weight decay")
    init: Literal["release", "default"] = option(
        "release",
        "the hash layer's start: the release's N(0, 0.01) on pooled features, or PyTorch's, which collapses less from scratch",
    )
    augment: bool = option(False, "mirror and shift the training images")

    def __post_init__(self) -> None:
        if self.augment and not self.trunk_rate:
            raise ValueError("augment changes images, and trunk_rate=0 looks at them once: leave one of them out.")

    @abstractmethod
    def loss(self, outputs: Tensor, bank: Tensor, similar: Tensor) -> Tensor:
        """Loss of a batch's outputs (B, K) against the bank (N, K), `similar` (B, N) of 0/1."""

    def before_step(self, hasher: TrunkHasher, step: int) -> None:
        """Change the hasher before its training step number `step`, counted from 1; nothing by default."""

    def starts_small(self, trunk: Trunk) -> bool:
        """Whether the release starts this method's hash layer on this trunk from N(0, 0.01): on pooled features."""
        return trunk.width < 4096

    def build(self, trunk: Trunk, bits: int) -> TrunkHasher:
        hasher = TrunkHasher(trunk, bits)
        if self.init == "release" and self.starts_small(trunk):
            nn.init.normal_(hasher.head.weight, std=0.01)
            nn.init.zeros_(hasher.head.bias)
        return hasher

    def fit(self, hasher: TrunkHasher, data: Split, run: Run) -> dict[str, Any]:
        hasher.to(run.device).train()
        data = data if self.trunk_rate else kept_features(hasher.trunk, data, self.batch_size, run)
        labels = data.labels.to(run.device)
        bank = torch.zeros(len(data), hasher.bits, device=run.device)
        kind = torch.optim.SGD if self.optimiser == "sgd" else torch.optim.AdamW
        groups: list[dict[str, Any]] = [{"params": list(hasher.head.parameters())}]
        if self.trunk_rate:
            groups.append({"params": list(hasher.trunk.parameters()), "lr": self.rate * self.trunk_rate})
        optimiser = kind(groups, lr=self.rate, weight_decay=self.weight_decay)
        schedule = torch.optim.lr_scheduler.StepLR(optimiser, max(self.epochs // 3, 1), 0.1)
        parts: dict[str, Part] = {"hasher": hasher, "bank": bank, "optimiser": optimiser, "schedule": schedule}
        for epoch, i, positions, images in epochs(data, self.epochs, self.batch_size, run, "training the hasher", **parts):
            if i == 0 and epoch > 1:  # set at the end of an epoch: the first third is one epoch longer
                schedule.step()
            images = flip_and_shift(images, run.generator) if self.augment else images
            self.before_step(hasher, epoch * -(-len(data) // self.batch_size) + i + 1)
            self.step(hasher, optimiser, bank, labels, positions, images)
        what = "" if self.trunk_rate else ", of the hash layer alone"
        return {"training": f"{self.epochs} epochs of {self.optimiser}{what}"}

    def step(
        self, hasher: TrunkHasher, optimiser: torch.optim.Optimizer, bank: Tensor, labels: Tensor, positions: Tensor, images: Tensor
    ) -> Tensor:
        """One training step: the bank gets the batch's detached outputs before the loss is formed. Returns the loss.

        `images`: their features (B, width) where the trunk stays as it is.
        """
        outputs = torch.tanh(hasher(images) if self.trunk_rate else hasher.of_features(images))
        bank.index_copy_(0, positions, outputs.detach())
        similar = (labels[positions] @ labels.T > 0).to(outputs.dtype)
        loss = self.loss(outputs, bank, similar)
        optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        optimiser.step()
        return loss.detach()
