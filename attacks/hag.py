"""HAG: away from the query's own code (Yang et al., IEEE TCYB 2020)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor

from hashbench.api import Iterative, option

from .published import ONE_START

MARGIN = 0.5


@dataclass(frozen=True)
class HAG(Iterative):
    """Hamming-space attack: bits that are not yet turned by a margin are driven from the query's own code (TCYB 2020)

    With h the own code, f the relaxed one and M the bits with f h > -0.5: (mean over M of f h + 1)^2 + beta (mean of f)^2.
    The mask is that of SAAT's version. Preset `published`: raw gradients of a rate of 100 (over 32, as every raw step here), 2,000
    steps, epsilon 10/255.
    """

    paper: ClassVar[str] = "https://doi.org/10.1109/TCYB.2018.2882908"
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "quick": {"steps": 50},
        "published": {
            **ONE_START,
            "aim": "own",
            "steps": 2000,
            "step_size": 100.0,
            "rule": "raw",
            "start": "image",
            "anneal": "release",
            "balance": 1.0,
            "expects": 10 / 255,
        },
    }
    aim: str = option("own", "the code to steer to: away from the query's own, or another aim with its options")
    anneal: Literal["none", "tenths", "release"] = option(
        "tenths", "alpha of tanh(alpha * logits): 1, or rising to 1 by tenths of the run, or by the release's absolute iterations"
    )
    balance: float = option(1.0, "beta: weight of the squared mean of all bits")

    def distance(self, logits: Tensor, codes: Tensor) -> Tensor:
        relaxed = torch.tanh(logits)
        agreement = relaxed * codes
        unturned = (agreement < MARGIN).to(logits.dtype)
        left = -(agreement * unturned).sum(1) / unturned.sum(1).clamp_min(1)
        settled = unturned.sum(1) == 0
        drive = torch.where(settled, torch.zeros_like(left), (left + 1).square())
        return drive + self.balance * relaxed.mean(1).square()
