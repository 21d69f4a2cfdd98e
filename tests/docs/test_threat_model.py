"""docs/threat-model.md points at proof: every row is there, and every test that it names exists.

Also docs/conformance.md, and docs/decisions/README.md, which lists every page of its folder.
"""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
THREATS = DOCS / "threat-model.md"
RANGES = ((1, 13), (20, 34), (40, 54), (60, 71), (80, 89))
STATES = re.compile(r"holds|partly|later: (TLS|sign-in|calendar|content|attachments|console)")
NAMED = re.compile(r"`(tests/[\w/.-]+\.py)::(\w+)`(?: \(([^)]*)\))?")
FOLDERS = {
    "tests/dialogues/test_dialogues.py": "tests/dialogues",
    "tests/core/rewrite/test_cases.py": "tests/cases/rewrite",
}
"""Tests that play files: what stands in parentheses behind them are names of files."""


def rows() -> dict[str, list[str]]:
    """id -> the other cells of its row."""
    found = {}
    for line in THREATS.read_text().splitlines():
        if re.match(r"\| T\d+ \|", line):
            name, *cells = (cell.strip() for cell in line.strip("|").split(" | "))
            assert name not in found, f"{name} stands there twice"
            found[name] = cells
    return found


@functools.cache
def named_in(path: Path) -> frozenset[str]:
    """The test functions that pytest would collect from a file, read and not run."""
    tree = ast.parse(path.read_text())
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset(each.name for each in functions if each.name.startswith("test_"))


def broken(text: str) -> list[str]:
    """What a text names and is not there."""
    found = []
    for file, name, played in NAMED.findall(text):
        path = ROOT / file
        if not path.exists() or name not in named_in(path):
            found.append(f"{file}::{name}")
        for pattern in filter(None, (each.strip() for each in played.split(","))):
            if not any((ROOT / FOLDERS[file]).glob(pattern.rstrip("*") + "*")):
                found.append(f"{FOLDERS[file]}/{pattern}")
    return found


def test_every_threat_has_its_row_in_order() -> None:
    expected = [f"T{number}" for first, last in RANGES for number in range(first, last + 1)]
    assert list(rows()) == expected


@pytest.mark.parametrize("name", [f"T{number}" for first, last in RANGES for number in range(first, last + 1)])
def test_a_row_says_its_state_and_names_tests_that_exist(name: str) -> None:
    attack, state, does, held_by = rows()[name]
    assert attack and does and STATES.fullmatch(state), state
    assert broken(held_by) == []
    assert NAMED.search(held_by) or (state.startswith("later") and held_by == "-")
    leftover = NAMED.sub("", held_by).replace(",", "").strip()
    assert leftover in ("", "-"), f"not a test: {leftover}"
    if state == "partly":
        assert "later" in does or "missing" in does, "it does not say what is missing"


def test_every_test_that_names_a_threat_stands_in_its_row() -> None:
    """A test called test_t27_... is in the row T27, unless a sibling of the same file is."""
    cells = {name: row[-1] for name, row in rows().items()}
    lost = []
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for test in named_in(path):
            for number in re.findall(r"(?<=_)t(\d+)(?=_)", test):
                if str(path.relative_to(ROOT)) not in cells[f"T{number}"]:
                    lost.append(f"T{number}: {path.relative_to(ROOT)}::{test}")
    assert lost == []


def test_the_conformance_page_names_tests_that_exist() -> None:
    text = (DOCS / "conformance.md").read_text()
    assert broken(text) == [] and len(NAMED.findall(text)) > 20


def test_every_decision_page_is_listed_once() -> None:
    folder = DOCS / "decisions"
    listed = re.findall(r"^\* \[[^\]]+\]\(([\w-]+\.md)\)", (folder / "README.md").read_text(), re.MULTILINE)
    assert sorted(listed) == sorted(page.name for page in folder.glob("*.md") if page.name != "README.md")


@pytest.mark.parametrize("page", ["threat-model.md", "conformance.md", "performance.md", "decisions/README.md"])
def test_links_to_other_pages_lead_somewhere(page: str) -> None:
    path = DOCS / page
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text()):
        assert (path.parent / target).exists(), target
