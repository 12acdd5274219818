"""A split as plugins see it: labels, and images by position, from 8-bit pixels on disk."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from torch import Tensor

from hashbench.contracts.checkpoint import Part
from hashbench.contracts.run import Run
from hashbench.errors import ContractError


class Split:
    """Rows of a pool of images. Positions count from 0 within the split."""

    def __init__(self, name: str, pixels: np.ndarray, labels: np.ndarray, rows: np.ndarray) -> None:
        """`name` is the data set's; `pixels` (pool, 3, h, w) uint8, usually memory-mapped; `labels` (pool, classes) 0/1."""
        self.name = name
        self._pixels = pixels
        self._rows = rows
        self.labels: Tensor = torch.from_numpy(np.ascontiguousarray(labels[rows])).float()

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def image_size(self) -> int:
        return int(self._pixels.shape[-1])

    def pixels(self, positions: np.ndarray) -> np.ndarray:
        """(n, 3, h, w) uint8."""
        picked: np.ndarray = self._pixels[self._rows[positions]]
        return picked

    def images(self, positions: np.ndarray, device: torch.device) -> Tensor:
        """(n, 3, h, w) floats in [0, 1] on `device`."""
        return to_images(self.pixels(positions), device)

    def batches(self, size: int, device: torch.device, generator: torch.Generator | None = None) -> Iterator[tuple[Tensor, Tensor]]:
        """Positions and images of every row once, in order or shuffled by `generator`; the next batch is read meanwhile."""
        order = torch.arange(len(self)) if generator is None else torch.randperm(len(self), generator=generator)
        chunks = order.split(size)
        with ThreadPoolExecutor(1) as reader:
            pending = reader.submit(self.pixels, chunks[0].numpy())
            for i, chunk in enumerate(chunks):
                pixels = pending.result()
                if i + 1 < len(chunks):
                    pending = reader.submit(self.pixels, chunks[i + 1].numpy())
                yield chunk.to(device, non_blocking=True), to_images(pixels, device)


class Unlabelled(Split):
    """A split as an attack gets it that only asks: images without labels."""

    def __init__(self, split: Split) -> None:
        self.name, self._pixels, self._rows = split.name, split._pixels, split._rows

    def __getattr__(self, name: str) -> Tensor:
        if name == "labels":
            raise ContractError("an attack that only asks holds no labels, and looked at those of its images.")
        raise AttributeError(name)


def epochs(data: Split, count: int, size: int, run: Run, label: str, **parts: Part) -> Iterator[tuple[int, int, Tensor, Tensor]]:
    """Epoch, batch number in it, positions, images: `count` shuffled passes with one progress bar.

    With `parts`, all that the training changes, a killed training goes on from the last kept epoch; see `Run.resumable`.
    """
    left = run.resumable(count, **parts)
    total = len(left) * -(-len(data) // size)
    batches = (
        (epoch, i, positions, images)
        for epoch in left
        for i, (positions, images) in enumerate(data.batches(size, run.device, run.generator))
    )
    yield from run.track(batches, label, total)


def to_images(pixels: np.ndarray, device: torch.device) -> Tensor:
    """8-bit pixels as floats in [0, 1] on `device`."""
    tensor = torch.from_numpy(np.ascontiguousarray(pixels))
    if device.type == "cuda":
        tensor = tensor.pin_memory()
    return tensor.to(device, non_blocking=True).float() / 255
