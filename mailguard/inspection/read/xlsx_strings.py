"""The shared strings: what cells point at by number.

Kept whole, since any cell may name any of them; what is kept counts against the budget.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ..budget import Budget
from ..stream import Row, Stream, Table, Visibility
from .colour import same_to_the_eye
from .spreadsheetml import names
from .xlsx_styles import TINY_POINTS, Palette
from .xml_events import joined, read_xml

_OVERHEAD = 64
"""Of a string in memory, with its place in the list."""


@dataclass(frozen=True, slots=True)
class Run:
    """How a run of letters inside a string is written, where it says so itself."""

    size: float | None
    colour: int | None

    def is_unseen(self, ground: int) -> str:
        """ "tiny", "pale" or ""."""
        if self.size is not None and 0 < self.size <= TINY_POINTS:
            return "tiny"
        return "pale" if self.colour is not None and same_to_the_eye(self.colour, ground) else ""


@dataclass(slots=True)
class Strings:
    """runs: number of a string -> its runs with a size or a colour of their own. used: by number, 1 for those that a
    cell has pointed at."""

    texts: list[str] = field(default_factory=list)
    runs: dict[int, tuple[Run, ...]] = field(default_factory=dict)
    used: bytearray = field(default_factory=bytearray)

    def unused(self) -> Stream:
        """What no cell shows any more: texts of cells that are gone, which some programs leave behind."""
        left = [text for text, used in zip(self.texts, self.used, strict=True) if not used and text.strip()]
        if left:
            yield Table("texts that no cell uses", Visibility.DELETED_TEXT)
            for number, text in enumerate(left, 1):
                yield Row(number, (text,))


def read_strings(pieces: Iterator[bytes] | None, palette: Palette, budget: Budget) -> Strings:
    """The part may be missing."""
    reader = _Reader(palette, budget)
    if pieces is not None:
        read_xml(pieces, reader.start, reader.end, reader.characters)
    reader.strings.used = bytearray(len(reader.strings.texts))
    return reader.strings


class _Reader:
    """One string has one text, or runs of it, and hints for its pronunciation, which are not read."""

    def __init__(self, palette: Palette, budget: Budget) -> None:
        self.strings = Strings()
        self._names = names()
        self._palette = palette
        self._budget = budget
        self._text = ""
        self._open = False
        self._in_hint = False
        self._runs: list[Run] = []
        self._size: float | None = None
        self._colour: int | None = None

    def start(self, full: str, attributes: Mapping[str, str]) -> None:
        name = self._names[full]
        if name == "t":
            self._open = not self._in_hint
        elif name == "si":
            self._text, self._runs = "", []
        elif name == "r":
            self._size = self._colour = None
        elif name == "color":
            self._colour = self._palette.colour(attributes)
        elif name == "sz":
            self._size = _number(attributes.get("val", ""))
        elif name == "rPh":
            self._in_hint = True

    def end(self, full: str) -> None:
        name = self._names[full]
        if name == "t":
            self._open = False
        elif name == "si":
            self._add()
        elif name == "r":
            if self._size is not None or self._colour is not None:
                self._runs.append(Run(self._size, self._colour))
        elif name == "rPh":
            self._in_hint = False

    def characters(self, text: str) -> None:
        if self._open:
            self._text = joined(self._text, text)

    def _add(self) -> None:
        self._budget.keep(len(self._text) + _OVERHEAD)
        if self._runs:
            self.strings.runs[len(self.strings.texts)] = tuple(self._runs)
        self.strings.texts.append(self._text)


def read_run(name: str, attributes: Mapping[str, str], palette: Palette) -> Run:
    """A size or a colour inside a cell that has its text with it."""
    if name == "color":
        return Run(None, palette.colour(attributes))
    return Run(_number(attributes.get("val", "")), None)


def _number(value: str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None
