"""An entry: a run packed so that others can check it. Its files and what they may hold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hashbench.contracts.run import derive_seed
from hashbench.disk.files import read_json
from hashbench.errors import UserError
from hashbench.results.reading import ENTRY
from hashbench.typing import Facts

SCHEMA = 1
LARGEST = 1 << 24
_NAME = r"[\w-][\w.-]*"


class EntryHasher(BaseModel):
    """A hasher of the entry: a folder with card and weights, or the content of a network that only its owner can load."""

    model_config = ConfigDict(extra="forbid")
    folder: str = Field(default="", pattern=f"^(hashers/{_NAME})?$")
    model: str = ""
    content: str = ""


class EntryCell(BaseModel):
    """Where the images, targets and hasher of a cell are."""

    model_config = ConfigDict(extra="forbid")
    images: str = Field(pattern=f"^images/{_NAME}$")
    targets: str = Field(pattern=f"^targets/{_NAME}$")
    hasher: str
    queries: int | None = Field(default=None, ge=1)
    """How many queries were drawn by the seed; all for None. Of no meaning where the targets are from the sender's file."""


class Entry(BaseModel):
    """What `entry.json` holds."""

    model_config = ConfigDict(extra="forbid")
    entry_schema: int = Field(ge=1, le=SCHEMA)
    hashbench: str
    config: Facts
    """What the run was asked for."""
    images_each: int | None = Field(default=None, ge=1)
    """How many images of each cell are there, drawn by the targets' hash; all for None."""
    hashers: dict[str, EntryHasher]
    """By label."""
    cells: dict[str, EntryCell]
    """By slug."""


def read_entry(folder: Path) -> Entry:
    """Raises UserError where the folder holds no entry."""
    file = folder / ENTRY
    try:
        return Entry.model_validate(read_json(file, "entry of hashbench submit", LARGEST))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UserError(f"{file} is no entry of hashbench submit ({where}: {first['msg'].lower()}).") from error


def sample(count: int, wanted: int | None, targets_sha256: str) -> np.ndarray:
    """Positions, in order, of the queries whose images an entry holds: a draw that the sender can't choose."""
    if wanted is None or wanted >= count:
        return np.arange(count)
    rng = np.random.default_rng(derive_seed("sample of an entry", targets_sha256))
    return np.sort(rng.choice(count, wanted, replace=False))


def write_images(images: np.ndarray, positions: np.ndarray, folder: Path) -> None:
    """(Q, 3, h, w) uint8 as PNGs, the ones at `positions`."""
    folder.mkdir(parents=True)
    for position in positions:
        Image.fromarray(images[position].transpose(1, 2, 0)).save(folder / f"{position:06}.png")


def read_images(folder: Path, positions: np.ndarray, side: int) -> np.ndarray:
    """(n, 3, side, side) uint8. Raises UserError where one is missing, damaged, of another size, or more are there."""
    there = {file.name for file in folder.glob("*")}
    wanted = [f"{position:06}.png" for position in positions]
    if there != set(wanted):
        odd = sorted(set(wanted) ^ there)[0]
        raise UserError(f"{folder} has {len(there)} images where the draw of this entry wants {len(wanted)}: look at {odd}.")
    made = np.empty((len(wanted), 3, side, side), dtype=np.uint8)
    for i, name in enumerate(wanted):
        try:
            with Image.open(folder / name, formats=("PNG",)) as image:
                if image.size != (side, side) or image.mode != "RGB":
                    raise UserError(f"{folder / name} is {image.size[0]} x {image.size[1]} {image.mode}, not {side} x {side} RGB.")
                made[i] = np.asarray(image).transpose(2, 0, 1)
        except (OSError, UnidentifiedImageError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            raise UserError(f"{folder / name} can't be read as a PNG: {error}.") from error
    return made
