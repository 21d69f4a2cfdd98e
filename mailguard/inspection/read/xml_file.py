"""An XML file of no kind that is known here, and a drawing as XML (SVG): the text that stands in it.

Promises: total. A document type that only names its source is left out; XML with one that declares anything, and what
is no XML, is read as plain text, its character references included. Nothing is fetched. Sources: XML 1.0, SVG 2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ...core.mail.markup import decode_entities
from ...core.mail.text import decode_base64
from ..budget import Budget, Uninspectable
from ..enclosed import Enclosed, Found
from ..stream import SEEN, Item, Member, Text, Visibility
from .text import read as read_text
from .xml_events import SEPARATOR, joined, read_xml, root_of
from .xml_texts import read_texts

TYPES = frozenset({"application/xml", "text/xml", "application/rss+xml", "application/atom+xml"})
ENDINGS = (".xml", ".kml", ".gpx", ".xsd", ".xsl", ".xslt", ".rss", ".atom", ".wsdl", ".xliff", ".xlf", ".plist")
SVG_TYPES = frozenset({"image/svg+xml"})
SVG_ENDINGS = (".svg",)
_PIECE = 65_536
_SVG = "http://www.w3.org/2000/svg" + SEPARATOR
_DOCTYPE = re.compile(rb"<!DOCTYPE\s[^\[\]<>]{0,1000}>")
_COMMENT = re.compile(rb"<!--([\s\S]*?)-->")
_DATA = re.compile(r"\s*data:([\w.+/-]{0,100})[^,]{0,200};base64,", re.IGNORECASE)
_UNSEEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|opacity\s*:\s*0(?![.\d])|font-size\s*:\s*0(?![.\d])",
    re.IGNORECASE,
)
_UNSEEN_VALUES = {
    "display": ("none",),
    "visibility": ("hidden", "collapse"),
    "opacity": ("0", "0.0"),
    "font-size": ("0", "0px"),
}
_MAX_DEPTH = 1_000


def read_any(data: bytes | memoryview, budget: Budget) -> Iterator[Found]:
    """Texts and records of an XML file, and its comments."""
    octets = bytes(data)
    try:
        budget.spend_tags(octets.count(b"<"))
        items = list(read_texts(_parts(octets), "XML", SEEN, budget))
    except Uninspectable:
        yield from _plain(octets, budget)
        return
    yield from items
    yield from _comments(octets)


def is_other(media_type: str, names: tuple[str, ...]) -> bool:
    """Whether a file that no reader knows is XML of a vocabulary of its own (RFC 7303 section 4.2)."""
    return media_type.endswith("+xml")


def is_svg(data: bytes | memoryview) -> bool:
    beginning = _without_doctype(bytes(data[:_PIECE]))
    return b"<svg" in beginning and root_of([beginning]) in (f"{_SVG}svg", "svg")


def read_svg(data: bytes | memoryview, budget: Budget) -> Iterator[Found]:
    """Text, titles and comments of a drawing; scripts are named, pictures in it are read on."""
    octets = bytes(data)
    reader = _Drawing(budget)
    try:
        budget.spend_tags(octets.count(b"<"))
        read_xml(_parts(octets), reader.start, reader.end, reader.characters)
    except Uninspectable:
        yield from _plain(octets, budget)
        return
    yield from reader.found
    yield from _comments(octets)


class _Drawing:
    """open: (name, whether it is unseen, whether it is a property) of each element that is open."""

    def __init__(self, budget: Budget) -> None:
        self.found: list[Found] = []
        self._budget = budget
        self._open: list[tuple[str, bool, bool]] = []
        self._text = ""

    def start(self, full: str, attributes: Mapping[str, str]) -> None:
        self._flush()
        if len(self._open) >= _MAX_DEPTH:
            raise Uninspectable("a drawing that is nested without end")
        name = full.removeprefix(_SVG)
        _, unseen, is_property = self._open[-1] if self._open else ("", False, False)
        is_property |= name in ("title", "desc", "metadata")
        self._open.append((name, unseen or _is_unseen(attributes), is_property))
        if name == "script" or any(key.startswith("on") for key in attributes):
            self.found.append(Member("script", "macros", Visibility.MACRO))
        for key, value in attributes.items():
            if key.rpartition(SEPARATOR)[2] == "href" and (embedded := _DATA.match(value)):
                self._budget.keep(len(value))
                self.found.append(
                    Enclosed(decode_base64(value[embedded.end() :].encode("ascii", "ignore")), embedded[1])
                )

    def characters(self, more: str) -> None:
        self._text = joined(self._text, more)

    def end(self, full: str) -> None:
        self._flush()
        self._open.pop()

    def _flush(self) -> None:
        text, self._text = self._text.strip(), ""
        if text and self._open:
            self._budget.keep(len(text) + 64)
            self.found.append(self._said(text))

    def _said(self, text: str) -> Item:
        name, unseen, is_property = self._open[-1]
        if name in ("style", "script"):
            return Text(text, "drawing", Visibility.MARKUP)
        if is_property:
            return Text(text, "properties of a drawing", Visibility.PROPERTY)
        return Text(text, "drawing", Visibility.HIDDEN_TEXT if unseen else SEEN)


def _is_unseen(attributes: Mapping[str, str]) -> bool:
    if _UNSEEN.search(attributes.get("style", "")):
        return True
    return any(attributes.get(name, "").strip() in values for name, values in _UNSEEN_VALUES.items())


def _plain(octets: bytes, budget: Budget) -> Iterator[Found]:
    for found in read_text(octets, budget):
        yield Text(decode_entities(found.text), found.where) if isinstance(found, Text) else found


def _comments(octets: bytes) -> Iterator[Item]:
    for comment in _COMMENT.finditer(octets):
        if text := comment[1].strip():
            yield Text(text.decode("utf-8", "replace"), "comments in XML", Visibility.MARKUP)


def _parts(octets: bytes) -> Iterator[bytes]:
    octets = _without_doctype(octets)
    for start in range(0, len(octets), _PIECE):
        yield octets[start : start + _PIECE]


def _without_doctype(octets: bytes) -> bytes:
    """Without one that declares nothing itself; what it points to is never fetched."""
    found = _DOCTYPE.search(octets, 0, _PIECE)
    return octets[: found.start()] + octets[found.end() :] if found else octets
