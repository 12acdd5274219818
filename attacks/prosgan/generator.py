"""ProS-GAN's generator: a label's representation and an image to an adversarial image."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn


def _norm_relu(channels: int) -> list[nn.Module]:
    return [nn.InstanceNorm2d(channels), nn.ReLU(inplace=True)]


def _down(fan_in: int, fan_out: int) -> list[nn.Module]:
    return [nn.Conv2d(fan_in, fan_out, 4, 2, 1), *_norm_relu(fan_out)]


def _up(fan_in: int, fan_out: int) -> list[nn.Module]:
    return [nn.ConvTranspose2d(fan_in, fan_out, 4, 2, 1, bias=False), *_norm_relu(fan_out)]


class LabelDecoder(nn.Module):
    """D_t: representation (B, R) -> an unbounded 3-channel map (B, 3, side, side). Width 64: 128 channels at side / 16."""

    def __init__(self, representation: int, side: int, width: int) -> None:
        super().__init__()
        channels = [2 * width, width, width // 2, width // 4, width // 8]
        self.shape = (channels[0], side // 16, side // 16)
        self.expand = nn.Sequential(nn.Linear(representation, channels[0] * (side // 16) ** 2), nn.ReLU(inplace=True))
        self.up = nn.Sequential(*[layer for pair in pairwise(channels) for layer in _up(*pair)])
        self.out = nn.Conv2d(channels[-1], 3, 3, 1, 1, bias=False)

    def forward(self, represented: Tensor) -> Tensor:
        mapped: Tensor = self.out(self.up(self.expand(represented).unflatten(1, self.shape)))
        return mapped


class ResidualBlock(nn.Module):
    """x + F(x), instance-normalised, no activation after the sum."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, channels, 3, 1, 1, bias=False),
            *_norm_relu(channels),
            nn.Conv2d(channels, channels, 3, 1, 1, bias=False),
            nn.InstanceNorm2d(channels),
        )

    def forward(self, features: Tensor) -> Tensor:
        added: Tensor = features + self.body(features)
        return added


class Generator(nn.Module):
    """G: representation (B, R) and images in [-1, 1] (B, 3, side, side) -> tanh output in (-1, 1), same shape.

    The published generator's output is the whole adversarial image; the bounded one's is the perturbation over epsilon.
    The paper's halves the image twice before its residual blocks, from 224 px to 56; a small image can do with fewer `halvings`.
    """

    def __init__(self, representation: int, side: int, width: int = 64, decoder_width: int = 64, halvings: int = 2) -> None:
        super().__init__()
        w = width
        widths = [w * 2**i for i in range(halvings + 1)]
        self.decoder = LabelDecoder(representation, side, decoder_width)
        self.encode = nn.Sequential(
            nn.Conv2d(6, w, 7, 1, 3),
            *_norm_relu(w),
            *[layer for pair in pairwise(widths) for layer in _down(*pair)],
            *[ResidualBlock(widths[-1]) for _ in range(6)],
            *[layer for pair in pairwise(widths[::-1]) for layer in _up(*pair)],
        )
        self.out = nn.Conv2d(w + 3, 3, 3, 1, 1, bias=False)

    def forward(self, represented: Tensor, images: Tensor) -> Tensor:
        features = self.encode(torch.cat([self.decoder(represented), images], dim=1))
        return torch.tanh(self.out(torch.cat([features, images], dim=1)))
