"""A published hasher: `hasher.safetensors` and the card `hasher.json` that says what it is. Neither can run code."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from hashbench.disk.files import no_constant, read_json, write_atomically
from hashbench.engine.models.toolkits import TOOLKITS
from hashbench.engine.store.store import canonical
from hashbench.errors import UserError
from hashbench.typing import Facts

SCHEMA = 2
"""2 brought `model`, for networks that no plugin made."""
CARD, WEIGHTS = "hasher.json", "hasher.safetensors"
LARGEST = 1 << 20
"""Bytes of a card."""
NAME = r"[A-Za-z0-9][\w.-]{0,99}"
"""What a hasher may be called: it becomes the name of a folder."""


class PluginCard(BaseModel):
    """A plugin by its registered name, its resolved options and a hash of its code."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(pattern=r"^[\w-]{1,100}$")
    options: Facts
    code: str


class ModelCard(BaseModel):
    """A network that hashbench did not train: what loads it, and what its outputs are."""

    model_config = ConfigDict(extra="forbid")
    loader: str = Field(max_length=200)
    """A toolkit and an architecture, which anyone can build; or the name of its owner's code, which is not on the card."""
    network: str = Field(max_length=200)
    outputs: str = Field(pattern="^(logits|tanh|probability)$")
    mean: list[float]
    std: list[float]
    content: str

    @property
    def toolkit(self) -> tuple[str, str] | None:
        """The toolkit and the architecture."""
        toolkit, _, architecture = self.loader.partition(":")
        return (toolkit, architecture) if toolkit in TOOLKITS else None


class DataCard(BaseModel):
    """The data it was trained on: hashes of everything, of the labels, of the training images; class names; rows of each split."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(max_length=200)
    identity: str = Field(max_length=200)
    content: str
    labels: str
    train_images: str
    pipeline: str
    classes: list[str]
    rows: dict[str, int]


class Card(BaseModel):
    """Everything a reader needs to attack the hasher, and to know what it is."""

    model_config = ConfigDict(extra="forbid")
    card_schema: int = Field(ge=1, le=SCHEMA)
    name: str = Field(pattern=f"^{NAME}$")
    method: PluginCard | None = None
    backbone: PluginCard | None = None
    model: ModelCard | None = None
    """Instead of the two, of a network that no plugin made."""
    bits: int = Field(ge=1, le=256)
    image_size: int = Field(ge=8, le=4096)
    seed: int = Field(ge=0)
    data: DataCard
    protocol: str
    """How the MAP was scored."""
    map: float = Field(ge=0, le=1)
    map_low: float = Field(ge=0, le=1)
    map_high: float = Field(ge=0, le=1)
    facts: Facts
    """About the training."""
    versions: dict[str, str]
    weights_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")

    @model_validator(mode="after")
    def _of_one_kind(self) -> Card:
        if (self.model is None) != (self.method is not None and self.backbone is not None):
            raise ValueError("it names neither method and backbone nor a model, or both")
        return self

    @property
    def plugins(self) -> tuple[PluginCard, PluginCard]:
        """Method and backbone. Raises UserError for a card of a network that no plugin made."""
        if self.method is None or self.backbone is None:
            raise UserError(f"the hasher '{self.name}' was not made by plugins.")
        return self.method, self.backbone

    @property
    def said(self) -> str:
        """The hasher and its MAP in a line."""
        kind = f"{self.model.network} of {self.model.loader}" if self.model else " on ".join(one.name for one in self.plugins)
        trained = "measured" if self.model else "trained"
        score = f"MAP {self.map:.3f} [{self.map_low:.3f}, {self.map_high:.3f}]"
        return f"{kind}, {self.bits} bits, {self.image_size} px, {trained} on {self.data.name}: {score}"


def write_card(card: Card, folder: Path) -> str:
    """The card with its own SHA-256 in it; returns that."""
    content = card.model_dump()
    sha256 = seal(content)
    write_atomically(folder / CARD, json.dumps(content | {"card_sha256": sha256}, sort_keys=True, indent=1))
    return sha256


def read_card(folder: Path) -> tuple[Card, str]:
    """The card in `folder` and its SHA-256. Raises UserError where it, or the weights beside it, are missing or were changed."""
    file, weights = folder / CARD, folder / WEIGHTS
    content = read_json(file, "card of a hasher", LARGEST, parse_constant=no_constant)
    if not isinstance(content, dict):
        raise UserError(f"{file} is no card of a hasher: it holds no object.")
    sha256 = content.pop("card_sha256", None)
    try:
        card = Card(**content)
        with weights.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UserError(f"{file} is no card of a hasher this version reads: {where}: {first['msg'].lower()}.") from error
    except OSError as error:
        raise UserError(f"{weights} can't be read: {error.strerror}; give the folder that hasher export wrote.") from error
    if sha256 != seal(content):
        raise UserError(f"{file} was changed after it was written: get it again from where it was published.")
    if found != card.weights_sha256:
        raise UserError(f"{weights} is not the file its card names (SHA-256 {found[:12]}, not {card.weights_sha256[:12]}).")
    return card, str(sha256)


def seal(content: Facts) -> str:
    """SHA-256 of a card's content."""
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def check_name(name: str) -> None:
    """Raise UserError for a name that is no plain file name."""
    if not re.fullmatch(NAME, name):
        raise UserError(f"'{name}' is no name for a hasher: use letters, digits, '.', '_' and '-'.")
