"""The command line as a user types it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from helpers import TINY, hashbench, process

PROSGAN = "prosgan[epochs=1,width=8,decoder_width=8,aim=prototype[steps=5]]"


def test_the_main_job_repeats_byte_for_byte_and_reuses_what_it_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HASHBENCH_RUN_REPORTS")
    attacks = f"noise,p2p,dhta[steps=2],fgsm,ifgsm[steps=2],{PROSGAN}"
    outs = []
    for i, seed in enumerate(("0", "0", "1")):
        args = ["run", "--attack", attacks, *TINY, "--out", "out", "--store", f"store{i}"]
        done = process(*args, "--seed", seed, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert "report: out" in done.stdout
        outs.append({p.relative_to(tmp_path / "out"): p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file()})
        if i == 0:
            page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
            assert "http-equiv" in page and 'src="http' not in page
            again = process(*args, cwd=tmp_path)
            assert again.returncode == 0 and "training" not in again.stderr
        (tmp_path / "out").rename(tmp_path / f"kept{i}")
    results = [
        {
            path: data
            for path, data in out.items()
            if path.suffix in (".json", ".csv", ".safetensors") and path.name != "timings.csv"
        }
        for out in outs
    ]
    for content in results:
        content.pop(Path("run.json"))
    assert results[0] == results[1] and results[0] != results[2]
    table = pd.read_csv(tmp_path / "kept0" / "results.csv")
    assert table.columns.tolist() == [
        "dataset",
        "hasher",
        "backbone",
        "bits",
        "attack",
        "target",
        "protocol",
        "seed",
        "epsilon",
        "norm",
        "metric",
        "value",
        "low",
        "high",
    ]
    linf = table[table.metric == "linf"].value
    assert len(linf) == 6 and (linf <= 8 / 255).all()
    assert {
        "t_map",
        "t_map_floor",
        "t_map_aim",
        "map_clean",
        "map_attacked",
        "rms",
        "psnr",
        "ssim",
        "t_map_share",
        "t_map_oracle",
        "t_map_jpeg75",
    } <= set(table.metric)
    made = json.loads(next((tmp_path / "kept0" / "cells").glob("*prosgan*.json")).read_text())["made"]
    assert made["options"]["attack"]["epochs"] == 1 and "classifier" in made["hasher"]["warmup"]


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (["--attack", "nois"], "did you mean 'noise'"),
        (["--attack", "noise", "--hasher", "dpsg"], "did you mean 'dpsh'"),
        (["--attack", "dhta[step=3]"], "did you mean 'steps'"),
        (["--attack", "dhta[steps=many]"], "dhta[steps=many] is not a int"),
        (["--attack", "dhta[preset=publish]"], "did you mean 'published'"),
        (["--attack", "dhta[steps=3"], "without its ']'"),
        (["--attack", "noise", "--preset", "fast"], "unknown preset 'fast'"),
        (["--attack", "noise", "--protocol", "harmonized"], "did you mean 'harmonised'"),
        (["--attack", "noise", "--epsilon", "8"], "give a value in (0, 1]"),
        (["--attack", "noise", "--epsilon", "0"], "give a value in (0, 1]"),
        (["--attack", "noise", "--epsilon", "eight"], "write a number or a fraction"),
        (["--attack", "noise", "--norm", "l3"], "unknown norm 'l3'"),
        (["--attack", "noise", "--norm", "l2", "--epsilon", "0"], "epsilon is 0"),
        (["--attack", "noise", "--queries", "0"], "give at least 1"),
        (["--attack", "noise", "--bits", "300"], "give 1 to 256"),
        (["--attack", "noise", "--device", "cuda:0"], "CUDA devices here"),
        (["--attack", "noise", "--backbone", "alexnet"], "at least 63 px"),
        (["--attack", "noise", "--dataset", "lists"], "give --data DIR"),
        (["--attack", "noise", "--dataset", "lists", "--data", "nowhere"], "does not exist"),
        (["--attack", "noise", "--out", "/proc/out"], "is not writable"),
        (["--attack", "noise", "--config", "gone.toml"], "can't be read"),
        (["--attack", "./gone.py:Gone"], "there is no Python file"),
        ([], "nothing to run"),
    ],
)
def test_mistakes_are_one_sentence_and_exit_code_2(tmp_path: Path, args: list[str], sentence: str) -> None:
    done = hashbench("run", *args, *(["--out", "out"] if "--out" not in args else []), "--store", "store", cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert sentence in done.stderr and "Traceback" not in done.stderr and len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()


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


CRASH = """
from dataclasses import dataclass
from hashbench.api import Attack

@dataclass(frozen=True)
class {name}(Attack):
    \"\"\"A plugin that breaks\"\"\"
    access = "{access}"
    def perturb(self, victim, state, images, goal, codes, budget, run):
        {body}
"""


@pytest.mark.parametrize(
    ("access", "body", "reason"),
    [
        ("none", "raise RuntimeError('boom')", "boom"),
        ("none", "return images * float('nan')", "not finite"),
        ("none", "return images[:, :1]", "returned (8, 1, 32, 32)"),
        ("none", "return victim.logits(images)", "which needs 'gradients'"),
        ("codes", "return victim.relaxed(images)", "which needs 'gradients'"),
    ],
)
def test_a_broken_attack_spoils_its_own_cell_only(tmp_path: Path, access: str, body: str, reason: str) -> None:
    (tmp_path / "mine.py").write_text(CRASH.format(name="Mine", access=access, body=body))
    args = ["run", "--attack", "./mine.py:Mine,noise", *TINY, "--report", "html", "--out", "out", "--store", "store"]
    done = hashbench(*args, cwd=tmp_path)
    assert done.returncode == 1 and reason in done.stderr
    cells = [json.loads(path.read_text()) for path in (tmp_path / "out" / "cells").glob("*.json")]
    assert sorted(cell["status"] for cell in cells) == ["error", "ok"]
    assert reason in (tmp_path / "out" / "report.html").read_text().replace("&#39;", "'")


def test_the_runner_enforces_the_budget_and_an_edited_plugin_is_run_again(tmp_path: Path) -> None:
    linf = []
    for body in ("return images * 0", "return (images + 1 / 255).clamp(0, 1)"):
        (tmp_path / "mine.py").write_text(CRASH.format(name="Mine", access="none", body=body))
        assert process("run", "--attack", "./mine.py:Mine", *TINY, "--out", "out", "--store", "store", cwd=tmp_path).returncode == 0
        table = pd.read_csv(tmp_path / "out" / "results.csv").set_index("metric").value
        linf.append((round(table["linf"] * 255, 3), table["linf_raw"] > 0.5))
    assert linf == [(8.0, True), (1.0, False)]


def test_another_commands_results_are_not_overwritten(tmp_path: Path) -> None:
    assert hashbench("run", "--attack", "noise", *TINY, "--out", "out", "--store", "store", cwd=tmp_path).returncode == 0
    before = (tmp_path / "out" / "results.csv").read_bytes()
    done = hashbench("run", "--attack", "fgsm", *TINY, "--out", "out", "--store", "store", cwd=tmp_path)
    assert done.returncode == 2 and "another command" in done.stderr
    assert (tmp_path / "out" / "results.csv").read_bytes() == before
    assert hashbench("report", "out", cwd=tmp_path).returncode == 0


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


def test_show_and_unknown_commands() -> None:
    assert "members" in hashbench("show", "aims", "dhta").stdout
    assert "did you mean 'run'" in hashbench("rnu").stderr
    assert "did you mean 'attacks'" in hashbench("list", "atacks").stderr


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
