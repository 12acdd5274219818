"""The networks of the two toolkits that the field trains in, by the names their state dicts have."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from hashbench.contracts.model import Model
from hashbench.contracts.weights import fit_state, read_state
from hashbench.errors import UnknownName, UserError

_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
SIDE = 224
RESNETS = ("ResNet18", "ResNet34", "ResNet50", "ResNet101", "ResNet152")
ARCHITECTURES = ("AlexNet", *RESNETS)
TOOLKITS = ("deephash-pytorch", "fire")


def toolkit_model(toolkit: str, architecture: str, file: Path) -> Model:
    """A network of a toolkit with the weights of a file, at 224 px and with ImageNet's pixel statistics, as both train it.

    Raises UserError with the first name or shape that is another network's.
    """
    if architecture not in ARCHITECTURES:
        raise UnknownName(f"architecture of {toolkit}", architecture, ARCHITECTURES)
    state = read_state(file)
    make = _deephash if toolkit == "deephash-pytorch" else _fire
    network = make(architecture, state, file)
    fit_state(network, state, file)
    return Model(network, mean=_MEAN, std=_STD, size=SIDE)


def _untrained(architecture: str) -> Any:
    from torchvision import models  # imports the compiler of torch, which takes as long as torch itself

    return models.get_model(architecture.lower(), weights=None)


def _deephash(architecture: str, state: Mapping[str, Tensor], file: Path) -> nn.Module:
    """DeepHash-pytorch: `features` and `hash_layer` of AlexNet; `feature_layers` and `hash_layer` of a ResNet."""
    if architecture == "AlexNet":
        bits = _width("hash_layer.6.weight", state, file)
        whole = _untrained(architecture)
        layers = nn.Sequential(*list(whole.classifier)[:6], nn.Linear(4096, bits))
        return _Chain({"features": whole.features, "flat": nn.Flatten(), "hash_layer": layers})
    body = _body(_untrained(architecture))
    bits = _width("hash_layer.weight", state, file)
    layer = nn.Linear(_features(architecture), bits)
    return _Chain({"feature_layers": nn.Sequential(*body.values()), "flat": nn.Flatten(), "hash_layer": layer})


def _fire(architecture: str, state: Mapping[str, Tensor], file: Path) -> nn.Module:
    """FIRe: `backbone` and `hash_fc`, a linear layer with or without a bias and a batch norm behind it."""
    if architecture == "AlexNet":
        whole = _untrained(architecture)
        fc = nn.Sequential(*list(whole.classifier)[:6])
        backbone = _Chain({"features": whole.features, "avgpool": whole.avgpool, "flat": nn.Flatten(), "fc": fc})
        width = 4096
    else:
        backbone = _Chain({**_body(_untrained(architecture)), "flat": nn.Flatten()})
        width = _features(architecture)
    plain = "hash_fc.weight" in state
    prefix = "hash_fc" if plain else "hash_fc.0"
    linear = nn.Linear(width, _width(f"{prefix}.weight", state, file), bias=f"{prefix}.bias" in state)
    norm = [nn.BatchNorm1d(linear.out_features)] if "hash_fc.1.running_mean" in state else []
    return _Chain({"backbone": backbone, "hash_fc": linear if plain else nn.Sequential(linear, *norm)})


class _Chain(nn.Module):
    """Named parts, one after the other."""

    def __init__(self, parts: Mapping[str, nn.Module]) -> None:
        super().__init__()
        for name, part in parts.items():
            self.add_module(name, part)

    def forward(self, images: Tensor) -> Tensor:
        for part in self.children():
            images = part(images)
        return images


def _body(network: nn.Module) -> dict[str, nn.Module]:
    """A ResNet up to its pooled features."""
    return {name: part for name, part in network.named_children() if name != "fc"}


def _features(architecture: str) -> int:
    return 512 if architecture in ("ResNet18", "ResNet34") else 2048


def _width(name: str, state: Mapping[str, Tensor], file: Path) -> int:
    if name not in state:
        raise UserError(f"{file} lacks {name}: it is not the network's weights.")
    return len(state[name])
