"""How far logits u (B, K) are from codes t (B, K) in {-1, +1}: losses (B,) to be lowered, f = tanh(u)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

MARGIN = 0.5
"""A bit whose relaxed value is this far on the code's side counts as settled."""


def agreement(logits: Tensor, codes: Tensor) -> Tensor:
    """A: -mean f t (DHTA, eq. 8)."""
    return -(torch.tanh(logits) * codes).mean(1)


def logit_agreement(logits: Tensor, codes: Tensor) -> Tensor:
    """B: -mean u t, without a tanh that saturates."""
    return -(logits * codes).mean(1)


def open_agreement(logits: Tensor, codes: Tensor) -> Tensor:
    """C: -mean of f t, each at most the margin: bits that are settled give no gradient."""
    return -(torch.tanh(logits) * codes).clamp_max(MARGIN).mean(1)


def scale_free(logits: Tensor, codes: Tensor) -> Tensor:
    """D: likewise of u t divided by the mean of |u|, held constant: no scale of the logits changes it."""
    scale = logits.detach().abs().mean(1, keepdim=True).clamp_min(1e-12)
    return -(logits * codes / scale).clamp_max(MARGIN).mean(1)


def quadratic(logits: Tensor, codes: Tensor) -> Tensor:
    """(s - 2) s over the bits that are not settled, s = f t, divided by their number (SAAT's untargeted attack, as released)."""
    bits, count = _open(logits, codes)
    s = torch.tanh(logits) * codes
    return ((s - 2) * s * bits).sum(1) / count


def quadratic_towards(logits: Tensor, codes: Tensor) -> Tensor:
    """-(s + 2) s likewise (SAAT's targeted attack, as released): flat at bits that are wholly on the other side."""
    bits, count = _open(logits, codes)
    s = torch.tanh(logits) * codes
    return -((s + 2) * s * bits).sum(1) / count


def _open(logits: Tensor, codes: Tensor) -> tuple[Tensor, Tensor]:
    """(B, K) of 0 and 1, the bits that are not settled; and how many, (B,), at least 1."""
    bits = (torch.tanh(logits) * codes < MARGIN).to(logits.dtype)
    return bits, bits.sum(1).clamp_min(1)


LOSSES: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {
    "A": agreement,
    "B": logit_agreement,
    "C": open_agreement,
    "D": scale_free,
    "saat": quadratic,
    "saat-targeted": quadratic_towards,
}
