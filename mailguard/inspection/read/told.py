"""What pictures, sounds and the like say of themselves, as items of the stream; and what lies behind their end.

Promises: total, linear; nothing is decoded. A block that only the program which wrote it understands gives the letters
in it, and a file in it that is known by how it begins is handed on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...core.carried.kind import looks_like_text
from ..enclosed import Enclosed, Found
from ..stream import Item, Person, Text, Visibility

PICTURE = "properties of a picture"
BEHIND = "text behind the end of a picture or sound"
_PADDING = b"\0\r\n \x1a"
_FEW_OCTETS = 16
"""Octets that are no text, as careless programs leave them behind."""
_LONGEST_BLOCK = 1_048_576
_LETTERS = re.compile(r"[ -~\u00a1-\u024f\u0370-\ud7ff\uf900-\ufffc]{6,}")
_FILES = (
    *(b"PK\x03\x04", b"%PDF-", b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c"),
    *(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\x1f\x8b\x08"),
)
_RIGHTS = re.compile(
    r"copyright|copyleft|\(c\)|[©®]|all rights reserved|\b(?:19|20)\d\d(?:\s{0,3}[-–]\s{0,3}(?:\d{4}|\d\d))?\b",
    re.IGNORECASE,
)


def person(role: str, name: str, where: str = PICTURE) -> Iterator[Item]:
    """Somebody whom a property names; nobody where it is empty."""
    name = name.strip(" \t\r\n\0")
    if name:
        yield Person(role, name, name if "@" in name and " " not in name else "", where)


def holder(rights: str, where: str = PICTURE) -> Iterator[Item]:
    """Who holds a copyright: what is left of "(c) 2019 Ada Thorn, all rights reserved"."""
    return person("copyright holder", _RIGHTS.sub(" ", rights).strip(" ,.;:-\t\r\n\0"), where)


def said(text: str, where: str = PICTURE) -> Iterator[Item]:
    """A caption, a comment, a keyword."""
    text = text.strip(" \t\r\n\0")
    if text:
        yield Text(text, where, Visibility.PROPERTY)


def block(octets: bytes | memoryview, where: str = PICTURE) -> Iterator[Found]:
    """A block of a kind that is not known here."""
    start = bytes(octets[:_LONGEST_BLOCK])
    if start.startswith(_FILES):
        yield Enclosed(octets)
    else:
        yield from said("\n".join(_LETTERS.findall(start.decode("utf-8", "replace"))), where)


def behind(data: bytes | memoryview, end: int) -> Iterator[Found]:
    """What lies behind the end of a picture or a sound: nothing, text, or a file for whoever knows it. Programs that
    look for a file from its end (zip) see that, and not the picture."""
    rest = memoryview(data)[end:]
    position = 0
    while position < len(rest):
        piece = bytes(rest[position : position + 65_536])
        if left := piece.lstrip(_PADDING):
            position += len(piece) - len(left)
            break
        position += len(piece)
    mark = bytes(rest[position : position + 5]).find(b"ftyp")
    rest = rest[max(position + mark - 4, 0) if mark >= 0 else position :]  # a film's own size begins with zeros
    if looks_like_text(bytes(rest[:4_096])) and looks_like_text(bytes(rest)):
        yield Text(decoded(bytes(rest)), BEHIND, Visibility.HIDDEN_TEXT)
    elif len(rest) > _FEW_OCTETS:
        yield Enclosed(rest)


def decoded(octets: bytes) -> str:
    """UTF-8 where it is valid, else as Windows writes."""
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return octets.decode("cp1252", "replace")
