"""The target labels a generator is trained towards."""

from __future__ import annotations

import torch
from torch import Tensor


def target_pool(labels: Tensor, min_images: int) -> Tensor:
    """Distinct rows (M, C) of `labels` (N, C) that occur at least `min_images` times; all where none does so often."""
    vectors, counts = torch.unique(labels, dim=0, return_counts=True)
    frequent = vectors[counts >= min_images]
    return frequent if len(frequent) else vectors


def draw_targets(pool: Tensor, labels: Tensor, disjoint: bool, generator: torch.Generator) -> Tensor:
    """A row of `pool` (M, C) for each of `labels` (B, C), uniform; with `disjoint`, over those that share no class with it.

    A row of labels that shares a class with all of the pool draws from the whole of it. Draws are made on the CPU.
    """
    lots = torch.rand(len(labels), len(pool), generator=generator).to(pool.device, non_blocking=True)
    if disjoint:
        lots = lots + (labels @ pool.T == 0)
    return pool[lots.argmax(dim=1)]
