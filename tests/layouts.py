"""Small copies of the field's distributions, in their official layouts."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

POTENTIAL = """animals baby bird car clouds dog female flower food indoor lake male night people plant_life portrait river sea sky
structures sunset transport tree water""".split()  # noqa: SIM905 - as its README lists them
RELEVANT = "baby bird car clouds dog female flower male night people portrait river sea tree".split()  # noqa: SIM905
VOC = """aeroplane bicycle bird boat bottle bus car cat chair cow diningtable dog horse motorbike person pottedplant sheep sofa train
tvmonitor""".split()  # noqa: SIM905


def picture(file: Path, number: int, size: tuple[int, int] = (24, 20)) -> None:
    """A plain image whose red value is its number."""
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (number, 100, 50)).save(
        file, **({"quality": 100, "comment": f"{file.name}"} if file.suffix == ".jpg" else {})
    )


def lists(folder: Path, names: Sequence[str], splits: Mapping[str, Sequence[int]]) -> None:
    """The field's list files of images that are there: which of `names` are train, database and test; two classes in turn."""
    for split, rows in splits.items():
        (folder / f"{split}_img.txt").write_text("".join(f"{names[i]}\n" for i in rows))
        (folder / f"{split}_label.txt").write_text("".join(f"{i % 2} {1 - i % 2}\n" for i in rows))


def flickr25k(folder: Path, images: int = 40) -> Path:
    """Image n has the potential labels n % 24 and sky (18); every fifth none; `_r1` holds every second of its parent."""
    for n in range(1, images + 1):
        picture(folder / "mirflickr" / f"im{n}.jpg", n)
    annotations = folder / "mirflickr25k_annotations_v080"
    annotations.mkdir(parents=True)
    (annotations / "README.txt").write_text("38 labels\n")
    for i, name in enumerate(POTENTIAL):
        members = [n for n in range(1, images + 1) if n % 5 and (n % 24 == i or name == "sky")] or [1]
        (annotations / f"{name}.txt").write_text("".join(f"{n}\n" for n in members))
        if name in RELEVANT:
            (annotations / f"{name}_r1.txt").write_text("".join(f"{n}\n" for n in members[::2]))
    return folder


def nuswide(folder: Path, images: int = 60, test: int = 20) -> Path:
    """81 concepts; concept c00 most frequent. The last `test` images are the official test images."""
    names = [f"c{i:02}" for i in range(81)]
    labels = np.array([[n % (i + 2) == 0 and n % 7 != 6 for i in range(81)] for n in range(images)])
    paths = [f"actor\\{n:04}_{7000 + n}.jpg" for n in range(images)]
    for n in range(images):
        picture(folder / "Flickr" / "actor" / f"{n:04}_{7000 + n}.jpg", n)
    (folder / "ImageList").mkdir(parents=True)
    for name, part in (("Imagelist", paths), ("TrainImagelist", paths[:-test]), ("TestImagelist", paths[-test:])):
        (folder / "ImageList" / f"{name}.txt").write_text("".join(f"{path}\r\n" for path in part))
    for kind in ("AllLabels", "TrainTestLabels"):
        (folder / "Groundtruth" / kind).mkdir(parents=True)
    for name, column in zip(names, labels.T, strict=True):
        lines = [f"{int(value)}\n" for value in column]
        (folder / "Groundtruth" / "AllLabels" / f"Labels_{name}.txt").write_text("".join(lines))
        (folder / "Groundtruth" / "TrainTestLabels" / f"Labels_{name}_Train.txt").write_text("".join(lines[:-test]))
        (folder / "Groundtruth" / "TrainTestLabels" / f"Labels_{name}_Test.txt").write_text("".join(lines[-test:]))
    return folder


def mscoco(folder: Path, images: int = 30) -> Path:
    """Categories 1, 3 and 90; image ids jump by 7; every sixth image has no object."""
    categories = [{"id": 90, "name": "toothbrush"}, {"id": 1, "name": "person"}, {"id": 3, "name": "car"}]
    (folder / "annotations").mkdir(parents=True)
    for part, first in (("train2014", 0), ("val2014", 1000)):
        entries, annotations = [], []
        for n in range(images // 2):
            number = first + 7 * n + 5
            name = f"COCO_{part}_{number:012}.jpg"
            picture(folder / part / name, n)
            entries.append({"id": number, "file_name": name, "width": 24, "height": 20, "license": 1})
            for k, category in enumerate((1, 3, 90)):
                if n % 6 and (n + k) % 2:
                    box = {"bbox": [0.5, 1.5, 3.25, 4], "segmentation": [[1.5, 2.5, 3.5]], "iscrowd": 0, "area": 13.5}
                    annotations.append({"id": len(annotations), "image_id": number, "category_id": category, **box})
        entries.reverse()
        content = {"info": {"year": 2014}, "images": entries, "annotations": annotations, "categories": categories}
        (folder / "annotations" / f"instances_{part}.json").write_text(json.dumps(content))
    return folder


def voc2012(folder: Path, images: int = 40) -> Path:
    """Image n shows class n % 20; it is difficult (0) for the next class; every tenth shows nothing."""
    main = folder / "VOCdevkit" / "VOC2012" / "ImageSets" / "Main"
    main.mkdir(parents=True)
    for n in range(images):
        picture(main.parents[1] / "JPEGImages" / f"2008_{n:06}.jpg", n)
    for i, name in enumerate(VOC):
        value = [0 if n % 10 == 9 else 1 if n % 20 == i else 0 if n % 20 == i - 1 else -1 for n in range(images)]
        (main / f"{name}_trainval.txt").write_text("".join(f"2008_{n:06} {value[n]:2d}\n" for n in range(images)))
    return folder


def cifar10(folder: Path, images: int = 100) -> Path:
    """Six batches of `images` each, pickled as Python 2 did; image i is of class i % 10."""
    root = folder / "cifar-10-batches-py"
    root.mkdir(parents=True)
    for b, name in enumerate([*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]):
        (root / name).write_bytes(python2_batch(cifar_pixels(b, images).tobytes(), [i % 10 for i in range(images)]))
    return folder


def cifar_pixels(batch: int, images: int = 100) -> np.ndarray:
    """(images, 3072) uint8: image i is i all over, but for its first value, the number of the batch."""
    pixels = np.repeat(np.arange(images, dtype=np.uint8)[:, None], 3072, axis=1)
    pixels[:, 0] = batch
    return pixels


def python2_batch(pixels: bytes, labels: list[int]) -> bytes:
    """The opcodes that Python 2's cPickle writes for {'data': array, 'labels': list} at protocol 2."""

    def text(value: bytes) -> bytes:
        return b"U" + bytes([len(value)]) + value

    shape = b"M" + struct.pack("<H", len(labels)) + b"M" + struct.pack("<H", 3072) + b"\x86"
    dtype = (
        b"cnumpy\ndtype\n" + text(b"u1") + b"K\x00K\x01\x87R(K\x03" + text(b"|") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    )
    rebuilt = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85" + text(b"b") + b"\x87R"
    array = rebuilt + b"(K\x01" + shape + dtype + b"\x89" + b"T" + struct.pack("<i", len(pixels)) + pixels + b"tb"
    numbers = b"](" + b"".join(b"K" + bytes([label]) for label in labels) + b"e"
    return b"\x80\x02}(" + text(b"data") + array + text(b"labels") + numbers + text(b"batch_label") + text(b"x") + b"u."


WRITERS = {"flickr25k": flickr25k, "nuswide": nuswide, "mscoco": mscoco, "voc2012": voc2012, "cifar10": cifar10}
