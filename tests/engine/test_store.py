"""The store: nothing twice, nothing half, damage noticed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from hashbench.api import Budget
from hashbench.engine.enforce import enforce
from hashbench.engine.sources import draw_labels
from hashbench.engine.store import Store
from hashbench.errors import BadData
from hashbench.protocol import PROTOCOLS


def write(text: str):
    return lambda folder: (folder / "product.txt").write_text(text)


def test_a_product_is_made_once_and_again_where_its_key_differs(tmp_path: Path) -> None:
    store = Store(tmp_path)
    first = store.product("stage", {"a": 1}, write("one"))
    assert store.product("stage", {"a": 1}, write("two")) == first and (first / "product.txt").read_text() == "one"
    assert Store(tmp_path).product("stage", {"a": 1}, write("two")) == first
    assert store.product("stage", {"a": 2}, write("two")) != first and store.made["stage"] == 2


def test_killed_work_leaves_nothing(tmp_path: Path) -> None:
    def die(folder: Path) -> None:
        write("half")(folder)
        raise KeyboardInterrupt

    store = Store(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        store.product("stage", {}, die)
    assert not list((tmp_path / "tmp").iterdir())
    assert (store.product("stage", {}, write("whole")) / "product.txt").read_text() == "whole"


def test_damage_is_noticed_and_mended(tmp_path: Path) -> None:
    path = Store(tmp_path).product("stage", {}, write("one"))
    (path / "product.txt").write_text("bad")
    assert (Store(tmp_path).product("stage", {}, write("one")) / "product.txt").read_text() == "one"


def test_enforcement_is_exact_on_8_bit_levels() -> None:
    rng = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (2, 3, 8, 8), generator=rng).float() / 255
    wild = torch.rand(images.shape, generator=rng) * 3 - 1
    scored = enforce(wild, images, Budget(8 / 255), PROTOCOLS["harmonised"])
    assert scored.dtype == torch.uint8
    assert (scored.int() - (images * 255).round().int()).abs().max() == 8
    free = enforce(wild, images, Budget(8 / 255), PROTOCOLS["published"])
    assert torch.equal(free, wild.clamp(0, 1))


class FakeData:
    def __init__(self, database: list[list[int]], queries: list[list[int]]) -> None:
        self.labels = {"database": np.array(database, dtype=np.uint8), "query": np.array(queries, dtype=np.uint8)}

    def split_labels(self, split: str) -> np.ndarray:
        return self.labels[split]


def test_targets_follow_the_protocol() -> None:
    database = [[1, 0, 0]] * 12 + [[0, 1, 0]] * 12 + [[0, 1, 1]] * 11 + [[0, 0, 1]] * 3 + [[0, 0, 0]] * 20
    data, picked = FakeData(database, [[1, 0, 0]] * 400), np.arange(400)
    targets, facts = draw_labels(data, picked, PROTOCOLS["harmonised"], 0)  # type: ignore[arg-type]
    found, counts = np.unique(targets, axis=0, return_counts=True)
    assert found.tolist() == [[0, 1, 0], [0, 1, 1]] and counts.min() > 150
    assert facts["overlap"] == 0 and facts["min_images"] == 10
    every, _ = draw_labels(data, picked, PROTOCOLS["published"], 0)  # type: ignore[arg-type]
    assert len(np.unique(every, axis=0)) == 5
    again, _ = draw_labels(data, picked[100:], PROTOCOLS["harmonised"], 0)  # type: ignore[arg-type]
    assert np.array_equal(again, targets[100:])


def test_pool_shrinks_only_as_far_as_needed_and_no_target_is_a_sentence() -> None:
    data = FakeData([[1, 0]] * 20 + [[0, 1]] * 4, [[1, 0]])
    targets, facts = draw_labels(data, np.arange(1), PROTOCOLS["harmonised"], 0)  # type: ignore[arg-type]
    assert targets.tolist() == [[0, 1]] and facts["min_images"] == 4
    with pytest.raises(BadData, match=r"query 0 .* no possible target"):
        draw_labels(FakeData([[1, 0]] * 20, [[1, 0]]), np.arange(1), PROTOCOLS["harmonised"], 0)  # type: ignore[arg-type]
