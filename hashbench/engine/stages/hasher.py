"""A hasher of any origin: what every stage above it asks of it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field

from hashbench.contracts.hasher import Hasher
from hashbench.contracts.plugin import Plugin
from hashbench.contracts.run import Precision
from hashbench.engine.choices import Chosen
from hashbench.engine.stages.pixels import PixelsStage
from hashbench.engine.stages.stage import Stage
from hashbench.results.cell import HasherName
from hashbench.typing import Facts


@dataclass(frozen=True)
class LoadedHasher:
    """A hasher on the machine's device, frozen, in evaluation mode; and facts about where it is from."""

    hasher: Hasher
    facts: Facts


@dataclass(frozen=True)
class HasherStage(Stage[LoadedHasher]):
    """A hasher on a dataset: one of ours, trained or published, or a network of the user's."""

    pixels: PixelsStage
    bits: int
    seed_of_run: int
    hashing: Precision = field(default="fp32", kw_only=True)
    """What clean images are hashed in."""
    training: Precision = field(default="fp32", kw_only=True)
    """What it is trained in, where it is trained here."""

    @property
    @abstractmethod
    def called(self) -> HasherName:
        """Its name in results."""

    @property
    def label(self) -> str:
        return self.called.label

    @property
    @abstractmethod
    def said(self) -> str:
        """Its label wherever its plugins or files lie: what randomness is seeded by."""

    @property
    def plugins(self) -> Mapping[str, Chosen[Plugin]]:
        """The plugins it is made by, by the part they play."""
        return {}

    @property
    def apart(self) -> str:
        """The difference from another hasher of its name; empty where the name says all."""
        return ""

    @property
    def remarks(self) -> Mapping[str, str]:
        """Flags about the hasher itself, with a sentence each."""
        return {}

    @property
    def differentiable(self) -> bool:
        """Whether its outputs have gradients with respect to the images."""
        return True

    @abstractmethod
    def untrained(self) -> Hasher | None:
        """The same network with fresh weights; None where nobody knows how to make it."""
