"""Times each loop, counts its operations, and sets both against the machine's ceilings."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from hashbench.contracts.run import Precision
from hashbench.engine.machine.context import Machine
from hashbench.engine.machine.precision import rounding
from hashbench.engine.machine.seeds import seeded
from hashbench.engine.measuring.ceilings import Ceilings
from hashbench.engine.measuring.loops import Bench, Loop


@dataclass(frozen=True)
class Timed:
    """A loop on this machine."""

    loop: str
    precision: Precision
    images: int
    """That went through the hasher's network, backward counted with its forward."""
    seconds: float
    """The median of some rounds after one that is not counted."""
    operations: float
    """Floating-point operations, counted by torch: products and convolutions, forward and backward."""
    ceiling: float
    """Operations a second of a matrix product in that precision."""
    memory: int | None
    """Bytes of the GPU at the peak; None on a CPU, which does not say."""

    @property
    def rate(self) -> float:
        """Images a second."""
        return self.images / self.seconds

    @property
    def share(self) -> float:
        """Of the ceiling, the part that the loop's own operations reach."""
        return self.operations / self.seconds / self.ceiling


class _Operations(TorchDispatchMode):
    """Counts floating-point operations by torch's formulas. Its own counter also follows modules, which gradients with respect to
    images alone don't let it."""

    def __init__(self) -> None:
        super().__init__()
        self.total = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None) -> Any:
        out = func(*args, **(kwargs or {}))
        formula = flop_registry.get(func._overloadpacket)
        if formula is not None:
            self.total += formula(*args, **(kwargs or {}), out_val=out)
        return out


def timed(bench: Bench, machine: Machine, found: Ceilings, rounds: int) -> Iterator[Timed]:
    """Every loop in every precision that the ceilings have."""
    for precision, ceiling in found.flops.items():
        with seeded(0, machine.device), rounding(precision):
            for loop in bench.loops(machine, precision):
                yield _timed(loop, precision, machine, ceiling, rounds)


def _timed(loop: Loop, precision: Precision, machine: Machine, ceiling: float, rounds: int) -> Timed:
    with _Operations() as counter:
        loop.run()
    gpu = machine.device.type == "cuda"
    if gpu:
        torch.cuda.reset_peak_memory_stats(machine.device)
    done = [machine.timed(loop.run) for _ in range(rounds)]
    memory = torch.cuda.max_memory_allocated(machine.device) if gpu else None
    seconds = statistics.median(spent for _, spent in done)
    return Timed(loop.name, precision, done[0][0], seconds, float(counter.total), ceiling, memory)
