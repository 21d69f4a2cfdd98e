"""What number formats do to values, as ECMA-376 part 1, 18.8.31 has them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.inspection.read.number_format import as_date, read_format


@pytest.mark.parametrize(
    "code", ["dd/mm/yyyy", "[$-809]d mmmm yyyy;@", "h:mm", "[h]:mm:ss", "mm:ss.0", 'yyyy"年"m"月"', "m/d/yy h:mm"]
)
def test_dates(code: str) -> None:
    assert read_format(code).is_date


@pytest.mark.parametrize(
    "code", ["General", "0.00", "#,##0;[Red]-#,##0", "0.00E+00", '0 "days"', "@", "[Blue]0", '"hour" 0', "# ?/?"]
)
def test_numbers(code: str) -> None:
    made = read_format(code)
    assert not made.is_date and made.shows_everything


@pytest.mark.parametrize(
    ("code", "hidden"),
    [
        (";;;", {"1", "-1", "0", "a"}),
        ('"";"";"";""', {"1", "-1", "0", "a"}),
        (";;", {"1", "-1", "0"}),
        ("0;-0;;@", {"0"}),
        ("0;;", {"-1", "0"}),
        ('"confidential"', {"1", "-1", "0"}),
        ('0;0;0;"***"', {"a"}),
        ("[Red];[Blue];", {"1", "-1", "0"}),
        ("", set()),
        ("0_);(0)", set()),
    ],
)
def test_what_is_not_shown(code: str, hidden: set[str]) -> None:
    made = read_format(code)
    assert {value for value in ("1", "-1", "0", "a") if not made.shows(value, value != "a")} == hidden


@pytest.mark.parametrize(
    ("days", "text"),
    [
        ("14000", "1938-04-30"),
        ("1", "1900-01-01"),
        ("61", "1900-03-01"),
        ("45000.5", "2023-03-15 12:00:00"),
        ("0.25", "06:00:00"),
        ("-1", "-1"),
        ("1e308", "1e308"),
        ("nan", "nan"),
        ("x", "x"),
    ],
)
def test_days(days: str, text: str) -> None:
    assert as_date(days, epoch_1904=False) == text


def test_days_of_the_macintosh() -> None:
    assert as_date("12538", epoch_1904=True) == "1938-04-30"


@given(st.text(max_size=60), st.text(max_size=20))
def test_any_code_and_value(code: str, value: str) -> None:
    made = read_format(code)
    assert made.shows(value, True) in (True, False)
    as_date(value, False)


@given(st.floats())
def test_any_number(value: float) -> None:
    as_date(repr(value), False)
    as_date(repr(value), True)
