"""Masked values: what stays of any value at all, and of those that people keep in files."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.core.masked import _HEADING_WORDS, _NEVER_ALONE, LONGEST, masked
from mailguard.inspection.find.name_words import NAMES

SAYS = {
    "9434765919": "943 476 ••••",
    "943 476 5919": "943 476 ••••",
    "9434765918": "94••••••••",
    "0101701234": "01••••••••",
    "Amira Khan": "A•• K••",
    "O'Brien, Jo-Ann": "••'B••, J••-A••",
    "jo.patel@elmroad.example": "j••.p••@e••.e••",
    "SW1A 1AA": "S•• ••",
    "12 High Street, Leeds": "•• H•• S••, L••",
    "1957-03-12": "19••-••-••",
    "12/03/1957": "12/••/••••",
    "01632 960123": "01••• ••••••",
    "40": "40",
    "33,345": "33,•••",
    "£1.50": "£1.5•",
    "AB123456C": "A••",
    "NHS number": "NHS number",
    "Date of birth": "Date of birth",
    "first_name": "first_name",
    "Name: Amira Khan": "Name: A•• K••",
    "NHS number: 943 476 5919": "NHS number: 943 476 ••••",
    "Diabetic": "D••",
    "J o h n  S m i t h": "•• •• •• ••  •• •• •• •• ••",
    "Jose\u0301 Mu\u0308ller": "J•• M••",
    "J\u00ado\u200bhn": "J••",
    "Ni": "N••",
    "王小明": "王••",
    "٤٥٦٧": "••••",
    "🄰🄱 x": "•• ••",
    "": "",
}


@pytest.mark.parametrize("value", SAYS)
def test_what_a_value_looks_like(value: str) -> None:
    assert masked(value) == SAYS[value]


def words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text)


MIXED = st.text() | st.from_regex(r"[A-Za-z0-9 @.,'/-]{0,40}", fullmatch=True) | st.from_regex(r"\d{1,30}")


@given(MIXED)
def test_no_word_keeps_more_than_its_first_letter_and_no_number_more_than_a_few_digits(value: str) -> None:
    shown = masked(value)
    digits = [each for each in shown if each.isdigit()]
    assert len(digits) <= 6 and all(len(run) <= 3 for run in re.findall(r"\d+", shown))
    if any(each.isalpha() for each in value[:LONGEST]) and ":" not in value:
        assert not digits, "beside letters no digit stays"
    for word in re.findall(r"[^\W\d_]+", shown):
        assert len(word) == 1 or word.casefold() in _HEADING_WORDS


def test_no_word_that_stays_alone_is_a_name() -> None:
    alone = {word for word in _HEADING_WORDS if masked(word) == word}
    assert "postcode" in alone and alone.isdisjoint(NAMES) and alone.isdisjoint(_NEVER_ALONE)


@given(st.lists(st.sampled_from(["Amira", "Khan", "Leeds", "diabetes", "9434765919", "x@y.example"]), min_size=1))
def test_nothing_of_a_name_a_place_or_an_address_is_left_whole(values: list[str]) -> None:
    shown = masked(" ".join(values))
    for value in ("Amira", "Khan", "Leeds", "diabetes", "943476", "x@y", "example"):
        assert value not in shown


@given(st.text(max_size=1000))
def test_it_is_not_longer_than_three_times_the_limit(value: str) -> None:
    assert len(masked(value)) <= 3 * LONGEST
