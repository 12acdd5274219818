"""The store: nothing twice, nothing half, damage noticed."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from hashbench.api import Budget
from hashbench.engine.stages.enforce import enforce
from hashbench.engine.store.store import Store
from hashbench.protocols.protocol import PROTOCOLS


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
