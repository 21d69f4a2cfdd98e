"""Presentations of PowerPoint 97 to 2003 (MS-PPT in a compound file), as far as slides.md says.

Promises: a Stream of what is understood, or `Uninspectable`. Every text in the stream comes out: of the slides as they
are now, and of what earlier saves left behind, as deleted.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from ..budget import Budget, Uninspectable
from ..stream import SEEN, Item, Member, Person, Stream, Text, Visibility
from .compound import CompoundFile, open_compound
from .drawing_colour import Scheme
from .ole_object import read_embedded
from .ppt_records import MAX_DEPTH, Current, Record, find_current, inside, records, unpacked
from .ppt_shapes import DRAWING, EMU, read_shapes
from .ppt_text import BYTES, CHARS, STYLE, decoded, paragraphs
from .property_set import read_property_set
from .slide_items import Link, Setting, read_slide
from .slide_looks import Above, Comparisons
from .slide_shapes import Page, Shape
from .theme import OFFICE

_STREAM, _USER = "PowerPoint Document", "Current User"
_SUMMARY, _DOCUMENT_SUMMARY = "\x05summaryinformation", "\x05documentsummaryinformation"
_SILENT = frozenset(["\x01compobj", "\x01ole", "current user", "powerpoint document", "header"])
_DOCUMENT, _SLIDE, _NOTES, _MASTER, _HANDOUT, _OBJECT, _CRYPT = 1000, 1006, 1008, 1016, 4041, 4113, 12052
_DOCUMENT_ATOM, _SLIDE_ATOM, _SHOW, _LIST, _PERSIST, _SCHEME = 1001, 1007, 1017, 4080, 1011, 2032
_STRING, _HEADERS, _COMMENT, _TAG_DATA = 4026, 4057, 12000, 5003
_HIDDEN = 0x4
_SHOWS_MASTER, _MASTER_SCHEME, _MASTER_GROUND = 1, 2, 4
_SLOTS = ("lt1", "dk1", "2", "3", "4", "accent1", "hlink", "folHlink")
_SIZE = 5_760, 4_320
_OVERHEAD = 256


def is_presentation(compound: CompoundFile) -> bool:
    return compound.find(_STREAM) is not None or compound.find("PP40") is not None


def read_ppt(compound: CompoundFile, budget: Budget) -> Stream:
    name, user = compound.find(_STREAM), compound.find(_USER)
    if name is None or user is None:
        raise Uninspectable("a presentation of before PowerPoint 97, which is not read")
    stream = memoryview(compound.read(name))
    yield from _Presentation(stream, find_current(stream, compound.read(user), budget), budget).read()
    for path in compound.streams:
        yield from _beside(compound, path, budget)


def _beside(compound: CompoundFile, path: str, budget: Budget) -> Stream:
    lower = path.lower()
    if lower in (_SUMMARY, _DOCUMENT_SUMMARY):
        yield from read_property_set(compound.read(path), lower == _SUMMARY)
    elif lower == "pictures":
        yield Member(path, "picture", SEEN)
    elif lower not in _SILENT:
        yield from read_embedded(path, compound.read(path), budget)


@dataclass(slots=True)
class _Slide:
    """record: of the slide; texts: of its outline, which the document keeps."""

    identifier: int
    texts: list[tuple[str, Record | None]] = field(default_factory=list)


@dataclass(slots=True)
class _Read:
    """A slide or master as it was read. flags: what it takes from its master."""

    page: Page
    scheme: dict[str, int]
    master: int = 0
    flags: int = 7
    hidden: bool = False
    comments: list[Item] = field(default_factory=list)


class _Presentation:
    """slides: place in the stream -> what the document lists there, by the kind of list."""

    def __init__(self, stream: memoryview, current: Current, budget: Budget) -> None:
        self._stream, self._current, self._budget = stream, current, budget
        self._slides: dict[int, _Slide] = {}
        self._masters: dict[int, int] = {}
        self._read_masters: dict[int, _Read] = {}
        self._size = _SIZE[0] * EMU, _SIZE[1] * EMU
        self._comparisons = Comparisons()
        self._told: list[Item] = []

    def read(self) -> Stream:
        live = set(self._current.places.values())
        found = list(records(self._stream, self._budget))
        if any(record.kind == _CRYPT for record in found):
            raise Uninspectable("encrypted")
        starts = {record.start: record for record in found}
        document = starts.get(self._current.places.get(self._current.document, -1))
        if document is None or document.kind != _DOCUMENT:
            raise Uninspectable("does not hold its document")
        self._read_document(document)
        order = {place: number for number, place in enumerate(self._slides, 1)}
        for identifier, place in self._masters.items():
            if place in starts:
                self._read_masters[identifier] = self._load(starts[place], [])
        for place, number in order.items():
            if place not in starts:
                raise Uninspectable("names a slide that is not there")
            yield from self._slide(starts[place], f"slide {number}", self._slides[place].texts)
        for record in found:
            if record.start not in order and record is not document:
                yield from self._other(record, record.start in live)
        yield from self._told

    def _read_document(self, document: Record) -> None:
        for record in inside(document, self._budget):
            if record.kind == _DOCUMENT_ATOM:
                width, height = unpacked(record, "<ll")
                if width > 0 and height > 0:
                    self._size = width * EMU, height * EMU
            elif record.kind == _LIST and record.instance == 0:
                self._read_list(record)
            elif record.kind == _LIST and record.instance == 1:
                for each in inside(record, self._budget):
                    if each.kind == _PERSIST:
                        number, _, _, identifier = unpacked(each, "<LLLL")
                        self._masters[identifier] = self._current.places.get(number, -1)
            else:
                why = SEEN if record.kind == _HEADERS else Visibility.MARKUP
                self._told += self._strings(record, "the presentation", why, 0)

    def _read_list(self, listed: Record) -> None:
        """Slides in order, each with the texts of its outline behind it."""
        slide: _Slide | None = None
        for record in inside(listed, self._budget):
            self._budget.keep(_OVERHEAD)
            if record.kind == _PERSIST:
                number, _, _, identifier = unpacked(record, "<LLLL")
                slide = _Slide(identifier)
                self._slides[self._current.places.get(number, -1 - len(self._slides))] = slide
            elif slide is not None and record.kind in (CHARS, BYTES):
                slide.texts.append((decoded(record), None))
            elif slide is not None and record.kind == STYLE and slide.texts:
                slide.texts[-1] = slide.texts[-1][0], record

    def _load(self, record: Record, texts: list[tuple[str, Record | None]]) -> _Read:
        read = _Read(Page("sldMaster" if record.kind == _MASTER else "sld"), {})
        for each in inside(record, self._budget):
            if each.kind == DRAWING:
                read_shapes(each, read.page, self._budget)
            elif each.kind == _SLIDE_ATOM:
                read.master, _, read.flags = unpacked(each, "<LLH", 12)
            elif each.kind == _SHOW:
                read.hidden = bool(unpacked(each, "<H", 10)[0] & _HIDDEN)
            elif each.kind == _SCHEME and each.instance == 1:
                colours = bytes(each.octets[:32])
                for index, slot in enumerate(_SLOTS[: len(colours) // 4]):
                    rgb = int.from_bytes(colours[4 * index : 4 * index + 3], "big")
                    read.scheme |= {slot: rgb, str(index): rgb}
            else:
                read.comments += self._strings(each, "a slide", Visibility.MARKUP, 0)
        for text, style in texts:
            self._budget.keep(len(text) + _OVERHEAD)
            read.page.shapes.append(Shape("sp", paragraphs=paragraphs(text, style)))
        return read

    def _slide(self, record: Record, where: str, texts: list[tuple[str, Record | None]], listed: bool = True) -> Stream:
        read = self._load(record, texts)
        whole = SEEN if listed and not read.hidden else Visibility.HIDDEN_SLIDE
        yield Member(where, "slide", whole)
        yield from self._page(read, where, whole)

    def _page(self, read: _Read, where: str, whole: Visibility) -> Iterator[Item]:
        master = self._read_masters.get(read.master) if read.page.root == "sld" else None
        read.page.shows_master = bool(read.flags & _SHOWS_MASTER)
        scheme = {**OFFICE, **(read.scheme if master is None or not read.flags & _MASTER_SCHEME else master.scheme)}
        if master is not None and read.flags & _MASTER_GROUND:
            read.page.background = master.page.background
        above = Above((master.page,) if master is not None else (), Scheme(scheme))
        setting = Setting(where, whole, above, self._size, self._comparisons, self._budget)
        for item in read_slide(read.page, setting):
            if not isinstance(item, Link):
                yield item
        yield from read.comments

    def _other(self, record: Record, live: bool) -> Stream:
        """What is no listed slide. What no save leads to any more is deleted, and still there."""
        deleted = None if live else Visibility.DELETED_TEXT
        if record.kind == _SLIDE and record.start not in self._masters.values():
            if live:
                yield from self._slide(record, "unlisted slide", [], listed=False)
            else:
                yield from self._page(self._load(record, []), "a slide of an earlier save", Visibility.DELETED_TEXT)
        elif record.kind in (_SLIDE, _MASTER, _HANDOUT):
            yield from self._page(self._load(record, []), "master of slides", deleted or Visibility.MARKUP)
        elif record.kind == _NOTES:
            yield from self._page(self._load(record, []), "notes", deleted or Visibility.NOTES)
        elif record.kind == _OBJECT:
            yield from self._object(record)
        else:
            yield from self._strings(record, "the presentation", deleted or Visibility.MARKUP, 0)

    def _object(self, record: Record) -> Stream:
        """2.10.34: a compound file, packed where its instance is 1: an object, a control, or the macros."""
        octets = bytes(record.octets)
        if record.instance == 1:
            size = int.from_bytes(octets[:4], "little")
            self._budget.spend_bytes(size)
            self._budget.keep(size)
            self._budget.check_ratio(len(octets), size)
            try:
                octets = zlib.decompressobj().decompress(octets[4:], size + 1)
            except zlib.error as error:
                raise Uninspectable("holds an object that cannot be unpacked") from error
            if len(octets) != size:
                raise Uninspectable("holds an object that is not as long as it says")
        compound = open_compound(octets, self._budget)
        if compound.find("VBA/dir") is not None:
            yield Member("macros", "macros", Visibility.MACRO)
        else:
            yield from read_embedded("object", octets, self._budget)

    def _strings(self, record: Record, where: str, why: Visibility, depth: int) -> list[Item]:
        """Whatever is written in records that nobody here knows."""
        if depth > MAX_DEPTH:
            raise Uninspectable("has records that are nested without end")
        if record.kind == _COMMENT:
            return self._comment(record, where)
        found: list[Item] = []
        if record.kind in (CHARS, BYTES, _STRING):
            text = decoded(record).strip("\0\r\n ")
            self._budget.keep(len(text) + _OVERHEAD)
            if text and not text.startswith("___PPT"):
                found.append(Text(text.replace("\r", "\n"), where, why))
        elif record.is_container or record.kind == _TAG_DATA:
            for each in inside(record, self._budget):
                found += self._strings(each, where, why, depth + 1)
        return found

    def _comment(self, record: Record, where: str) -> list[Item]:
        """2.4.27.1: strings by their instance, the author, the text and the initials."""
        said = {
            each.instance: decoded(each).strip("\0 ") for each in inside(record, self._budget) if each.kind == _STRING
        }
        author, text = said.get(0, ""), said.get(1, "")
        self._budget.keep(len(author) + len(text) + _OVERHEAD)
        found: list[Item] = [Person("author of a comment", author, where=where)] if author else []
        return [*found, Text(text, f"comment on {where}", Visibility.COMMENT)] if text else found
