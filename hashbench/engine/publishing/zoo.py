"""The zoo: finished hashers that come with the repository, each with the command that trained it."""

from __future__ import annotations

import json
import os
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from urllib.parse import urlparse
from urllib.request import url2pathname

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from hashbench.disk.files import read_json
from hashbench.engine.publishing.card import read_card
from hashbench.errors import UnknownName, UserError

INDEX = "index.json"
PREFIX = "zoo:"
_LARGEST = 1 << 20


class Entry(BaseModel):
    """A hasher of the zoo."""

    model_config = ConfigDict(extra="forbid")
    command: str
    """What trained it."""
    card_sha256: str


def zoo_folder() -> Path:
    """HASHBENCH_ZOO, or `zoo` in the repository that hashbench was installed from. Raises UserError where there is none."""
    given = os.environ.get("HASHBENCH_ZOO")
    places = [Path(given)] if given else [folder / "zoo" for folder in _sources()]
    found = next((place for place in places if (place / INDEX).is_file()), None)
    if found is None:
        raise UserError("the zoo is not here: clone hashbench's repository and set HASHBENCH_ZOO to its folder zoo.")
    return found


def zoo() -> dict[str, Entry]:
    """The zoo's hashers by name."""
    file = zoo_folder() / INDEX
    try:
        return TypeAdapter(dict[str, Entry]).validate_python(read_json(file, "index of the zoo", _LARGEST))
    except ValidationError as error:
        raise UserError(f"{file} is no index of a zoo: get it again from hashbench's repository.") from error


def known() -> frozenset[str]:
    """The names of the zoo's hashers; none where the zoo is not here."""
    try:
        return frozenset(zoo())
    except UserError:
        return frozenset()


def zoo_card(name: str) -> Path:
    """The folder of a hasher of the zoo. Raises UnknownName, and UserError where it is not the one that the index names."""
    entries = zoo()
    if name not in entries:
        raise UnknownName("hasher of the zoo", name, entries)
    folder = zoo_folder() / name
    _, sha256 = read_card(folder)
    if sha256 != entries[name].card_sha256:
        raise UserError(f"{folder} is not the hasher that the zoo's index names: get it again from hashbench's repository.")
    return folder


def _sources() -> list[Path]:
    """Folders that the package may have been installed from: by its metadata, and the one that holds it."""
    folders = [Path(__file__).resolve().parents[3]]
    try:
        text = distribution("hashbench").read_text("direct_url.json")
    except PackageNotFoundError:
        return folders
    url = urlparse(str(json.loads(text).get("url", ""))) if text else None
    return folders if url is None or url.scheme != "file" else [*folders, Path(url2pathname(url.path))]
