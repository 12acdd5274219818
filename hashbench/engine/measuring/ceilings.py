"""Ceilings of a machine: how fast it multiplies matrices and copies memory."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from hashbench.contracts.run import DTYPES, Precision
from hashbench.engine.machine.context import Machine
from hashbench.engine.machine.precision import rounding

SIDE = 1024
"""Of the matrices."""
COPIED = 1 << 26
"""Bytes that are copied at a time."""
ROUNDS = 5


@dataclass(frozen=True)
class Ceilings:
    """The best of some rounds each."""

    flops: dict[Precision, float]
    """Floating-point operations a second of a product of two square matrices, by precision."""
    copied: float
    """Bytes a second that a copy reads and writes together."""


def ceilings(machine: Machine, precisions: tuple[Precision, ...]) -> Ceilings:
    """Measure the machine's device, with the threads that torch has now."""
    source = torch.zeros(COPIED, dtype=torch.uint8, device=machine.device)
    target = torch.empty_like(source)
    copied = min(machine.timed(lambda: target.copy_(source))[1] for _ in range(ROUNDS))
    return Ceilings({precision: _multiplied(machine, precision) for precision in precisions}, 2 * COPIED / copied)


def _multiplied(machine: Machine, precision: Precision) -> float:
    dtype = DTYPES.get(precision, torch.float32)
    left, right = (torch.randn(SIDE, SIDE, device=machine.device).to(dtype) for _ in range(2))
    with rounding(precision):
        seconds = min(machine.timed(lambda: left @ right)[1] for _ in range(ROUNDS))
    return float(2 * SIDE**3 / seconds)
