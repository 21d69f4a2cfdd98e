"""The colour scheme of an Office document: the theme part (DrawingML), which documents, workbooks and slides share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .colour import THEME, read_colour
from .spreadsheetml import names
from .xml_events import read_xml

SLOTS = ("lt1", "dk1", "lt2", "dk2", *(f"accent{n}" for n in range(1, 7)), "hlink", "folHlink")
"""In the order in which cells of a workbook number them: light before dark."""
OFFICE = dict(zip(SLOTS, THEME, strict=True))


def read_theme(pieces: Iterator[bytes]) -> dict[str, int]:
    """The twelve colours of the scheme, in the order of SLOTS; those of Office where it does not say one."""
    known = names()
    colours = dict(OFFICE)
    slot = ""

    def start(full: str, attributes: Mapping[str, str]) -> None:
        nonlocal slot
        name = known[full]
        if name in colours:
            slot = name
        elif name in ("fmtScheme", "fontScheme", "objectDefaults", "extraClrSchemeLst"):
            slot = ""
        elif slot and name in ("srgbClr", "sysClr"):
            value = attributes.get("lastClr") or attributes.get("val", "")
            colour = read_colour({"rgb": value}, (), ())
            if colour is not None:
                colours[slot] = colour
                slot = ""

    read_xml(pieces, start)
    return colours
