"""From text to configured plugins: datasets with their folders, hashers, attacks with their aims, devices."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch

from hashbench.contracts.attack import Aim, Attack, aim_of
from hashbench.contracts.hasher import Backbone
from hashbench.contracts.plugin import options_of
from hashbench.data.dataset import Dataset
from hashbench.engine.choices import Chosen, P, Source
from hashbench.engine.planning.kinds import class_of
from hashbench.errors import UnknownName, UserError
from hashbench.plugins.configure import configure
from hashbench.plugins.spec import canonical, parse_spec

RUN_PRESETS = ("quick", "paper")


def choose_source(
    text: str,
    data: str | None,
    preset: str | None = None,
    image_size: int | None = None,
    split: str | None = None,
    *,
    skip_broken: bool = False,
) -> tuple[Source, str]:
    """The dataset `text` names, with its folder and image size, and the preset in force on it.

    The folder is `data`, or the one of the dataset's name in it. `split` is a folder of released split files.
    """
    if preset is not None and preset not in RUN_PRESETS:
        raise UnknownName("preset", preset, RUN_PRESETS)
    dataset: Chosen[Dataset] = choose("datasets", text, preset)
    if split is not None:
        dataset = _with(dataset, "split", split, "--split", "has no split files to be replaced")
    preset = preset or dataset.plugin.default_preset
    small = dataset.plugin.default_size if preset == dataset.plugin.default_preset else 64
    size = image_size or small
    if size < 8:
        raise UserError(f"--image-size is {size}: give at least 8 pixels.")
    if dataset.plugin.needs_folder and data is None:
        raise UserError(f"the dataset '{text}' needs its folder: give --data DIR, or set HASHBENCH_DATA.")
    folder = Path(data) if data is not None and dataset.plugin.needs_folder else None
    named = parse_spec(text).name
    if folder is not None and named.isidentifier() and (folder / named).is_dir():
        folder = folder / named
    return Source(dataset, folder, size, skip_broken), preset


def _with(chosen: Chosen[P], option: str, value: str, flag: str, why_not: str) -> Chosen[P]:
    """The plugin with an option set by a flag of the command. Raises UserError where it has no such option."""
    options = options_of(chosen.plugin)
    if option not in options:
        raise UserError(f"'{chosen.text}' {why_not}: leave {flag} out.")
    return replace(chosen, plugin=type(chosen.plugin)(**options | {option: value}))


def choose_backbone(text: str, preset: str, source: Source, weights: str | None) -> Chosen[Backbone]:
    chosen: Chosen[Backbone] = choose("backbones", text, preset)
    if weights is not None:
        chosen = _with(chosen, "weights", weights, "--weights", "always starts from random weights")
    chosen.plugin.check(source.image_size)
    return chosen


def choose_attack(text: str, preset: str, source: Source) -> tuple[Chosen[Attack], Chosen[Aim] | None]:
    chosen: Chosen[Attack] = choose("attacks", text, preset)
    chosen = replace(chosen, plugin=chosen.plugin.resolve(source.identity))
    aim = aim_of(chosen.plugin)
    if aim is None:
        return chosen, None
    return chosen, choose("aims", aim, preset)


def choose(kind: str, text: str, preset: str | None) -> Chosen[P]:
    """A configured plugin of a kind. Raises what `configure` does, and UserError for a class of another kind."""
    class_of(kind, parse_spec(text).name)
    return Chosen(kind, canonical(text), configure(kind, text, preset))


def pick_device(text: str) -> torch.device:
    """`auto`, `cpu`, `cuda` or `cuda:N`. Raises UserError for a device that is not there."""
    if text == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(text)
    except RuntimeError as error:
        raise UserError(f"--device is '{text}': give auto, cpu or cuda:0.") from error
    if device.type not in ("cpu", "cuda"):
        raise UserError(f"--device is '{text}': give auto, cpu or cuda:0.")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise UserError(f"--device is {text}, but there are {torch.cuda.device_count()} CUDA devices here: give --device cpu.")
    return device
