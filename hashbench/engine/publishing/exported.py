"""Hashers written out with a card."""

from __future__ import annotations

import hashlib
import platform
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from hashbench import __version__
from hashbench.contracts.hasher import Hasher
from hashbench.contracts.model import Model
from hashbench.contracts.plugin import Plugin, options_of
from hashbench.disk.files import check_writable
from hashbench.engine.choices import Chosen
from hashbench.engine.engine import Engine
from hashbench.engine.machine.tensors import save_tensors
from hashbench.engine.models.toolkits import TOOLKITS
from hashbench.engine.publishing.card import (
    CARD,
    SCHEMA,
    WEIGHTS,
    Card,
    DataCard,
    ModelCard,
    PluginCard,
    check_name,
    write_card,
)
from hashbench.engine.stages.codes import CodesStage
from hashbench.engine.stages.hasher import HasherStage
from hashbench.engine.stages.model import ModelStage
from hashbench.engine.stages.pixels import train_content
from hashbench.engine.stages.trained import TrainedStage
from hashbench.errors import UserError
from hashbench.plugins import registry
from hashbench.retrieval import Bootstrap, HammingRanking

PROTOCOL = "tie-aware AP over all ranks of the database, mean over all queries"


def clean_map(engine: Engine, choice: HasherStage) -> tuple[float, float, float]:
    """MAP of all queries with its 95 % interval, hashed in fp32."""
    data, codes = engine.get(choice.pixels).data, engine.get(CodesStage(replace(choice, hashing="fp32")))
    ranking = HammingRanking(codes[data.rows["query"]], data.split_labels("query"))
    ranking.update(codes[data.rows["database"]], data.split_labels("database"))
    ap = ranking.compute().ap
    low, high = Bootstrap(len(ap), choice.seed_of_run).interval(ap)
    return float(np.nanmean(ap)), low, high


def export_hasher(engine: Engine, choice: HasherStage, name: str, out: Path) -> str:
    """Weights and card into the folder `out`; returns the card's SHA-256. The hasher is trained where the store has none."""
    check_name(name)
    if (out / CARD).exists():
        raise UserError(f"{out} holds a hasher already: give another folder.")
    check_writable(out)
    out.mkdir(parents=True, exist_ok=True)
    trained, loaded = engine.get(choice), engine.get(choice.pixels)
    data, source = loaded.data, choice.pixels.source
    kind, weights = _kind(choice, trained.hasher)
    save_tensors(weights, out / WEIGHTS)
    value, low, high = clean_map(engine, choice)
    card = Card(
        card_schema=SCHEMA,
        name=name,
        **kind,
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


def _kind(choice: HasherStage, hasher: Hasher) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """The part of a card that says what made the hasher, and the weights: of a foreign network its own."""
    if isinstance(choice, TrainedStage):
        return {"method": _plugin_card(choice.method), "backbone": _plugin_card(choice.backbone)}, hasher.state_dict()
    assert isinstance(choice, ModelStage) and isinstance(hasher, Model)
    model = choice.model
    toolkit, _, rest = model.name.partition(":")
    loader = f"{toolkit}:{rest.partition(':')[0]}" if toolkit in TOOLKITS else model.name
    statistics = {"mean": hasher.mean.flatten().tolist(), "std": hasher.std.flatten().tolist()}
    card = ModelCard(loader=loader, network=model.network, outputs=hasher.outputs, content=model.content, **statistics)
    return {"model": card}, hasher.module.state_dict()


def _plugin_card(chosen: Chosen[Plugin]) -> PluginCard:
    options, name = options_of(chosen.plugin), chosen.name.partition("@")[0]  # of an imported hasher: its method's
    if "weights" in options and options["weights"] not in ("imagenet", "none"):
        options["weights"] = Path(str(options["weights"])).name
    if name not in registry.entries("hashers") and name not in registry.entries("backbones"):
        raise UserError(f"'{name}' is a plugin without a package, which others can't load: package it with hashbench new.")
    return PluginCard(name=name, options=options, code=str(chosen.key["code"]))
