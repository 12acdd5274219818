"""Hashers published and taken over: the same codes bit for bit, and nothing that was tampered with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from helpers import TINY, hashbench
from safetensors.torch import load_file, save_file

from hashbench.engine.engine import Engine
from hashbench.engine.machine.context import Machine
from hashbench.engine.planning.config import Config
from hashbench.engine.planning.plan import one_hasher
from hashbench.engine.publishing.card import seal
from hashbench.engine.publishing.imported import imported_hasher
from hashbench.engine.stages.codes import CodesStage
from hashbench.engine.stages.pixels import pixels_of
from hashbench.engine.store.store import Store
from hashbench.testing.small import CPU

OPTIONS = [*TINY, "--bits", "12"]


@pytest.fixture
def published(tmp_path: Path) -> Path:
    done = hashbench("hasher", "export", str(tmp_path / "pub" / "mine"), *OPTIONS, "--store", str(tmp_path / "a"))
    assert done.returncode == 0 and "card sha256" in done.stdout, done.stderr
    return tmp_path / "pub" / "mine"


def test_an_imported_hasher_has_the_same_codes_and_can_be_attacked(published: Path, tmp_path: Path) -> None:
    theirs = str(tmp_path / "b")
    done = hashbench("hasher", "import", str(published), "--name", "lab.1", "--store", theirs)
    assert done.returncode == 0 and "imported 'lab.1'" in done.stdout, done.stderr
    shown = hashbench("hasher", "show", "--store", theirs)
    assert "lab.1: dpsh on convnet, 12 bits, 32 px, trained on shapes: MAP 0." in shown.stdout
    config = Config((), (TINY[5],), backbones=(TINY[3],), bits=(12,), datasets=(TINY[1],))
    choice = one_hasher(config, pixels_of)
    taken = imported_hasher(published, choice.pixels.source, False, pixels_of)
    ours, others = (Engine(Store(tmp_path / name), Machine(CPU)) for name in "ab")
    assert (ours.get(CodesStage(choice)) == others.get(CodesStage(taken))).all()
    facts = others.get(taken).facts
    assert facts["trained_on_these_training_images"] is True and facts["code_differs"] is False
    images = torch.rand(4, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    assert torch.equal(ours.get(choice).hasher(images), others.get(taken).hasher(images))
    out = str(tmp_path / "out")
    done = hashbench("run", "--attack", "fgsm", "--imported", "lab.1", "--dataset", TINY[1], "--out", out, "--store", theirs)
    assert done.returncode == 0, done.stderr
    cells = [json.loads(file.read_text()) for file in (tmp_path / "out" / "cells").glob("*.json")]
    assert [cell["at"]["source"]["hasher"] for cell in cells] == ["dpsh@lab.1"] and cells[0]["made"]["hasher"][
        "imported"
    ] == "lab.1"
    assert hashbench("hasher", "import", str(published), "--name", "lab.1", "--store", theirs).returncode == 2


def tamper_weights(folder: Path) -> None:
    state = load_file(folder / "hasher.safetensors")
    state["head.bias"] = state["head.bias"] + 1
    save_file(state, folder / "hasher.safetensors")


def edit(folder: Path, sealed: bool, **changes: object) -> None:
    card = json.loads((folder / "hasher.json").read_text())
    card.pop("card_sha256") if sealed else None
    card |= changes
    (folder / "hasher.json").write_text(json.dumps(card | ({"card_sha256": seal(card)} if sealed else {})))


@pytest.mark.parametrize(
    ("tamper", "sentence"),
    [
        (tamper_weights, "hasher.safetensors is not the file its card names"),
        (lambda folder: edit(folder, False, map=0.99), "hasher.json was changed after it was written"),
        (lambda folder: edit(folder, True, bits=13), "do not fit dpsh on convnet"),
        (lambda folder: edit(folder, False, map=float("nan")), "hasher.json is not JSON: NaN is no number"),
        (lambda folder: edit(folder, True, data={}), "is no card of a hasher this version reads: data.name"),
        (lambda folder: edit(folder, True, backbone={"name": "convnet", "options": {"width": 30000}, "code": ""}), "do not fit"),
        (lambda folder: edit(folder, True, name="../up"), "is no card of a hasher this version reads: name"),
        (lambda folder: edit(folder, True, card_schema=99), "is no card of a hasher this version reads: card_schema"),
        (lambda folder: edit(folder, True, method={"name": "./evil.py:Evil", "options": {}, "code": ""}), "method.name"),
        (
            lambda folder: edit(folder, True, method={"name": "nosuch", "options": {}, "code": ""}),
            "'nosuch', which is not installed",
        ),
        (lambda folder: edit(folder, True, method={"name": "dpsh", "options": {"x": 1}, "code": ""}), "unknown option of dpsh 'x'"),
        (lambda folder: (folder / "hasher.json").write_text("{"), "hasher.json is not JSON"),
        (lambda folder: (folder / "hasher.json").write_text("[1]"), "holds no object"),
        (lambda folder: (folder / "hasher.safetensors").unlink(), "hasher.safetensors can't be read"),
    ],
)
def test_a_tampered_hasher_is_refused(published: Path, tmp_path: Path, tamper, sentence: str) -> None:
    tamper(published)
    done = hashbench("hasher", "import", str(published), "--store", str(tmp_path / "b"))
    assert done.returncode == 2 and sentence in done.stderr and done.stderr.count("\n") == 1, done.stderr
    assert not list((tmp_path / "b").glob("imported/*"))


def test_an_unknown_victim_is_a_sentence(tmp_path: Path) -> None:
    done = hashbench("run", "--attack", "fgsm", "--imported", "lab", "--store", str(tmp_path / "b"))
    assert done.returncode == 2 and "unknown imported hasher" in done.stderr


def test_two_victims_of_one_name_are_told_apart_or_refused(published: Path, tmp_path: Path) -> None:
    theirs = str(tmp_path / "b")
    for name in ("one", "two"):
        assert hashbench("hasher", "import", str(published), "--name", name, "--store", theirs).returncode == 0
    run = ["run", "--attack", "noise", "--dataset", TINY[1], "--store", theirs, "--out", str(tmp_path / "out"), "--imported"]
    done = hashbench(*run, "one,two")
    assert done.returncode == 0 and len(list((tmp_path / "out" / "cells").glob("*.json"))) == 2, done.stderr
    other = tmp_path / "pub2" / "mine"
    assert (
        hashbench(
            "hasher", "export", str(other), *TINY[:4], "--hasher", "dpsh[epochs=2]", "--bits", "12", "--store", str(tmp_path / "a")
        ).returncode
        == 0
    )
    done = hashbench(*run, f"{published},{other}")
    assert done.returncode == 2 and "two hashers of this run are called 'dpsh@mine-convnet-12'" in done.stderr
