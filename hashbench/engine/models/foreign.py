"""The choice of a network that hashbench did not train: a model known by its content, and looked at once."""

from __future__ import annotations

import hashlib
import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

import torch
from torch import nn

from hashbench.contracts.model import Model
from hashbench.engine.models.loader import Loader, as_model
from hashbench.engine.models.probe import Probe, probe
from hashbench.errors import UserError
from hashbench.plugins.fingerprint import tree_of
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
        model = self.load()
        if content_of(model, self.load.content()) != self.content:
            raise UserError(
                f"the model {self.name} has other weights each time it is loaded, or its files were replaced during this run: "
                "load trained weights, or fix the seed of what is random, and run it again."
            )
        return model.with_bits(self.seen.bits)

    def __reduce__(self) -> tuple[Callable[..., Foreign], tuple[Loader | Live, int]]:
        return foreign, (self.load, self.size)


@dataclass(frozen=True, eq=False)
class Live:
    """A network that the user's own program holds."""

    module: nn.Module
    name: str = "module"

    def content(self) -> str:
        return ""

    def __call__(self) -> Model:
        return as_model(self.module)


def foreign(load: Loader | Live, size: int, asked: int | None = None) -> Foreign:
    """A model by what loads it, at the size that it says itself, else at `size`. Raises UserError where it can't be a hasher, or
    takes another size than the one asked for."""
    model = load()
    if model.size is not None and asked not in (None, model.size):
        raise UserError(f"the model {load.name} takes images of {model.size} px: leave --image-size out.")
    size = model.size or size
    seen = probe(model, size, load.name)
    statistics: Facts = {"mean": model.mean.flatten().tolist(), "std": model.std.flatten().tolist()} if model.normalises else {}
    facts: Facts = {"network": type(model.module).__name__, "outputs": model.outputs, **statistics, **seen.facts}
    return Foreign(load.name, content_of(model, load.content()), size, seen, facts, load)


def content_of(model: Model, code: str) -> str:
    """A hash of a model: its tensors, its structure as it prints itself, its classes' sources, and a hash of other code."""
    digest = hashlib.sha256(f"{code}\0{model.outputs}\0{model.size}\0{model.module!r}\0".encode())
    for name, tensor in sorted([*model.named_parameters(), *model.named_buffers()]):
        plain = tensor.detach().cpu()
        digest.update(f"{name}\0{plain.dtype}\0{tuple(plain.shape)}\0".encode())
        digest.update(plain.flatten().view(torch.uint8).numpy().tobytes())
    for cls in sorted({type(module) for module in model.module.modules()}, key=lambda one: (one.__module__, one.__qualname__)):
        digest.update(f"{cls.__qualname__}\0{_source(cls)}\0".encode())
    return digest.hexdigest()


def _source(cls: type) -> str:
    """The syntax tree of a class that is not torch's own; empty where nobody has its source."""
    if cls.__module__.partition(".")[0] in ("torch", "torchvision"):
        return ""
    try:
        return tree_of(textwrap.dedent(inspect.getsource(cls)))
    except (OSError, TypeError, SyntaxError):
        return ""


@cache
def known(load: Loader | Live, size: int, asked: int | None) -> Foreign:
    """`foreign`, looked at once in a process."""
    return foreign(load, size, asked)
