"""Tensors and facts of a product on disk: safetensors and JSON, never pickles."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from hashbench.typing import Facts

FILE, FACTS = "tensors.safetensors", "facts.json"


def save_tensors(tensors: Mapping[str, Tensor], file: Path) -> None:
    """Tensors as safetensors: on the CPU, each with memory of its own."""
    held: set[int] = set()
    plain = {}
    for name, tensor in tensors.items():
        own = tensor.detach().cpu().contiguous()
        storage = own.untyped_storage()
        shared = storage.data_ptr() in held or storage.nbytes() != own.nbytes
        plain[name] = own.clone() if shared else own
        held.add(storage.data_ptr())
    try:
        save_file(plain, file)
    except SafetensorError as error:
        number = next((int(found) for found in re.findall(r"os error (\d+)", str(error))), 0)
        raise OSError(number, os.strerror(number), str(file)) from error


def load_tensors(file: Path, device: torch.device) -> dict[str, Tensor]:
    """Tensors that `save_tensors` wrote, on `device`."""
    tensors: dict[str, Tensor] = load_file(file, device=str(device))
    return tensors


def save_product(draft: Path, tensors: Mapping[str, Tensor], facts: Facts) -> None:
    """Tensors and facts as the files of a product."""
    save_tensors(tensors, draft / FILE)
    (draft / FACTS).write_text(json.dumps(facts, sort_keys=True), encoding="utf-8")


def load_facts(folder: Path) -> Facts:
    """The facts of a product."""
    facts: Facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
    return facts
