"""Memory: how much there is, how much values take, and buffers that stay with the process."""

from __future__ import annotations

import ctypes
import dataclasses
import os
from collections.abc import Mapping

import numpy as np
from torch import Tensor, nn

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_LARGEST = 32 * 1024 * 1024


def keep_freed_memory() -> None:
    """Ask glibc's malloc to reuse the buffers of CPU tensors, so that a step's are not faulted in anew at each step.

    Does nothing where the C library has no mallopt.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if os.name == "posix" else None
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _LARGEST)
        mallopt(_TRIM_THRESHOLD, 2**31 - 1)


def share_of_memory() -> int:
    """A quarter of the machine's memory in bytes; of 8 GB where it does not say."""
    known = getattr(os, "sysconf_names", {})
    if "SC_PHYS_PAGES" not in known or "SC_PAGE_SIZE" not in known:
        return 2 << 30
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 4


def bytes_of(value: object) -> int:
    """About how much memory a product takes: its tensors and arrays, but for arrays that lie on the disk."""
    if isinstance(value, Tensor):
        return value.nbytes
    if isinstance(value, np.memmap):
        return 0
    if isinstance(value, np.ndarray):
        return value.nbytes
    if isinstance(value, nn.Module):
        return bytes_of(value.state_dict())
    if isinstance(value, Mapping):
        return sum(map(bytes_of, value.values()))
    if dataclasses.is_dataclass(value):
        return sum(bytes_of(getattr(value, field.name)) for field in dataclasses.fields(value))
    return sum(map(bytes_of, value)) if isinstance(value, list | tuple) else 0
