"""Weights a backbone starts from: torchvision's, checked by their hash, or a file of one's own. No pickle's code ever runs."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlparse

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from hashbench.api import UserError

SUFFIXES = (".safetensors", ".pth", ".pt")


def check_weights(text: str) -> None:
    """Raise ValueError unless `text` is imagenet, none, or names a file of weights."""
    if text not in ("imagenet", "none") and not text.endswith(SUFFIXES):
        raise ValueError(f"weights is '{text}': give imagenet, none, or a file that ends with {', '.join(SUFFIXES)}.")


def load_imagenet(network: nn.Module, weights: Any) -> dict[str, Any]:
    """Load a torchvision weights enum into `network`, all but the classifier's last layer. Returns facts for the result.

    Raises UserError naming file, folder and the way around where the weights are neither there nor downloadable, or damaged.
    """
    name = Path(urlparse(weights.url).path).name
    file = Path(torch.hub.get_dir()) / "checkpoints" / name
    if not file.is_file():
        try:
            torch.hub.load_state_dict_from_url(weights.url, progress=False, check_hash=True, map_location="cpu", weights_only=True)
        except (URLError, OSError) as error:
            raise UserError(
                f"the ImageNet weights {name} could not be downloaded ({error}): put that file into {file.parent}, set TORCH_HOME, "
                "or start from scratch with --weights none."
            ) from error
    digest = file_sha256(file)
    wanted = name.rsplit("-", 1)[-1].removesuffix(".pth")
    if not digest.startswith(wanted):
        raise UserError(f"{file} is damaged (SHA-256 {digest[:8]}, its name says {wanted}): delete it and run again.")
    _load(network, file)
    return {"weights": str(weights), "weights_sha256": digest}


def load_own(network: nn.Module, file: Path) -> dict[str, Any]:
    """Load a state dict with the names of `network`'s own from a safetensors or .pth file. Returns facts for the result.

    Raises UserError for a file that is missing, damaged, holds more than tensors, or is another network's.
    """
    digest = file_sha256(file)
    _load(network, file)
    return {"weights": file.name, "weights_sha256": digest}


def file_sha256(file: Path) -> str:
    """Raises UserError where the file is not there."""
    if not file.is_file():
        raise UserError(f"there is no file of weights {file}: give --weights a file that is there, imagenet or none.")
    stat = file.stat()
    return _sha256(file, stat.st_size, stat.st_mtime_ns)


@cache
def _sha256(file: Path, size: int, modified: int) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _load(network: nn.Module, file: Path) -> None:
    state, own = _state(file), network.state_dict()
    missing = [name for name in own if name not in state and not name.endswith("num_batches_tracked")]
    if missing:
        raise UserError(f"{file} lacks {', '.join(missing[:3])}: it is not the network's weights.")
    unlike = next((name for name, tensor in own.items() if name in state and state[name].shape != tensor.shape), None)
    if unlike is not None:
        shapes = f"{tuple(state[unlike].shape)}, not {tuple(own[unlike].shape)}"
        raise UserError(f"{file} has {unlike} of shape {shapes}: it is not the network's weights.")
    network.load_state_dict({name: state[name] for name in own if name in state}, strict=False)


def _state(file: Path) -> Mapping[str, Tensor]:
    try:
        if file.suffix == ".safetensors":
            state: Any = load_file(file)
        else:
            state = torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise UserError(f"{file} holds more than tensors, and was not run: save its state dict as safetensors.") from error
    except Exception as error:
        raise UserError(f"{file} can't be read as weights: {(str(error) or type(error).__name__).splitlines()[0]}.") from error
    if not isinstance(state, Mapping) or not all(_is_plain(value) for value in state.values()):
        raise UserError(
            f"{file} is no state dict (names with dense, finite, real tensors): save one with state_dict() as safetensors."
        )
    return state


def _is_plain(value: Any) -> bool:
    """Whether it is a dense tensor of finite real numbers."""
    if not isinstance(value, Tensor) or value.layout != torch.strided or value.is_meta or value.is_complex():
        return False
    return not value.is_floating_point() or bool(value.isfinite().all())
