"""Packages of strangers, installed as pip leaves them: a module and its metadata on the path."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pandas as pd
import pytest
from helpers import process

RUN = ["--dataset", "shapes[train=64,database=128,queries=8]", "--backbone", "convnet[width=8,warmup_epochs=1]"]
RUN += ["--hasher", "dpsh[epochs=1]", "--out", "out", "--store", "store"]
ATTACK = """
from dataclasses import dataclass
from hashbench.api import Attack


@dataclass(frozen=True)
class {cls}(Attack):
    \"\"\"{says}\"\"\"

    access = "none"

    def perturb(self, victim, state, images, goal, codes, budget, run):
        {body}
"""


def install(site: Path, package: str, source: str, *points: str) -> None:
    """A distribution in a folder: one module, entry points in the group of attacks."""
    (site / f"{package}.py").write_text(source)
    info = site / f"{package}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[hashbench.attacks]\n" + "".join(f"{point}\n" for point in points))


def hashbench(site: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return process(*args, cwd=site, path=site)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return tmp_path


def attack(cls: str, body: str, says: str = "A stranger") -> str:
    return ATTACK.format(cls=cls, body=body, says=says)


def test_a_package_whose_import_fails_is_listed_and_fails_by_name_only_when_used(site: Path) -> None:
    install(site, "brittle", "import no_such_module\n" + attack("Brittle", "return images"), "brittle = brittle:Brittle")
    listed = hashbench(site, "list", "attacks")
    assert listed.returncode == 0 and "brittle" in listed.stdout and "[brittle]" in listed.stdout
    used = hashbench(site, "run", "--attack", "brittle", *RUN)
    assert used.returncode == 2 and "package brittle could not be imported: ModuleNotFoundError" in used.stderr
    assert "Traceback" not in used.stderr


def test_a_built_in_wins_its_name_and_the_stranger_stays_reachable(site: Path) -> None:
    install(site, "usurper", attack("Noise", "return images", "Not the noise"), "noise = usurper:Noise")
    assert "Not the noise" not in hashbench(site, "list", "attacks").stdout
    done = hashbench(site, "run", "--attack", "usurper:Noise", *RUN)
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(site / "out" / "results.csv").set_index("metric").value
    assert table["linf"] == 0


def test_two_entry_points_of_one_name_are_one_always_the_same(site: Path) -> None:
    install(site, "aaa", attack("Twin", "return images", "The first"), "twin = aaa:Twin")
    install(site, "bbb", attack("Twin", "return images", "The second"), "twin = bbb:Twin")
    listed = hashbench(site, "list", "attacks").stdout
    assert "The first" in listed and "The second" not in listed


def test_one_that_raises_and_one_that_sleeps_spoil_their_own_cells(site: Path) -> None:
    install(site, "boom", attack("Boom", "raise RuntimeError('boom')"), "boom = boom:Boom")
    sleeps = attack("Sleepy", "import os, signal; os.kill(os.getpid(), signal.SIGALRM); return images")  # its time is up
    install(site, "sleepy", sleeps, "sleepy = sleepy:Sleepy")
    done = hashbench(site, "run", "--attack", "boom,sleepy,noise", *RUN, "--cell-timeout", "3600", "--report", "html")
    assert done.returncode == 1
    assert "boom on" in done.stderr and "it took longer than --cell-timeout 3600 s" in done.stderr
    table = pd.read_csv(site / "out" / "results.csv")
    assert set(table.attack) == {"noise"}
    page = (site / "out" / "report.html").read_text()
    assert "RuntimeError: boom" in page and "CellTimeout" in page


def test_check_of_an_installed_plugin_by_its_name(site: Path) -> None:
    install(site, "fine", attack("Fine", "return budget.project(images + budget.epsilon, images)"), "fine = fine:Fine")
    done = hashbench(site, "check", "fine")
    assert done.returncode == 0 and "keeps the contract of attacks" in done.stdout, done.stdout + done.stderr
