"""OpenDocument spreadsheets: ods and ots (a zip package), fods (one XML document).

Promises: a Stream of all that the file holds, or `Uninspectable`. An encrypted package is told by its manifest.
Objects in a package (charts, documents in the document) are read with the same reader, as what is behind a chart or
embedded.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..budget import Budget
from ..stream import Item, Member, Row, Stream, Table, Visibility
from .ods_content import ContentReader
from .opendocument import open_opendocument, pieces_of, read_content, read_object, read_parts
from .package import Package
from .properties import read_properties
from .seen_texts import SeenTexts

SPREADSHEET = b"application/vnd.oasis.opendocument.spreadsheet"
_MIMETYPES = (SPREADSHEET, SPREADSHEET + b"-template")


def read_ods(data: bytes, budget: Budget) -> Stream:
    package = open_opendocument(data, _MIMETYPES, "spreadsheet", budget)
    seen = SeenTexts(budget)
    for item in with_members(read_content(package, "", ContentReader(budget))):
        seen.note(item)
        yield item
    yield from read_parts(package, budget, lambda folder: _object(package, folder, budget, seen))


def read_fods(data: bytes, budget: Budget) -> Stream:
    """A flat document has its properties, styles and tables in one. What is embedded is read where it stands."""
    budget.spend_bytes(len(data))
    budget.spend_tags(data.count(b"<"))
    yield from with_members(ContentReader(budget).read(pieces_of(data)))
    yield from read_properties(pieces_of(data), inside="office:1.0}meta")


def with_members(items: Iterator[Item]) -> Iterator[Item]:
    """Each table also as a member: its name and whether it shows."""
    for item in items:
        if isinstance(item, Table) and item.where.startswith("sheet "):
            yield Member(item.where.removeprefix("sheet "), "sheet", item.visibility)
        yield item


def _object(package: Package, folder: str, budget: Budget, seen: SeenTexts) -> Stream:
    """A document in the document, unless it is a chart that repeats what a sheet shows."""
    member, *items = read_object(package, folder, budget)
    yield member
    if not _only_repeats(items, seen):
        yield from items


def _only_repeats(items: list[Item], seen: SeenTexts) -> bool:
    """Whether it is a chart that shows nothing but what a sheet shows. Its first row and column are labels."""
    if any(isinstance(item, Table) and item.visibility is not Visibility.CHART_CACHE for item in items):
        return False
    rows = [item for item in items if isinstance(item, Row)]
    return all(seen.holds_anywhere(row.values[1:]) for row in rows[1:])
