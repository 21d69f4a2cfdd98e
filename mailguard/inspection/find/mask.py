"""Excerpts in which nobody can be recognised, for people who must see why something was found.

Promises: total; no digit of an identifier stays but the last two of eight or more, no name, no address. It errs towards
hiding: every word that begins like a name, holds a digit or an at sign, or is a known name is masked.
"""

from __future__ import annotations

import re

from .name_words import NAMES
from .phrases import heading_words

SIGN = "\u2022"
KEPT_DIGITS, OF_DIGITS = 2, 8
MAX_EXCERPT = 160
_RUN = re.compile(r"\S+")
_LETTER = re.compile(r"[^\W_]")
_EXPLAINING = frozenset(
    """
    account address birth born card chi date dob email h&c iban insurance licence mobile name national nhs ni nino no
    number passport patient patients phone postcode security social sort ssn surname tel telephone
    """.split()  # noqa: SIM905  data
)
"""Words that say what a value is, and stay even where they begin with a capital."""
_NUMBER = re.compile(r"\d(?:[ \u00a0-]?\d)+")


def mask(value: str) -> str:
    """One value: every letter and digit hidden but the last two digits of a long number."""
    digits = sum(each.isdigit() for each in value)
    keep = KEPT_DIGITS if digits >= OF_DIGITS and digits == sum(each.isalnum() for each in value) else 0
    masked: list[str] = []
    for character in reversed(value):
        if keep and character.isdigit():
            keep -= 1
            masked.append(character)
        else:
            masked.append(SIGN if character.isalnum() else character)
    return "".join(reversed(masked))


def masked_excerpt(text: str) -> str:
    """A line of text with everything masked that could be somebody's."""
    line = " ".join(text[: 4 * MAX_EXCERPT].split())[:MAX_EXCERPT]
    line = _NUMBER.sub(lambda number: mask(number[0]) if len(number[0]) >= OF_DIGITS else number[0], line)
    return _RUN.sub(lambda word: _masked_word(word[0]), line)


def _masked_word(word: str) -> str:
    if SIGN in word:
        return _LETTER.sub(SIGN, word) if any(each.isalpha() for each in word) else word
    bare = heading_words(word).strip()
    if bare in _EXPLAINING:
        return word
    telling = any(each.isdigit() or each.isupper() or each == "@" for each in word) or not word.isascii()
    return _LETTER.sub(SIGN, word) if telling or not NAMES.isdisjoint(bare.split()) else word
