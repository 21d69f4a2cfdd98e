"""Objects that another program put into a document: a compound file around a file, which is handed on.

Promises: a Member with content for each file in it, or `Uninspectable`. Three wrappings are known: `Package` (an OOXML
package as it is; `package_stream` of LibreOffice), `\\x01Ole10Native` (any file, with its name), `CONTENTS` (a PDF and
others).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from ..budget import Budget, Uninspectable
from ..stream import Member, Visibility
from .compound import SIGNATURE, CompoundFile, open_compound

_WRAPPED = ("package", "contents", "embeddedodf", "package_stream")
_NATIVE = "\x01ole10native"
_SILENT = frozenset(
    [
        "\x01compobj",
        "\x01ole",
        "\x03objinfo",
        "\x02olepres000",
        "\x03linkinfo",
        "\x01ole10itemname",
        "properties_stream",
    ]
)


def holds_object(compound: CompoundFile) -> bool:
    return any(_last(path) in (*_WRAPPED, _NATIVE) for path in compound.streams)


def read_object(compound: CompoundFile) -> Iterator[Member]:
    """Every stream but those that only say how the object is shown."""
    for path in compound.streams:
        name = _last(path)
        if name == _NATIVE:
            yield unwrap(compound.read(path))
        elif name not in _SILENT:
            yield Member(path, "file", Visibility.EMBEDDED, compound.read(path))


def unwrap(stream: bytes) -> Member:
    """MS-OLEDS 2.3.6: the size of all, two octets, label and path of the source, a temporary path, then the file."""
    try:
        (whole,) = struct.unpack_from("<L", stream)
        label, position = _zero_ended(stream, 6)
        _, position = _zero_ended(stream, position)
        (path_size,) = struct.unpack_from("<L", stream, position + 4)
        (size,) = struct.unpack_from("<L", stream, position + 8 + path_size)
        start = position + 12 + path_size
    except struct.error as error:
        raise Uninspectable("holds an object that is cut off") from error
    if not start + size <= 4 + whole <= len(stream):
        raise Uninspectable("holds an object that is cut off")
    return Member(label or "object", "file", Visibility.EMBEDDED, stream[start : start + size])


def _zero_ended(stream: bytes, start: int) -> tuple[str, int]:
    end = stream.find(b"\0", start)
    if end < 0:
        raise Uninspectable("holds an object that is cut off")
    return stream[start:end].decode("cp1252", "replace"), end + 1


def _last(path: str) -> str:
    return path.rpartition("/")[2].lower()


def read_embedded(name: str, content: bytes, budget: Budget) -> Iterator[Member]:
    """A part that is no XML and no picture: the files in it where it is such an object, else the part itself."""
    if content.startswith(SIGNATURE):
        compound = open_compound(content, budget)
        if holds_object(compound):
            yield from read_object(compound)
            return
    yield Member(name, "file", Visibility.EMBEDDED, content)
