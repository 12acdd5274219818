"""Published hashers: written out with a card, and read back to be attacked."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from hashbench import __version__
from hashbench.contracts.hasher import Backbone, HashingMethod
from hashbench.contracts.plugin import Plugin, options_of
from hashbench.engine.choices import Chosen, Imported, Source
from hashbench.engine.engine import Engine
from hashbench.engine.machine.tensors import save_tensors
from hashbench.engine.publishing.card import CARD, NAME, SCHEMA, WEIGHTS, Card, DataCard, PluginCard, read_card, write_card
from hashbench.engine.publishing.zoo import PREFIX, zoo_card
from hashbench.engine.stages.codes import CodesStage
from hashbench.engine.stages.hasher import HasherStage
from hashbench.engine.stages.pixels import PixelsStage, train_content
from hashbench.engine.stages.trained import TrainedStage
from hashbench.errors import UnknownName, UserError
from hashbench.plugins import registry
from hashbench.plugins.configure import with_options
from hashbench.retrieval import Bootstrap, HammingRanking

PROTOCOL = "tie-aware AP over all ranks of the database, mean over all queries"


def clean_map(engine: Engine, choice: HasherStage) -> tuple[float, float, float]:
    """MAP of all queries with its 95 % interval."""
    data, codes = engine.get(choice.pixels).data, engine.get(CodesStage(choice))
    ranking = HammingRanking(codes[data.rows["query"]], data.split_labels("query"))
    ranking.update(codes[data.rows["database"]], data.split_labels("database"))
    ap = ranking.compute().ap
    low, high = Bootstrap(len(ap), choice.seed_of_run).interval(ap)
    return float(np.nanmean(ap)), low, high


def export_hasher(engine: Engine, choice: TrainedStage, name: str, out: Path) -> str:
    """Weights and card into the folder `out`; returns the card's SHA-256. The hasher is trained where the store has none."""
    check_name(name)
    if (out / CARD).exists():
        raise UserError(f"{out} holds a hasher already: give another folder.")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{out} can't be made ({error.strerror}): give another folder.") from error
    trained, loaded = engine.get(choice), engine.get(choice.pixels)
    data, source = loaded.data, choice.pixels.source
    save_tensors(dict(trained.hasher.state_dict()), out / WEIGHTS)
    value, low, high = clean_map(engine, choice)
    card = Card(
        card_schema=SCHEMA,
        name=name,
        method=_plugin_card(choice.method),
        backbone=_plugin_card(choice.backbone),
        bits=choice.bits,
        image_size=source.image_size,
        seed=choice.seed_of_run,
        data=DataCard(
            name=data.name,
            identity=source.identity,
            content=data.content,
            labels=data.label_content,
            train_images=train_content(loaded),
            pipeline=data.pipeline,
            classes=list(data.classes),
            rows={split: len(rows) for split, rows in data.rows.items()},
        ),
        protocol=PROTOCOL,
        map=value,
        map_low=low,
        map_high=high,
        facts=trained.facts,
        versions={"hashbench": __version__, "python": platform.python_version(), "torch": version("torch")},
        weights_sha256=hashlib.sha256((out / WEIGHTS).read_bytes()).hexdigest(),
    )
    return write_card(card, out)


def import_hasher(folder: Path, store: Path, name: str | None) -> str:
    """Check a published hasher and keep it in the store under `name`, or the name on its card; returns that."""
    card, _ = read_card(folder)
    check_fits(card, folder)
    name = name or card.name
    check_name(name)
    place = imported_folder(store, name)
    if place.exists():
        raise UserError(f"a hasher '{name}' is imported already: give another name with --name.")
    place.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=store / "tmp"))
    for file in (CARD, WEIGHTS):
        shutil.copyfile(folder / file, draft / file)
    os.chmod(draft, 0o755)
    draft.rename(place)
    return name


def imported_folder(store: Path, name: str) -> Path:
    """The folder of an imported hasher."""
    return store / "imported" / name


def imported_folders(store: Path) -> list[Path]:
    """The folders of all imported hashers."""
    return [file.parent for file in sorted((store / "imported").glob(f"*/{CARD}"))]


