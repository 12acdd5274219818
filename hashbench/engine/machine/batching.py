"""How many images fit into memory at a time."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks

from hashbench.contracts.hasher import Hasher

LARGEST = 1024


def batch_that_fits(hasher: Hasher, side: int, device: torch.device, memory: int) -> int:
    """The largest power of two, at most 1,024, of images of `side` px that go forward and backward through a hasher.

    On a GPU it is doubled until memory is full, and halved once, for what attacks keep beside it. Elsewhere the bytes that one
    image keeps for its backward are counted, and so many images fit into `memory` bytes.
    """
    hasher = hasher.to(device).eval().requires_grad_(False)
    if device.type == "cuda":
        return max(_doubled(hasher, side, device) // 2, 1)
    return min(LARGEST, 1 << max(memory // _kept(hasher, side, device), 1).bit_length() - 1)


def _doubled(hasher: Hasher, side: int, device: torch.device) -> int:
    size = 1
    try:
        while size < LARGEST:
            _once(hasher, torch.zeros(2 * size, 3, side, side, device=device))
            size *= 2
    except torch.OutOfMemoryError:
        torch.cuda.empty_cache()
    return size


def _kept(hasher: Hasher, side: int, device: torch.device) -> int:
    """Bytes of the tensors that the backward of one image needs, weights apart."""
    weights = {weight.untyped_storage().data_ptr() for weight in hasher.state_dict().values()}
    sizes: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            sizes[storage.data_ptr()] = storage.nbytes()
        return tensor

    with saved_tensors_hooks(keep, lambda tensor: tensor):
        _once(hasher, torch.zeros(1, 3, side, side, device=device))
    return max(sum(sizes.values()), 4 * 3 * side**2)


def _once(hasher: Hasher, images: Tensor) -> None:
    outputs = hasher(images.requires_grad_(True)).sum()
    if outputs.requires_grad:  # a network of the user's may have no gradient
        torch.autograd.grad(outputs, images, allow_unused=True)
