"""The parts of a workbook that are no listed sheet: each is read by what its outermost element says it is.

A part is judged by its content rather than by the relationship or the content type that leads to it, so that a wrong,
a missing or a circular one changes nothing. What nobody here knows is read as text; what is no XML is handed on as a
file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from ..budget import Budget
from ..stream import Member, Row, Stream, Table, Text, Visibility
from .chart import read_chart
from .drawing import read_drawing
from .package import Package
from .package_parts import known_name, outermost, read_file, read_links, read_unknown, source_of
from .properties import read_properties
from .seen_texts import SeenTexts
from .xlsx_link import read_link_cache
from .xlsx_notes import read_comments, read_persons
from .xlsx_pivot import PivotCache, left_over, read_definition, read_records
from .xlsx_sheet import Shared, SheetParts, read_sheet


@dataclass(frozen=True, slots=True)
class Rest:
    """done: parts that have been read. visible, present: names of sheets. seen: what they show, if it is repeated.
    named: name of a table or an area, in lower case -> the sheet that it is on."""

    package: Package
    budget: Budget
    done: set[str]
    seen: SeenTexts | None
    visible: frozenset[str]
    present: frozenset[str]
    named: Mapping[str, str]
    shared: Shared


_VML = "xml"
"""The outermost element of the old drawings, which has no namespace."""
_SILENT = frozenset(
    [
        *("Relationships", "Types", "styleSheet", "theme", "calcChain", "table", "pivotTableDefinition"),
        *("chartStyle", "colorStyle", "formControlPr", "sheetMetadata", "ctrlProp", "rvStructures", "rvTypesInfo"),
    ]
)
"""Outermost elements of parts that say how things look or are computed and hold no value of their own."""


def read_rest(rest: Rest) -> Stream:
    """Every part that has not been read yet, in the order of the file; records after the cache that they are of."""
    for part in sorted(rest.package.parts, key=lambda each: "records" in each):
        if part not in rest.done:
            rest.done.add(part)
            yield from _read_part(rest, part)


def _read_part(rest: Rest, part: str) -> Stream:
    if part.endswith(".rels"):
        return _outside(rest, part)
    root = outermost(rest.package, part)
    if not root:
        return read_file(rest.package, part)
    name = root if root == _VML else known_name(root)
    if name in _SILENT:
        return ()
    return _READERS.get(name, _unknown)(rest, part)


def _outside(rest: Rest, part: str) -> Stream:
    """Links of parts that are no sheet: another workbook, a template, a picture. Reported, never fetched."""
    source = source_of(part)
    if source in _sheets_of(rest):
        return
    yield from read_links(rest.package, source)


def _sheets_of(rest: Rest) -> frozenset[str]:
    return frozenset(part for part in rest.done if part.startswith("xl/worksheets/"))


def _unknown(rest: Rest, part: str, visibility: Visibility = Visibility.MARKUP) -> Stream:
    return read_unknown(rest.package, part, visibility, rest.budget)


def _orphan(rest: Rest, part: str) -> Stream:
    """A sheet that the workbook does not list: no program shows it."""
    yield Member(part, "sheet", Visibility.HIDDEN_SHEET)
    opened = partial(rest.package.pieces, part)
    yield from read_sheet(SheetParts(f"unlisted sheet {part}", Visibility.HIDDEN_SHEET, opened), rest.shared)


def _macro_sheet(rest: Rest, part: str) -> Stream:
    yield Member(part, "macros", Visibility.MACRO)
    yield from _orphan(rest, part)


def _comments(rest: Rest, part: str) -> Stream:
    return read_comments(rest.package.pieces(part), part, rest.budget)


def _persons(rest: Rest, part: str) -> Stream:
    return read_persons(rest.package.pieces(part))


def _properties(rest: Rest, part: str) -> Stream:
    return read_properties(rest.package.pieces(part))


def _link(rest: Rest, part: str) -> Stream:
    outside = next((each.outside for each in rest.package.relationships(part) if each.outside), "")
    name = outside.replace("\\", "/").rpartition("/")[2] or "another workbook"
    yield Member(name, "cache of another workbook", Visibility.LINK_CACHE)
    yield from read_link_cache(rest.package.pieces(part), f"cache of {name}", rest.budget)


def _pivot_cache(rest: Rest, part: str) -> Stream:
    """The records that the sheet of the source does not show; all, where the source is gone, hidden or elsewhere."""
    cache = read_definition(rest.package.pieces(part), rest.budget)
    cache.sheet = cache.sheet or rest.named.get(cache.area.lower(), "")
    source = f"sheet {cache.sheet}" if cache.sheet in rest.visible and not cache.outside else ""
    where = f"{_pivot_name(part)} of {_source(rest, cache.sheet, cache.outside)}"
    yield Member(where, "pivot cache", Visibility.PIVOT_CACHE)
    records = [each.target for each in rest.package.relationships(part) if each.kind == "pivotCacheRecords"]
    yield Table(where, Visibility.PIVOT_CACHE, headings=cache.headings)
    for target in dict.fromkeys(records):
        if target:
            rest.done.add(target)
            rows = read_records(rest.package.pieces(target), cache, rest.budget)
            yield from _unseen_rows(rest, source, rows)
    left = list(_unseen_rows(rest, source, left_over(cache)))
    if left:
        yield Table(f"{where}, items of no row", Visibility.PIVOT_CACHE, headings=cache.headings)
        yield from left


def _lone_records(rest: Rest, part: str) -> Stream:
    """Records that no cache leads to. Those that name items by number cannot be read without it, and say so."""
    yield Table(f"pivot records {part}", Visibility.PIVOT_CACHE)
    yield from read_records(rest.package.pieces(part), PivotCache(), rest.budget)


def _pivot_name(part: str) -> str:
    number = "".join(filter(str.isdigit, part.rpartition("/")[2]))
    return f"pivot cache {number}".strip()


def _source(rest: Rest, sheet: str, outside: bool) -> str:
    if outside or not sheet:
        return "another source"
    if sheet in rest.visible:
        return f"sheet {sheet}"
    return f"sheet {sheet}, which is {'hidden' if sheet in rest.present else 'not in the file'}"


def _unseen_rows(rest: Rest, source: str, rows: Iterable[Row]) -> Iterator[Row]:
    if rest.seen is None or not source:
        yield from rows
        return
    for row in rows:
        if not rest.seen.holds(source, row.values):
            yield row


def _chart(rest: Rest, part: str) -> Stream:
    """What a chart keeps beyond what its sheets show."""
    chart = read_chart(rest.package.pieces(part), rest.budget)
    where = f"chart {part.rpartition('/')[2].removesuffix('.xml')}"
    for text in chart.texts:
        yield Text(text, where)
    source = f"sheet {next(iter(chart.sheets))}" if len(chart.sheets) == 1 and chart.sheets <= rest.visible else ""
    rows = list(_unseen_rows(rest, source, chart.rows()))
    if rows:
        yield Table(where, Visibility.CHART_CACHE)
        yield from rows


def _drawing(rest: Rest, part: str) -> Stream:
    return read_drawing(rest.package.pieces(part), part, rest.budget)


def _as(visibility: Visibility) -> Callable[[Rest, str], Stream]:
    return lambda rest, part: _unknown(rest, part, visibility)


_READERS: dict[str, Callable[[Rest, str], Stream]] = {
    "worksheet": _orphan,
    "macrosheet": _macro_sheet,
    "dialogsheet": _orphan,
    "chartsheet": lambda rest, part: (),
    "comments": _comments,
    "ThreadedComments": _comments,
    "personList": _persons,
    "externalLink": _link,
    "pivotCacheDefinition": _pivot_cache,
    "pivotCacheRecords": _lone_records,
    "chartSpace": _chart,
    "wsDr": _drawing,
    _VML: _drawing,
    "userShapes": _drawing,
    "coreProperties": _properties,
    "Properties": _properties,
    "connections": _as(Visibility.CONNECTION),
    "queryTable": _as(Visibility.CONNECTION),
    "headers": _as(Visibility.EARLIER_REVISION),
    "revisions": _as(Visibility.EARLIER_REVISION),
    "users": _as(Visibility.EARLIER_REVISION),
    "datastoreItem": lambda rest, part: (),
}
