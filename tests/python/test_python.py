"""hashbench from Python: what the command line does, in a program or a notebook."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from helpers import TINY, hashbench, linear_hasher, small_split
from torch import nn

import hashbench as hb
from hashbench.engine.models.foreign import Live, foreign

DATA = TINY[1]


def test_import_is_light_and_names_are_there() -> None:
    code = "import hashbench, sys; assert not {'torch', 'pandas', 'numpy'} & set(sys.modules); assert 'attack' in dir(hashbench)"
    assert subprocess.run([sys.executable, "-W", "error", "-c", code], check=False).returncode == 0
    heavy = "{'torchvision', 'torch._dynamo', 'torchmetrics', 'matplotlib'}"  # each takes as long as torch itself, or half of it
    code = f"import hashbench.api, hashbench.python.running, sys; assert not {heavy} & set(sys.modules), {heavy} & set(sys.modules)"
    assert subprocess.run([sys.executable, "-W", "error", "-c", code], check=False).returncode == 0
    assert all(getattr(hb, name) is not None for name in hb.__all__)
    with pytest.raises(AttributeError, match="no attribute 'rum'"):
        _ = hb.rum


def test_run_is_the_command(tmp_path: Path) -> None:
    asked = {"attacks": ["noise", "dhta[steps=3]"], "hashers": TINY[5], "backbones": TINY[3], "dataset": DATA, "bits": [8, 12]}
    results = hb.run(**asked, transfer=True, store=tmp_path / "store", out=tmp_path / "python", progress=False)
    command = ("--attack", "noise,dhta[steps=3]", "--bits", "8,12", "--transfer", "--store", str(tmp_path / "store"))
    assert hashbench("run", *TINY, *command, "--out", str(tmp_path / "shell")).returncode == 0
    for name in ("results.csv", "transfer.csv", "differences.csv"):
        assert (tmp_path / "python" / name).read_bytes() == (tmp_path / "shell" / name).read_bytes()
    assert results.table.equals(hb.read(tmp_path / "shell").table)
    assert "t_map" in results.summary and "noise" in results._repr_html_() and results.failures.empty
    said = json.loads((tmp_path / "python" / "run.json").read_text())["command"]
    assert said.startswith("hashbench.run(attacks=['noise', 'dhta[steps=3]'], hashers='dpsh[") and "bits=[8, 12]" in said
    assert str(tmp_path) not in said and "epsilon" not in said
    flagged = [bool(cell.flags) for cell in results.cells]
    assert any(flagged) and results.summary["flags"].notna().tolist() == flagged
    plot = results.plot("bars")
    assert "<svg" in plot._repr_html_() and "95 % intervals" in plot.caption
    page = results.report(tmp_path / "page.html")
    assert "<!doctype html>" in page.read_text().lower()
    with pytest.raises(hb.UserError, match=r"end it in \.html"):
        results.report(tmp_path / "page.pdf")
    with pytest.raises(hb.UserError, match="did you mean 'bars'"):
        results.plot("bar")
    again = hb.run(**asked, transfer=True, store=tmp_path / "store", progress=False)
    assert again.table.equals(results.table)


def test_a_module_of_the_program(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 16))
    results = hb.run("fgsm", models={"linear": network}, dataset=DATA, queries=4, store=tmp_path, progress=False)
    assert {cell.at.target.label for cell in results.cells} == {"linear-Sequential-16"} and len(results.summary) == 1

    class Blind(nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return (images.mean((2, 3)) > 0.5).float() - 0.5

    with pytest.warns(UserWarning, match="skipped: fgsm on module-Blind-3"):
        results = hb.run(["noise", "fgsm"], models=Blind(), dataset=DATA, store=tmp_path, progress=False)
    assert list(results.failures.attack) == ["fgsm"]
    with pytest.raises(hb.UserError, match="models is empty"):
        hb.run("fgsm", models={}, dataset=DATA, store=tmp_path, progress=False)
    with pytest.raises(hb.UserError, match="a mapping of names to modules"):
        hb.run("fgsm", models=[network], dataset=DATA, store=tmp_path, progress=False)
    with pytest.raises(hb.UserError, match="did you mean 'fgsm'"):
        hb.run("fgs", dataset=DATA, store=tmp_path, progress=False)
    with pytest.raises(hb.UserError, match="norm l2 bounds the length of an image's change"):
        hb.run("fgsm", dataset=DATA, norm="l2", store=tmp_path, progress=False)
    with pytest.raises(hb.UserError, match="norm='l2' bounds the length of an image's change"):
        hb.attack(network, torch.zeros(1, 3, 32, 32), attack="ifgsm", norm="l2", progress=False)
    with pytest.raises(hb.UserError, match="queries is 'many'"):
        hb.run("fgsm", dataset=DATA, queries="many", store=tmp_path, progress=False)


def test_a_module_stays_as_it_is_and_is_known_by_what_it_does(tmp_path: Path) -> None:
    class Shifted(nn.Module):
        def __init__(self, shift: float) -> None:
            super().__init__()
            self.shift = shift
            self.layer = nn.Linear(3 * 16 * 16, 8)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return self.layer(nn.functional.avg_pool2d(images, 2).flatten(1) - self.shift)

    torch.manual_seed(0)
    half, none = Shifted(0.5), Shifted(0.0)
    none.load_state_dict(half.state_dict())
    scores = {}
    for name, network in (("half", half), ("none", none), ("again", half)):
        found = hb.run("fgsm", models=network, dataset=DATA, queries=8, store=tmp_path, progress=False)
        scores[name] = float(found.summary.map_clean.iloc[0])
        assert {flag.flag for flag in found.cells[0].flags} >= {"training-mode"}
    assert scores["half"] != scores["none"] and scores["again"] == scores["half"]
    images = torch.randint(0, 256, (2, 3, 32, 32), dtype=torch.uint8)
    hb.attack(half, images, "noise")
    assert half.training and all(parameter.requires_grad for parameter in half.parameters())
    negated = Shifted(0.5)
    negated.load_state_dict(half.state_dict())
    negated.layer.register_forward_hook(lambda module, given, made: -made)
    contents = {foreign(Live(network), 32).content for network in (half, none, negated)}
    assert len(contents) == 3 and foreign(Live(half), 32).content in contents


def test_attack_reaches_the_code_of_a_linear_hasher() -> None:
    hasher, split = linear_hasher(side=8), small_split(side=8)
    images = (split.images(np.arange(4), torch.device("cpu")) * 255).round().to(torch.uint8)
    codes = torch.where(hasher(split.images(np.arange(24), torch.device("cpu"))) >= 0, 1, -1)
    target = split.labels[:4].roll(1, dims=1)
    made = hb.attack(hasher, images, "p2p[steps=50]", target_labels=target, database=(codes, split.labels), epsilon=0.5)
    assert made.dtype == torch.uint8 and made.shape == images.shape
    assert int((made.int() - images.int()).abs().max()) <= 127
    reached = torch.where(hasher(made.float() / 255) >= 0, 1, -1)
    held = [codes[(split.labels @ label) > 0] for label in target]
    assert all(any(torch.equal(code, one) for one in some) for code, some in zip(reached, held, strict=True))
    floats = hb.attack(
        hasher, images.float() / 255, "p2p[steps=50]", target_labels=target, database=(codes, split.labels), epsilon=0.5
    )
    assert torch.equal((floats * 255).round().to(torch.uint8), made)
    whole = (torch.as_tensor(split._pixels), split.labels)
    assert torch.equal(made, hb.attack(hasher, images, "p2p[steps=50]", target_labels=target, database=whole, epsilon=0.5))


def test_attack_that_learns_and_a_foreign_module() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 8))
    split = small_split(side=32)
    text = "prosgan[epochs=1,width=8,decoder_width=8,aim=prototype[steps=5]]"
    given = {"target_labels": split.labels[:2].roll(1, dims=1), "query_labels": split.labels[:2]}
    images, train = torch.as_tensor(split._pixels[:2]), (split._pixels, split.labels)
    made = hb.attack(network, images, text, **given, train=train)
    assert made.shape == images.shape and not torch.equal(made, images)
    with pytest.raises(hb.UserError, match="give train="):
        hb.attack(network, images, text, **given)
    with pytest.raises(hb.UserError, match="give target_labels"):
        hb.attack(network, images, "dhta", database=train)
    with pytest.raises(hb.UserError, match="give database="):
        hb.attack(network, images, "dhta", **given)
    with pytest.raises(hb.UserError, match=r"floats in \[0, 1\]"):
        hb.attack(network, images.float(), "noise")
    with pytest.raises(hb.UserError, match="codes of 3 bits, and the model gives 8"):
        hb.attack(network, images, "dhta", **given, database=(torch.ones(4, 3), split.labels[:4]))
    with pytest.raises(hb.UserError, match=r"labels of shape \(3, 4\) for 2 images"):
        hb.attack(network, images, "dhta", target_labels=split.labels[:3], database=train)
    assert torch.equal(hb.attack(network, images, "noise", seed=1), hb.attack(network, images, "noise", seed=1, epsilon="8/255"))
    with pytest.raises(hb.UserError, match=r"labels of shape \(2,\) for 2 images"):
        hb.attack(network, images, "dhta", target_labels=[0, 1], database=train)
    with pytest.raises(hb.UserError, match=r"labels of shape \(24,\) for 24 rows of 4 classes"):
        hb.attack(network, images, "dhta", **given, database=(split._pixels, split.labels.argmax(1)))
    with pytest.raises(hb.UserError, match="database is no pair"):
        hb.attack(network, images, "dhta", **given, database=split.labels)
    with pytest.raises(hb.UserError, match="the attacked ones"):
        hb.attack(network, images, "dhta", **given, database=(split._pixels[:, :, :16, :16], split.labels))


def test_load_gives_the_hasher_that_was_exported(tmp_path: Path) -> None:
    given = ("--store", str(tmp_path / "store"))
    assert hashbench("hasher", "export", str(tmp_path / "mine"), *TINY, *given).returncode == 0
    loaded = hb.load(str(tmp_path / "mine"))
    assert hashbench("hasher", "import", str(tmp_path / "mine"), "--name", "kept", *given).returncode == 0
    images = torch.rand(3, 3, 32, 32)
    assert torch.equal(loaded(images), hb.load("kept", store=tmp_path / "store")(images))
    with pytest.raises(hb.UserError, match="did you mean 'kept'"):
        hb.load("kep", store=tmp_path / "store")
    codes = torch.where(loaded(images) >= 0, 1, -1)
    assert isinstance(hb.rank(codes, np.arange(3), codes, np.arange(3)).table, pd.DataFrame)
