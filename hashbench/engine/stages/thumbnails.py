"""Images averaged down: what raw pixels and class means are compared by."""

from __future__ import annotations

import numpy as np
import torch

from hashbench.engine.stages.pixels import Loaded


def thumbnails(loaded: Loaded) -> np.ndarray:
    """(pool, D) float32 in [0, 1]: images averaged down to at most 32 px a side."""
    side = min(32, loaded.data.image_size)
    rows = []
    for start in range(0, len(loaded.pixels), 1024):
        batch = torch.from_numpy(np.array(loaded.pixels[start : start + 1024])).float() / 255
        rows.append(torch.nn.functional.adaptive_avg_pool2d(batch, side).flatten(1))
    small: np.ndarray = torch.cat(rows).numpy()
    return small
