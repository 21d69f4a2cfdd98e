"""The tokens of rich text (RTF 1.9.1): groups, control words and symbols, letters. Linear, and it never fails.

It must not know what words mean, but for \\bin, whose octets are no text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?[0-9]{1,10})? ?|((?:\\'[0-9a-fA-F]{2})+)|\\([^a-zA-Z'])|([{}])|([^\\{}\r\n]+)|[\r\n]+"
)
_MOST_DIGITS = 9


class Token(NamedTuple):
    """Exactly one of these says something. word: a control word with its number, None where it has none; brace: "{" or
    "}"; symbol: a control symbol; letters: octets of text; binary: octets behind \\bin."""

    word: str = ""
    number: int | None = None
    brace: str = ""
    symbol: str = ""
    letters: bytes = b""
    binary: bytes | None = None


def tokens(source: bytes) -> Iterator[tuple[Token, int]]:
    """Each token, and where it ends."""
    at = 0
    while at < len(source):
        found = _TOKEN.match(source, at)
        if found is None:  # a backslash at the end, or an apostrophe without digits
            at += 1
            continue
        at = found.end()
        word, digits, octets, symbol, brace, plain = found.groups()
        if plain is not None:
            yield Token(letters=plain), at
        elif word is not None:
            number = int(digits) if digits is not None and len(digits) <= _MOST_DIGITS + 1 else None
            if word == b"bin" and number is not None and number > 0:
                yield Token(binary=source[at : at + number]), min(at + number, len(source))
                at += number
            else:
                yield Token(word.decode("ascii"), number), at
        elif brace is not None:
            yield Token(brace=brace.decode("ascii")), at
        elif octets is not None:
            yield Token(letters=bytes.fromhex(octets.replace(b"\\'", b"").decode("ascii"))), at
        elif symbol is not None:
            yield Token(symbol=symbol.decode("latin-1")), at
