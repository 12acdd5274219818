"""The zoo: what lies in the repository is what its cards say."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers import hashbench

import hashbench as hb
from hashbench.data.shapes import Shapes

ZOO = Path(__file__).parents[2] / "zoo"
NAMES = [f"shapes-{method}-convnet-{bits}" for method in ("dpsh", "dph", "hashnet") for bits in (16, 32)]


def test_every_hasher_is_there_with_its_command_and_small() -> None:
    index = json.loads((ZOO / "index.json").read_text())
    assert list(index) == NAMES
    assert sum(file.stat().st_size for file in ZOO.rglob("*") if file.is_file()) < 25e6
    listed = hashbench("zoo", "list")
    assert listed.returncode == 0, listed.stderr
    for name in NAMES:
        card = json.loads((ZOO / name / "hasher.json").read_text())
        assert name in listed.stdout and f"MAP {card['map']:.3f} [" in listed.stdout and card["card_sha256"] in listed.stdout
        assert index[name]["command"].startswith(f"hashbench hasher export {name} ")


def test_a_hasher_has_the_map_of_its_card() -> None:
    hasher, data = hb.load(NAMES[0]), Shapes().load(None, 32)
    card = json.loads((ZOO / NAMES[0] / "hasher.json").read_text())
    codes = {}
    for split in ("query", "database"):
        images = torch.from_numpy(np.stack([data.decode(row) for row in data.rows[split]]))
        with torch.no_grad():
            codes[split] = torch.cat([hasher(some.float() / 255) >= 0 for some in images.split(64)])
    ranked = hb.rank(codes["query"], data.split_labels("query"), codes["database"], data.split_labels("database"))
    assert ranked.table.set_index("metric").value["map"] == pytest.approx(card["map"], abs=2e-3)


def test_what_is_not_there_or_was_changed_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = ("--store", str(tmp_path / "store"))
    near = hashbench("run", "--attack", "noise", "--model", "zoo:shapes-dpsh-convnet-3", *store)
    assert near.returncode == 2 and "did you mean 'shapes-dpsh-convnet-32'" in near.stderr
    other = hashbench("plan", "--attack", "noise", "--model", f"zoo:{NAMES[1]}", "--bits", "16", *store)
    assert other.returncode == 2 and f"{NAMES[1]} has 32 bits, and --bits is 16: leave --bits out" in other.stderr
    assert hashbench("zoo", "get", NAMES[1], *store).returncode == 0
    shutil.copytree(ZOO, tmp_path / "zoo", ignore=shutil.ignore_patterns("*-16"))
    monkeypatch.setenv("HASHBENCH_ZOO", str(tmp_path / "zoo"))
    folder = tmp_path / "zoo" / NAMES[1]
    shutil.rmtree(folder)
    shutil.copytree(tmp_path / "zoo" / NAMES[3], folder)
    other = hashbench("zoo", "get", NAMES[1], *store)
    assert other.returncode == 2 and "is not the hasher that the zoo's index names" in other.stderr
    assert isinstance(hb.load(NAMES[1], store=tmp_path / "store"), torch.nn.Module)
    monkeypatch.setenv("HASHBENCH_ZOO", str(tmp_path))
    gone = hashbench("zoo", "list")
    assert gone.returncode == 2 and "set HASHBENCH_ZOO" in gone.stderr


def test_seeds_draw_other_queries_for_a_finished_hasher(tmp_path: Path) -> None:
    args = ["run", "--attack", "noise", "--model", f"zoo:{NAMES[0]}", "--dataset", "shapes[train=64,database=128,queries=40]"]
    done = hashbench(*args, "--queries", "8", "--seed", "3,4", "--benchmark", "targeted", "--out", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    cells = hb.read(tmp_path / "out").cells
    assert [cell.at.seed for cell in cells] == [3, 4]
    made = [cell.made for cell in cells if cell.made is not None]
    assert made[0].targets.sha256 != made[1].targets.sha256 and made[0].keys.hasher == made[1].keys.hasher
    assert made[0].codes == made[1].codes
    done = hashbench("submit", "out", "-o", "entry", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    done = hashbench("verify", "entry", "--store", "another", cwd=tmp_path)
    assert done.returncode == 0 and done.stdout.count("holds: ") == 2, done.stdout + done.stderr
