"""The one place that touches torch's global generator and its determinism switches."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def seeded(seed: int, device: torch.device, strict: bool = False) -> Iterator[None]:
    """Fork the global generators, seed them for layer initialisation and dropout, and ask for deterministic kernels.

    `strict`: an operation that has none is an error, and convolutions are not tuned by trial.
    """
    before = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    tuned = torch.backends.cudnn.benchmark
    if strict:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.backends.cudnn.benchmark = False
    with drawn_from(seed, device), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*does not have a deterministic implementation.*")
        torch.use_deterministic_algorithms(True, warn_only=not strict)
        try:
            yield
        finally:
            torch.use_deterministic_algorithms(before[0], warn_only=before[1])
            torch.backends.cudnn.benchmark = tuned


@contextmanager
def drawn_from(seed: int, device: torch.device) -> Iterator[None]:
    """Whatever is drawn inside from the global generators comes from the seed; they are left as they were."""
    with aside(device):
        torch.manual_seed(seed)
        yield


@contextmanager
def aside(device: torch.device) -> Iterator[None]:
    """Leave the global generators as they were, whatever is drawn inside."""
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        yield
