"""The beginning of what a file holds (core/excerpt.py), taken from the stream of its readers, and sent to the service.

Promises: memory that does not grow with the stream; of rows, columns and texts that are seen and such that are not,
both are there: ten rows of which nobody sees the eleventh would say nothing of it. What comes from a worker has no more
than the limits, or is not used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ..core.excerpt import (
    MOST_CHARACTERS,
    MOST_COLUMNS,
    MOST_ROWS,
    MOST_TABLES,
    MOST_TEXTS,
    Excerpt,
    ShownCell,
    ShownRow,
    ShownTable,
    ShownText,
)
from ..core.inventory import UNREMARKABLE
from ..core.legible import legible
from ..core.verdict import Finding
from .framing import BrokenFrame
from .stream import SEEN, Item, Row, Table, Text, Visibility, cells

_WHYS = frozenset(each.value for each in Visibility if each is not SEEN) | {""}
_MOST_COUNT = 2**53
_HEADINGS = range(1, MOST_COLUMNS + 1)

Thing = TypeVar("Thing")


def _both(seen: list[Thing], unseen: list[Thing], most: int) -> list[Thing]:
    """So many of both together; of each at least half, where there are so many."""
    of_seen = max(most - len(unseen), most // 2)
    kept = seen[:of_seen]
    return kept + unseen[: most - len(kept)]


@dataclass(slots=True)
class _OpenTable:
    """A table of which rows are taken: the first that are seen, the first that are not."""

    table: Table
    count: int = 0
    seen: list[ShownRow] = field(default_factory=list)
    unseen: list[ShownRow] = field(default_factory=list)

    def take(self, row: Row) -> None:
        self.count += 1
        if self._is_known(row):
            return
        found = cells(self.table, row)
        if not found:
            return
        kept = self.seen if any(cell.visibility is SEEN for cell in found) else self.unseen
        if len(kept) < MOST_ROWS:
            shown = [ShownCell(each.column, each.value[:MOST_CHARACTERS], _why(each.visibility)) for each in found]
            seen = [each for each in shown if not each.hidden][:MOST_COLUMNS]
            unseen = [each for each in shown if each.hidden][:MOST_COLUMNS]
            kept.append(ShownRow(row.number, tuple(seen + unseen)))

    def _is_known(self, row: Row) -> bool:
        """Whether enough rows like it are kept: most rows of a long table cost no more than this question."""
        if self.table.visibility is not SEEN or row.visibility is not SEEN:
            return len(self.unseen) == MOST_ROWS
        whole = not row.unseen and not self.table.columns
        return len(self.seen) == MOST_ROWS and (whole or len(self.unseen) == MOST_ROWS)

    def closed(self) -> ShownTable:
        rows = sorted(_both(self.seen, self.unseen, MOST_ROWS), key=lambda row: row.number)
        every = [cell for row in rows for cell in row.cells]
        unseen = sorted({cell.column for cell in every if cell.hidden})
        seen = sorted({cell.column for cell in every} - set(unseen))
        columns = set(_both(seen, unseen, MOST_COLUMNS))
        shown = tuple(
            ShownRow(row.number, tuple(sorted(kept, key=lambda cell: cell.column)))
            for row in rows
            if (kept := [cell for cell in row.cells if cell.column in columns])
        )
        headings = tuple(each[:MOST_CHARACTERS] for each in self.table.headings[: len(_HEADINGS)])
        return ShownTable(_place(self.table.where), _why(self.table.visibility), self.count, shown, headings)


class Excerpting:
    """Takes a stream item by item, beside whoever else reads it. Implements detectors.Detector, and finds nothing."""

    def __init__(self) -> None:
        self._seen: list[_OpenTable] = []
        self._unseen: list[_OpenTable] = []
        self._order: list[_OpenTable] = []
        self._open: _OpenTable | None = None
        self._texts: tuple[list[ShownText], list[ShownText]] = ([], [])
        self._more_texts = 0
        self._tables = 0

    @property
    def overlooks(self) -> bool:
        """People are shown what is written, whatever it tells."""
        return False

    def take(self, item: Item) -> None:
        match item:
            case Table():
                self._tables += 1
                self._begin(item)
            case Row():
                if self._open is not None:
                    self._open.take(item)
            case Text():
                self._take_text(item)

    def findings(self) -> tuple[Finding, ...]:
        return ()

    @property
    def unread(self) -> str | None:
        return None

    def excerpt(self, unread: str | None = None) -> Excerpt:
        """What was taken so far; the stream is over. unread: why there is no more."""
        kept = {id(each) for each in _both(self._seen, self._unseen, MOST_TABLES)}
        tables = tuple(each.closed() for each in self._order if id(each) in kept)
        seen, unseen = self._texts
        texts = tuple(_both(seen, unseen, MOST_TEXTS))
        more = self._more_texts + len(seen) + len(unseen) - len(texts)
        return Excerpt(tables, texts, self._tables - len(tables), more, unread)

    def _begin(self, table: Table) -> None:
        self._open = None
        kept = self._seen if table.visibility is SEEN else self._unseen
        if len(kept) < MOST_TABLES:
            self._open = _OpenTable(table)
            kept.append(self._open)
            self._order.append(self._open)

    def _take_text(self, text: Text) -> None:
        why = _why(text.visibility)
        if why in UNREMARKABLE or not text.text.strip():
            return
        kept = self._texts[bool(why)]
        if len(kept) < MOST_TEXTS:
            kept.append(ShownText(_place(text.where), text.text.strip()[:MOST_CHARACTERS], why))
        else:
            self._more_texts += 1


def _why(visibility: Visibility) -> str:
    return "" if visibility is SEEN else visibility.value


def _place(where: str) -> str:
    return legible(where, MOST_CHARACTERS)


def plain(excerpt: Excerpt) -> dict[str, Any]:
    """What framing.py can send."""
    return {
        "tables": [
            [
                each.where,
                each.hidden,
                each.count,
                [[row.number, [[cell.column, cell.value, cell.hidden] for cell in row.cells]] for row in each.rows],
                each.headings,
            ]
            for each in excerpt.tables
        ],
        "texts": [[each.where, each.text, each.hidden] for each in excerpt.texts],
        "more": [excerpt.more_tables, excerpt.more_texts],
    }


def excerpt_of(value: Any, unread: str | None) -> Excerpt:
    """The excerpt in an answer. Raises BrokenFrame for anything else, and for more than was asked for."""
    if not isinstance(value, dict) or not {"tables", "texts", "more"} <= value.keys():
        raise BrokenFrame("an excerpt is incomplete")
    more_tables, more_texts = (_count(each) for each in _list(value["more"], 2, exactly=True))
    tables = tuple(_table(each) for each in _list(value["tables"], MOST_TABLES))
    texts = tuple(_shown_text(each) for each in _list(value["texts"], MOST_TEXTS))
    return Excerpt(tables, texts, more_tables, more_texts, unread)


def _table(value: Any) -> ShownTable:
    where, hidden, count, rows, headings = _list(value, 5, exactly=True)
    return ShownTable(
        _text(where),
        _hidden(hidden),
        _count(count),
        tuple(_row(each) for each in _list(rows, MOST_ROWS)),
        tuple(_text(each) for each in _list(headings, len(_HEADINGS))),
    )


def _row(value: Any) -> ShownRow:
    number, found = _list(value, 2, exactly=True)
    return ShownRow(_count(number), tuple(_cell(each) for each in _list(found, MOST_COLUMNS)))


def _cell(value: Any) -> ShownCell:
    column, text, hidden = _list(value, 3, exactly=True)
    return ShownCell(_count(column), _text(text), _hidden(hidden))


def _shown_text(value: Any) -> ShownText:
    where, text, hidden = _list(value, 3, exactly=True)
    return ShownText(_text(where), _text(text), _hidden(hidden))


def _list(value: Any, most: int, *, exactly: bool = False) -> Sequence[Any]:
    if not isinstance(value, list) or len(value) > most or (exactly and len(value) != most):
        raise BrokenFrame("an excerpt has more or less than was asked for")
    return value


def _text(value: Any) -> str:
    """What a file holds is no printable text; whoever shows it makes it legible."""
    if not isinstance(value, str) or len(value) > MOST_CHARACTERS:
        raise BrokenFrame("a text in an excerpt is broken")
    return value


def _hidden(value: Any) -> str:
    if not isinstance(value, str) or value not in _WHYS:
        raise BrokenFrame("an excerpt names no reason that there is")
    return value


def _count(value: Any) -> int:
    if type(value) is not int or not 0 <= value < _MOST_COUNT:
        raise BrokenFrame("a count in an excerpt is broken")
    return value
