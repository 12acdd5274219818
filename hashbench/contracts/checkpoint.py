"""State of a long loop on disk, so that a killed stage goes on where it was, to the same result."""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import torch
from safetensors.torch import load, save
from torch import Tensor

from hashbench.disk.files import write_atomically
from hashbench.errors import ContractError

log = logging.getLogger(__name__)


@runtime_checkable
class Stateful(Protocol):
    """A module, an optimiser, a schedule."""

    def state_dict(self) -> dict[str, Any]: ...

    def load_state_dict(self, state_dict: dict[str, Any]) -> Any: ...


Part = Stateful | Tensor | dict[str, Tensor]
"""What a loop changes: an object with a state, a tensor that is changed in place, or a dict whose tensors are replaced."""


class Checkpoint:
    """The folder of one stage's loops. States are kept at most every `every` seconds, each with its checksum."""

    def __init__(self, folder: Path, every: float, also: Mapping[str, Part] | None = None) -> None:
        """`also`: what every loop's state holds beside its own parts."""
        self.folder = folder
        self.every = every
        self.also = also or {}
        self._restored = 0.0
        self._inner: list[Checkpoint] = []
        self._start = self._kept = time.monotonic()
        self._loops = 0

    def below(self, name: str, also: Mapping[str, Part]) -> Checkpoint:
        """A checkpoint for loops inside one step of this one."""
        inner = Checkpoint(self.folder / name, self.every, also)
        inner._kept = self._kept
        self._inner.append(inner)
        return inner

    @property
    def before(self) -> float:
        """Seconds spent on the stage by runs that were killed, in the loops inside its step too."""
        return self._restored + sum(inner.before for inner in self._inner)

    def restored(self, seconds: float) -> None:
        """A loop goes on that was kept when so many seconds had been spent."""
        self._restored = max(self._restored, seconds)

    def loop(self, parts: Mapping[str, Part], generator: torch.Generator, device: torch.device) -> Loop:
        """The next loop; a stage runs its loops in the same order every time."""
        self._loops += 1
        return Loop(self, self.folder / f"loop{self._loops}.checkpoint", {**self.also, **parts}, generator, device)

    def due(self) -> bool:
        """Whether the last state is old enough to be replaced."""
        return time.monotonic() - self._kept >= self.every

    def write(self, file: Path, state: dict[str, Any]) -> None:
        """Keep a state, and the seconds spent so far."""
        state["seconds"] = self.before + time.monotonic() - self._start
        tensors: dict[str, Tensor] = {}
        structure = json.dumps(_encode(state, tensors))
        content = save(tensors, {"structure": structure})
        write_atomically(file, hashlib.sha256(content).digest() + content)
        self._kept = time.monotonic()


@dataclass(frozen=True)
class Loop:
    """One loop's file, and all that the loop changes."""

    checkpoint: Checkpoint
    file: Path
    parts: Mapping[str, Part]
    generator: torch.Generator
    device: torch.device

    def keep(self, step: int) -> None:
        """Write the state after `step` steps."""
        state: dict[str, Any] = {name: _state(part) for name, part in self.parts.items()}
        state |= {"step": step, "device": self.device.type, "random": _random(self.generator, self.device)}
        self.checkpoint.write(self.file, state)

    def restore(self) -> int:
        """Put the parts back as they were kept; returns the steps done, 0 where there is no sound state."""
        state = _read(self.file)
        if state is None:
            return 0
        if state["device"] != self.device.type:
            log.warning("the checkpoint %s was kept on another kind of device and is not used", self.file)
            return 0
        try:
            for name, part in self.parts.items():
                _put_back(part, state[name], self.device)
        except (KeyError, RuntimeError, ValueError) as error:
            raise ContractError(
                f"{self.file} holds another state than this loop has ({error}): delete it and run again."
            ) from error
        _put_back_random(state["random"], self.generator, self.device)
        self.checkpoint.restored(float(state["seconds"]))
        return int(state["step"])


class Steps:
    """The steps of a loop that are left; see `Run.resumable`."""

    def __init__(self, count: int, loop: Loop | None) -> None:
        self.count = count
        self._loop = loop
        self.first = 0 if loop is None else loop.restore()
        """The first step that is left."""

    def __len__(self) -> int:
        return self.count - self.first

    def __iter__(self) -> Iterator[int]:
        for step in range(self.first, self.count):
            yield step
            if self._loop is not None and self._loop.checkpoint.due():
                self._loop.keep(step + 1)


def _read(file: Path) -> dict[str, Any] | None:
    if not file.is_file():
        return None
    content = file.read_bytes()
    if hashlib.sha256(content[32:]).digest() != content[:32]:
        log.warning("the checkpoint %s is damaged and is not used", file)
        return None
    header = content[40 : 40 + int.from_bytes(content[32:40], "little")]
    structure = json.loads(json.loads(header)["__metadata__"]["structure"])
    state: dict[str, Any] = _decode(structure, load(content[32:]))
    return state


def _state(part: Part) -> Any:
    return part.state_dict() if isinstance(part, Stateful) else part


def _put_back(part: Part, state: Any, device: torch.device) -> None:
    if isinstance(part, Tensor):
        part.copy_(state)
    elif isinstance(part, Stateful):
        part.load_state_dict(state)
    else:
        part.clear()
        part.update({name: tensor.to(device) for name, tensor in state.items()})


def _random(generator: torch.Generator, device: torch.device) -> dict[str, Tensor]:
    """The states of all generators that a stage may draw from."""
    states = {"own": generator.get_state(), "cpu": torch.random.get_rng_state()}
    return states | ({"device": torch.cuda.get_rng_state(device)} if device.type == "cuda" else {})


def _put_back_random(states: Mapping[str, Tensor], generator: torch.Generator, device: torch.device) -> None:
    generator.set_state(states["own"])
    torch.random.set_rng_state(states["cpu"])
    if device.type == "cuda":
        torch.cuda.set_rng_state(states["device"], device)


def _encode(value: Any, tensors: dict[str, Tensor]) -> Any:
    """A nest of dicts, lists and numbers as JSON; its tensors go into `tensors`."""
    if isinstance(value, Tensor):
        tensors[str(len(tensors))] = value.detach().cpu().clone().contiguous()
        return {"tensor": str(len(tensors) - 1)}
    if isinstance(value, Mapping):
        return {"dict": [[key, _encode(item, tensors)] for key, item in value.items()]}
    if isinstance(value, list | tuple):
        return {type(value).__name__: [_encode(item, tensors) for item in value]}
    if value is None or isinstance(value, bool | int | float | str):
        return {"value": value}
    raise ContractError(f"a state with a {type(value).__name__} can't be kept: keep tensors, numbers and texts.")


def _decode(value: Any, tensors: Mapping[str, Tensor]) -> Any:
    ((kind, item),) = value.items()
    if kind == "tensor":
        return tensors[item]
    if kind == "dict":
        return {key: _decode(one, tensors) for key, one in item}
    if kind in ("list", "tuple"):
        decoded = [_decode(one, tensors) for one in item]
        return decoded if kind == "list" else tuple(decoded)
    return item
