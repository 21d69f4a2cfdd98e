"""Styles of OpenDocument: what a table, a row, a column, a cell, a slide or a run of letters hides by its style.

A style may have a parent; styles stand in styles.xml, and those that a person made by hand in content.xml. They are
resolved when they are asked for, each once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..budget import Uninspectable
from ..stream import SEEN, Visibility
from .colour import BLACK, WHITE, same_to_the_eye
from .xlsx_styles import TINY_POINTS

AUTOMATIC = -1
"""The colour that a program chooses so that text can be read."""
_MAX_STYLES = 65_536
_MAX_PARENTS = 32
_POINTS = {"pt": 1.0, "in": 72.0, "cm": 28.35, "mm": 2.835, "pc": 12.0, "px": 0.75}
NOTHING_POINTS = 2.0
"""Height or width in points below which nothing can be read."""


@dataclass(slots=True)
class Style:
    """What one style says itself; None where it says nothing.

    Of shapes and slides: fill ("none", "solid", ...) with its colour and opacity, 0 to 1. opacity: of letters;
    automatic: their colour is whatever can be read on their ground. hidden_page: a slide is left out of the show;
    backdrop: whether the shapes of its master show.
    """

    parent: str = ""
    colour: int | None = None
    ground: int | None = None
    size: float | None = None
    height: float | None = None
    width: float | None = None
    shown: bool | None = None
    concealed: bool = False
    fill: str | None = None
    fill_colour: int | None = None
    fill_opacity: float | None = None
    opacity: float | None = None
    automatic: bool | None = None
    hidden_page: bool | None = None
    backdrop: bool | None = None


@dataclass(slots=True)
class Styles:
    """By family and name. The default style of a family has the name ""."""

    known: dict[tuple[str, str], Style] = field(default_factory=dict)
    _looks: dict[tuple[str, str], Visibility | None] = field(default_factory=dict)
    _resolved: dict[tuple[str, str], Style] = field(default_factory=dict)
    _open: Style | None = None

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """An element of a style, `style` and `default-style` among them; names and keys without their namespace."""
        if name in ("style", "default-style"):
            if len(self.known) >= _MAX_STYLES:
                raise Uninspectable(f"more than {_MAX_STYLES} styles")
            self._open = Style(attributes.get("parent-style-name", ""))
            self.known[attributes.get("family", ""), attributes.get("name", "")] = self._open
            self._resolved.clear()
            self._looks.clear()
        elif self._open is not None and name.endswith("-properties"):
            _read_properties(self._open, attributes)
            if name == "text-properties":
                _read_letters(self._open, attributes)
            elif name in ("graphic-properties", "drawing-page-properties"):
                _read_painted(self._open, attributes)

    def end(self) -> None:
        """Of a style: the properties that follow, of a bullet in a list, are not its own."""
        self._open = None

    def resolve(self, family: str, name: str) -> Style:
        """A style with what it inherits, worked out once; styles come before what uses them."""
        known = self._resolved.get((family, name))
        if known is None:
            known = self._resolved[family, name] = self._resolve(family, name)
        return known

    def _resolve(self, family: str, name: str) -> Style:
        found = Style()
        for _ in range(_MAX_PARENTS):
            style = self.known.get((family, name))
            if style is not None:
                _inherit(found, style)
            if not name:
                break
            name = style.parent if style is not None else ""
        return found

    def table(self, name: str) -> Visibility:
        return Visibility.HIDDEN_SHEET if self.resolve("table", name).shown is False else SEEN

    def row(self, name: str) -> Visibility:
        height = self.resolve("table-row", name).height
        return SEEN if height is None or height >= NOTHING_POINTS else Visibility.ZERO_SIZE

    def column(self, name: str) -> Visibility:
        width = self.resolve("table-column", name).width
        return SEEN if width is None or width >= NOTHING_POINTS else Visibility.ZERO_SIZE

    def cell(self, name: str) -> Visibility | None:
        """What hides the text of a cell of this style, None where nothing does."""
        return self._look("table-cell", name, None)

    def run(self, name: str, cell: str) -> Visibility | None:
        """The same for a run of letters in a cell."""
        return self._look("text", name, self.resolve("table-cell", cell).ground)

    def _look(self, family: str, name: str, ground: int | None) -> Visibility | None:
        key = family, f"{name}\0{ground}"
        if key not in self._looks:
            self._looks[key] = _judge(self.resolve(family, name), ground, family == "text")
        return self._looks[key]


def _judge(style: Style, ground: int | None, is_run: bool) -> Visibility | None:
    """A run without a colour or size of its own hides nothing by itself."""
    if style.concealed:
        return Visibility.HIDDEN_TEXT
    if style.size is not None and 0 < style.size <= TINY_POINTS:
        return Visibility.TINY_TEXT
    if is_run and style.colour is None:
        return None
    behind = style.ground if style.ground is not None else ground
    front = BLACK if style.colour is None or style.colour == AUTOMATIC else style.colour
    return Visibility.SAME_COLOUR if same_to_the_eye(front, WHITE if behind is None else behind) else None


_INHERITED = (
    *("colour", "ground", "size", "height", "width", "shown", "fill", "fill_colour", "fill_opacity", "opacity"),
    *("automatic", "hidden_page", "backdrop"),
)


def _inherit(found: Style, style: Style) -> None:
    for key in _INHERITED:
        if getattr(found, key) is None:
            setattr(found, key, getattr(style, key))
    found.concealed |= style.concealed


def _read_properties(style: Style, attributes: Mapping[str, str]) -> None:
    for key, value in attributes.items():
        if key == "color":
            style.colour = _colour(value)
        elif key == "use-window-font-color" and value == "true":
            style.colour = AUTOMATIC
        elif key == "background-color":
            style.ground = _colour(value)
        elif key == "font-size":
            style.size = length(value)
        elif key == "row-height":
            style.height = length(value)
        elif key == "column-width":
            style.width = length(value)
        elif key == "display":
            style.concealed |= value == "none"
            style.shown = value != "false"


def _read_letters(style: Style, attributes: Mapping[str, str]) -> None:
    """A colour that is written out is opaque unless it says otherwise, whatever the parent of the style says."""
    if attributes.get("use-window-font-color") == "true":
        style.automatic, style.opacity = True, 1.0
    elif "color" in attributes:
        style.automatic, style.opacity = False, _share(attributes.get("opacity", "100%"))


def _read_painted(style: Style, attributes: Mapping[str, str]) -> None:
    for key, value in attributes.items():
        if key == "fill":
            style.fill = value
        elif key == "fill-color":
            style.fill_colour = _colour(value)
        elif key == "opacity":
            style.fill_opacity = _share(value)
        elif key == "visibility":
            style.hidden_page = value == "hidden"
        elif key == "background-objects-visible":
            style.backdrop = value != "false"


def _share(value: str) -> float:
    try:
        return max(0.0, min(1.0, float(value.removesuffix("%")) / 100))
    except ValueError:
        return 1.0


def _colour(value: str) -> int | None:
    """#rrggbb; transparent is none."""
    try:
        return int(value[1:], 16) if len(value) == 7 and value.startswith("#") else None
    except ValueError:
        return None


def length(value: str) -> float | None:
    """In points; a percentage says nothing."""
    try:
        return float(value[:-2]) * _POINTS[value[-2:]]
    except (ValueError, KeyError):
        return None
