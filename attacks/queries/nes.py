"""NES: natural evolution strategies, a gradient from antithetic Gaussian directions (Ilyas et al., ICML 2018)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from hashbench.api import Hunt

from .differences import Differences


@dataclass(frozen=True)
class NES(Differences):
    """Steps along the sign of a gradient estimated from pairs of Gaussian directions (ICML 2018)"""

    paper: ClassVar[str] = "https://arxiv.org/abs/1804.08598"

    def direction(self, like: Tensor, hunt: Hunt, purpose: str) -> Tensor:
        return hunt.run.normal(like, hunt.indices, purpose)
