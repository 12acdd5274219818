"""DHTA: steer to the majority code of images of the target (Bai et al., ECCV 2020)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from hashbench.api import Iterative, option


@dataclass(frozen=True)
class DHTA(Iterative):
    """Deep hashing targeted attack: annealed steps towards the anchor code of the target (ECCV 2020)"""

    paper: ClassVar[str] = "https://arxiv.org/abs/2004.07955"
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "quick": {"steps": 50},
        "published": {"steps": 2000, "rule": "raw", "step_size": 1.0, "anneal": "release"},
        "original": {"steps": 2000, "rule": "l2", "step_size": 1.0, "anneal": "release"},
    }
    anneal: Literal["none", "tenths", "release"] = option(
        "tenths",
        "alpha of tanh(alpha * logits): 1, or rising to 1 by tenths of the run, or by the release's absolute iterations",
    )
