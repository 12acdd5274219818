"""A filter before a trained hasher; attacks see through it."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor, nn

from hashbench.api import HashingMethod, Run, Split, Trunk, TrunkHasher, inner


class FilteredTrunk(Trunk):
    """A trunk that looks at filtered images, (B, 3, h, w) in [0, 1] -> the same."""

    filters: nn.Sequential

    def __init__(self, trunk: Trunk, filter: nn.Module) -> None:
        super().__init__(trunk.body, trunk.width, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
        self.mean, self.std = trunk.mean, trunk.std
        inside = list(trunk.filters) if isinstance(trunk, FilteredTrunk) else []
        self.filters = nn.Sequential(filter, *inside)

    def forward(self, images: Tensor) -> Tensor:
        return super().forward(self.filters(images))


@dataclass(frozen=True)
class Filtering(HashingMethod):
    """A filter before another method's trained hasher, of queries and of the database alike."""

    starts_from: ClassVar[str] = "method"
    filters: ClassVar[bool] = True
    method: str = inner("hashers", "dpsh", "the hashing method, with its options, whose hasher is trained without the filter")

    @abstractmethod
    def filter(self) -> nn.Module:
        """Images in [0, 1] to images in [0, 1], with a gradient that an attack can follow."""

    def build(self, trunk: Trunk, bits: int) -> TrunkHasher:
        hasher: TrunkHasher = self.part("method").build(trunk, bits)
        return self.around(hasher)

    def around(self, hasher: TrunkHasher) -> TrunkHasher:
        hasher.trunk = FilteredTrunk(hasher.trunk, self.filter())
        return hasher

    def fit(self, hasher: TrunkHasher, data: Split, run: Run) -> dict[str, Any]:
        return {"defence": "a filter before the trained hasher"}
