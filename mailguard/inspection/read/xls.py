"""Workbooks of Excel 5 to 2003 (BIFF5 and BIFF8 in a compound file): everything that one carries.

Promises: a Stream of all that the file holds, or `Uninspectable`. Files with one beside the other are not read, since
programs differ in which they take; nor are workbooks of before Excel 5.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from ..budget import Budget, Uninspectable
from ..stream import SEEN, Member, Row, Stream, Table, Visibility
from .biff import BOF, opened
from .biff5 import VERSION as BIFF5
from .biff5 import as_biff8
from .compound import CompoundFile
from .ole_object import unwrap
from .property_set import read_property_set
from .seen_texts import SeenTexts
from .xls_globals import BoundSheet, Globals, read_globals
from .xls_pivot import read_cache
from .xls_sheet import Chart, read_xls_sheet

_BIFF8 = 0x0600
_CACHES, _MACROS, _OBJECT = "_sx_db_cur", "_vba_project_cur", "mbd"
_SUMMARY, _DOCUMENT = "\x05summaryinformation", "\x05documentsummaryinformation"
_SILENT = frozenset(
    ["\x01compobj", "\x01ole", "\x03objinfo", "\x02olepres000", "\x03linkinfo", "ctls", "\x01ole10itemname"]
)


def is_workbook(compound: CompoundFile) -> bool:
    return compound.find("Workbook") is not None or compound.find("Book") is not None


def read_xls(compound: CompoundFile, budget: Budget) -> Stream:
    old, name = compound.find("Book"), compound.find("Workbook") or ""
    if old is not None and name:
        raise Uninspectable("holds two workbooks in one, of Excel 95 and of Excel 97")
    name = old or name
    yield from _read_workbook(compound.read(name), compound, "", budget)
    for path in compound.streams:
        if path != name:
            yield from _read_other(compound, path, budget)


def _read_workbook(raw: bytes, compound: CompoundFile, folder: str, budget: Budget) -> Stream:
    version = _version(raw)
    stream = opened(raw, budget)
    if version == BIFF5:
        if any(path.lower().startswith(f"{folder}{_CACHES}/") for path in compound.streams):
            raise Uninspectable("holds a pivot cache of before Excel 97, which is not read")
        stream = as_biff8(stream, budget)
    known = read_globals(stream, budget)
    charts: list[Chart] = []
    seen = SeenTexts(budget)
    for sheet in known.sheets:
        yield _member(sheet)
        for item in read_xls_sheet(stream, sheet, known, budget, charts):
            seen.note(item)
            yield item
    yield from known.items
    yield from known.strings.unused()
    yield from _read_charts(charts, seen)
    yield from _read_caches(compound, folder, known, seen, budget)


def _member(sheet: BoundSheet) -> Member:
    if sheet.kind == "macros":
        return Member(sheet.name, "macros", Visibility.MACRO)
    return Member(sheet.name, "sheet", sheet.visibility)


def _version(stream: bytes) -> int:
    try:
        kind, _, version = struct.unpack_from("<HHH", stream)
    except struct.error as error:
        raise Uninspectable("its workbook is cut off") from error
    if kind != BOF or version not in (_BIFF8, BIFF5):
        raise Uninspectable("a workbook of before Excel 5, which is not read")
    return int(version)


def _read_charts(charts: list[Chart], seen: SeenTexts) -> Stream:
    for number, chart in enumerate(charts, 1):
        rows = [row for row in chart.rows() if not seen.holds_anywhere(row.values)]
        if rows:
            yield Table(f"chart {number}", Visibility.CHART_CACHE)
            yield from rows


def _read_caches(compound: CompoundFile, folder: str, known: Globals, seen: SeenTexts, budget: Budget) -> Stream:
    """Pivot caches, less what the sheet of their source shows."""
    prefix = f"{folder}{_CACHES}/"
    for path in compound.streams:
        if not path.lower().startswith(prefix):
            continue
        number = path.rpartition("/")[2]
        sheet = known.caches.get(int(number, 16), "") if _is_number(number) else ""
        where = f"pivot cache {number} of {f'sheet {sheet}' if sheet else 'another source'}"
        headings, rows, left = read_cache(opened(compound.read(path), budget), budget)
        yield Member(where, "pivot cache", Visibility.PIVOT_CACHE)
        for name, found in ((where, rows), (f"{where}, items of no row", left)):
            yield Table(name, Visibility.PIVOT_CACHE, headings=headings)
            yield from _unseen(found, sheet, seen)


def _unseen(rows: list[Row], sheet: str, seen: SeenTexts) -> Iterator[Row]:
    """Less what its sheet shows; of a source that goes by a name, less what some sheet shows as a whole."""
    for row in rows:
        if not (seen.holds(f"sheet {sheet}", row.values) if sheet else seen.holds_anywhere(row.values)):
            yield row


def _is_number(name: str) -> bool:
    return 0 < len(name) <= 4 and all(each in "0123456789abcdefABCDEF" for each in name)


def _read_other(compound: CompoundFile, path: str, budget: Budget) -> Stream:
    folder, _, name = path.rpartition("/")
    lower, where = name.lower(), folder.lower()
    if where.startswith(_CACHES):
        return
    if where.startswith(_MACROS):
        if lower == "project":
            yield Member(folder, "macros", Visibility.MACRO)
    elif lower in (_SUMMARY, _DOCUMENT):
        yield from read_property_set(compound.read(path), lower == _SUMMARY)
    elif lower in ("workbook", "book"):
        yield from _read_embedded(compound, path, folder, budget)
    elif lower == "\x01ole10native":
        yield unwrap(compound.read(path))
    elif lower not in _SILENT:
        yield Member(path, "file", Visibility.EMBEDDED if folder else Visibility.MARKUP, compound.read(path))


def _read_embedded(compound: CompoundFile, path: str, folder: str, budget: Budget) -> Stream:
    """A workbook in an object: what is on its sheets is embedded, whatever their state."""
    budget.descend()
    yield Member(folder, "embedded workbook", Visibility.EMBEDDED)
    for item in _read_workbook(compound.read(path), compound, f"{folder.lower()}/", budget):
        if isinstance(item, Table) and item.visibility is SEEN:
            yield Table(f"{folder}: {item.where}", Visibility.EMBEDDED, item.columns, item.headings)
        else:
            yield item
    budget.ascend()
