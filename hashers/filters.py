"""Defences that change an image before it is hashed: JPEG, fewer bits, resizing. Attacks see through them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.io import decode_jpeg, encode_jpeg

from hashbench.api import HashingMethod, Run, Split, Trunk, TrunkHasher, inner, option

from .through import straight_through


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


class JpegFilter(nn.Module):
    """JPEG and back by torchvision's codec, on the CPU whatever the device; the gradient goes straight through."""

    def __init__(self, quality: int) -> None:
        super().__init__()
        self.quality = quality

    def forward(self, images: Tensor) -> Tensor:
        eight_bit = (images.detach().clamp(0, 1) * 255).round().to("cpu", torch.uint8)
        decoded = torch.stack([decode_jpeg(encode_jpeg(image, self.quality)) for image in eight_bit])
        return straight_through(images, decoded.to(images) / 255)


@dataclass(frozen=True)
class Jpeg(Filtering):
    """Images are hashed as JPEG leaves them, 4:2:0 (a defence by recoding, as Guo et al., ICLR 2018)"""

    paper: ClassVar[str] = "https://arxiv.org/abs/1711.00117"
    quality: int = option(75, "of JPEG, 1 to 100")

    def __post_init__(self) -> None:
        if not 1 <= self.quality <= 100:
            raise ValueError(f"quality is {self.quality}: give 1 to 100.")

    def filter(self) -> nn.Module:
        return JpegFilter(self.quality)


class BitsFilter(nn.Module):
    """Values rounded to `levels` steps of [0, 1]; the gradient goes straight through."""

    def __init__(self, levels: int) -> None:
        super().__init__()
        self.levels = levels

    def forward(self, images: Tensor) -> Tensor:
        return straight_through(images, (images * self.levels).round() / self.levels)


@dataclass(frozen=True)
class Bits(Filtering):
    """Images are hashed with fewer bits a value (feature squeezing, NDSS 2018)"""

    paper: ClassVar[str] = "https://arxiv.org/abs/1704.01155"
    depth: int = option(4, "bits a value, 1 to 8")

    def __post_init__(self) -> None:
        if not 1 <= self.depth <= 8:
            raise ValueError(f"depth is {self.depth}: give 1 to 8.")

    def filter(self) -> nn.Module:
        return BitsFilter(2**self.depth - 1)


class ResizeFilter(nn.Module):
    """Shrunk and brought back, bilinear with antialiasing; or, `drawn`, shrunk to a random side and put in a random place."""

    def __init__(self, scale: float, drawn: bool) -> None:
        super().__init__()
        self.scale, self.drawn = scale, drawn

    def forward(self, images: Tensor) -> Tensor:
        sides = images.shape[-2:]
        if not self.drawn:
            small = _resized(images, [max(round(self.scale * side), 1) for side in sides])
            return _resized(small, sides)
        return torch.cat([_placed(image[None], self.scale) for image in images])


def _placed(image: Tensor, scale: float) -> Tensor:
    """An image (1, 3, h, w) at a random size in a random place: drawn one after another, whatever the batch."""
    sides = image.shape[-2:]
    share = scale + (1 - scale) * float(torch.rand(()))
    small = _resized(image, [max(round(share * side), 1) for side in sides])
    height, width = small.shape[-2:]
    above, left = int(torch.randint(0, sides[0] - height + 1, ())), int(torch.randint(0, sides[1] - width + 1, ()))
    return F.pad(small, (left, sides[1] - width - left, above, sides[0] - height - above))


def _resized(images: Tensor, sides: Sequence[int]) -> Tensor:
    return F.interpolate(images, list(sides), mode="bilinear", antialias=True).clamp(0, 1)


@dataclass(frozen=True)
class Resize(Filtering):
    """Images are hashed after they were shrunk and brought back, or put into a random place at a random size (ICLR 2018)

    With `random=true` a hasher gives other codes each time: attack it with `samples=20`, expectation over transformations.
    """

    paper: ClassVar[str] = "https://arxiv.org/abs/1711.01991"
    scale: float = option(0.75, "the side that is shrunk to, as a share of the image's; the least one with random=true")
    random: bool = option(False, "a side and a place drawn for each image, the rest black")

    def __post_init__(self) -> None:
        if not 0 < self.scale <= 1:
            raise ValueError(f"scale is {self.scale:g}: give more than 0, and at most 1.")

    def filter(self) -> nn.Module:
        return ResizeFilter(self.scale, self.random)
