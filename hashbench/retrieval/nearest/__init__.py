"""The first N of a database for each query: what a search engine answers."""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from typing import Protocol, runtime_checkable

import numpy as np

from hashbench.errors import UnknownName, UserError
from hashbench.typing import Int, UInt

BACKENDS = ("auto", "numpy", "numba")


@runtime_checkable
class Finder(Protocol):
    """Finds the nearest rows, those at one distance by position. All backends agree to the last id."""

    def __call__(
        self, queries: UInt[np.ndarray, "q words"], database: UInt[np.ndarray, "n words"], bits: int, count: int
    ) -> tuple[Int[np.ndarray, "q count"], Int[np.ndarray, "q count"]]:
        """Positions and distances of the first `count` rows of a packed database, nearest first; `count` is at most its size."""


def finder(backend: str = "auto") -> Finder:
    """The backend of a name; `auto` takes numba where it is installed, NumPy otherwise.

    Raises UnknownName, or UserError where the backend's package is not installed.
    """
    if backend not in BACKENDS:
        raise UnknownName("search backend", backend, BACKENDS)
    if backend == "auto":
        backend = "numba" if find_spec("numba") else "numpy"
    if backend == "numba" and not find_spec("numba"):
        raise UserError("the search backend 'numba' is not installed: pip install 'hashbench[fast]', or take 'numpy'.")
    module = importlib.import_module(f"hashbench.retrieval.nearest.with_{backend}")
    found: Finder = module.nearest
    return found
