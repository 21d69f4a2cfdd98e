"""Workbooks of Excel 5 and 95 (BIFF5): their records are rewritten as the BIFF8 that means the same, so that everything
that judges a workbook is one and the same.

Between the two, strings differ (one octet a letter, in the alphabet of the machine), and so do cell formats and notes.
Promises: total on any octets: a BIFF8 stream, or `Uninspectable`. Records without text pass as they are.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from ..budget import Budget, Uninspectable
from .biff import BOF, BOUNDSHEET, CONTINUE, Record, records

VERSION = 0x0500
_CODE_PAGE = 0x0042
_TEXT_BOX = 6
_CUT = "its workbook holds a record that is cut off"
_PAGES = {367: "ascii", 0x8000: "mac_roman", 0x8001: "cp1252"} | {
    page: f"cp{page}" for page in (437, 850, 852, 855, 857, 858, 860, 861, 862, 863, 865, 866, 869, 874, 932, 936, 949)
}
_PAGES |= {page: f"cp{page}" for page in (950, *range(1250, 1259))} | {1200: "cp1252"}
"""Numbers of the CODEPAGE record (Excel 97-2007 Binary File Format) -> alphabets. 1200 means nothing without BIFF8."""


def as_biff8(stream: bytes, budget: Budget) -> bytes:
    """stream: in the clear. Positions of sheets are worked out anew."""
    writer = _Writer()
    for record in records(stream, budget):
        budget.keep(len(record.body) + 16)
        try:
            writer.add(record)
        except (struct.error, IndexError) as error:
            raise Uninspectable(_CUT) from error
    return writer.finish()


class _Writer:
    """moved: where a record lay -> where it lies. bound: places of the positions of sheets, and what they were."""

    def __init__(self) -> None:
        self._made = bytearray()
        self._moved: dict[int, int] = {}
        self._bound: list[tuple[int, int]] = []
        self._alphabet = "cp1252"
        self._notes = 0
        self._note: tuple[int, int, int, str] | None = None

    def add(self, record: Record) -> None:
        if self._note is not None and not self._is_more(record):
            self._end_note()
        if record.kind == BOF:
            self._moved[record.start] = len(self._made)
            self._write(BOF, struct.pack("<H", 0x0600) + record.body[2:].ljust(14, b"\0"))
        elif record.kind == _CODE_PAGE:
            self._alphabet = _PAGES.get(struct.unpack_from("<H", record.body)[0], "")
            if not self._alphabet:
                raise Uninspectable("is written in an alphabet that is not known")
        elif record.kind in _REWRITTEN:
            if record.more and record.kind not in _MAY_GO_ON:
                raise Uninspectable("has a text that goes on in a way that is not read")
            _REWRITTEN[record.kind](self, record)
        else:
            self._write(record.kind, record.body)
            for more in record.more:
                self._write(CONTINUE, more)

    def finish(self) -> bytes:
        if self._note is not None:
            self._end_note()
        for place, start in self._bound:
            if start not in self._moved:
                raise Uninspectable("names a sheet that is not there")
            struct.pack_into("<L", self._made, place, self._moved[start])
        return bytes(self._made)

    def _write(self, kind: int, body: bytes) -> None:
        self._made += struct.pack("<HH", kind, len(body)) + body

    def _letters(self, raw: bytes) -> bytes:
        """Flags and letters, two octets each."""
        return b"\x01" + raw.decode(self._alphabet, "replace").encode("utf-16-le", "replace")

    def _long(self, raw: bytes) -> bytes:
        made = self._letters(raw)
        return struct.pack("<H", len(made) // 2) + made

    def bound_sheet(self, record: Record) -> None:
        start, length = struct.unpack_from("<L", record.body)[0], record.body[6]
        made = self._letters(record.body[7 : 7 + length])
        self._bound.append((len(self._made) + 4, start))
        self._write(BOUNDSHEET, record.body[:6] + bytes([min(255, len(made) // 2)]) + made)

    def format(self, record: Record) -> None:
        self._write(record.kind, record.body[:2] + self._long(record.body[3 : 3 + record.body[2]]))

    def cell_format(self, record: Record) -> None:
        """The pattern stood beside its colours, and stands beside the borders."""
        colours, pattern = struct.unpack_from("<HH", record.body, 8)
        made = record.body[:8] + bytes(6) + struct.pack("<LH", (pattern & 63) << 26, colours & 0x3FFF)
        self._write(record.kind, made)

    def label(self, record: Record) -> None:
        (length,) = struct.unpack_from("<H", record.body, 6)
        self._write(record.kind, record.body[:6] + self._long(record.body[8 : 8 + length]))

    def text(self, record: Record) -> None:
        (length,) = struct.unpack_from("<H", record.body)
        self._write(record.kind, self._long(record.body[2 : 2 + length]))

    def short_text(self, record: Record) -> None:
        """A header, a footer, or who saved the file."""
        if record.body:
            self._write(record.kind, self._long(record.body[1 : 1 + record.body[0]]))

    def series_text(self, record: Record) -> None:
        made = self._letters(record.body[3 : 3 + record.body[2]])
        self._write(record.kind, record.body[:2] + bytes([min(255, len(made) // 2)]) + made)

    def name(self, record: Record) -> None:
        """Of its formula only the texts are kept, since nothing else is asked for."""
        length = record.body[3]
        (size,) = struct.unpack_from("<H", record.body, 4)
        letters = self._letters(record.body[14 : 14 + length])
        formula = self._texts_of(record.body[14 + length : 14 + length + size])
        head = struct.pack("<3sBH8s", record.body[:3], min(255, len(letters) // 2), len(formula), record.body[6:14])
        self._write(record.kind, head + letters + formula)

    def _texts_of(self, formula: bytes) -> bytes:
        made, position = b"", formula.find(b"\x17")
        while position >= 0 and position + 1 < len(formula):
            raw = formula[position + 2 : position + 2 + formula[position + 1]]
            letters = self._letters(raw)
            made += b"\x17" + bytes([min(255, len(letters) // 2)]) + letters
            position = formula.find(b"\x17", position + 2 + len(raw))
        return made

    def link_cells(self, record: Record) -> None:
        last, first = record.body[0], record.body[1]
        made, position = record.body[:4], 4
        for _ in range(first, last + 1):
            if record.body[position] == 2:
                length = record.body[position + 1]
                made += b"\x02" + self._long(record.body[position + 2 : position + 2 + length])
                position += 2 + length
            else:
                made += record.body[position : position + 9]
                position += 9
        self._write(record.kind, made)

    def object(self, record: Record) -> None:
        """The text of a box stands in its object, in a way of its own."""
        if struct.unpack_from("<H", record.body, 4)[0] == _TEXT_BOX:
            raise Uninspectable("holds a text box of before Excel 97, which is not read")

    def note(self, record: Record) -> None:
        """A long note goes on in notes in the row 65535."""
        row, column, _ = struct.unpack_from("<HHH", record.body)
        text = record.body[6:].decode(self._alphabet, "replace")
        if row == 0xFFFF and self._note is not None:
            self._note = (*self._note[:3], self._note[3] + text)
        else:
            self._notes += 1
            self._note = row, column, self._notes, text

    def _is_more(self, record: Record) -> bool:
        return record.kind == 0x001C and record.body[:2] == b"\xff\xff"

    def _end_note(self) -> None:
        """As a box with a text, and a note that names it."""
        if self._note is None:
            return
        (row, column, box, text), self._note = self._note, None
        letters = b"\x01" + text.encode("utf-16-le", "replace")
        if len(letters) > 0xFFFF:
            raise Uninspectable("holds a note without end")
        self._write(0x005D, struct.pack("<4H", 0x15, 0x12, 0x19, box) + bytes(14))
        self._write(0x01B6, bytes(10) + struct.pack("<H", len(letters) // 2) + bytes(6))
        self._write(CONTINUE, letters)
        self._write(0x001C, struct.pack("<4H", row, column, 0, box))


_MAY_GO_ON = frozenset([0x005D])
_REWRITTEN: dict[int, Callable[[_Writer, Record], None]] = {
    BOUNDSHEET: _Writer.bound_sheet,
    0x041E: _Writer.format,
    0x00E0: _Writer.cell_format,
    0x0204: _Writer.label,
    0x00D6: _Writer.label,
    0x0207: _Writer.text,
    0x0014: _Writer.short_text,
    0x0015: _Writer.short_text,
    0x005C: _Writer.short_text,
    0x100D: _Writer.series_text,
    0x0018: _Writer.name,
    0x005A: _Writer.link_cells,
    0x005D: _Writer.object,
    0x001C: _Writer.note,
}
