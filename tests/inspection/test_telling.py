"""Reading only the lines that may tell something gives what reading every line gives."""

from __future__ import annotations

import random
import re
import sys
from unicodedata import normalize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.inspection import body
from mailguard.inspection.body import Written, telling_items, text_items
from mailguard.inspection.enclosed import Enclosed
from mailguard.inspection.examine import Examined, examine
from mailguard.inspection.find.finding import Finder, find
from mailguard.inspection.find.kind import Kinds
from mailguard.inspection.find.own_kinds import load_kinds
from mailguard.inspection.find.telling import may_tell
from mailguard.inspection.stream import Text
from tests.inspection.find import invented
from tests.inspection.find.look_alikes import LOOK_ALIKES
from tests.inspection.texts.listing import LISTINGS
from tests.inspection.texts.ordinary import TEXTS

OWN = (
    b"version: 1\nidentifiers:\n  - {id: ward_letter, describe: ward letters, matches: '[A-Z]{4}', headings: [ward]}\n"
)
_RNG = random.Random(7)
ROWS = [(invented.full_name(_RNG), invented.nhs_number(_RNG), invented.birth(_RNG)) for _ in range(6)]
HEADINGS = ("Surname", "NHS number", "DOB")
PIECES = [
    *("", " ", "  ", "\u00a0 ", "Dear Mary,", "see you on Thursday", "Ward 7", "a, b", "one; two", "x|y", "x\ty"),
    *("1234567", "12/03/1984", "03/03", "jo@elmroad.example", "\uff20", "born", "NHS number", "943 476 5919"),
    *(
        "Aisha Patel",
        "Mrs Patel",
        "\u0661\u0662\u0663\u0664",
        "\u00bd \u00bd",
        "caf\u00e9",
        "\u2019s",
        "\r",
        "\x0b\x0b",
    ),
    *("Surname, Forename, Diagnosis", "Patel, Aisha, asthma", "a   b   c", "ref AB/1234", "M1 1AA", ">", "> > x, y"),
    *("07700 900123", "W" * 70, "2026-11-27 12:00:01 INFO  id=8f3a1", "\ud7ff\U00010400", "\x1f1\x1f2", "\x0b\x0b"),
]
LINES = st.lists(st.sampled_from(PIECES), max_size=5).map(" ".join)
TABLE = st.sampled_from(["\t", ", ", ";", " | ", "    "]).map(
    lambda separator: "\n".join(map(separator.join, [HEADINGS, *ROWS]))
)
LETTERS = st.lists(st.one_of(LINES, TABLE, st.text(max_size=30)), max_size=12).map("\n".join)


class Strict(Finder):
    """Reads every line."""

    @property
    def overlooks(self) -> bool:
        return False


def read(text: str, finder: type[Finder], kinds: Kinds | None = None) -> Examined:
    source = Enclosed(text.encode("utf-8", "replace"))
    looking = (finder if kinds is None else lambda: finder(kinds),)
    return examine(source, written=Written(False, "utf-8"), readers=(), detectors=looking)


@pytest.mark.parametrize("text", [*TEXTS.values(), *(each.text for each in LISTINGS.values())])
def test_a_whole_text_is_read_alike(text: str) -> None:
    assert read(text, Finder) == read(text, Strict)
    assert read(text.replace(" ", "\u00a0"), Finder) == read(text.replace(" ", "\u00a0"), Strict)


@pytest.mark.parametrize("name", LOOK_ALIKES)
def test_columns_of_look_alikes_are_read_alike(name: str) -> None:
    cells = [LOOK_ALIKES[name](_RNG, place) for place in range(30)]
    for row in ("{}", "item {}", "no. {}; sold", "{}\tx", "NHS number {}"):
        text = "\n".join(row.format(cell) for cell in cells)
        assert read(text, Finder) == read(text, Strict)


@given(LETTERS)
@settings(max_examples=150)
def test_any_letter_is_read_alike(text: str) -> None:
    assert read(text, Finder) == read(text, Strict)


@given(LETTERS)
def test_only_texts_that_tell_nothing_are_left_out_and_nothing_else(text: str) -> None:
    every = list(text_items(text, "text"))
    kept = [each for each in every if not isinstance(each, Text) or may_tell(each.text)]
    assert list(telling_items(text, "text")) == kept


def test_a_long_line_is_read_whole_if_any_of_it_may_tell() -> None:
    long = "word " * 1_000 + "jo@elmroad.example " + "word " * 1_000
    assert list(telling_items(f"{long}\nno more", "text")) == list(text_items(long, "text"))


@given(LINES)
def test_a_line_that_may_tell_nothing_leaves_no_trace(line: str) -> None:
    if not may_tell(line):
        assert find([Text(line, "text"), Text("Aisha Patel", "text")] * 7) == ()


def test_digits_and_at_signs_of_every_script_may_tell() -> None:
    signs = [chr(point) for point in range(sys.maxunicode + 1) if not 0xD800 <= point <= 0xDFFF]
    for sign in signs:
        plain = normalize("NFKC", sign)
        if "@" in plain or any(map(str.isdecimal, plain)):
            assert may_tell(f"{sign} and {sign}"), hex(ord(sign))


def test_a_table_without_a_digit_is_read() -> None:
    rows = "\n".join(f"{name}, Ann, asthma" for name in ("Patel", "Jones", "Okafor", "Novak", "Murphy", "Begum"))
    found = read(f"Surname, Forename, Diagnosis\n{rows}", Finder)
    assert [(each.kind, each.count) for each in found.findings if each.kind == "people_rows"] == [("people_rows", 6)]


def test_own_kinds_are_looked_for_in_every_line() -> None:
    kinds = load_kinds(OWN, "kinds")
    assert not Finder(kinds).overlooks
    found = read("Dear all,\nin ward ABCD there is a bed.", Finder, kinds)
    assert [each.kind for each in found.findings] == ["ward_letter"]


def test_white_space_beyond_ascii_is_known() -> None:
    spaces = [chr(point) for point in range(0x80, sys.maxunicode + 1) if re.match(r"\s", chr(point))]
    assert list(body._ODD_SPACES) == spaces


@given(st.text(st.sampled_from(" ab\u00a0\x0b\x1f\u2003,"), max_size=12))
def test_a_wide_gap_is_one_whichever_way_it_is_looked_for(line: str) -> None:
    assert (body._separator(line) == " ") == ("," not in line and body._WIDE_GAP.search(line.strip()) is not None)
