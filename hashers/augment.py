"""Training-time augmentation, whole batches at once."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def flip_and_shift(images: Tensor, generator: torch.Generator) -> Tensor:
    """Each image mirrored or not, and shifted by up to an eighth of its side (reflected at the border)."""
    count, _, height, width = images.shape
    reach = height // 8
    flip = torch.rand(count, generator=generator).to(images.device) < 0.5
    shift = torch.randint(0, 2 * reach + 1, (2, count, 1), generator=generator).to(images.device)
    padded = F.pad(images, (reach, reach, reach, reach), mode="reflect")
    rows = shift[0] + torch.arange(height, device=images.device)
    columns = shift[1] + torch.arange(width, device=images.device)
    columns = torch.where(flip[:, None], columns.flip(1), columns)
    batch = torch.arange(count, device=images.device)[:, None, None]
    picked: Tensor = padded.movedim(1, -1)[batch, rows[:, :, None], columns[:, None, :]]
    return picked.movedim(-1, 1)
