"""State dicts from files that others made: read without running anything, and fitted to a network."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from hashbench.errors import UserError


def read_state(file: Path) -> Mapping[str, Tensor]:
    """The tensors of a .safetensors or .pth file by name, on the CPU.

    Raises UserError for a file that is missing, damaged, or holds more than dense, finite, real tensors; nothing in it is run.
    """
    if not file.is_file():
        raise UserError(f"there is no file of weights {file}: give the path of one that is there.")
    try:
        state: Any = load_file(file) if file.suffix == ".safetensors" else torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise UserError(f"{file} holds more than tensors, and was not run: save its state dict as safetensors.") from error
    except Exception as error:
        raise UserError(f"{file} can't be read as weights: {(str(error) or type(error).__name__).splitlines()[0]}.") from error
    if not isinstance(state, Mapping) or not all(_is_plain(value) for value in state.values()):
        raise UserError(
            f"{file} is no state dict (names with dense, finite, real tensors): save one with state_dict() as safetensors."
        )
    return state


def fit_state(network: nn.Module, state: Mapping[str, Tensor], file: Path) -> None:
    """Load the tensors of `network`'s own names. Raises UserError with the first one that is missing or of another shape."""
    own = network.state_dict()
    missing = [name for name in own if name not in state and not name.endswith("num_batches_tracked")]
    if missing:
        raise UserError(f"{file} lacks {', '.join(missing[:3])}: it is not the network's weights.")
    unlike = next((name for name, tensor in own.items() if name in state and state[name].shape != tensor.shape), None)
    if unlike is not None:
        shapes = f"{tuple(state[unlike].shape)}, not {tuple(own[unlike].shape)}"
        raise UserError(f"{file} has {unlike} of shape {shapes}: it is not the network's weights.")
    network.load_state_dict({name: state[name] for name in own if name in state}, strict=False)


def file_sha256(file: Path) -> str:
    """SHA-256 of a file that is there, remembered while its size and time of change stay."""
    stat = file.stat()
    return _sha256(file, stat.st_size, stat.st_mtime_ns)


@cache
def _sha256(file: Path, size: int, modified: int) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _is_plain(value: Any) -> bool:
    """Whether it is a dense tensor of finite real numbers."""
    if not isinstance(value, Tensor) or value.layout != torch.strided or value.is_meta or value.is_complex():
        return False
    return not value.is_floating_point() or bool(value.isfinite().all())
