"""Workbooks of Office Open XML (xlsx, xlsm, xltx, xltm, xlsb), transitional and strict: everything that one carries.

Promises: a Stream of all that the file holds, or `Uninspectable`; each part of the package is read once, whatever
points at it, and none is left out: what no relationship leads to is read by what it is. Locked, protected and read-only
workbooks are read like any other, since none of that hides anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from ..budget import Budget, Uninspectable
from ..stream import SEEN, Item, Member, Stream, Text, Visibility
from .package import Package, Relationship, open_package
from .seen_texts import SeenTexts
from .spreadsheetml import names, read_rows, sheet_of
from .xlsb import as_xml, is_binary
from .xlsx_book import Book, Sheet, read_book
from .xlsx_notes import read_comments
from .xlsx_parts import Rest, read_rest
from .xlsx_sheet import Shared, SheetParts, read_sheet
from .xlsx_strings import read_strings
from .xlsx_styles import read_styles
from .xml_events import read_xml

_CELLS = ("worksheet", "xlMacrosheet", "xlIntlMacrosheet")


def read_xlsx(data: bytes | memoryview, budget: Budget) -> Stream:
    """The workbook in these octets, which begin as a zip file does."""
    package = open_package(data, budget)
    if is_binary(package):
        package = as_xml(package)
    book = read_book(package)
    yield from _Workbook(package, book, budget).read()


def sheet_states(data: bytes | memoryview, budget: Budget) -> tuple[tuple[str, Visibility], ...]:
    """Name and state of each sheet, without reading any."""
    package = open_package(data, budget)
    book = read_book(as_xml(package) if is_binary(package) else package)
    return tuple((sheet.name, sheet.visibility) for sheet in book.sheets)


@dataclass(slots=True)
class _Workbook:
    package: Package
    book: Book
    budget: Budget
    done: set[str] = field(default_factory=set)
    named: dict[str, str] = field(default_factory=dict)

    def read(self) -> Stream:
        self.done |= {self.book.part, "[content_types].xml"}
        shared = self._shared()
        seen = SeenTexts(self.budget) if self._repeats_sheets() else None
        for item in self._sheets(shared):
            if seen is not None:
                seen.note(item)
            yield item
        yield from self.book.told
        for name in self.book.defined:
            self.named.setdefault(name.name.lower(), sheet_of(name.meaning))
            yield from _defined(name.name, name.meaning, name.comment)
        visible = frozenset(sheet.name for sheet in self.book.sheets if sheet.visibility is SEEN)
        present = frozenset(sheet.name for sheet in self.book.sheets)
        yield from read_rest(Rest(self.package, self.budget, self.done, seen, visible, present, self.named, shared))
        yield from shared.strings.unused()

    def _repeats_sheets(self) -> bool:
        return any("pivotcache" in part or "/charts/" in part for part in self.package.parts)

    def _sheets(self, shared: Shared) -> Iterator[Item]:
        for sheet in self.book.sheets:
            if not sheet.part:
                raise Uninspectable("names a sheet that is not there")
            if sheet.part in self.done:
                raise Uninspectable("names one part as two sheets")
            yield Member(sheet.name, "sheet", sheet.visibility)
            if sheet.kind in _CELLS:
                self.done.add(sheet.part)
                yield from self._sheet(sheet, shared)

    def _shared(self) -> Shared:
        related = {each.kind: each.target for each in self.package.relationships(self.book.part) if each.target}
        parts = [related.get(kind, "") for kind in ("styles", "theme", "sharedStrings")]
        self.done.update(parts)
        styles, theme, strings = (self.package.pieces(part) if part else None for part in parts)
        looks = read_styles(styles, theme)
        return Shared(read_strings(strings, looks.palette, self.budget), looks, self.book.epoch_1904, self.budget)

    def _sheet(self, sheet: Sheet, shared: Shared) -> Iterator[Item]:
        if sheet.kind != "worksheet":
            yield Member(sheet.name, "macros", Visibility.MACRO)
        where = f"sheet {sheet.name}"
        related = self.package.relationships(sheet.part)
        tables = [self._table(each.target, sheet.name) for each in related if each.kind == "table" and each.target]
        opened = partial(self.package.pieces, sheet.part)
        filters = tuple(area for area, _, filtered in tables if filtered)
        headers = frozenset(_header_row(area) for area, painted, _ in tables if painted)
        yield from read_sheet(SheetParts(where, sheet.visibility, opened, filters, headers), shared)
        yield from self._beside(sheet.name, related)

    def _beside(self, sheet: str, related: tuple[Relationship, ...]) -> Iterator[Item]:
        """Comments and links of a sheet."""
        for each in related:
            if each.kind in ("comments", "threadedComment") and each.target and each.target not in self.done:
                self.done.add(each.target)
                yield from read_comments(self.package.pieces(each.target), sheet, self.budget)
            elif each.outside:
                yield Text(each.outside, f"link in sheet {sheet}", Visibility.MARKUP)

    def _table(self, part: str, sheet: str) -> tuple[str, bool, bool]:
        """Area, whether a style paints it, whether it has a filter. Its name is kept, since pivot caches go by it."""
        self.done.add(part)
        known = names()
        area, painted, filtered = "", False, False

        def start(full: str, attributes: Mapping[str, str]) -> None:
            nonlocal area, painted, filtered
            name = known[full]
            if name == "table":
                area = attributes.get("ref", "")
                self.named[attributes.get("displayName", "")[:256].lower()] = sheet
            elif name == "tableStyleInfo":
                painted = bool(attributes.get("name"))
            elif name == "autoFilter":
                filtered = True

        read_xml(self.package.pieces(part), start)
        return area, painted, filtered


def _header_row(area: str) -> int:
    return read_rows(area)[0]


def _defined(name: str, meaning: str, comment: str) -> Iterator[Item]:
    """A name that means an area hides nothing more than the area does; a constant, a formula or a comment may."""
    if comment.strip():
        yield Text(comment.strip(), f"comment on the name {name}", Visibility.DEFINED_NAME)
    if meaning.strip() and not name.startswith("_xlnm."):
        yield Text(meaning.strip(), f"name {name}", Visibility.DEFINED_NAME)
