"""Pages that the documentation gets from the registry and from the results that ship."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from hashbench.plugins import registry
from hashbench.results.reading import read_results

ROOT = Path(__file__).parents[2]


def test_every_plugin_has_a_page_with_its_options_and_what_it_did() -> None:
    pytest.importorskip("mkdocs", reason="wants the extra docs")
    spec = importlib.util.spec_from_file_location("docs_hooks", ROOT / "docs" / "hooks.py")
    assert spec is not None and spec.loader is not None
    hooks = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hooks)
    results = read_results(ROOT / "results" / "quickstart-shapes-0")
    pages = dict(hooks.plugin_pages(results))
    for kind in registry.KINDS:
        for name, entry in registry.entries(kind).items():
            assert not entry.built_in or (
                f"({kind}/{name}.md)" in pages["plugins/index.md"] and f"plugins/{kind}/{name}.md" in pages
            )
    assert not [path for path, text in pages.items() if "object at 0x" in text]
    dhta = pages["plugins/attacks/dhta.md"]
    assert "| `steps` | `100` |" in dhta and "[preset=published]" in dhta and "https://arxiv.org/abs/2004.07955" in dhta
    (row,) = re.findall(r"^\| `dhta` .*$", dhta, flags=re.MULTILINE)
    (cell,) = (cell for cell in results.cells if cell.at.attack == "dhta")
    assert f"{cell.value('t_map'):.3f} [" in row and f"{cell.value('map_attacked'):.3f} [" in row
    assert "In the results that ship" not in pages["plugins/attacks/cw.md"], "it is in no run here"
    assert "`dhta`" in pages["plugins/aims/dhta.md"] and "`nes[queries=200]`" not in pages["plugins/aims/dhta.md"]
