"""SPSA: simultaneous perturbation, a gradient from random signs (Uesato et al., ICML 2018)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from hashbench.api import Hunt, option

from .differences import Differences


@dataclass(frozen=True)
class SPSA(Differences):
    """Steps along the sign of a gradient estimated from pairs of random signs (ICML 2018)"""

    paper: ClassVar[str] = "https://arxiv.org/abs/1802.05666"
    pairs: int = option(25, "directions a step, each asked on both sides")

    def direction(self, like: Tensor, hunt: Hunt, purpose: str) -> Tensor:
        return torch.where(hunt.run.uniform(like, hunt.indices, purpose) < 0.5, -1.0, 1.0)
