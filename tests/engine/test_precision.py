"""Precision: what is lowered, what stays in fp32, what is keyed and recorded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from helpers import CPU, TINY, hashbench, linear_hasher
from safetensors.numpy import load_file
from torch import nn

from hashbench.api import Hasher, Run, TrunkHasher
from hashbench.engine.machine.lowering import lowered, training_in
from hashbench.engine.machine.precision import Precisions, rounding
from hashbench.engine.machine.tensors import FILE
from hashbench.errors import UserError


def convolutional() -> TrunkHasher:
    torch.manual_seed(0)
    hasher = linear_hasher(32)
    norm = nn.BatchNorm2d(3)
    norm.running_mean.uniform_(-1, 1), norm.running_var.uniform_(0.5, 2)
    hasher.trunk.body = nn.Sequential(nn.Conv2d(3, 3, 3, padding=1), norm, nn.Tanh(), nn.Flatten())
    return hasher.eval().requires_grad_(False)


def gradient(hasher: Hasher, images: torch.Tensor, scale: float = 1.0) -> torch.Tensor:
    images = images.clone().requires_grad_(True)
    return torch.autograd.grad((hasher(images) * scale).sum(), images)[0]


class Others(Hasher):
    """A network of which nothing is known."""

    def __init__(self) -> None:
        super().__init__()
        self.network = nn.Sequential(nn.Flatten(), nn.Linear(192, 8))

    @property
    def bits(self) -> int:
        return 8

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.network(images)


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_a_lowered_hasher_is_near_the_hasher_and_leaves_it_alone(precision: str) -> None:
    hasher, images = convolutional(), torch.rand(16, 3, 8, 8)
    before = {name: value.clone() for name, value in hasher.state_dict().items()}
    low = lowered(hasher, precision)
    outputs, exact = low(images), hasher(images)
    assert outputs.dtype is torch.float32
    assert not torch.equal(outputs, exact)
    assert torch.allclose(outputs, exact, atol=0.05)
    assert torch.cosine_similarity(gradient(low, images).flatten(), gradient(hasher, images).flatten(), 0) > 0.99
    assert all(torch.equal(before[name], value) for name, value in hasher.state_dict().items())
    dtypes = {name: value.dtype for name, value in low.named_parameters()}
    assert dtypes["trunk.body.body.0.weight"] in (torch.bfloat16, torch.float16)
    assert dtypes["head.weight"] is torch.float32


def test_batch_normalisation_goes_into_the_convolution_where_the_network_can_be_followed() -> None:
    class Branching(nn.Module):
        """What a network does with its input's values no tracer can follow."""

        def __init__(self, body: nn.Module) -> None:
            super().__init__()
            self.body = body

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return self.body(images if images.mean() > -10 else -images)

    images, kept = torch.rand(16, 3, 8, 8), []
    for follows in (True, False):
        hasher = convolutional()
        if not follows:
            hasher.trunk.body = Branching(hasher.trunk.body)
        low = lowered(hasher, "bf16")
        assert torch.allclose(low(images), hasher(images), atol=0.05)
        norms = [part for part in low.modules() if isinstance(part, nn.BatchNorm2d)]
        assert all(part.weight.dtype is torch.float32 for part in norms)
        kept.append(len(norms))
    assert kept == [0, 1]


def test_fp16_keeps_gradients_that_are_beyond_its_numbers() -> None:
    hasher, images = convolutional(), torch.rand(4, 3, 8, 8)
    for network in (hasher, Others()):
        for scale in (1e-8, 1.0, 1e8):
            low, exact = gradient(lowered(network, "fp16"), images, scale), gradient(network, images, scale)
            assert torch.allclose(low / scale, exact / scale, atol=0.02)
            assert torch.cosine_similarity(low.flatten(), exact.flatten(), 0) > 0.99


def test_fp32_is_the_hasher_itself_and_anothers_network_is_autocast() -> None:
    hasher, others, images = convolutional(), Others(), torch.rand(4, 3, 8, 8)
    assert lowered(hasher, "fp32") is hasher
    assert lowered(hasher, "tf32") is hasher
    low = lowered(others, "bf16")
    assert low.bits == 8
    assert low(images).dtype is torch.float32
    assert 0 < (low(images) - others(images)).abs().max() < 0.05


