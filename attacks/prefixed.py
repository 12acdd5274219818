"""States of several parts in one dict of tensors, told apart by the beginnings of names."""

from __future__ import annotations

from torch import Tensor

from hashbench.api import State


def part(state: State, prefix: str) -> dict[str, Tensor]:
    """The tensors whose names begin so, without it."""
    return {key.removeprefix(prefix): value for key, value in state.items() if key.startswith(prefix)}
