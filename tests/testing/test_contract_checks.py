"""The contract checks: every built-in passes, and every rule catches a plugin broken against it, with its sentence."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import layouts
import numpy as np
import pytest
import torch
from click.testing import CliRunner
from helpers import hashbench

from hashbench.api import Aim, Attack, Benchmark, HashingMethod, Measurement, Report, RetrievalData, Row
from hashbench.cli.main import group
from hashbench.data.shapes import Shapes
from hashbench.plugins import registry
from hashbench.testing import (
    FINDINGS,
    BrokenContract,
    aim_findings,
    attack_findings,
    backbone_findings,
    benchmark_findings,
    check_attack,
    dataset_findings,
    hasher_findings,
    report_findings,
)
from hashbench.testing.small import named

GENERATORS = ("prosgan", "ttagan", "apga")
APART = (*GENERATORS, "lists", "foolbox", "autohash", "timm")
BUILT_IN = [(kind, name) for kind in registry.KINDS for name in registry.entries(kind) if name not in APART]


@pytest.mark.parametrize(("kind", "name"), BUILT_IN)
def test_built_ins_keep_their_contract(kind: str, name: str, tmp_path: Path) -> None:
    if name in layouts.WRITERS:
        sizes = "" if name == "cifar10" else "[queries=4,train=8,draw=uniform]"
        layouts.WRITERS[name](tmp_path)
        assert FINDINGS[kind](named(kind, name + sizes), tmp_path) == []
    else:
        assert FINDINGS[kind](named(kind, name)) == []


@pytest.mark.parametrize("name", GENERATORS)
def test_generators_keep_the_contract(name: str) -> None:
    aims = {"prosgan": ",aim=prototype[steps=20]", "ttagan": ",aim=tha[steps=20]", "apga": ""}
    assert attack_findings(named("attacks", f"{name}[epochs=2,width=8,decoder_width=8{aims[name]}]")) == []


def test_an_attack_with_momentum_and_every_transform_keeps_the_contract() -> None:
    assert attack_findings(named("attacks", "pgd[momentum=vmi,transforms=di+admix+ti,steps=1]")) == []
    assert attack_findings(named("attacks", "pgd[transforms=bsr,steps=1]")) == []
    assert attack_findings(named("attacks", "universal[towards=true]")) == []


@dataclass(frozen=True)
class Sound(Attack):
    """Moves every pixel as far as the budget allows"""

    def perturb(self, victim: Any, state: Any, images: Any, goal: Any, codes: Any, budget: Any, run: Any) -> Any:
        return budget.project(images + budget.epsilon, images)


def broken(body: Any, **facts: Any) -> Attack:
    """An attack whose perturb is `body(self, victim, state, images, goal, codes, budget, run)`."""
    made: Any = dataclass(frozen=True)(type("Broken", (Attack,), {"__doc__": "Broken", "perturb": body, **facts}))
    return made()


def _global(self: Any, victim: Any, state: Any, images: Any, goal: Any, codes: Any, budget: Any, run: Any) -> Any:
    torch.rand(1)
    return images.clone()


def _reseeded(self: Any, victim: Any, state: Any, images: Any, goal: Any, codes: Any, budget: Any, run: Any) -> Any:
    np.random.seed(0)  # noqa: NPY002 - the fault
    return budget.project(images + float(np.random.rand()) * budget.epsilon, images)  # noqa: NPY002


def _exits(self: Any, victim: Any, state: Any, images: Any, goal: Any, codes: Any, budget: Any, run: Any) -> Any:
    raise SystemExit(0)


def _goal(self: Any, victim: Any, state: Any, images: Any, goal: Any, codes: Any, budget: Any, run: Any) -> Any:
    goal.target_labels.zero_()
    return images.clone()


def _in_place(self: Any, victim: Any, state: Any, images: Any, goal: Any, codes: Any, budget: Any, run: Any) -> Any:
    before = images.clone()
    images.add_(budget.epsilon)
    return budget.project(images, before)


def _batch(self: Any, victim: Any, state: Any, images: Any, goal: Any, codes: Any, budget: Any, run: Any) -> Any:
    return budget.project(images + (images - images.mean(0)).sign() * budget.epsilon, images)


def _hasher(self: Any, victim: Any, state: Any, images: Any, goal: Any, codes: Any, budget: Any, run: Any) -> Any:
    images = images.clone().requires_grad_(True)
    victim._hasher.train()
    return images.detach()


def _meta(self: Any, victim: Any, state: Any, images: Any, goal: Any, codes: Any, budget: Any, run: Any) -> Any:
    return images.clone() if float(images.sum()) > 0 else images


class _Drifts:
    calls = 0


def _seed(self: Any, victim: Any, state: Any, images: Any, goal: Any, codes: Any, budget: Any, run: Any) -> Any:
    _Drifts.calls += 1
    return budget.project(images + 1e-3 * _Drifts.calls, images)


@pytest.mark.parametrize(
    ("rule", "body", "sentence"),
    [
        ("returns", lambda self, v, s, x, g, c, b, r: x[:, :1], "placed like the input"),
        ("returns", lambda self, v, s, x, g, c, b, r: x * float("nan"), "not finite"),
        ("returns", lambda self, v, s, x, g, c, b, r: v.relaxed(x) and x, "asked for relaxed"),
        ("range", lambda self, v, s, x, g, c, b, r: x + b.epsilon, "clip to"),
        ("budget", lambda self, v, s, x, g, c, b, r: (x + 3 * b.epsilon).clamp(0, 1), "24.0 levels of 8"),
        ("no budget", lambda self, v, s, x, g, c, b, r: (x + 4 / 255).clamp(0, 1), "with a budget of 0"),
        ("seed", _seed, "two calls with one seed"),
        ("batch", _batch, "alone and in a batch differ"),
        ("in place", _in_place, "changes the images it is given"),
        ("randomness", _global, "torch's global generator"),
        ("randomness", _reseeded, "NumPy's global generator"),
        ("returns", _exits, "raises SystemExit"),
        ("in place", _goal, "changes the goal"),
        ("hasher", _hasher, "in training mode"),
        ("meta", _meta, "raises"),
    ],
)
def test_a_broken_attack_is_caught_by_the_rule_it_breaks(rule: str, body: Any, sentence: str) -> None:
    facts = {"access": "none"} if "relaxed" in sentence else {}
    found = [finding for finding in attack_findings(broken(body, **facts)) if finding.rule == rule]
    assert len(found) == 1 and sentence in str(found[0]), attack_findings(broken(body, **facts))


def test_a_line_of_the_plugin_is_named_where_it_raises() -> None:
    found = next(finding for finding in attack_findings(broken(_meta)) if finding.rule == "meta")
    assert found.where == "" or "test_testing.py" in found.where


def test_fit_and_options_are_looked_at() -> None:
    @dataclass(frozen=True)
    class Fits(Sound):
        def fit(self, victim: Any, data: Any, aim: Any, budget: Any, run: Any) -> Any:
            return {"a": 1}

    assert [finding.rule for finding in attack_findings(Fits())][:2] == ["description", "fit"]

    @dataclass(frozen=True)
    class Odd(Sound):
        """Odd"""

        path: Any = Path("x")

    assert [f.rule for f in attack_findings(Odd())] == ["options"]

    @dataclass
    class Thawed:
        """Thawed"""

    thawed: Any = Thawed()
    assert report_findings(thawed)[0].rule == "dataclass"


def test_check_attack_raises_with_a_line_a_rule_and_passes_a_sound_one() -> None:
    check_attack(Sound())
    with pytest.raises(BrokenContract, match=r"(?s)Broken breaks its contract.*range:.*budget:"):
        check_attack(broken(lambda self, v, s, x, g, c, b, r: x + 3 * b.epsilon))


def test_a_broken_aim_is_caught() -> None:
    @dataclass(frozen=True)
    class Zeros(Aim):
        """Zeros"""

        def codes(self, victim: Any, state: Any, images: Any, goal: Any, run: Any) -> Any:
            return torch.zeros(len(images), victim.bits)

    assert {f.rule for f in aim_findings(Zeros())} == {"codes"}


def test_a_broken_hashing_method_is_caught() -> None:
    @dataclass(frozen=True)
    class NoFacts(HashingMethod):
        """NoFacts"""

        def fit(self, hasher: Any, data: Any, run: Any) -> Any:
            return {"facts": object()}

    assert {f.rule for f in hasher_findings(NoFacts())} == {"fit"}


def test_a_broken_backbone_is_caught() -> None:
    wide = named("backbones", "convnet[width=8]")

    @dataclass(frozen=True)
    class Wrong(type(wide)):  # type: ignore[misc]
        """Wrong"""

        def build(self, image_size: int) -> Any:
            trunk = super().build(image_size)
            trunk.width = 7
            return trunk

    assert "where its width says (2, 7)" in str(backbone_findings(Wrong())[0])


def test_a_broken_dataset_is_caught() -> None:
    @dataclass(frozen=True)
    class Leaky(Shapes):
        """Leaky"""

        needs_folder: ClassVar[bool] = False

        def load(self, folder: Any, image_size: int) -> RetrievalData:
            data = super().load(folder, image_size)
            return dataclasses.replace(data, rows={**data.rows, "query": data.rows["database"][:5]}, classes=("one",))

    assert {f.rule for f in dataset_findings(Leaky(train=20, database=40, queries=5))} == {"labels", "rows"}


def test_a_broken_benchmark_is_caught() -> None:
    @dataclass(frozen=True)
    class Twice(Benchmark):
        """Twice"""

        def measure(self, products: Any) -> Measurement:
            products.adversarial[:] = 0
            return Measurement([Row("x", 1.0), Row("x", float("nan"))], {"a": np.array([object()])})

    assert {f.rule for f in benchmark_findings(Twice())} == {"rows", "arrays", "products", "repeatable"}


def test_a_broken_report_is_caught() -> None:
    @dataclass(frozen=True)
    class Open(Report):
        """Open"""

        def render(self, results: Any, out: Path) -> Any:
            (out / "x.html").write_text(f'<img src="http://x"> {results.cells[0].names["attack"]}')
            return [out / "x.html"]

    assert {f.rule for f in report_findings(Open())} == {"escaping", "self-contained"}


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
