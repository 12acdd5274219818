"""The attacked queries, batch by batch."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from hashbench.contracts.goal import Goal
from hashbench.contracts.split import Split
from hashbench.engine.stages.stage import Given
from hashbench.engine.stages.targets import TargetsStage


def query_batches(given: Given, stage: TargetsStage, first: int = 0) -> Iterator[tuple[Tensor, Goal]]:
    """Images and goals of the attacked queries on the device, from the batch `first`."""
    loaded, targets = given.get(stage.pixels), given.get(stage)
    size, device = given.machine.batch_size, given.machine.device
    start = first * size
    if start >= len(targets.queries):
        return
    split = Split(loaded.data.name, loaded.pixels, loaded.data.labels, loaded.data.rows["query"][targets.queries[start:]])
    target_labels = torch.from_numpy(targets.labels[start:]).float()
    indices = [int(index) for index in targets.queries[start:]]
    begin = 0
    for _, images in split.batches(size, device):
        end = begin + len(images)
        own, wanted = (labels[begin:end].to(device) for labels in (split.labels, target_labels))
        yield images, Goal(own, wanted, tuple(indices[begin:end]))
        begin = end
