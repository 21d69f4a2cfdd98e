"""Colours and fills of DrawingML (ECMA-376 part 1, 20.1.2.3 and 20.1.8), kept as written until the theme is known."""

from __future__ import annotations

import colorsys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .colour import same_to_the_eye

COLOURS = frozenset(["srgbClr", "schemeClr", "sysClr", "prstClr", "scrgbClr", "hslClr"])
CHANGES = frozenset(["lumMod", "lumOff", "tint", "shade", "alpha"])
FILLS = {
    "solidFill": "solid",
    "gradFill": "gradient",
    "noFill": "none",
    "blipFill": "picture",
    "pattFill": "pattern",
    "grpFill": "group",
}
_PRESET = {
    "black": 0x000000,
    "white": 0xFFFFFF,
    "red": 0xFF0000,
    "green": 0x008000,
    "blue": 0x0000FF,
    "yellow": 0xFFFF00,
    "gray": 0x808080,
    "grey": 0x808080,
    "ltGray": 0xD3D3D3,
    "lightGray": 0xD3D3D3,
    "dkGray": 0xA9A9A9,
    "snow": 0xFFFAFA,
    "ivory": 0xFFFFF0,
    "whiteSmoke": 0xF5F5F5,
    "ghostWhite": 0xF8F8FF,
    "floralWhite": 0xFFFAF0,
}
"""Those of 20.1.10.48 that are near white or often used; another one is a colour that is not known."""
_MAX_CHANGES = 16
_SEE_THROUGH = 0.1
_OPAQUE = 0.9


@dataclass(frozen=True, slots=True)
class Colour:
    """base: #rrggbb; scheme: a name of the theme in its place. changes: what is done to it, in order."""

    base: int | None = None
    scheme: str = ""
    changes: tuple[tuple[str, float], ...] = ()

    @property
    def alpha(self) -> float:
        return next((value for name, value in self.changes if name == "alpha"), 1.0)


@dataclass(frozen=True, slots=True)
class Fill:
    """kind: solid, gradient, none, picture, pattern, group."""

    kind: str
    colours: tuple[Colour, ...] = ()

    @property
    def is_opaque(self) -> bool:
        """Whether nothing behind it shows. A picture is taken for opaque: how many are not cannot be told here."""
        return self.kind not in ("none", "group") and all(colour.alpha >= _OPAQUE for colour in self.colours)

    @property
    def is_nothing(self) -> bool:
        """Whether what is painted with it does not show at all."""
        return self.kind == "none" or (
            bool(self.colours) and all(colour.alpha <= _SEE_THROUGH for colour in self.colours)
        )


@dataclass(frozen=True, slots=True)
class Scheme:
    """theme: slot -> colour. mapping: what a slide calls a colour -> slot (bg1 -> lt1)."""

    theme: Mapping[str, int]
    mapping: Mapping[str, str] = field(default_factory=dict)

    def colour(self, colour: Colour) -> int | None:
        """#rrggbb; None where it cannot be told."""
        base = colour.base
        if colour.scheme:
            base = self.theme.get(self.mapping.get(colour.scheme) or _MAPPING.get(colour.scheme, colour.scheme))
        if base is None:
            return None
        for name, value in colour.changes:
            base = _changed(base, name, value)
        return base

    def colours(self, fill: Fill) -> tuple[int, ...] | None:
        """All that a fill paints; None where it cannot be told."""
        if fill.kind in ("picture", "group"):
            return None
        found = [self.colour(each) for each in fill.colours]
        known = tuple(each for each in found if each is not None)
        return known if known and len(known) == len(found) else None


_MAPPING = {"bg1": "lt1", "tx1": "dk1", "bg2": "lt2", "tx2": "dk2"}


def read_colour(name: str, attributes: Mapping[str, str]) -> Colour:
    """An element of COLOURS; one that has no meaning is a colour that is not known."""
    value = attributes.get("val", "")
    try:
        if name == "schemeClr":
            return Colour(scheme=value[:32])
        if name == "srgbClr":
            return Colour(int(value[-6:], 16))
        if name == "sysClr":
            return Colour(int((attributes.get("lastClr") or ("FFFFFF" if value == "window" else "000000"))[-6:], 16))
        if name == "prstClr":
            return Colour(_PRESET.get(value))
        if name == "scrgbClr":
            red, green, blue = (_sparing(_share(attributes.get(each, "0"))) for each in "rgb")
            return Colour(red << 16 | green << 8 | blue)
        hue = _number(attributes.get("hue", "0")) / 21_600_000
        return Colour(_joined(colorsys.hls_to_rgb(hue % 1, _share(attributes["lum"]), _share(attributes["sat"]))))
    except (ValueError, KeyError):
        return Colour()


def changed(colour: Colour, name: str, attributes: Mapping[str, str]) -> Colour:
    """With an element of CHANGES inside it."""
    if len(colour.changes) >= _MAX_CHANGES:
        return colour
    return Colour(colour.base, colour.scheme, (*colour.changes, (name, _share(attributes.get("val", "100000")))))


def is_lost(front: Sequence[int], ground: Sequence[int]) -> bool:
    """Whether letters in these colours show on none of those."""
    return all(same_to_the_eye(one, other) for one in front for other in ground)


def _share(value: str) -> float:
    """Thousandths of a percent, or a percentage as strict files write it; 0 to 1 and a little more."""
    number = _number(value.removesuffix("%")) / (100 if value.endswith("%") else 100_000)
    return max(0.0, min(10.0, number))


def _number(value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        return 0.0
    return number if abs(number) < 1e12 else 0.0


def _sparing(share: float) -> int:
    """A share of light as a part of sRGB."""
    share = min(1.0, share)
    return round(255 * (12.92 * share if share <= 0.0031308 else 1.055 * share ** (1 / 2.4) - 0.055))


def _changed(colour: int, name: str, value: float) -> int:
    parts = tuple((colour >> shift & 255) / 255 for shift in (16, 8, 0))
    if name == "tint":
        return _joined(tuple(part * value + (1 - value) for part in parts))
    if name == "shade":
        return _joined(tuple(part * value for part in parts))
    if name in ("lumMod", "lumOff"):
        hue, light, saturation = colorsys.rgb_to_hls(*parts)
        light = light * value if name == "lumMod" else light + value
        return _joined(colorsys.hls_to_rgb(hue, min(1.0, light), saturation))
    return colour


def _joined(parts: Sequence[float]) -> int:
    red, green, blue = (max(0, min(255, round(255 * part))) for part in parts)
    return red << 16 | green << 8 | blue
