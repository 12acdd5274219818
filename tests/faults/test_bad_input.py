"""Bad input of many kinds: one sentence that says what to do, and nothing is lost."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers import TINY, hashbench
from torch import nn

import hashbench as hb
from hashbench.engine.store.inventory import unneeded

PLUGINS = """
from dataclasses import dataclass

from hashbench.api import Attack, Report

class Plain:
    pass

@dataclass(frozen=True)
class Bare:
    steps: int = 1

@dataclass(frozen=True)
class Still(Attack):
    \"\"\"Nothing\"\"\"
    def perturb(self, victim, state, images, goal, codes, budget, run):
        return images

class Undecorated(Attack):
    \"\"\"Nothing\"\"\"
    steps: int = 1
    def perturb(self, victim, state, images, goal, codes, budget, run):
        return images

@dataclass(frozen=True)
class Breaks(Report):
    \"\"\"A report with a mistake\"\"\"
    def render(self, results, out):
        return [1 / 0]
"""


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ("run --attack ./mine.py:Bare", "./mine.py:Bare is no plugin"),
        ("run --attack noise --hasher ./mine.py:Still", "is one of the attacks, and stands where one of the hashers does"),
        ("run --attack noise --dataset ./mine.py:Still", "stands where one of the datasets does"),
        ("run --attack noise --backbone ./mine.py:Still", "stands where one of the backbones does"),
        ("run --attack noise --report ./mine.py:Still", "stands where one of the reports does"),
        ("run --attack noise --dataset shapes[seed=-1]", "give a seed of 0 or more"),
        ("data check cifar10[seed=-1] --data .", "give a seed of 0 or more"),
        ("run --attack noise --epsilon 1e400", "write a number or a fraction"),
        ("run --attack noise --epsilon nan", "write a number or a fraction"),
        ("run --attack noise --cell-timeout inf", "--cell-timeout is inf"),
        ("run --attack noise --checkpoint-every nan", "give 0 or more"),
        ("show attacks ./mine.py:Plain", "is no plugin"),
        ("show attacks ./mine.py:Undecorated", "is not a dataclass"),
        ("bench --batch-size 0", "--batch-size is 0: give at least 1"),
        ("bench --bits -1", "--bits is -1: give at least 1"),
        ("bench -o mine.py/x.json", "mine.py can't be a folder"),
        ("hasher export mine.py/x", "mine.py/x can't be a folder"),
        (
            "rank --query-codes cut.npz --query-labels l.txt --database-codes cut.npz --database-labels l.txt",
            "can't be read as an array",
        ),
        ("rank --query-codes c.npy --query-labels odd.txt --database-codes c.npy --database-labels odd.txt", "odd.txt:1"),
    ],
)
def test_a_sentence(args: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(PLUGINS)
    np.savez(tmp_path / "whole.npz", codes=np.ones((9, 8)))
    (tmp_path / "cut.npz").write_bytes((tmp_path / "whole.npz").read_bytes()[:300])
    np.save(tmp_path / "c.npy", np.ones((2, 8)))
    (tmp_path / "l.txt").write_text("0 1\n" * 9)
    (tmp_path / "odd.txt").write_text("²\n99999999999999999999999\n")
    done = hashbench(*args.split(), cwd=tmp_path)
    assert done.returncode == 2 and says in " ".join(done.stderr.split()), done.stderr


def test_a_report_that_fails_costs_no_other_and_not_the_results(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(PLUGINS)
    args = ["run", "--attack", "noise", *TINY, "--report", "./mine.py:Breaks,csv", "--out", "out", "--store", "store"]
    done = hashbench(*args, cwd=tmp_path)
    assert done.returncode == 2 and "the report ./mine.py:Breaks failed (ZeroDivisionError: division by zero)" in done.stderr
    assert (tmp_path / "out" / "tables" / "cells.csv").is_file() and (tmp_path / "out" / "run.json").is_file()


def test_verify_writes_over_nothing(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "run.json").write_text("{}")
    done = hashbench("verify", "entry", "-o", "mine", cwd=tmp_path)
    assert done.returncode == 2 and "mine is not empty: give another folder" in done.stderr


def test_what_a_store_did_not_make_is_left_alone(tmp_path: Path) -> None:
    ours = [tmp_path / "damaged" / f"codes-{'0' * 20}-17", tmp_path / "partial" / f"fitted-attack-{'0' * 20}"]
    others = [tmp_path / "damaged" / "photos", tmp_path / "partial" / "thesis"]
    for folder in (*ours, *others):
        folder.mkdir(parents=True)
        os.utime(folder, (0, 0))
    assert [path for path, _ in unneeded(tmp_path, 1.0)] == ours


def test_images_without_codes_are_told() -> None:
    class Odd(nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            out = images.flatten(1)[:, :8] - 0.5
            return torch.where(images.mean((1, 2, 3), keepdim=False)[:, None] > 0.9, torch.nan, out)

    images, labels = torch.rand(6, 3, 8, 8) / 2, torch.eye(2)[[0, 1] * 3]
    given = {"target_labels": labels[:2], "database": (torch.ones(6, 3, 8, 8), labels)}
    with pytest.raises(hb.UserError, match="not finite on some images"):
        hb.attack(Odd(), images[:2], "dhta[steps=2]", **given)


def test_codes_straight_from_a_network_and_labels_that_are_classes() -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(3 * 8 * 8, 8))
    images, labels = torch.rand(6, 3, 8, 8), torch.eye(2)[[0, 1] * 3]
    for codes in (network(images).sign(), network(images).sign().bfloat16()):
        made = hb.attack(network, images[:2], "dhta[steps=2]", target_labels=labels[:2], database=(codes, labels))
        assert made.shape == (2, 3, 8, 8)
    numbers = torch.arange(6)[:, None]
    for given in ({"target_labels": labels[:2], "database": (codes, 2 * labels - 1)}, {"target_labels": numbers[:2]}):
        with pytest.raises(hb.UserError, match="labels other than 0 and 1"):
            hb.attack(network, images[:2], "ifgsm[aim=centre,steps=2]", **({"database": (codes, numbers)} | given))


def test_lists_none_of_whose_lines_are_sound_do_not_hide_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"")
    for split, label in (("train", "0 1 0"), ("database", "0 1 0"), ("test", "7,8,9")):
        (tmp_path / f"{split}_img.txt").write_text("a.png\n")
        (tmp_path / f"{split}_label.txt").write_text(f"{label}\n")
    done = hashbench("data", "check", "lists", "--data", ".", cwd=tmp_path)
    assert done.returncode == 1 and "test_label.txt:1" in done.stdout + done.stderr


@pytest.mark.parametrize("given", [{"seeds": []}, {"epsilon": []}, {"protocols": []}, {"dataset": []}])
def test_empty_lists_are_nothing_to_run(given: dict[str, object]) -> None:
    with pytest.raises(hb.UserError, match="nothing to run"):
        hb.run("noise", **{"dataset": TINY[1], **given}, progress=False)


def test_target_files_edited_by_hand(tmp_path: Path) -> None:
    assert hashbench("targets", "make", *TINY[:2], "-o", "t.json", cwd=tmp_path).returncode == 0
    content = json.loads((tmp_path / "t.json").read_text())
    for changed, code, says in (
        ({"facts": {"overlap": float("nan")}}, 2, "NaN is no number"),
        ({"facts": {}}, 0, ""),
        ({"rule": {**content["rule"], "targets": "x"}}, 2, "has a rule that no protocol has"),
    ):
        (tmp_path / "u.json").write_text(json.dumps(content | changed))
        done = hashbench("targets", "show", "u.json", *TINY[:2], cwd=tmp_path)
        assert done.returncode == code and says in done.stderr, done.stderr
