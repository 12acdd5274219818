"""Images as data URIs, so that the page is one file; compressed where there are many."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

AMPLIFY = 8
LOSSLESS_BYTES = 2 << 20
"""Of pixel values on a page: up to here pictures are kept to the bit, at their size."""
MANY = 48
"""Galleries from which on only the first sample of each is shown."""
PAGE_BYTES = 3.5e6
"""What all pictures of a page may take."""
SIDES = (96, 72, 56, 40)
"""Pixels of a compressed picture's side: the largest that keeps a page small."""


@dataclass(frozen=True)
class Quality:
    """How the pictures of a page are shown."""

    lossless: bool
    side: int
    """Of compressed pictures: the retrieved ones, and all where not lossless."""
    samples: int | None
    """Of each attack; None for all that results hold."""

    @classmethod
    def of(cls, galleries: int, samples: int, some: Sequence[np.ndarray], of_sample: int) -> Quality:
        """The quality for a page of `galleries` of `samples` queries, `of_sample` pictures each; `some` stand for all of them."""
        if not some:
            return cls(True, SIDES[0], None)
        shown = 1 if galleries > MANY else samples
        pictures = galleries * shown * of_sample
        fitting = (side for side in SIDES if np.mean([len(data_uri(one, side)) for one in some]) * pictures <= PAGE_BYTES)
        lossless = galleries * shown * 3 * some[0].size <= LOSSLESS_BYTES
        return cls(lossless, next(fitting, SIDES[-1]), None if shown == samples else shown)

    @property
    def text(self) -> str:
        """A sentence about it for readers."""
        kept = "Pictures are as scored, to the bit" if self.lossless else f"Pictures are compressed, at most {self.side} px a side"
        which = "" if self.samples is None else "; the first sample of each attack"
        return f"{kept}{which}; the images retrieved are compressed."


def data_uri(pixels: np.ndarray, side: int | None) -> str:
    """(3, h, w) uint8 as WebP: to the bit for None, else compressed, at most `side` px a side."""
    image = Image.fromarray(np.ascontiguousarray(pixels.transpose(1, 2, 0)))
    stream = io.BytesIO()
    if side is None:
        image.save(stream, "WEBP", lossless=True, quality=50, method=3)
    else:
        image.thumbnail((side, side))
        image.save(stream, "WEBP", quality=82, method=3)
    return "data:image/webp;base64," + base64.b64encode(stream.getvalue()).decode()


def amplified(adversarial: np.ndarray, clean: np.ndarray) -> np.ndarray:
    """The difference of two (3, h, w) uint8 images around mid-grey, times AMPLIFY."""
    change = (adversarial.astype(np.int16) - clean) * AMPLIFY + 128
    picture: np.ndarray = change.clip(0, 255).astype(np.uint8)
    return picture
