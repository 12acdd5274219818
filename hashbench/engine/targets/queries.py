"""The choice of the attacked queries."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from hashbench.data.dataset import RetrievalData
from hashbench.engine.store.store import digest
from hashbench.engine.targets.file import TargetFile, load_target_file
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
    file_content: str = ""
    """A hash of the file's content."""

    @classmethod
    def of_file(cls, file: Path, seed: int) -> Queries:
        """Raises UserError where it is no target file."""
        return cls(None, seed, file, digest(load_target_file(file).model_dump()))

    def depends(self) -> Facts:
        """Everything the choice of queries depends on."""
        return {"file": self.file_content} if self.file is not None else {"count": self.count, "seed": self.seed}

    def content(self) -> TargetFile | None:
        """The file's content; None without a file. Raises UserError where it is another than when the run was planned."""
        if self.file is None:
            return None
        content = load_target_file(self.file)
        if digest(content.model_dump()) != self.file_content:
            raise UserError(f"the target file {self.file} was replaced during this run: run it again.")
        return content

    def pick(self, data: RetrievalData) -> np.ndarray:
        """(Q,) positions in the query split. Raises UserError where a file names others."""
        available = len(data.rows["query"])
        content = self.content()
        if content is None:
            return pick_queries(available, self.count, self.seed)
        if any(not 0 <= query < available for query in content.queries):
            raise UserError(f"{self.file} names queries that {data.name} does not have: draw it anew.")
        return np.array(content.queries, dtype=np.int64)
