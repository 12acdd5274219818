"""The engine: one hasher at a time, and no more in memory than allowed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import torch
from helpers import CPU, SPREAD, TINY, hashbench

from hashbench.api import Run
from hashbench.engine.engine import Engine
from hashbench.engine.machine.cache import Cache
from hashbench.engine.machine.context import Machine
from hashbench.engine.machine.memory import bytes_of
from hashbench.engine.stages.chain import STAGES
from hashbench.engine.stages.hasher import HasherStage
from hashbench.engine.stages.stage import Given, Stage, identity
from hashbench.engine.store.store import Store
from hashbench.typing import Facts


@dataclass(frozen=True)
class Sum(Stage[int]):
    """A number: its own and those it is made from."""

    name: ClassVar[str] = "sum"
    code: ClassVar[tuple[str, ...]] = ()
    own: int
    parts: tuple[Sum, ...] = ()

    def needs(self) -> Mapping[str, Stage[object]]:
        return {str(i): part for i, part in enumerate(self.parts)}

    def depends(self) -> Facts:
        return {"own": self.own}

    def make(self, draft: Path, given: Given, run: Run) -> None:
        (draft / "sum").write_text(str(self.own + sum(given.get(part) for part in self.parts)))
        torch.rand(3)

    def read(self, folder: Path, given: Given) -> int:
        torch.rand(3)
        return int((folder / "sum").read_text())


def test_each_node_is_made_once_and_equal_fields_are_one_node(tmp_path: Path) -> None:
    engine = Engine(Store(tmp_path), Machine(CPU))
    shared = Sum(1)
    top = Sum(10, (Sum(2, (shared,)), Sum(3, (shared,)), Sum(3, (Sum(1),))))
    assert [stage.own for stage in engine.missing([top])] == [1, 2, 3, 10]
    before = torch.get_rng_state()
    assert engine.get(top) == 10 + 3 + 4 + 4 and engine.store.made["sum"] == 4
    assert torch.equal(before, torch.get_rng_state()), "nothing that is made or read moves the global generator"
    assert engine.missing([top]) == [] and engine.missing([Sum(9, (top,))]) == [Sum(9, (top,))]
    assert identity(Sum(2, (shared,))) != identity(Sum(2)) != identity(Sum(1))
    assert Engine(Store(tmp_path), Machine(CPU)).get(top) == 21


def test_the_time_of_a_stage_is_its_own(tmp_path: Path) -> None:
    class Slow(Sum):
        def make(self, draft: Path, given: Given, run: Run) -> None:
            order.append(self.own)
            super().make(draft, given, run)

    order: list[int] = []
    Engine(Store(tmp_path), Machine(CPU)).get(Slow(2, (Slow(1),)))
    assert order == [1, 2], "what a stage needs is made before its own clock starts"


def test_the_least_recently_used_leave_and_the_last_one_stays() -> None:
    cache = Cache(100)
    for name, size in (("a", 40), ("b", 40)):
        cache[name] = np.zeros(size, dtype=np.uint8)
    assert len(cache["a"]) == 40  # type: ignore[arg-type]
    cache["c"] = np.zeros(40, dtype=np.uint8)
    assert "b" not in cache and "a" in cache and "c" in cache and cache.bytes == 80
    cache["d"] = torch.zeros(1000)
    assert list(cache.held) == ["d"]
    cache.drop("d")
    cache.drop("nothing")
    assert cache.bytes == 0


def test_sizes_count_tensors_and_arrays_wherever_they_are(tmp_path: Path) -> None:
    mapped = np.lib.format.open_memmap(tmp_path / "x.npy", mode="w+", dtype=np.uint8, shape=(1000,))
    assert bytes_of({"a": torch.zeros(10), "b": [np.zeros(3), (mapped, "text")], "c": torch.nn.Linear(3, 2)}) == 40 + 24 + 32


def test_a_run_holds_one_hasher_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[int] = []
    put = Cache.__setitem__

    def counted(self: Cache, key: object, value: object) -> None:
        put(self, key, value)  # type: ignore[arg-type]
        held.append(sum(isinstance(one, HasherStage) for one in self.held))

    monkeypatch.setattr(Cache, "__setitem__", counted)
    run = ["run", "--attack", "noise,ifgsm[steps=8]", *SPREAD, "--bits", "12,16", "--store", str(tmp_path / "store")]
    assert hashbench(*run, "--out", str(tmp_path / "one")).returncode == 0
    assert max(held) == 1
    assert hashbench(*run, "--transfer", "--memory", "1", "--out", str(tmp_path / "two")).returncode == 0
    assert max(held) == 1
    whole, small = ((tmp_path / name / "results.csv").read_text().splitlines() for name in ("one", "two"))
    assert len({line.split(",")[-3] for line in whole if ",lsh," in line and ",t_map," in line}) == 4, "two attacks, two lengths"
    own = {line for line in whole if "t_map_share_best_aim," not in line}
    assert own <= set(small), "a limit in memory changes no number"


def test_a_wrong_size_is_a_sentence(tmp_path: Path) -> None:
    done = hashbench("run", "--attack", "noise", *TINY, "--memory", "lots", "--out", str(tmp_path))
    assert done.returncode == 2 and "--memory is 'lots': give a size such as 4GB" in done.stderr


def test_the_chain_has_fourteen_kinds_of_stages_with_names_of_their_own() -> None:
    assert len(STAGES) == 14 and all(stage.code for stage in STAGES.values())
