"""Outlook's .msg and .oft (MS-OXMSG): a message as a compound file, with messages inside it as storages.

Promises: total but for Uninspectable. A compound file that is no message (a document of an older Office) is
none of ours.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from ..budget import Budget, Uninspectable
from ..enclosed import Enclosed, Found
from . import mapi
from .compound import SIGNATURE, CompoundFile, open_compound
from .mapi import Attachment, Property

TYPES = frozenset({"application/vnd.ms-outlook"})
ENDINGS = (".msg", ".oft")
BROKEN = "an Outlook message in it is broken"

_PROPERTIES, _NAMES = "__PROPERTIES_VERSION1.0", "__NAMEID_VERSION1.0"
_RECIPIENT, _ATTACHMENT, _VALUE = "__RECIP_VERSION1.0_#", "__ATTACH_VERSION1.0_#", "__SUBSTG1.0_"
_TOP_HEADER, _INNER_HEADER, _ROW_HEADER = 32, 24, 8
_NAME_ENTRIES = "__SUBSTG1.0_00030102"
_KINDS = frozenset({mapi.STRING8, mapi.UNICODE, mapi.BINARY})


def begins(data: bytes | memoryview) -> bool:
    """Whether it is a compound file that holds a message."""
    try:
        return bytes(data[:8]) == SIGNATURE and _PROPERTIES in open_compound(data, Budget()).children()
    except Uninspectable:
        return False


def read(data: bytes | memoryview, budget: Budget) -> Iterator[Found]:
    """The message, its bodies, its files, and the messages within it."""
    file = open_compound(data, budget)
    lids = _lids(file)
    waiting = [("", _TOP_HEADER, 0)]
    while waiting:
        storage, header, depth = waiting.pop()
        if depth > budget.limits.depth:
            raise Uninspectable(f"nested more than {budget.limits.depth} deep")
        properties = _properties(file, storage, header, lids)
        rows = [_properties(file, each, _ROW_HEADER, lids) for each in _named(file, storage, _RECIPIENT)]
        attachments = []
        for each in _named(file, storage, _ATTACHMENT):
            inside = file.children(each).get(f"{_VALUE}{mapi.ATTACH_DATA:04X}000D")
            if inside is not None and _PROPERTIES in file.children(inside):
                waiting.append((inside, _INNER_HEADER, depth + 1))
                attachments.append(Attachment(_properties(file, each, _ROW_HEADER, lids), None))
            else:
                attachments.append(_attachment(_properties(file, each, _ROW_HEADER, lids), inside))
        yield from mapi.read_message(properties, rows, attachments, budget, embedded=depth > 0)


def _named(file: CompoundFile, storage: str, prefix: str) -> list[str]:
    """Storages in a storage."""
    return [each for name, each in file.children(storage).items() if name.startswith(prefix) and each in file.storages]


def _attachment(properties: tuple[Property, ...], inside: str | None) -> Attachment:
    """A file. An object (a sheet that was dropped into the text) is a storage, which nobody reads."""
    by_tag = {each.tag: each for each in properties}
    names = tuple(
        text
        for tag in (mapi.ATTACH_LONG_NAME, mapi.ATTACH_NAME)
        if tag in by_tag and (text := by_tag[tag].text("cp1252"))
    )
    media_type = by_tag[mapi.ATTACH_TYPE].text("cp1252").strip() if mapi.ATTACH_TYPE in by_tag else ""
    data = by_tag.get(mapi.ATTACH_DATA)
    if data is None or not data.values:
        return Attachment(properties, Enclosed(b"", "application/x-ole-storage") if inside is not None else None)
    return Attachment(properties, Enclosed(data.values[0], media_type or "application/octet-stream", names))


def _properties(file: CompoundFile, storage: str, header: int, lids: dict[int, int]) -> tuple[Property, ...]:
    """Those with a value of their own length, a stream each, and the numbers in the table."""
    found = []
    for name, path in file.children(storage).items():
        if not name.startswith(_VALUE) or path not in file.streams:
            continue
        tag, kind = _tag(name)
        if kind & ~mapi.MULTIPLE in _KINDS and not (kind & mapi.MULTIPLE and "-" not in name):
            octets = file.read(path)
            found.append(Property(tag, kind & ~mapi.MULTIPLE, (octets,), lids.get(tag)))
    table = file.children(storage).get(_PROPERTIES)
    if table is None or table not in file.streams:
        raise Uninspectable(BROKEN)
    octets = file.read(table)
    for at in range(header, len(octets) - 15, 16):
        kind, tag = struct.unpack_from("<HH", octets, at)
        if kind in (0x0002, 0x0003, 0x000B):
            found.append(Property(tag, kind, (octets[at + 8 : at + 16],), lids.get(tag)))
    return tuple(found)


def _tag(name: str) -> tuple[int, int]:
    digits = name.removeprefix(_VALUE).partition("-")[0]
    try:
        number = int(digits, 16)
    except ValueError:
        raise Uninspectable(BROKEN) from None
    return number >> 16 & 0xFFFF, number & 0xFFFF


def _lids(file: CompoundFile) -> dict[int, int]:
    """Property -> number, of the named ones; 0 for one with a name of letters (section 2.2.3)."""
    storage = file.children().get(_NAMES)
    entries = file.children(storage).get(_NAME_ENTRIES) if storage is not None else None
    if entries is None or entries not in file.streams:
        return {}
    octets = file.read(entries)
    found = {}
    for at in range(0, len(octets) - 7, 8):
        number, kind, index = struct.unpack_from("<IHH", octets, at)
        found[0x8000 + index] = 0 if kind & 1 else number
    return found
