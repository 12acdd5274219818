"""Mistakes on the command line are told in one sentence, and cost nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers import TINY, hashbench


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (["--attack", "nois"], "did you mean 'noise'"),
        (["--attack", "noise", "--hasher", "dpsg"], "did you mean 'dpsh'"),
        (["--attack", "noise", "--hasher", "dhp"], "did you mean 'dph'"),
        (["--attack", "dpsh"], "'dpsh' is a hasher, not an attack: known attacks are apga,"),
        (["--attack", "ifgsm[aim=pgd]"], "'pgd' is an attack, not an aim: known aims are centre,"),
        (
            ["--attack", "noise", "--hasher", "saat[method=convnet]"],
            "'convnet' is a backbone, not a hasher: known hashers are atrdh,",
        ),
        (["--attack", "dhta[step=3]"], "did you mean 'steps'"),
        (["--attack", "dhta[steps=many]"], "dhta[steps=many] is not a int"),
        (["--attack", "dhta[preset=publish]"], "did you mean 'published'"),
        (["--attack", "dhta[steps=3"], "without its ']'"),
        (["--attack", "noise", "--preset", "fast"], "unknown preset 'fast'"),
        (["--attack", "noise", "--protocol", "harmonized"], "did you mean 'harmonised'"),
        (["--attack", "noise", "--epsilon", "8"], "give a value in (0, 1]"),
        (["--attack", "noise", "--epsilon", "0"], "give a value in (0, 1]"),
        (["--attack", "noise", "--norm", "l2", "--epsilon", "1.0,8/255"], "--norm l2 bounds the length of an image's change"),
        (["--attack", "noise", "--benchmark", "targeted,certificate,certificate[sigma=0.5]"], "certificate is asked for twice"),
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
        (["--attack", "noise", "--out", __file__], "is a file: give another"),
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


def test_another_commands_results_are_not_overwritten(tmp_path: Path) -> None:
    assert hashbench("run", "--attack", "noise", *TINY, "--out", "out", "--store", "store", cwd=tmp_path).returncode == 0
    before = (tmp_path / "out" / "results.csv").read_bytes()
    done = hashbench("run", "--attack", "fgsm", *TINY, "--out", "out", "--store", "store", cwd=tmp_path)
    assert done.returncode == 2 and "another command" in done.stderr
    assert (tmp_path / "out" / "results.csv").read_bytes() == before
    assert hashbench("report", "out", cwd=tmp_path).returncode == 0


def test_show_and_unknown_commands() -> None:
    assert "members" in hashbench("show", "aims", "dhta").stdout
    assert "did you mean 'run'" in hashbench("rnu").stderr
    assert "did you mean 'attacks'" in hashbench("list", "atacks").stderr
    assert "as in: hashbench show attacks dhta" in hashbench("show", "dhta").stderr
