"""CPU time of decode-and-resize per image: the pipeline `v2` against PIL with torchvision's transforms v1, one thread each.

    python benchmarks/speed/decoding.py [FOLDER]

FOLDER: JPEG files; without it 300 synthetic ones of 500 x 375 are made, the usual size in the field. Interleaved, image by image.
"""

from __future__ import annotations

import io
import sys
import time
from collections import defaultdict
from pathlib import Path

import click
import numpy as np
import torch
from PIL import Image
from torchvision import transforms

from hashbench.api import decode_bytes

IMAGES, SIZE, ROUNDS = 300, 224, 3
RESIZE = transforms.Compose([transforms.Resize(256), transforms.CenterCrop(SIZE)])


def baseline(data: bytes) -> np.ndarray:
    return np.asarray(RESIZE(Image.open(io.BytesIO(data)).convert("RGB")))


WAYS = {"PIL, transforms v1": baseline, "v2": lambda data: decode_bytes("v2", data, SIZE, "image")}


def synthetic() -> list[bytes]:
    """Smooth noise, which compresses like a photograph (about 1.5 bits a pixel)."""
    rng = np.random.default_rng(0)
    files = []
    for _ in range(IMAGES):
        coarse = Image.fromarray(rng.integers(0, 256, (24, 32, 3), dtype=np.uint8)).resize((500, 375), Image.Resampling.BICUBIC)
        pixels = np.asarray(coarse).astype(int) + rng.integers(-9, 10, (375, 500, 3))
        stream = io.BytesIO()
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(stream, "JPEG", quality=85)
        files.append(stream.getvalue())
    return files


def main() -> None:
    torch.set_num_threads(1)
    given = sorted(Path(sys.argv[1]).rglob("*.jp*g"))[:IMAGES] if len(sys.argv) > 1 else []
    files = [file.read_bytes() for file in given] or synthetic()
    seconds: dict[str, list[float]] = defaultdict(list)
    for _ in range(ROUNDS):
        spent = dict.fromkeys(WAYS, 0.0)
        for data in files:
            for name, way in WAYS.items():
                start = time.process_time()
                way(data)
                spent[name] += time.process_time() - start
        for name, value in spent.items():
            seconds[name].append(value)
    best = {name: min(values) / len(files) * 1000 for name, values in seconds.items()}
    click.echo(f"{len(files)} images of {sum(map(len, files)) / len(files) / 1024:.0f} kB, {SIZE} px")
    for name, value in best.items():
        click.echo(f"{name:<20} {value:6.2f} ms CPU an image   {best['PIL, transforms v1'] / value:5.2f}x")


if __name__ == "__main__":
    main()
