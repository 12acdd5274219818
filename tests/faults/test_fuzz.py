"""Whatever the bytes of an input are: a sentence or a sound result, never another error, and nothing written elsewhere.

`pytest -m slow` tries the number of inputs in `CASES`, 15,800 in all.
"""

from __future__ import annotations

import random
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path

import layouts
import pytest
from helpers import TINY, hashbench

from hashbench.contracts.run import Silent
from hashbench.data.pipelines import PIPELINES, decode_bytes
from hashbench.engine.publishing.card import read_card
from hashbench.engine.publishing.imported import check_fits
from hashbench.engine.targets.file import load_target_file
from hashbench.errors import UserError
from hashbench.plugins.configure import configure
from hashbench.protocols.file import protocol_of
from hashbench.results.reading import read_results
from hashbench.suites.suite import load_suite

CASES = {
    "lists": 2000,
    "flickr25k": 600,
    "nuswide": 600,
    "mscoco": 1000,
    "voc2012": 600,
    "cifar10": 1200,
    "image": 6000,
    "card": 600,
    "weights": 400,
    "results": 1000,
    "targets": 500,
    "protocol": 800,
    "suite": 500,
}
TOKENS = [
    b"\0",
    b"\n",
    b"-1",
    b"9" * 30,
    b"../",
    b"/etc/passwd",
    b"\xff\xfe",
    b"NaN",
    b"1e999",
    b"[" * 2000,
    b'"',
    b"{}",
    b"null",
    b"\xef\xbb\xbf",
    b" ",
]


def mutated(data: bytes, rng: random.Random) -> bytes:
    """A few flips, cuts, repeats and insertions."""
    content = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(content) + 1)
        match rng.randrange(6):
            case 0 if at < len(content):
                content[at] ^= 1 << rng.randrange(8)
            case 1:
                del content[at:]
            case 2:
                content[at:at] = rng.choice(TOKENS)
            case 3:
                del content[at : at + rng.randint(1, 20)]
            case 4:
                content[at:at] = content[at : at + rng.randint(1, 50)] * rng.randint(1, 5)
            case _ if at < len(content):
                content[at] = rng.randrange(256)
    return bytes(content) if content != data else mutated(data, rng)


def shaken(files: list[Path], use: Callable[[], object], count: int, seed: int) -> int:
    """Mutate one file at a time, use it, put it back. Returns how many uses ended in a sentence."""
    rng, told = random.Random(seed), 0
    for _ in range(count):
        file = rng.choice(files)
        before = file.read_bytes()
        file.write_bytes(mutated(before, rng))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                use()
        except UserError as error:
            told += 1
            assert str(error).strip()
        finally:
            file.write_bytes(before)
    return told


def everything(folder: Path) -> set[Path]:
    return {path.relative_to(folder) for path in folder.rglob("*")}


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds the inputs' folder: nothing may appear in it."""
    return tmp_path_factory.mktemp("outside")


def text_files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and path.suffix not in (".jpg", ".png")]


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", [*layouts.WRITERS, "lists"])
def test_data_sets(name: str, outside: Path) -> None:
    root = outside / name
    if name == "lists":
        for i in range(6):
            layouts.picture(root / f"{i}.png", i)
        splits = {"train": range(3), "database": range(4), "test": range(4, 6)}
        layouts.lists(root, [f"{i}.png" for i in range(6)], splits)
        (root / "classes.txt").write_text("one\ntwo\n")
    else:
        layouts.WRITERS[name](root, 24 if name != "cifar10" else 60)
    dataset = configure("datasets", name if name in ("lists", "cifar10") else f"{name}[queries=2,train=3,draw=uniform]")
    before = everything(outside)

    def use() -> None:
        data = dataset.load(root, 16)
        if data.files is not None:
            data.with_hashes(data.files.hashes(outside / "index", 1, Silent(), lambda problem: None))
        dataset.examine(root)

    assert shaken(text_files(root), use, CASES[name], 1) > CASES[name] // 10
    shutil.rmtree(outside / "index", ignore_errors=True)
    assert everything(outside) == before


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_images(tmp_path: Path) -> None:
    from PIL import Image

    files = []
    for kind in ("png", "jpg", "gif", "webp", "bmp"):
        file = tmp_path / f"a.{kind}"
        Image.linear_gradient("L").resize((40, 30)).convert("RGB").save(file)
        files.append(file)
    for i, pipeline in enumerate(PIPELINES):
        for file in files:
            use = lambda file=file, pipeline=pipeline: decode_bytes(pipeline, file.read_bytes(), 16, file.name)  # noqa: E731
            shaken([file], use, CASES["image"] // len(files) // len(PIPELINES), i)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_cards_weights_results_targets_and_toml(tmp_path: Path) -> None:
    store = ["--store", str(tmp_path / "store")]
    assert hashbench("hasher", "export", str(tmp_path / "mine"), *TINY, *store).returncode == 0
    run = ["run", "--attack", "noise", *TINY, *store, "--report", "html", "--out", str(tmp_path / "out")]
    assert hashbench(*run).returncode == 0
    targets = tmp_path / "targets.json"
    assert hashbench("targets", "make", "--dataset", TINY[1], "-o", str(targets)).returncode == 0
    protocol, suite = tmp_path / "mine.toml", tmp_path / "suite.toml"
    protocol.write_text('name = "mine"\nversion = 1\nbase = "harmonised"\ncutoff = 50\nnormaliser = "hits"\ntargets = "single"\n')
    suite.write_text(
        'title = "t"\nabout = "a"\n[run]\nbits = [8]\n[attacks]\nn = "noise"\n[[show]]\nkind = "curves"\nrows = [{attack = "n"}]\n'
    )
    (tmp_path / "out" / "report.html").unlink()
    card = tmp_path / "mine"
    before = everything(tmp_path)

    original = read_card(card)

    def taken() -> None:
        """Only blanks between the values of a card may be others."""
        assert read_card(card) == original
        check_fits(original[0], card)

    assert shaken([card / "hasher.json"], taken, CASES["card"], 1) > CASES["card"] * 0.95
    assert shaken([card / "hasher.safetensors"], taken, CASES["weights"], 2) == CASES["weights"]
    cells = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    shaken(cells, lambda: read_results(tmp_path / "out"), CASES["results"], 3)
    shaken([targets], lambda: load_target_file(targets), CASES["targets"], 4)
    shaken([protocol], lambda: protocol_of(str(protocol)), CASES["protocol"], 5)
    shaken([suite], lambda: load_suite(str(suite)).suites("quick"), CASES["suite"], 6)
    assert everything(tmp_path) == before
