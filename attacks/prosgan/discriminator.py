"""ProS-GAN's discriminator: categories and a real/fake flag, least squares."""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm


class Discriminator(nn.Module):
    """Images in [-1, 1] (B, 3, side, side) -> (B, C + 1), linear: the labels, and 1 for fake; with C = 0 the flag alone."""

    def __init__(self, classes: int, side: int, width: int = 64) -> None:
        super().__init__()
        self.classes = classes
        channels = [3, width, 2 * width, 4 * width, 8 * width, 16 * width]
        layers: list[nn.Module] = []
        for fan_in, fan_out in pairwise(channels):
            layers += [spectral_norm(nn.Conv2d(fan_in, fan_out, 4, 2, 1)), nn.LeakyReLU(0.01, inplace=True)]
        self.body = nn.Sequential(*layers)
        self.head = nn.Conv2d(channels[-1], classes + 1, side // 32, bias=False)

    def forward(self, images: Tensor) -> Tensor:
        scores: Tensor = self.head(self.body(images))
        return scores.flatten(1)
