"""A value of somebody's file with what identifies hidden: enough to see what kind of value it is. Pure and total.

Promises (tests/core/test_masked.py): of each word its first letter stays at most, and of a number its first two digits,
six of an NHS number (CONSOLE.md 2.0: "943 476 ••••"). Nothing stays of a digit that stands in one value with letters
(a postcode, an address), nor of signs that are neither. Only what is a heading through and through is left as it is: a
list of words that no name is among.
"""

from __future__ import annotations

import re
import unicodedata

SIGN = "•"
HIDDEN = SIGN * 2
"""For the rest of a word, however long it is."""
LONGEST = 200
"""Characters of a value that are looked at; the rest is left out."""

_KEPT_DIGITS = 2
_NHS_DIGITS = 10
_NHS_FIRST = "4679"
"""England, Wales and the Isle of Man have 400 to 499 and 600 to 799 million, tests 999; a CHI number begins with a date
of birth, 01 to 31, and none of its digits may stay (NHS Data Dictionary, "NHS NUMBER"; Public Health Scotland, "CHI").
"""
_NO_LETTERS = frozenset({"Mn", "Mc", "Me", "Cf"})
_PIECES = re.compile(r"[^\W_]+|.", re.DOTALL)
_PLAIN = frozenset(" .,:;/\\-+()[]<>@&'\"#*%!?=_|£€$")
_WORDS = re.compile(r"[^\W\d_]+")
_HEADING_WORDS = frozenset(
    """
    account address addresses age appointment birth born chi clinic code column county date department diagnosis dob e
    email emails first forename forenames full gender gp hc iban id insurance last licence mail middle mobile name names
    national nhs ni nino no number numbers of passport patient phone post postcode practice reason ref reference
    referral security sex social sort status surname surnames tel telephone total
    """.split()  # noqa: SIM905  data
)
_NEVER_ALONE = frozenset({"chi", "e", "first", "full", "gp", "last", "middle", "ni", "no", "of", "post"})
"""Alone they are an answer, or somebody's name."""
_MARKS_OF_HEADINGS = frozenset(" ./-_():#'")


def masked(value: str) -> str:
    """One value: of a cell, or a line of text."""
    # Marks stand alone in names of some systems ("José" in NFD), and signs of no width part letters unseen.
    composed = unicodedata.normalize("NFC", value[:LONGEST])
    text = "".join(each for each in composed if unicodedata.category(each) not in _NO_LETTERS).strip()
    if _is_heading(text):
        return text
    label, colon, rest = text.partition(":")
    if rest and _is_heading(label):
        return f"{label}{colon}{' ' if rest[0].isspace() else ''}{masked(rest)}"
    digits = [each for each in text if each.isdigit()]
    if digits and not any(each.isalnum() and not each.isdigit() for each in text):
        return _masked_number(text, digits)
    return "".join(_masked_piece(piece) for piece in _PIECES.findall(text))


def _is_heading(text: str) -> bool:
    """Only letters and a few marks, and every word says what a column is."""
    found = _WORDS.findall(text)
    words = {each.casefold() for each in found}
    plain = set(_WORDS.sub("", text)) <= _MARKS_OF_HEADINGS
    return bool(words) and plain and words <= _HEADING_WORDS and not words <= _NEVER_ALONE


def _masked_number(text: str, digits: list[str]) -> str:
    if _is_nhs_number(digits):
        return f"{''.join(digits[:3])} {''.join(digits[3:6])} {SIGN * 4}"
    kept = _KEPT_DIGITS
    shown: list[str] = []
    for each in text:
        if each.isdigit():
            shown.append(each if kept > 0 and each.isascii() else SIGN)
            kept -= 1
        else:
            shown.append(each if each in _PLAIN else SIGN)
    return "".join(shown)


def _is_nhs_number(digits: list[str]) -> bool:
    """Modulus 11 (NHS Data Dictionary, "NHS NUMBER")."""
    if len(digits) != _NHS_DIGITS or not "".join(digits).isascii() or digits[0] not in _NHS_FIRST:
        return False
    total = sum(int(each) * weight for each, weight in zip(digits, range(10, 1, -1), strict=False))
    return (11 - total % 11) % 11 == int(digits[-1])


def _masked_piece(piece: str) -> str:
    """A word, or one character that is none."""
    if len(piece) == 1 and piece.isalpha():
        # Of a name that is written with a space after each letter nothing would be hidden.
        return HIDDEN
    if piece.isalnum() or len(piece) > 1:
        return piece[0] + HIDDEN if piece[0].isalpha() else HIDDEN
    return " " if piece.isspace() else piece if piece in _PLAIN else SIGN
