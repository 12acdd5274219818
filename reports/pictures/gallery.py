"""Sample queries of a setting, each with what every attack makes of it and what is retrieved before and after (Figure 3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hashbench.api import CellResult, led_away

from .encoding import AMPLIFY, Quality, amplified, data_uri

_ARRAYS = "gallery/"
Image = np.ndarray
"""(3, h, w) uint8."""
Retrieved = tuple[Image, bool, bool]
"""An image; whether it shares a class with the query, and with the target."""
Strip = tuple[str, Image, Sequence[Retrieved]]
"""What made it, the query or its twin, and what it retrieves."""


@dataclass(frozen=True)
class Found:
    """A retrieved image."""

    uri: str
    labels: str
    own: bool
    """Whether it shares a class with the query."""
    target: bool

    @property
    def kind(self) -> str:
        """own, target, both or neither."""
        return ("both" if self.target else "own") if self.own else ("target" if self.target else "neither")

    @property
    def alt(self) -> str:
        """A description for those who can't see it."""
        shares = {"own": "like the query", "target": "like the target", "both": "like query and target", "neither": "unlike both"}
        return f"{self.labels}; {shares[self.kind]}"


@dataclass(frozen=True)
class Twin:
    """A query's adversarial twin."""

    attack: str
    uri: str
    difference: str
    found: Sequence[Found]
    away: bool = False
    """Whether the attack leads away from the query's likes, to no target."""


@dataclass(frozen=True)
class Sample:
    """A query."""

    number: int
    """Its place among the queries."""
    uri: str
    own: str
    target: str
    found: Sequence[Found]
    twins: Sequence[Twin]
    amplify: int = AMPLIFY


def quality_for(cells: Iterable[CellResult]) -> Quality:
    """How the pictures of these cells are shown on one page."""
    kept = [arrays for cell in cells if (arrays := _arrays(cell))]
    if not kept:
        return Quality.of(0, 0, (), 0)
    spread = kept[:: max(1, len(kept) // 12)]
    twins = [arrays["adversarial"][0] for arrays in spread]
    some = [*twins, *(amplified(twin, arrays["clean"][0]) for twin, arrays in zip(twins, spread, strict=True))]
    some += [pixels for arrays in spread for pixels in arrays["attacked/pixels"][0]]
    return Quality.of(len(kept), len(kept[0]["clean"]), some, 2 + kept[0]["attacked/pixels"].shape[1])


def samples_of(cells: Sequence[CellResult], quality: Quality) -> list[Sample]:
    """The samples that cells of one setting hold; none where they were not kept."""
    kept = [(cell, _arrays(cell)) for cell in cells]
    kept = [(cell, arrays) for cell, arrays in kept if arrays]
    rows: dict[int, list[tuple[CellResult, Mapping[str, np.ndarray], int]]] = {}
    for cell, arrays in kept:
        for i, query in enumerate(arrays["queries"][: quality.samples]):
            rows.setdefault(int(query), []).append((cell, arrays, i))
    return [_sample(query, twins, quality) for query, twins in sorted(rows.items())]


def strips_of(cells: Sequence[CellResult]) -> list[list[Strip]]:
    """The samples as pixels: each query, then its twins, each with the images it retrieves."""
    samples: dict[int, list[Strip]] = {}
    for cell in cells:
        arrays = _arrays(cell)
        for i, query in enumerate(arrays.get("queries", ())):
            if int(query) not in samples:
                samples[int(query)] = [("clean", arrays["clean"][i], _retrieved(arrays, "clean", i))]
            samples[int(query)].append((cell.label, arrays["adversarial"][i], _retrieved(arrays, "attacked", i)))
    return [strips for _, strips in sorted(samples.items())]


def _retrieved(arrays: Mapping[str, np.ndarray], which: str, i: int) -> list[Retrieved]:
    own, target = arrays["query_labels"][i], arrays["target_labels"][i]
    pairs = zip(arrays[f"{which}/pixels"][i], arrays[f"{which}/labels"][i], strict=True)
    return [(pixels, bool(labels @ own), bool(labels @ target)) for pixels, labels in pairs]


def _arrays(cell: CellResult) -> dict[str, np.ndarray]:
    return {name.removeprefix(_ARRAYS): array for name, array in cell.arrays.items() if name.startswith(_ARRAYS)}


def _sample(query: int, twins: Sequence[tuple[CellResult, Mapping[str, np.ndarray], int]], quality: Quality) -> Sample:
    first, arrays, i = twins[0]
    classes = [] if first.made is None else first.made.data.class_names
    clean, side = arrays["clean"][i], None if quality.lossless else quality.side
    return Sample(
        query,
        data_uri(clean, side),
        _named(arrays["query_labels"][i], classes),
        _named(arrays["target_labels"][i], classes),
        _found(arrays, "clean", i, classes, quality, all(led_away(cell) for cell, *_ in twins)),
        [
            Twin(
                cell.label,
                data_uri(own["adversarial"][j], side),
                data_uri(amplified(own["adversarial"][j], own["clean"][j]), side),
                _found(own, "attacked", j, classes, quality, led_away(cell)),
                led_away(cell),
            )
            for cell, own, j in twins
        ],
    )


def _found(
    arrays: Mapping[str, np.ndarray], which: str, i: int, classes: Sequence[str], quality: Quality, away: bool = False
) -> list[Found]:
    """What is retrieved; nothing is like a target where the attack has none."""
    pairs = zip(_retrieved(arrays, which, i), arrays[f"{which}/labels"][i], strict=True)
    return [
        Found(data_uri(pixels, quality.side), _named(labels, classes), own, target and not away)
        for (pixels, own, target), labels in pairs
    ]


def _named(labels: np.ndarray, classes: Sequence[str]) -> str:
    return ", ".join(classes[i] for i in np.flatnonzero(labels).tolist()) or "no label"
