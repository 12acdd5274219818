"""The attacker's goal, as labels."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from hashbench.errors import ContractError
from hashbench.typing import Float


@dataclass(frozen=True)
class Goal:
    """The labels of a batch of queries and those an attacker wants retrieved instead. Nothing to compute."""

    query_labels: Float[Tensor, "batch classes"]
    target_labels: Float[Tensor, "batch classes"]
    indices: tuple[int, ...]
    """Positions in the run's list of queries: what per-query randomness is seeded by."""

    @property
    def first(self) -> Goal:
        """That of the first query alone."""
        return Goal(self.query_labels[:1], self.target_labels[:1], self.indices[:1])


class Wanted(Goal):
    """What an attack that only asks gets of a goal: example images instead of labels."""

    examples: tuple[Float[Tensor, "_ 3 h w"], ...]
    """Of each query, images in [0, 1] of what it should be taken for; none where it is only to be led away."""

    def __init__(self, indices: tuple[int, ...], examples: tuple[Float[Tensor, "_ 3 h w"], ...]) -> None:
        object.__setattr__(self, "indices", indices)
        object.__setattr__(self, "examples", examples)

    @property
    def first(self) -> Wanted:
        return Wanted(self.indices[:1], self.examples[:1])

    def __getattr__(self, name: str) -> Tensor:
        if name in ("query_labels", "target_labels"):
            raise ContractError(f"an attack that only asks holds no labels, and looked at {name}: it has goal.examples.")
        raise AttributeError(name)
