"""The stories of a Word 97 document in the order of its letters (MS-DOC 2.4.2 to 2.4.8): where each begins, and which
no page shows."""

from __future__ import annotations

from collections.abc import Iterator

from ..budget import Budget, Uninspectable
from ..stream import SEEN, Visibility
from .doc_boxes import Box, read_boxes
from .doc_file import (
    BOXES,
    DRAWINGS,
    HEADER_BOXES,
    HEADERS,
    SECTIONS,
    SETTINGS,
    DocumentFile,
    read_plc,
)
from .doc_sprms import sprms
from .doc_story import Story

_BOX, _SECTION = 22, 12
_SEPARATORS, _OF_A_SECTION = 6, 6
_TITLE_PAGE = 0x300A
_FACING_PAGES = 1
_NO_PLACE = 0xFFFFFFFF
_KINDS = ("a header", "a header", "a footer", "a footer", "a header", "a footer")
_EVEN, _FIRST = (0, 2), (4, 5)


def find_stories(file: DocumentFile, last: int, whole: Visibility, budget: Budget) -> Iterator[Story]:
    """last: of the letters of all pieces; whole: what hides all of the document."""
    text, notes, headers, macros, comments, endnotes, boxes, header_boxes = file.counts
    shapes = read_boxes(file.part(DRAWINGS), budget) if boxes or header_boxes else {}
    at = 0
    for count, where, why in (
        (text, "the text", whole),
        (notes, "a footnote", whole),
        (headers, "", whole),
        (macros, "a macro", Visibility.MARKUP),
        (comments, "a comment", Visibility.COMMENT),
        (endnotes, "an endnote", whole),
    ):
        if where:
            yield Story(at, at + count, where, why)
        else:
            yield from _headers(file, at, count, whole, budget)
        at += count
    yield from _boxes(file.part(BOXES), at, boxes, "a text box", shapes, whole)
    at += boxes
    yield from _boxes(file.part(HEADER_BOXES), at, header_boxes, "a text box of a header", shapes, whole)
    at += header_boxes
    yield Story(at, last, "letters of no story", Visibility.MARKUP)


def _parts(octets: bytes, size: int, count: int) -> Iterator[tuple[int, int, bytes]]:
    """Stretches of a story, one for each piece of data, in order; and what is left of the story behind them."""
    numbers, said = read_plc(octets, size)
    behind = 0
    for index, end in enumerate(numbers[1:]):
        start = max(behind, numbers[index])
        if end > count + 1:
            raise Uninspectable("says that a text is where it is not")
        if start > behind:
            yield behind, start, b""
        behind = min(end, count)
        yield start, behind, said[index] if index < len(said) else b""
    if behind < count:
        yield behind, count, b""


def _headers(file: DocumentFile, at: int, count: int, whole: Visibility, budget: Budget) -> Iterator[Story]:
    """Separators of notes, then for each section headers and footers of even, odd and first pages. A section without
    one of its own shows that of the section before it."""
    last_titled = _last_title_page(file, budget)
    facing = bool(file.part(SETTINGS)[:1] and file.part(SETTINGS)[0] & _FACING_PAGES)
    for index, (start, end, _) in enumerate(_parts(file.part(HEADERS), 0, count)):
        section, kind = divmod(index - _SEPARATORS, _OF_A_SECTION)
        where, why = "a header or footer", whole
        if section >= 0:
            where = _KINDS[kind]
            if (kind in _EVEN and not facing) or (kind in _FIRST and section > last_titled):
                where, why = f"{where} of no page", Visibility.MARKUP if whole is SEEN else whole
        yield Story(at + start, at + end, where, why)


def _last_title_page(file: DocumentFile, budget: Budget) -> int:
    """The last section whose first page has a header of its own (2.8.26, 2.9.245), -1 where none has."""
    found = -1
    for section, each in enumerate(read_plc(file.part(SECTIONS), _SECTION)[1]):
        place = int.from_bytes(each[2:6], "little")
        if place == _NO_PLACE:
            continue
        size = int.from_bytes(file.main[place : place + 2], "little")
        if place + 2 + size > len(file.main):
            raise Uninspectable("says that a section is where it is not")
        budget.spend_tags(size + 1)
        said = dict(sprms(file.main[place + 2 : place + 2 + size]))
        if said.get(_TITLE_PAGE, b"\0") != b"\0":
            found = section
    return found


def _boxes(
    octets: bytes, at: int, count: int, where: str, shapes: dict[int, Box], whole: Visibility
) -> Iterator[Story]:
    """2.8.32: each says in which shape it stands."""
    for start, end, said in _parts(octets, _BOX, count):
        box = shapes.get(int.from_bytes(said[14:18], "little"), Box())
        why = Visibility.HIDDEN_TEXT if box.hidden and whole is SEEN else whole
        yield Story(at + start, at + end, where, why, box.fill)
