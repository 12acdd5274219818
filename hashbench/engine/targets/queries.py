"""The choice of the attacked queries."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from hashbench.data.dataset import RetrievalData
from hashbench.engine.store.store import digest
from hashbench.engine.targets.file import load_target_file
from hashbench.engine.targets.pool import pick_queries
from hashbench.errors import UserError
from hashbench.typing import Facts


@dataclass(frozen=True)
class Queries:
    """All queries, a draw of some, or those of a target file, which are the same wherever the file lies."""

    count: int | None
    """All for None."""
    seed: int
    file: Path | None = field(default=None, compare=False)
    file_queries: str = ""
    """A hash of the file's queries."""
    file_targets: str = ""
    """A hash of the file's targets."""

    @classmethod
    def of_file(cls, file: Path, seed: int) -> Queries:
        """Raises UserError where it is no target file."""
        content = load_target_file(file)
        return cls(None, seed, file, digest(content.queries), digest(content.targets))

    def depends(self) -> Facts:
        """Everything the choice of queries depends on."""
        return {"file": self.file_queries} if self.file is not None else {"count": self.count, "seed": self.seed}

    def pick(self, data: RetrievalData) -> np.ndarray:
        """(Q,) positions in the query split. Raises UserError where a file names others."""
        available = len(data.rows["query"])
        if self.file is None:
            return pick_queries(available, self.count, self.seed)
        queries = load_target_file(self.file).queries
        if any(not 0 <= query < available for query in queries):
            raise UserError(f"{self.file} names queries that {data.name} does not have: draw it anew.")
        return np.array(queries, dtype=np.int64)
