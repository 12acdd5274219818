"""Shards: a share of a plan's cells by a stable hash, for job arrays that need nothing but a shared store."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from hashbench.engine.planning.cell import Cell
from hashbench.engine.stages.stage import identity
from hashbench.errors import UserError


@dataclass(frozen=True)
class Shard:
    """Share `index`, counted from 0, of `count`."""

    index: int
    count: int

    @classmethod
    def of(cls, text: str) -> Shard:
        """From '0/8'. Raises UserError."""
        found = re.fullmatch(r"(\d+)/(\d+)", text.strip())
        if found is None or not int(found[1]) < int(found[2]):
            raise UserError(f"--shard is '{text}': give I/N with I from 0 to N - 1, such as 0/8.")
        return cls(int(found[1]), int(found[2]))

    def has(self, cell: Cell) -> bool:
        """Whether a cell is in this share: with all others that score the same images."""
        return int(hashlib.sha256(identity(cell.images).encode()).hexdigest(), 16) % self.count == self.index
