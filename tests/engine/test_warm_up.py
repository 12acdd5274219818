"""Before the timed batches an attack makes one untimed, of the same shape and in few steps."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers import TINY
from torch import nn

import hashbench as hb
from hashbench.contracts.descent import Descent, Memory, Task


def test_a_batch_is_tried_in_few_steps_before_the_timed_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[list[int]] = []
    descend = Descent.descend

    def counted(self: Descent, task: Task) -> object:
        calls.append([len(task.images), 0])
        begin = type(self).step

        def step(attack: Descent, kept: Memory, task: Task, step: int) -> None:
            calls[-1][1] += 1
            begin(attack, kept, task, step)

        with monkeypatch.context() as patch:
            patch.setattr(type(self), "step", step)
            return descend(self, task)

    monkeypatch.setattr(Descent, "descend", counted)
    network = nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 16))
    asked = {"models": network, "dataset": TINY[1], "batch_size": 4, "store": tmp_path, "progress": False}
    (cell,) = hb.run("ifgsm[steps=12]", **asked).cells
    assert calls == [[4, 3], [1, 12], [4, 12], [4, 12]], "a batch, one image without a budget, then the queries"
    assert cell.value("backwards_per_image") == 12
