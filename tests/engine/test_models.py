"""Networks that hashbench did not train: attacked as they are, or refused in a sentence."""

from __future__ import annotations

import json
import pickle
import shutil
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from helpers import TINY, Trap, hashbench
from torch import nn
from torchvision import models

from hashbench.api import Model, read_results
from hashbench.engine.models.foreign import content_of, foreign
from hashbench.engine.models.loader import loader_of

DATA = "shapes[train=64,database=128,queries=8]"
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

USERS = """
import torch
from torch import nn
from torchvision.models import resnet18
import hashbench.api as hb

def load():
    network = resnet18()
    network.fc = nn.Linear(512, 48)
    network.load_state_dict(torch.load({weights!r}))
    return hb.Model(network, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))
"""


def run(folder: Path, model: str, *more: str) -> object:
    common = ("--dataset", DATA, "--out", str(folder / "out"), "--store", str(folder / "store"), "--report", "csv")
    return hashbench("run", "--model", model, *common, *more)


def file_of(folder: Path, body: str, name: str = "mine.py") -> str:
    (folder / name).write_text("import torch\nfrom torch import nn\n" + body)
    return f"{folder / name}:load"


@pytest.fixture(scope="module")
def users(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, nn.Module]:
    """A ResNet18 with 48 outputs saved by a script that knows nothing of hashbench, and the file that loads it."""
    folder = tmp_path_factory.mktemp("users")
    torch.manual_seed(1)
    network = models.resnet18()
    network.fc = nn.Linear(512, 48)
    torch.save(network.state_dict(), folder / "resnet.pth")
    (folder / "mine.py").write_text(USERS.format(weights=str(folder / "resnet.pth")))
    return folder, network.eval()


def test_a_torchvision_network_is_attacked_and_reported(users: tuple[Path, nn.Module], tmp_path: Path) -> None:
    folder, network = users
    attacks = "dhta[steps=3],ifgsm[steps=3],prosgan[epochs=1,width=8,decoder_width=8,aim=prototype[steps=5]]"
    done = run(tmp_path, f"{folder / 'mine.py'}:load", "--attack", attacks, "--report", "html")
    assert done.returncode == 0, done.stderr
    assert "mine.py:load: ResNet, 48 outputs from" in done.stderr and (tmp_path / "out" / "report.html").is_file()
    results = read_results(tmp_path / "out")
    assert [cell.status for cell in results.cells] == ["ok"] * 3
    assert {cell.at.target.label for cell in results.cells} == {"mine.py:load-ResNet-48"}
    assert all(cell.row("map_random") is None and cell.row("map_pixels") for cell in results.cells)
    assert results.cells[0].made is not None and "not known" in str(results.cells[0].made.hasher["untrained_control"])

    from safetensors.numpy import load_file

    codes = load_file(next((tmp_path / "store" / "codes").glob("*/tensors.safetensors")))["codes"]
    pixels = np.load(next((tmp_path / "store" / "pixels").glob("*/*.npy")))
    images = (torch.from_numpy(pixels).float() / 255 - torch.tensor(MEAN).view(1, 3, 1, 1)) / torch.tensor(STD).view(1, 3, 1, 1)
    with torch.no_grad():
        signs = torch.cat([network(images[start : start + 64]) for start in range(0, len(images), 64)]).sign().to(torch.int8)
    assert np.array_equal(codes, signs.numpy())


def test_a_copy_of_our_hasher_gives_the_same_numbers(tmp_path: Path) -> None:
    common = ("--attack", "dhta[steps=5],ifgsm[steps=5]", "--store", str(tmp_path / "store"), "--report", "csv")
    assert hashbench("run", *TINY, *common, "--out", str(tmp_path / "ours")).returncode == 0
    weights = next((tmp_path / "store" / "hasher").glob("*/tensors.safetensors"))
    shutil.copy(weights, tmp_path / "copy.safetensors")
    loads = f"""
from safetensors.torch import load_file
from hashbench.plugins.configure import configure
def load():
    trunk = configure("backbones", "convnet[width=8,warmup_epochs=1]", "quick").build(32)
    hasher = configure("hashers", "dpsh[epochs=1]", "quick").build(trunk, 32)
    hasher.load_state_dict(load_file({str(tmp_path / "copy.safetensors")!r}))
    return hasher
"""
    done = hashbench("run", "--model", file_of(tmp_path, loads), "--dataset", TINY[1], *common, "--out", str(tmp_path / "copy"))
    assert done.returncode == 0, done.stderr
    ours, copy = (pd.read_csv(tmp_path / name / "results.csv") for name in ("ours", "copy"))
    both = ours.merge(copy, on=["attack", "metric"], suffixes=("", "_copy"))
    assert set(ours.metric) - set(both.metric) == {"map_random"} and len(both) > 40
    for column in ("value", "low", "high"):
        assert both[column].equals(both[f"{column}_copy"])


def small() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(64, 16)
    ).eval()


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


def test_outputs_of_each_kind_give_the_codes_they_mean() -> None:
    class As(nn.Module):
        def __init__(self, values: torch.Tensor) -> None:
            super().__init__()
            self.values = values

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return self.values

    logits = torch.tensor([[-3.0, 0.0, 0.2, 40.0]])
    for outputs, given in (("logits", logits), ("tanh", logits.tanh()), ("probability", (2 * logits).sigmoid())):
        made = Model(As(given), outputs=outputs)(torch.zeros(1, 3, 4, 4))
        assert torch.isfinite(made).all() and (made >= 0).tolist() == [[False, True, True, True]]
        assert torch.allclose(made[:, :3], logits[:, :3], atol=1e-5)


