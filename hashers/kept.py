"""Features of a trunk that stays as it is: computed once, trained on many times."""

from __future__ import annotations

import torch

from hashbench.api import Features, Run, Split, Trunk


@torch.no_grad()
def kept_features(trunk: Trunk, data: Split, size: int, run: Run) -> Features:
    """What a trunk in evaluation mode makes of every image, `size` at a time."""
    trunk.eval()
    batches = run.track(data.batches(size, run.device), "keeping features", -(-len(data) // size))
    return Features(data, torch.cat([trunk(images) for _, images in batches]))
