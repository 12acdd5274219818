"""What random searches have in common: an image is kept where its answer is better."""

from __future__ import annotations

import torch
from torch import Tensor

from hashbench.api import Hunt, Memory, by_image


def keep_better(kept: Memory, hunt: Hunt, tried: Tensor, asking: Tensor | None = None) -> Tensor:
    """Ask for images, all or those of a mask, and keep them as `point` and `score` where they are better; (B,) which were."""
    score = hunt.quest(tried, asking)
    better = hunt.quest.better(score, kept["score"]) & (score > -torch.inf)
    kept["point"] = by_image(better, tried, kept["point"])
    kept["score"] = torch.where(better, score, kept["score"])
    return better
