"""The metered view of a hasher that attacks and aims get."""

from __future__ import annotations

from functools import partial

import torch

from hashbench.contracts.run import Precision
from hashbench.contracts.victim import Access, LabelledCodes, Victim
from hashbench.engine.machine.compiling import compiled
from hashbench.engine.machine.lowering import lowered
from hashbench.engine.stages.codes import CodesStage
from hashbench.engine.stages.hasher import HasherStage
from hashbench.engine.stages.stage import Given


def victim_of(given: Given, stage: HasherStage, access: Access, precision: Precision = "fp32", compiling: bool = False) -> Victim:
    """The view of a hasher in a precision, compiled or not; codes of its training split and its database are looked up when they
    are asked for."""
    device = given.machine.device

    def reference(split: str) -> LabelledCodes:
        data = given.get(stage.pixels).data
        rows = data.rows[split]
        codes, labels = torch.from_numpy(given.get(CodesStage(stage))[rows]), torch.from_numpy(data.labels[rows])
        return LabelledCodes(codes.to(device).float(), labels.to(device).float())

    hasher = lowered(given.get(stage).hasher, precision)
    known = {name: partial(reference, name) for name in ("train", "database")}
    return Victim(compiled(hasher) if compiling else hasher, access, known)
