"""Every kind of image file becomes the pixels it shows; none that is damaged or huge gets far."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from torchvision import transforms

from hashbench.api import BadData
from hashbench.data.pipelines import PIPELINES, decode_bytes


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def halves(mode: str = "RGB", size: tuple[int, int] = (64, 64)) -> Image.Image:
    """Left half dark, right half bright."""
    pixels = np.zeros((size[1], size[0], 3), dtype=np.uint8) + 40
    pixels[:, size[0] // 2 :] = 200
    return Image.fromarray(pixels).convert(mode, dither=Image.Dither.NONE)


@pytest.mark.parametrize("pipeline", PIPELINES)
@pytest.mark.parametrize(
    ("kind", "mode"),
    [("JPEG", "RGB"), ("JPEG", "L"), ("JPEG", "CMYK"), ("PNG", "RGB"), ("PNG", "RGBA"), ("PNG", "L"), ("PNG", "P"), ("PNG", "1"), ("GIF", "P"), ("WEBP", "RGB")],
)  # fmt: skip
def test_every_mode_becomes_rgb(pipeline: str, kind: str, mode: str) -> None:
    pixels = decode_bytes(pipeline, encoded(halves(mode), kind), 16, "x")
    assert pixels.shape == (3, 16, 16) and pixels.dtype == np.uint8
    dark, bright = (0, 255) if mode == "1" else (40, 200)
    assert abs(pixels[:, 8, 2].astype(int) - dark).max() <= 12 and abs(pixels[:, 8, 13].astype(int) - bright).max() <= 12


def test_16_bit_and_animated_images_are_read() -> None:
    deep = Image.fromarray(np.full((20, 20), 200 * 257, dtype=np.uint16))
    assert abs(decode_bytes("v2", encoded(deep, "PNG"), 16, "x").astype(int) - 200).max() <= 1
    frames = [Image.new("RGB", (20, 20), (value, 0, 0)) for value in (250, 10)]
    assert (decode_bytes("v2", encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]), 16, "x")[0] > 200).all()


def test_exif_turns_the_image_but_not_in_the_release_pipeline() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # shown turned by a quarter clockwise: left becomes top
    data = encoded(halves(), "JPEG", exif=exif)
    turned, plain = decode_bytes("v2", data, 16, "x"), decode_bytes("pil-v1", data, 16, "x")
    assert turned[0, 2, 8] < 80 < turned[0, 13, 8] and plain[0, 8, 2] < 80 < plain[0, 8, 13]


def test_the_release_pipeline_is_pil_with_transforms_v1_to_the_bit() -> None:
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (333, 500, 3), dtype=np.uint8))
    data = encoded(image, "PNG")
    wanted = transforms.CenterCrop(224)(transforms.Resize(256)(Image.open(io.BytesIO(data)).convert("RGB")))
    assert np.array_equal(decode_bytes("pil-v1", data, 224, "x"), np.asarray(wanted).transpose(2, 0, 1))
    assert abs(decode_bytes("v2", data, 224, "x").astype(int) - decode_bytes("pil-v1", data, 224, "x")).max() <= 1


def test_a_bomb_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0))
    bomb = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    for pipeline in PIPELINES:
        with pytest.raises(BadData, match="pixels"):
            decode_bytes(pipeline, bomb, 16, "bomb.png")


@pytest.mark.parametrize("pipeline", PIPELINES)
@pytest.mark.parametrize("cut", [0, 3, 30, 300])
def test_a_cut_image_is_one_sentence(pipeline: str, cut: int) -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8))
    with pytest.raises(BadData, match=r"^a\.png can't be read as an image: [^\n]*$"):
        decode_bytes(pipeline, encoded(noise, "PNG")[:cut], 16, "a.png")


def test_thin_images_long_animations_and_programs_are_refused() -> None:
    frames = [Image.new("P", (3000, 3000), i) for i in range(12)]
    long = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    thin = encoded(Image.new("RGB", (1, 3000)), "PNG")
    script = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n"
    for data, sentence in ((long, "x 12 pixels"), (thin, "more than 50 times the other"), (script, "can't be read as an image")):
        for pipeline in PIPELINES:
            with pytest.raises(BadData, match=sentence):
                decode_bytes(pipeline, data, 16, "x")
