"""What is left of an attack after a search engine has handled its images: JPEG, resizing, a shift, fewer bits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torchvision.io import decode_jpeg, encode_jpeg

from hashbench.api import Benchmark, Measurement, Products, Row

_BATCH = 64


def recoded(images: Tensor, quality: int) -> Tensor:
    """JPEG and back; 4:2:0 and libjpeg's tables, as torchvision has them."""
    return torch.stack([decode_jpeg(encode_jpeg(image, quality)) for image in images])


def resized(images: Tensor) -> Tensor:
    """To three quarters of the side and back, bilinear with antialiasing."""
    side = list(images.shape[-2:])
    small = F.interpolate(images.float(), [max(round(0.75 * one), 1) for one in side], mode="bilinear", antialias=True)
    return _rounded(F.interpolate(_rounded(small).float(), side, mode="bilinear", antialias=True))


def shifted(images: Tensor) -> Tensor:
    """Half a pixel to the right: the mean of each pixel and its left neighbour; the first column stays."""
    left = torch.cat([images[..., :1], images[..., :-1]], dim=-1)
    return _rounded((images.float() + left.float()) / 2)


def six_bits(images: Tensor) -> Tensor:
    """64 levels instead of 256, spread over the range."""
    return _rounded((images.float() * 63 / 255).round() * 255 / 63)


def _rounded(images: Tensor) -> Tensor:
    return images.round().clamp(0, 255).to(torch.uint8)


HANDLING: Mapping[str, Callable[[Tensor], Tensor]] = {
    "jpeg95": lambda images: recoded(images, 95),
    "jpeg75": lambda images: recoded(images, 75),
    "jpeg50": lambda images: recoded(images, 50),
    "resize75": resized,
    "shift": shifted,
    "bits6": six_bits,
}
"""(B, 3, h, w) uint8 -> the same, by the end of the metrics' names."""


@dataclass(frozen=True)
class Survival(Benchmark):
    """t-MAP and MAP of the same images after JPEG (95, 75, 50), resizing to 75 % and back, half a pixel's shift, six bits a value

    `t_map_jpeg75`, `map_attacked_jpeg75` and their like; `map_clean_jpeg75` is of the clean queries handled alike.
    """

    def measure(self, products: Products) -> Measurement:
        rows = []
        adversarial, clean = (_eight_bit(one) for one in (products.adversarial, products.clean_pixels))
        for name, handle in HANDLING.items():
            attacked, still = (_codes(products, images, handle) for images in (adversarial, clean))
            rows += [
                Row.mean(f"t_map_{name}", products.ap(attacked, products.target_labels)),
                Row.mean(f"map_attacked_{name}", products.ap(attacked, products.query_labels)),
                Row.mean(f"map_clean_{name}", products.ap(still, products.query_labels)),
            ]
        return Measurement(rows)


def _codes(products: Products, images: np.ndarray, handle: Callable[[Tensor], Tensor]) -> np.ndarray:
    """Codes of handled images, some at a time."""
    parts = [torch.from_numpy(images[start : start + _BATCH]) for start in range(0, len(images), _BATCH)]
    return np.concatenate([products.hash(handle(part).numpy()) for part in parts])


def _eight_bit(images: np.ndarray) -> np.ndarray:
    """Images that a protocol does not round are rounded: nothing else can be sent."""
    return np.ascontiguousarray(images) if images.dtype == np.uint8 else np.round(images * 255).astype(np.uint8)
