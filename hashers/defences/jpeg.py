"""JPEG before a hasher (Guo et al., ICLR 2018)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn
from torchvision.io import decode_jpeg, encode_jpeg

from hashbench.api import option

from ..through import straight_through
from .filtering import Filtering


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
