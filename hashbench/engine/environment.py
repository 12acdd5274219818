"""Where numbers were made: versions, device, threads, determinism."""

from __future__ import annotations

import platform
from functools import cache
from importlib.metadata import version
from typing import Any

import torch

from hashbench import __version__
from hashbench.engine.context import Context

PACKAGES = ("torch", "torchvision", "numpy", "pandas", "matplotlib", "safetensors")


@cache
def versions() -> dict[str, str]:
    """Of this program, Python, and the libraries that numbers depend on."""
    packages = {name: version(name) for name in PACKAGES}
    return {"hashbench": __version__, "python": platform.python_version(), **packages}


def environment(context: Context) -> dict[str, Any]:
    """JSON that goes into every result."""
    device = context.device
    return {
        "versions": versions(),
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else f"CPU ({platform.machine()})",
        "threads": torch.get_num_threads(),
        "deterministic": "strict" if context.deterministic else "where there is a deterministic algorithm",
    }
