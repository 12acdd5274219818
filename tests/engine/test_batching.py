"""Batch size `auto`: counted bytes against a budget."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from helpers import CPU, TINY, hashbench, linear_hasher
from torch import nn

from hashbench.engine.machine.batching import LARGEST, batch_that_fits


def test_the_bytes_an_image_keeps_are_counted_without_weights() -> None:
    hasher = linear_hasher(32)
    hasher.trunk.body = nn.Sequential(nn.Flatten(), nn.Linear(3 * 8 * 8, 3 * 8 * 8), nn.Tanh())
    kept = 4 * 3 * 8 * 8  # the tanh's output; linear layers with frozen weights keep nothing else
    assert batch_that_fits(hasher, 8, CPU, 64 * kept) == 64
    assert batch_that_fits(hasher, 8, CPU, 64 * kept - 1) == 32
    assert batch_that_fits(hasher, 8, CPU, 1) == 1
    assert batch_that_fits(hasher, 8, CPU, 1 << 40) == LARGEST


def test_a_gpu_is_filled_by_doubling_and_half_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    from hashbench.engine.machine import batching

    def once(hasher: object, images: torch.Tensor) -> None:
        if len(images) > 100:
            raise torch.OutOfMemoryError

    monkeypatch.setattr(batching, "_once", once)
    assert batching._doubled(linear_hasher(8), 8, CPU) == 64


def test_auto_is_a_number_in_the_results(tmp_path: Path) -> None:
    asked = ["--attack", "noise", *TINY, "--batch-size", "auto", "--memory", "1MB", "--store", str(tmp_path / "store")]
    assert hashbench("run", *asked, "--out", "out", cwd=tmp_path).returncode == 0
    (cell,) = (tmp_path / "out" / "cells").glob("*.json")
    size = json.loads(cell.read_text())["made"]["batch_size"]
    assert 1 <= size < LARGEST
    assert size & (size - 1) == 0


def test_another_word_is_refused_in_a_sentence(tmp_path: Path) -> None:
    done = hashbench("run", "--attack", "noise", *TINY, "--batch-size", "many", cwd=tmp_path)
    assert done.returncode == 2
    assert "--batch-size is 'many': give a whole number, or auto" in done.stderr
    assert "Traceback" not in done.stderr
