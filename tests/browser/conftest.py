"""Pages in headless Chromium, from disk, with the network cut. Skipped without the extra `browser`; with it, Chromium must be there."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import synthetic

from hashbench.plugins.configure import configure
from hashbench.results.cell import Flag
from hashbench.results.reading import read_results
from hashbench.results.results import Results
from hashbench.results.writing import write_results

ARGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A browser."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs the extra: pip install -e '.[browser]'")
    path = shutil.which("chromium")
    assert path is not None, "the extra 'browser' is installed, but there is no chromium: apt-get install chromium"
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A report, a comparison, a leaderboard's board and the pages of an attack and a hasher, by kind."""
    root = tmp_path_factory.mktemp("site")
    outs = [root / "one", root / "two"]
    for seed, out in enumerate(outs):
        results = synthetic.results(seeds=(seed,), epsilons=(2 / 255, 8 / 255), transfer=True, name=out.name)
        flag = Flag(flag="hasher-at-chance", says="it is not told apart from chance.")
        first, *others = results.cells
        write_results(Results(results.runs, [dataclasses.replace(first, flags=(flag,)), *others]), out)
    (report,) = configure("reports", "html").render(read_results(outs[0]), root)
    (comparison,) = configure("reports", "html").render(read_results(*outs), root)
    pages = configure("reports", "leaderboard").render(read_results(*outs), root / "board")
    kinds = {kind: next(page for page in pages if page.name.startswith(kind)) for kind in ("index", "board", "attack", "hasher")}
    return {"report": report, "comparison": comparison, **kinds}


class Opened:
    """A page that was opened, with what went wrong on it and what it asked for."""

    def __init__(self, context: Any, file: Path) -> None:
        self.wrong: list[str] = []
        self.asked: list[str] = []
        self.page = context.new_page()
        self.page.set_default_timeout(10_000)
        self.page.on("console", lambda message: self.wrong.append(message.text) if message.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(file.as_uri())


@pytest.fixture
def opened(chromium: Any, site: dict[str, Path]) -> Iterator[Any]:
    """Opens a page by its kind; at the end no error was said and nothing was asked for but files and data."""
    contexts, pages = [], []

    def open_page(kind: str, width: int = 1280, theme: str = "light", scripts: bool = True) -> Any:
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, color_scheme=theme, offline=True, java_script_enabled=scripts
        )
        contexts.append(context)
        pages.append(Opened(context, site[kind]))
        return pages[-1].page

    yield open_page
    for page in pages:
        assert page.wrong == []
        assert [url for url in page.asked if not url.startswith(("file:", "data:"))] == []
    for context in contexts:
        context.close()
