"""Stages of a hasher: the trunk, the trained hasher, the codes of every image, the controls beside them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from hashbench.data.split import Split, to_images
from hashbench.engine.card import WEIGHTS, read_card
from hashbench.engine.context import Chosen, Context, load_tensors, save_tensors
from hashbench.engine.sources import Source, load_source, thumbnails, train_content
from hashbench.engine.store import digest
from hashbench.errors import UserError
from hashbench.hasher import Hasher, Trunk, sign
from hashbench.retrieval import HammingRanking
from hashbench.retrieval.euclidean import euclidean_ap
from hashbench.run import Run, derive_seed
from hashbench.victim import LabelledCodes, Victim


@dataclass(frozen=True)
class Imported:
    """A published hasher: weights in a folder, and the SHA-256 of their card."""

    name: str
    folder: Path
    card_sha256: str


@dataclass(frozen=True)
class HasherChoice:
    """Which hasher: everything its training depends on."""

    source: Source
    method: Chosen
    backbone: Chosen
    bits: int
    seed: int
    imported: Imported | None = None
    """Take these weights instead of training."""

    @property
    def label(self) -> str:
        return f"{self.method.text}-{self.backbone.text}-{self.bits}"

    @property
    def trunk_work(self) -> str:
        """What its trunk's training is timed under."""
        return f"{self.backbone.work} on {self.source.name} at {self.source.image_size} px"

    @property
    def work(self) -> str:
        """What its training is timed under."""
        return f"{self.method.work} with {self.trunk_work}"


@dataclass(frozen=True)
class TrainedHasher:
    """A trained hasher, facts about its training, and the codes of every image of the pool."""

    hasher: Hasher
    facts: dict[str, Any]
    key: dict[str, Any]
    codes: np.ndarray
    """(pool, K) int8 in {-1, +1}."""


def train_trunk(context: Context, choice: HasherChoice) -> tuple[Trunk, dict[str, Any], dict[str, Any]]:
    """A trunk with its weights, facts, and its key. Shared by methods and bits."""
    loaded = load_source(context, choice.source)
    seed = derive_seed(choice.seed, "trunk", choice.source.name, choice.backbone.text)
    key = {"data": digest(loaded.key), "pixels": loaded.key["pixels"], "backbone": choice.backbone.key, "seed": seed}

    def make(draft: Path, run: Run) -> None:
        trunk = choice.backbone.plugin.build(choice.source.image_size).to(context.device)
        facts = choice.backbone.plugin.fit(trunk, loaded.split("train"), run)
        _save(draft, trunk.state_dict(), {**facts, "mean": trunk.mean.flatten().tolist(), "std": trunk.std.flatten().tolist()})

    folder = context.long_product("trunk", key, make, choice.trunk_work)
    trunk = choice.backbone.plugin.build(choice.source.image_size)
    trunk.load_state_dict(load_tensors(folder / "tensors.safetensors", torch.device("cpu")))
    return trunk.to(context.device), _facts(folder), key


def train_hasher(context: Context, choice: HasherChoice) -> TrainedHasher:
    """The hasher of a choice: trained, or loaded where it was before; with the codes of the whole pool."""
    return context.once(("hasher", choice), lambda: _train_hasher(context, choice))


def _train_hasher(context: Context, choice: HasherChoice) -> TrainedHasher:
    if choice.imported is not None:
        return _import_hasher(context, choice, choice.imported)
    loaded = load_source(context, choice.source)
    method = choice.method.plugin
    trunk, trunk_facts, trunk_key = train_trunk(context, choice)
    seed = derive_seed(choice.seed, "hasher", choice.source.name, choice.backbone.text, choice.method.text, choice.bits)
    key = {"trunk": digest(trunk_key), "method": choice.method.key, "bits": choice.bits, "seed": seed}

    def make(draft: Path, run: Run) -> None:
        fresh = method.build(trunk, choice.bits).to(context.device)
        facts = method.fit(fresh, loaded.split("train"), run)
        _save(draft, fresh.state_dict(), facts)

    folder = context.long_product("hasher", key, make, choice.work)
    return _with_codes(context, choice, trunk, folder / "tensors.safetensors", {**trunk_facts, **_facts(folder)}, key)


def _import_hasher(context: Context, choice: HasherChoice, imported: Imported) -> TrainedHasher:
    """A published hasher on the images of the choice."""
    card, sha256 = read_card(imported.folder)
    if sha256 != imported.card_sha256:
        raise UserError(f"the hasher in {imported.folder} was replaced during this run: run it again.")
    data = load_source(context, choice.source)
    trunk = choice.backbone.plugin.build(choice.source.image_size).to(context.device)
    facts = card.facts | {
        "imported": imported.name,
        "card_sha256": sha256,
        "trained_on": card.data.name,
        "trained_on_these_training_images": card.data.train_images == train_content(data),
        "code_differs": [card.method.code, card.backbone.code] != [choice.method.key["code"], choice.backbone.key["code"]],
        "map_on_card": card.map,
    }
    key = {"imported": sha256, "data": digest(data.key), "method": choice.method.key, "backbone": choice.backbone.key}
    return _with_codes(context, choice, trunk, imported.folder / WEIGHTS, facts, key)


