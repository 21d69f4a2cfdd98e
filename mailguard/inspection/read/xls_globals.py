"""What a BIFF8 workbook says before its sheets: names and states of the sheets, formats, strings, names, links."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ..budget import Budget, Uninspectable
from ..stream import SEEN, Item, Person, Row, Table, Text, Visibility
from .biff import EOF, Letters, Record, read_letters, read_string, records
from .colour import INDEXED
from .number_format import BUILT_IN_DATES, DATE, GENERAL, NumberFormat, read_format
from .xlsx_strings import Run, Strings
from .xlsx_styles import Look, make_look

_STATES = (SEEN, Visibility.HIDDEN_SHEET, Visibility.VERY_HIDDEN_SHEET, Visibility.VERY_HIDDEN_SHEET)
_KINDS = {0: "worksheet", 1: "macros", 2: "chart", 6: "macros"}
_AUTOMATIC = 0x7FFF
_OVERHEAD = 64
_SELF, _ADD_IN = 0x0401, 0x3A01


@dataclass(frozen=True, slots=True)
class BoundSheet:
    name: str
    visibility: Visibility
    kind: str
    start: int


@dataclass(slots=True)
class Globals:
    """looks: number of a cell format -> its Look, for those that do something; grounds: the colour behind the cell."""

    sheets: list[BoundSheet] = field(default_factory=list)
    strings: Strings = field(default_factory=Strings)
    looks: dict[int, Look] = field(default_factory=dict)
    grounds: dict[int, int] = field(default_factory=dict)
    epoch_1904: bool = False
    window_hidden: bool = False
    items: list[Item] = field(default_factory=list)
    caches: dict[int, str] = field(default_factory=dict)
    """Number of the stream of a pivot cache -> name of the sheet that is its source, "" where it is no sheet here."""


def read_globals(stream: bytes, budget: Budget) -> Globals:
    """The records up to the first end."""
    reader = _Reader(budget)
    for record in records(stream, budget):
        if record.kind == EOF:
            break
        handler = _HANDLERS.get(record.kind)
        if handler is not None:
            try:
                handler(reader, record)
            except (struct.error, IndexError) as error:
                raise Uninspectable("its workbook holds a record that is cut off") from error
    reader.finish()
    return reader.found


class _Reader:
    def __init__(self, budget: Budget) -> None:
        self.found = Globals()
        self._budget = budget
        self._palette = list(INDEXED)
        self._codes: dict[int, str] = {}
        self._fonts: list[tuple[float, int]] = []
        self._formats: list[tuple[int, int, int, int, int]] = []
        self._runs: dict[int, tuple[tuple[int, int], ...]] = {}
        self._link = ""
        self._link_sheets: list[str] = []
        self._cache = -1

    def finish(self) -> None:
        """Fonts and formats name colours of the palette, which comes after them."""
        self.found.strings.used = bytearray(len(self.found.strings.texts))
        for index, (font, number, pattern, front, back) in enumerate(self._formats):
            ground = self._ground(pattern, front, back)
            look = make_look(self._number(number), self._font(font), ground)
            if look is not None:
                self.found.looks[index] = look
            if ground is not None:
                self.found.grounds[index] = ground
        for index, runs in self._runs.items():
            fonts = [self._font(font) for _, font in runs]
            self.found.strings.runs[index] = tuple(Run(size, colour) for size, colour in fonts)

    def bound_sheet(self, record: Record) -> None:
        start, state, kind = struct.unpack_from("<LBB", record.body)
        name, _ = read_string(record.body, 6, wide_length=False)
        self.found.sheets.append(BoundSheet(name, _STATES[state & 3], _KINDS.get(kind, "worksheet"), start))

    def window(self, record: Record) -> None:
        self.found.window_hidden = bool(struct.unpack_from("<H", record.body, 8)[0] & 1)

    def date_mode(self, record: Record) -> None:
        self.found.epoch_1904 = record.body[:1] == b"\x01"

    def font(self, record: Record) -> None:
        height, _, colour = struct.unpack_from("<HHH", record.body)
        self._fonts.append((height / 20, colour))

    def format(self, record: Record) -> None:
        (number,) = struct.unpack_from("<H", record.body)
        self._codes[number] = read_string(record.body, 2)[0]

    def cell_format(self, record: Record) -> None:
        font, number = struct.unpack_from("<HH", record.body)
        border, colours = struct.unpack_from("<LH", record.body, 14)
        self._formats.append((font, number, border >> 26, colours & 127, colours >> 7 & 127))

    def palette(self, record: Record) -> None:
        (count,) = struct.unpack_from("<H", record.body)
        for index in range(min(count, 56)):
            red, green, blue = record.body[2 + 4 * index : 5 + 4 * index]
            self._palette[8 + index] = red << 16 | green << 8 | blue

    def shared_strings(self, record: Record) -> None:
        _, count = struct.unpack_from("<LL", record.body)
        letters = Letters((record.body[8:], *record.more))
        for index in range(count):
            text, runs = letters.string()
            self._budget.keep(len(text) + _OVERHEAD + 96 * len(runs))
            self.found.strings.texts.append(text)
            if runs:
                self._runs[index] = runs

    def writer(self, record: Record) -> None:
        name = read_string(record.body, 0)[0].strip()
        if name:
            self.found.items.append(Person("last saved by", name))

    def name(self, record: Record) -> None:
        """What is defined as an area hides nothing more than the area; texts in the formula are told."""
        flags, _, length, size = struct.unpack_from("<HBBH", record.body)
        name, after = read_letters(record.body, 14, length)
        told = " ".join(_texts_of(record.body[after : after + size]))
        if told and not flags & 0x20:
            self._say(told, f"name {name}", Visibility.DEFINED_NAME)

    def link(self, record: Record) -> None:
        sheets, mark = struct.unpack_from("<HH", record.body)
        self._link, self._link_sheets = "", []
        if mark in (_SELF, _ADD_IN) and len(record.body) == 4:
            return
        self._link, position = read_string(record.body, 2)
        self._link = self._link.lstrip("\x00\x01\x02\x03\x04\x05\x06\x07\x08")
        for _ in range(sheets):
            if position >= len(record.body):
                break
            sheet, position = read_string(record.body, position)
            self._link_sheets.append(sheet)
        self._say(self._link, "link", Visibility.MARKUP)

    def link_sheet(self, record: Record) -> None:
        """The cells that follow are of this sheet of the other workbook."""
        index = struct.unpack_from("<H", record.body, 2)[0] if len(record.body) >= 4 else 0
        sheet = self._link_sheets[index] if index < len(self._link_sheets) else str(index)
        self.found.items.append(Table(f"cache of {_last(self._link)}: sheet {sheet}", Visibility.LINK_CACHE))

    def link_cells(self, record: Record) -> None:
        last, first, row = struct.unpack_from("<BBH", record.body)
        position, values, columns = 4, [], []
        for column in range(first, last + 1):
            value, position = _link_value(record.body, position)
            if value:
                values.append(value)
                columns.append(column + 1)
        self._budget.spend_cells(len(values))
        self._budget.keep(sum(len(value) + _OVERHEAD for value in values))
        if values:
            self.found.items.append(Row(row + 1, tuple(values), tuple(columns)))

    def cache(self, record: Record) -> None:
        (self._cache,) = struct.unpack_from("<H", record.body)
        self.found.caches[self._cache] = ""

    def cache_source(self, record: Record) -> None:
        """A source in this workbook has a 2 before the name of its sheet."""
        sheet = read_string(record.body, 6)[0]
        if sheet.startswith("\x02") and self._cache >= 0:
            self.found.caches[self._cache] = sheet[1:]

    def _say(self, text: str, where: str, visibility: Visibility) -> None:
        if text.strip():
            self._budget.keep(len(text) + _OVERHEAD)
            self.found.items.append(Text(text.strip(), where, visibility))

    def _font(self, index: int) -> tuple[float, int | None]:
        """There is no font 4: the fifth has the number 5."""
        place = index - 1 if index > 4 else index
        if place >= len(self._fonts):
            return 11.0, None
        size, colour = self._fonts[place]
        return size, None if colour == _AUTOMATIC else self._colour(colour)

    def _colour(self, index: int) -> int | None:
        return self._palette[index] if index < len(self._palette) else None

    def _ground(self, pattern: int, front: int, back: int) -> int | None:
        if pattern == 0:
            return None
        return self._colour(front if pattern == 1 else back)

    def _number(self, index: int) -> NumberFormat:
        if index in self._codes:
            return read_format(self._codes[index])
        return DATE if index in BUILT_IN_DATES else GENERAL


_HANDLERS: dict[int, Callable[[_Reader, Record], None]] = {
    0x0085: _Reader.bound_sheet,
    0x003D: _Reader.window,
    0x0022: _Reader.date_mode,
    0x0031: _Reader.font,
    0x041E: _Reader.format,
    0x00E0: _Reader.cell_format,
    0x0092: _Reader.palette,
    0x00FC: _Reader.shared_strings,
    0x005C: _Reader.writer,
    0x0018: _Reader.name,
    0x01AE: _Reader.link,
    0x0059: _Reader.link_sheet,
    0x005A: _Reader.link_cells,
    0x00D5: _Reader.cache,
    0x0051: _Reader.cache_source,
}


def number_text(value: float) -> str:
    """As people write it: a whole number without its point."""
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def _link_value(body: bytes, position: int) -> tuple[str, int]:
    kind = body[position]
    if kind == 2:
        return read_string(body, position + 1)
    if kind == 1:
        return number_text(struct.unpack_from("<d", body, position + 1)[0]), position + 9
    return "", position + 9


def _texts_of(formula: bytes) -> Iterator[str]:
    """Texts in a formula (ptgStr), looked for octet by octet: what is no text but looks like one is told as well."""
    position = 0
    while position + 3 <= len(formula):
        if formula[position] == 0x17 and formula[position + 1] and formula[position + 2] in (0, 1):
            text, after = read_letters(formula, position + 2, formula[position + 1])
            if after <= len(formula) and text.isprintable():
                yield text
                position = after
                continue
        position += 1


def _last(link: str) -> str:
    return link.replace("\\", "/").rpartition("/")[2] or "another workbook"
