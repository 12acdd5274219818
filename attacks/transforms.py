"""Input transforms that gradients are taken through, so that images carry over to other hashers. They combine: `di+si`.

Each has a number of copies, over which gradients are averaged. Draws are a query's own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from hashbench.api import Task

MIXED = 64
"""Training images that Admix draws from."""


@dataclass(frozen=True)
class Transform:
    """Images (B, 3, h, w), the task, the number of a copy, a purpose of draws -> images as the hasher sees them."""

    copies: int
    apply: Callable[[Tensor, Task, int, str], Tensor]


def diverse(images: Tensor, task: Task, copy: int, purpose: str) -> Tensor:
    """DI (CVPR 2019): half of the time at 1 to 1.1 times the size, zero-padded to 1.1 at a random place, and back to the size."""
    return padded(images, _lots(images, task, 4, f"{purpose} di"), 0.1)


def padded(images: Tensor, lots: Tensor, most: float) -> Tensor:
    """Where the last of four draws (B, 4) is below a half: enlarged by up to `most`, padded to that at a random place, and back."""
    scale, canvas = 1 + most * lots[:, 0], 1 + most
    corner = (canvas - scale)[:, None] * lots[:, 1:3]
    zoom, zero = canvas / scale, torch.zeros_like(scale)
    shift = (canvas - 2 * corner) / scale[:, None] - 1
    rows = torch.stack([zoom, zero, shift[:, 0], zero, zoom, shift[:, 1]], dim=1).view(-1, 2, 3)
    resized = _sample(images, F.affine_grid(rows, list(images.shape), align_corners=False))
    return torch.where((lots[:, 3] < 0.5).view(-1, 1, 1, 1), resized, images)


def scaled(images: Tensor, task: Task, copy: int, purpose: str) -> Tensor:
    """SI (ICLR 2020): divided by 2 to the number of the copy."""
    return images / 2**copy


def admixed(images: Tensor, task: Task, copy: int, purpose: str) -> Tensor:
    """Admix (ICCV 2021): a fifth of a training image added."""
    mixed = task.state["mixed"]
    chosen = (_lots(images, task, 1, f"{purpose} admix")[:, 0] * len(mixed)).long()
    return images + 0.2 * mixed[chosen]


def shuffled(images: Tensor, task: Task, copy: int, purpose: str) -> Tensor:
    """BSR (CVPR 2024): nine blocks shuffled, each turned by up to 24 degrees; what turns out of its block is black.

    Blocks are thirds; the paper's have random sides.
    """
    count, _, height, width = images.shape
    lots = _lots(images, task, 18, f"{purpose} bsr")
    order, angle = lots[:, :9].argsort(1), math.radians(24) * (2 * lots[:, 9:] - 1)
    y = (torch.arange(height, device=images.device) + 0.5) * 3 / height
    x = (torch.arange(width, device=images.device) + 0.5) * 3 / width
    block = (y.floor()[:, None] * 3 + x.floor()[None]).long().view(1, -1).expand(count, -1)
    dy, dx = ((value % 1 - 0.5) for value in torch.meshgrid(y, x, indexing="ij"))
    turn, source = angle.gather(1, block), order.gather(1, block)
    u = turn.cos() * dx.reshape(1, -1) - turn.sin() * dy.reshape(1, -1)
    v = turn.sin() * dx.reshape(1, -1) + turn.cos() * dy.reshape(1, -1)
    where = torch.stack([source % 3 + 0.5 + u, source // 3 + 0.5 + v], dim=2) * 2 / 3 - 1
    inside = ((u.abs() <= 0.5) & (v.abs() <= 0.5)).view(count, 1, height, width)
    return _sample(images, where.view(count, height, width, 2)) * inside


def smooth(gradient: Tensor) -> Tensor:
    """TI (CVPR 2019): a gradient convolved with a Gaussian of 15 pixels and a deviation of 3."""
    line = torch.exp(-0.5 * ((torch.arange(15, device=gradient.device) - 7) / 3) ** 2)
    kernel = (line[:, None] * line[None]) / line.sum() ** 2
    return F.conv2d(gradient, kernel.to(gradient.dtype).expand(3, 1, 15, 15), padding=7, groups=3)


def _lots(images: Tensor, task: Task, count: int, purpose: str) -> Tensor:
    """(B, count) uniform draws, a row a query."""
    return task.run.uniform(images.new_empty(len(images), count), task.goal.indices, purpose)


def _sample(images: Tensor, grid: Tensor) -> Tensor:
    return F.grid_sample(images, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


TRANSFORMS: Mapping[str, Transform] = {
    "di": Transform(1, diverse),
    "admix": Transform(3, admixed),
    "si": Transform(5, scaled),
    "bsr": Transform(20, shuffled),
}
