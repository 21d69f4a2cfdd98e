"""What a PDF says of itself: the dictionary of its properties, and XMP (ISO 32000-2, 14.3), with the people in both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..budget import Budget, Uninspectable
from ..stream import Item, Person, Text, Visibility
from .pdf_carried import Shown, words_of_xml
from .pdf_filters import decoded
from .pdf_objects import Objects
from .pdf_syntax import Stream, text_of
from .xml_events import SEPARATOR, joined, read_xml

_PEOPLE = {
    "Author": "author",
    "Manager": "manager",
    "LastSavedBy": "last saved by",
    "SourceModifiedBy": "last saved by",
}
_SILENT = frozenset(["Creator", "Producer", "CreationDate", "ModDate", "Trapped", "PTEX.Fullbanner", "SourceModified"])
_PEOPLE_OF_XMP = {"creator": "author", "Author": "author", "contributor": "author", "Manager": "manager"}
_STRUCTURE = frozenset(["RDF", "Description", "Seq", "Bag", "Alt", "li", "xmpmeta"])
_SILENT_IN_XMP = frozenset(
    (
        *("CreatorTool", "Producer", "producer", "CreateDate", "ModifyDate", "MetadataDate", "date", "format"),
        *("InstanceID", "OriginalDocumentID", "RenditionClass", "VersionID", "part", "conformance", "Trapped"),
        *("xmptk", "about", "lang", "parseType", "documentID", "instanceID", "originalDocumentID", "action", "when"),
        *("softwareAgent", "changed", "parameters", "rev", "PDFVersion", "type", "resource", "toolkit", "language"),
        "DocumentID",
    )
)


def read_properties(objects: Objects, shown: Shown, budget: Budget) -> Iterator[Item]:
    """Each thing once, however many revisions repeat it."""
    said: set[tuple[str, str]] = set()
    for trailer in objects.trailers:
        information = objects.resolved(trailer.get("Info"))
        if not isinstance(information, dict):
            continue
        for key, value in information.items():
            value = objects.resolved(value)
            text = text_of(value).strip() if isinstance(value, bytes) else ""
            if not text or key in _SILENT or (key, text) in said:
                continue
            said.add((key, text))
            yield from _property(key, text, _PEOPLE.get(key), shown)
    for each in objects.all:
        stream = each.value
        if isinstance(stream, Stream) and stream.entries.get("Subtype") == "XML":
            octets = decoded(stream, budget)
            for key, text in _of_xmp(octets, said):
                yield from _property(key, text, _PEOPLE_OF_XMP.get(key), shown)
            if not _is_xml(octets):
                yield from words_of_xml(octets, "XMP", Visibility.PROPERTY, budget)


def _property(key: str, text: str, role: str | None, shown: Shown) -> Iterator[Item]:
    if role is not None:
        yield Person(role, text, text if "@" in text else "")
    elif not shown(text):
        yield Text(text, f"property {key}"[:255], Visibility.PROPERTY)


def _is_xml(octets: bytes) -> bool:
    try:
        read_xml([octets], lambda *_: None)
    except Uninspectable:
        return False
    return True


def _of_xmp(octets: bytes, said: set[tuple[str, str]]) -> list[tuple[str, str]]:
    """Names and texts of its properties, without those that only programs write; none where it is broken."""
    found: list[tuple[str, str]] = []
    path: list[str] = []
    text = ""

    def take(name: str, value: str) -> None:
        value = value.strip()
        key = {"creator": "Author", "title": "Title", "description": "Subject"}.get(name, name)
        if value and name not in _SILENT_IN_XMP and (key, value) not in said:
            said.add((key, value))
            found.append((name, value))

    def start(full: str, attributes: Mapping[str, str]) -> None:
        nonlocal text
        path.append(full.rpartition(SEPARATOR)[2])
        text = ""
        for key, value in attributes.items():
            take(key.rpartition(SEPARATOR)[2], value)

    def characters(more: str) -> None:
        nonlocal text
        text = joined(text, more)

    def end(_: str) -> None:
        nonlocal text
        named = next((each for each in reversed(path) if each not in _STRUCTURE), "")
        take(named, text)
        path.pop()
        text = ""

    try:
        read_xml([octets], start, end, characters)
    except Uninspectable:
        return []
    return found
