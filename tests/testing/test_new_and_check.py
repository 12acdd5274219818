"""`hashbench new` gives a short plugin that is sound; `hashbench check` says what is wrong with one."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from helpers import hashbench

from hashbench.cli.main import group


@pytest.mark.parametrize("kind", ["attack", "hasher", "backbone", "dataset", "benchmark", "report"])
def test_a_new_plugin_is_short_and_keeps_the_contract_as_created(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    runner = CliRunner()
    done = runner.invoke(group, ["new", kind, f"my_{kind}"], catch_exceptions=False)
    assert done.exit_code == 0 and f"hashbench check my_{kind}" in done.output
    file = tmp_path / f"my_{kind}" / f"my_{kind}.py"
    assert sum(bool(line.strip()) for line in file.read_text().splitlines()) <= 30
    spec = f"{file}:My{kind.capitalize()}"
    checked = runner.invoke(group, ["check", spec, "--kind", {"hasher": "hashers"}.get(kind, f"{kind}s")], catch_exceptions=False)
    assert checked.exit_code == 0, checked.output
    again = runner.invoke(group, ["new", kind, f"my_{kind}"])
    assert "is there already" in str(again.exception)
    assert "@" not in file.read_text().replace("@dataclass", "").replace("labels @ labels", "").replace("outputs @ outputs", "")


def test_check_prints_each_broken_rule_and_fails(tmp_path: Path) -> None:
    file = tmp_path / "bad.py"
    file.write_text(
        "from dataclasses import dataclass\nfrom hashbench.api import Attack\n\n\n@dataclass(frozen=True)\nclass Bad(Attack):\n"
        '    """Bad"""\n\n    def perturb(self, victim, state, images, goal, codes, budget, run):\n        raise RuntimeError("boom")\n'
    )
    done = CliRunner().invoke(group, ["check", f"{file}:Bad"], catch_exceptions=False)
    assert done.exit_code == 1 and "returns: it raises RuntimeError: boom" in done.output and f"{file}:10" in done.output
    assert "did you mean 'noise'" in str(CliRunner().invoke(group, ["check", "nois"]).exception)
    assert "say which with --kind" in str(CliRunner().invoke(group, ["check", "dhta"]).exception)
    assert "give --data DIR" in str(CliRunner().invoke(group, ["check", "lists"]).exception)


def test_kinds_are_told_by_the_class_and_half_written_plugins_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    runner = CliRunner()
    runner.invoke(group, ["new", "dataset", "my_data"], catch_exceptions=False)
    assert runner.invoke(group, ["check", "./my_data/my_data.py:MyData"], catch_exceptions=False).exit_code == 0
    assert "one of the datasets, not of the hashers" in str(
        runner.invoke(group, ["check", "./my_data/my_data.py:MyData", "--kind", "hasher"]).exception
    )
    head = "from dataclasses import dataclass\nfrom hashbench.api import Attack\n\n\n@dataclass(frozen=True)\n"
    for i, (body, sentence) in enumerate(
        (
            ('class Half(Attack):\n    "x"\n', "lacks the method perturb"),
            ("class Half(Attack):\n    n: int\n    def perturb(self, *a):\n        return a\n", "'n' has no default"),
            ("class Half:\n    pass\n", "is no plugin: make it a subclass"),
        )
    ):
        (tmp_path / f"half{i}.py").write_text(head + body)
        assert sentence in str(runner.invoke(group, ["check", f"./half{i}.py:Half"]).exception)
    assert "give another name" in str(runner.invoke(group, ["new", "attack", "torch"]).exception)
    assert "give another name" in str(runner.invoke(group, ["new", "benchmark", "class"]).exception)


def test_a_slip_in_the_code_gets_no_advice_on_something_else(tmp_path: Path) -> None:
    file = tmp_path / "slip.py"
    file.write_text(
        "from dataclasses import dataclass\nfrom hashbench.api import Attack\n\n\n@dataclass(frozen=True)\nclass Slip(Attack):\n"
        '    """Slips"""\n\n    def perturb(self, victim, state, images, goal, codes, budget, run):\n'
        "        return [image for image in run.track(images)]\n"
    )
    done = CliRunner().invoke(group, ["check", f"{file}:Slip"])
    assert done.exit_code == 1 and "argument: 'label'; mend that." in done.output
    done = hashbench("check", str(file))
    assert done.returncode == 2 and f"{file} is a file: say which class of it, as in {file}:MyAttack." in done.stderr
