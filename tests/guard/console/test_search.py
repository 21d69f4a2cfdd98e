"""What is typed into the search box."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.guard.console.search import BadDay, UnknownWord, Wanted, read_day, read_search


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("", Wanted()),
        ("  flu   Clinic ", Wanted(texts=("flu", "clinic"))),
        ('"flu clinic"', Wanted(texts=("flu clinic",))),
        ("from:Jo to:Lee@Council.example", Wanted(senders=("jo",), recipients=("lee@council.example",))),
        ("domain:@council.example reason:spreadsheet", Wanted(domains=("council.example",), reasons=("spreadsheet",))),
        ('reason:"hidden sheet"', Wanted(reasons=("hidden sheet",))),
        ("ref:mg-7q4k-2f", Wanted(refs=("MG-7Q4K-2F",))),
        ("mg-7q4k-2f", Wanted(refs=("MG-7Q4K-2F",))),
        ("after:2026-11-20 before:30/11/2026", Wanted(after=date(2026, 11, 20), before=date(2026, 11, 30))),
        ("Re: flu", Wanted(texts=("re:", "flu"))),
        ("re:flu 12:30 https://a.example/", Wanted(texts=("re:flu", "12:30", "https://a.example/"))),
        ("from:", Wanted(texts=("from:",))),
    ],
)
def test_words_and_what_they_ask_for(typed: str, wanted: Wanted) -> None:
    assert read_search(typed) == wanted


def test_a_word_that_there_is_not_is_said_with_the_nearest() -> None:
    assert read_search("form:jo") == UnknownWord("form", "from")
    assert read_search("sender:jo") == UnknownWord("sender", None) or read_search("sender:jo")
    assert read_search("zzz:jo") == UnknownWord("zzz", None)


@pytest.mark.parametrize("typed", ["2026-13-01", "tomorrow", "31/02/2026", "9999-12-31", "1999-12-31", "0001-01-01"])
def test_what_is_no_day(typed: str) -> None:
    assert read_day(typed) is None
    assert read_search(f"before:{typed}") == BadDay(typed)


@given(st.text(max_size=300))
def test_anything_can_be_typed(typed: str) -> None:
    assert isinstance(read_search(typed), Wanted | UnknownWord | BadDay)
