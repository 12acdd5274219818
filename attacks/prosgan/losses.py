"""Losses of the generator and the discriminator (ProS-GAN, eq. 6-9). All images in [-1, 1]."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def hamming_loss(relaxed: Tensor, codes: Tensor) -> Tensor:
    """1 - mean(f(x') h_t) over (B, K): in [0, 2] (eq. 7)."""
    return 1 - (relaxed * codes).mean()


def reconstruction_loss(adversarial: Tensor, images: Tensor) -> Tensor:
    """Mean squared error on the [-1, 1] scale: four times that on [0, 1]."""
    return F.mse_loss(adversarial, images)


def adversarial_loss(scores: Tensor, labels: Tensor, flag: float) -> Tensor:
    """Least squares of (B, C + 1) scores against [labels, flag]; flag 0: taken for real, 1: for fake."""
    return F.mse_loss(scores, torch.cat([labels, labels.new_full((len(labels), 1), flag)], dim=1))
