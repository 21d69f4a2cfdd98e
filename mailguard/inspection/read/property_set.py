"""Properties of a compound file (MS-OLEPS): title, author, who saved it last, company."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from ..budget import Uninspectable
from ..stream import Item, Person, Text, Visibility

_SUMMARY = {2: "title", 3: "subject", 4: "author", 5: "keywords", 6: "comments", 7: "template", 8: "last saved by"}
_DOCUMENT = {2: "category", 14: "manager", 15: "company"}
_PEOPLE = frozenset(["author", "last saved by", "manager"])
_TEXTS = {0x1E: "octets", 0x1F: "letters"}
_MAX_PROPERTIES = 10_000
_CODE_PAGES = {65001: "utf-8", 1200: "utf-16-le", 10000: "mac-roman", 1252: "cp1252", 1250: "cp1250", 1251: "cp1251"}


def read_property_set(stream: bytes, is_summary: bool) -> Iterator[Item]:
    """The texts of all its sections; those of a person's own are in the second of DocumentSummaryInformation."""
    try:
        (count,) = struct.unpack_from("<L", stream, 24)
        for section in range(min(count, 2)):
            (start,) = struct.unpack_from("<L", stream, 28 + 20 * section + 16)
            known = (_SUMMARY if is_summary else _DOCUMENT) if section == 0 else {}
            yield from _read_section(stream, start, known)
    except (struct.error, IndexError) as error:
        raise Uninspectable("its properties are cut off") from error


def _read_section(stream: bytes, start: int, known: dict[int, str]) -> Iterator[Item]:
    _, count = struct.unpack_from("<LL", stream, start)
    if count > _MAX_PROPERTIES:
        raise Uninspectable(f"more than {_MAX_PROPERTIES} properties")
    places = [struct.unpack_from("<LL", stream, start + 8 + 8 * index) for index in range(count)]
    codec = _codec(stream, start, dict(places))
    for identifier, place in places:
        text = _text(stream, start + place, codec) if identifier > 1 else ""
        if not text:
            continue
        name = known.get(identifier, f"number {identifier}")
        if name in _PEOPLE:
            yield Person(name, text, text if "@" in text else "")
        elif name != "template":
            yield Text(text, f"property {name}", Visibility.PROPERTY)


def _codec(stream: bytes, start: int, places: dict[int, int]) -> str:
    """Property 1 is the code page, a signed number."""
    if 1 not in places:
        return "cp1252"
    kind, page = struct.unpack_from("<LH", stream, start + places[1])
    return _CODE_PAGES.get(page, "cp1252") if kind == 2 else "cp1252"


def _text(stream: bytes, place: int, codec: str) -> str:
    kind, size = struct.unpack_from("<LL", stream, place)
    if kind not in _TEXTS:
        return ""
    if kind == 0x1F:
        return stream[place + 8 : place + 8 + 2 * size].decode("utf-16-le", "replace").rstrip("\0").strip()
    return stream[place + 8 : place + 8 + size].decode(codec, "replace").rstrip("\0").strip()
