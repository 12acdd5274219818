"""HSWD: hash-wise Wasserstein distance, for any hashing method (Doan et al., CVPR 2022)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from hashbench.api import Run, Split, TrunkHasher, option

from .training import Batch
from .wrapping import Wrapping


def wasserstein(outputs: Tensor, drawn: Tensor) -> Tensor:
    """Mean over bits of the squared Wasserstein distance between the batch's outputs (B, K) and as many draws (B, K)."""
    return (outputs.sort(0).values - drawn.sort(0).values).square().mean()


@dataclass(frozen=True)
class HSWD(Wrapping):
    """Another method's loss, and the Wasserstein distance of each bit's outputs to fair coins (CVPR 2022)"""

    paper: ClassVar[str] = (
        "https://openaccess.thecvf.com/content/CVPR2022/html/"
        "Doan_One_Loss_for_Quantization_Deep_Hashing_With_Discrete_Wasserstein_Distributional_CVPR_2022_paper.html"
    )
    weight: float = option(0.1, "of the distance")

    @property
    def keeps_features(self) -> bool:
        return self.trained.keeps_features

    def fit(self, hasher: TrunkHasher, data: Split, run: Run) -> dict[str, Any]:
        def also(batch: Batch) -> Tensor:
            drawn = torch.randint(0, 2, batch.logits.shape, generator=run.generator).to(batch.logits) * 2 - 1
            return self.weight * wasserstein(batch.outputs, drawn)

        return self.trained.fit_with(hasher, data, run, also)
