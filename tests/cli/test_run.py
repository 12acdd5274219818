"""Options of a run side by side, from a file and on the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from helpers import TINY, hashbench


def test_config_file_gives_defaults_and_flags_beat_it(tmp_path: Path) -> None:
    dataset, backbone, hasher = TINY[1], TINY[3], TINY[5]
    text = f'attack = ["noise"]\nbits = [8]\ndataset = "{dataset}"\nbackbone = "{backbone}"\nhasher = "{hasher}"\nepsilon = "4/255"\nout = "out"\nstore = "store"\n'
    (tmp_path / "run.toml").write_text(text)
    done = hashbench("run", "--config", "run.toml", "--epsilon", "2/255", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(tmp_path / "out" / "results.csv")
    assert table.bits.unique().tolist() == [8]
    assert table[table.metric == "linf"].value.iloc[0] == 2 / 255
    (tmp_path / "run.toml").write_text("atack = 'noise'")
    assert "did you mean 'attack'" in hashbench("run", "--config", "run.toml", cwd=tmp_path).stderr


@pytest.mark.parametrize("args", [["--help"], ["list"], ["run", "--help"]])
def test_help_and_list_import_no_torch(args: list[str]) -> None:
    script = (
        "import sys; sys.argv[1:] = "
        + repr(args)
        + "\nfrom hashbench.cli.main import main\ntry: main()\nexcept SystemExit: pass\nassert 'torch' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "dhta" in done.stdout if args == ["list"] else "Usage" in done.stdout


def test_two_protocols_side_by_side_a_target_file_and_a_protocol_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(
        'name = "mine"\nversion = 2\ncutoff = 50\nnormaliser = "possible"\nzero_relevance = "drop"\n'
    )
    protocols = "harmonised,published,mine.toml"
    done = hashbench(
        "run",
        "--attack",
        "noise,fgsm",
        *TINY,
        "--protocol",
        protocols,
        "--seed",
        "0,1",
        "--report",
        "html",
        "--out",
        "out",
        "--store",
        "s",
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(tmp_path / "out" / "results.csv")
    t_map = table[(table.metric == "t_map") & (table.seed == 0)].set_index(["protocol", "attack"]).value
    assert len(t_map) == 6 and t_map["harmonised", "fgsm"] != t_map["published", "fgsm"] != t_map["mine", "fgsm"]
    hashers = {json.loads(file.read_text())["made"]["keys"]["hasher"] for file in (tmp_path / "out" / "cells").glob("*.json")}
    assert len(hashers) == 2
    page = (tmp_path / "out" / "report.html").read_text()
    assert "By protocol" in page and ">mine</th>" in page and "Spread over seeds" in page
    assert "Paired differences" in page
    pairs = pd.read_csv(tmp_path / "out" / "differences.csv")
    assert len(pairs[pairs.metric == "t_map"]) == 6 and (pairs.low <= pairs.difference).all()
    assert pd.read_csv(tmp_path / "out" / "seeds.csv").seeds.eq(2).all()

    made = hashbench("targets", "make", *TINY[:2], "--seed", "7", "--queries", "4", "-o", "t.json", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    used = hashbench("run", "--attack", "noise", *TINY, "--targets", "t.json", "--out", "other", "--store", "s", cwd=tmp_path)
    assert used.returncode == 0, used.stderr
    facts = json.loads(next((tmp_path / "other" / "cells").glob("*.json")).read_text())["made"]["targets"]
    assert facts["queries"] == 4 and facts["seed"] == 7 and made.stdout.strip().endswith(facts["sha256"])
    both = hashbench("run", "--attack", "noise", *TINY, "--targets", "t.json", "--queries", "3", "--out", "no", cwd=tmp_path)
    assert both.returncode == 2 and "leave --queries out" in both.stderr


def test_a_spelling_that_draws_other_numbers_is_another_product(tmp_path: Path) -> None:
    spelt = [*TINY[:4], "--hasher", "dpsh[epochs=1,batch_size=64]"]
    results = []
    for out, store, before in (("a", "empty", False), ("b", "used", True)):
        if before:
            assert hashbench("run", "--attack", "noise", *TINY, "--out", "first", "--store", store, cwd=tmp_path).returncode == 0
        assert hashbench("run", "--attack", "noise", *spelt, "--out", out, "--store", store, cwd=tmp_path).returncode == 0
        results.append((tmp_path / out / "results.csv").read_bytes())
    assert results[0] == results[1]
