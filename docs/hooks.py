"""Pages of the documentation that are made from the registry and from results/ when it is built: nobody types them."""

from __future__ import annotations

import dataclasses
import inspect
import tempfile
from collections.abc import Iterator
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from hashbench.plugins import registry
from hashbench.plugins.configure import configure
from hashbench.results.cell import CellResult
from hashbench.results.reading import read_results
from hashbench.results.results import Results

SHIPPED = Path(__file__).parents[1] / "results"
MOST = 12
"""Cells of a plugin that its page shows."""
KINDS = {
    "attacks": "What changes a query.",
    "aims": "Which code an attack steers to.",
    "hashers": "How a network learns its codes, and what defends it.",
    "backbones": "The network below the hash layer.",
    "datasets": "Images, labels and splits.",
    "benchmarks": "What is measured.",
    "reports": "What results are made into.",
}
BOARDS = "leaderboard"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds a page a plugin, their index, the leaderboard and the comparison of the results that ship."""
    results = read_results(*sorted(file.parent for file in SHIPPED.glob("*/run.json")))
    for path, text in plugin_pages(results):
        files.append(File.generated(config, path, content=text))
    for path, text in _sites(results):
        files.append(File.generated(config, path, content=text))
    return files


def plugin_pages(results: Results) -> Iterator[tuple[str, str]]:
    """Path and text of the page of each built-in plugin, and of their index."""
    index = [
        "# Everything built in\n",
        "One page each: what it is, where it is from, its options, and what it did in the results that ship.\n",
    ]
    for kind, about in KINDS.items():
        index.append(f"## {kind.capitalize()}\n\n{about}\n\n| | |\n|---|---|")
        for name, entry in registry.entries(kind).items():
            if entry.built_in:
                index.append(f"| [`{name}`]({kind}/{name}.md) | {_cell(registry.describe(entry))} |")
                yield f"plugins/{kind}/{name}.md", "\n".join(_page(kind, name, results))
        index.append("")
    yield "plugins/index.md", "\n".join(index)


def _page(kind: str, name: str, results: Results) -> Iterator[str]:
    cls = registry.load(kind, name)
    yield f"# {name}\n"
    yield inspect.getdoc(cls) or ""
    if cls.paper:
        yield f"\nSource: <{cls.paper}>" if cls.paper.startswith("http") else f"\nSource: {cls.paper}"
    access = getattr(cls, "access", "")
    if access:  # of attacks that only ask it is a property, since their option `answer` decides
        yield (
            f"\nAccess: {access}." if isinstance(access, str) else "\nAccess: answers, of the kind that its option `answer` names."
        )
    yield f"\n```console\nhashbench show {kind} {name}\n```\n"
    fields = dataclasses.fields(cls)
    if fields:
        yield "## Options\n\n| option | default | what it does |\n|---|---|---|"
        yield from (f"| `{one.name}` | `{one.default}` | {_cell(one.metadata.get('help', ''))} |" for one in fields)
    if cls.presets:
        yield "\n## Presets\n\n| preset | options |\n|---|---|"
        for preset, options in cls.presets.items():
            text = ", ".join(f"{key}={value}" for key, value in options.items())
            yield f"| `[preset={preset}]` | {f'`{text}`' if text else 'the defaults'} |"
    yield from _results(kind, name, results)


def _results(kind: str, name: str, results: Results) -> Iterator[str]:
    """What the plugin did in the results that ship."""
    found = [cell for cell in results.cells if cell.white_box and name in _named(cell).get(kind, ())]
    found.sort(key=lambda cell: cell.at.seed)
    if found:
        yield "\n## In the results that ship\n"
        yield "| attack | on | data | seed | t-MAP | floor | MAP attacked | MAP clean |\n|---|---|---|---|---|---|---|---|"
        yield from map(_row, found[:MOST])
        more = f"The first {MOST} of {len(found)} cells, by seed. " if len(found) > MOST else ""
        yield f"\n{more}How each was made: [the leaderboard](../../{BOARDS}/index.html)."


def _named(cell: CellResult) -> dict[str, set[str]]:
    """The plugins a cell is made of, by kind; a hasher's inner method among them."""
    inner = cell.at.source.hasher.replace("method=", ",").replace("[", ",").replace("]", ",").split(",")
    aim = cell.option("aim")
    return {
        "attacks": {_plain(cell.at.attack)},
        "hashers": {_plain(text) for text in inner if text},
        "backbones": {_plain(cell.at.source.backbone)},
        "datasets": {_plain(cell.at.dataset)},
        "aims": {_plain(str(aim))} if aim else set(),
    }


def _plain(text: str) -> str:
    return text.partition("[")[0].partition("@")[0]


def _row(cell: CellResult) -> str:
    def number(metric: str) -> str:
        row = cell.row(metric)
        if row is None or row.value is None:
            return "–"
        return f"{row.value:.3f}" + ("" if row.low is None else f" [{row.low:.3f}, {row.high:.3f}]")

    names = f"`{cell.label}` | {cell.at.target.label} | {cell.at.dataset} | {cell.at.seed}"
    if cell.status != "ok":
        return f"| {names} | {cell.status}: {_cell(cell.cause)} | | | |"
    numbers = " | ".join(number(metric) for metric in ("t_map", "t_map_floor", "map_attacked", "map_clean"))
    return f"| {names} | {numbers} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _sites(results: Results) -> Iterator[tuple[str, str]]:
    """Path and text of the pages of the leaderboard, and of the comparison of all runs."""
    with tempfile.TemporaryDirectory() as folder:
        for file in configure("reports", "leaderboard").render(results, Path(folder)):
            yield f"{BOARDS}/{file.name}", file.read_text(encoding="utf-8")
        (report,) = configure("reports", "html").render(results, Path(folder))
        yield f"{BOARDS}/comparison.html", report.read_text(encoding="utf-8")
