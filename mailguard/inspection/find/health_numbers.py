"""Health service numbers of the United Kingdom: NHS number, CHI number, H&C number. Ten digits and one check digit.

One random ten-digit number in eleven has a right check digit (9.2 % measured, RULES.md 5); so the issued ranges count,
and even then a column is judged, never a single value without a word beside it.
"""

from __future__ import annotations

from .check_digits import passes_mod_11
from .dates import is_day


def is_nhs_number(digits: str) -> bool:
    """England, Wales, Isle of Man: 4xx, 6xx and 7xx are issued, 3xx in England too.

    999 is never issued. It counts all the same, as everybody's invented patients have it: a message with a table of
    them is held for nothing at most, and adds one in a thousand to what random digits pass.
    """
    return (digits[0] in "3467" or digits[:3] == "999") and _valid(digits)


def is_hc_number(digits: str) -> bool:
    """Northern Ireland: 320 000 001 to 399 999 999 before the check digit."""
    return "320000000" < digits[:9] <= "399999999" and _valid(digits)


def is_chi_number(digits: str) -> bool:
    """Scotland: date of birth, two digits, one for the sex, the check digit. Nine where a sheet dropped the zero."""
    padded = digits.rjust(10, "0")
    return is_day(int(padded[:2]), int(padded[2:4])) and passes_mod_11(padded)


def _valid(digits: str) -> bool:
    """Not the ten repetitions of one digit either: each of them passes the check."""
    return passes_mod_11(digits) and digits.count(digits[0]) != 10
