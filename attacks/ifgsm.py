"""I-FGSM on the distance to a code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from hashbench.api import Iterative

from .published import ONE_START

_TABLE2 = {
    **ONE_START,
    "aim": "dhta[preset=published]",
    "steps": 100,
    "step_size": 1 / 255,
    "rule": "sign",
    "start": "image",
    "anneal": "none",
}


@dataclass(frozen=True)
class IFGSM(Iterative):
    """Sign steps of 1/255 towards the aim's code (the paper's DHTA + I-FGSM, Table 2)

    Preset `published`: as the paper has it, alpha 1. Preset `release`: at the alpha of the release's script, 0.1 in the first
    1,000 steps.
    """

    paper: ClassVar[str] = "https://arxiv.org/abs/1607.02533"
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "quick": {"steps": 50},
        "published": _TABLE2,
        "release": {**_TABLE2, "anneal": "release"},
    }
