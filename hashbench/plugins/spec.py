"""The text form of a plugin and its options: `dhta[members=5,steps=200]`."""

from __future__ import annotations

from dataclasses import dataclass, field

from hashbench.errors import UserError


@dataclass(frozen=True)
class Spec:
    """A plugin's name (or `module:Class`, `./file.py:Class`) and its options as text."""

    name: str
    options: dict[str, str] = field(default_factory=dict)


def split_outside_brackets(text: str) -> list[str]:
    """Split at commas that stand outside square brackets; empty parts are dropped."""
    parts, depth, start = [], 0, 0
    for i, char in enumerate(text):
        depth += (char == "[") - (char == "]")
        if depth < 0:
            raise UserError(f"'{text}' has a ']' without its '['.")
        if char == "," and depth == 0:
            parts.append(text[start:i])
            start = i + 1
    if depth:
        raise UserError(f"'{text}' has a '[' without its ']'.")
    parts.append(text[start:])
    return [part.strip() for part in parts if part.strip()]


def parse_spec(text: str) -> Spec:
    """`name` or `name[option=value,...]`; a value may itself carry brackets."""
    name, bracket, rest = text.strip().partition("[")
    if not bracket:
        return Spec(name)
    if not rest.endswith("]"):
        raise UserError(f"'{text}' should end with ']': write {name}[option=value,...].")
    options: dict[str, str] = {}
    for part in split_outside_brackets(rest[:-1]):
        key, equals, value = part.partition("=")
        if not equals or not key.strip():
            raise UserError(f"'{part}' in '{text}' is not option=value.")
        if key.strip() in options:
            raise UserError(f"'{text}' gives the option '{key.strip()}' twice.")
        options[key.strip()] = value.strip()
    return Spec(name.strip(), options)


def canonical(text: str) -> str:
    """A plugin's text with its options in order, those of inner plugins too: what cells are named by."""
    spec = parse_spec(text)
    options = ",".join(f"{key}={canonical(value) if value.endswith(']') else value}" for key, value in sorted(spec.options.items()))
    return f"{spec.name}[{options}]" if options else spec.name
