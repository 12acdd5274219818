"""Adam on pixels, image by image, with its moments in the attack's memory."""

from __future__ import annotations

from torch import Tensor

from hashbench.api import Memory

BETA1, BETA2, TINY = 0.9, 0.999, 1e-8


def adam(kept: Memory, gradient: Tensor, step: int, rate: float) -> Tensor:
    """The change to be subtracted at a step counted from 0; the moments stand in `kept` from then on."""
    first = kept.get("first", gradient * 0) * BETA1 + (1 - BETA1) * gradient
    second = kept.get("second", gradient * 0) * BETA2 + (1 - BETA2) * gradient.square()
    kept.update(first=first, second=second)
    return rate * (first / (1 - BETA1 ** (step + 1))) / ((second / (1 - BETA2 ** (step + 1))).sqrt() + TINY)
