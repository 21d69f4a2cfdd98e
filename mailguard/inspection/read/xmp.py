"""XMP (ISO 16684-1): the properties of a picture, a sound or a document as RDF.

Promises: total: what is no XML gives the letters in it. People come as Person, what is written as Text; identifiers,
dates, sizes and settings of a camera are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..budget import Budget, Uninspectable
from ..enclosed import Found
from ..stream import Item
from .told import PICTURE, block, holder, person, said
from .xml_events import SEPARATOR, joined, read_xml

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_SILENT = (
    *("http://ns.adobe.com/xap/1.0/mm/", "http://ns.adobe.com/xap/1.0/sType/", "http://ns.adobe.com/tiff/1.0/"),
    *("http://ns.adobe.com/camera-raw-settings/", "http://ns.adobe.com/crs/", "http://ns.adobe.com/xap/1.0/g/"),
    *(
        "http://ns.adobe.com/hdr-gain-map/",
        "http://ns.google.com/photos/1.0/",
        "adobe:ns:meta/",
        "http://www.w3.org/XML/",
    ),
)
_SAID_OF_TIFF = frozenset({"ImageDescription", "Artist", "Copyright"})
_EXIF = "http://ns.adobe.com/exif/1.0/"
_SAID_OF_EXIF = frozenset({"UserComment", "GPSLatitude", "GPSLongitude", "GPSAreaInformation"})
_PEOPLE = {
    "creator": "author",
    "Artist": "author",
    "Author": "author",
    "Owner": "owner",
    "OwnerName": "owner",
    "CaptionWriter": "writer of the caption",
    "contributor": "contributor",
    "PersonInImage": "shown in the picture",
    "PersonDisplayName": "shown in the picture",
}
_RIGHTS = frozenset({"rights", "Copyright", "CopyrightNotice"})
_PLACES = frozenset({"GPSLatitude", "GPSLongitude"})
_DATES = ("Date", "date", "Format", "format", "Rating", "Version", "version", "about", "parseType", "lang", "Tool")
_MAX_LETTERS = 4_194_304


def read_xmp(octets: bytes | memoryview, budget: Budget) -> Iterator[Found]:
    """Of one packet, its padding and wrapper included."""
    data = bytes(octets).strip(b"\0 \r\n\t")
    budget.keep(len(data))
    reader = _Reader()
    try:
        read_xml([data], reader.start, reader.end, reader.characters)
    except Uninspectable:
        yield from block(octets)
        return
    yield from reader.found


class _Reader:
    """open: the properties that the parser is in, the innermost last; RDF's own elements are none."""

    def __init__(self) -> None:
        self.found: list[Item] = []
        self._open: list[str] = []
        self._text = ""
        self._letters = 0

    def start(self, full: str, attributes: Mapping[str, str]) -> None:
        self._text = ""
        if not full.startswith(_RDF):
            self._open.append(full)
        for key, value in attributes.items():
            if not key.startswith(_RDF):
                self._add(key, value)

    def characters(self, more: str) -> None:
        self._text = joined(self._text, more)

    def end(self, full: str) -> None:
        if self._open:
            self._add(self._open[-1], self._text)
        self._text = ""
        if not full.startswith(_RDF) and self._open:
            self._open.pop()

    def _add(self, full: str, value: str) -> None:
        value = value.strip()
        if not value or _is_silent(full):
            return
        self._letters += len(value)
        if self._letters > _MAX_LETTERS:
            raise Uninspectable("more properties than a picture has")
        name = full.rpartition(SEPARATOR)[2]
        if name in _PEOPLE:
            self.found += person(_PEOPLE[name], value)
        elif name == "Name" and any(each.endswith("}RegionList") for each in self._open):
            self.found += person("shown in the picture", value)
        elif name in _RIGHTS:
            self.found += holder(value)
        else:
            self.found += said(value, "a place in the properties of a picture" if name in _PLACES else PICTURE)


def _is_silent(full: str) -> bool:
    uri, _, name = full.rpartition(SEPARATOR)
    if uri == _EXIF:
        return name not in _SAID_OF_EXIF
    return (uri.startswith(_SILENT) and name not in _SAID_OF_TIFF) or name.endswith(_DATES)
