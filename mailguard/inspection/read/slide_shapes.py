"""What stands on one slide, layout, master or page of notes, as its format writes it, before anything is judged.

Lengths are EMU (914,400 to an inch), since PresentationML has them; readers of other formats convert.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .drawing_colour import Fill
from .plane import Matrix


@dataclass(frozen=True, slots=True)
class Font:
    """What a run, or a level of a list, says of its letters; None where it says nothing. size: points."""

    fill: Fill | None = None
    size: float | None = None


@dataclass(slots=True)
class Run:
    """linked: it has the colour of links. hidden: it says itself that it is not shown."""

    text: str = ""
    font: Font = field(default_factory=Font)
    linked: bool = False
    hidden: bool = False


@dataclass(slots=True)
class Paragraph:
    level: int = 1
    runs: list[Run] = field(default_factory=list)


@dataclass(slots=True)
class TableCell:
    """covered: it is merged into another cell. span: how many columns it takes."""

    covered: bool = False
    span: int = 1
    paragraphs: list[Paragraph] = field(default_factory=list)
    levels: dict[int, Font] = field(default_factory=dict)
    fill: Fill | None = None


@dataclass(slots=True)
class TableShape:
    """marked: which edges a style paints ("firstRow", "lastCol", ...). widths, heights: EMU."""

    marked: frozenset[str] = frozenset()
    styled: bool = False
    widths: list[float] = field(default_factory=list)
    heights: list[float] = field(default_factory=list)
    rows: list[list[TableCell]] = field(default_factory=list)


@dataclass(slots=True)
class Shape:
    """place: from its own corner to the slide, None where it says nothing. fill: of its own or of its style. scale: of
    letters that were made to fit. links: (kind, id of a relationship). said: alternative text and the like."""

    kind: str
    place: Matrix | None = None
    width: float = 0.0
    height: float = 0.0
    hidden: bool = False
    fallback: bool = False
    geometry: str = "rect"
    placeholder: tuple[str, str] | None = None
    fill: Fill | None = None
    style_fill: Fill | None = None
    style_font: Font | None = None
    levels: dict[int, Font] = field(default_factory=dict)
    scale: float = 1.0
    paragraphs: list[Paragraph] = field(default_factory=list)
    table: TableShape | None = None
    links: list[tuple[str, str]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Page:
    """One part. root: its outermost element. mapping: names of colours that it maps; text_styles: by kind."""

    root: str = ""
    shows: bool = True
    shows_master: bool = True
    shapes: list[Shape] = field(default_factory=list)
    background: Fill | None = None
    mapping: dict[str, str] = field(default_factory=dict)
    text_styles: dict[str, dict[int, Font]] = field(default_factory=dict)
    stray: list[str] = field(default_factory=list)
