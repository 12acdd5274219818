"""Keys: the same wherever hashbench and a plugin lie, changed by what changes behaviour and by nothing else."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hashbench.plugins.fingerprint import tree_of

ROOT = Path(__file__).parents[2]
FOLDERS = ("attacks", "hashers", "benchmarks", "reports")
SCRIPT = """
import json, sys
from hashbench.engine.planning.config import Config
from hashbench.engine.planning.plan import make_plan
from hashbench.engine.stages.pixels import pixels_of
from hashbench.engine.stages.stage import identity, reachable
config = Config(json.loads(sys.argv[1]), backbones=("convnet",), datasets=("shapes[train=8,database=16,queries=2]",))
for cell in make_plan(config, pixels_of).cells:
    for stage in reachable(cell.wanted()):
        attack = cell.at.attack if stage.name in ("fitted-attack", "images", "attacked-codes", "aim", "aim-codes") else ""
        print(json.dumps([stage.name, attack, identity(stage)]))
"""
ATTACKS = ("noise", "p2p", "dhta", "fgsm", "prosgan")


def copied(out: Path) -> Path:
    """The package as a wheel lays it out, below `out`."""
    shutil.copytree(ROOT / "hashbench", out / "hashbench", ignore=shutil.ignore_patterns("__pycache__"))
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, out / "hashbench" / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return out


def keys(path: Path, attacks: tuple[str, ...] = ATTACKS, cwd: Path | None = None) -> dict[tuple[str, str], str]:
    """(stage, attack) -> key, as the code at `path` has it."""
    environment = os.environ | {"PYTHONPATH": str(path)}
    command = [sys.executable, "-W", "ignore", "-c", SCRIPT, json.dumps(attacks)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=cwd or path, check=False)
    assert done.returncode == 0, done.stderr
    return {(name, attack): digest for name, attack, digest in map(json.loads, done.stdout.splitlines())}


def changed(before: dict[tuple[str, str], str], after: dict[tuple[str, str], str]) -> set[tuple[str, str]]:
    assert before.keys() == after.keys()
    return {key for key in before if before[key] != after[key]}


class Said(ast.NodeTransformer):
    """Another docstring for everything that can have one."""

    def visit(self, node: ast.AST) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            own = node.body[1:] if ast.get_docstring(node) is not None else node.body
            node.body = [ast.Expr(ast.Constant("Said otherwise.")), *own]
        return node


class Grown(ast.NodeTransformer):
    """The first number of a file, one larger."""

    done = False

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        if not self.done and type(node.value) in (int, float):
            self.done = True
            return ast.copy_location(ast.Constant(node.value + 1), node)
        return node


def rewritten(file: Path, by: ast.NodeTransformer, comment: str = "") -> None:
    tree = ast.fix_missing_locations(by.visit(ast.parse(file.read_text(encoding="utf-8"))))
    file.write_text(comment + ast.unparse(tree), encoding="utf-8")


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_comments_docstrings_and_the_place_change_no_key_and_constants_change_what_they_make(tmp_path: Path) -> None:
    whole = copied(tmp_path / "somewhere")
    before = keys(whole)
    assert changed(before, keys(ROOT)) == set(), "the checkout and the wheel's layout have the same keys"
    for file in (whole / "hashbench").rglob("*.py"):
        rewritten(file, Said(), "# a comment\n")
    assert changed(before, keys(whole)) == set()

    ranking = copied(tmp_path / "ranking")
    rewritten(ranking / "hashbench" / "retrieval" / "average_precision.py", Grown())
    assert changed(before, keys(ranking)) == {("controls", ""), ("oracle", "")}

    dhta = copied(tmp_path / "dhta")
    rewritten(dhta / "hashbench" / "attacks" / "dhta.py", Grown())
    made_anew = {(stage, name) for stage in ("fitted-attack", "images", "attacked-codes") for name in ("dhta", "p2p")}
    assert changed(before, keys(dhta)) == made_anew

    template = copied(tmp_path / "template")
    rewritten(template / "hashbench" / "contracts" / "iterative.py", Grown())
    assert {name for _, name in changed(before, keys(template))} == {"dhta", "p2p", "fgsm"}, "no hasher, no aim, no noise"


PLUGIN = """
from dataclasses import dataclass
from hashbench.api import Attack
import my_helper


@dataclass(frozen=True)
class Dim(Attack):
    \"\"\"Darken\"\"\"
    access = "none"

    def perturb(self, victim, state, images, goal, codes, budget, run):
        return budget.project(images - my_helper.AMOUNT, images)
"""


@pytest.mark.slow
def test_a_plugin_is_known_by_its_code_and_its_helpers_wherever_it_lies(tmp_path: Path) -> None:
    found = []
    for name, amount in (("a", 0.1), ("b", 0.1), ("c", 0.2)):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "my_attack.py").write_text(PLUGIN)
        (folder / "my_helper.py").write_text(f"AMOUNT = {amount}\n")
        texts = ("./my_attack.py:Dim", f"{folder}/my_attack.py:Dim")
        both = keys(folder, texts)
        relative, absolute = ({stage: both[stage, text] for stage, named in both if named == text} for text in texts)
        assert relative == absolute
        found.append({**{stage: digest for (stage, named), digest in both.items() if not named}, **relative})
    assert found[0] == found[1]
    assert {stage for stage in found[0] if found[0][stage] != found[2][stage]} == {"fitted-attack", "images", "attacked-codes"}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ('def f(x: int) -> int:\n    """Says."""\n    return x + 1  # so', "def f(x):\n    return x + 1", True),
        ("class A:\n    x: int = 1\n    'says'", "class A:\n    x: float = 1", True),
        ("x = 1", "x = 2", False),
        ("x = 1", "x = 1.0", False),
        ("def f(x=1): return x", "def f(x=2): return x", False),
        ("x = 'says'", "x = 'says otherwise'", False),
        ("x: int", "y: int", False),
    ],
)
def test_a_tree_holds_what_code_does(one: str, other: str, same: bool) -> None:
    assert (tree_of(one) == tree_of(other)) is same


@pytest.mark.slow
def test_a_stage_travels_to_another_process(tmp_path: Path) -> None:
    (tmp_path / "my_attack.py").write_text(PLUGIN)
    (tmp_path / "my_helper.py").write_text("AMOUNT = 0.1\n")
    sending = SCRIPT.rpartition("for cell")[0] + (
        "import pickle\n"
        "stages = [cell.attacked_codes for cell in make_plan(config, pixels_of).cells]\n"
        "open('stages', 'wb').write(pickle.dumps([(stage, identity(stage)) for stage in stages]))\n"
    )
    receiving = (
        "import pickle\nfrom hashbench.engine.stages.stage import identity\n"
        "stages = pickle.load(open('stages', 'rb'))\n"
        "assert len(stages) == 2 and all(identity(stage) == digest for stage, digest in stages)\n"
    )
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    for script in (sending, receiving):
        command = [sys.executable, "-W", "ignore", "-c", script, json.dumps(["prosgan", "./my_attack.py:Dim"])]
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment, check=False)
        assert done.returncode == 0, done.stderr
