"""Excerpts in which nobody can be recognised."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.inspection.find.mask import MAX_EXCERPT, SIGN, mask, masked_excerpt
from tests.inspection.find import invented


@pytest.mark.parametrize(
    ("value", "masked"),
    [
        ("9993395633", "••••••••33"),
        ("999 339 5633", "••• ••• ••33"),
        ("AB123456C", "•••••••••"),
        ("Mary O'Brien", "•••• •'•••••"),
        ("mary@post.example", "••••@••••.•••••••"),
        ("12345", "•••••"),
        ("", ""),
    ],
)
def test_a_value(value: str, masked: str):
    assert mask(value) == masked


def test_an_excerpt_keeps_the_words_that_explain():
    line = "patient Mary Smith, NHS no. 999 339 5633, lives at 12 High Street and was seen"
    assert masked_excerpt(line) == "patient •••• •••••, NHS no. ••• ••• ••33, lives at •• •••• •••••• and was seen"


@given(st.text(max_size=200))
def test_any_text_is_masked(text: str):
    masked = masked_excerpt(text)
    assert len(masked) <= MAX_EXCERPT
    assert all(word.islower() or word.lower() == word or SIGN not in word for word in masked.split())
    assert sum(each.isdigit() for each in mask(text)) <= 2


def test_no_identifier_stays():
    makers = (invented.nhs_number, invented.nino, invented.email, invented.iban, invented.mobile, invented.full_name)
    for make in makers:
        for value in invented.column(make, 100):
            masked = masked_excerpt(f"it is {value} here")
            assert value not in masked
            assert sum(each.isdigit() for each in masked) <= 2


def test_a_known_name_in_lower_case_is_masked():
    rng = random.Random(1)
    assert rng.choice(invented.FORENAMES).lower() not in masked_excerpt("seen by mary and john").split()
    assert masked_excerpt("seen by mary and john") == "seen by •••• and ••••"
