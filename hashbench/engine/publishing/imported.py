"""Published hashers, read back to be attacked."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from hashbench.contracts.hasher import Backbone, HashingMethod
from hashbench.engine.choices import Chosen, Imported, Source
from hashbench.engine.models.foreign import foreign
from hashbench.engine.models.loader import Published
from hashbench.engine.publishing.card import CARD, NAME, WEIGHTS, Card, check_name, read_card
from hashbench.engine.publishing.zoo import PREFIX, zoo_card
from hashbench.engine.stages.hasher import HasherStage
from hashbench.engine.stages.model import ModelStage
from hashbench.engine.stages.pixels import PixelsStage
from hashbench.engine.stages.trained import TrainedStage
from hashbench.errors import UnknownName, UserError
from hashbench.plugins import registry
from hashbench.plugins.configure import with_options


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


def imported_hasher(folder: Path, source: Source, size_given: bool, resolve: Callable[[Source], PixelsStage]) -> HasherStage:
    """The hasher of a card on the images of `source`, at the image size of the card. Raises UserError where it can't be one."""
    card, sha256 = read_card(folder)
    if size_given and source.image_size != card.image_size:
        raise UserError(f"the hasher '{card.name}' takes images of {card.image_size} px: leave --image-size out.")
    check_fits(card, folder)
    source = replace(source, image_size=card.image_size)
    name = folder.name if folder.parent.name == "imported" else card.name
    if card.model is not None:
        model = foreign(published(card, folder, name), card.image_size)
        return ModelStage(resolve(source), card.bits, card.seed, model)
    method, backbone = plugins_of(card)
    imported = Imported(name, folder.resolve(), sha256)
    chosen = Chosen("hashers", f"{card.plugins[0].name}@{name}", method)
    trunk = Chosen("backbones", card.plugins[1].name, backbone)
    return TrainedStage(resolve(source), card.bits, card.seed, chosen, trunk, imported)


def published(card: Card, folder: Path, name: str) -> Published:
    """What loads the network of a card. Raises UserError where only its owner's code can."""
    assert card.model is not None
    toolkit, loader = card.model.toolkit, card.model.loader
    if toolkit is None:
        raise UserError(f"the hasher '{card.name}' is a network of {loader}, whose code no card holds: give it by --model.")
    return Published(f"{toolkit[0]}:{toolkit[1]}:{(folder / WEIGHTS).resolve()}", f"{toolkit[1]}@{name}")


def plugins_of(card: Card) -> tuple[HashingMethod, Backbone]:
    """Method and backbone, which must be installed here under the names on the card."""
    made = []
    for kind, plugin in zip(("hashers", "backbones"), card.plugins, strict=True):
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
    if card.model is not None:
        return
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
            f"the weights of '{card.name}' do not fit {card.plugins[0].name} on {card.plugins[1].name} as they are here: "
            f"it was made with hashbench {card.versions.get('hashbench', '?')}."
        )
