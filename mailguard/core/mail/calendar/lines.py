"""Content lines (RFC 5545 section 3.1): unfolding, names, parameters (RFC 6868 too), values.

Promises: total; linear; each octet of the text belongs to exactly one line. A line that has no value, or whose quotes
do not close, comes back with what can be read of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_LINE = re.compile(rb"[^\n]*+(?>(?:\n(?>(?:\r?\n)*)[ \t][^\n]*+)*)(?:\n(?>(?:\r?\n)*)|\Z)")
"""A line with all that is folded into it, and the empty lines behind it."""
_FOLD = re.compile(rb"\r?\n(?>(?:\r?\n)*)[ \t]")
_SPLIT = re.compile(rb'([^:;"]*+)((?>(?:;(?>(?:[^:"]++|"[^"]*+")*))?)):([\s\S]*+)')
_PARAMETER = re.compile(rb';((?>(?:[^;"]++|"[^"]*+")*))')
_NAME_END = re.compile(rb"[;:]")
_NOT_NAME = re.compile(rb"[^A-Za-z0-9-]+")
_CARET = re.compile(rb"\^(['^n])")
_CARETS = {b"'": b'"', b"^": b"^", b"n": b"\n"}


@dataclass(frozen=True, slots=True)
class Split:
    """One content line in its pieces. whole: whether it could be taken apart."""

    name: str
    parameters: bytes
    value: bytes
    whole: bool


def physical(text: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Start, end and unfolded content of each line that is not empty."""
    for match in _LINE.finditer(text):
        written = match[0]
        content = written.rstrip(b"\r\n")
        if content:
            yield match.start(), match.end(), unfold(content)


def unfold(written: bytes) -> bytes:
    """A fold is a line break and one white space octet, wherever it stands; empty lines before it are part of it."""
    return _FOLD.sub(b"", written) if b"\n" in written else written


def split(content: bytes) -> Split:
    found = _SPLIT.match(content)
    if found:
        return Split(plain_name(found[1]), found[2], found[3], True)
    return Split(plain_name(_NAME_END.split(content, 1)[0]), b"", content.partition(b":")[2], False)


def plain_name(written: bytes) -> str:
    """Upper case, the group before the last dot left out, and all that no name may hold."""
    return _NOT_NAME.sub(b"", written.rpartition(b".")[2]).decode("ascii").upper()


def parameters(written: bytes) -> list[tuple[str, bytes, bytes]]:
    """Name, value as written (quotes too) and the whole text with its semicolon, for each parameter in order."""
    found = []
    for match in _PARAMETER.finditer(written):
        name, _, value = match[1].partition(b"=")
        found.append((plain_name(name), value, match[0]))
    return found


def without_carets(value: bytes) -> bytes:
    """RFC 6868: ^' is a quote, ^^ a caret, ^n a line break."""
    return _CARET.sub(lambda match: _CARETS[match[1]], value) if b"^" in value else value
