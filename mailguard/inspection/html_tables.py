"""HTML as a stream: rows of its tables, and the text around them, each with what a style hides.

Promises: total for any text, however broken its tags are; linear; nothing is fetched or run. Comments, scripts and
styles are text that no reader shows (MARKUP). Styles that the document sets apart from its elements are not followed:
what they hide counts as seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ..core.mail.markup import decode_entities
from .stream import SEEN, Item, Row, Table, Text, Visibility

MAX_DEPTH = 400
"""Elements within each other whose styles are remembered; what lies deeper is as visible as they are."""
MAX_SPAN = 64
MAX_LINE_CHARACTERS = 4_000
_TOKEN = re.compile(
    r"<!--(?P<comment>[\s\S]*?)(?:-->|\Z)"
    r"|<(?P<raw>script|style)(?=[\s/>])[^<>]*>(?P<code>[\s\S]*?)(?:</(?P=raw)\s{0,9}>|\Z)"
    r"|<(?P<end>/?)(?P<name>[a-z][a-z0-9:]{0,20})(?P<attributes>[^<>]*)>"
    r"|<[!?][^<>]*>",
    re.IGNORECASE,
)
_BREAKS = frozenset("br p div li ul ol h1 h2 h3 h4 h5 h6 hr dt dd blockquote pre section article header footer".split())  # noqa: SIM905
_VOID = frozenset("br hr img input meta link area base col embed source track wbr".split())  # noqa: SIM905
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|mso-hide\s*:\s*all|opacity\s*:\s*0(?![.\d])"
    r"|(?:max-)?height\s*:\s*0(?:px)?\s*(?:;|[\"']|$)",
    re.IGNORECASE,
)
_TINY = re.compile(r"font-size\s*:\s*[01](?:\.\d+)?(?:px|pt|em|%)?\s*(?:;|[\"']|$)", re.IGNORECASE)
_WHITE = re.compile(
    r"(?<!-)color\s*[:=]\s*[\"']?\s*(?:#fff(?:fff)?\b|white\b|rgba?\(\s*255\s*,\s*255\s*,\s*255)", re.IGNORECASE
)
_BACKGROUND = re.compile(r"background|bgcolor", re.IGNORECASE)
_HIDDEN_ATTRIBUTE = re.compile(r"\shidden(?=[\s=/]|$)", re.IGNORECASE)
_COLSPAN = re.compile(r"colspan\s*=\s*[\"']?(\d{1,3})", re.IGNORECASE)


@dataclass(slots=True)
class _Open:
    """A table that is open: its number, and the cells of its open row."""

    number: int
    rows: int = 0
    cells: list[str] = field(default_factory=list)
    unseen: list[tuple[int, Visibility]] = field(default_factory=list)
    in_cell: bool = False
    span: int = 1


def html_items(source: str, where: str) -> Iterator[Item]:
    """The stream of an HTML document."""
    yield from _Reader(source, where).items()


class _Reader:
    """Walks the tags once; a table within a cell has rows of its own, and is none of the outer table's text."""

    def __init__(self, source: str, where: str) -> None:
        self._source = source
        self._where = where
        self._text: list[str] = []
        self._tables: list[_Open] = []
        self._elements: list[tuple[str, Visibility]] = []
        self._numbered = self._current = 0

    def items(self) -> Iterator[Item]:
        position = 0
        for token in _TOKEN.finditer(self._source):
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

    def _begin(self, name: str, attributes: str) -> Iterator[Item]:
        if name in _BREAKS or name == "table":
            yield from self._break()
        why = _why_hidden(attributes, self._why())
        if name == "table":
            self._numbered += 1
            self._tables.append(_Open(self._numbered))
        elif name == "tr":
            yield from self._end_row()
        elif name in ("td", "th"):
            yield from self._end_cell()
            if self._tables:
                self._tables[-1].in_cell = True
                self._tables[-1].span = _span(attributes)
        elif why is not self._why():
            yield from self._flush()
        if name not in _VOID and len(self._elements) < MAX_DEPTH:
            self._elements.append((name, why))

    def _end(self, name: str) -> Iterator[Item]:
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

    def _why(self) -> Visibility:
        return self._elements[-1][1] if self._elements else SEEN

    def _break(self) -> Iterator[Item]:
        """The end of a line: of a paragraph, or within a cell."""
        if self._tables and self._tables[-1].in_cell:
            self._text.append(" ")
        else:
            yield from self._flush()

    def _flush(self) -> Iterator[Item]:
        """The text so far: a part of a cell, or a Text of its own where no cell is open."""
        if self._tables and self._tables[-1].in_cell:
            return
        for line in _lines(self._taken()):
            yield Text(line, self._where, self._why())

    def _taken(self) -> str:
        text = decode_entities("".join(self._text))
        self._text.clear()
        return text

    def _end_cell(self) -> Iterator[Item]:
        table = self._tables[-1] if self._tables else None
        if table is None or not table.in_cell:
            yield from self._flush()
            return
        table.in_cell = False
        why = self._why()
        if why is not SEEN:
            table.unseen.append((len(table.cells), why))
        table.cells += [" ".join(self._taken().split()), *[""] * (table.span - 1)]

    def _end_row(self) -> Iterator[Item]:
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

    def _markup(self, text: str) -> Iterator[Item]:
        """A comment or a script. Outlook's conditional comments hold the same tags again, which say nothing."""
        for line in _lines(decode_entities(_TOKEN.sub(" ", text))):
            yield Text(line, f"{self._where}, in its markup", Visibility.MARKUP)


def _lines(text: str) -> Iterator[str]:
    for line in text.split("\n"):
        line = line.strip()
        for start in range(0, len(line), MAX_LINE_CHARACTERS):
            yield line[start : start + MAX_LINE_CHARACTERS]


def _span(attributes: str) -> int:
    found = _COLSPAN.search(attributes)
    return min(max(int(found[1]), 1), MAX_SPAN) if found else 1


def _why_hidden(attributes: str, around: Visibility) -> Visibility:
    """Why what is in an element is not seen: for a reason of its own, else for that of the element around it."""
    if not attributes:
        return around
    if _HIDDEN.search(attributes) or _HIDDEN_ATTRIBUTE.search(attributes):
        return Visibility.HIDDEN_TEXT
    if _TINY.search(attributes):
        return Visibility.TINY_TEXT
    if _WHITE.search(attributes) and not _BACKGROUND.search(attributes):
        return Visibility.SAME_COLOUR
    return around
