"""The styles and the shared strings of a binary workbook as SpreadsheetML."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from ..budget import Uninspectable
from .biff12 import Body
from .xlsb_xml import NAMESPACES, element, escaped, gathered

_FONT, _FORMAT, _FILL, _FORMATS_OF_CELLS, _CELL_FORMAT = 43, 44, 45, 617, 47
_END_OF_CELL_FORMATS = 618
_STRING, _PALETTE_COLOUR = 19, 475
_MAX_FONTS = 65_536


class Font(NamedTuple):
    """size: points. colour: the element of SpreadsheetML that says it."""

    size: float
    colour: str


def read_fonts(found: Iterable[tuple[int, bytes]]) -> tuple[Font, ...]:
    fonts: list[Font] = []
    for kind, octets in found:
        if kind == _FONT:
            if len(fonts) >= _MAX_FONTS:
                raise Uninspectable(f"more than {_MAX_FONTS} fonts")
            fonts.append(_font(octets))
    return tuple(fonts)


def _font(octets: bytes) -> Font:
    """2.4.149: the height in twentieths of a point, four numbers that do not matter here, then the colour."""
    body = Body(octets)
    height = body.short()
    body.take(10)
    return Font(height / 20, _colour(body, "color"))


def _colour(body: Body, name: str) -> str:
    """2.5.16: the kind, a number, the tint, then red, green, blue and alpha."""
    kind, index = body.byte() >> 1, body.byte()
    tint = int.from_bytes(body.take(2), "little", signed=True) / 32_767
    red, green, blue, _ = body.take(4)
    if kind == 1:
        return element(name, indexed=str(index), tint=str(tint))
    if kind == 2:
        return element(name, rgb=f"FF{red:02X}{green:02X}{blue:02X}", tint=str(tint))
    if kind == 3:
        return element(name, theme=str(index), tint=str(tint))
    return f"<{name}/>"


def translate_styles(found: Iterable[tuple[int, bytes]]) -> Iterator[str]:
    """The parts of the styles stand in whatever order; each is wrapped as its element wants it."""
    return gathered(_styles(found))


def _styles(found: Iterable[tuple[int, bytes]]) -> Iterator[str]:
    in_cells = False
    yield f"<styleSheet {NAMESPACES}>"
    for kind, octets in found:
        body = Body(octets)
        if kind == _FORMAT:
            code = element("numFmt", numFmtId=str(body.short()), formatCode=body.text())
            yield f"<numFmts>{code}</numFmts>"
        elif kind == _FONT:
            font = _font(octets)
            yield f'<fonts><font><sz val="{font.size}"/>{font.colour}</font></fonts>'
        elif kind == _FILL:
            yield _fill(body)
        elif kind == _PALETTE_COLOUR:
            red, green, blue, _ = body.take(4)
            yield element("rgbColor", rgb=f"FF{red:02X}{green:02X}{blue:02X}")
        elif kind in (_FORMATS_OF_CELLS, _END_OF_CELL_FORMATS):
            in_cells = kind == _FORMATS_OF_CELLS
        elif kind == _CELL_FORMAT and in_cells:
            _, number, font_index, fill = body.short(), body.short(), body.short(), body.short()
            chosen = element("xf", numFmtId=str(number), fontId=str(font_index), fillId=str(fill))
            yield f"<cellXfs>{chosen}</cellXfs>"
    yield "</styleSheet>"


def _fill(body: Body) -> str:
    """2.4.145: 0 is none, 1 solid, 64 a gradient."""
    pattern = body.long()
    front, back = _colour(body, "fgColor"), _colour(body, "bgColor")
    name = {0: "none", 1: "solid"}.get(pattern, "other")
    return f'<fills><fill><patternFill patternType="{name}"/>{front}{back}</fill></fills>'


def translate_strings(found: Iterable[tuple[int, bytes]], fonts: Sequence[Font]) -> Iterator[str]:
    return gathered(_strings(found, fonts))


def _strings(found: Iterable[tuple[int, bytes]], fonts: Sequence[Font]) -> Iterator[str]:
    yield f"<sst {NAMESPACES}>"
    for kind, octets in found:
        if kind == _STRING:
            yield f"<si>{rich(Body(octets), fonts)}</si>"
    yield "</sst>"


def rich(body: Body, fonts: Sequence[Font]) -> str:
    """RichStr, 2.5.123: a text, and the places in it from which another font is used."""
    flags, text = body.byte(), body.text()
    starts = [(body.short(), body.short()) for _ in range(body.long())] if flags & 1 else []
    if not starts:
        return f"<t>{escaped(text)}</t>"
    ends = [start for start, _ in starts[1:]] + [len(text)]
    pieces = [f"<r><t>{escaped(text[: starts[0][0]])}</t></r>"]
    for (start, index), end in zip(starts, ends, strict=True):
        font = fonts[index] if index < len(fonts) else Font(11.0, "<color/>")
        look = f'<rPr><sz val="{font.size}"/>{font.colour}</rPr>'
        pieces.append(f"<r>{look}<t>{escaped(text[start : max(start, end)])}</t></r>")
    return "".join(pieces)
