"""Documents of Word 97 to 2003 (MS-DOC in a compound file), as far as text-documents.md says.

Promises: a Stream of what is understood, or `Uninspectable`. Every letter that a piece leads to comes out, with what
hides it; letters that nothing leads to any more come out as deleted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..budget import Budget, Uninspectable
from ..stream import SEEN, Item, Member, Person, Table, Text, Visibility
from .compound import CompoundFile
from .doc_file import (
    COMMENTERS,
    FONTS,
    LETTER_PAGES,
    PARAGRAPH_PAGES,
    PIECES,
    PROPERTIES,
    REVIEWERS,
    SAVED_BY,
    STYLES,
    DocumentFile,
    is_document,
    open_streams,
    read_places,
    read_plc,
    table_name,
)
from .doc_looks import Looks, Styles, read_styles
from .doc_paragraphs import Formats
from .doc_pieces import Piece, read_letter_runs, read_paragraph_runs, read_pieces
from .doc_stories import find_stories
from .doc_story import Texts, read_story
from .doc_strings import letters_in, long_letters_in, read_counted, read_strings
from .ole_object import holds_object, read_embedded, read_object
from .ppt import is_presentation, read_ppt
from .property_set import read_property_set
from .xls import is_workbook, read_xls
from .xml_texts import read_texts

_SUMMARY, _DOCUMENT_SUMMARY = "\x05summaryinformation", "\x05documentsummaryinformation"
_SILENT = frozenset(["\x01compobj", "\x01ole", "worddocument", "data"])
_TABLES = frozenset(["0table", "1table"])
_MACROS, _STORE = ("macros/", "_vba_project_cur/"), "msodatastore/"
_POOL = "objectpool"
_TOLD = {
    2: "title", 3: "subject", 4: "keywords", 5: "comments", 6: "author", 7: "last saved by",
    8: "source of a mail merge", 9: "headings of a mail merge", 18: "file",
}  # fmt: skip
"""SttbfAssoc (2.9.273)."""
_PEOPLE = frozenset(["author", "last saved by"])
_PAGE = 512
_LEAST = 12


def read_doc(compound: CompoundFile, budget: Budget) -> Iterator[Item]:
    """Everything that the file carries."""
    main, table, data = open_streams(compound)
    file = read_places(main, table, data)
    yield from _read(file, SEEN, budget)
    known = [file]
    if file.glossary:
        blocks = read_places(main, table, data, file.glossary)
        known.append(blocks)
        yield from _read(blocks, Visibility.MARKUP, budget)
    yield from _people(known, budget)
    yield from _left_over(known, budget)
    yield from _beside_the_text(known)
    yield from _beside(compound, table_name(main), budget)


def _read(file: DocumentFile, whole: Visibility, budget: Budget) -> Iterator[Item]:
    pieces = read_pieces(file, budget)
    styles = Styles(read_styles(file, budget), budget)
    formats = Formats(read_paragraph_runs(file, budget), styles, file.data, budget)
    texts = Texts(file.main, pieces, read_letter_runs(file, budget), formats, Looks(styles, budget), budget)
    last = pieces[-1].end if pieces else 0
    for story in find_stories(file, last, whole, budget):
        yield from read_story(texts, story)


def _people(known: list[DocumentFile], budget: Budget) -> Iterator[Item]:
    """Who wrote comments and changes, who saved it and where, and what the document says of itself."""
    told: set[Item] = set()
    for file in known:
        commenters = read_counted(file.part(COMMENTERS), budget)
        found: list[Item] = [Person("author of a comment", name) for name in commenters]
        names = read_strings(file.part(REVIEWERS), budget)
        found += [Person("author of a change", name) for name in names if name != "Unknown"]
        for index, text in enumerate(read_strings(file.part(SAVED_BY), budget)):
            found.append(Text(text, "place of a save", Visibility.PROPERTY) if index % 2 else Person("saved by", text))
        for index, text in enumerate(read_strings(file.part(PROPERTIES), budget)):
            name = _TOLD.get(index, "")
            if name in _PEOPLE:
                found.append(Person(name, text, text if "@" in text else ""))
            elif name:
                why = Visibility.CONNECTION if "merge" in name else Visibility.PROPERTY
                found.append(Text(text, f"property {name}", why))
        for item in found:
            if item not in told and (item.name if isinstance(item, Person) else isinstance(item, Text) and item.text):
                told.add(item)
                yield item


def _beside_the_text(known: list[DocumentFile]) -> Iterator[Item]:
    """Letters in what is not read: variables, sources of a mail merge, drop-down lists, descriptions of shapes."""
    table = known[0].table
    read = sorted(
        place
        for file in known
        for which, place in enumerate(file.places)
        if which in (0, STYLES, FONTS, PIECES, COMMENTERS, REVIEWERS, PROPERTIES, SAVED_BY, LETTER_PAGES)
    )
    behind = 0
    for start, size in [*read, (len(table), 0)]:
        for text in letters_in(table[behind:start]):
            yield Text(text, "settings of the document", Visibility.MARKUP)
        behind = max(behind, start + size)
    for text in letters_in(known[0].data):
        yield Text(text, "pictures and fields of forms", Visibility.MARKUP)


def _left_over(known: list[DocumentFile], budget: Budget) -> Iterator[Item]:
    """Letters of WordDocument that no piece leads to: an earlier save left them there."""
    taken = [(0, known[0].end)]
    for file in known:
        taken.append((file.glossary, file.glossary + _PAGE))
        taken += [_octets(piece) for piece in read_pieces(file, budget)]
        for which in (LETTER_PAGES, PARAGRAPH_PAGES):
            for each in read_plc(file.part(which), 4)[1]:
                start = (int.from_bytes(each, "little") & 0x3FFFFF) * _PAGE
                taken.append((start, start + _PAGE))
    main, behind = known[0].main, 0
    for start, end in [*sorted(taken), (len(main), len(main))]:
        if start - behind >= _LEAST:
            for text in long_letters_in(main[behind:start]):
                yield Text(text, "text that an earlier save left behind", Visibility.DELETED_TEXT)
        behind = max(behind, end)


def _octets(piece: Piece) -> tuple[int, int]:
    return piece.at, piece.at + (piece.end - piece.start) * (1 + piece.wide)


# streams beside the document


def _beside(compound: CompoundFile, in_force: str, budget: Budget) -> Iterator[Item]:
    objects: set[str] = set()
    macros = False
    for path in compound.streams:
        lower = path.lower()
        if lower.startswith(f"{_POOL}/") and lower.count("/") > 1:
            objects.add("/".join(path.split("/")[:2]))
        elif lower.startswith(_MACROS):
            macros = True
        elif lower.startswith(_STORE):
            if lower.endswith("/item"):
                yield from read_texts([compound.read(path)], "custom XML", Visibility.CUSTOM_XML, budget)
        elif lower in (_SUMMARY, _DOCUMENT_SUMMARY):
            yield from read_property_set(compound.read(path), lower == _SUMMARY)
        elif lower in _TABLES:
            if lower != in_force:
                for text in letters_in(compound.read(path)):
                    yield Text(text, "settings of an earlier save", Visibility.DELETED_TEXT)
        elif lower not in _SILENT:
            yield from read_embedded(path, compound.read(path), budget)
    if macros:
        yield Member("macros", "macros", Visibility.MACRO)
    for folder in sorted(objects):
        yield from _object(compound.inside(folder), folder, budget)


def _object(compound: CompoundFile, name: str, budget: Budget) -> Iterator[Item]:
    """What it shows, the document shows as a picture; what it holds is embedded."""
    if holds_object(compound):
        yield from read_object(compound)
        return
    budget.descend()
    yield Member(name, "object", Visibility.EMBEDDED)
    if is_document(compound):
        items: Iterator[Item] = iter(read_doc(compound, budget))
    elif is_workbook(compound):
        items = iter(read_xls(compound, budget))
    elif is_presentation(compound):
        items = iter(read_ppt(compound, budget))
    else:
        raise Uninspectable("holds an object of a kind that is not read")
    for item in items:
        if isinstance(item, Text | Table | Member) and item.visibility is SEEN:
            item = replace(item, visibility=Visibility.EMBEDDED)
        yield item
    budget.ascend()
