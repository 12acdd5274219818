"""The choice of a network that hashbench did not train: a model known by its content, and looked at once."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

from torch import nn

from hashbench.contracts.model import Model
from hashbench.engine.models.content import content_of
from hashbench.engine.models.loader import Loader, as_model
from hashbench.engine.models.probe import Probe, probe
from hashbench.errors import UserError
from hashbench.typing import Facts


@dataclass(frozen=True)
class Foreign:
    """A network by its name and content; and what a first look at it found."""

    name: str
    content: str
    """A hash of its weights, its structure and the code that it is loaded by."""
    size: int
    """The side of the images it was looked at with, in pixels."""
    seen: Probe = field(compare=False)
    facts: Facts = field(compare=False)
    load: Loader | Live = field(compare=False, repr=False)

    @property
    def network(self) -> str:
        """The name of its class."""
        return str(self.facts["network"])

    @property
    def said(self) -> str:
        """A line about it for the terminal."""
        seen = self.seen
        return f"model {self.name}: {self.network}, {seen.bits} outputs from {seen.low:.3g} to {seen.high:.3g} at {self.size} px"

    def again(self) -> Model:
        """The model loaded once more. Raises UserError where it is another than before."""
        model = on_cpu(self.load())
        if _content(content_of(model, self.load.content()), self.load, self.seen) != self.content:
            raise UserError(
                f"the model {self.name} has other weights each time it is loaded, or its files were replaced during this run: "
                "load trained weights, or fix the seed of what is random, and run it again."
            )
        return model.with_bits(self.seen.bits)

    def __reduce__(self) -> tuple[Callable[..., Foreign], tuple[Loader | Live, int]]:
        return foreign, (self.load, self.size)


@dataclass(frozen=True, eq=False)
class Live:
    """A network that the user's own program holds. Copies are attacked: it stays as it is."""

    module: nn.Module
    name: str = "module"

    def content(self) -> str:
        return ""

    def __call__(self) -> Model:
        try:
            return as_model(copy.deepcopy(self.module))
        except UserError:
            raise
        except Exception as error:
            raise UserError(f"the model {self.name} can't be copied ({type(error).__name__}): give what loads it.") from error


def foreign(load: Loader | Live, size: int, asked: int | None = None) -> Foreign:
    """A model by what loads it, at the size that it says itself, else at `size`. Raises UserError where it can't be a hasher, or
    takes another size than the one asked for."""
    model = on_cpu(load())
    if model.size is not None and asked not in (None, model.size):
        raise UserError(f"the model {load.name} takes images of {model.size} px: leave --image-size out.")
    size = model.size or size
    content = content_of(model, load.content())  # before it runs: a network may keep something of the images that it has seen
    seen = probe(model, size, load.name)
    statistics: Facts = {"mean": model.mean.flatten().tolist(), "std": model.std.flatten().tolist()} if model.normalises else {}
    facts: Facts = {"network": type(model.module).__name__, "outputs": model.outputs, **statistics, **seen.facts}
    return Foreign(load.name, _content(content, load, seen), size, seen, facts, load)


def on_cpu(model: Model) -> Model:
    """The model where it is looked at and hashed, wherever it was loaded to; exported programs there refuse to be moved."""
    tensors = (*model.module.parameters(), *model.module.buffers())
    return model if all(tensor.device.type == "cpu" for tensor in tensors) else model.to("cpu")


def _content(of_all_seen: str, load: Loader | Live, seen: Probe) -> str:
    """Of a network that a program holds, what it made of noise counts too: its code may be anywhere."""
    if isinstance(load, Loader) or seen.random:
        return of_all_seen
    return hashlib.sha256(f"{of_all_seen}\0{seen.outputs}".encode()).hexdigest()


@cache
def known(load: Loader | Live, size: int, asked: int | None) -> Foreign:
    """`foreign`, looked at once in a process."""
    return foreign(load, size, asked)
