"""TNEF, winmail.dat (MS-OXTNEF): Outlook's own form of a message, beside or instead of its MIME.

Promises: total: any octets give what is in them, or Uninspectable where a step does not fit; each octet is looked at
once, and no count that the file claims is believed before its octets are there. Checksums are not looked at: programs
show files whose checksum is wrong.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from ...core.carried.kind import TNEF_SIGNATURE
from ...core.mail.mentions import mentions
from ..budget import Budget, Uninspectable
from ..enclosed import Enclosed, Found
from . import mapi
from .mapi import Attachment, Property

TYPES = frozenset({"application/ms-tnef", "application/vnd.ms-tnef", "application/x-ms-tnef"})
ENDINGS = ("winmail.dat", "win.dat", ".tnef")
BROKEN = "its winmail.dat is broken"

_ATTRIBUTE = struct.Struct("<BII")
_CODE_PAGE, _CLASS, _PROPERTIES, _RECIPIENTS = 0x00069007, 0x00078008, 0x00069003, 0x00069004
_FROM, _OWNER, _SENT_FOR, _BODY = 0x00008000, 0x00060000, 0x00060001, 0x0002800C
_FILE_BEGINS, _FILE_DATA, _FILE_NAME, _FILE_PROPERTIES = 0x00069002, 0x0006800F, 0x00018010, 0x00069005
_MESSAGE_INTERFACE = bytes.fromhex("0703020000000000c000000000000046")
"""IID_IMessage: an embedded message, as TNEF of its own."""
_FIXED = {0x0000: 0, 0x0001: 0, 0x0002: 2, 0x0003: 4, 0x0004: 4, 0x0005: 8, 0x0006: 8, 0x0007: 8}
_FIXED |= {0x000A: 4, 0x000B: 2, 0x0014: 8, 0x0040: 8, 0x0048: 16}
_VARIABLE = frozenset({mapi.STRING8, mapi.UNICODE, mapi.BINARY, mapi.OBJECT})


def begins(data: bytes | memoryview) -> bool:
    """Whether it has TNEF's signature."""
    return bytes(data[:4]) == TNEF_SIGNATURE


def read(data: bytes | memoryview, budget: Budget) -> Iterator[Found]:
    """The message, its bodies, its files and what is embedded in it."""
    file = _File()
    for attribute, value in _attributes(memoryview(data), budget):
        _take(file, attribute, bytes(value), budget)
    codec = mapi.codec_of(file.code_page)
    authors = [each for octets in file.from_ for each in mentions(octets.decode(codec, "replace").replace("\0", "\n"))]
    properties = [*file.texts, *file.properties]
    attachments = [_attachment(each, codec) for each in file.attachments]
    yield from mapi.read_message(properties, file.recipients, attachments, budget, codec=codec, authors=authors)


@dataclass(slots=True)
class _Attached:
    data: list[bytes] = field(default_factory=list)
    names: list[bytes] = field(default_factory=list)
    properties: list[Property] = field(default_factory=list)


@dataclass(slots=True)
class _File:
    code_page: int = 1252
    from_: list[bytes] = field(default_factory=list)
    properties: list[Property] = field(default_factory=list)
    texts: list[Property] = field(default_factory=list)
    recipients: list[tuple[Property, ...]] = field(default_factory=list)
    attachments: list[_Attached] = field(default_factory=list)


def _attributes(data: memoryview, budget: Budget) -> Iterator[tuple[int, memoryview]]:
    at = 6
    if len(data) < at or bytes(data[:4]) != TNEF_SIGNATURE:
        raise Uninspectable(BROKEN)
    while at < len(data):
        if bytes(data[at : at + 16]).strip(b"\0\r\n ") == b"" and len(data) - at <= 16:
            return
        if at + _ATTRIBUTE.size > len(data):
            raise Uninspectable(BROKEN)
        level, attribute, length = _ATTRIBUTE.unpack_from(data, at)
        at += _ATTRIBUTE.size
        if level not in (1, 2) or at + length + 2 > len(data):
            raise Uninspectable(BROKEN)
        budget.spend_members(1)
        yield attribute, data[at : at + length]
        at += length + 2