def _with_codes(
    context: Context, choice: HasherChoice, trunk: Trunk, weights: Path, facts: dict[str, Any], key: dict[str, Any]
) -> TrainedHasher:
    """The hasher with its weights loaded, frozen, and the codes of the whole pool."""
    loaded = load_source(context, choice.source)
    hasher = choice.method.plugin.build(trunk, choice.bits)
    hasher.load_state_dict(load_tensors(weights, torch.device("cpu")))
    hasher = hasher.to(context.device).eval().requires_grad_(False)

    def make_codes(draft: Path) -> None:
        pool = Split(loaded.data.name, loaded.pixels, loaded.data.labels, np.arange(len(loaded.pixels)))
        save_tensors({"codes": hash_split(context, hasher, pool, "hashing images")}, draft / "tensors.safetensors")

    codes_folder = context.store.product("codes", {"hasher": digest(key)}, make_codes)
    codes = load_tensors(codes_folder / "tensors.safetensors", torch.device("cpu"))["codes"].numpy()
    return TrainedHasher(hasher, facts, key, codes)


@torch.no_grad()
def hash_split(context: Context, hasher: Hasher, split: Split, label: str) -> Tensor:
    """(rows, K) int8 codes of a split, on the CPU."""
    batches = split.batches(context.batch_size, context.device)
    total = -(-len(split) // context.batch_size)
    return torch.cat([sign(hasher(images)).to(torch.int8) for _, images in context.progress.track(batches, label, total)]).cpu()


@torch.no_grad()
def hash_pixels(context: Context, hasher: Hasher, pixels: np.ndarray) -> np.ndarray:
    """(n, K) int8 codes of images given as uint8, or as float32 in [0, 1]."""
    codes = []
    for start in range(0, len(pixels), context.batch_size):
        chunk = pixels[start : start + context.batch_size]
        is_bytes = chunk.dtype == np.uint8
        images = to_images(chunk, context.device) if is_bytes else torch.from_numpy(chunk).to(context.device)
        codes.append(sign(hasher(images)).to(torch.int8))
    hashed: np.ndarray = torch.cat(codes).cpu().numpy()
    return hashed


def victim_of(context: Context, choice: HasherChoice, access: Any) -> Victim:
    """The metered view of a hasher that an attack or an aim gets."""
    trained = train_hasher(context, choice)
    data = load_source(context, choice.source).data

    def reference(split: str) -> LabelledCodes:
        rows = data.rows[split]
        codes, labels = torch.from_numpy(trained.codes[rows]), torch.from_numpy(data.labels[rows])
        return LabelledCodes(codes.to(context.device).float(), labels.to(context.device).float())

    return Victim(trained.hasher, access, {name: partial(reference, name) for name in ("train", "database")})


def controls(context: Context, choice: HasherChoice, queries: np.ndarray) -> dict[str, np.ndarray]:
    """(Q,) AP of the clean queries by raw pixels (at most 32 px a side) and by codes of the untrained network."""
    loaded = load_source(context, choice.source)
    key = {
        "data": digest(loaded.key),
        "backbone": choice.backbone.key,
        "method": choice.method.key,
        "bits": choice.bits,
        "queries": digest(queries.tolist()),
        "seed": choice.seed,
    }

    def make(draft: Path) -> None:
        data = loaded.data
        rows, database = data.rows["query"][queries], data.rows["database"]
        labels = data.labels[rows], data.labels[database]
        small = thumbnails(loaded)
        pixels = euclidean_ap(small[rows], small[database], *labels)
        with context.seeded(derive_seed(choice.seed, "untrained")):
            trunk = choice.backbone.plugin.build(choice.source.image_size)
            untrained = choice.method.plugin.build(trunk, choice.bits).to(context.device).eval()
        pool = Split(data.name, loaded.pixels, data.labels, np.arange(len(loaded.pixels)))
        codes = hash_split(context, untrained, pool, "hashing with the untrained network").numpy()
        ranking = HammingRanking(codes[rows], labels[0])
        ranking.update(codes[database], labels[1])
        random = ranking.compute().ap
        save_tensors({"pixels": torch.from_numpy(pixels), "random": torch.from_numpy(random)}, draft / "tensors.safetensors")

    folder = context.store.product("controls", key, make)
    return {name: t.numpy() for name, t in load_tensors(folder / "tensors.safetensors", torch.device("cpu")).items()}


def _save(draft: Path, state: dict[str, Tensor], facts: dict[str, Any]) -> None:
    save_tensors(state, draft / "tensors.safetensors")
    (draft / "facts.json").write_text(json.dumps(facts, sort_keys=True), encoding="utf-8")


def _facts(folder: Path) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads((folder / "facts.json").read_text(encoding="utf-8"))
    return facts
