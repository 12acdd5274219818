"""What all stages share: store, device, progress; and the products already in memory."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from hashbench.engine.seeds import seeded
from hashbench.engine.store import Store, digest
from hashbench.fingerprint import code_hash
from hashbench.plugin import Plugin, options_of
from hashbench.run import Progress, Run, derive_seed

T = TypeVar("T")


@dataclass(frozen=True)
class Chosen:
    """A configured plugin and the text it was asked for by."""

    text: str
    plugin: Any

    @property
    def work(self) -> str:
        """Its text and a mark of its resolved options: equal work takes equal time."""
        return f"{self.text}#{digest(options_of(self.plugin))[:4]}"

    @property
    def key(self) -> dict[str, Any]:
        """Its name, resolved options, and a hash of its code."""
        return plugin_key(self.text, self.plugin)


def plugin_key(text: str, plugin: Plugin) -> dict[str, Any]:
    """What a stage's key says about a plugin."""
    key = {"name": text.partition("[")[0], "options": options_of(plugin), "code": code_hash(plugin)}
    inputs = dict(plugin.inputs())
    return key | {"inputs": inputs} if inputs else key


@dataclass
class Context:
    """Handed from the runner to every stage."""

    store: Store
    device: torch.device
    progress: Progress
    batch_size: int
    workers: int
    cell_timeout: float | None = None
    """Seconds a cell may take."""
    deterministic: bool = False
    """Whether an operation without a deterministic algorithm is an error; otherwise it is used where there is no other."""
    memory: dict[Any, Any] = field(default_factory=dict)

    def once(self, key: Any, load: Callable[[], T]) -> T:
        """A product held in memory for the rest of the run."""
        if key not in self.memory:
            self.memory[key] = load()
        value: T = self.memory[key]
        return value

    def run(self, seed: int) -> Run:
        """A `Run` of a stage's seed."""
        return Run(derive_seed(seed), self.device, self.batch_size, self.progress)

    def seeded(self, seed: int) -> AbstractContextManager[None]:
        """Everything drawn inside comes from `seed`."""
        return seeded(seed, self.device, self.deterministic)

    def long_product(self, stage: str, key: Mapping[str, Any], make: Callable[[Path, Run], None], work: str) -> Path:
        """A product that takes long: `make` draws from the key's seed, and its resumable loops go on after a kill."""

        def seeded_make(draft: Path) -> float:
            run = replace(self.run(key["seed"]), checkpoint=self.store.checkpoint(stage, key))
            with self.seeded(key["seed"]):
                make(draft, run)
            return run.spent

        return self.store.product(stage, key, seeded_make, work)

    def synchronise(self) -> None:
        """Wait for the device, so that a clock may be read."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def timed(self, work: Callable[[], T]) -> tuple[T, float]:
        """The result of `work` and its seconds, device synchronised."""
        self.synchronise()
        start = time.perf_counter()
        result = work()
        self.synchronise()
        return result, time.perf_counter() - start


def save_tensors(tensors: dict[str, Tensor], file: Path) -> None:
    """Tensors as safetensors: on the CPU, each with memory of its own."""
    try:
        save_file({name: tensor.detach().cpu().clone().contiguous() for name, tensor in tensors.items()}, file)
    except SafetensorError as error:
        number = next((int(found) for found in re.findall(r"os error (\d+)", str(error))), 0)
        raise OSError(number, os.strerror(number), str(file)) from error


def load_tensors(file: Path, device: torch.device) -> dict[str, Tensor]:
    """What `save_tensors` wrote, on `device`."""
    tensors: dict[str, Tensor] = load_file(file, device=str(device))
    return tensors
