"""Tests with a browser and tests that run loops of their own go through in one process, in any order."""

from __future__ import annotations

import subprocess
import sys

from playwright.sync_api import Browser

from tests.end_to_end.service import ROOT

HERE = "tests/browser/test_beside_others.py"
WITH_A_LOOP, ANOTHER = "tests/guard/test_forms.py", "tests/guard/test_own_address.py"


def test_a_page_opens(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content("<h1>Held messages</h1>")
    assert page.get_by_role("heading").inner_text() == "Held messages"
    page.close()


def test_another_page_opens(browser: Browser) -> None:
    test_a_page_opens(browser)


def test_what_runs_a_loop_runs_between_them_and_last() -> None:
    order = [f"{HERE}::test_a_page_opens", WITH_A_LOOP, f"{HERE}::test_another_page_opens", ANOTHER]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *order]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0 and "passed" in done.stdout, done.stdout + done.stderr
