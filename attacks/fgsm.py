"""FGSM on the distance to a code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from hashbench.api import Iterative, option

from .published import ONE_START

_TABLE2 = {
    **ONE_START,
    "aim": "dhta[preset=published]",
    "steps": 1,
    "step_size": None,
    "rule": "sign",
    "start": "image",
    "anneal": "none",
}


@dataclass(frozen=True)
class FGSM(Iterative):
    """One sign step of the whole budget towards the aim's code (the paper's DHTA + FGSM, Table 2)

    Preset `published`: as the paper has it, alpha 1. Preset `release`: at the alpha of the release's script, 0.1 in the first
    1,000 steps.
    """

    paper: ClassVar[str] = "https://arxiv.org/abs/1412.6572"
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {"published": _TABLE2, "release": {**_TABLE2, "anneal": "release"}}
    steps: int = option(1, "iterations")
    step_size: float | None = option(None, "length of a step in pixel values (sign), or its factor (l2, raw); none: epsilon")