def test_a_trunk_trained_in_bf16_sees_its_new_weights_and_is_itself_again_after() -> None:
    hasher, images = convolutional().requires_grad_(True).train(), torch.rand(8, 3, 8, 8)
    names = list(hasher.state_dict())
    with training_in(hasher.trunk, "bf16"):
        assert list(hasher.state_dict()) == names
        before = hasher(images)
        torch.autograd.backward(before.square().sum())
        weight = hasher.trunk.body[0].weight
        assert weight.grad is not None
        assert weight.grad.dtype is torch.float32
        with torch.no_grad():
            weight.neg_()
        after = hasher(images)
        assert after.dtype is torch.float32
    assert (after - before).abs().max() > 0.01
    exact = hasher(images)
    assert 0 < (exact - after).abs().max() < 0.1
    assert "forward" not in vars(hasher.trunk.body)


def test_a_plugins_own_network_is_lowered_where_the_run_is_in_bf16() -> None:
    network, images = nn.Linear(4, 4), torch.rand(2, 4)
    for precision, dtype in (("fp32", torch.float32), ("bf16", torch.bfloat16), ("fp16", torch.float32)):
        with Run(0, CPU, precision=precision).below("part").lowered():
            assert network(images).dtype is dtype


@pytest.mark.skipif(not hasattr(torch.backends.cuda.matmul, "fp32_precision"), reason="torch before 2.9 says it otherwise")
def test_products_are_rounded_to_tf32_only_inside() -> None:
    def allowed() -> tuple[bool, bool]:
        return torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32

    before = allowed()
    with rounding("tf32"):
        assert settings() == ["tf32", "tf32"]
        with rounding("fp32"):
            assert settings() == ["ieee", "ieee"]
        assert settings() == ["tf32", "tf32"]
    assert allowed() == before


def settings() -> list[str]:
    places = (torch.backends.cuda.matmul, torch.backends.cudnn.conv)
    return [place.fp32_precision for place in places]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("bf61", "unknown precision 'bf61': did you mean 'bf16'"),
        ("attack=bf16", "unknown precision's part 'attack': did you mean 'attacks'"),
        ("fp16", "training in fp16 loses small gradients"),
        ("attacks=tf32", "cpu does not compute in tf32: give another --precision or --device"),
    ],
)
def test_a_precision_that_is_not_to_be_had_is_one_sentence(text: str, sentence: str, tmp_path: Path) -> None:
    done = hashbench("run", "--attack", "noise", *TINY, "--precision", text, "--store", str(tmp_path / "store"), cwd=tmp_path)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "store" / "hasher").exists()


def test_a_device_without_a_kernel_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def without(*given: object, **options: object) -> nn.Module:
        raise RuntimeError("not implemented for 'Half'")

    monkeypatch.setattr(nn, "Conv2d", without)
    with pytest.raises(UserError, match="cpu does not compute in fp16"):
        Precisions.of("attacks=fp16").check(CPU)


def test_attacks_in_bf16_share_the_hasher_and_make_other_images(tmp_path: Path) -> None:
    store = tmp_path / "store"
    for precision in ("fp32", "attacks=bf16"):
        asked = ["--attack", "ifgsm[steps=3]", "--precision", precision, "--store", str(store), "--out", precision]
        assert hashbench("run", *asked, *TINY, "--benchmark", "targeted", cwd=tmp_path).returncode == 0
    kept = {stage: [path for path in (store / stage).iterdir() if path.is_dir()] for stage in ("hasher", "codes", "images")}
    assert {stage: len(folders) for stage, folders in kept.items()} == {"hasher": 1, "codes": 1, "images": 2}
    exact, low = (load_file(folder / FILE)["adversarial"] for folder in kept["images"])
    assert (exact != low).any()
    (cell,) = (tmp_path / "attacks=bf16" / "cells").glob("*.json")
    made = json.loads(cell.read_text())["made"]
    assert made["precision"] == {"attacks": "bf16", "hashing": "fp32", "training": "fp32"}
    assert len({path.name for out in ("fp32", "attacks=bf16") for path in (tmp_path / out / "cells").glob("*.json")}) == 2
