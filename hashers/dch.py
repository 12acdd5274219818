"""DCH: deep Cauchy hashing (Cao et al., CVPR 2018)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from hashbench.api import option

from .training import Batch, Kept, TrainedMethod


def cosine_distance(left: Tensor, right: Tensor) -> Tensor:
    """(K / 2)(1 - cos), the Hamming distance where both are codes; (..., K) each."""
    return left.shape[-1] / 2 * (1 - F.cosine_similarity(left, right, dim=-1))


def dch_loss(outputs: Tensor, similar: Tensor, gamma: float, quantisation: float) -> Tensor:
    """Mean over ordered pairs i != j of w (s log(d / gamma) + log(1 + gamma / d)), and `quantisation` times that of the outputs.

    `outputs` u (B, K) in (-1, 1); `similar` s (B, B) of 0/1; d the cosine distance; w = |all| / |similar| or |all| / |dissimilar|.
    The second term is the mean of log(1 + d(|u|, 1) / gamma).
    """
    apart = cosine_distance(outputs[:, None], outputs[None]).clamp_min(1e-6)
    pairs = 1 - torch.eye(len(outputs), dtype=outputs.dtype, device=outputs.device)
    alike, unlike = similar * pairs, (1 - similar) * pairs
    near = (alike * torch.log1p(apart / gamma)).sum() / alike.sum().clamp_min(1)  # log(d / gamma) + log(1 + gamma / d)
    far = (unlike * torch.log1p(gamma / apart)).sum() / unlike.sum().clamp_min(1)
    ones = torch.ones_like(outputs)
    return near + far + quantisation * torch.log1p(cosine_distance(outputs.abs(), ones) / gamma).mean()


@dataclass(frozen=True)
class DCH(TrainedMethod):
    """Deep Cauchy hashing: a pair's likelihood falls with distance as Cauchy's does, which draws similar codes close (CVPR 2018)"""

    paper: ClassVar[str] = "https://openaccess.thecvf.com/content_cvpr_2018/html/Cao_Deep_Cauchy_Hashing_CVPR_2018_paper.html"
    batch_size: int = option(128, "images a step, compared with each other")
    optimiser: Literal["sgd", "adam", "adamw", "rmsprop"] = option("rmsprop", "plain SGD without momentum, Adam, AdamW, or RMSprop")
    rate: float = option(1e-5, "learning rate of the hash layer")
    trunk_rate: float = option(
        1.0, "learning rate of the trunk, as a share of the hash layer's; 0: it stays, and its features are kept"
    )
    gamma: float = option(20.0, "the distance at which a pair is as likely similar as not")
    quantisation: float = option(0.1, "weight of the outputs' distance to -1 and +1")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.gamma <= 0:
            raise ValueError(f"gamma is {self.gamma:g}: give more than 0.")

    def batch_loss(self, batch: Batch, kept: Kept, labels: Tensor) -> Tensor:
        similar = (batch.labels @ batch.labels.T > 0).to(batch.logits.dtype)
        return dch_loss(batch.outputs, similar, self.gamma, self.quantisation)
