"""The stylesheet, the script and the icon, read once. Their addresses carry a hash of what they hold, so browsers may
keep them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "static"
TYPES = {".css": "text/css; charset=utf-8", ".svg": "image/svg+xml", ".js": "text/javascript; charset=utf-8"}
SERVED = ("mailguard.css", "icon.svg", "console.js")


@dataclass(frozen=True, slots=True)
class Asset:
    """path: its address on the console."""

    path: str
    media_type: str
    octets: bytes


def read_assets() -> Mapping[str, Asset]:
    """By the name of the file. OSError where the installation lacks one."""
    found = {}
    for name in SERVED:
        octets = (FOLDER / name).read_bytes()
        digest = hashlib.sha256(octets).hexdigest()[:16]
        found[name] = Asset(f"/static/{digest}/{name}", TYPES[Path(name).suffix], octets)
    return found
