"""The engine's hand to a plugin: seeded randomness, a device, progress, checkpoints."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol, TypeVar, get_args, runtime_checkable

import torch
from torch import Tensor

from hashbench.contracts.checkpoint import Checkpoint, Part, Steps

T = TypeVar("T")
Precision = Literal["fp32", "tf32", "bf16", "fp16"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)
DTYPES: Mapping[str, torch.dtype] = {"bf16": torch.bfloat16, "fp16": torch.float16}
"""Formats that tensors can have; tf32 is one of products only."""


@runtime_checkable
class Progress(Protocol):
    """Shows how far a long loop is, with a rate and an end."""

    def track(self, items: Iterable[T], label: str, total: int | None = None) -> Iterator[T]: ...


class Silent:
    """The progress that shows nothing."""

    def track(self, items: Iterable[T], label: str, total: int | None = None) -> Iterator[T]:
        yield from items


def derive_seed(*names: object) -> int:
    """A seed in [0, 2^63) from anything with a stable text form."""
    text = "\0".join(str(name) for name in names)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


@dataclass(frozen=True)
class Run:
    """Handed to every `fit`, `perturb` and `codes`. All randomness of a plugin comes from here."""

    seed: int
    device: torch.device
    batch_size: int = 64
    progress: Progress = field(default_factory=Silent)
    checkpoint: Checkpoint | None = None
    """Where `resumable` loops keep their state."""
    precision: Precision = "fp32"
    """What the run's attacks or training compute in; the engine has lowered the hasher already."""
    generator: torch.Generator = field(init=False)
    """On the CPU, whatever the device: draw there, then move."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "generator", torch.Generator().manual_seed(self.seed))

    def track(self, items: Iterable[T], label: str, total: int | None = None) -> Iterator[T]:
        """Iterate with a progress bar."""
        return self.progress.track(items, label, total)

    @property
    def spent(self) -> float:
        """Seconds that killed runs spent on the stage before."""
        return 0.0 if self.checkpoint is None else self.checkpoint.before

    def lowered(self) -> AbstractContextManager[object]:
        """For the forward of a network that the plugin trains itself: bf16 where the run is in it, else nothing. Losses stay
        outside; small gradients would be lost in fp16."""
        if self.precision != "bf16":
            return nullcontext()
        return torch.autocast(self.device.type, torch.bfloat16, cache_enabled=False)

    def below(self, name: str, **also: Part) -> Run:
        """A run with a fresh generator, for one step of a loop of this one; its own loops keep `also` beside their parts."""
        return replace(self, checkpoint=None if self.checkpoint is None else self.checkpoint.below(name, also))

    def resumable(self, count: int, **parts: Part) -> Steps:
        """Steps 0 to `count` - 1 of a long loop, which a killed run takes up again from the last kept state, to the same result.

        `parts` is all that the loop changes: modules, optimisers, schedules, tensors changed in place, dicts of tensors. The
        generators are kept with them. Without parts the loop starts anew.
        """
        if self.checkpoint is None or not parts:
            return Steps(count, None)
        return Steps(count, self.checkpoint.loop(parts, self.generator, self.device))

    def query_generator(self, index: int, purpose: str = "") -> torch.Generator:
        """A generator of one query's own, so that results do not depend on the batch it is in."""
        return torch.Generator().manual_seed(derive_seed(self.seed, purpose, index))

    def uniform(self, like: Tensor, indices: Sequence[int], purpose: str = "") -> Tensor:
        """Uniform draws in [0, 1), one row a query, shaped and placed like `like`; other draws for another purpose."""
        rows = [torch.rand(like.shape[1:], generator=self.query_generator(i, purpose)) for i in indices]
        return torch.stack(rows).to(like.device, non_blocking=True)

    def normal(self, like: Tensor, indices: Sequence[int], purpose: str = "") -> Tensor:
        """Standard normal draws, likewise."""
        rows = [torch.randn(like.shape[1:], generator=self.query_generator(i, purpose)) for i in indices]
        return torch.stack(rows).to(like.device, non_blocking=True)
