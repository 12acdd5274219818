"""How long the page of a run of 200 cells takes to write and to open: `python benchmarks/speed/pages.py`.

The run is a real one, of 10 attacks on 5 small hashers at 4 budgets, with pictures. Prints CPU seconds of rendering, the size
of the page, and, with the extra `browser`, the milliseconds to Chromium's load event.
"""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import click

ATTACKS = ["noise", "p2p", "dhta", "fgsm", *(f"ifgsm[steps={steps}]" for steps in (2, 3, 4, 5, 6, 8))]
RUN = ["--attack", ",".join(ATTACKS), "--bits", "8,12,16,24,32", "--epsilon", "2/255,4/255,8/255,16/255"]
RUN += ["--hasher", "dpsh[epochs=1]", "--backbone", "convnet[width=8,warmup_epochs=1]"]
RUN += ["--dataset", "shapes[train=256,database=512,queries=64]", "--image-size", "64"]


def hashbench(*args: str) -> None:
    """The command line in a process of its own."""
    script = "from hashbench.cli.main import main; main()"
    subprocess.run([sys.executable, "-c", script, *args], check=True, stdout=subprocess.DEVNULL)


@click.command(help=__doc__.splitlines()[0])
def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        hashbench("run", *RUN, "--out", str(out), "--store", str(Path(folder) / "store"))
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        hashbench("report", str(out))
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        page, cells = out / "report.html", len(list((out / "cells").glob("*.json")))
        seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        click.echo(f"{cells} cells: {seconds:.1f} s CPU with the start of Python, {page.stat().st_size / 1e6:.2f} MB")
        chromium = shutil.which("chromium")
        try:
            from playwright.sync_api import sync_playwright
        except ImportError:
            chromium = None
        if chromium is None:
            click.echo("not opened: that needs pip install 'hashbench[browser]' and chromium")
            return
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
            )
            for _ in range(3):
                opened = browser.new_page()
                opened.goto(page.as_uri())
                took = opened.evaluate("performance.timing.loadEventEnd - performance.timing.navigationStart")
                click.echo(f"load event after {took} ms")
                opened.close()
            browser.close()


if __name__ == "__main__":
    main()
