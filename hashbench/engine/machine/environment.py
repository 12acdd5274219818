"""The environment that numbers were made in: versions, device, threads, determinism."""

from __future__ import annotations

import platform
from functools import cache
from importlib.metadata import version

import torch

from hashbench import __version__
from hashbench.engine.machine.context import Machine
from hashbench.typing import Facts

PACKAGES = ("torch", "torchvision", "numpy", "pandas", "matplotlib", "safetensors")


@cache
def versions() -> dict[str, str]:
    """Versions of this program, Python, and the libraries that numbers depend on."""
    packages = {name: version(name) for name in PACKAGES}
    return {"hashbench": __version__, "python": platform.python_version(), **packages}


def environment(machine: Machine) -> Facts:
    """JSON that goes into every result."""
    device = machine.device
    return {
        "versions": {**versions()},
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else f"CPU ({platform.machine()})",
        "threads": torch.get_num_threads(),
        "deterministic": "strict" if machine.deterministic else "where there is a deterministic algorithm",
    }
