"""Texts of a PowerPoint 97 presentation with the looks of their letters (MS-PPT 2.9)."""

from __future__ import annotations

import struct

from ..budget import Budget, Uninspectable
from .drawing_colour import Colour, Fill
from .ppt_records import Record, records
from .slide_shapes import Font, Paragraph, Run

HEADER, CHARS, BYTES, STYLE = 3999, 4000, 4008, 4001
_UNKNOWN = Fill("picture")
_OVERHEAD = 512
_PARAGRAPH_FIELDS = ((0x80, 2), (0x10, 2), (0x40, 2), (0x20, 4), (0x800, 2), (0x1000, 2), (0x2000, 2), (0x4000, 2))
_MORE_PARAGRAPH_FIELDS = ((0x100, 2), (0x400, 2), (0x8000, 2))
_LAST_PARAGRAPH_FIELDS = ((0x10000, 2), (0xE0000, 2), (0x200000, 2))
"""2.9.20: bit of the mask -> octets, in the order in which they stand; bullets' flags before, tab stops between."""
_LETTER_FIELDS = ((0x10000, 2), (0x200000, 2), (0x400000, 2), (0x800000, 2))
"""2.9.14: typefaces, behind the flags and before size and colour."""


def decoded(record: Record) -> str:
    return bytes(record.octets).decode("utf-16-le" if record.kind in (CHARS, 4026) else "cp1252", "replace")


def paragraphs(text: str, style: Record | None) -> list[Paragraph]:
    """Split at the ends of paragraphs; a line may end inside of one."""
    spans = _spans(style, len(text) + 1) if style is not None else [(len(text) + 1, Font(_UNKNOWN))]
    made, paragraph, position = [], Paragraph(), 0
    for count, font in spans:
        pieces = text[position : position + count].replace("\v", "\n").split("\r")
        position += count
        for index, piece in enumerate(pieces):
            if index:
                made.append(paragraph)
                paragraph = Paragraph()
            if piece:
                paragraph.runs.append(Run(piece, font))
    if position < len(text):
        paragraph.runs.append(Run(text[position:].replace("\r", "\n").replace("\v", "\n"), Font(_UNKNOWN)))
    return [each for each in [*made, paragraph] if each.runs]


def _spans(style: Record, length: int) -> list[tuple[int, Font]]:
    """2.9.44: runs of paragraphs, then runs of letters, each over the whole text and its end."""
    octets = bytes(style.octets)
    try:
        position = done = 0
        while done < length:
            count, _, mask = struct.unpack_from("<LHL", octets, position)
            position = _after_paragraph(octets, position + 10, mask)
            done += max(1, count)
        found: list[tuple[int, Font]] = []
        done = 0
        while done < length:
            count, mask = struct.unpack_from("<LL", octets, position)
            font, position = _letters(octets, position + 8, mask)
            found.append((count, font))
            done += max(1, count)
    except struct.error as error:
        raise Uninspectable("has letters whose looks cannot be read") from error
    return found


def _after_paragraph(octets: bytes, position: int, mask: int) -> int:
    position += 2 if mask & 0xF else 0
    position += sum(size for bit, size in (*_PARAGRAPH_FIELDS, *_MORE_PARAGRAPH_FIELDS) if mask & bit)
    if mask & 0x100000:
        (stops,) = struct.unpack_from("<H", octets, position)
        position += 2 + 4 * stops
    return position + sum(size for bit, size in _LAST_PARAGRAPH_FIELDS if mask & bit)


def _letters(octets: bytes, position: int, mask: int) -> tuple[Font, int]:
    position += 2 if mask & 0xFFFF else 0
    position += sum(size for bit, size in _LETTER_FIELDS if mask & bit)
    size: float | None = None
    fill = _UNKNOWN
    if mask & 0x20000:
        size, position = float(struct.unpack_from("<H", octets, position)[0]), position + 2
    if mask & 0x40000:
        fill, position = Fill("solid", (colour(octets[position : position + 4]),)), position + 4
    return Font(fill, size), position + (2 if mask & 0x80000 else 0)


def colour(octets: bytes) -> Colour:
    """2.12.2: red, green, blue, and 254 for these or the number of a colour of the scheme."""
    if len(octets) < 4 or octets[3] not in (*range(8), 254):
        return Colour()
    return Colour(octets[0] << 16 | octets[1] << 8 | octets[2]) if octets[3] == 254 else Colour(scheme=str(octets[3]))


def read_box(box: Record, budget: Budget) -> list[Paragraph]:
    """A ClientTextbox (2.9.76)."""
    text, style = "", None
    for record in records(box.octets, budget):
        if record.kind in (CHARS, BYTES):
            text = decoded(record)
        elif record.kind == STYLE:
            style = record
    budget.keep(len(text) + _OVERHEAD)
    made = paragraphs(text, style)
    budget.keep(_OVERHEAD * sum(1 + len(each.runs) for each in made))
    return made
