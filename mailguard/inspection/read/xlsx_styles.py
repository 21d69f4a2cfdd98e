"""The styles part: for each cell format, what it hides and whether it makes a date of a number.

A cell names its format by index; nearly all formats hide nothing, and only the others are in the table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ..budget import Uninspectable
from ..stream import Visibility
from .colour import BLACK, INDEXED, THEME, WHITE, read_colour, same_to_the_eye
from .number_format import BUILT_IN_DATES, DATE, GENERAL, MAX_CODE, NumberFormat, read_format
from .spreadsheetml import names
from .theme import read_theme
from .xml_events import read_xml

TINY_POINTS = 3.0
"""Up to this size of letters nobody reads a cell on a screen; the smallest that people choose for notes is 5."""
_MAX_FORMATS = 131_072
"""Excel itself allows 65,490 cell formats and 1,024 fonts."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a cell format does. hides: whatever the value is; on_plain: only that the text is as pale as an empty cell,
    which a table style under it may cure (its header has a fill of its own)."""

    number: NumberFormat
    hides: Visibility | None = None
    on_plain: bool = False


@dataclass(slots=True)
class Palette:
    """Colours that a workbook can name by number."""

    theme: tuple[int, ...] = THEME
    indexed: tuple[int, ...] = INDEXED

    def colour(self, attributes: Mapping[str, str]) -> int | None:
        return read_colour(attributes, self.theme, self.indexed)


@dataclass(slots=True)
class _Font:
    """Colours stay as they are written until the palette, which comes last in the file, is known."""

    size: float = 11.0
    colour: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Fill:
    pattern: str = "none"
    front: Mapping[str, str] = field(default_factory=dict)
    back: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Styles:
    """looks: index of a cell format, as the cell writes it -> its Look, for those that do something; grounds: the
    colour behind the cell, for those that have one."""

    looks: dict[str, Look] = field(default_factory=dict)
    grounds: dict[str, int] = field(default_factory=dict)
    palette: Palette = field(default_factory=Palette)


def read_styles(pieces: Iterator[bytes] | None, theme: Iterator[bytes] | None) -> Styles:
    """Either may be missing."""
    styles = Styles(palette=Palette(theme=tuple(read_theme(theme).values()) if theme is not None else THEME))
    if pieces is None:
        return styles
    reader = _Reader(styles.palette)
    read_xml(pieces, reader.start, reader.end)
    for index, (number, font, fill) in enumerate(reader.formats):
        ground = reader.fill(fill)
        look = make_look(reader.number_format(number), reader.font(font), ground)
        if look is not None:
            styles.looks[str(index)] = look
        if ground is not None:
            styles.grounds[str(index)] = ground
    return styles


def make_look(number: NumberFormat, font: tuple[float, int | None], background: int | None) -> Look | None:
    """None where nothing is hidden and no date made. font: size and colour; background: None without a fill."""
    size, colour = font
    text = BLACK if colour is None else colour
    if 0 < size <= TINY_POINTS:
        return Look(number, Visibility.TINY_TEXT)
    if same_to_the_eye(text, WHITE if background is None else background):
        return Look(number, Visibility.SAME_COLOUR, on_plain=background is None)
    return None if number == GENERAL else Look(number)


class _Reader:
    def __init__(self, palette: Palette) -> None:
        self.names = names()
        self.formats: list[tuple[str, str, str]] = []
        self._palette = palette
        self._codes: dict[str, str] = {}
        self._read: dict[str, NumberFormat] = {}
        self._fonts: list[_Font] = []
        self._fills: list[_Fill] = []
        self._own_indexed: list[int] = []
        self._within = ""

    def number_format(self, identifier: str) -> NumberFormat:
        if identifier not in self._read:
            self._read[identifier] = self._number_format(identifier)
        return self._read[identifier]

    def _number_format(self, identifier: str) -> NumberFormat:
        if identifier in self._codes:
            return read_format(self._codes[identifier])
        return DATE if identifier.isdecimal() and int(identifier[:4]) in BUILT_IN_DATES else GENERAL

    def font(self, index: str) -> tuple[float, int | None]:
        font = self._fonts[int(index)] if index.isdecimal() and int(index) < len(self._fonts) else _Font()
        return font.size, self._palette.colour(font.colour)

    def fill(self, index: str) -> int | None:
        """The colour behind a cell; of a pattern the colour of its ground."""
        fill = self._fills[int(index)] if index.isdecimal() and int(index) < len(self._fills) else _Fill()
        if fill.pattern == "none":
            return None
        colour = self._palette.colour(fill.front if fill.pattern == "solid" else fill.back)
        return WHITE if colour is None else colour

    def start(self, full: str, attributes: Mapping[str, str]) -> None:
        name = self.names[full]
        if name in ("fonts", "fills", "cellXfs", "cellStyleXfs", "numFmts", "dxfs", "indexedColors", "mruColors"):
            self._within = name
            if name == "indexedColors":
                self._own_indexed = []
        elif self._within == "fonts":
            self._start_font(name, attributes)
        elif self._within == "fills":
            self._start_fill(name, attributes)
        elif self._within == "numFmts" and name == "numFmt":
            self._codes[attributes.get("numFmtId", "")[:16]] = attributes.get("formatCode", "")[:MAX_CODE]
        elif self._within == "cellXfs" and name == "xf":
            chosen = (attributes.get(key, "0")[:16] for key in ("numFmtId", "fontId", "fillId"))
            self.formats.append((next(chosen), next(chosen), next(chosen)))
        elif self._within == "indexedColors" and name == "rgbColor":
            self._own_indexed.append(read_colour(attributes, (), ()) or BLACK)
        kept = (len(self.formats), len(self._fonts), len(self._fills), len(self._own_indexed), len(self._codes))
        if max(kept) > _MAX_FORMATS:
            raise Uninspectable(f"more than {_MAX_FORMATS} cell formats")

    def end(self, full: str) -> None:
        if self.names[full] == self._within:
            if self._within == "indexedColors":
                self._palette.indexed = (*self._own_indexed, *INDEXED[len(self._own_indexed) :])
            self._within = ""

    def _start_font(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "font":
            self._fonts.append(_Font())
        elif not self._fonts:
            return
        elif name == "sz":
            self._fonts[-1].size = _size(attributes.get("val", ""))
        elif name == "color":
            self._fonts[-1].colour = _short(attributes)

    def _start_fill(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "fill":
            self._fills.append(_Fill())
        elif not self._fills:
            return
        elif name == "patternFill":
            self._fills[-1].pattern = attributes.get("patternType", "none")
        elif name == "gradientFill":
            self._fills[-1].pattern = "gradient"
        elif name == "fgColor":
            self._fills[-1].front = _short(attributes)
        elif name in ("bgColor", "color"):
            self._fills[-1].back = _short(attributes)


def _short(attributes: Mapping[str, str]) -> Mapping[str, str]:
    """A colour, of which nothing long is kept."""
    return {key: value[:32] for key, value in attributes.items() if len(key) <= 8}


def _size(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        return 11.0
