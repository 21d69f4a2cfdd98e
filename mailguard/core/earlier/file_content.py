"""What makes two attached files the same: their octets, but for what programs stamp into a file at each writing.

A script that makes a workbook or a PDF anew for each recipient writes another time into each. So of a ZIP package
(workbooks, documents) the names, lengths and checksums of its members count, without those that hold its properties; of
a PDF all octets but its dates and identifiers. Promises: total, linear, nothing is unpacked, and whatever is not
understood is compared octet by octet.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from hashlib import blake2b

from ..mail.message import Buffer

CONTENT_OCTETS = 32
MOST_MEMBERS = 10_000
"""A package with more members is compared octet by octet."""

_END = struct.Struct("<4s4H2IH")
_ENTRY = struct.Struct("<4s6H3I5H2I")
_END_MARK, _ENTRY_MARK = b"PK\x05\x06", b"PK\x01\x02"
"""ZIP (APPNOTE.TXT 6.3.10), sections 4.3.16 and 4.3.12."""
_MOST_COMMENT = 65_535
_ENCRYPTED = 1
"""Bit 0 of the flags: such a member may have no checksum (section 7.2, AE-2), so that lengths alone would decide."""
_PROPERTIES = re.compile(rb"docProps/|meta\.xml$")
"""ECMA-376 part 2 section 11 as all programs place them; OpenDocument 1.3 part 2 section 3.1.3."""

_PDF_STARTS_WITHIN = 1_024
_PDF_STAMPS = re.compile(
    rb"/(?:CreationDate|ModDate)\s{0,4}(?:\([^()]{0,80}\)|<[0-9A-Fa-f]{0,200}>)"
    rb"|/ID\s{0,4}\[\s{0,4}(?:<[0-9A-Fa-f]{0,200}>\s{0,4}|\((?:\\.|[^\\()]){0,200}\)\s{0,4}){2}\]"
    rb"|/DocChecksum\s{0,4}/[0-9A-Fa-f]{0,64}"
    rb"|xmp(?::(?:Create|Modify|Metadata)Date|MM:(?:Document|Instance)ID)(?:>[^<]{0,200}<|=\"[^\"]{0,200}\")",
    re.DOTALL,
)
"""ISO 32000-2 sections 14.3.3 and 14.4; XMP part 1 section 8. In an object stream they are not seen."""


def content_of(octets: Buffer) -> bytes:
    """32 octets that two files have in common if they are the same but for such stamps."""
    view = memoryview(octets)
    if bytes(view[:4]) == b"PK\x03\x04" and (members := _members(view)) is not None:
        return _hash(b"package", *members)
    if b"%PDF-" in bytes(view[:_PDF_STARTS_WITHIN]):
        return _hash(b"pdf", _PDF_STAMPS.sub(b"", view))
    return _hash(b"octets", view)


def _members(view: memoryview) -> list[bytes] | None:
    """Each member that counts, in order of names; None where the directory cannot be relied on to tell files apart."""
    try:
        return sorted(_directory(view))
    except (struct.error, ValueError):
        return None


def _directory(view: memoryview) -> Iterator[bytes]:
    tail = bytes(view[max(len(view) - _MOST_COMMENT - _END.size, 0) :])
    at = tail.rfind(_END_MARK)
    if at < 0:
        raise ValueError("no directory")
    _, _, _, _, entries, _, place, _ = _END.unpack_from(tail, at)
    if entries > MOST_MEMBERS:
        raise ValueError("too many members")
    counted = 0
    for _ in range(entries):
        entry = _ENTRY.unpack_from(view, place)
        mark, flags, checksum, length = entry[0], entry[3], entry[7], entry[9]
        if mark != _ENTRY_MARK or flags & _ENCRYPTED:
            raise ValueError("a directory that does not tell")
        names, extra, comment = entry[10:13]
        name = bytes(view[place + _ENTRY.size : place + _ENTRY.size + names])
        place += _ENTRY.size + names + extra + comment
        if not _PROPERTIES.match(name):
            counted += 1
            yield struct.pack("<2I", checksum, length) + name
    if not counted:
        raise ValueError("nothing to tell files apart by")


def _hash(*parts: bytes | memoryview) -> bytes:
    found = blake2b(digest_size=CONTENT_OCTETS)
    for part in parts:
        found.update(len(part).to_bytes(8, "big"))
        found.update(part)
    return found.digest()
