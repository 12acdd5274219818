"""The target labels that networks are trained towards. Draws are made on the CPU, then moved."""

from __future__ import annotations

import torch
from torch import Tensor


def target_pool(labels: Tensor, min_images: int = 1) -> Tensor:
    """Distinct rows (M, C) of `labels` (N, C) that occur at least `min_images` times; all where none does so often."""
    vectors, counts = torch.unique(labels, dim=0, return_counts=True)
    frequent = vectors[counts >= min_images]
    return frequent if len(frequent) else vectors


def draw_targets(pool: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """`count` rows of `pool` (M, C), uniform with replacement."""
    drawn = torch.randint(len(pool), (count,), generator=generator)
    return pool[drawn.to(pool.device, non_blocking=True)]


def draw_disjoint_targets(pool: Tensor, labels: Tensor, generator: torch.Generator) -> Tensor:
    """A row of `pool` (M, C) for each of `labels` (B, C), uniform over those that have a class and share none with it.

    Where there is no such row, over the whole of the pool.
    """
    lots = torch.rand(len(labels), len(pool), generator=generator).to(pool.device, non_blocking=True)
    allowed = (labels @ pool.T == 0) & (pool != 0).any(dim=1)
    return pool[(lots + allowed).argmax(dim=1)]
