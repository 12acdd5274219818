"""Files -> 8-bit pixels: decoded, resized by the shorter side, centre-cropped; once, into a memory-mapped array."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import numpy as np
from torchvision.io import ImageReadMode, decode_image, read_file
from torchvision.transforms.v2 import functional as transforms

from hashbench.data.dataset import RetrievalData
from hashbench.errors import BadData
from hashbench.run import Progress

PIPELINE = "torchvision decode_image rgb exif, resize shorter side to 8/7 of the size bilinear antialias, centre crop"


def decode_image_file(path: Path, size: int) -> np.ndarray:
    """(3, size, size) uint8: at 224 the shorter side becomes 256, then the centre is cropped."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = decode_image(read_file(str(path)), ImageReadMode.RGB, apply_exif_orientation=True)
    except RuntimeError as error:
        raise BadData(f"{path} can't be read as an image: {str(error).splitlines()[0]}") from error
    image = transforms.resize(image, [round(size * 8 / 7)], antialias=True)
    pixels: np.ndarray = transforms.center_crop(image, [size, size]).numpy()
    return pixels


def write_pixels(data: RetrievalData, file: Path, workers: int, progress: Progress) -> None:
    """Decode every image of the pool into one .npy array (pool, 3, size, size) uint8."""
    count, size = len(data.labels), data.image_size
    array = np.lib.format.open_memmap(file, mode="w+", dtype=np.uint8, shape=(count, 3, size, size))
    with ThreadPoolExecutor(workers) as threads:
        for i, pixels in progress.track(_in_order(threads, data, count, 4 * workers), "decoding images", count):
            array[i] = pixels
    array.flush()


def _in_order(threads: ThreadPoolExecutor, data: RetrievalData, count: int, ahead: int) -> Iterator[tuple[int, np.ndarray]]:
    """Like map, but only `ahead` images are held in memory."""
    positions = iter(range(count))
    pending = [(i, threads.submit(data.decode, i)) for i in islice(positions, ahead)]
    while pending:
        i, future = pending.pop(0)
        for following in islice(positions, 1):
            pending.append((following, threads.submit(data.decode, following)))
        yield i, future.result()


def read_pixels(file: Path) -> np.ndarray:
    """The array that `write_pixels` wrote, memory-mapped."""
    array: np.ndarray = np.lib.format.open_memmap(file, mode="r")
    return array
