"""The machine: device, threads, progress and limits."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import torch

from hashbench.contracts.run import Progress, Silent
from hashbench.engine.machine.memory import share_of_memory

T = TypeVar("T")


@dataclass(frozen=True)
class Machine:
    """Device, threads, progress and limits. None of them changes what a number means."""

    device: torch.device
    progress: Progress = field(default_factory=Silent)
    batch_size: int = 64
    """Images hashed at a time, and what plugins are told to take."""
    decoders: int = 1
    """Threads that decode images."""
    memory: int = field(default_factory=share_of_memory)
    """Bytes of products that are kept in memory between stages."""
    cell_timeout: float | None = None
    """Seconds a cell may take."""
    deterministic: bool = False
    """Whether an operation without a deterministic algorithm is an error; otherwise it is used where there is no other."""

    def synchronise(self) -> None:
        """Wait for the device, so that a clock may be read."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def timed(self, work: Callable[[], T]) -> tuple[T, float]:
        """The result of `work` and its seconds, device synchronised."""
        self.synchronise()
        start = time.perf_counter()
        result = work()
        self.synchronise()
        return result, time.perf_counter() - start
