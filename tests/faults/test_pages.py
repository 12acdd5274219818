"""Names and paths that look like HTML stay text: nothing on a page runs. Looked at in headless Chromium where it is installed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import layouts
import pytest
from helpers import process

EVIL = "<script>document.querySelector('title').append('pwned')</script>"
PLUGIN = '''
from dataclasses import dataclass
from hashbench.api import Attack

@dataclass(frozen=True)
class Evil(Attack):
    """Does nothing"""
    access = "none"

    def perturb(self, victim, state, images, goal, codes, budget, run):
        return images
'''


def evil_run(tmp_path: Path) -> Path:
    """A run with a plugin of that name, on images whose paths hold quotes and tags, one of them broken."""
    site, data = tmp_path / "site", tmp_path / "data"
    info = site / "evil-0.1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: evil\nVersion: 0.1.0\n")
    (info / "entry_points.txt").write_text(f"[hashbench.attacks]\n{EVIL} = evil:Evil\n")
    (site / "evil.py").write_text(PLUGIN)
    names = [f"a\"'><img src=x onerror=document.title=1>{i}.png" for i in range(12)]
    for i, name in enumerate(names):
        layouts.picture(data / name, 20 * i)
    (data / names[1]).write_bytes(b"broken")
    layouts.lists(data, names, {"train": range(6), "database": range(8), "test": range(8, 12)})
    (data / "classes.txt").write_text(f"{EVIL}\n<b>two</b>\n")
    args = ["run", "--attack", EVIL, "--dataset", "lists", "--data", str(data), "--skip-broken", "--preset", "quick"]
    args += ["--backbone", "convnet[width=8,warmup_epochs=1]", "--hasher", "dpsh[epochs=1]", "--image-size", "16"]
    args += ["--report", "html"]
    done = process(*args, "--out", str(tmp_path / "out"), "--store", str(tmp_path / "store"), path=site)
    assert done.returncode == 0, done.stderr
    checked = process(
        "data", "check", "--data", str(data), "--html", str(tmp_path / "data.html"), "--store", str(tmp_path / "store")
    )
    assert checked.returncode == 1, checked.stderr
    return tmp_path / "out" / "report.html"


def test_hostile_names_are_text_on_every_page(tmp_path: Path) -> None:
    report = evil_run(tmp_path)
    for page in (report, tmp_path / "data.html"):
        text = page.read_text(encoding="utf-8")
        assert "<script>document" not in text and "<img src=x" not in text and "default-src 'none'" in text
        assert "&lt;script&gt;document" in text
        assert "&lt;img src=x onerror" in text or r"\u003cimg src=x onerror" in text
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("the pages were read as text; to look at them in a browser, install chromium")
    for page in (report, tmp_path / "data.html"):
        command = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--dump-dom"]
        command += [f"--user-data-dir={tmp_path / 'profile'}", page.as_uri()]
        dom = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
        title = dom.partition("<title>")[2].partition("</title>")[0]
        assert title and not title.endswith("pwned") and title != "1" and "<h1" in dom
