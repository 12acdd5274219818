"""Gradients straight through what has none."""

from __future__ import annotations

from torch import Tensor


def straight_through(values: Tensor, made: Tensor) -> Tensor:
    """`made` of the values, whose gradient is passed on to the values as it is (BPDA, Athalye et al., ICML 2018)."""
    return values + (made - values).detach()
