"""A protocol by name, or a user's own from a TOML file."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from hashbench.disk.files import read_toml
from hashbench.errors import UnknownName, UserError
from hashbench.protocols.protocol import PROTOCOLS, Protocol


def protocol_of(text: str) -> Protocol:
    """A built-in protocol's name, or a path that ends in .toml: the protocol's fields as keys, `name` and `version` always,
    and `base`, a built-in one whose values stand where a key is left out (harmonised by default).

    Raises UnknownName or UserError.
    """
    if not text.endswith(".toml"):
        if text not in PROTOCOLS:
            raise UnknownName("protocol", text, PROTOCOLS)
        return PROTOCOLS[text]
    return _checked(text, read_toml(Path(text), "--protocol"))


def _checked(file: str, content: dict[str, Any]) -> Protocol:
    from pydantic import TypeAdapter, ValidationError

    base = str(content.pop("base", "harmonised"))
    if base not in PROTOCOLS:
        raise UnknownName(f"base in {file}", base, PROTOCOLS)
    known = [field.name for field in fields(Protocol)]
    unknown = next((key for key in content if key not in known), None)
    if unknown is not None:
        raise UnknownName(f"key in {file}", unknown, [*known, "base"])
    missing = next((key for key in ("name", "version") if key not in content), None)
    if missing is not None:
        raise UserError(f"{file} has no {missing}: give the protocol one, results are told apart by it.")
    if not isinstance(content["name"], str) or not content["name"].strip():
        raise UserError(f"{file}: the name is {content['name']!r}: give the protocol a name in words.")
    if content["name"] in PROTOCOLS:
        raise UserError(f"{file}: the name '{content['name']}' is a built-in protocol's: give it another.")
    try:
        values = json.dumps(asdict(PROTOCOLS[base]) | content, default=str)
        protocol: Protocol = TypeAdapter(Protocol).validate_json(values, strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UserError(f"{file}: {where + ': ' if where else ''}{first['msg'].removeprefix('Value error, ')}") from error
    return protocol
