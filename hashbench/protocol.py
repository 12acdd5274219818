"""Protocols: what makes two numbers comparable. Named, versioned values, stored with every result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hashbench.errors import UnknownName


@dataclass(frozen=True)
class Protocol:
    """How targets are drawn, what of the threat model is enforced, and how a ranking is scored."""

    name: str
    version: int
    min_images: int
    """A target label vector is held by at least this many database images."""
    disjoint: bool
    """Targets share no class with the query, and are not all-zero."""
    enforce_budget: bool
    eight_bit: bool
    ties: Literal["aware", "index"]
    """How t-MAP and MAP break ties: in expectation over all orders, or by database position."""


PROTOCOLS = {
    protocol.name: protocol
    for protocol in (
        Protocol("harmonised", 1, min_images=10, disjoint=True, enforce_budget=True, eight_bit=True, ties="aware"),
        Protocol("published", 1, min_images=1, disjoint=False, enforce_budget=False, eight_bit=False, ties="index"),
    )
}


def protocol_named(name: str) -> Protocol:
    """The protocol of a name; UnknownName with the nearest one otherwise."""
    if name not in PROTOCOLS:
        raise UnknownName("protocol", name, PROTOCOLS)
    return PROTOCOLS[name]
