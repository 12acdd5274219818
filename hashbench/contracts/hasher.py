"""Hashers: images -> K logits, and how one is built and trained."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from hashbench.contracts.plugin import Plugin
from hashbench.contracts.run import Run
from hashbench.contracts.split import Split
from hashbench.errors import UserError
from hashbench.typing import Float


class Trunk(nn.Module):
    """A feature extractor: images in [0, 1], normalised inside by mean and std, to features (B, width)."""

    mean: Tensor
    std: Tensor

    def __init__(self, body: nn.Module, width: int, mean: tuple[float, ...], std: tuple[float, ...]) -> None:
        super().__init__()
        self.body = body
        self.width = width
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(std).view(1, 3, 1, 1))

    def forward(self, images: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b width"]:
        features: Tensor = self.body((images - self.mean) / self.std)
        return features


class Hasher(nn.Module):
    """Images in [0, 1] -> K logits, whose signs are the code. Normalisation lives inside."""

    @property
    def bits(self) -> int:
        """The length K of a code."""
        raise NotImplementedError


class TrunkHasher(Hasher):
    """A trunk and a hash layer, which may be more than one layer. `scale` is the method's final tanh scale."""

    scale: Tensor

    def __init__(self, trunk: Trunk, bits: int, head: nn.Module | None = None) -> None:
        """`head`: from the trunk's features (B, width) to logits (B, K); one linear layer where it is not given."""
        super().__init__()
        self.trunk = trunk
        self.head = nn.Linear(trunk.width, bits) if head is None else head
        self._bits = bits
        self.register_buffer("scale", torch.ones(()))

    @property
    def bits(self) -> int:
        return self._bits

    def forward(self, images: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b bits"]:
        """Logits: tanh of them is the relaxed code."""
        return self.of_features(self.trunk(images))

    def of_features(self, features: Float[Tensor, "b width"]) -> Float[Tensor, "b bits"]:
        """Logits of what the trunk made of images."""
        logits: Tensor = self.scale * self.head(features)
        return logits


def sign(logits: Float[Tensor, "*batch bits"]) -> Float[Tensor, "*batch bits"]:
    """Codes in {-1, +1}: zero counts as +1, so no bit is ever 0."""
    return (logits >= 0).to(logits.dtype) * 2 - 1


class Backbone(Plugin, ABC):
    """A trunk's architecture and where its weights come from."""

    smallest: ClassVar[int] = 1
    """The smallest image side, in pixels, that the network takes."""

    @abstractmethod
    def build(self, image_size: int) -> Trunk:
        """The architecture with fresh weights; nothing is loaded or downloaded."""

    @abstractmethod
    def fit(self, trunk: Trunk, data: Split, run: Run) -> dict[str, Any]:
        """Give `trunk` its weights in place: load them, or warm up on `data`. Returns JSON facts that go into every result."""

    def check(self, image_size: int) -> None:
        """Raise UserError where images of this side can't pass."""
        if image_size < self.smallest:
            name = type(self).__name__.lower()
            raise UserError(f"the backbone {name} needs images of at least {self.smallest} px: give a larger --image-size.")


class HashingMethod(Plugin, ABC):
    """How a hasher is trained. The loss is a pure function of its own, tested apart."""

    starts_from: ClassVar[str] = ""
    """The option that names a method (`inner`) whose trained hasher `fit` is given: a defence's; none by default."""

    filters: ClassVar[bool] = False
    """Whether it is that hasher behind a filter of images, trained no further."""

    def around(self, hasher: TrunkHasher) -> TrunkHasher:
        """What becomes of the hasher that it starts from, before `fit`; as it is by default."""
        return hasher

    @property
    def keeps_features(self) -> bool:
        """Whether `fit` gets `Features` of the training images: the trunk stays as it is, and makes them once for all methods."""
        return False

    def build(self, trunk: Trunk, bits: int) -> TrunkHasher:
        """The untrained hasher on a trunk."""
        return TrunkHasher(trunk, bits)

    @abstractmethod
    def fit(self, hasher: TrunkHasher, data: Split, run: Run) -> dict[str, Any]:
        """Train `hasher` in place on the training split. Returns JSON facts that go into every result."""
