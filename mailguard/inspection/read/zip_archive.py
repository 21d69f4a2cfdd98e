"""A zip file that is no document: its names and comments, and each member for whoever reads its kind.

Promises: every name comes before anything is unpacked, that of an encrypted member too; every member that can be read
is handed on, and what cannot be raises `Uninspectable` at the end. Octets beside the members raise it as well. It must
not know what the members are. Source: APPNOTE.TXT 6.3.10.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..budget import Budget, Uninspectable
from ..enclosed import Enclosed, Found
from ..stream import Text
from .listing import listed
from .zip_directory import Directory, Entry, read_directory
from .zip_members import Archive

TYPES = frozenset(
    {
        *("application/zip", "application/x-zip", "application/x-zip-compressed", "application/zip-compressed"),
        *("application/epub+zip", "application/java-archive", "application/vnd.google-earth.kmz"),
    }
)
ENDINGS = (".zip", ".epub", ".jar", ".kmz")
COMMENT = "comments in an archive"
_STARTS = (b"PK\x03\x04", b"PK\x05\x06")
_OFFICE = b"application/vnd.oasis.opendocument"
_CONTENT_TYPES = "[content_types].xml"
_LONGEST_TYPE = 128


def begins(data: bytes | memoryview) -> bool:
    """Whether it is a zip file, and no package of an office document: those are documents, not archives.

    One whose directory cannot be read is an archive, so that somebody says why it is not read.
    """
    if not is_zip(data):
        return False
    try:
        directory = read_directory(data, Budget())
    except Uninspectable:
        return True
    return not _is_package(data, directory)


def is_zip(data: bytes | memoryview) -> bool:
    """Whether it is a zip file at all: many programs call a document by that type, and are not wrong."""
    return bytes(data[:4]) in _STARTS


def read(data: bytes | memoryview, budget: Budget) -> Iterator[Found]:
    """Names and comments first, then the members in the order of the directory."""
    directory = read_directory(data, budget)
    archive = Archive(memoryview(data), directory, budget)
    for entry in directory.entries:
        yield from listed(entry.name)
    for comment in directory.comments:
        yield Text(comment, COMMENT)
    why = "holds data beside the members of its zip archive" if directory.loose else ""
    for entry in directory.entries:
        if entry.is_folder:
            continue
        try:
            content = archive.read(entry)
        except Uninspectable as cause:
            why = why or str(cause)
            continue
        yield Enclosed(content, names=(entry.name,), charged=True)
    if why:
        raise Uninspectable(why)


def _is_package(data: bytes | memoryview, directory: Directory) -> bool:
    """OPC (ECMA-376 part 2, 7.2) has a part for content types anywhere; ODF (1.3 part 2, 3.3) its type first."""
    if any(entry.name.lower() == _CONTENT_TYPES for entry in directory.entries):
        return True
    first = min(directory.entries, key=lambda each: each.start, default=None)
    return first is not None and first.name == "mimetype" and _media_type(data, first).startswith(_OFFICE)


def _media_type(data: bytes | memoryview, entry: Entry) -> bytes:
    return bytes(data[entry.start : entry.start + min(entry.packed, _LONGEST_TYPE)]) if entry.method == 0 else b""
