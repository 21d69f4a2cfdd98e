"""A column's cells in one spelling, and the shape of each: what makes judging a column cheap.

The shape of a value has 9 for each digit, a for each of one or two letters together, A for three or more, and every
other character as it is. "AB 12 34 56 C" has the shape "aa 99 99 99 a", every e-mail address one of a few. A column of
5,000 numbers has one or two shapes, so that most questions are asked once for a shape and not once for a value.
INVARIANT: all work is a fixed number of passes over the joined text of a column, done by the interpreter's own C code.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

MAX_VALUE_CHARACTERS = 128
"""A longer value is running text, and no identifier (free_text.py reads it)."""
LONG_CELL = 40
"""Characters from which on a cell may be a sentence."""
RECORD_DIGITS = 5
"""Of a date, a telephone number, an identifier: with two words, a short cell may be a whole record."""
_SEAM = "\x1f"
_ASCII = {**{ord(each): "a" for each in string.ascii_letters}, **{ord(each): "9" for each in string.digits}}
_INVISIBLE = re.compile("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]")
_HYPHENS = re.compile("[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]")
_EXPONENT = re.compile(r"\d(?:\.\d{1,17})?[eE]\+?\d{1,2}", re.ASCII)
_SPACES = re.compile(r"[^\S\x1f]+")
_LABELLED = re.compile(r"(?=.*[aA])[aA .:#()/_-]{0,24}9[9 -]{7,22}9[aA .:#()/_-]{0,12}")
_NUMBER = re.compile(r"\d[\d -]{7,22}\d", re.ASCII)
_SHAPE_WORD = re.compile("[aA]+")
_COMPACT = str.maketrans("", "", " -")


class _Letters(dict[int, str]):
    """What stands for a character beyond ASCII in a shape."""

    def __missing__(self, point: int) -> str:
        character = chr(point)
        shown = "9" if character.isdecimal() else "a" if character.isalpha() or _is_mark(character) else character
        if len(self) < 10_000:
            self[point] = shown
        return shown


def _is_mark(character: str) -> bool:
    """A vowel sign or accent that is a character of its own belongs to its letter."""
    return unicodedata.category(character).startswith("M")


_ANY = _Letters(_ASCII)


def plain(values: Sequence[str]) -> list[str]:
    """The values as they are compared: one width and kind of digits, spaces and hyphens, none around them, no ".0"."""
    joined = _SEAM.join(values)
    if joined.count(_SEAM) != len(values) - 1 or len(joined) > len(values) * MAX_VALUE_CHARACTERS:
        joined = _SEAM.join([value[: MAX_VALUE_CHARACTERS + 1].replace(_SEAM, " ") for value in values])
    if not joined.isascii():
        joined = _one_script(joined)
    if "\n" in joined or "\t" in joined or "\r" in joined or "  " in joined:
        joined = _SPACES.sub(" ", joined)
    if " " in joined:
        joined = joined.replace(" " + _SEAM, _SEAM).replace(_SEAM + " ", _SEAM).strip(" ")
    if ".0" in joined:
        joined = (joined + _SEAM).replace(".0" + _SEAM, _SEAM).replace(".00" + _SEAM, _SEAM)[:-1]
    if "'" in joined or '"' in joined:
        joined = (_SEAM + joined).replace(_SEAM + "'", _SEAM)[1:]
    return joined.split(_SEAM)


def is_text(value: str) -> bool:
    """Whether a cell is read as running text, too: it is long, has lines, or says what it holds ("NHS: ...")."""
    return len(value) >= LONG_CELL or ": " in value or "\n" in value


def any_text(values: Sequence[str]) -> bool:
    if max(map(len, values), default=0) >= LONG_CELL:
        return True
    joined = _SEAM.join(values)
    return ": " in joined or "\n" in joined


@lru_cache(maxsize=20_000)
def may_be_record(shape: str) -> int:
    """How many digits a short cell of this shape has beside two words, so that it can name somebody and say something
    of him: "A A 99/99/9999" has 8. An address in it counts as RECORD_DIGITS. 0 for any other.
    """
    if len(_SHAPE_WORD.findall(shape)) < 2:
        return 0
    return max(shape.count("9"), RECORD_DIGITS if "@" in shape else 0)


@lru_cache(maxsize=20_000)
def is_labelled(shape: str) -> bool:
    """Whether values of this shape are a number with words around it: "case 999 339 5633"."""
    return _LABELLED.fullmatch(shape) is not None


def without_label(value: str) -> str:
    """The number of a labelled value; any other as it is."""
    found = _NUMBER.search(value)
    return found[0] if found else value


def shapes(values: Sequence[str]) -> list[str]:
    """The shape of each of these plain values; one that is too long has the shape "..."."""
    joined = _SEAM.join(values)
    shape = joined.translate(_ASCII if joined.isascii() else _ANY)
    if "aaa" in shape:
        for run in ("aaa", "AAAA", "AA", "AA"):
            shape = shape.replace(run, "A")
        shape = shape.replace("Aaa", "A").replace("Aa", "A")
    found = shape.split(_SEAM)
    if len(joined) > MAX_VALUE_CHARACTERS and max(map(len, values)) > MAX_VALUE_CHARACTERS:
        return ["..." if len(value) > MAX_VALUE_CHARACTERS else its for value, its in zip(values, found, strict=True)]
    return found


def compact(text: str) -> str:
    """Without the spaces and hyphens that people put between groups."""
    return text.translate(_COMPACT)


def compact_all(values: Sequence[str]) -> list[str]:
    """All of these plain values compact and in upper case."""
    return _SEAM.join(values).replace(" ", "").replace("-", "").upper().split(_SEAM)


def expanded(value: str) -> str:
    """4.010232137E9, as some programs store a whole number, in digits; any other value as it is."""
    if _EXPONENT.fullmatch(value) is None:
        return value
    head, _, exponent = value.lower().partition("e")
    whole, _, fraction = head.partition(".")
    places = int(exponent)
    return whole + fraction.ljust(places, "0") if len(fraction) <= places <= 18 else value


def _one_script(text: str) -> str:
    """Full-width and other digits as ASCII, one kind of hyphen and space, nothing invisible (NFKC)."""
    text = _HYPHENS.sub("-", _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)))
    return text if text.isascii() else "".join([_digit(each) if each.isdecimal() else each for each in text])


def _digit(character: str) -> str:
    return str(unicodedata.decimal(character))
