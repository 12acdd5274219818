"""One store for every way to install: what the wheel made is used by an editable install elsewhere, and the other way round."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from helpers import TINY

ROOT = Path(__file__).parents[2]


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, cwd=cwd, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def environment(folder: Path) -> Path:
    """An empty virtual environment that sees this one's libraries."""
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder.parent)
    site = next((folder / "lib").glob("python*")) / "site-packages"
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "bin" / "python"


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_store_is_used_whole_by_another_install_of_the_same_code(tmp_path: Path) -> None:
    source = tmp_path / "elsewhere" / "checkout"
    names = ("hashbench", "attacks", "hashers", "benchmarks", "reports")
    for name in names:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / file, source / file)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    run(*pip, "wheel", "-q", "--no-deps", "-w", tmp_path, source, cwd=tmp_path)
    pythons = {"wheel": environment(tmp_path / "wheel"), "editable": environment(tmp_path / "editable")}
    run(*pip, "--python", pythons["wheel"], "install", "-q", "--no-deps", next(tmp_path.glob("*.whl")), cwd=tmp_path)
    run(*pip, "--python", pythons["editable"], "install", "-q", "--no-deps", "-e", source, cwd=tmp_path)
    for name, python in pythons.items():
        where = run(python, "-c", "import hashbench; print(hashbench.__file__)", cwd=tmp_path).strip()
        assert str(source if name == "editable" else tmp_path / "wheel") in where
    for first, second in (("wheel", "editable"), ("editable", "wheel")):
        options = ["--attack", "dhta[steps=2],prosgan[epochs=1,width=8,decoder_width=8,aim=prototype[steps=5]]", *TINY]
        options += ["--store", str(tmp_path / f"store-{first}")]
        start = ["-W", "ignore", "-c", "from hashbench.cli.main import main; main()"]
        run(pythons[first], *start, "run", *options, "--out", tmp_path / first, cwd=tmp_path)
        assert "Nothing is to be made." in run(pythons[second], *start, "plan", *options, cwd=tmp_path)
