"""What is asked before something that costs more never says no where that would have found something."""

from __future__ import annotations

import re
from collections.abc import Iterable
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.core.verdict import Finding
from mailguard.inspection.find import free_text, spelled
from mailguard.inspection.find.finding import find
from mailguard.inspection.find.free_text import FreeText
from mailguard.inspection.find.kind import Kinds
from mailguard.inspection.find.kinds import BUILT_IN
from mailguard.inspection.find.names_in_text import fields_of, may_name, name_in, names_alone
from mailguard.inspection.find.spelled import SPELLED
from mailguard.inspection.find.tally import Tallies
from mailguard.inspection.stream import SEEN, Text

WORDS = [
    *("Aisha", "Patel", "van", "y", "de", "Mrs", "Dr", "smith", "O'Brien", "Smith-Jones", "J", "J.", "A", "a", "name"),
    *(" ", "  ", ",", ", ", "; ", "|", "-", " - ", ".", "'", "(", ")", ":", "/", '"', "1", "7/8", "_", "*", "\u2022"),
    *("\u00c9va", "\u4e2d\u6587", "d'Arc", "..", "\t"),
]
REST = st.lists(st.sampled_from(WORDS), max_size=9).map("".join)
SIGNS = st.lists(
    st.sampled_from([*"ABQ9+ -./(),x", "GB82 WEST 1234", "20-00-00 ", "12345678", "M1 1AA", "0770", "12/3/1984", "AB"]),
    max_size=12,
).map("".join)
DATED = st.lists(
    st.sampled_from(
        [
            "03/04/1975",
            "2026-11-27",
            "3 May 1984",
            "1.2.26",
            " ",
            ", ",
            "born ",
            "DOB: ",
            "at ",
            "Ann ",
            "Lee",
            "Smith",
            "'",
            "(",
            "07700 900123",
            "C2562447",
            "van ",
            "x",
            ";",
            "|",
            "  ",
            "jo@x.example",
            "\u00e9",
        ]
    ),
    max_size=8,
).map("".join)
WHOLE = re.compile(spelled._NUMBERED.removeprefix(spelled._BEGINS))


@given(REST, st.lists(st.sampled_from(["aisha.patel@x.example", "jsmith@x.example"]), max_size=2))
def test_a_line_that_may_name_nobody_names_nobody(rest: str, addresses: list[str]) -> None:
    if not may_name(rest):
        assert name_in(fields_of(rest), addresses) is None


@given(st.text(st.characters(max_codepoint=127), max_size=40))
def test_whatever_ascii_it_is(rest: str) -> None:
    if not may_name(rest):
        assert name_in(fields_of(rest)) is None


def test_the_shortest_names_may_be_named() -> None:
    for rest in ("Mr Bo", "Ann Lee", "Lee, Ann", "Lee,Ann", "van, Lee", "x; Ann de", "J. Lee", "O'Brien-Smith Ann"):
        assert may_name(rest) and names_alone(fields_of(rest))
    for rest in ("INFO  server request", "Ann, 12/03/1984", "GET /items HTTP/1.0", "Ann and lee", ""):
        assert not may_name(rest)


@given(SIGNS)
def test_candidates_begin_as_is_looked_for_first(line: str) -> None:
    assert _found(spelled.candidates(line)) == _found(WHOLE.finditer(line))


@given(st.text(max_size=40))
def test_whatever_line_it_is(line: str) -> None:
    if "@" not in line:
        assert _found(spelled.candidates(line)) == _found(WHOLE.finditer(line))


def _found(matches: Iterable[re.Match[str]]) -> list[tuple[str | None, tuple[int, int]]]:
    return [(each.lastgroup, each.span()) for each in matches]


@pytest.mark.parametrize("kind", [each for each in SPELLED if each.near is not None], ids=lambda each: each.id)
def test_a_word_nearby_is_found_by_its_first_letter(kind: spelled.Spelled) -> None:
    assert kind.near is not None and kind.near.pattern.startswith("(?=[")
    whole = re.compile(kind.near.pattern.partition(")")[2], re.IGNORECASE)
    words = [re.sub(r"\W|\(.*", "", each) for each in kind.near.pattern.split("|")]
    for word in [
        *words,
        "NHS",
        "d.o.b.",
        "h & c",
        "\u017fort code",
        "\u212a",
        "b\u0131rth",
        "\u0130BAN",
        "S/C",
        "born",
    ]:
        for text in (word, word.upper(), f"my {word}: 1", f"x{word}", f"{word}x", f"0{word}."):
            assert bool(kind.near.search(text)) == bool(whole.search(text)), text


def test_what_is_never_a_list_is_not_counted_as_one() -> None:
    tallies = Tallies()
    text = FreeText(Kinds(BUILT_IN), tallies)
    for day in range(1, 29):
        text.take(f"{day:02}/03/1984 and QQ 12 34 {day:02} C and M1 1AA", "text", SEEN)
    text.end()
    assert tallies.findings() == ()


@given(st.lists(st.one_of(REST, SIGNS, DATED), min_size=1, max_size=8))
def test_a_line_of_dates_alone_leaves_no_trace(lines: list[str]) -> None:
    def found() -> tuple[Finding, ...]:
        return find(Text(line, "text") for line in lines * 5)

    with mock.patch.object(free_text, "_tells_no_more_than_dates", lambda *_: False):
        strict = found()
    assert found() == strict


def test_a_line_of_dates_is_passed_over_only_where_nothing_explains_them_and_nobody_is_named() -> None:
    for line, passed in {
        "2026-11-27 12:00:01 INFO  started": True,
        "no date in it": True,
        "born 03/04/1975": False,
        "Aisha Patel 03/04/1975": False,
        "03/04/1975 and 07700 900123": False,
    }.items():
        assert free_text._tells_no_more_than_dates(line, list(spelled.candidates(line))) is passed, line
