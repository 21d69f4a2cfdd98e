"""Colours of cells, and whether one can be told from another. Pure arithmetic on #rrggbb as integers."""

from __future__ import annotations

import colorsys
from collections.abc import Mapping, Sequence

WHITE, BLACK = 0xFFFFFF, 0x000000

_FIRST_EIGHT = (0x000000, 0xFFFFFF, 0xFF0000, 0x00FF00, 0x0000FF, 0xFFFF00, 0xFF00FF, 0x00FFFF)
INDEXED: tuple[int, ...] = (
    *_FIRST_EIGHT,
    *_FIRST_EIGHT,
    *(0x800000, 0x008000, 0x000080, 0x808000, 0x800080, 0x008080, 0xC0C0C0, 0x808080),
    *(0x9999FF, 0x993366, 0xFFFFCC, 0xCCFFFF, 0x660066, 0xFF8080, 0x0066CC, 0xCCCCFF),
    *(0x000080, 0xFF00FF, 0xFFFF00, 0x00FFFF, 0x800080, 0x800000, 0x008080, 0x0000FF),
    *(0x00CCFF, 0xCCFFFF, 0xCCFFCC, 0xFFFF99, 0x99CCFF, 0xFF99CC, 0xCC99FF, 0xFFCC99),
    *(0x3366FF, 0x33CCCC, 0x99CC00, 0xFFCC00, 0xFF9900, 0xFF6600, 0x666699, 0x969696),
    *(0x003366, 0x339966, 0x003300, 0x333300, 0x993300, 0x993366, 0x333399, 0x333333),
    *(BLACK, WHITE),
)
"""ECMA-376 part 1, 18.8.27; the last two are the system's text and background."""

THEME: tuple[int, ...] = (
    *(WHITE, BLACK, 0xEEECE1, 0x1F497D),
    *(0x4F81BD, 0xC0504D, 0x9BBB59, 0x8064A2, 0x4BACC6, 0xF79646, 0x0000FF, 0x800080),
)
"""The Office theme, for a workbook without one: light 1, dark 1, light 2, dark 2, six accents, two links."""

INDISTINGUISHABLE = 1.12
"""The contrast ratio (WCAG 2.2, 1.4.3) up to which a text is taken for unseen. #F2F2F2 on white has 1.12, and nobody
reads it; the palest grey that people do use for notes, #D9D9D9, has 1.4."""


def read_colour(attributes: Mapping[str, str], theme: Sequence[int], indexed: Sequence[int]) -> int | None:
    """Of a colour element of SpreadsheetML; None for automatic and for what has no meaning."""
    try:
        if "rgb" in attributes:
            base = int(attributes["rgb"][-6:], 16)
        elif "theme" in attributes:
            base = theme[int(attributes["theme"])]
        elif "indexed" in attributes:
            base = indexed[int(attributes["indexed"])]
        else:
            return None
        tint = float(attributes.get("tint", 0))
    except (ValueError, IndexError):
        return None
    return shade(base, max(-1.0, min(1.0, tint))) if tint else base


def shade(colour: int, tint: float) -> int:
    """A colour made darker (below 0) or lighter, ECMA-376 part 1, 18.8.19."""
    hue, light, saturation = colorsys.rgb_to_hls(*(part / 255 for part in _parts(colour)))
    light = light * (1 + tint) if tint < 0 else light * (1 - tint) + tint
    red, green, blue = (round(255 * part) for part in colorsys.hls_to_rgb(hue, light, saturation))
    return red << 16 | green << 8 | blue


def same_to_the_eye(one: int, other: int) -> bool:
    """Whether text of one colour cannot be seen on the other."""
    if one == other:
        return True
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    near = max(abs(a - b) for a, b in zip(_parts(one), _parts(other), strict=True)) <= 32
    return near and (lighter + 0.05) / (darker + 0.05) <= INDISTINGUISHABLE


def _parts(colour: int) -> tuple[int, int, int]:
    return colour >> 16 & 255, colour >> 8 & 255, colour & 255


def _luminance(colour: int) -> float:
    red, green, blue = (_linear(part / 255) for part in _parts(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)
