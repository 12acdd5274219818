"""I-FGSM on the distance to a code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from hashbench.api import Iterative


@dataclass(frozen=True)
class IFGSM(Iterative):
    """100 sign steps of 1/255 towards the aim's code (the paper's DHTA + I-FGSM, Table 2)"""

    paper: ClassVar[str] = "https://arxiv.org/abs/1607.02533"
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {"quick": {"steps": 50}}
