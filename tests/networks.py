"""Networks as the field's toolkits lay them out, written by hand from torchvision's."""

from __future__ import annotations

import torch
from torch import nn
from torchvision import models

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def normalised(images: torch.Tensor) -> torch.Tensor:
    """With ImageNet's statistics taken off."""
    return (images - torch.tensor(MEAN).view(1, 3, 1, 1)) / torch.tensor(STD).view(1, 3, 1, 1)


class DeepHashAlexNet(nn.Module):
    """As DeepHash-pytorch lays AlexNet out."""

    def __init__(self, bits: int) -> None:
        super().__init__()
        whole = models.alexnet()
        self.features = whole.features
        first, second = whole.classifier[1], whole.classifier[4]
        self.hash_layer = nn.Sequential(
            nn.Dropout(), first, nn.ReLU(inplace=True), nn.Dropout(), second, nn.ReLU(inplace=True), nn.Linear(4096, bits)
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.hash_layer(self.features(images).view(len(images), 256 * 6 * 6))


class DeepHashResNet(nn.Module):
    def __init__(self, bits: int) -> None:
        super().__init__()
        whole = models.resnet18()
        parts = (whole.conv1, whole.bn1, whole.relu, whole.maxpool, whole.layer1, whole.layer2, whole.layer3, whole.layer4)
        self.feature_layers = nn.Sequential(*parts, whole.avgpool)
        self.hash_layer = nn.Linear(512, bits)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.hash_layer(self.feature_layers(images).flatten(1))


class FireBackbone(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        whole = models.resnet18()
        for name in ("conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3", "layer4", "avgpool"):
            self.add_module(name, getattr(whole, name))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        for part in self.children():
            images = part(images)
        return images.flatten(1)


class FireResNet(nn.Module):
    def __init__(self, bits: int) -> None:
        super().__init__()
        self.backbone = FireBackbone()
        self.hash_fc = nn.Sequential(nn.Linear(512, bits, bias=False), nn.BatchNorm1d(bits))
        self.ce_fc = nn.Linear(bits, 100)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.hash_fc(self.backbone(images))
