"""`hashbench.load`: a finished hasher by its name."""

from __future__ import annotations

from pathlib import Path

import torch

from hashbench.contracts.hasher import Hasher
from hashbench.engine.machine.tensors import load_tensors
from hashbench.engine.models.foreign import foreign
from hashbench.engine.publishing.card import WEIGHTS, read_card
from hashbench.engine.publishing.imported import check_fits, find_card, imported_folder, plugins_of, published
from hashbench.engine.publishing.zoo import known, zoo_card
from hashbench.python.how import store_folder


def load(name: str, *, store: str | Path | None = None, device: str | torch.device = "cpu") -> Hasher:
    """The hasher of a card, in evaluation mode: of the zoo or an imported one by name, or of a folder that `hasher export` wrote.

    Images (B, 3, H, W) in [0, 1] at the card's `image_size` go in, logits (B, K) come out; their signs are the code. Raises
    UserError where nothing has that name, or where card or weights were changed.
    """
    root = store_folder(None if store is None else str(store))
    folder = zoo_card(name) if not imported_folder(root, name).is_dir() and name in known() else find_card(name, root)
    card, _ = read_card(folder)
    check_fits(card, folder)
    if card.model is not None:
        return foreign(published(card, folder, card.name), card.image_size).again().to(device).eval()
    method, backbone = plugins_of(card)
    hasher = method.build(backbone.build(card.image_size), card.bits)
    hasher.load_state_dict(load_tensors(folder / WEIGHTS, torch.device("cpu")))
    return hasher.to(device).eval().requires_grad_(False)
