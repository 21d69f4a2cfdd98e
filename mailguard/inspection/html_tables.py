"""HTML as a stream: rows of its tables, and the text around them, each with what a style hides.

Promises: total for any text, however broken its tags are; linear; nothing is fetched or run. Comments, scripts and
styles are text that no reader shows (MARKUP); so is what attributes say (html_attributes.py). What style blocks hide is
followed as far as html_styles.py reads them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ..core.mail.markup import decode_entities
from .enclosed import Found
from .html_attributes import attribute_items
from .html_styles import styles_of, why_hidden
from .stream import SEEN, Person, Row, Table, Text, Visibility

MAX_DEPTH = 400
"""Elements within each other whose styles are remembered; what lies deeper is as visible as they are."""
MAX_SPAN = 64
MAX_LINE_CHARACTERS = 4_000
STEP_TAGS = 128
_TOKEN = re.compile(
    r"<!--(?P<comment>[\s\S]*?)(?:-->|\Z)"
    r"|<(?P<raw>script|style)(?=[\s/>])[^<>]*>(?P<code>[\s\S]*?)(?:</(?P=raw)\s{0,9}>|\Z)"
    r"|<(?P<end>/?)(?P<name>[a-z][a-z0-9:]{0,20})(?P<attributes>[^<>]*)>"
    r"|<[!?][^<>]*>",
    re.IGNORECASE,
)
_BREAKS = frozenset("br p div li ul ol h1 h2 h3 h4 h5 h6 hr dt dd blockquote pre section article header footer".split())  # noqa: SIM905
_SECTIONS = frozenset({"thead", "tbody", "tfoot"})
_CELLS = frozenset({"td", "th"})
_IMPLIED = {
    **dict.fromkeys(_CELLS, (_CELLS, frozenset({"tr", "table"}))),
    "tr": (_CELLS | {"tr"}, _SECTIONS | {"table"}),
    **dict.fromkeys(_SECTIONS, (_CELLS | _SECTIONS | {"tr"}, frozenset({"table"}))),
    "li": (frozenset({"li"}), frozenset({"ul", "ol", "table"})),
    "p": (frozenset({"p"}), _CELLS | {"table", "div", "li", "blockquote"}),
}
"""By element: those that its beginning ends, and those up to which it does."""
_AUTHOR = re.compile(r"<o:(Last)?Author>([^<>]{1,200})</o:", re.IGNORECASE)
"""In the properties that Word writes into a comment."""
_VOID = frozenset("br hr img input meta link area base col embed source track wbr".split())  # noqa: SIM905
_COLSPAN = re.compile(r"colspan\s*=\s*[\"']?(\d{1,3})", re.IGNORECASE)


@dataclass(slots=True)
class _Open:
    """A table that is open: its number, and the cells of its open row. begun: rows of the open section; place: cells
    of the open row, however wide. marked: up to where in the text of its open cell `whys` knows what hides it.
    """

    number: int
    rows: int = 0
    begun: int = 0
    place: int = 0
    cells: list[str] = field(default_factory=list)
    unseen: list[tuple[int, Visibility]] = field(default_factory=list)
    in_cell: bool = False
    span: int = 1
    marked: int = 0
    whys: dict[Visibility, None] = field(default_factory=dict)


def html_items(source: str, where: str) -> Iterator[Found]:
    """The stream of an HTML document."""
    return (item for item in html_steps(source, where) if item is not None)


def html_steps(source: str, where: str) -> Iterator[Found | None]:
    """The same, with None now and then where a long stretch gives nothing: for who reads in turns with others."""
    return _Reader(source, where).steps()


class _Reader:
    """Walks the tags once; a table within a cell has rows of its own, and is none of the outer table's text."""

    def __init__(self, source: str, where: str) -> None:
        self._source = source
        self._where = where
        self._text: list[str] = []
        self._tables: list[_Open] = []
        self._elements: list[tuple[str, Visibility]] = []
        self._numbered = self._current = 0
        self._styles = styles_of(source)

    def steps(self) -> Iterator[Found | None]:
        position = 0
        for number, token in enumerate(_TOKEN.finditer(self._source), 1):
            if number % STEP_TAGS == 0:
                yield None
            self._text.append(self._source[position : token.start()])
            position = token.end()
            hidden = token["comment"] or token["code"]
            if hidden:
                yield from self._markup(hidden)
            elif token["name"]:
                name = token["name"].lower()
                yield from self._end(name) if token["end"] else self._begin(name, token["attributes"])
        self._text.append(self._source[position:])
        while self._tables:
            yield from self._end("table")
        yield from self._flush()

    def _begin(self, name: str, attributes: str) -> Iterator[Found]:
        if name in _BREAKS or name == "table":
            yield from self._break()
        if name in _IMPLIED:
            yield from self._end_implied(name)
        place = self._place(name)
        why = why_hidden(attributes, self._why())
        if why is self._why() and (by_sheet := self._styles.why(name, attributes, place)) is not SEEN:
            why = by_sheet
        yield from attribute_items(name, attributes, self._where)
        if name == "table":
            self._numbered += 1
            self._tables.append(_Open(self._numbered))
        elif name in ("td", "th"):
            if self._tables:
                self._tables[-1].in_cell = True
                self._tables[-1].span = _span(attributes)
        elif why is not self._why():
            yield from self._flush()
        if name not in _VOID and len(self._elements) < MAX_DEPTH:
            self._elements.append((name, why))

    def _end_implied(self, name: str) -> Iterator[Found]:
        """What the beginning of an element ends, where no tag says so (HTML, section 13.1.2.4, "Optional tags")."""
        ended, within = _IMPLIED[name]
        yield from self._end_row() if "tr" in ended else self._end_cell() if "td" in ended else self._flush()
        cut = None
        for depth in range(len(self._elements) - 1, max(len(self._elements) - 40, -1), -1):
            open_name = self._elements[depth][0]
            if open_name in within:
                break
            cut = depth if open_name in ended else cut
        if cut is not None:
            del self._elements[cut:]

    def _end(self, name: str) -> Iterator[Found]:
        if name in ("td", "th"):
            yield from self._end_cell()
        elif name == "tr":
            yield from self._end_row()
        elif name == "table":
            yield from self._end_row()
            if self._tables:
                self._tables.pop()
        elif name in _BREAKS:
            yield from self._break()
        before = self._why()
        for depth in range(len(self._elements) - 1, max(len(self._elements) - 40, -1), -1):
            if self._elements[depth][0] == name:
                if any(why is not SEEN for _, why in self._elements[depth:]) and before is not SEEN:
                    yield from self._flush()
                del self._elements[depth:]
                return

    def _place(self, name: str) -> int:
        """The place of an element that begins among those of its row or section, where styles ask for it."""
        if not self._tables:
            return 0
        table = self._tables[-1]
        if name == "tr":
            table.begun, table.place = table.begun + 1, 0
            return table.begun
        if name in ("td", "th"):
            table.place += 1
            return table.place
        if name in _SECTIONS:
            table.begun = 0
        return 0

    def _why(self) -> Visibility:
        return self._elements[-1][1] if self._elements else SEEN

    def _break(self) -> Iterator[Found]:
        """The end of a line: of a paragraph, or within a cell."""
        if self._tables and self._tables[-1].in_cell:
            self._text.append(" ")
        else:
            yield from self._flush()

    def _flush(self) -> Iterator[Found]:
        """The text so far: a part of a cell, or a Text of its own where no cell is open."""
        if self._tables and self._tables[-1].in_cell:
            self._mark(self._tables[-1])
            return
        for line in _lines(self._taken()):
            yield Text(line, self._where, self._why())

    def _mark(self, table: _Open) -> None:
        """Remember what hides the newest text of the open cell."""
        if any(each.strip() for each in self._text[table.marked :]):
            table.whys[self._why()] = None
        table.marked = len(self._text)

    def _taken(self) -> str:
        text = decode_entities("".join(self._text))
        self._text.clear()
        return text

    def _end_cell(self) -> Iterator[Found]:
        table = self._tables[-1] if self._tables else None
        if table is None or not table.in_cell:
            yield from self._flush()
            return
        self._mark(table)
        table.in_cell = False
        why = self._why() if not table.whys or SEEN in table.whys else next(iter(table.whys))
        table.whys, table.marked = {}, 0
        if why is not SEEN:
            table.unseen.append((len(table.cells), why))
        table.cells += [" ".join(self._taken().split()), *[""] * (table.span - 1)]

    def _end_row(self) -> Iterator[Found]:
        yield from self._end_cell()
        table = self._tables[-1] if self._tables else None
        if table is None or not table.cells:
            return
        if table.number != self._current:
            self._current = table.number
            yield Table(f"{self._where}, table {table.number}")
        table.rows += 1
        if any(table.cells):
            yield Row(table.rows, tuple(table.cells), unseen=tuple(table.unseen))
        table.cells, table.unseen = [], []

    def _markup(self, text: str) -> Iterator[Found]:
        """A comment or a script. Outlook's conditional comments hold the same tags again, which say nothing."""
        for last, name in _AUTHOR.findall(text):
            yield Person("last saved by" if last else "author", decode_entities(name))
        # Data of a program is one line often, with an object for each person.
        for line in _lines(decode_entities(_TOKEN.sub(" ", text)).replace("},", "},\n")):
            yield Text(line, f"{self._where}, in its markup", Visibility.MARKUP)


def _lines(text: str) -> Iterator[str]:
    for line in text.split("\n"):
        line = line.strip()
        for start in range(0, len(line), MAX_LINE_CHARACTERS):
            yield line[start : start + MAX_LINE_CHARACTERS]


def _span(attributes: str) -> int:
    found = _COLSPAN.search(attributes)
    return min(max(int(found[1]), 1), MAX_SPAN) if found else 1
