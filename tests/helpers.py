"""Hashers with known optima, small data, and tensors that tell where they were made."""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from hashbench.api import Budget, Coordinates, Goal, HasherName, Provenance, Run, Split, TrunkHasher
from hashbench.cli.main import main
from hashbench.plugins import registry
from hashbench.plugins.configure import configure
from hashbench.testing.small import CPU, small_hasher, small_victim
from hashbench.testing.small import small_split as testing_split


def linear_hasher(bits: int = 8, side: int = 8, seed: int = 0) -> TrunkHasher:
    """The kit's hasher on images of 8 px."""
    return small_hasher(bits, side, seed)


def sibling(kind: str, name: str, module: str) -> Any:
    """A module beside that of a plugin."""
    package = registry.load(kind, name).__module__.rpartition(".")[0]
    return importlib.import_module(f"{package}.{module}")


def small_split(rows: int = 24, classes: int = 4, side: int = 8, seed: int = 0) -> Split:
    """The kit's data, fewer and smaller."""
    return testing_split(rows, side, classes, seed)


def goal_of(split: Split, count: int = 4, device: torch.device = CPU) -> Goal:
    """The first rows as queries; each one's target is the next class."""
    labels = split.labels[:count].to(device)
    return Goal(labels, labels.roll(1, dims=1), tuple(range(count)))


def perturb(
    attack: str, hasher: TrunkHasher, split: Split, budget: Budget, codes: Tensor | None, seed: int = 0, count: int = 4
) -> Tensor:
    """Run a registered attack that needs no fit on the first rows of `split`."""
    plugin = configure("attacks", attack)
    view = small_victim(hasher, split, plugin.access)
    images = split.images(np.arange(count), CPU)
    perturbed: Tensor = plugin.perturb(view, {}, images, goal_of(split, count), codes, budget, Run(seed, CPU))
    return perturbed


def at(attack: str, bits: int = 8, target: int = 8, seed: int = 0, **changed: object) -> Coordinates:
    """Where a cell of a made-up run stands."""
    source, scored = (HasherName(hasher="dpsh", backbone="convnet", bits=count) for count in (bits, target))
    given = {"dataset": "shapes", "protocol": "harmonised", "epsilon": 8 / 255, "source": source, "target": scored}
    return Coordinates.model_validate({**given, "attack": attack, "seed": seed, **changed})


def made(options: dict[str, dict[str, object]]) -> Provenance:
    """How a made-up cell was made."""
    given = {"protocol": {}, "budget": {"norm": "linf", "epsilon": 8 / 255}, "targets": {"queries": 200}, "hasher": {}}
    data = {"content": "x", "image_size": 32, "class_names": []}
    keys = {"hasher": "x", "images": "x"}
    return Provenance.model_validate({**given, "options": options, "data": data, "keys": keys, "batch_size": 64})


TINY = [
    "--dataset",
    "shapes[train=64,database=128,queries=8]",
    "--backbone",
    "convnet[width=8,warmup_epochs=1]",
    "--hasher",
    "dpsh[epochs=1,optimiser=adamw,rate=1e-4]",
]
"""Options of a run of seconds, whose hasher trains gently: a quick epoch on so few images leaves all codes alike."""

SPREAD = [*TINY[:-1], f"{TINY[-1]},lsh"]
"""The same with a second hasher, whose codes differ and are moved by ifgsm[steps=8]: numbers that tell cells apart."""

SUITE = """
title = "mine"
about = "Every kind of show, in small."

[run]
hasher = ["dpsh[epochs=1,optimiser=adamw,rate=1e-4]"]
backbone = ["convnet[width=8,warmup_epochs=1]"]
bits = [8, 12]
transfer = true

[attacks]
noise = "noise"
dhta = "dhta[steps=2]"
prosgan = "prosgan[epochs=1,width=8,decoder_width=8,aim=prototype[steps=5]]"
heavy = "prosgan[epochs=1,width=8,decoder_width=8,reconstruction=100,aim=prototype[steps=5]]"

[[show]]
kind = "rows"
rows = [
    { label = "Original", metric = "t_map_clean" },
    { label = "DHTA", attack = "dhta", metric = "t_map" },
    { label = "Anchor code", attack = "dhta", metric = "t_map_aim" },
]

[[show]]
kind = "measures"
measures = ["t_map", "rms", "seconds_per_image"]
rows = [{ label = "DHTA", attack = "dhta" }]

[[show]]
kind = "matrix"
rows = [{ label = "DHTA", attack = "dhta" }]

[[show]]
kind = "curves"
rows = [{ label = "Noise", attack = "noise" }]

[[show]]
kind = "retrieved"
rows = [{ label = "ProS-GAN", attack = "prosgan" }]

[[show]]
kind = "sweep"
option = "reconstruction"
measures = ["t_map", "rms"]
rows = [{ label = "20", attack = "prosgan" }, { label = "100", attack = "heavy" }]
"""


class Trap:
    """Would write a file if it were unpickled."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self):
        return (Path.touch, (self.file,))


def process(*args: str, cwd: Path | None = None, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The command line in a process of its own, with `path` to import from."""
    script = "from hashbench.cli.main import main; main()"
    environment = os.environ | ({} if path is None else {"PYTHONPATH": str(path)})
    command = [sys.executable, "-W", "ignore", "-c", script, *args]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=environment, check=False)


def hashbench(*args: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The command in this process: what it prints and its exit code."""
    out, err = io.StringIO(), io.StringIO()
    with (
        contextlib.chdir(cwd or Path.cwd()),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "argv", ["hashbench", *args])
            with pytest.raises(SystemExit) as stopped:
                main()
    return subprocess.CompletedProcess(args, int(stopped.value.code or 0), out.getvalue(), err.getvalue())
