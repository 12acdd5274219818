"""Bytes of an image file -> 8-bit pixels: decoded, resized by the shorter side, centre-cropped. Each way is named in results."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError

from hashbench.errors import BadData

MOST_PIXELS = 89_478_485
"""The limit of PIL, beyond which it warns of a decompression bomb."""
MOST_TIMES = 50
"""How much longer one side may be: the shorter one is resized to the image size."""
FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP")
"""Decoders of PIL that may look at a file; others run programs or are seldom looked after."""
Decoder = Callable[[bytes, int], np.ndarray]


@dataclass(frozen=True)
class Pipeline:
    """A way from a file's bytes and a size to (3, size, size) uint8."""

    text: str
    decode: Decoder


@dataclass(frozen=True)
class Header:
    """The header of an image file."""

    mode: str
    width: int
    height: int


def read_header(data: bytes, name: str) -> Header:
    """Raises BadData for what is no image, and for more pixels than `MOST_PIXELS`."""
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError) as error:
        raise BadData(f"{name} can't be read as an image: {str(error).splitlines()[0]}.") from error
    except Warning as error:
        raise BadData(f"{name} has more than {MOST_PIXELS:,} pixels: make it smaller.") from error
    try:
        with image:
            frames = int(getattr(image, "n_frames", 1))
            header = Header(image.mode, *image.size)
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise BadData(f"{name} can't be read as an image: {(str(error) or type(error).__name__).splitlines()[0]}.") from error
    if header.width * header.height * frames > MOST_PIXELS:
        raise BadData(f"{name} has {header.width} x {header.height} x {frames} pixels: the limit is {MOST_PIXELS:,}.")
    if max(header.width, header.height) > MOST_TIMES * min(header.width, header.height):
        raise BadData(f"{name} has {header.width} x {header.height} pixels: one side is more than {MOST_TIMES} times the other.")
    return header


def decode_bytes(pipeline: str, data: bytes, size: int, name: str) -> np.ndarray:
    """(3, size, size) uint8. Raises BadData naming the file where it is damaged or too large."""
    return decode_with_mode(pipeline, data, size, name)[0]


def decode_with_mode(pipeline: str, data: bytes, size: int, name: str) -> tuple[np.ndarray, str]:
    """Pixels as `decode_bytes` gives them, and the mode of the file: RGB, L, CMYK, ..."""
    mode = read_header(data, name).mode
    try:
        return PIPELINES[pipeline].decode(data, size), mode
    except (RuntimeError, OSError, ValueError, SyntaxError, EOFError) as error:
        raise BadData(f"{name} can't be read as an image: {(str(error) or type(error).__name__).splitlines()[0]}.") from error


def _shorter_side(size: int) -> int:
    """At 224 the shorter side becomes 256 before the centre is cropped."""
    return round(size * 8 / 7)


def _torchvision(data: bytes, size: int) -> np.ndarray:
    """JPEG by torchvision; other formats by PIL, since torchvision's decoders of damaged ones can end the process."""
    from torchvision.io import ImageReadMode, decode_jpeg
    from torchvision.transforms.v2 import functional as v2

    if data.startswith(b"\xff\xd8"):
        image = decode_jpeg(torch.frombuffer(bytearray(data), dtype=torch.uint8), ImageReadMode.RGB, apply_exif_orientation=True)
    else:
        with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
            pixels = np.asarray(ImageOps.exif_transpose(_eight_bit(opened)).convert("RGB"))
        image = torch.from_numpy(pixels.transpose(2, 0, 1).copy())
    image = v2.resize(image, [_shorter_side(size)], antialias=True)
    cropped: np.ndarray = v2.center_crop(image, [size, size]).numpy()
    return cropped


def _eight_bit(image: Image.Image) -> Image.Image:
    """16-bit grey as 8-bit grey; PIL's own conversion would clip it."""
    if not image.mode.startswith("I"):
        return image
    return Image.fromarray((np.asarray(image).astype(np.int64) >> 8).clip(0, 255).astype(np.uint8))


def _pil(data: bytes, size: int) -> np.ndarray:
    from torchvision import transforms as v1

    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        cropped = v1.CenterCrop(size)(v1.Resize(_shorter_side(size))(image.convert("RGB")))
    pixels: np.ndarray = np.asarray(cropped).transpose(2, 0, 1).copy()
    return pixels


PIPELINES = {
    "v2": Pipeline(
        "torchvision decode_jpeg (others: PIL) rgb exif, resize shorter side to 8/7 of the size bilinear antialias, centre crop",
        _torchvision,
    ),
    "pil-v1": Pipeline("PIL rgb no exif, transforms v1 resize shorter side to 8/7 of the size bilinear, centre crop", _pil),
}
"""`v2` is the default. `pil-v1` decodes as the ProS-GAN release does (PIL and torchvision's transforms v1, EXIF ignored)."""
