"""torchvision's ImageNet weights: found in TORCH_HOME or downloaded, checked against the hash in their name."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlparse

import torch
from torch import nn

from hashbench.api import UserError


def load_imagenet(network: nn.Module, weights: Any) -> dict[str, Any]:
    """Load a weights enum into `network`, all but the classifier's last layer. Returns facts for the result.

    Raises UserError naming file, folder and the way around where the weights are neither there nor downloadable, or damaged.
    """
    name = Path(urlparse(weights.url).path).name
    file = Path(torch.hub.get_dir()) / "checkpoints" / name
    if not file.is_file():
        try:
            torch.hub.load_state_dict_from_url(weights.url, progress=False, check_hash=True, map_location="cpu")
        except (URLError, OSError) as error:
            raise UserError(
                f"the ImageNet weights {name} could not be downloaded ({error}): put that file into {file.parent}, set TORCH_HOME, "
                "or train from scratch with --preset quick or the backbone option [weights=none]."
            ) from error
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    wanted = name.rsplit("-", 1)[-1].removesuffix(".pth")
    if not digest.startswith(wanted):
        raise UserError(f"{file} is damaged (SHA-256 {digest[:8]}, its name says {wanted}): delete it and run again.")
    state = torch.load(file, map_location="cpu", weights_only=True)
    own = network.state_dict()
    missing = network.load_state_dict({key: value for key, value in state.items() if key in own}, strict=False).missing_keys
    if missing:
        raise UserError(f"{file} lacks {', '.join(missing[:3])}: it is not the network's weights.")
    return {"weights": str(weights), "weights_sha256": digest}
