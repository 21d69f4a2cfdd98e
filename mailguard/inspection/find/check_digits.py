"""Check digits and check characters of identifiers. Each function takes ASCII digits (or letters and digits) alone.

Promises: total for text of the length that it asks for; one pass. Tests compare each with python-stdnum.
"""

from __future__ import annotations

_DOUBLED = bytes.maketrans(b"0123456789", bytes((0, 2, 4, 6, 8, 1, 3, 5, 7, 9)))
_SINGLE = bytes.maketrans(b"0123456789", bytes(range(10)))
_OFFSET = ord("0") * 55
"""Weights 10 to 1 of the NHS number add up to 55."""


def passes_mod_11(digits: str) -> bool:
    """The check digit of NHS, CHI and H&C numbers: ten digits, weights 10 to 2, and 1 for the check digit itself.

    A check digit of 10 is never issued, and no single digit passes in its place.
    """
    a, b, c, d, e, f, g, h, i, j = digits.encode()
    return (10 * a + 9 * b + 8 * c + 7 * d + 6 * e + 5 * f + 4 * g + 3 * h + 2 * i + j - _OFFSET) % 11 == 0


def passes_luhn(digits: str) -> bool:
    """ISO/IEC 7812-1 annex B: every second digit from the right is doubled, and its digits added."""
    octets = digits.encode()
    total = sum(octets[-1::-2].translate(_SINGLE)) + sum(octets[-2::-2].translate(_DOUBLED))
    return total % 10 == 0


def passes_mod_97(text: str) -> bool:
    """ISO 7064 mod 97-10 as IBANs use it (ISO 13616): the first four characters last, letters as 10 to 35."""
    turned = text[4:] + text[:4]
    return int("".join(str(int(each, 36)) for each in turned)) % 97 == 1


CHECKS = {"mod11": passes_mod_11, "luhn": passes_luhn, "mod97": passes_mod_97}
"""By the name under which an admin asks for one (own_kinds.py)."""
