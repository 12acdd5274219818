"""DHTA: steer to the majority code of images of the target (Bai et al., ECCV 2020)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from hashbench.api import Iterative, option

from .published import ONE_START

RELEASE = {**ONE_START, "steps": 2000, "step_size": 1.0, "rule": "raw", "start": "image", "anneal": "release"}
"""The optimisation of the ProS-GAN release, but for its aim."""


@dataclass(frozen=True)
class DHTA(Iterative):
    """Deep hashing targeted attack: annealed steps towards the anchor code of the target (ECCV 2020)

    Preset `published`: the ProS-GAN release. Preset `original`: the authors' own, which steps by 1.0 and bounds by 0.032 in
    ImageNet-normalised units; with a mean standard deviation of 0.226 that is this step, and an epsilon of 0.00723.
    """

    paper: ClassVar[str] = "https://arxiv.org/abs/2004.07955"
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "quick": {"steps": 50},
        "published": RELEASE | {"aim": "dhta[preset=published]"},
        "original": RELEASE | {"aim": "dhta[preset=original]", "rule": "l2", "step_size": 0.226, "expects": 0.00723},
    }
    anneal: Literal["none", "tenths", "release"] = option(
        "tenths",
        "alpha of tanh(alpha * logits): 1, or rising to 1 by tenths of the run, or by the release's absolute iterations",
    )
