"""FGSM on the distance to a code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hashbench.api import Iterative, option


@dataclass(frozen=True)
class FGSM(Iterative):
    """One sign step of the whole budget towards the aim's code (the paper's DHTA + FGSM, Table 2)"""

    paper: ClassVar[str] = "https://arxiv.org/abs/1412.6572"
    steps: int = option(1, "iterations")
    step_size: float | None = option(None, "length of a step in pixel values (sign), or its factor (l2, raw); none: epsilon")
