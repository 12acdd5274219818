"""Codes: what a hasher makes of every image of the pool."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from hashbench.contracts.hasher import Hasher, sign
from hashbench.contracts.run import Run
from hashbench.contracts.split import Split, to_images
from hashbench.engine.machine.lowering import lowered
from hashbench.engine.machine.precision import rounding
from hashbench.engine.machine.tensors import FILE, load_tensors, save_tensors
from hashbench.engine.stages.hasher import HasherStage
from hashbench.engine.stages.stage import LOWERING, Given, Stage, in_precision, said_precision
from hashbench.errors import UserError
from hashbench.typing import Facts

CPU = torch.device("cpu")


@dataclass(frozen=True)
class CodesStage(Stage[np.ndarray]):
    """(pool, K) int8 in {-1, +1}."""

    name: ClassVar[str] = "codes"
    code: ClassVar[tuple[str, ...]] = ("contracts.hasher", "contracts.split", "engine.stages.codes", *LOWERING)
    hasher: HasherStage

    def needs(self) -> Mapping[str, Stage[object]]:
        return {"hasher": self.hasher, "pixels": self.hasher.pixels}

    def depends(self) -> Facts:
        return in_precision(self.hasher.hashing)

    @property
    def work(self) -> str:
        return self.hasher.work + said_precision(self.hasher.hashing)

    def make(self, draft: Path, given: Given, run: Run) -> None:
        pool, precision = given.get(self.hasher.pixels).pool, self.hasher.hashing
        with rounding(precision):
            codes = hash_split(lowered(given.get(self.hasher).hasher, precision), pool, run, "hashing images")
        save_tensors({"codes": codes}, draft / FILE)

    def read(self, folder: Path, given: Given) -> np.ndarray:
        return read_codes(folder)


def read_codes(folder: Path) -> np.ndarray:
    """The codes of a product that holds nothing else."""
    codes: np.ndarray = load_tensors(folder / FILE, CPU)["codes"].numpy()
    return codes


@torch.no_grad()
def hash_split(hasher: Hasher, split: Split, run: Run, label: str) -> Tensor:
    """(rows, K) int8 codes of a split, on the CPU."""
    batches = split.batches(run.batch_size, run.device)
    total = -(-len(split) // run.batch_size)
    codes, finite = [], torch.ones((), dtype=torch.bool, device=run.device)
    for _, images in run.track(batches, label, total):
        logits = hasher(images)
        finite &= logits.isfinite().all()
        codes.append(sign(logits).to(torch.int8))
    if not finite:
        raise UserError(f"the hasher gives outputs that are not finite on images of {split.name}: it has no codes.")
    return torch.cat(codes).cpu()


def hash_pixels(hasher: Hasher, pixels: np.ndarray, run: Run) -> Tensor:
    """(n, K) int8 codes, on the CPU and in fp32, of images given as uint8, or as float32 in [0, 1]."""
    return sign(logits_of(hasher, pixels, run)).to(torch.int8)


@torch.no_grad()
def logits_of(hasher: Hasher, pixels: np.ndarray, run: Run) -> Tensor:
    """(n, K) logits, likewise. Raises UserError where they are not finite."""
    logits = []
    for start in range(0, len(pixels), run.batch_size):
        chunk = pixels[start : start + run.batch_size]
        images = to_images(chunk, run.device) if chunk.dtype == np.uint8 else torch.from_numpy(chunk).to(run.device)
        with rounding("fp32"):
            logits.append(hasher(images))
    found = torch.cat(logits).cpu()
    if not found.isfinite().all():
        raise UserError("the hasher gives outputs that are not finite on some images: they have no codes.")
    return found
