"""What a reader does with a page: by click and by keyboard, on a phone, in the dark, without scripts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

KINDS = ["report", "comparison", "index", "board", "attack", "hasher"]
Open = Callable[..., Any]
VIOLATIONS = {"resultTypes": ["violations"]}
"""What is asked of axe: to name all that passes as well takes it three times as long."""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_page_opens_from_disk_without_an_error_and_axe_finds_nothing_serious(kind: str, theme: str, opened: Open) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = opened(kind, theme=theme)
    assert page.locator("html.js").count() == 1, "the page's own script ran under its policy"
    for shown in ("as opened", "every panel"):
        if shown == "every panel":
            if kind == "comparison":
                continue  # the report has the same panels, half as many
            page.evaluate("document.querySelectorAll('.panel').forEach((panel) => { panel.hidden = false; })")
        found = axe.run(page, options=VIOLATIONS).response["violations"]
        serious = [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in ("serious", "critical")]
        assert serious == [], shown


def test_axe_would_notice(opened: Open) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = opened("attack")
    page.evaluate("document.querySelector('main').style.color = 'var(--line)'")
    assert "color-contrast" in {
        one["id"] for one in axe.run(page, options=VIOLATIONS).response["violations"] if one["impact"] == "serious"
    }


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_theme_follows_the_system_and_is_changed_by_a_button(theme: str, opened: Open) -> None:
    page = opened("report", theme=theme)

    def ground() -> str:
        return page.evaluate("getComputedStyle(document.body).backgroundColor")

    before = ground()
    ink = page.evaluate("getComputedStyle(document.querySelector('svg text')).fill")
    button = page.locator("button.theme")
    assert button.inner_text() == ("Light theme" if theme == "dark" else "Dark theme")
    button.focus()
    page.keyboard.press("Enter")
    assert ground() != before and button.inner_text() == ("Dark theme" if theme == "dark" else "Light theme")
    assert page.evaluate("getComputedStyle(document.querySelector('svg text')).fill") != ink
    button.click()
    assert ground() == before


def test_tabs_by_click_and_by_keyboard(opened: Open) -> None:
    page = opened("report")
    setting = page.locator("#s1")
    tab = {name: setting.get_by_role("tab", name=name) for name in ("Numbers", "Charts", "Pictures", "How it was made")}
    panel = setting.get_by_role("tabpanel")
    assert panel.count() == 1 and panel.locator("table").first.is_visible()
    tab["Charts"].click()
    assert panel.locator("svg").count() == 3 and tab["Charts"].get_attribute("aria-selected") == "true"
    page.keyboard.press("ArrowRight")
    assert tab["Pictures"].get_attribute("aria-selected") == "true" and panel.locator("img").first.is_visible()
    page.keyboard.press("End")
    assert panel.get_by_text("hasher key").is_visible()
    page.keyboard.press("ArrowRight")
    assert tab["Numbers"].get_attribute("aria-selected") == "true"
    page.keyboard.press("ArrowLeft")
    assert tab["How it was made"].get_attribute("tabindex") == "0" and tab["Numbers"].get_attribute("tabindex") == "-1"


def test_the_slider_blends_and_a_picture_is_seen_closer(opened: Open) -> None:
    page = opened("report")
    page.locator("#s1").get_by_role("tab", name="Pictures").click()
    twin = page.locator("#s1 .adversarial").first
    slider, image = twin.get_by_role("slider"), twin.locator("img:not(.under)")
    assert slider.get_attribute("aria-label").startswith("Blend from query to ")
    slider.focus()
    page.keyboard.press("Home")
    assert image.evaluate("image => getComputedStyle(image).opacity") == "0"
    assert twin.locator("img.under").get_attribute("src") == page.locator("#s1 .query img").first.get_attribute("src")
    page.keyboard.press("ArrowRight")
    assert image.evaluate("image => getComputedStyle(image).opacity") == "0.01"
    slider.fill("50")
    assert image.evaluate("image => getComputedStyle(image).opacity") == "0.5"
    twin.get_by_role("button").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    assert dialog.is_visible() and dialog.locator("img").last.bounding_box()["width"] > 300
    dialog.get_by_role("slider").fill("0")
    page.keyboard.press("Escape")
    assert not dialog.is_visible()
    page.locator("#s1 .found button").first.click()
    assert dialog.is_visible() and dialog.get_by_role("slider").count() == 0
    dialog.get_by_role("button", name="Close").click()
    assert not dialog.is_visible()


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_overflows_on_a_phone(kind: str, opened: Open) -> None:
    page = opened(kind, width=390)

    def widest() -> list[str]:
        return page.evaluate(
            """() => document.documentElement.scrollWidth <= 390 ? [] : [...document.querySelectorAll('main *')]
                .filter((one) => one.getBoundingClientRect().right > 390 && !one.closest('.scroll, pre, .wide')).map((one) => one.outerHTML.slice(0, 90))"""
        )

    assert widest() == []
    for i in range(page.locator("[role=tab]").count()):
        page.locator("[role=tab]").nth(i).click()
        assert widest() == []


@pytest.mark.parametrize("kind", ["report", "board"])
def test_without_scripts_every_table_and_chart_is_still_there(kind: str, opened: Open) -> None:
    with_scripts, without = opened(kind), opened(kind, scripts=False)
    for what in ("table", "svg", "tbody tr", *([".sample img"] if kind == "report" else [])):
        there = without.locator(what)
        assert there.count() == with_scripts.locator(f"{what}:not(.under)").count() > 0
        assert without.locator(f"{what}:visible").count() == there.count()
    assert without.locator("button:visible").count() == without.locator("button.zoom").count()


def test_printed_every_panel_is_there(opened: Open) -> None:
    page = opened("report")
    page.emulate_media(media="print")
    assert page.locator("table:visible").count() == page.locator("table").count()
    assert page.locator(".tools:visible, .tablist:visible, nav:visible").count() == 0


def test_the_leaderboard_is_walked_by_its_links(opened: Open) -> None:
    page = opened("index")
    page.get_by_role("link", name="shapes, protocol harmonised version 1").click()
    assert page.locator("h1").inner_text() == "shapes, protocol harmonised version 1"
    page.get_by_role("link", name="dhta", exact=True).first.click()
    assert page.locator("h1").inner_text() == "dhta" and page.get_by_role("link", name="https://example.org/paper").count() == 1
    assert page.locator("details[open]").count() == 0
    page.go_back()
    page.get_by_role("link", name="how dhta on dpsh").first.click()
    assert page.locator("details[open]").count() == 1 and page.locator("details[open] dt", has_text="targets").is_visible()
    page.get_by_role("link", name="dpsh", exact=True).first.click()
    assert page.locator("h1").inner_text().startswith("dpsh-convnet-")
    page.get_by_role("link", name="hashbench leaderboard").click()
    assert page.url.endswith("index.html")
