"""How visible the attack is, as the attack returned the images and as they are scored."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from hashbench.api import Benchmark, Measurement, Products, Row, file_sha256

_WINDOW = 11
"""Pixels of a side that SSIM's Gaussian covers."""
_TRUNK = "alexnet-owt-7be5be79.pth"
_BATCH = 64


@dataclass(frozen=True)
class Perceptibility(Benchmark):
    """RMS (the paper's), L-inf, L2, share of changed pixels, PSNR, before and after enforcement and rounding; SSIM and LPIPS after

    SSIM (TIP 2004) and LPIPS (CVPR 2018) as torchmetrics has them. LPIPS stands only where the AlexNet it needs lies in
    TORCH_HOME (hub/checkpoints/alexnet-owt-7be5be79.pth).
    """

    def measure(self, products: Products) -> Measurement:
        change = products.change().reshape(len(products.clean_pixels), -1)
        log, values = products.log, change.shape[1]
        scored = _rows("", np.square(change).mean(1), np.abs(change).max(1), (change != 0).mean(1), values)
        returned = _rows("_raw", log.raw_squares, log.raw_linf, log.raw_changed, values)
        return Measurement(scored + returned + list(_perceived(products)))


def _rows(suffix: str, squares: np.ndarray, linf: np.ndarray, changed: np.ndarray, values: int) -> list[Row]:
    """RMS pooled over all values of all images; L-inf the largest over queries; L2 the mean length; PSNR in dB of the pooled RMS
    (infinite: None)."""
    rms = float(np.sqrt(squares.mean()))
    rows = [
        Row(f"rms{suffix}", rms, squares, root=True),
        Row(f"linf{suffix}", float(linf.max())),
        Row.mean(f"l2{suffix}", np.sqrt(squares * values)),
        Row.mean(f"changed{suffix}", changed),
    ]
    return [*rows, Row(f"psnr{suffix}", float(-20 * np.log10(rms)))] if rms else rows


def _perceived(products: Products) -> Iterator[Row]:
    """SSIM, and LPIPS where its network is."""
    if min(products.clean_pixels.shape[-2:]) < _WINDOW:
        return
    from torchmetrics.functional.image import structural_similarity_index_measure as ssim

    alike = [ssim(adversarial, clean, data_range=1.0, reduction="none") for clean, adversarial in _pairs(products)]
    yield Row.mean("ssim", torch.cat([torch.as_tensor(one).reshape(-1) for one in alike]).numpy())
    if not _has_trunk():
        return
    from torchmetrics.functional.image.lpips import _NoTrainLpips

    with warnings.catch_warnings():  # torchvision's old arguments, inside torchmetrics
        warnings.simplefilter("ignore")
        network = _NoTrainLpips(net="alex").eval()
    with torch.no_grad():
        distances = [
            network(clean.float(), adversarial.float(), normalize=True).reshape(-1) for clean, adversarial in _pairs(products)
        ]
    yield Row.mean("lpips", torch.cat(distances).numpy())


def _pairs(products: Products) -> Iterator[tuple[Tensor, Tensor]]:
    """Clean and adversarial images in [0, 1], some at a time."""
    for start in range(0, len(products.clean_pixels), _BATCH):
        yield _floats(products.clean_pixels[start : start + _BATCH]), _floats(products.adversarial[start : start + _BATCH])


def _floats(pixels: np.ndarray) -> Tensor:
    scale = 255 if pixels.dtype == np.uint8 else 1
    return torch.from_numpy(np.ascontiguousarray(pixels)).double() / scale


def _has_trunk() -> bool:
    """Whether the network that LPIPS stands on is there, whole."""
    file = Path(torch.hub.get_dir()) / "checkpoints" / _TRUNK
    return file.is_file() and file_sha256(file).startswith("7be5be79")
