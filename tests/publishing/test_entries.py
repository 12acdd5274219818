"""Entries: an honest one holds, and each of many dishonest ones is refused by its sentence."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers import TINY, hashbench
from PIL import Image
from safetensors.numpy import load_file, save_file
from safetensors.torch import load_file as load_weights
from safetensors.torch import save_file as save_weights

from hashbench.api import read_results

RUN = ("run", *TINY, "--attack", "fgsm,noise", "--bits", "8")


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """An entry and the store it was made from."""
    folder = tmp_path_factory.mktemp("packed")
    store = ("--store", str(folder / "store"))
    assert hashbench(*RUN, "--out", str(folder / "run"), "--report", "csv", *store).returncode == 0
    done = hashbench("submit", str(folder / "run"), "-o", str(folder / "entry"), *store)
    assert done.returncode == 0, done.stderr
    assert "2 cells" in done.stdout
    return folder / "entry", folder / "store"


def verified(entry: Path, folder: Path, *more: str) -> tuple[int, str]:
    done = hashbench("verify", str(entry), "--store", str(folder / "verifier"), *more)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout + done.stderr


def test_an_honest_entry_holds_and_the_leaderboard_tells_it_apart(packed: tuple[Path, Path], tmp_path: Path) -> None:
    entry, _ = packed
    images = sorted((entry / "images").glob("*/*.png"))
    assert len(images) == 16 and not list(entry.rglob("*.pkl"))
    code, said = verified(entry, tmp_path, "-o", str(tmp_path / "confirmed"))
    assert code == 0 and said.count("holds: ") == 2 and said.count(": verified\n") == 2, said
    sent, found = read_results(entry), read_results(tmp_path / "confirmed")
    assert {cell.checked for cell in sent.cells} == {"self-reported"} and {cell.checked for cell in found.cells} == {"verified"}
    for one, other in zip(sent.cells, found.cells, strict=True):
        kept = {row.metric: row for row in other.rows}
        assert kept and all(one.row(metric) == row for metric, row in kept.items())
        assert {"t_map", "map_attacked", "rms", "linf"} <= kept.keys() and not any(
            "aim" in name or "share" in name for name in kept
        )
    runs = [str(entry), str(tmp_path / "confirmed")]
    assert hashbench("leaderboard", *runs, "-o", str(tmp_path / "site")).returncode == 0
    index = (tmp_path / "site" / "index.html").read_text()
    assert "version 1, self-reported" in index and "version 1, verified" in index


def test_a_sample_is_drawn_by_the_targets(packed: tuple[Path, Path], tmp_path: Path) -> None:
    entry, store = packed
    some = tmp_path / "some"
    done = hashbench("submit", str(entry.parent / "run"), "-o", str(some), "--images", "3", "--store", str(store))
    assert done.returncode == 0, done.stderr
    code, said = verified(some, tmp_path)
    assert code == 0 and "verified on 3 of 8 images" in said
    folder = next((some / "images").iterdir())
    names = sorted(file.name for file in folder.iterdir())
    other = next(f"{i:06}.png" for i in range(8) if f"{i:06}.png" not in names)
    (folder / names[0]).rename(folder / other)
    code, said = verified(some, tmp_path)
    assert code == 1 and "where the draw of this entry wants 3" in said


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


@pytest.mark.parametrize("forge", DISHONEST, ids=lambda forge: forge.__name__)
def test_a_dishonest_entry_is_told(forge: Callable[[Path], None], packed: tuple[Path, Path], tmp_path: Path) -> None:
    entry = tmp_path / "entry"
    shutil.copytree(packed[0], entry)
    forge(entry)
    code, said = verified(entry, tmp_path, "-o", str(tmp_path / "confirmed"))
    assert code == 1 and DISHONEST[forge] in said, said
    assert "does not hold: fgsm on" in said and not (entry / "ran").exists()
    confirmed = tmp_path / "confirmed"
    assert not confirmed.exists() or all("fgsm" not in cell.at.attack for cell in read_results(confirmed).cells)


def test_what_a_verifier_did_not_compute_is_not_confirmed(packed: tuple[Path, Path], tmp_path: Path) -> None:
    entry = tmp_path / "entry"
    shutil.copytree(packed[0], entry)
    edited(cell_of(entry), lambda cell: cell["rows"].append({"metric": "T_map_share", "value": 3.0}))
    arrays = load_file(cell_of(entry).with_suffix(".safetensors"))
    honest = arrays["targeted/attacked/target/items"].copy()
    save_file(arrays | {"targeted/attacked/target/items": honest * 0, "extra": honest}, cell_of(entry).with_suffix(".safetensors"))
    assert verified(entry, tmp_path, "-o", str(tmp_path / "confirmed"))[0] == 0
    cell = next(cell for cell in read_results(tmp_path / "confirmed").cells if cell.at.attack == "fgsm")
    assert cell.row("T_map_share") is None and "extra" not in cell.arrays
    assert np.array_equal(cell.arrays["targeted/attacked/target/items"], honest)


def test_targets_of_the_sender_s_own_are_told_apart(packed: tuple[Path, Path], tmp_path: Path) -> None:
    store = ("--store", str(packed[1]))
    assert hashbench("targets", "make", "--dataset", TINY[1], "--seed", "7", "-o", str(tmp_path / "own.json")).returncode == 0
    own = (*RUN, "--targets", str(tmp_path / "own.json"), "--out", str(tmp_path / "run"), "--report", "csv", *store)
    assert hashbench(*own).returncode == 0
    assert hashbench("submit", str(tmp_path / "run"), "-o", str(tmp_path / "entry"), *store).returncode == 0
    code, said = verified(tmp_path / "entry", tmp_path)
    assert code == 0 and said.count("verified on its sender's targets") == 2


def test_what_can_not_be_packed_or_is_no_entry(packed: tuple[Path, Path], tmp_path: Path) -> None:
    entry, store = packed
    run = str(entry.parent / "run")
    full = hashbench("submit", run, "-o", str(entry), "--store", str(store))
    assert full.returncode == 2 and "is not empty" in full.stderr
    gone = hashbench("submit", run, "-o", str(tmp_path / "e"), "--store", str(tmp_path / "other"))
    assert gone.returncode == 2 and "run the same command again, then submit" in gone.stderr
    none = hashbench("submit", str(tmp_path), "-o", str(tmp_path / "e"))
    assert none.returncode == 2 and "holds no finished run" in none.stderr
    assert verified(tmp_path, tmp_path)[0] == 2
    (tmp_path / "entry.json").write_text(
        '{"entry_schema": 1, "cells": {"../x": {"images": "../../x", "targets": "t", "hasher": ""}}}'
    )
    code, said = verified(tmp_path, tmp_path)
    assert code == 2 and "is no entry of hashbench submit" in said


def test_an_entry_of_a_network_that_only_its_owner_can_load(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "import torch\nfrom torch import nn\n\n\ndef load():\n    torch.manual_seed(SEED)\n"
        "    return nn.Sequential(nn.Flatten(), nn.Linear(3072, 16))\n".replace("SEED", "0")
    )
    model, store = f"{tmp_path / 'mine.py'}:load", ("--store", str(tmp_path / "store"))
    done = hashbench("run", "--model", model, "--dataset", TINY[1], "--attack", "fgsm", "--out", str(tmp_path / "run"), *store)
    assert done.returncode == 0, done.stderr
    assert hashbench("submit", str(tmp_path / "run"), "-o", str(tmp_path / "entry"), *store).returncode == 0
    code, said = verified(tmp_path / "entry", tmp_path)
    assert code == 1 and "give --model what loads it" in said
    assert verified(tmp_path / "entry", tmp_path, "--model", model)[0] == 0
    (tmp_path / "other.py").write_text((tmp_path / "mine.py").read_text().replace("seed(0)", "seed(1)"))
    assert verified(tmp_path / "entry", tmp_path, "--model", f"{tmp_path / 'other.py'}:load")[0] == 1
