"""ResNet50 and ViT-B/16 from torchvision, with ImageNet weights or from scratch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from torch import nn
from torchvision import models

from hashbench.api import Trunk, UserError

from .backbones import TorchvisionBackbone

PATCH = 16


@dataclass(frozen=True)
class ResNet50(TorchvisionBackbone):
    """ResNet50 through global average pooling (2048 features; torchvision, ImageNet weights or from scratch)"""

    smallest: ClassVar[int] = 32

    def build(self, image_size: int) -> Trunk:
        model = models.resnet50(weights=None)
        model.fc = nn.Identity()
        return Trunk(model, 2048, *self.statistics())

    def weights_enum(self) -> Any:
        return models.ResNet50_Weights.IMAGENET1K_V2


@dataclass(frozen=True)
class ViT(TorchvisionBackbone):
    """ViT-B/16 through its class token (768 features; torchvision, ImageNet weights at 224 px, or from scratch)"""

    smallest: ClassVar[int] = PATCH

    def build(self, image_size: int) -> Trunk:
        model = models.vit_b_16(weights=None, image_size=image_size)
        model.heads = nn.Identity()
        return Trunk(model, 768, *self.statistics())

    def check(self, image_size: int) -> None:
        super().check(image_size)
        if image_size % PATCH:
            raise UserError(
                f"the backbone vit-b-16 cuts images into squares of {PATCH} px: give a multiple of {PATCH} as --image-size."
            )
        if self.weights == "imagenet" and image_size != 224:
            raise UserError("the ImageNet weights of vit-b-16 are for images of 224 px: give --image-size 224, or --weights none.")

    def weights_enum(self) -> Any:
        return models.ViT_B_16_Weights.IMAGENET1K_V1
