"""A PDF (ISO 32000-2): what its pages show, what lies on them unseen, and what else the file carries.

PDFium reads the pages as a viewer does (pdf_library.py); everything that hangs elsewhere is found by going through all
objects of the file (pdf_objects.py). Pictures are not read: a page that is a picture of text gives only what a program
wrote beneath it.

Promises: a stream, or `Uninspectable`; it may raise in the middle. What the library will unpack has been charged to the
budget before it sees the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..budget import Budget, Uninspectable
from ..stream import SEEN, Item, Member, Row, Table, Text, Visibility
from .pdf_carried import read_carried
from .pdf_layers import layers_off, without_hidden_forms
from .pdf_library import Document, Letters, Page
from .pdf_lines import Reading
from .pdf_looks import Run, look
from .pdf_objects import Objects, read_objects
from .pdf_paint import read_painting
from .pdf_password import NOT_READ
from .pdf_properties import read_properties
from .pdf_revisions import MOST_REVISIONS, Words, earlier_ends

TYPES = frozenset({"application/pdf", "application/x-pdf", "application/acrobat", "application/vnd.pdf", "text/pdf"})
ENDINGS = (".pdf",)
HEAD = 1_024
"""Octets in which a reader looks for the first line of a PDF."""
BEGINNING = b"%PDF-"
MOST_ILLEGIBLE = 50
"""Letters that no font explains, in words of three or more: so many may be ornaments."""
_FEWEST_LETTERS = 3
_BLANK = b"\0\t\n\f\r "
_MOST_TAIL = 16
_WORD_OCTETS = 96


def begins(data: bytes | memoryview) -> bool:
    return BEGINNING in bytes(data[:HEAD])


def read(data: bytes | memoryview, budget: Budget) -> Iterator[Item]:
    """Everything that it carries. Raises Uninspectable, "encrypted" where it opens only with a password."""
    octets = bytes(data)
    objects = read_objects(octets, budget)
    reader = _Reader(octets, objects, budget)
    yield from reader.pages()
    yield from read_carried(objects, reader.words.shows, budget)
    yield from read_properties(objects, reader.words.shows, budget)
    yield from reader.revisions()
    yield from _around(octets, objects.tail, budget)
    if reader.illegible > MOST_ILLEGIBLE:
        raise Uninspectable("holds text whose letters cannot be told")


def _around(octets: bytes, tail: int, budget: Budget) -> Iterator[Item]:
    """What stands before and behind the document, which a viewer leaves out."""
    before = octets[: octets.index(BEGINNING)] if BEGINNING in octets[:HEAD] else b""
    if before.strip(_BLANK + b"\xef\xbb\xbf"):
        yield Text(before.decode("utf-8", "replace"), "before the document", Visibility.MARKUP)
    if len(octets) - tail > _MOST_TAIL and len(after := octets[tail:].strip(_BLANK)) > _MOST_TAIL and tail:
        budget.keep(len(after))
        yield Member("data behind the end of the document", "file", Visibility.EMBEDDED, after)


class _NoPage(Uninspectable):
    """A page that PDFium does not open."""


@dataclass(slots=True)
class _Page:
    """Where a page is and what was read on it."""

    where: str
    items: list[Item]


class _Reader:
    """words: what the pages show. illegible: letters that could not be told."""

    def __init__(self, octets: bytes, objects: Objects, budget: Budget) -> None:
        self._octets = octets
        self._objects = objects
        self._budget = budget
        self.words = Words()
        self.illegible = 0

    def pages(self) -> Iterator[Item]:
        """Of the document as it is now, with what hides what."""
        off = layers_off(self._objects)
        shown = without_hidden_forms(self._octets, self._objects, off) if off else None
        with self._opened(self._octets if shown is None else shown) as document:
            for page in self._each(document, off):
                yield from self._noted(page.items)
        if shown is not None:
            with self._opened(self._octets) as document:
                yield from self._beyond(document, "", Visibility.HIDDEN_TEXT)

    def revisions(self) -> Iterator[Item]:
        """Of what the document was before."""
        earlier = earlier_ends(self._objects.ends)
        if len(earlier) > MOST_REVISIONS:
            raise Uninspectable(f"more than {MOST_REVISIONS} revisions")
        for end in earlier:
            try:
                document = Document(self._octets, end)
            except Uninspectable:
                continue  # no document ends here: a part of a linearized one, or of a file inside
            with document:
                yield from self._beyond(document, "earlier revision, ", Visibility.EARLIER_REVISION)

    def _opened(self, octets: bytes) -> Document:
        """Raises Uninspectable where PDFium takes it for encrypted in another way than we did, or in none: then our own
        eyes have not read what its pages belong to."""
        document = Document(octets)
        if document.revision != self._objects.revision:
            with document:
                raise Uninspectable(NOT_READ)
        return document

    def _each(self, document: Document, off: frozenset[str]) -> Iterator[_Page]:
        reading = Reading()
        for index in range(document.pages):
            self._budget.spend_members(1)
            page = document.page(index)
            if page is None:
                raise _NoPage("holds a page that cannot be opened")
            with page:
                yield self._page(page, reading, f"page {index + 1}", off)

    def _page(self, page: Page, reading: Reading, where: str, off: frozenset[str]) -> _Page:
        painting = read_painting(page, self._objects.masked, self._budget)
        runs: list[Run] = []
        if painting.texts:
            with Letters(page) as letters:
                runs = look(painting, letters, page.box, off, self._budget)
        self.illegible += sum(map(_illegible, runs)) + _FEWEST_LETTERS * painting.sizeless
        items = list(reading.page(runs, where))
        spoken = "\n".join(painting.spoken)
        if spoken:
            items.append(Text(spoken, f"words in place of letters, {where}", Visibility.MARKUP))
        return _Page(where, items)

    def _noted(self, items: Iterable[Item]) -> Iterator[Item]:
        """The same items; what they show is remembered."""
        for item in items:
            for text in _seen(item):
                self._budget.keep(_WORD_OCTETS * self.words.add(text))
            yield item

    def _beyond(self, document: Document, prefix: str, why: Visibility) -> Iterator[Item]:
        """What a document shows that was not shown so far, all of it for one reason; then it counts as told."""
        table: Table | None = None
        try:
            for page in self._each(document, frozenset()):
                told: list[Item] = []
                for item in page.items:
                    if isinstance(item, Table):
                        table = Table(prefix + item.where, why)
                    elif isinstance(item, Row) and not all(map(self.words.shows, item.values)):
                        if table is not None:
                            told.append(table)
                            table = None
                        told.append(Row(item.number, item.values, item.columns))
                    elif isinstance(item, Text) and (lines := self.words.not_shown(item.text.split("\n"))):
                        told.append(Text("\n".join(lines), prefix + item.where, why))
                for item in told:
                    for text in _texts(item):
                        self._budget.keep(_WORD_OCTETS * self.words.add(text))
                yield from told
        except _NoPage:
            return  # of an earlier revision, or of one that ends too early


def _texts(item: Item) -> tuple[str, ...]:
    return item.values if isinstance(item, Row) else (item.text,) if isinstance(item, Text) else ()


def _seen(item: Item) -> Iterator[str]:
    if isinstance(item, Text) and item.visibility is SEEN:
        yield item.text
    elif isinstance(item, Row) and item.visibility is SEEN:
        unseen = {index for index, _ in item.unseen}
        yield " ".join(value for at, value in enumerate(item.values) if at not in unseen)


def _illegible(run: Run) -> int:
    """How many of its letters are none."""
    if not run.guessed or len(run.text) < _FEWEST_LETTERS:
        return 0
    return sum(letter == "�" or not (letter.isprintable() or letter.isspace()) for letter in run.text)
