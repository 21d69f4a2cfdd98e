"""mailguard report month: as text, CSV, JSON and a page to print, with what people decided in the shell."""

from __future__ import annotations

import csv
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from .conftest import AT, Run, hold

MONTH = AT.strftime("%Y-%m")


@pytest.fixture
def mg(run: Run, settings: Path) -> Run:
    """A command line on settings with two holds: one let go as it was, one not sent."""

    def on_settings(*arguments: str) -> Any:
        return run("-C", str(settings), *arguments)

    for ref in ("MG-AAAA-22", "MG-BBBB-22"):
        hold(settings, ref)
    let_go = on_settings("held", "release", "MG-AAAA-22", "--as", "original", "--reason", "The board know each other")
    assert let_go.status == 0, let_go
    assert on_settings("held", "reject", "MG-BBBB-22", "--note", "Please use the bulk service").status == 0
    return on_settings


def tables_of(mg: Run) -> dict[str, list[dict[str, str]]]:
    (report,) = mg("report", "month", MONTH, "--json").items()
    assert (report["report"], report["month"]) == ("month", MONTH)
    assert "mailguard checked 2 messages and held 2 (100.00%)" in report["headline"]
    return {table["name"]: table["rows"] for table in report["tables"]}


def test_as_json_it_has_every_part(mg: Run) -> None:
    tables = tables_of(mg)
    assert list(tables) == [
        "month", "days", "people", "near-misses", "holds", "times", "rules", "overrides", "exceptions", "reviewers",
    ]  # fmt: skip
    numbers = {row["name"]: row["number"] for row in tables["month"]}
    assert (numbers["judged"], numbers["held"], numbers["decided"]) == ("2", "2", "2")
    (rule,) = tables["rules"]
    assert (rule["rule"], rule["as_it_was"], rule["stopped"], rule["as_it_was_share"]) == (
        "visible-list",
        "1",
        "1",
        "50%",
    )
    (override,) = tables["overrides"]
    assert (override["ref"], override["by"]) == ("MG-AAAA-22", "Reviewer 1")
    assert override["reason"] == "The board know each other"
    (reviewer,) = tables["reviewers"]
    assert (reviewer["decisions"], reviewer["as_it_was"], reviewer["not_sent"]) == ("2", "1", "1")


def test_as_csv_it_opens_as_a_table(mg: Run) -> None:
    ran = mg("report", "month", MONTH, "--csv")
    assert ran.status == 0 and ran.out.startswith("\ufeff") and "\r\n" in ran.out
    rows = list(csv.reader(io.StringIO(ran.out.lstrip("\ufeff"), newline="")))
    assert rows[0] == ["Name", "What", "Number"]
    assert ["Quality of rules"] in rows and ["Load of reviewers"] in rows
    assert any(row and row[0].startswith("Made at") for row in rows)


class Tags(HTMLParser):
    """The names of all elements, and what is open at the end."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        if tag not in ("meta", "link", "br", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_as_html_it_is_one_document_that_needs_nothing_else(mg: Run) -> None:
    ran = mg("report", "month", MONTH, "--html")
    assert ran.status == 0
    assert ran.out.startswith("<!DOCTYPE html>") and ran.out.rstrip().endswith("</html>")
    tags = Tags()
    tags.feed(ran.out)
    assert tags.open == []
    assert not {"script", "link", "img", "iframe", "object"} & set(tags.seen)
    assert not re.search(r"""(src|href)=|url\(|@import""", ran.out)
    assert "@page" in ran.out and "Elm Road Surgery" in ran.out
    charts = re.findall(r"<svg.*?</svg>", ran.out, re.DOTALL)
    assert len(charts) >= 3
    for chart in charts:
        assert ElementTree.fromstring(chart).attrib["role"] == "img"


def test_as_text_it_begins_with_the_month_in_a_sentence(mg: Run) -> None:
    ran = mg("report", "month", MONTH)
    assert ran.out.startswith("In November 2026 mailguard checked 2 messages")
    assert "Quality of rules" in ran.out and "The board know each other" in ran.out


def test_the_ledger_says_who_took_it(mg: Run) -> None:
    mg("report", "month", MONTH, "--html", "--by", "Sam Patel")
    entries = [each for each in mg("audit", "list", "--json").items() if each["kind"] == "register_exported"]
    assert [(each["report"], each["actor"]) for each in entries] == [(f"month {MONTH}", "Sam Patel")]


def test_nothing_in_it_is_an_address_or_a_subject(mg: Run) -> None:
    for form in ((), ("--csv",), ("--json",), ("--html",)):
        out = mg("report", "month", MONTH, *form).out
        assert not re.search(r"[\w.]+@\w", out) and "Flu clinic" not in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("month",), "which month"),
        (("month", "2026-13"), "a month is written as 2026-11"),
        (("month", "1999-01"), "no records of January 1999: they begin in November 2026"),
        (("month", "9000-01"), "January 9000 has not begun"),
        (("month", MONTH, "--csv", "--html"), "choose one"),
        (("month", MONTH, "--from", "2026-01-01"), "which month"),
        (("foi", "2026-11"), "is of a period"),
        (("foi",), "give --from and --to"),
        (("foi", "--from", "2026-01-01", "--to", "2026-02-01", "--html"), "is of a period"),
    ],
)
def test_what_cannot_be_reported_says_why(mg: Run, arguments: tuple[str, ...], said: str) -> None:
    ran = mg("report", *arguments)
    assert ran.status == 2, ran
    assert said.lower() in ran.err.lower()
    assert json.dumps(ran.out) == '""'
