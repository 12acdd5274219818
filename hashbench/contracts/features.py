"""Features of a trunk that stays as it is: computed once, learned on many times."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from hashbench.contracts.hasher import Trunk
from hashbench.contracts.run import Run
from hashbench.contracts.split import Split

BATCH = 32
"""The same for all, so that features do not depend on who asked for them."""


class Features(Split):
    """A split whose images are their features (n, width), on the device."""

    def __init__(self, split: Split, features: Tensor) -> None:
        self.name, self.labels, self.features = split.name, split.labels, features

    def __len__(self) -> int:
        return len(self.features)

    def batches(self, size: int, device: torch.device, generator: torch.Generator | None = None) -> Iterator[tuple[Tensor, Tensor]]:
        order = torch.arange(len(self)) if generator is None else torch.randperm(len(self), generator=generator)
        for chunk in order.split(size):
            positions = chunk.to(device, non_blocking=True)
            yield positions, self.features[positions]


@torch.no_grad()
def kept_features(trunk: Trunk, data: Split, run: Run) -> Features:
    """What a trunk makes of every image, in evaluation mode."""
    trunk.eval()
    batches = run.track(data.batches(BATCH, run.device), "keeping features", -(-len(data) // BATCH))
    return Features(data, torch.cat([trunk(images) for _, images in batches]))
