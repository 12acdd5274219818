"""A small network of our own for CPU runs and tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import nn

from hashbench.api import Trunk, option

from .scratch import ScratchBackbone


def _stage(fan_in: int, fan_out: int) -> list[nn.Module]:
    return [nn.Conv2d(fan_in, fan_out, 3, padding=1, bias=False), nn.BatchNorm2d(fan_out), nn.ReLU(inplace=True)]


@dataclass(frozen=True)
class ConvNet(ScratchBackbone):
    """Five 3x3 convolutions (0.6 M parameters), for CPU runs and small images; always from scratch"""

    smallest: ClassVar[int] = 16
    warmup_epochs: int = option(14, "epochs of the classifier that a trunk from scratch learns first")
    warmup_rate: float = option(1e-2, "peak learning rate of the warm-up (AdamW, one cycle)")
    width: int = option(32, "channels of the first convolution; the last has eight times as many")

    def build(self, image_size: int) -> Trunk:
        w = self.width
        body = nn.Sequential(
            *_stage(3, w),
            *_stage(w, 2 * w),
            nn.MaxPool2d(2),
            *_stage(2 * w, 4 * w),
            nn.MaxPool2d(2),
            *_stage(4 * w, 4 * w),
            nn.MaxPool2d(2),
            *_stage(4 * w, 8 * w),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
        )
        # On a CPU this one hashes 1.6 times as fast with channels last (benchmarks/speed/layout.py).
        return Trunk(body.to(memory_format=torch.channels_last), 8 * w, *self.statistics())
