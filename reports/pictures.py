"""Images as data URIs, so that the page is one file."""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image


def data_uri(pixels: np.ndarray) -> str:
    """(3, h, w) uint8 as a lossless PNG."""
    stream = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels.transpose(1, 2, 0))).save(stream, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode()


def amplified(adversarial: np.ndarray, clean: np.ndarray, factor: int) -> np.ndarray:
    """The difference of two (3, h, w) uint8 images around mid-grey, times `factor`."""
    change = (adversarial.astype(np.int16) - clean) * factor + 128
    picture: np.ndarray = change.clip(0, 255).astype(np.uint8)
    return picture
