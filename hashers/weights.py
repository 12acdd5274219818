"""Weights a backbone starts from: torchvision's, checked by their hash, or a file of one's own. No pickle's code ever runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlparse

import torch
from torch import nn

from hashbench.api import UserError, file_sha256, fit_state, read_state

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
    fit_state(network, read_state(file), file)
    return {"weights": str(weights), "weights_sha256": digest}


def load_own(network: nn.Module, file: Path) -> dict[str, Any]:
    """Load a state dict with the names of `network`'s own from a safetensors or .pth file. Returns facts for the result.

    Raises UserError for a file that is missing, damaged, holds more than tensors, or is another network's.
    """
    digest = sha256_of(file)
    fit_state(network, read_state(file), file)
    return {"weights": file.name, "weights_sha256": digest}


def sha256_of(file: Path) -> str:
    """Raises UserError where the file is not there."""
    if not file.is_file():
        raise UserError(f"there is no file of weights {file}: give --weights a file that is there, imagenet or none.")
    return file_sha256(file)
