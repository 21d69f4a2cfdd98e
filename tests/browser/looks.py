"""What every page must be like: axe finds nothing, and nothing runs over the side, narrow or in large letters."""

from __future__ import annotations

import json
from importlib.resources import files

from playwright.sync_api import Page

from tests.browser.conftest import screen

AXE = (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 320, "height": 800}


def violations(page: Page) -> list[str]:
    """What axe finds on a page. Its script comes over the debugger: the page itself would not run it."""
    page.wait_for_load_state()
    page.evaluate(AXE)
    found: list[str] = page.evaluate(f"axe.run(document, {{runOnly: {json.dumps(RULES)}}})")
    return [f"{each['id']}: {[node['html'] for node in each['nodes']]}" for each in found["violations"]]


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than what shows it."""
    page.wait_for_load_state()
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def faults(page: Page, name: str) -> list[str]:
    """What is wrong with the look of a page, at 1280 pixels, at 320, and with text of 400 %; its screens are kept."""
    page.wait_for_load_state()  # who has just clicked is at the beginning of the page
    # The policy stops a style or a script in the text of a page, and nobody would see why. Screens set styles: first.
    found: list[str] = page.evaluate(
        "[...document.querySelectorAll('[style], style, script:not([src])')].map(each => each.outerHTML.slice(0, 99))"
    )
    screen(page, name)
    found += violations(page)
    if overflow(page) > 0:
        found.append("runs over at 1280 pixels")
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    screen(page, f"{name}-320")
    if overflow(page) > 0:
        found.append("runs over at 320 pixels")
    found += violations(page)
    page.set_viewport_size(WIDE)  # type: ignore[arg-type]
    page.evaluate("document.documentElement.style.fontSize = '400%'")
    screen(page, f"{name}-400")
    if overflow(page) > 0:
        found.append("runs over with text of 400 %")
    page.evaluate("document.documentElement.style.fontSize = ''")
    return [f"{name}: {each}" for each in found]
