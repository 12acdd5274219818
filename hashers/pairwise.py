"""Training of pairwise hashing methods: the batch against a memory bank of the whole training split."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, cast

import torch
from torch import Tensor

from hashbench.api import Run, TrunkHasher, option

from .training import Batch, Kept, TrainedMethod


@dataclass(frozen=True)
class PairwiseMethod(TrainedMethod):
    """A method whose loss compares the batch's outputs with those of all training images. Defaults: the release's training."""

    falls: ClassVar[bool] = True
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "quick": {"epochs": 30, "trunk_rate": 0.0, "init": "default"},
    }
    batch_size: int = option(32, "images a step")
    optimiser: Literal["sgd", "adam", "adamw", "rmsprop"] = option("sgd", "plain SGD without momentum, Adam, AdamW, or RMSprop")
    rate: float = option(0.05, "learning rate of the hash layer")
    trunk_rate: float = option(
        1.0, "learning rate of the trunk, as a share of the hash layer's: 1 in the release; 0: it stays, and its features are kept"
    )
    init: Literal["release", "default"] = option(
        "release",
        "the hash layer's start: the release's N(0, 0.01) on pooled features, or PyTorch's, which collapses less from scratch",
    )

    @abstractmethod
    def loss(self, outputs: Tensor, bank: Tensor, similar: Tensor) -> Tensor:
        """Loss of a batch's outputs (B, K) against the bank (N, K), `similar` (B, N) of 0/1."""

    def begin(self, hasher: TrunkHasher, labels: Tensor, run: Run) -> Kept:
        return {"bank": torch.zeros(len(labels), hasher.bits, device=run.device)}

    def batch_loss(self, batch: Batch, kept: Kept, labels: Tensor) -> Tensor:
        """The bank gets the batch's detached outputs before the loss is formed."""
        outputs, bank = batch.outputs, cast(Tensor, kept["bank"])
        bank.index_copy_(0, batch.positions, outputs.detach())
        return self.loss(outputs, bank, (batch.labels @ labels.T > 0).to(outputs.dtype))
