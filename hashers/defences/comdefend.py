"""ComDefend: images are compressed to few bits and made again by networks before they are hashed (Jia et al., CVPR 2019)."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from hashbench.api import Part, Run, Split, TrunkHasher, epochs, option

from ..through import straight_through
from .filtering import FilteredTrunk, Filtering

WIDTHS = (16, 32, 64, 128, 256, 128, 64, 32)


class Purifier(nn.Module):
    """An encoder to 12 binary values a pixel, and a decoder that mirrors it: 3x3 convolutions with ELU between them."""

    def __init__(self, share: float, noise: float) -> None:
        super().__init__()
        inside = [max(round(width * share), 1) for width in WIDTHS]
        self.encoder = _convolutions([3, *inside, 12])
        self.decoder = _convolutions([12, *reversed(inside), 3])
        self.noise = noise

    def learn(self, images: Tensor, drawn: Tensor) -> tuple[Tensor, Tensor]:
        """What is made of images while training, with noise `drawn` (B, 12, h, w) before the sigmoid; and the values."""
        values = self.encoder(images)
        return torch.sigmoid(self.decoder(torch.sigmoid(values - self.noise * drawn))), values

    def forward(self, images: Tensor) -> Tensor:
        values = torch.sigmoid(self.encoder(images))
        return torch.sigmoid(self.decoder(straight_through(values, (values > 0.5).to(values.dtype))))


def _convolutions(widths: list[int]) -> nn.Sequential:
    layers: list[nn.Module] = []
    for before, after in itertools.pairwise(widths):
        layers += [nn.Conv2d(before, after, 3, padding=1), nn.ELU()]
    return nn.Sequential(*layers[:-1])


@dataclass(frozen=True)
class ComDefend(Filtering):
    """ComDefend: images are compressed to few bits and made again by networks that saw clean images only (CVPR 2019)"""

    paper: ClassVar[str] = "https://arxiv.org/abs/1811.12673"
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {"quick": {"epochs": 5, "share": 0.25, "rate": 1e-3}}
    epochs: int = option(30, "passes over the training split")
    batch_size: int = option(32, "images a step")
    rate: float = option(1e-4, "learning rate of Adam")
    share: float = option(1.0, "of the network's channels, 16 to 256 and back")
    noise: float = option(20.0, "scale of the Gaussian noise before the sigmoid, which makes values binary")
    sparsity: float = option(1e-4, "weight of the mean squared value")

    def filter(self) -> nn.Module:
        return Purifier(self.share, self.noise)

    def fit(self, hasher: TrunkHasher, data: Split, run: Run) -> dict[str, Any]:
        assert isinstance(hasher.trunk, FilteredTrunk)
        purifier = hasher.trunk.filters[0]
        assert isinstance(purifier, Purifier)
        purifier.to(run.device).train()
        optimiser = torch.optim.Adam(purifier.parameters(), lr=self.rate)
        parts: dict[str, Part] = {"purifier": purifier, "optimiser": optimiser}
        for _, _, _, images in epochs(data, self.epochs, self.batch_size, run, "training the purifier", **parts):
            drawn = torch.randn(len(images), 12, *images.shape[2:], generator=run.generator).to(run.device)
            self.step(purifier, optimiser, images, drawn)
        return {"defence": f"a purifier before the trained hasher, trained for {self.epochs} epochs"}

    def step(self, purifier: Purifier, optimiser: torch.optim.Optimizer, images: Tensor, drawn: Tensor) -> Tensor:
        """One training step: mean squared error, and the mean squared value before the sigmoid. Returns the loss."""
        made, values = purifier.learn(images, drawn)
        loss = (made - images).square().mean() + self.sparsity * values.square().mean()
        optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        optimiser.step()
        return loss.detach()
