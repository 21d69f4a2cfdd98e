"""Styles of a document, and what hides a run of letters in the end: its own format, its styles, what lies behind it.

A style may be based on another; a chain that is circular or very long ends. Each style is resolved once, and each
combination is judged once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ..budget import Budget, Uninspectable
from ..stream import Visibility
from .colour import BLACK, THEME, WHITE, same_to_the_eye
from .wordml import AUTOMATIC, NO_COLOUR, PROPERTIES, TINY_POINTS, Format, is_on, keys, names, read_shading
from .xml_events import read_xml

_MAX_STYLES = 65_536
_MAX_BASES = 32
_MAX_COMBINATIONS = 50_000
_OVERHEAD = 512
UNKNOWN = -3
"""What lies behind a text if that is a picture or a pattern: nothing is said of its colour then."""


@dataclass(slots=True)
class Region:
    """A table style paints a part of a table: colour of letters, and behind them."""

    colour: int | None = None
    ground: int | None = None


@dataclass(slots=True)
class Style:
    """behind: shading of the paragraph. regions: of a table style, by the name of the part ("firstRow"; "" all)."""

    based_on: str = ""
    format: Format = field(default_factory=Format)
    behind: int | None = None
    regions: dict[str, Region] = field(default_factory=dict)


@dataclass(slots=True)
class Styles:
    """known: (type, id) -> style; default: type -> id. Looked up by what a run says: `judge`."""

    theme: Sequence[int] = THEME
    known: dict[tuple[str, str], Style] = field(default_factory=dict)
    default: dict[str, str] = field(default_factory=dict)
    base: Format = field(default_factory=Format)
    _resolved: dict[tuple[str, str], Style] = field(default_factory=dict)
    _judged: dict[tuple[object, ...], Visibility | None] = field(default_factory=dict)

    def resolve(self, kind: str, identifier: str) -> Style:
        """A style with what it inherits; the default one for ""."""
        identifier = identifier or self.default.get(kind, "")
        found = self._resolved.get((kind, identifier))
        if found is None:
            if len(self._resolved) > _MAX_STYLES:
                self._resolved.clear()
            found = self._resolved[kind, identifier] = self._resolve(kind, identifier)
        return found

    def _resolve(self, kind: str, identifier: str) -> Style:
        found = Style()
        for _ in range(_MAX_BASES):
            style = self.known.get((kind, identifier))
            if style is None:
                break
            if found.format.hidden is None:
                found.format.hidden = style.format.hidden
            found.format.fill_from(style.format)
            found.behind = style.behind if found.behind is None else found.behind
            for name, region in style.regions.items():
                here = found.regions.setdefault(name, Region())
                here.colour = region.colour if here.colour is None else here.colour
                here.ground = region.ground if here.ground is None else here.ground
            identifier = style.based_on
        return found

    def judge(self, own: Format, paragraph: str, behind: int, painted: int | None) -> Visibility | None:
        """What hides a run, None where nothing does. paragraph: its style; behind: the colour behind the paragraph, or
        UNKNOWN; painted: the colour that a table style gives letters there."""
        key = (*own.key(), paragraph, behind, painted)
        if key not in self._judged:
            if len(self._judged) >= _MAX_COMBINATIONS:
                self._judged.clear()
            self._judged[key] = self._judge(own, paragraph, behind, painted)
        return self._judged[key]

    def _judge(self, own: Format, paragraph: str, behind: int, painted: int | None) -> Visibility | None:
        of_letters, of_paragraph = self.resolve("character", own.style), self.resolve("paragraph", paragraph)
        hidden = own.hidden
        if hidden is None:  # part 1, 17.7.3: styles toggle each other
            toggled = bool(of_letters.format.hidden) != bool(of_paragraph.format.hidden)
            hidden = toggled or bool(self.base.hidden)
        if hidden:
            return Visibility.HIDDEN_TEXT
        look = Format(size=own.size, colour=own.colour, ground=own.ground, marked=own.marked)
        look.unfilled, look.narrow = own.unfilled, own.narrow
        for style in (of_letters.format, of_paragraph.format, Format(colour=painted), self.base):
            look.fill_from(style)
        if look.narrow or (look.size is not None and 0 < look.size <= TINY_POINTS):
            return Visibility.TINY_TEXT
        return Visibility.SAME_COLOUR if look.unfilled or _is_pale(look, behind) else None


def _is_pale(look: Format, behind: int) -> bool:
    """Automatic letters turn white on a dark shading, and stay black under a dark highlight."""
    is_marked = look.marked is not None and look.marked != NO_COLOUR
    ground = next(
        (each for each in (look.marked, look.ground, behind) if each is not None and each != NO_COLOUR), WHITE
    )
    front = AUTOMATIC if look.colour is None else look.colour
    if ground == UNKNOWN or (front == AUTOMATIC and not is_marked):
        return False
    return same_to_the_eye(BLACK if front == AUTOMATIC else front, ground)


def read_styles(pieces: Iterator[bytes] | None, theme: Sequence[int], budget: Budget) -> Styles:
    """The part may be missing."""
    styles = Styles(theme)
    if pieces is not None:
        reader = _Reader(styles, budget)
        read_xml(pieces, reader.start, reader.end)
    return styles


class _Reader:
    def __init__(self, styles: Styles, budget: Budget) -> None:
        self._styles, self._budget = styles, budget
        self._names = names()
        self._style: Style | None = None
        self._region = ""
        self._within: list[str] = []

    def start(self, full: str, attributes: Mapping[str, str]) -> None:
        name = self._names[full]
        if name == "style":
            self._start_style(keys(self._names, attributes))
        elif name == "tblStylePr":
            self._region = keys(self._names, attributes).get("type", "")[:32]
        elif name in ("rPr", "pPr", "tcPr", "tblPr", "rPrDefault"):
            self._within.append(name)
        elif name == "basedOn" and self._style is not None:
            self._style.based_on = keys(self._names, attributes).get("val", "")[:256]
        elif self._within and name in PROPERTIES:
            self._property(name, keys(self._names, attributes))

    def end(self, full: str) -> None:
        name = self._names[full]
        if name == "style":
            self._style = None
        elif name == "tblStylePr":
            self._region = ""
        elif self._within and name == self._within[-1]:
            self._within.pop()

    def _start_style(self, said: Mapping[str, str]) -> None:
        if len(self._styles.known) >= _MAX_STYLES:
            raise Uninspectable(f"more than {_MAX_STYLES} styles")
        self._budget.keep(_OVERHEAD)
        self._style = Style()
        kind, identifier = said.get("type", "paragraph")[:32], said.get("styleId", "")[:256]
        self._styles.known[kind, identifier] = self._style
        if "default" in said and is_on(said["default"]):
            self._styles.default[kind] = identifier

    def _property(self, name: str, said: Mapping[str, str]) -> None:
        theme = self._styles.theme
        if "rPrDefault" in self._within:
            self._styles.base.read(name, said, theme)
        elif self._style is None:
            return
        elif self._within[-1] == "rPr" and not self._region:
            self._style.format.read(name, said, theme)
            if self._style.format.colour is not None:
                self._style.regions.setdefault("", Region()).colour = self._style.format.colour
        elif self._within[-1] == "rPr":
            format_ = Format()
            format_.read(name, said, theme)
            if format_.colour is not None:
                self._style.regions.setdefault(self._region, Region()).colour = format_.colour
        elif name == "shd" and self._within[-1] == "pPr" and not self._region:
            self._style.behind = read_shading(said, theme)
        elif name == "shd":
            ground = read_shading(said, theme)
            self._style.regions.setdefault(self._region, Region()).ground = ground