BAD = {
    "def load():\n    raise ValueError('no weights at home')": "could not be loaded: ValueError: no weights at home",
    "def load():\n    return nn.Conv2d(3, 4, 3)": "a hasher gives (4, bits)",
    "def load():\n    return 3": "is a torch.nn.Module, not of type int",
    "def lod():\n    return 3": "has no 'load'",
    "import gone": "could not be imported: ModuleNotFoundError",
    "def load():\n    m = nn.Sequential(nn.Flatten(), nn.Linear(3072, 8))\n    m[1].weight.data[0, 0] = float('nan')\n    return m": "not finite",
    "def load():\n    return nn.Sequential(nn.Flatten(), nn.Linear(3072, 8))": "other weights each time it is loaded",
    "def load():\n    return nn.Sequential(nn.Flatten(), nn.Linear(3072, 300))": "1 to 256 bits",
    "def load():\n    return nn.Sequential(nn.Flatten(), nn.Linear(300, 8))": "fails on 4 images of 32 px (RuntimeError",
    "from hashbench.api import Model\ndef load():\n    return Model(nn.Flatten(), outputs='probabilities')": "give 'logits', 'tanh' or",
    "from hashbench.api import Model\ndef load():\n    return Model(nn.Flatten(), size=64)": "--image-size out",
    "from hashbench.api import Model\ndef load():\n    return Model(nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()), mean=(9.0, 9.0, 9.0), outputs='tanh')": "not in [-1, 1]",
}


@pytest.mark.parametrize("body", BAD)
def test_what_is_no_hasher_is_said_in_a_sentence(body: str, tmp_path: Path) -> None:
    done = run(tmp_path, file_of(tmp_path, body), "--attack", "noise", "--image-size", "32")
    assert done.returncode == 2 and BAD[body] in done.stderr.splitlines()[-1] and "Traceback" not in done.stderr


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
        "net.onnx": "give ./file.py:load",
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


def test_oddities_are_flagged(tmp_path: Path) -> None:
    odd = """
class Odd(nn.Module):
    def forward(self, images):
        return (images.mean((2, 3)) > 0.5).float() * torch.rand(len(images), 3)
def load():
    return Odd()
"""
    done = run(tmp_path, file_of(tmp_path, odd), "--attack", "noise,fgsm")
    assert done.returncode == 1 and "fgsm needs gradients, and mine.py:load-Odd-3 has none" in done.stderr
    noise, fgsm = read_results(tmp_path / "out").cells
    assert fgsm.status == "skipped"
    found = {flag.flag for flag in noise.flags}
    assert {"random-outputs", "training-mode", "no-gradient", "zero-outputs", "never-negative"} <= found


def test_a_model_travels_and_transfers_and_is_known_by_its_content(users: tuple[Path, nn.Module], tmp_path: Path) -> None:
    folder, _ = users
    loader = loader_of(f"{folder / 'mine.py'}:load")
    here = foreign(loader, 32)
    again = pickle.loads(pickle.dumps(here))  # noqa: S301 - our own
    assert again == here and again.again().bits == 48
    for change in (lambda net: net.fc.bias.data.add_(1), lambda net: setattr(net.bn1, "eps", 1e-3)):
        model = loader()
        change(model.module)
        assert content_of(model, loader.content()) != here.content
    linear = "def load():\n    torch.manual_seed(0)\n    return nn.Sequential(nn.Flatten(), nn.Linear(3072, 8))"
    both = ("--model", file_of(tmp_path, linear, "line.py"), "--attack", "fgsm", "--transfer")
    done = run(tmp_path, f"{folder / 'mine.py'}:load", *both)
    assert done.returncode == 0, done.stderr
    assert len(pd.read_csv(tmp_path / "out" / "transfer.csv")) == 4
    assert "Nothing is to be made" in run_plan(tmp_path, f"{folder / 'mine.py'}:load", *both)


def test_two_functions_of_a_file_and_what_lies_beside_it(tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text(
        "from torch import nn\n\n\nclass Net(nn.Module):\n    def __init__(self, shift):\n        super().__init__()\n"
        "        self.shift, self.layer = shift, nn.Linear(3072, 8)\n\n"
        "    def forward(self, images):\n        return self.layer(images.flatten(1) - self.shift)\n"
    )
    body = "from beside import Net\ndef load():\n    torch.manual_seed(0)\n    return Net(0.5)\ndef other():\n    torch.manual_seed(0)\n    return Net(0.0)"
    text = file_of(tmp_path, body, "two.py")
    both = ("--model", text.replace(":load", ":other"), "--attack", "noise", "--benchmark", "targeted")
    done = run(tmp_path, text, *both)
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(tmp_path / "out" / "results.csv").query("metric == 'map_clean'")
    assert set(table.hasher) == {"two.py:load", "two.py:other"} and table.value.nunique() == 2
    trained = ("--hasher", TINY[5], "--backbone", TINY[3], "--bits", "12")
    mixed = hashbench("plan", "--model", text, *trained, "--dataset", DATA, "--attack", "noise", "--store", str(tmp_path / "store"))
    assert mixed.returncode == 0 and "two.py:load-Net-8" in mixed.stdout and "-12" in mixed.stdout, mixed.stderr


def run_plan(folder: Path, model: str, *more: str) -> str:
    done = hashbench("plan", "--model", model, "--dataset", DATA, "--store", str(folder / "store"), *more)
    return done.stdout
