"""What another program put into rich text: an object of OLE 1 around octets (MS-OLEDS 2.2), and the store of custom XML
that Word writes."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from ..budget import Budget, Uninspectable
from ..stream import Item, Member, Text, Visibility
from .compound import SIGNATURE, open_compound
from .ole_object import unwrap
from .xml_texts import read_texts

_EMBEDDED, _LINKED = 2, 1


def read_object_data(data: bytes) -> Iterator[Item]:
    """The file in an \\objdata group, or where a link leads."""
    if not data.strip(b"\0"):
        return
    try:
        _, kind = struct.unpack_from("<LL", data)
        name, position = _counted(data, 8)
        topic, position = _counted(data, position)
        _, position = _counted(data, position)
        if kind == _LINKED:
            yield Text(topic, "link to an object", Visibility.MARKUP)
            return
        (size,) = struct.unpack_from("<L", data, position)
    except struct.error as error:
        raise Uninspectable("holds an object that is cut off") from error
    content = data[position + 4 : position + 4 + size]
    if kind != _EMBEDDED or len(content) < size:
        raise Uninspectable("holds an object that is cut off")
    if name.lower() == "package" and not content.startswith(SIGNATURE):
        yield unwrap(struct.pack("<L", len(content)) + content)
    else:
        yield Member(name or "object", "file", Visibility.EMBEDDED, content)


def _counted(data: bytes, position: int) -> tuple[str, int]:
    """A string behind its length, a zero at its end."""
    (size,) = struct.unpack_from("<L", data, position)
    end = position + 4 + size
    if end > len(data):
        raise Uninspectable("holds an object that is cut off")
    return data[position + 4 : end].rstrip(b"\0").decode("cp1252", "replace"), end


def read_store(data: bytes, budget: Budget) -> Iterator[Item]:
    """The custom XML of a \\datastore group: a compound file with a storage for each part."""
    if not data.startswith(SIGNATURE):
        return
    compound = open_compound(data, budget)
    for path in compound.streams:
        if path.rpartition("/")[2].lower() == "item":
            yield from read_texts([compound.read(path)], "custom XML", Visibility.CUSTOM_XML, budget)
