"""A name under which a browser may save somebody's file. Pure and total.

Promises (THREATS.md T64): no folder, no drive, no control or bidirectional character, no name that Windows keeps for a
device, no dot before it or behind it, at most LONGEST characters; what it says of its kind (".xlsx") stays. It is plain
ASCII, which every browser takes as it is (RFC 6266 section 4.3).
"""

from __future__ import annotations

import re
import unicodedata

LONGEST = 80
_PARTING = re.compile(r"[/\\:\x00]")
_UNSAFE = re.compile(r"[^A-Za-z0-9 ._()-]+")
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,10}\Z")
_DEVICES = re.compile(r"(?:con|prn|aux|nul|conin|conout|clock|com[0-9]|lpt[0-9])(?=[ .$]|\Z)", re.IGNORECASE)
"""Microsoft, "Naming Files, Paths, and Namespaces": also with an ending."""


def safe_file_name(name: str, otherwise: str) -> str:
    """otherwise: what to call it where nothing of the name is left; safe itself."""
    last = _PARTING.split(name)[-1][-4 * LONGEST :]
    letters = (each for each in unicodedata.normalize("NFKD", last) if not unicodedata.combining(each))
    cleaned = " ".join(_UNSAFE.sub("_", "".join(letters)).split()).rstrip(" ._")
    found = _ENDING.search(cleaned)
    ending = found[0] if found else ""
    stem = cleaned.removesuffix(ending).rstrip(" ._-").lstrip(" ._-)")[: LONGEST - len(ending) - 1].rstrip(" ._-")
    if not any(each.isalnum() for each in stem):
        stem = otherwise
    return f"_{stem}{ending}" if _DEVICES.match(stem) else f"{stem}{ending}"
