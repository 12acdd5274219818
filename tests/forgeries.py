"""Entries changed by dishonest senders, and the sentence that tells each."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from helpers import TINY, hashbench
from PIL import Image
from safetensors.numpy import load_file, save_file
from safetensors.torch import load_file as load_weights
from safetensors.torch import save_file as save_weights


def cell_of(entry: Path, attack: str = "fgsm") -> Path:
    return next(file for file in (entry / "cells").glob("*.json") if attack in file.name)


def edited(file: Path, change: Callable[[dict], object]) -> None:
    content = json.loads(file.read_text())
    change(content)
    file.write_text(json.dumps(content))


def pictures(entry: Path) -> list[Path]:
    return sorted((entry / "images" / cell_of(entry).stem).glob("*.png"))


def changed_image(entry: Path) -> None:
    """The clean query in place of the adversarial one is inside any budget."""
    noise = sorted((entry / "images" / cell_of(entry, "noise").stem).glob("*.png"))
    for theirs, own in zip(noise, pictures(entry), strict=True):
        shutil.copy(theirs, own)


def over_budget(entry: Path) -> None:
    pixels = np.asarray(Image.open(pictures(entry)[2])).copy()
    pixels[0, 0, 0] = 255 if pixels[0, 0, 0] < 128 else 0
    Image.fromarray(pixels).save(pictures(entry)[2])


def changed_number(entry: Path) -> None:
    def better(cell: dict) -> None:
        next(row for row in cell["rows"] if row["metric"] == "t_map")["value"] += 0.2

    edited(cell_of(entry), better)


def changed_interval(entry: Path) -> None:
    def narrower(cell: dict) -> None:
        row = next(row for row in cell["rows"] if row["metric"] == "t_map")
        row["low"] = row["value"]

    edited(cell_of(entry), narrower)


def changed_values(entry: Path) -> None:
    file = cell_of(entry).with_suffix(".safetensors")
    arrays = load_file(file)
    arrays["per_query/t_map"][5] = 1.0
    save_file(arrays, file)


def other_weights(entry: Path) -> None:
    """Another network under the same card: its sums are made anew, so that only its codes tell."""
    import hashlib

    from hashbench.engine.publishing.card import Card, write_card

    folder = next((entry / "hashers").iterdir())
    weights = load_weights(folder / "hasher.safetensors")
    weights["head.weight"] = torch.randn(weights["head.weight"].shape, generator=torch.Generator().manual_seed(0))
    save_weights(weights, folder / "hasher.safetensors")
    card = json.loads((folder / "hasher.json").read_text())
    card.pop("card_sha256")
    card["weights_sha256"] = hashlib.sha256((folder / "hasher.safetensors").read_bytes()).hexdigest()
    write_card(Card(**card), folder)


def changed_weights(entry: Path) -> None:
    file = next((entry / "hashers").glob("*/hasher.safetensors"))
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)


def other_hasher(entry: Path) -> None:
    edited(cell_of(entry), lambda cell: cell["at"]["target"].update(bits=12))


def other_targets(entry: Path) -> None:
    def easier(file: dict) -> None:
        file["targets"] = [
            file["targets"][0] if not set(file["targets"][0]) & {i} else targets for i, targets in enumerate(file["targets"])
        ]
        file["targets"][1] = file["targets"][2]

    edited(next((entry / "targets").iterdir()), easier)


def own_draw(entry: Path) -> None:
    """A draw of another seed, named by the cells as if it were theirs."""
    out = entry / "targets" / "own.json"
    done = hashbench("targets", "make", "--dataset", TINY[1], "--seed", "7", "-o", str(out))
    assert done.returncode == 0, done.stderr
    from hashbench.data.shapes import Shapes
    from hashbench.engine.targets.file import read_targets
    from hashbench.protocols.protocol import PROTOCOLS

    data = Shapes(train=64, database=128, queries=8).load(None, 32)
    sha256 = read_targets(out, data, PROTOCOLS["harmonised"]).sha256
    edited(entry / "entry.json", lambda content: [cell.update(targets="targets/own.json") for cell in content["cells"].values()])
    for file in (entry / "cells").glob("*.json"):
        edited(file, lambda cell: cell["made"]["targets"].update(sha256=sha256))


def other_protocol(entry: Path) -> None:
    edited(cell_of(entry), lambda cell: cell["made"]["protocol"].update(enforce_budget=False))


def other_data(entry: Path) -> None:
    edited(cell_of(entry), lambda cell: cell["made"]["data"].update(content="0" * 64))


def missing_image(entry: Path) -> None:
    pictures(entry)[4].unlink()


def smaller_image(entry: Path) -> None:
    Image.open(pictures(entry)[4]).resize((16, 16)).save(pictures(entry)[4])


def broken_image(entry: Path) -> None:
    pictures(entry)[4].write_bytes(b"\x89PNG\r\n\x1a\nno")


def dropped_values(entry: Path) -> None:
    file = cell_of(entry).with_suffix(".safetensors")
    arrays = load_file(file)
    del arrays["per_query/t_map"]
    save_file(arrays, file)


def code_as_data(entry: Path) -> None:
    """A dataset given as a file would be run."""
    (entry / "evil.py").write_text(f"open({str(entry / 'ran')!r}, 'w')\n")
    edited(cell_of(entry), lambda cell: cell["at"].update(dataset=f"{entry / 'evil.py'}:Evil"))


def twice(entry: Path) -> None:
    def better(cell: dict) -> None:
        cell["rows"].insert(0, {"metric": "t_map", "value": 0.99, "low": 0.98, "high": 1.0})

    edited(cell_of(entry), better)


def no_rows(entry: Path) -> None:
    edited(cell_of(entry), lambda cell: cell.update(rows=[]))


def no_status(entry: Path) -> None:
    edited(cell_of(entry), lambda cell: cell.update(status="error"))


def other_options(entry: Path) -> None:
    """Called by the name of a hasher that was trained for longer."""
    name = "dpsh[epochs=100]"
    edited(cell_of(entry), lambda cell: [cell["at"][end].update(hasher=name) for end in ("source", "target")])

    def renamed(content: dict) -> None:
        (label,) = content["hashers"]
        content["hashers"][label.replace("dpsh[epochs=1]", name)] = content["hashers"][label]
        content["cells"][cell_of(entry).stem]["hasher"] = label.replace("dpsh[epochs=1]", name)

    edited(entry / "entry.json", renamed)


def negative_seed(entry: Path) -> None:
    edited(cell_of(entry), lambda cell: cell["at"].update(seed=-5))


def odd_values(entry: Path) -> None:
    file = cell_of(entry).with_suffix(".safetensors")
    arrays = load_file(file)
    arrays["per_query/t_map"] = np.zeros((8, 3))
    save_file(arrays, file)


DISHONEST = {
    code_as_data: "none of the datasets that are installed here",
    twice: "t_map stands 2 times",
    no_rows: "it lacks t_map",
    no_status: "it has no number",
    other_options: "made with other options of dpsh",
    negative_seed: "seed -5",
    odd_values: "t_map has no value for each of its 8 queries",
    changed_image: "gives changed",
    over_budget: "where 8/255 allows 8",
    changed_number: "t_map is",
    changed_interval: "t_map is",
    changed_values: "image 5 gives t_map",
    other_weights: "gives map_clean",
    changed_weights: "is not the file its card names",
    other_hasher: "is dpsh on convnet with 8 bits, not dpsh",
    other_targets: "target",
    own_draw: "are not the draw of seed 0",
    other_protocol: "is called harmonised, but has another enforce_budget",
    other_data: "made on other data",
    missing_image: "has 7 images where the draw of this entry wants 8",
    smaller_image: "is 16 x 16 RGB, not 32 x 32 RGB",
    broken_image: "can't be read as a PNG",
    dropped_values: "t_map has no value for each of its 8 queries",
}
