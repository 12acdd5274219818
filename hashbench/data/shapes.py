"""`shapes`: a small multi-label set of our own, drawn from a seed. Nothing is downloaded, any size on demand."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from hashbench.contracts.plugin import option
from hashbench.data.dataset import Dataset, RetrievalData
from hashbench.data.facts import label_facts, split_facts

Field = Callable[[np.ndarray, np.ndarray], np.ndarray]
DRAWING = "f30f307ca4c3be60"
"""What the drawing below is known by, in stores and results: to be another whenever an image or a label comes out otherwise."""


def _polygon(corners: int, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Signed distance-like field of a regular polygon of radius 1: negative inside."""
    angle = np.arctan2(y, x)
    sector = 2 * np.pi / corners
    return np.hypot(x, y) * np.cos((angle + sector / 2) % sector - sector / 2) - np.cos(sector / 2)


def _box(x: np.ndarray, y: np.ndarray, width: float, height: float) -> np.ndarray:
    return np.maximum(np.abs(x) - width, np.abs(y) - height)


# Each class is a field over local coordinates, negative inside, of about radius 1.
SHAPES: dict[str, Field] = {
    "disc": lambda x, y: np.hypot(x, y) - 0.85,
    "ring": lambda x, y: np.abs(np.hypot(x, y) - 0.72) - 0.2,
    "triangle": lambda x, y: _polygon(3, x, y),
    "square": lambda x, y: _box(x, y, 0.75, 0.75),
    "frame": lambda x, y: np.abs(_box(x, y, 0.68, 0.68)) - 0.16,
    "star": lambda x, y: np.hypot(x, y) - 0.68 - 0.32 * np.cos(5 * np.arctan2(y, x)),
    "cross": lambda x, y: np.minimum(_box(x, y, 0.95, 0.26), _box(x, y, 0.26, 0.95)),
    "bar": lambda x, y: _box(x, y, 1.05, 0.24),
    "crescent": lambda x, y: np.maximum(np.hypot(x, y) - 0.95, 0.8 - np.hypot(x - 0.5, y)),
    "stripes": lambda x, y: np.maximum(np.hypot(x, y) - 0.95, np.cos(9 * x) * 0.3),
    "checker": lambda x, y: np.maximum(_box(x, y, 0.85, 0.85), np.cos(5.5 * x) * np.cos(5.5 * y) * 0.4),
    "corner": lambda x, y: np.minimum(_box(x + 0.55, y, 0.28, 0.85), _box(x, y - 0.57, 0.83, 0.28)),
}


@dataclass(frozen=True)
class Shapes(Dataset):
    """Built-in: a dozen kinds of shapes, 1-3 an image, drawn from a seed (multi-label)"""

    needs_folder: ClassVar[bool] = False
    default_size: ClassVar[int] = 32
    default_preset: ClassVar[str] = "quick"
    default_backbone: ClassVar[str] = "convnet"

    train: int = option(2000, "training images; they are inside the database")
    database: int = option(4000, "database images")
    queries: int = option(200, "query images, apart from the database")
    seed: int = option(0, "what the images are drawn from")

    def __post_init__(self) -> None:
        if not 0 < self.train <= self.database or self.queries < 1:
            raise ValueError("give 0 < train <= database and queries of at least 1.")

    def load(self, folder: Path | None, image_size: int) -> RetrievalData:
        count = self.database + self.queries
        labels = np.stack([self._kinds(i)[0] for i in range(count)])
        rows = {
            "train": np.arange(self.train),
            "database": np.arange(self.database),
            "query": np.arange(self.database, count),
        }
        source = repr(sorted(asdict(self).items())) + DRAWING
        return RetrievalData(
            name="shapes",
            classes=tuple(SHAPES),
            labels=labels,
            rows=rows,
            image_size=image_size,
            decode=lambda i: self._draw(i, image_size),
            content=hashlib.sha256(source.encode()).hexdigest(),
            pipeline="drawn at the size, anti-aliased",
            facts=label_facts(labels, rows) | split_facts(rows, np.arange(count)),
        )

    def _kinds(self, index: int) -> tuple[np.ndarray, np.ndarray, np.random.Generator]:
        """Multi-hot label, the kinds in drawing order, and the generator that draws the rest of the image."""
        rng = np.random.default_rng((self.seed, index))
        kinds = rng.choice(len(SHAPES), size=rng.integers(1, 4), replace=False)
        label = np.zeros(len(SHAPES), dtype=np.uint8)
        label[kinds] = 1
        return label, kinds, rng

    def _draw(self, index: int, size: int) -> np.ndarray:
        """(3, size, size) uint8."""
        _, kinds, rng = self._kinds(index)
        axis = (np.arange(size) + 0.5) / size
        x, y = np.meshgrid(axis, axis)
        canvas = _background(rng, x, y)
        fields = list(SHAPES.values())
        for kind, (cx, cy) in zip(kinds, _places(rng, len(kinds)), strict=True):
            radius = rng.uniform(0.15, 0.23)
            turn = rng.uniform(0, 2 * np.pi)
            u = ((x - cx) * np.cos(turn) + (y - cy) * np.sin(turn)) / radius
            v = ((y - cy) * np.cos(turn) - (x - cx) * np.sin(turn)) / radius
            cover = np.clip(0.5 - fields[kind](u, v) * radius * size, 0, 1)
            behind = canvas[:, int(cy * size), int(cx * size)]
            canvas = canvas * (1 - cover) + _contrasting(rng, behind)[:, None, None] * cover
        canvas = canvas + rng.normal(0, 0.03, canvas.shape)
        return np.rint(np.clip(canvas, 0, 1) * 255).astype(np.uint8)


def _background(rng: np.random.Generator, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """A colour gradient with soft waves."""
    left, right = rng.uniform(0.1, 0.9, (2, 3, 1, 1))
    turn, phase = rng.uniform(0, 2 * np.pi, 2)
    ramp = 0.5 + (x - 0.5) * np.cos(turn) + (y - 0.5) * np.sin(turn)
    wave = 0.06 * np.sin(2 * np.pi * rng.uniform(0.5, 2.5) * (x * np.sin(turn) + y * np.cos(turn)) + phase)
    return left + (right - left) * ramp + wave


def _places(rng: np.random.Generator, count: int) -> np.ndarray:
    """Centres that keep apart as well as one draw in twenty allows; shapes may still touch."""
    draws = rng.uniform(0.22, 0.78, (20, count, 2))
    gaps = np.linalg.norm(draws[:, :, None] - draws[:, None], axis=-1) + 9 * np.eye(count)
    best: np.ndarray = draws[gaps.min((1, 2)).argmax()]
    return best


def _contrasting(rng: np.random.Generator, behind: np.ndarray) -> np.ndarray:
    """The one of five random colours that differs most from what is behind."""
    colours = rng.uniform(0, 1, (5, 3))
    best: np.ndarray = colours[np.abs(colours - behind).sum(1).argmax()]
    return best
