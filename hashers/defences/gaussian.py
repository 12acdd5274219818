"""Training with Gaussian noise, and smoothing: what certified codes are made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import torch
from torch import Tensor

from hashbench.api import Run, Split, Trunk, TrunkHasher, option

from ..wrapping import Wrapping

_AT_ONCE = 256
"""Noisy copies that are hashed together, or the copies of one image."""


class NoisySplit(Split):
    """A split whose images carry Gaussian noise, drawn anew each time."""

    def __init__(self, split: Split, sigma: float, generator: torch.Generator) -> None:
        self.__dict__.update(split.__dict__)
        self.sigma, self.generator = sigma, generator

    def batches(self, size: int, device: torch.device, generator: torch.Generator | None = None) -> Iterator[tuple[Tensor, Tensor]]:
        for positions, images in super().batches(size, device, generator):
            yield positions, images + self.sigma * torch.randn(images.shape, generator=self.generator).to(device)


class SmoothedHasher(TrunkHasher):
    """The mean relaxed code of noisy copies, drawn anew each time, as logits (B, K)."""

    def __init__(self, hasher: TrunkHasher, sigma: float, draws: int) -> None:
        super().__init__(hasher.trunk, hasher.bits, hasher.head)
        self.scale = hasher.scale
        self.sigma, self.draws = sigma, draws

    def forward(self, images: Tensor) -> Tensor:
        some = max(_AT_ONCE // self.draws, 1)
        return torch.cat([self._smoothed(images[start : start + some]) for start in range(0, len(images), some)])

    def _smoothed(self, images: Tensor) -> Tensor:
        """All copies of an image are drawn before the next one's, whatever the batch."""
        noise = torch.randn((len(images), self.draws, *images.shape[1:]), device=images.device, dtype=images.dtype)
        copies = (images[:, None] + self.sigma * noise).flatten(0, 1)
        return torch.tanh(super().forward(copies)).unflatten(0, (len(images), self.draws)).mean(1)


@dataclass(frozen=True)
class Gaussian(Wrapping):
    """Another method's training goes on with Gaussian noise on the images; with `draws`, codes are the mean over noisy copies

    Certify its codes with the benchmark `certificate` at the same sigma. With `draws` it gives other codes each time: attack it
    with `samples=20`.
    """

    starts_from: ClassVar[str] = "method"
    paper: ClassVar[str] = "https://arxiv.org/abs/1902.02918"
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {"quick": {"epochs": 5}}
    sigma: float = option(0.25, "of the noise, in pixel values of [0, 1]: 0.12, 0.25 or 0.5")
    draws: int = option(0, "noisy copies whose mean is the code; 0: the image itself is hashed")
    epochs: int = option(20, "passes over the training split")
    rate: float = option(1e-3, "learning rate of Adam, for the whole network")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.sigma < 0 or self.draws < 0:
            raise ValueError("give sigma and draws of at least 0.")

    def build(self, trunk: Trunk, bits: int) -> TrunkHasher:
        return self.around(super().build(trunk, bits))

    def around(self, hasher: TrunkHasher) -> TrunkHasher:
        return SmoothedHasher(hasher, self.sigma, self.draws) if self.draws else hasher

    def fit(self, hasher: TrunkHasher, data: Split, run: Run) -> dict[str, Any]:
        method = replace(self.trained, trunk_rate=1.0, epochs=self.epochs, optimiser="adam", rate=self.rate)
        method.fit(hasher, NoisySplit(data, self.sigma, run.generator), run)
        return {"defence": f"{self.epochs} epochs of training with Gaussian noise of {self.sigma:g}"}
