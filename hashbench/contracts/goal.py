"""The attacker's goal, as labels."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from hashbench.typing import Float


@dataclass(frozen=True)
class Goal:
    """The labels of a batch of queries and those an attacker wants retrieved instead. Nothing to compute."""

    query_labels: Float[Tensor, "batch classes"]
    target_labels: Float[Tensor, "batch classes"]
    indices: tuple[int, ...]
    """Positions in the run's list of queries: what per-query randomness is seeded by."""
