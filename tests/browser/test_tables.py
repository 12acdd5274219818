"""Tables of a page are sorted, filtered, copied and downloaded, by click and by keyboard."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Open = Callable[..., Any]


def cells_table(page: Any) -> Any:
    return page.locator("#cells .table").first


def column(page: Any, heading: str) -> list[float]:
    """The numbers under a heading of the first table, from top to bottom."""
    return page.evaluate(
        """(heading) => {
            const table = document.querySelector('#cells table');
            const heads = [...table.tHead.rows[table.tHead.rows.length - 1].cells];
            const index = heads.findIndex((head) => head.textContent.trim() === heading);
            return [...table.tBodies[0].rows].filter((row) => !row.hidden).map((row) => Number(row.cells[index].dataset.v));
        }""",
        heading,
    )


@pytest.mark.parametrize("by", ["click", "keyboard"])
def test_tables_sort(by: str, opened: Open) -> None:
    page = opened("report")
    before = column(page, "t-MAP")
    button = cells_table(page).get_by_role("button", name="t-MAP", exact=True)

    def press() -> None:
        if by == "click":
            button.click()
        else:
            button.focus()
            page.keyboard.press("Enter")

    assert before != sorted(before, reverse=True)
    press()
    assert column(page, "t-MAP") == sorted(before, reverse=True)
    head = button.locator("xpath=ancestor::th")
    assert head.get_attribute("aria-sort") == "descending"
    press()
    assert column(page, "t-MAP") == sorted(before) and head.get_attribute("aria-sort") == "ascending"
    text = cells_table(page).get_by_role("button", name="attack", exact=True)
    text.focus()
    page.keyboard.press("Space")
    names = page.locator("#cells tbody tr th").all_inner_texts()
    assert list(dict.fromkeys(name.partition(" ")[0] for name in names)) == ["dhta", "ifgsm[steps=5]", "ifgsm[steps=50]", "noise"]
    assert head.get_attribute("aria-sort") == "none"


def test_rows_that_others_are_read_against_stay_on_top(opened: Open) -> None:
    page = opened("report")
    table = page.locator("#s1 table").first
    table.get_by_role("button", name="t-MAP", exact=True).click()
    assert table.locator("tbody tr th").first.inner_text() == "random ranking"


def test_tables_filter_by_words_and_by_choice(opened: Open) -> None:
    page = opened("report")
    table = cells_table(page)
    rows = table.locator("tbody tr:visible")
    assert rows.count() == 16
    box = table.get_by_label("Filter", exact=True)
    box.focus()
    page.keyboard.type("ifgsm 8/255")
    assert rows.count() == 4 and table.get_by_role("status").inner_text() == "4 of 16 rows"
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    assert rows.count() == 16
    table.get_by_label("Filter by bits").select_option("32")
    assert rows.count() == 8
    table.get_by_label("Filter by attack").select_option("dhta")
    assert rows.count() == 2


@pytest.mark.parametrize("by", ["click", "keyboard"])
@pytest.mark.parametrize("kind", ["CSV", "Markdown", "LaTeX"])
def test_tables_are_copied(kind: str, by: str, opened: Open) -> None:
    from playwright.sync_api import expect  # an extra: without it `opened` has skipped

    page = opened("report")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    table = cells_table(page)
    table.get_by_label("Filter by attack").select_option("ifgsm[steps=5]")
    button = table.get_by_role("button", name=f"Copy {kind}")
    if by == "click":
        button.click()
    else:
        button.focus()
        page.keyboard.press("Enter")
    expect(table.get_by_role("status")).to_have_text(f"copied 4 rows as {kind}")  # asks again: the clipboard takes its time
    copied = page.evaluate("navigator.clipboard.readText()")
    shown = table.locator("tbody tr:visible").count()
    if kind == "CSV":
        rows = list(csv.DictReader(io.StringIO(copied)))
        assert len(rows) == shown and [float(row["t-MAP"]) for row in rows] == column(page, "t-MAP")
        rms = [float(row["RMS ×100"]) for row in rows]
        assert rms == pytest.approx([100 * value for value in column(page, "RMS ×100")]), "as the heading says"
        assert all(float(row["t-MAP low"]) <= float(row["t-MAP"]) <= float(row["t-MAP high"]) for row in rows)
    elif kind == "Markdown":
        lines = copied.strip().splitlines()
        assert len(lines) == 2 + shown and len({line.count("|") for line in lines}) == 1 and "| ifgsm[steps=5] |" in copied
    else:
        assert copied.startswith("\\begin{tabular}{l") and copied.count("\\\\\n") == 1 + shown and "\\toprule" in copied
        assert "RMS $\\times$100" in copied and copied.count("ifgsm[steps=5] &") == shown
        assert "0." in copied and copied.count("[") == shown, "intervals stay out, names are whole"


def test_the_table_is_downloaded_from_the_page_itself(opened: Open, site: dict[str, Path]) -> None:
    page = opened("report")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="All metrics").click()
    rows = list(csv.DictReader(io.StringIO(Path(waiting.value.path()).read_text())))
    wanted = list(csv.DictReader((site["report"].parent / "one" / "results.csv").read_text().splitlines()))
    stored = [float(row["value"]) for row in wanted if row["metric"] == "t_map"]
    assert waiting.value.suggested_filename == "metrics.csv" and [float(row["t_map"]) for row in rows] == stored
