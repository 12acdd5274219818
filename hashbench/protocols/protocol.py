"""Protocols: what makes two numbers comparable. Named, versioned values, stored with every result."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from hashbench.retrieval.cutoff import Normaliser


@dataclass(frozen=True)
class Protocol:
    """How targets are drawn, what of the threat model is enforced, and how a ranking is scored."""

    name: str
    version: int
    targets: Literal["vectors", "images", "single", "nearest", "farthest"] = "vectors"
    """What a target is: a label vector of the pool, each as likely as the next; that of a random image of the pool; or one class,
    any of the pool's, or the one whose mean image is nearest to the query or farthest from it."""
    pool: Literal["database", "train"] = "database"
    """The images whose label vectors, or classes, can be targets."""
    min_images: int = 10
    """A target's label vector, or class, is held by at least this many images of the pool."""
    disjoint: bool = True
    """Targets share no class with the query, and are not all-zero."""
    enforce_budget: bool = True
    """The difference is held within the budget, whatever the attack returned."""
    eight_bit: bool = True
    """Images are rounded to 8 bits before they are hashed and scored."""
    ties: Literal["aware", "index"] = "aware"
    """How t-MAP and MAP break ties: in expectation over all orders, or by database position."""
    cutoff: int | None = None
    """AP looks at this many retrieved images; all for None."""
    normaliser: Normaliser = "hits"
    """What AP at a cut-off is divided by: the relevant images in it, or those that could be ("possible")."""
    zero_relevance: Literal["count", "drop"] = "count"
    """A query to which nothing is relevant counts as 0, or is left out of every mean of its metric."""
    readings: tuple[int, ...] = ()
    """Attacks that only ask are scored after so many questions too."""

    def __post_init__(self) -> None:
        counts = [("version", self.version), ("min_images", self.min_images), ("cutoff", self.cutoff)]
        for name, value in (*counts, *(("readings", reading) for reading in self.readings)):
            if value is not None and value < 1:
                raise ValueError(f"{name} is {value}: give at least 1.")

    @property
    def facts(self) -> dict[str, Any]:
        """Its fields as JSON has them; readings only where there are some."""
        given = asdict(self) | {"readings": list(self.readings)}
        return {name: value for name, value in given.items() if value != []}

    @property
    def target_rule(self) -> dict[str, Any]:
        """The part of the protocol that decides on targets."""
        return {name: value for name, value in asdict(self).items() if name in ("targets", "pool", "min_images", "disjoint")}


_RELEASE = Protocol("published", 2, min_images=1, disjoint=False, enforce_budget=False, eight_bit=False, ties="index")

PROTOCOLS = {
    "harmonised": Protocol("harmonised", 2),
    "published": _RELEASE,
    "published-train": Protocol(**asdict(_RELEASE) | {"name": "published-train", "pool": "train"}),
    "published-p2p": Protocol(**asdict(_RELEASE) | {"name": "published-p2p", "min_images": 2}),
    "published-dhta": Protocol(**asdict(_RELEASE) | {"name": "published-dhta", "min_images": 10}),
    "query-1": Protocol("query-1", 1, readings=(100, 500, 1000, 2000, 10_000)),
}
"""`harmonised`: the fair default. `query-1`: the same, and attacks that only ask are read at 100 to 10,000 questions. `published`:
as the ProS-GAN release scores. The others are the same with other pools of targets: `published-train` with label vectors of the
training split, whose floor is nearest to the paper's Original row; `published-p2p` and `published-dhta` with those of the
release's script for P2P (held by more than one image) and DHTA (by more than nine).

Version 2: the share of the way is to the oracle's code; in version 1 it was to the best aim code of the table."""
