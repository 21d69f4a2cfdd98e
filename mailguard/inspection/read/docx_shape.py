"""What lies behind the text of a text box: the filling of its shape, in DrawingML and in VML."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from .colour import WHITE, shade
from .docx_styles import UNKNOWN
from .wordml import is_on, number, scheme_colour

_VML_COLOURS = {"white": 0xFFFFFF, "black": 0x000000, "red": 0xFF0000, "blue": 0x0000FF, "yellow": 0xFFFF00}
_VML_HIDDEN = re.compile(r"visibility\s*:\s*hidden", re.IGNORECASE)
_PATTERNS = frozenset(["gradFill", "blipFill", "pattFill", "grpFill"])


class Shape:
    """Filled as its elements come by. ground: the colour behind its text, UNKNOWN for a picture or a pattern."""

    def __init__(self, theme: Sequence[int], page: int) -> None:
        self.ground = page
        self.hidden = False
        self._theme = theme
        self._page = page
        self._said = False
        self._within = ""
        self._takes_colour = False

    def start(self, name: str, said: Mapping[str, str]) -> None:
        """An element of the shape before its text."""
        if name in ("spPr", "ln", "fillRef", "lnRef", "effectRef", "fontRef"):
            self._within = name
            self._takes_colour = name == "fillRef" and not self._said and said.get("idx", "0") != "0"
        elif self._within == "spPr" and name in ("solidFill", "noFill", *_PATTERNS):
            self._said = True
            self._takes_colour = name == "solidFill"
            self.ground = UNKNOWN if name in _PATTERNS else self._page
        elif self._takes_colour and name in ("srgbClr", "schemeClr", "sysClr"):
            self.ground = self._colour(name, said)
        elif self._takes_colour and self.ground >= 0 and name in ("lumMod", "lumOff", "shade", "tint"):
            self._modify(name, said)

    def end(self, name: str) -> None:
        if name in ("solidFill", "fillRef"):
            self._takes_colour = False
        if name == "ln":
            self._within = "spPr"

    def start_vml(self, said: Mapping[str, str]) -> None:
        """Attributes of v:shape, v:rect and the like: filled white unless they say otherwise."""
        self.hidden = bool(_VML_HIDDEN.search(said.get("style", "")))
        self.ground = WHITE if is_on(said.get("filled")) else self._page
        colour = said.get("fillcolor", "").partition(" ")[0].lower()
        if colour and is_on(said.get("filled")):
            self.ground = _VML_COLOURS.get(colour, _hex(colour))

    def start_vml_fill(self, said: Mapping[str, str]) -> None:
        if said.get("type", "solid") != "solid":
            self.ground = UNKNOWN

    def _colour(self, name: str, said: Mapping[str, str]) -> int:
        if name == "schemeClr":
            found = scheme_colour(said.get("val", ""), self._theme)
            return UNKNOWN if found is None else found
        return _hex("#" + (said.get("lastClr") or said.get("val", "")))

    def _modify(self, name: str, said: Mapping[str, str]) -> None:
        share = (number(said.get("val")) or 0.0) / 100_000
        if not 0 <= share <= 1:
            self.ground = UNKNOWN
        elif name in ("lumMod", "shade"):
            self.ground = shade(self.ground, share - 1)
        else:
            self.ground = shade(self.ground, share if name == "lumOff" else 1 - share)


def _hex(colour: str) -> int:
    try:
        return int(colour[1:], 16) if len(colour) == 7 and colour.startswith("#") else UNKNOWN
    except ValueError:
        return UNKNOWN
