"""Images as data URIs, so that the page is one file; compressed where there are many."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass

import numpy as np
from PIL import Image

AMPLIFY = 8
LOSSLESS_BYTES = 2 << 20
"""Of pixel values on a page: up to here pictures are kept to the bit, at their size."""
MANY_BYTES = 16 << 20
"""From here on only the first sample of each attack is shown."""
SIDE = 96
"""Of compressed pictures."""


@dataclass(frozen=True)
class Quality:
    """How the pictures of a page are shown."""

    lossless: bool
    samples: int | None
    """Of each attack; None for all that results hold."""

    @classmethod
    def of(cls, pixels: int) -> Quality:
        """For so many pixel values of queries, adversarial images and differences."""
        return cls(pixels <= LOSSLESS_BYTES, 1 if pixels > MANY_BYTES else None)

    @property
    def text(self) -> str:
        """What a reader must know of it."""
        kept = "Pictures are as scored, to the bit" if self.lossless else f"Pictures are compressed, at most {SIDE} px a side"
        return (
            kept + ("" if self.samples is None else "; the first sample of each attack") + "; the images retrieved are compressed."
        )


def data_uri(pixels: np.ndarray, lossless: bool) -> str:
    """(3, h, w) uint8 as WebP."""
    image = Image.fromarray(np.ascontiguousarray(pixels.transpose(1, 2, 0)))
    stream = io.BytesIO()
    if lossless:
        image.save(stream, "WEBP", lossless=True, quality=50, method=3)
    else:
        image.thumbnail((SIDE, SIDE))
        image.save(stream, "WEBP", quality=82, method=3)
    return "data:image/webp;base64," + base64.b64encode(stream.getvalue()).decode()


def amplified(adversarial: np.ndarray, clean: np.ndarray) -> np.ndarray:
    """The difference of two (3, h, w) uint8 images around mid-grey, times AMPLIFY."""
    change = (adversarial.astype(np.int16) - clean) * AMPLIFY + 128
    picture: np.ndarray = change.clip(0, 255).astype(np.uint8)
    return picture
