"""DSH: deep supervised hashing (Liu et al., CVPR 2016)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch

from hashbench.api import HashingMethod, epochs, option


def dsh_loss(logits, similar, weight):
    """A contrast of pairs, and `weight` times how far logits are from -1 and +1; `logits` (B, K), `similar` (B, B) of 0/1.

    The mean over pairs of half the squared distance d of similar ones, half of max(0, 2K - d) of the others (equation 4).
    """
    apart = (logits[:, None] - logits[None]).square().sum(2)
    far = (2 * logits.shape[1] - apart).clamp_min(0)
    pairs = torch.where(similar > 0, apart, far).mean() / 2
    return pairs + weight * (logits.abs() - 1).abs().sum(1).mean()


@dataclass(frozen=True)
class DSH(HashingMethod):
    """Deep supervised hashing: similar images' outputs are drawn together, others' pushed apart up to a margin (CVPR 2016)"""

    paper: ClassVar[str] = "https://openaccess.thecvf.com/content_cvpr_2016/html/Liu_Deep_Supervised_Hashing_CVPR_2016_paper.html"
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {"quick": {"epochs": 6, "rate": 1e-4}}
    epochs: int = option(100, "passes over the training split")
    batch_size: int = option(64, "images a step, compared with each other")
    rate: float = option(1e-5, "learning rate of AdamW")
    quantisation: float = option(0.01, "weight of the distance to -1 and +1")

    def fit(self, hasher, data, run):
        hasher.to(run.device).train()
        labels = data.labels.to(run.device)
        optimiser = torch.optim.AdamW(hasher.parameters(), lr=self.rate)
        parts = {"hasher": hasher, "optimiser": optimiser}  # kept on disk, so that a killed training goes on
        for _, _, positions, images in epochs(data, self.epochs, self.batch_size, run, "training DSH", **parts):
            loss = dsh_loss(hasher(images), labels[positions] @ labels[positions].T, self.quantisation)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
        return {"training": f"{self.epochs} epochs of AdamW"}
