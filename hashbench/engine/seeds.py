"""The one place that touches torch's global generator and its determinism switches."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Fork the global generators, seed them for layer initialisation and dropout, and ask for deterministic kernels."""
    devices = [device] if device.type == "cuda" else []
    strict = torch.are_deterministic_algorithms_enabled()
    with torch.random.fork_rng(devices), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*does not have a deterministic implementation.*")
        torch.manual_seed(seed)
        torch.use_deterministic_algorithms(True, warn_only=True)
        try:
            yield
        finally:
            torch.use_deterministic_algorithms(strict)
