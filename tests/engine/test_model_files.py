"""Files that bring a network's code: attacked as they are, or refused before any of it is run."""

from __future__ import annotations

import json
import pickle
import warnings
from pathlib import Path

import pytest
import torch
from foreigners import run, small
from helpers import Trap

from hashbench.engine.models.foreign import foreign
from hashbench.engine.models.loader import loader_of


@pytest.mark.parametrize("kind", ["script", "export"])
def test_a_network_that_brings_its_code(kind: str, tmp_path: Path) -> None:
    network, images = small(), torch.rand(2, 3, 32, 32)
    file = tmp_path / ("net.pt" if kind == "script" else "net.pt2")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if kind == "script":
            torch.jit.save(torch.jit.trace(network, images), file)
        else:
            program = torch.export.export(network, (images,), dynamic_shapes=({0: torch.export.Dim("batch")},))
            torch.export.save(program, file)
    done = run(tmp_path, str(file), "--attack", "fgsm", "--bits", "16")
    assert done.returncode == 0, done.stderr
    model = foreign(loader_of(str(file)), 32).again()
    assert torch.equal(model(images), network(images))
    wrong = run(tmp_path, str(file), "--attack", "fgsm", "--bits", "32")
    assert wrong.returncode == 2 and "has 16 outputs, and --bits is 32" in wrong.stderr


def test_an_export_of_one_size_says_so(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.export.save(torch.export.export(small(), (torch.rand(2, 3, 48, 48),)), tmp_path / "net.pt2")
    done = run(tmp_path, str(tmp_path / "net.pt2"), "--attack", "fgsm")
    assert done.returncode == 2 and "fails on 4 images of 32 px" in done.stderr and "--image-size" in done.stderr


def test_files_that_are_no_network(tmp_path: Path) -> None:
    torch.save(small().state_dict(), tmp_path / "state.pth")
    (tmp_path / "text.pt").write_text("hello")
    touched = tmp_path / "touched"
    with (tmp_path / "trap.pth").open("wb") as file:
        pickle.dump(Trap(touched), file)
    for text, said in {
        "state.pth": "holds weights or a pickled object, no network",
        "text.pt": "is no TorchScript or torch.export file",
        "gone.pt": "there is no model file",
        "net.onnx": "give zoo:NAME, ./file.py:load",
        "fire:ResNet18": "give fire:ARCHITECTURE:FILE",
        "fire:ResNet18:gone.pth": "there is no file of weights",
        "fire:ResNet18:trap.pth": "was not run",
        "deephash-pytorch:AlexNet:state.pth": "lacks hash_layer.6.weight",
    }.items():
        where = text if ":" not in text[5:] else text.rpartition(":")[0] + ":" + str(tmp_path / text.rpartition(":")[2])
        done = run(tmp_path, where if ":" in text else str(tmp_path / text), "--attack", "noise")
        assert done.returncode == 2 and said in done.stderr, done.stderr
    assert not touched.exists()


def test_an_export_with_a_pickle_inside_is_not_run(tmp_path: Path) -> None:
    import zipfile

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.export.save(torch.export.export(small(), (torch.rand(2, 3, 32, 32),)), tmp_path / "net.pt2")
    touched, evil = tmp_path / "touched", pickle.dumps(Trap(tmp_path / "touched"))
    for member in ("constants", "sample_inputs"):
        with zipfile.ZipFile(tmp_path / "net.pt2") as old, zipfile.ZipFile(tmp_path / "evil.pt2", "w") as new:
            for name in old.namelist():
                content = old.read(name)
                if member == "constants" and name.endswith("model_constants_config.json"):
                    payload = {"path_name": "opaque_obj_0", "is_param": False, "use_pickle": True, "tensor_meta": None}
                    content = json.dumps({"config": {"x": payload}}).encode()
                if member == "sample_inputs" and "sample_inputs/" in name:
                    content = evil
                new.writestr(name, content)
            new.writestr("net/data/constants/opaque_obj_0", evil)
        done = run(tmp_path, str(tmp_path / "evil.pt2"), "--attack", "noise")
        assert done.returncode == 2 and not touched.exists(), done.stderr
        assert "was not run" in done.stderr or "can't be read as a network" in done.stderr
    with zipfile.ZipFile(tmp_path / "net.pt2", "a") as twice, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        twice.writestr(next(name for name in twice.namelist() if name.endswith("weights_config.json")), "{}")
    done = run(tmp_path, str(tmp_path / "net.pt2"), "--attack", "noise")
    assert done.returncode == 2 and "two files of one name" in done.stderr
