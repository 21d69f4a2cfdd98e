"""Numbers of accounts and cards: IBAN, payment card, and the UK's sort code with account number."""

from __future__ import annotations

import re

from .check_digits import passes_luhn, passes_mod_97
from .dates import is_day

IBAN_LENGTHS = {
    **{"AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BR": 29, "BY": 28},
    **{"CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18},
    **{"FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28, "HR": 21, "HU": 28, "IE": 22},
    **{"IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LC": 32, "LI": 21, "LT": 20},
    **{"LU": 20, "LV": 21, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MR": 27, "MT": 31, "MU": 30, "NL": 18, "NO": 15},
    **{"PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22, "SA": 24, "SC": 31, "SE": 24, "SI": 19},
    **{"SK": 24, "SM": 27, "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20},
}
"""SWIFT's registry: how long a country's are."""
_IBAN = re.compile(r"([A-Z]{2})\d{2}[A-Z0-9]{11,30}", re.ASCII)
_ISSUERS: tuple[tuple[re.Pattern[str], frozenset[int]], ...] = (
    (re.compile(r"4"), frozenset({13, 16, 19})),
    (re.compile(r"5[1-5]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720)"), frozenset({16})),
    (re.compile(r"3[47]"), frozenset({15})),
    (re.compile(r"6(?:011|4[4-9]|5)"), frozenset({16, 17, 18, 19})),
    (re.compile(r"3(?:0[0-5]|095|6|[89])"), frozenset({14, 16, 17, 18, 19})),
    (re.compile(r"35(?:2[89]|[3-8])"), frozenset({16, 17, 18, 19})),
    (re.compile(r"62|81"), frozenset({16, 17, 18, 19})),
    (re.compile(r"50(?:18|20|38)|5[678]|6(?:304|390|7)"), frozenset({16, 18, 19})),
)
"""Visa, Mastercard, American Express, Discover, Diners Club, JCB, UnionPay, Maestro: beginnings and lengths."""


def is_iban(value: str) -> bool:
    found = _IBAN.fullmatch(value)
    return found is not None and IBAN_LENGTHS.get(found[1]) == len(value) and passes_mod_97(value)


def is_payment_card(digits: str) -> bool:
    """A known issuer's beginning and length, and the check digit. One digit repeated is none."""
    if len(set(digits)) == 1 or not passes_luhn(digits):
        return False
    return any(len(digits) in lengths and begin.match(digits) for begin, lengths in _ISSUERS)


def is_sort_code(digits: str) -> bool:
    """Six digits that are no date: 12-05-24 is one, and so is 24-05-12. Only with an account number beside it."""
    first, second, third = int(digits[:2]), int(digits[2:4]), int(digits[4:])
    return digits != "000000" and not is_day(first, second) and not is_day(third, second) and not is_day(second, first)


def is_account_number(digits: str) -> bool:
    """Eight digits that are no date written 20240512. Only with a sort code beside it."""
    years = digits[:2] in ("19", "20") and is_day(int(digits[6:]), int(digits[4:6]))
    return not years and len(set(digits)) > 1


def is_bank_account(digits: str) -> bool:
    """Sort code and account number in one cell."""
    return len(digits) == 14 and is_sort_code(digits[:6]) and is_account_number(digits[6:])
