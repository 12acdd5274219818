"""CIFAR's batches are pickles: this reads them with an unpickler that knows numpy's arrays and nothing else."""

from __future__ import annotations

import io
import pickle
import pickletools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, NoReturn

import numpy as np

from hashbench.errors import BadData

IMAGE = 3 * 32 * 32
LARGEST = 64 << 20
MOST_OBJECTS = 1_000_000


@dataclass(frozen=True)
class Batch:
    """Images and labels of one file."""

    pixels: np.ndarray
    """(n, 3, 32, 32) uint8"""
    labels: np.ndarray
    """(n,) int64 in 0..9"""


def read_batch(file: Path) -> Batch:
    """A file of cifar-10-batches-py. Raises BadData for anything but bytes, numbers, lists, dicts and 8-bit arrays."""
    try:
        if file.stat().st_size > LARGEST:
            raise BadData(f"{file} has more than {LARGEST >> 20} MB: that is no batch of CIFAR-10.")
        data = file.read_bytes()
        if any(isinstance(number, int) and number > MOST_OBJECTS for name, number in _memo(data)):
            raise BadData("it numbers more objects than a batch of CIFAR-10 has: it was not read.")
        content = _Inert(io.BytesIO(data), encoding="bytes").load()
    except OSError as error:
        raise BadData(f"{file} can't be read: {error.strerror}.") from error
    except BadData as error:
        raise BadData(f"{file}: {error}") from error
    except Exception as error:
        raise BadData(f"{file} is damaged: {type(error).__name__} on reading it; fetch it again.") from error
    pixels, labels = (content.get(key) if isinstance(content, dict) else None for key in (b"data", b"labels"))
    if not isinstance(pixels, _Array) or not pixels.content or len(pixels.content) % IMAGE:
        raise BadData(f"{file} holds no 8-bit images of 32 px under 'data': is it a batch of CIFAR-10?")
    count = len(pixels.content) // IMAGE
    if not isinstance(labels, list) or any(type(label) is not int or not 0 <= label < 10 for label in labels):
        raise BadData(f"{file} holds no labels 0 to 9 under 'labels': is it a batch of CIFAR-10?")
    if len(labels) != count:
        raise BadData(f"{file}: {len(labels)} labels for {count} images.")
    images = np.frombuffer(pixels.content, dtype=np.uint8).reshape(count, 3, 32, 32)
    return Batch(images, np.array(labels, dtype=np.int64))


def _memo(data: bytes) -> Iterator[tuple[str, Any]]:
    """The opcodes that put an object under a number: the reader makes a table as long as the largest."""
    return ((op.name, argument) for op, argument, _ in pickletools.genops(data) if "PUT" in op.name)


class _Array:
    """Stands for a numpy array in the pickle: keeps the bytes of an 8-bit one."""

    content: bytes | None = None

    def __setstate__(self, state: Any) -> None:
        _, _, dtype, fortran, content = state
        if getattr(dtype, "kind", None) == b"u1" and not fortran and isinstance(content, bytes):
            self.content = content


class _Dtype:
    """Stands for a numpy dtype."""

    def __init__(self, kind: Any = None, *_: Any) -> None:
        self.kind = kind.encode() if isinstance(kind, str) else kind

    def __setstate__(self, state: Any) -> None:
        pass


def _array(*_: Any) -> _Array:
    return _Array()


class _Inert(pickle.Unpickler):
    """Resolves numpy's three names to the stand-ins above and refuses every other, so nothing of the file's choosing is called."""

    known: ClassVar[Mapping[tuple[str, str], Any]] = {
        ("numpy.core.multiarray", "_reconstruct"): _array,
        ("numpy._core.multiarray", "_reconstruct"): _array,
        ("numpy", "ndarray"): _Array,
        ("numpy", "dtype"): _Dtype,
    }

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self.known:
            raise BadData(f"it asks for {module}.{name}, which no batch of CIFAR-10 needs: it was not read.")
        return self.known[module, name]

    def persistent_load(self, pid: Any) -> NoReturn:
        raise BadData("it asks for an object outside it, which no batch of CIFAR-10 needs: it was not read.")
