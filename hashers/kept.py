"""Features of a trunk that stays as it is: computed once, trained on many times."""

from __future__ import annotations

import torch

from hashbench.api import Features, Run, Split, Trunk


@torch.no_grad()
def kept_features(trunk: Trunk, data: Split, run: Run) -> Features:
    """What a trunk in evaluation mode makes of every image."""
    trunk.eval()
    total = -(-len(data) // run.batch_size)
    batches = run.track(data.batches(run.batch_size, run.device), "keeping features", total)
    return Features(data, torch.cat([trunk(images) for _, images in batches]))
