"""Times each loop, counts its operations, and sets both against the machine's ceilings."""

from __future__ import annotations

import statistics
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, UntypedStorage
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
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
    memory: int
    """Bytes at the peak: all that the GPU holds; on a CPU the loop's own tensors, without what its kernels hold."""
    plain: float | None
    """Seconds of the plain loop in fp32, taken in turn; None where there is none."""

    @property
    def rate(self) -> float:
        """Images a second."""
        return self.images / self.seconds

    @property
    def share(self) -> float:
        """Of the ceiling, the part that the loop's own operations reach."""
        return self.operations / self.seconds / self.ceiling

    @property
    def ratio(self) -> float | None:
        """How many times faster than the plain loop."""
        return None if self.plain is None else self.plain / self.seconds


class _Counter(TorchDispatchMode):
    """Counts floating-point operations by torch's formulas, and the bytes of new tensors that are alive at once.

    torch's own counters also follow modules, which gradients with respect to images alone don't let them.
    """

    def __init__(self) -> None:
        super().__init__()
        self.operations = self.alive = self.peak = 0
        self._seen: set[int] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None) -> Any:
        out = func(*args, **(kwargs or {}))
        formula = flop_registry.get(func._overloadpacket)
        if formula is not None:
            self.operations += formula(*args, **(kwargs or {}), out_val=out)
        given = {id(tensor.untyped_storage()) for tensor in tree_leaves((args, kwargs)) if isinstance(tensor, Tensor)}
        for tensor in tree_leaves(out):
            if isinstance(tensor, Tensor) and id(tensor.untyped_storage()) not in given | self._seen:
                self._born(tensor.untyped_storage())
        return out

    def _born(self, storage: UntypedStorage) -> None:
        known, size = id(storage), storage.nbytes()
        self._seen.add(known)
        self.alive += size
        self.peak = max(self.peak, self.alive)

        def gone() -> None:
            self._seen.discard(known)
            self.alive -= size

        weakref.finalize(storage, gone)  # a storage's Python object lives as long as the storage


def timed(bench: Bench, machine: Machine, found: Ceilings, rounds: int) -> Iterator[Timed]:
    """Every loop in every precision that the ceilings have."""
    for precision, ceiling in found.flops.items():
        with seeded(0, machine.device), rounding(precision):
            for loop in bench.loops(machine, precision):
                yield _timed(loop, precision, machine, ceiling, rounds)


def _timed(loop: Loop, precision: Precision, machine: Machine, ceiling: float, rounds: int) -> Timed:
    with _Counter() as counter:
        loop.run()
    gpu = machine.device.type == "cuda"
    if gpu:
        torch.cuda.reset_peak_memory_stats(machine.device)
        loop.run()
    memory = torch.cuda.max_memory_allocated(machine.device) if gpu else counter.peak
    done, usual = [], []
    for _ in range(rounds):
        if loop.plain is not None:
            with rounding("fp32"):
                usual.append(machine.timed(loop.plain)[1])
        done.append(machine.timed(loop.run))
    seconds = statistics.median(spent for _, spent in done)
    plain = statistics.median(usual) if usual else None
    return Timed(loop.name, precision, done[0][0], seconds, float(counter.operations), ceiling, memory, plain)