def find_card(text: str, store: Path) -> Path:
    """The folder of a card: `zoo:NAME`, an imported hasher's name, or a path. Raises UnknownName."""
    if text.startswith(PREFIX):
        return zoo_card(text.removeprefix(PREFIX))
    if re.fullmatch(NAME, text) and imported_folder(store, text).is_dir():
        return imported_folder(store, text)
    if (Path(text) / CARD).is_file():
        return Path(text)
    raise UnknownName("imported hasher (or folder with a hasher.json)", text, [folder.name for folder in imported_folders(store)])


def imported_hasher(folder: Path, source: Source, size_given: bool, resolve: Callable[[Source], PixelsStage]) -> TrainedStage:
    """The hasher of a card on the images of `source`, at the image size of the card. Raises UserError where it can't be one."""
    card, sha256 = read_card(folder)
    if size_given and source.image_size != card.image_size:
        raise UserError(f"the hasher '{card.name}' takes images of {card.image_size} px: leave --image-size out.")
    check_fits(card, folder)
    source = replace(source, image_size=card.image_size)
    method, backbone = plugins_of(card)
    name = folder.name if folder.parent.name == "imported" else card.name
    imported = Imported(name, folder.resolve(), sha256)
    chosen = Chosen("hashers", f"{card.method.name}@{name}", method)
    return TrainedStage(resolve(source), card.bits, card.seed, chosen, Chosen("backbones", card.backbone.name, backbone), imported)


def plugins_of(card: Card) -> tuple[HashingMethod, Backbone]:
    """Method and backbone, which must be installed here under the names on the card."""
    made = []
    for kind, plugin in (("hashers", card.method), ("backbones", card.backbone)):
        if plugin.name not in registry.entries(kind):
            raise UserError(
                f"the hasher '{card.name}' is of the {kind[:-1]} '{plugin.name}', which is not installed here: install it."
            )
        options = dict(plugin.options)
        if "weights" in options:
            options["weights"] = "none"
        made.append(with_options(kind, plugin.name, options))
    return made[0], made[1]


def check_fits(card: Card, folder: Path) -> None:
    """Raise UserError unless the weights in `folder` are those of the card's hasher as it is here; makes nothing large."""
    method, backbone = plugins_of(card)
    backbone.check(card.image_size)
    with torch.device("meta"):
        planned = method.build(backbone.build(card.image_size), card.bits)
    _check_shapes(folder / WEIGHTS, planned.state_dict(), card)


def _check_shapes(file: Path, own: dict[str, Tensor], card: Card) -> None:
    """Raise UserError unless the file holds the tensors of `own`, by its header alone."""
    try:
        with safe_open(file, "pt") as tensors:
            shapes = {name: list(tensors.get_slice(name).get_shape()) for name in tensors.keys()}  # noqa: SIM118 - no mapping
    except (SafetensorError, OSError) as error:
        raise UserError(f"{file} can't be read as safetensors: {str(error).splitlines()[0]}.") from error
    if shapes != {name: list(tensor.shape) for name, tensor in own.items()}:
        raise UserError(
            f"the weights of '{card.name}' do not fit {card.method.name} on {card.backbone.name} as they are here: "
            f"it was made with hashbench {card.versions.get('hashbench', '?')}."
        )


def check_name(name: str) -> None:
    """Raise UserError for a name that is no plain file name."""
    if not re.fullmatch(NAME, name):
        raise UserError(f"'{name}' is no name for a hasher: use letters, digits, '.', '_' and '-'.")


def _plugin_card(chosen: Chosen[Plugin]) -> PluginCard:
    options, name = options_of(chosen.plugin), chosen.name
    if "weights" in options and options["weights"] not in ("imagenet", "none"):
        options["weights"] = Path(str(options["weights"])).name
    if name not in registry.entries("hashers") and name not in registry.entries("backbones"):
        raise UserError(f"'{name}' is a plugin without a package, which others can't load: package it with hashbench new.")
    return PluginCard(name=name, options=options, code=str(chosen.key["code"]))
