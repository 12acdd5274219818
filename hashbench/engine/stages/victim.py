"""The metered view of a hasher that attacks and aims get."""

from __future__ import annotations

from functools import partial

import torch

from hashbench.contracts.run import Precision
from hashbench.contracts.victim import Access, LabelledCodes, Victim
from hashbench.engine.machine.lowering import lowered
from hashbench.engine.stages.codes import CodesStage
from hashbench.engine.stages.hasher import HasherStage
from hashbench.engine.stages.stage import Given


def victim_of(given: Given, stage: HasherStage, access: Access, precision: Precision = "fp32") -> Victim:
    """The view of a hasher in a precision; codes of its training split and its database are looked up when they are asked for."""
    device = given.machine.device

    def reference(split: str) -> LabelledCodes:
        data = given.get(stage.pixels).data
        rows = data.rows[split]
        codes, labels = torch.from_numpy(given.get(CodesStage(stage))[rows]), torch.from_numpy(data.labels[rows])
        return LabelledCodes(codes.to(device).float(), labels.to(device).float())

    return Victim(
        lowered(given.get(stage).hasher, precision), access, {name: partial(reference, name) for name in ("train", "database")}
    )
