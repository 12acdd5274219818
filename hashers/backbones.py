"""AlexNet, VGG11 and ResNet18 from torchvision, with ImageNet weights or from scratch."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from torch import Tensor, nn
from torchvision import models

from hashbench.api import Run, Split, Trunk, option

from .scratch import ScratchBackbone
from .weights import check_weights, load_imagenet, load_own, sha256_of


class _PoolTo(nn.Module):
    """torchvision's adaptive average pool, skipped where it is the identity: at 224 px the release has none."""

    def __init__(self, side: int) -> None:
        super().__init__()
        self.side = side
        self.pool = nn.AdaptiveAvgPool2d(side)

    def forward(self, features: Tensor) -> Tensor:
        if features.shape[-2:] == (self.side, self.side):
            return features
        pooled: Tensor = self.pool(features)
        return pooled


@dataclass(frozen=True)
class TorchvisionBackbone(ScratchBackbone):
    """One of torchvision's networks, cut before its last layer."""

    weights: str = option(
        "imagenet", "start from torchvision's ImageNet weights, from scratch (none), or from a .safetensors or .pth file"
    )
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "quick": {"weights": "none"},
        "published": {
            "weights": "imagenet",
            "normalise": "none",
            "warmup_epochs": 12,
            "warmup_rate": 3e-3,
            "warmup_batch": 64,
        },
    }

    def __post_init__(self) -> None:
        check_weights(self.weights)

    @abstractmethod
    def weights_enum(self) -> Any:
        """torchvision's weights that belong to the network."""

    def fit(self, trunk: Trunk, data: Split, run: Run) -> dict[str, Any]:
        if self.weights == "none":
            return super().fit(trunk, data, run)
        if self.weights == "imagenet":
            return load_imagenet(trunk.body, self.weights_enum())
        return load_own(trunk.body, Path(self.weights))

    def inputs(self) -> Mapping[str, str]:
        return {} if self.weights in ("imagenet", "none") else {"weights": sha256_of(Path(self.weights))}


@dataclass(frozen=True)
class AlexNet(TorchvisionBackbone):
    """AlexNet through fc7 (4096 features; torchvision, ImageNet weights or from scratch)"""

    smallest: ClassVar[int] = 63

    def build(self, image_size: int) -> Trunk:
        model = models.alexnet(weights=None)
        model.avgpool = _PoolTo(6)
        model.classifier[6] = nn.Identity()
        return Trunk(model, 4096, *self.statistics())

    def weights_enum(self) -> Any:
        return models.AlexNet_Weights.IMAGENET1K_V1


@dataclass(frozen=True)
class VGG11(TorchvisionBackbone):
    """VGG11 through fc7 (4096 features; the paper's default; torchvision, ImageNet weights or from scratch)"""

    smallest: ClassVar[int] = 32

    def build(self, image_size: int) -> Trunk:
        model = models.vgg11(weights=None)
        model.avgpool = _PoolTo(7)
        model.classifier[6] = nn.Identity()
        return Trunk(model, 4096, *self.statistics())

    def weights_enum(self) -> Any:
        return models.VGG11_Weights.IMAGENET1K_V1


@dataclass(frozen=True)
class ResNet18(TorchvisionBackbone):
    """ResNet18 through global average pooling (512 features; torchvision, ImageNet weights or from scratch)"""

    smallest: ClassVar[int] = 32

    def build(self, image_size: int) -> Trunk:
        model = models.resnet18(weights=None)
        model.fc = nn.Identity()
        return Trunk(model, 512, *self.statistics())

    def weights_enum(self) -> Any:
        return models.ResNet18_Weights.IMAGENET1K_V1
