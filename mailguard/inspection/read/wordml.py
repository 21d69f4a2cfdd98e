"""The vocabulary of WordprocessingML: its namespaces, transitional and strict, its switches, and how letters look.

It must not know where a property stands; docx_styles.py has those of styles, docx_story.py those of the text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .colour import shade
from .theme import SLOTS
from .xml_events import SEPARATOR, Names

MAIN = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/wordprocessingml/main"
_OFFICE = "http://schemas.openxmlformats.org"
_PURL = "http://purl.oclc.org/ooxml"
_WORD = "http://schemas.microsoft.com/office/word"
_KNOWN = (
    *(MAIN, STRICT, f"{_OFFICE}/officeDocument/2006/relationships", f"{_PURL}/officeDocument/relationships"),
    *(f"{_OFFICE}/officeDocument/2006/math", f"{_PURL}/officeDocument/math"),
    *(f"{_OFFICE}/drawingml/2006/main", f"{_PURL}/drawingml/main"),
    *(f"{_OFFICE}/drawingml/2006/wordprocessingDrawing", f"{_PURL}/drawingml/wordprocessingDrawing"),
    *(f"{_OFFICE}/drawingml/2006/picture", f"{_PURL}/drawingml/picture"),
    *(
        f"{_OFFICE}/markup-compatibility/2006",
        "urn:schemas-microsoft-com:vml",
        "urn:schemas-microsoft-com:office:office",
    ),
    *(f"{_WORD}/2010/wordml", f"{_WORD}/2012/wordml", f"{_WORD}/2010/wordprocessingShape"),
    *(f"{_WORD}/2010/wordprocessingGroup", f"{_WORD}/2010/wordprocessingCanvas"),
)
AUTOMATIC = -1
"""The colour that a program chooses so that text can be read."""
NO_COLOUR = -2
"""A shading or a highlight that says that there is none."""
TINY_POINTS = 3.0
"""Up to this size of letters nobody reads a text on a screen or on paper; the smallest print of forms is 5."""
NARROW_PERCENT = 10
"""Letters as narrow as this are lines."""

_HIGHLIGHTS = {
    "black": 0x000000, "blue": 0x0000FF, "cyan": 0x00FFFF, "green": 0x00FF00, "magenta": 0xFF00FF, "red": 0xFF0000,
    "yellow": 0xFFFF00, "white": 0xFFFFFF, "darkBlue": 0x000080, "darkCyan": 0x008080, "darkGreen": 0x008000,
    "darkMagenta": 0x800080, "darkRed": 0x800000, "darkYellow": 0x808000, "darkGray": 0x808080, "lightGray": 0xC0C0C0,
}  # fmt: skip
"""ECMA-376 part 1, 17.18.40."""
_ALIASES = {
    "background1": "lt1", "light1": "lt1", "bg1": "lt1", "text1": "dk1", "dark1": "dk1", "tx1": "dk1",
    "background2": "lt2", "light2": "lt2", "bg2": "lt2", "text2": "dk2", "dark2": "dk2", "tx2": "dk2",
    "hyperlink": "hlink", "followedHyperlink": "folHlink",
}  # fmt: skip
"""Part 1, 17.18.97, under the mapping that every document has unless its settings say otherwise."""


def names() -> Names:
    """A table of the names that readers of documents ask for; one for each file."""
    return Names(_KNOWN)


def keys(known: Names, attributes: Mapping[str, str]) -> dict[str, str]:
    """Attributes by their short names."""
    return {known[key]: value for key, value in attributes.items()}


def local(full: str) -> str:
    return full.rpartition(SEPARATOR)[2]


def is_on(value: str | None) -> bool:
    """A switch of part 1, 17.17.4: one without a value is on."""
    return value is None or value.strip().lower() not in ("0", "false", "off", "none")


def number(value: str | None) -> float | None:
    try:
        found = float(value or "")
    except ValueError:
        return None
    return found if -1e9 < found < 1e9 else None


def scheme_colour(name: str, theme: Sequence[int]) -> int | None:
    """Of a name in the scheme, as WordprocessingML or DrawingML calls it."""
    name = _ALIASES.get(name, name)
    return theme[SLOTS.index(name)] if name in SLOTS else None


def read_colour(said: Mapping[str, str], theme: Sequence[int], plain: str, prefix: str) -> int | None:
    """A colour by value or by theme (part 1, 17.3.2.6). plain: key of the value; prefix: of the keys of the theme.

    AUTOMATIC for automatic, None for what has no meaning.
    """
    named = said.get(f"{prefix}Color" if prefix == "theme" else prefix, "")
    base = scheme_colour(named, theme) if named else None
    if base is not None:
        darker, lighter = _part(said.get(f"{prefix}Shade")), _part(said.get(f"{prefix}Tint"))
        if darker is not None:
            return shade(base, darker - 1)
        return shade(base, 1 - lighter) if lighter is not None else base
    value = said.get(plain, "")
    if value == "auto":
        return AUTOMATIC
    try:
        return int(value, 16) if len(value) == 6 else None
    except ValueError:
        return None


def _part(value: str | None) -> float | None:
    """Two hexadecimal digits as a share."""
    try:
        return int(value, 16) / 255 if value and len(value) == 2 else None
    except ValueError:
        return None


def read_shading(said: Mapping[str, str], theme: Sequence[int]) -> int | None:
    """The colour behind text: the fill, or of a dense pattern its own colour (part 1, 17.3.5)."""
    pattern = said.get("val", "clear")
    if pattern == "nil":
        return NO_COLOUR
    fill = read_colour(said, theme, "fill", "themeFill")
    front = read_colour(said, theme, "color", "theme")
    dense = pattern == "solid" or (pattern.startswith("pct") and (number(pattern[3:]) or 0) >= 50)
    chosen = front if dense else fill
    if dense and chosen in (None, AUTOMATIC):
        return 0x000000
    return NO_COLOUR if chosen in (None, AUTOMATIC) else chosen


@dataclass(slots=True)
class Format:
    """How a run of letters looks, as far as it says so itself; None where it says nothing.

    colour, ground, marked: of letters, shading and highlight; size in points; style: a character style. unfilled:
    letters without a filling; narrow: squeezed until nothing can be read.
    """

    style: str = ""
    hidden: bool | None = None
    colour: int | None = None
    size: float | None = None
    ground: int | None = None
    marked: int | None = None
    unfilled: bool | None = None
    narrow: bool | None = None

    def key(self) -> tuple[object, ...]:
        return (
            *(self.style, self.hidden, self.colour, self.size),
            *(self.ground, self.marked, self.unfilled, self.narrow),
        )

    def fill_from(self, other: Format) -> None:
        """What this one does not say itself is as in the other; whether it is hidden is not inherited so."""
        for each in ("colour", "size", "ground", "marked", "unfilled", "narrow"):
            if getattr(self, each) is None:
                setattr(self, each, getattr(other, each))

    def read(self, name: str, said: Mapping[str, str], theme: Sequence[int]) -> None:
        """One property of a run (part 1, 17.3.2)."""
        if name == "vanish" or name == "specVanish":
            self.hidden = is_on(said.get("val")) or (name == "specVanish" and bool(self.hidden))
        elif name == "color":
            self.colour = read_colour(said, theme, "val", "theme")
        elif name == "sz":
            half = number(said.get("val"))
            self.size = half / 2 if half is not None else None
        elif name == "shd":
            self.ground = read_shading(said, theme)
        elif name == "highlight":
            self.marked = _HIGHLIGHTS.get(said.get("val", ""), NO_COLOUR)
        elif name == "w":
            percent = number(said.get("val", "").rstrip("%"))
            self.narrow = percent is not None and 0 < percent <= NARROW_PERCENT
        elif name == "rStyle":
            self.style = said.get("val", "")[:256]


PROPERTIES = frozenset(["vanish", "specVanish", "color", "sz", "shd", "highlight", "w", "rStyle"])
"""Elements that Format.read knows."""
