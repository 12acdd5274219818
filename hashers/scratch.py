"""The base of our backbones: normalisation, and training from scratch by a warm-up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from hashbench.api import Backbone, Run, Split, Trunk, option

from .warmup import warm_up

IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
NONE = ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))


@dataclass(frozen=True)
class ScratchBackbone(Backbone):
    """A backbone that starts from random weights and warms up as a classifier of the training labels."""

    normalise: Literal["imagenet", "none"] = option(
        "imagenet", "pixel statistics taken off inside the network; none: as the ProS-GAN release"
    )
    warmup_epochs: int = option(12, "epochs of the classifier that a trunk from scratch learns first")
    warmup_rate: float = option(3e-3, "peak learning rate of the warm-up (AdamW, one cycle)")
    warmup_batch: int = option(64, "batch size of the warm-up")

    def statistics(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        return IMAGENET if self.normalise == "imagenet" else NONE

    def fit(self, trunk: Trunk, data: Split, run: Run) -> dict[str, Any]:
        warm_up(trunk, data, run, self.warmup_epochs, self.warmup_rate, self.warmup_batch)
        return {"weights": "from scratch", "warmup": f"{self.warmup_epochs} epochs as a classifier of the training labels"}
