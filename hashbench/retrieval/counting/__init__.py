"""Counting a shard of the database by distance and relevance, and the backends that do it."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Protocol, runtime_checkable

import numpy as np

from hashbench.errors import UnknownName, UserError
from hashbench.typing import Int, UInt

BACKENDS = ("auto", "numpy", "numba", "torch")
_WORTH_COMPILED = 50_000_000
"""Pairs of query and row from which a compiled kernel earns its start."""


@dataclass(frozen=True)
class Packed:
    """Packed rows: codes (n, words) and labels (n, words), and how often each row stands for (n,), None for once."""

    codes: UInt[np.ndarray, "n words"]
    labels: UInt[np.ndarray, "n label_words"]
    times: Int[np.ndarray, " n"] | None = None

    def __len__(self) -> int:
        return len(self.codes)


@runtime_checkable
class Counter(Protocol):
    """Adds a shard to counts. All backends are integer and agree bit for bit."""

    def __call__(self, queries: Packed, shard: Packed, bits: int, counts: Int[np.ndarray, "q d 2"]) -> None:
        """Add the rows of `shard` to `counts` (Q, bits + 1, 2): not relevant and relevant ones, at each distance."""


def counter(backend: str, pairs: int) -> Counter:
    """The backend of a name; `auto` takes numba where it is installed and `pairs` are many, NumPy otherwise.

    Raises UnknownName, or UserError where the backend's package is not installed.
    """
    if backend not in BACKENDS:
        raise UnknownName("ranking backend", backend, BACKENDS)
    if backend == "auto":
        backend = "numba" if pairs >= _WORTH_COMPILED and find_spec("numba") else "numpy"
    if backend == "numba" and not find_spec("numba"):
        raise UserError("the ranking backend 'numba' is not installed: pip install 'hashbench[fast]', or take 'numpy'.")
    module = importlib.import_module(f"hashbench.retrieval.counting.with_{backend}")
    count: Counter = module.count
    return count