def _take(file: _File, attribute: int, value: bytes, budget: Budget) -> None:
    if attribute == _CODE_PAGE:
        file.code_page = int.from_bytes(value[:4], "little")
    elif attribute == _PROPERTIES:
        file.properties += _Properties(value, budget).listed()
    elif attribute == _RECIPIENTS:
        file.recipients += _Properties(value, budget).rows()
    elif attribute in (_FROM, _OWNER, _SENT_FOR):
        file.from_.append(value)
    elif attribute == _FILE_BEGINS:
        file.attachments.append(_Attached())
    elif attribute in (_FILE_DATA, _FILE_NAME, _FILE_PROPERTIES):
        if not file.attachments:
            file.attachments.append(_Attached())
        _take_file(file.attachments[-1], attribute, value, budget)
    else:
        tag = {_CLASS: mapi.MESSAGE_CLASS, _BODY: mapi.BODY}.get(attribute, 0)
        kind = mapi.STRING8 if tag or attribute >> 16 in (1, 2, 7) else mapi.BINARY
        file.texts.append(Property(tag, kind, (value,)))


def _take_file(attached: _Attached, attribute: int, value: bytes, budget: Budget) -> None:
    if attribute == _FILE_DATA:
        attached.data.append(value)
    elif attribute == _FILE_NAME:
        attached.names.append(value)
    else:
        attached.properties += _Properties(value, budget).listed()


def _attachment(attached: _Attached, codec: str) -> Attachment:
    by_tag = {each.tag: each for each in attached.properties if each.lid is None}
    names = [by_tag[tag].text(codec) for tag in (mapi.ATTACH_LONG_NAME, mapi.ATTACH_NAME) if tag in by_tag]
    names += [name.decode(codec, "replace").rstrip("\0") for name in attached.names]
    media_type = by_tag[mapi.ATTACH_TYPE].text(codec) if mapi.ATTACH_TYPE in by_tag else ""
    named = Property(mapi.ATTACH_NAME, mapi.STRING8, tuple(attached.names))
    properties = (*attached.properties, named)
    if (inside := by_tag.get(mapi.ATTACH_DATA)) is not None and inside.kind == mapi.OBJECT:
        return Attachment(properties, _object(inside))
    octets = b"".join(attached.data) or (b"".join(inside.values) if inside else b"")
    media_type = media_type.strip() or "application/octet-stream"
    return Attachment(properties, Enclosed(octets, media_type, tuple(name for name in names if name)))


def _object(inside: Property) -> Enclosed:
    """Its octets begin with the interface that they speak."""
    octets = inside.values[0] if inside.values else b""
    if octets[:16] == _MESSAGE_INTERFACE:
        return Enclosed(octets[16:], "application/ms-tnef", ("embedded.tnef",))
    return Enclosed(octets[16:], "application/x-ole-storage")


class _Properties:
    """A list of properties as TNEF writes it (section 2.1.3.4), in one pass."""

    def __init__(self, data: bytes, budget: Budget) -> None:
        self._data = data
        self._budget = budget
        self._at = 0

    def listed(self) -> list[Property]:
        return [self._property() for _ in range(self._count())]

    def rows(self) -> list[tuple[Property, ...]]:
        return [tuple(self.listed()) for _ in range(self._count())]

    def _property(self) -> Property:
        self._budget.spend_cells(1)
        kind, tag = struct.unpack("<HH", self._octets(4))
        lid = self._name() if tag >= 0x8000 else None
        base = kind & ~mapi.MULTIPLE
        if base in _VARIABLE:
            return Property(tag, kind, tuple(self._variable() for _ in range(self._count())), lid)
        if base not in _FIXED:
            raise Uninspectable(BROKEN)
        number = self._count() if kind & mapi.MULTIPLE else 1
        values = tuple(self._padded(_FIXED[base]) for _ in range(number)) if _FIXED[base] else ()
        return Property(tag, base, values, lid)

    def _name(self) -> int:
        """The number of a named property; 0 for one with a name of letters."""
        _, kind = struct.unpack("<16sI", self._octets(20))
        if kind == 0:
            return self._number()
        self._padded(self._count())
        return 0

    def _variable(self) -> bytes:
        return self._padded(self._count())

    def _count(self) -> int:
        """A count or a length. No more than there are octets left, since each thing takes one at least."""
        count = self._number()
        if count > len(self._data) - self._at:
            raise Uninspectable(BROKEN)
        return count

    def _number(self) -> int:
        (number,) = struct.unpack("<I", self._octets(4))
        return int(number)

    def _padded(self, length: int) -> bytes:
        octets = self._octets(length)
        self._at = min(len(self._data), self._at + -length % 4)
        return octets

    def _octets(self, length: int) -> bytes:
        if self._at + length > len(self._data):
            raise Uninspectable(BROKEN)
        octets = self._data[self._at : self._at + length]
        self._at += length
        return octets
