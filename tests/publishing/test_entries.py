"""Entries: an honest one holds, and each of many dishonest ones is refused by its sentence."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from forgeries import DISHONEST, cell_of, edited
from helpers import TINY, hashbench
from safetensors.numpy import load_file, save_file

from hashbench.api import read_results

RUN = ("run", *TINY, "--attack", "fgsm,noise", "--bits", "8")


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """An entry and the store it was made from."""
    folder = tmp_path_factory.mktemp("packed")
    store = ("--store", str(folder / "store"))
    assert hashbench(*RUN, "--out", str(folder / "run"), "--report", "csv", *store).returncode == 0
    done = hashbench("submit", str(folder / "run"), "-o", str(folder / "entry"), *store)
    assert done.returncode == 0, done.stderr
    assert "2 cells" in done.stdout
    return folder / "entry", folder / "store"


def verified(entry: Path, folder: Path, *more: str) -> tuple[int, str]:
    done = hashbench("verify", str(entry), "--store", str(folder / "verifier"), *more)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout + done.stderr


def test_an_honest_entry_holds_and_the_leaderboard_tells_it_apart(packed: tuple[Path, Path], tmp_path: Path) -> None:
    entry, _ = packed
    images = sorted((entry / "images").glob("*/*.png"))
    assert len(images) == 16 and not list(entry.rglob("*.pkl"))
    code, said = verified(entry, tmp_path, "-o", str(tmp_path / "confirmed"))
    assert code == 0 and said.count("holds: ") == 2 and said.count(": verified\n") == 2, said
    sent, found = read_results(entry), read_results(tmp_path / "confirmed")
    assert {cell.checked for cell in sent.cells} == {"self-reported"} and {cell.checked for cell in found.cells} == {"verified"}
    for one, other in zip(sent.cells, found.cells, strict=True):
        kept = {row.metric: row for row in other.rows}
        assert kept and all(one.row(metric) == row for metric, row in kept.items())
        assert {"t_map", "map_attacked", "rms", "linf"} <= kept.keys() and not any(
            "aim" in name or "share" in name for name in kept
        )
    runs = [str(entry), str(tmp_path / "confirmed")]
    assert hashbench("leaderboard", *runs, "-o", str(tmp_path / "site")).returncode == 0
    index = (tmp_path / "site" / "index.html").read_text()
    assert "version 2, self-reported" in index and "version 2, verified" in index


def test_a_sample_is_drawn_by_the_targets(packed: tuple[Path, Path], tmp_path: Path) -> None:
    entry, store = packed
    some = tmp_path / "some"
    done = hashbench("submit", str(entry.parent / "run"), "-o", str(some), "--images", "3", "--store", str(store))
    assert done.returncode == 0, done.stderr
    code, said = verified(some, tmp_path)
    assert code == 0 and "verified on 3 of 8 images" in said
    folder = next((some / "images").iterdir())
    names = sorted(file.name for file in folder.iterdir())
    other = next(f"{i:06}.png" for i in range(8) if f"{i:06}.png" not in names)
    (folder / names[0]).rename(folder / other)
    code, said = verified(some, tmp_path)
    assert code == 1 and "where the draw of this entry wants 3" in said


@pytest.mark.parametrize("forge", DISHONEST, ids=lambda forge: forge.__name__)
def test_a_dishonest_entry_is_told(forge: Callable[[Path], None], packed: tuple[Path, Path], tmp_path: Path) -> None:
    entry = tmp_path / "entry"
    shutil.copytree(packed[0], entry)
    forge(entry)
    code, said = verified(entry, tmp_path, "-o", str(tmp_path / "confirmed"))
    assert code == 1 and DISHONEST[forge] in said, said
    assert "does not hold: fgsm on" in said and not (entry / "ran").exists()
    confirmed = tmp_path / "confirmed"
    assert not confirmed.exists() or all("fgsm" not in cell.at.attack for cell in read_results(confirmed).cells)


def test_what_a_verifier_did_not_compute_is_not_confirmed(packed: tuple[Path, Path], tmp_path: Path) -> None:
    entry = tmp_path / "entry"
    shutil.copytree(packed[0], entry)
    edited(cell_of(entry), lambda cell: cell["rows"].append({"metric": "T_map_share", "value": 3.0}))
    arrays = load_file(cell_of(entry).with_suffix(".safetensors"))
    honest = arrays["targeted/attacked/target/items"].copy()
    save_file(arrays | {"targeted/attacked/target/items": honest * 0, "extra": honest}, cell_of(entry).with_suffix(".safetensors"))
    assert verified(entry, tmp_path, "-o", str(tmp_path / "confirmed"))[0] == 0
    cell = next(cell for cell in read_results(tmp_path / "confirmed").cells if cell.at.attack == "fgsm")
    assert cell.row("T_map_share") is None and "extra" not in cell.arrays
    assert np.array_equal(cell.arrays["targeted/attacked/target/items"], honest)


def test_seeds_are_sent_one_by_one(tmp_path: Path) -> None:
    store = ("--store", str(tmp_path / "store"))
    run = (
        *RUN[:-4],
        "--attack",
        "noise",
        "--benchmark",
        "targeted",
        "--bits",
        "8",
        "--seed",
        "0,1",
        "--out",
        str(tmp_path / "run"),
    )
    assert hashbench(*run, *store).returncode == 0
    done = hashbench("submit", str(tmp_path / "run"), "-o", str(tmp_path / "entry"), *store)
    assert done.returncode == 2 and "several seeds: submit a run for each seed" in done.stderr and not (tmp_path / "entry").exists()


def test_what_a_run_did_not_measure_is_not_missed(tmp_path: Path) -> None:
    store = ("--store", str(tmp_path / "store"))
    run = (*RUN[:-4], "--attack", "noise", "--benchmark", "targeted", "--bits", "8", "--out", str(tmp_path / "run"))
    assert hashbench(*run, *store).returncode == 0
    assert hashbench("submit", str(tmp_path / "run"), "-o", str(tmp_path / "entry"), *store).returncode == 0
    code, said = verified(tmp_path / "entry", tmp_path, "-o", str(tmp_path / "confirmed"))
    assert code == 0 and "holds: " in said, said
    (cell,) = read_results(tmp_path / "confirmed").cells
    assert cell.value("t_map") is not None and cell.value("rms") is None


def test_targets_of_the_sender_s_own_are_told_apart(packed: tuple[Path, Path], tmp_path: Path) -> None:
    store = ("--store", str(packed[1]))
    assert hashbench("targets", "make", "--dataset", TINY[1], "--seed", "7", "-o", str(tmp_path / "own.json")).returncode == 0
    own = (*RUN, "--targets", str(tmp_path / "own.json"), "--out", str(tmp_path / "run"), "--report", "csv", *store)
    assert hashbench(*own).returncode == 0
    assert hashbench("submit", str(tmp_path / "run"), "-o", str(tmp_path / "entry"), *store).returncode == 0
    code, said = verified(tmp_path / "entry", tmp_path)
    assert code == 0 and said.count("verified on its sender's targets") == 2


def test_what_can_not_be_packed_or_is_no_entry(packed: tuple[Path, Path], tmp_path: Path) -> None:
    entry, store = packed
    run = str(entry.parent / "run")
    full = hashbench("submit", run, "-o", str(entry), "--store", str(store))
    assert full.returncode == 2 and "is not empty" in full.stderr
    gone = hashbench("submit", run, "-o", str(tmp_path / "e"), "--store", str(tmp_path / "other"))
    assert gone.returncode == 2 and "run the same command again, then submit" in gone.stderr
    none = hashbench("submit", str(tmp_path), "-o", str(tmp_path / "e"))
    assert none.returncode == 2 and "holds no finished run" in none.stderr
    assert verified(tmp_path, tmp_path)[0] == 2
    (tmp_path / "entry.json").write_text(
        '{"entry_schema": 1, "cells": {"../x": {"images": "../../x", "targets": "t", "hasher": ""}}}'
    )
    code, said = verified(tmp_path, tmp_path)
    assert code == 2 and "is no entry of hashbench submit" in said


def test_an_entry_of_a_network_that_only_its_owner_can_load(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "import torch\nfrom torch import nn\n\n\ndef load():\n    torch.manual_seed(SEED)\n"
        "    return nn.Sequential(nn.Flatten(), nn.Linear(3072, 16))\n".replace("SEED", "0")
    )
    model, store = f"{tmp_path / 'mine.py'}:load", ("--store", str(tmp_path / "store"))
    done = hashbench("run", "--model", model, "--dataset", TINY[1], "--attack", "fgsm", "--out", str(tmp_path / "run"), *store)
    assert done.returncode == 0, done.stderr
    assert hashbench("submit", str(tmp_path / "run"), "-o", str(tmp_path / "entry"), *store).returncode == 0
    code, said = verified(tmp_path / "entry", tmp_path)
    assert code == 1 and "give --model what loads it" in said
    assert verified(tmp_path / "entry", tmp_path, "--model", model)[0] == 0
    (tmp_path / "other.py").write_text((tmp_path / "mine.py").read_text().replace("seed(0)", "seed(1)"))
    assert verified(tmp_path / "entry", tmp_path, "--model", f"{tmp_path / 'other.py'}:load")[0] == 1
