"""Compiling: a hasher's network as torch.compile makes it, forward and backward."""

from __future__ import annotations

import os
import shutil

import torch
from torch import Tensor

from hashbench.contracts.hasher import Hasher
from hashbench.errors import UserError


def compiled(hasher: Hasher) -> Hasher:
    """The same network, compiled when it is first called; on a GPU it is replayed as a CUDA graph."""
    return _Compiled(hasher).eval()


def check_compiler(device: torch.device) -> None:
    """Raise UserError where torch.compile has no C++ compiler for a CPU."""
    if device.type == "cpu" and not any(map(shutil.which, filter(None, (os.environ.get("CXX"), "g++", "clang++")))):
        raise UserError("--compile needs a C++ compiler on a CPU: install g++ or clang++, or leave --compile out.")


class _Compiled(Hasher):
    def __init__(self, hasher: Hasher) -> None:
        super().__init__()
        self.hasher = hasher
        gpu = any(part.is_cuda for part in hasher.parameters())
        self.network = torch.compile(hasher, mode="reduce-overhead" if gpu else "default")

    @property
    def bits(self) -> int:
        return self.hasher.bits

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.network(images)
        return logits.clone()  # a CUDA graph writes its next output to the same place
