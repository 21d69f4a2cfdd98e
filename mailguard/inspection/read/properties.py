"""What a document says of itself: title, subject, keywords, and the people who made it. OOXML and ODF."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..budget import Uninspectable
from ..stream import Item, Person, Text, Visibility
from .xml_events import SEPARATOR, joined, read_xml

_PEOPLE = {
    "creator": "author",
    "initial-creator": "author",
    "lastModifiedBy": "last saved by",
    "Manager": "manager",
    "printed-by": "printed by",
}
_SILENT = frozenset(
    [
        "created",
        "modified",
        "revision",
        "lastPrinted",
        "date",
        "creation-date",
        "editing-cycles",
        "editing-duration",
        "generator",
        "Application",
        "AppVersion",
        "DocSecurity",
        "ScaleCrop",
        "LinksUpToDate",
        "SharedDoc",
        "HyperlinksChanged",
        "TotalTime",
        "Pages",
        "Words",
        "Characters",
        "CharactersWithSpaces",
        "Lines",
        "Paragraphs",
        "i4",
        "I4",
        "bool",
        "language",
        "print-date",
        "Slides",
        "Notes",
        "HiddenSlides",
        "MMClips",
    ]
)
_MAX_LETTERS = 4_194_304


def read_properties(pieces: Iterator[bytes], inside: str = "") -> Iterator[Item]:
    """Of docProps/core.xml, app.xml and custom.xml, or of meta.xml. inside: the one element of a larger document that
    has them, as the end of its name."""
    found: list[Item] = []
    text = ""
    named = ""
    is_inside = not inside
    letters = 0

    def start(full: str, attributes: Mapping[str, str]) -> None:
        nonlocal text, named, is_inside
        text = ""
        is_inside |= full.endswith(inside)
        keys = {key.rpartition(SEPARATOR)[2]: value for key, value in attributes.items()}
        if full.endswith(("}property", "}user-defined")):
            named = keys.get("name", "")

    def characters(more: str) -> None:
        nonlocal text
        if is_inside:
            text = joined(text, more)

    def end(full: str) -> None:
        nonlocal text, named, is_inside, letters
        if inside and full.endswith(inside):
            is_inside = False
        name, said = full.rpartition(SEPARATOR)[2], text.strip()
        text = ""
        if said and is_inside and name not in _SILENT:
            letters += len(said) + 64
            if letters > _MAX_LETTERS:
                raise Uninspectable("more properties than a document has")
            if name in _PEOPLE:
                found.append(Person(_PEOPLE[name], said, said if "@" in said else ""))
            else:
                where = f"property {named or name}"
                found.append(Text(f"{named}: {said}" if named else said, where, Visibility.PROPERTY))
        if full.endswith(("}property", "}user-defined")):
            named = ""

    read_xml(pieces, start, end, characters)
    yield from found
