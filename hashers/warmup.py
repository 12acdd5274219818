"""A trunk from scratch first learns to classify: a hashing loss from a random start collapses."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hashbench.api import Run, Split, Trunk, epochs

from .augment import flip_and_shift


def warm_up(trunk: Trunk, data: Split, run: Run, count: int, rate: float, batch_size: int) -> None:
    """Train `trunk` in place, `count` epochs of AdamW, under a linear classifier of the labels, which is then dropped."""
    classifier = nn.Linear(trunk.width, data.labels.shape[1])
    model = nn.Sequential(trunk, classifier).to(run.device).train()
    labels = data.labels.to(run.device)
    optimiser = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=count * -(-len(data) // batch_size))
    for _, _, positions, images in epochs(
        data, count, batch_size, run, "warming up the trunk", model=model, optimiser=optimiser, schedule=schedule
    ):
        warm_up_step(model, optimiser, flip_and_shift(images, run.generator), labels[positions])
        schedule.step()


def warm_up_step(model: nn.Module, optimiser: torch.optim.Optimizer, images: Tensor, labels: Tensor) -> Tensor:
    """One step on the multi-label binary cross-entropy; returns the loss."""
    loss = F.binary_cross_entropy_with_logits(model(images), labels)
    optimiser.zero_grad(set_to_none=True)
    torch.autograd.backward(loss)
    optimiser.step()
    return loss.detach()
