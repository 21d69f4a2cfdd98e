"""What goes through the pipes between the guard and a worker: length-prefixed JSON, and the octets of a part.

    to the worker    once a frame of its own (JSON: "kinds", a file of kinds of identifiers or null); then for each part
                     length of the header (4 octets, big-endian), header (JSON: "size", ...), `size` octets
    from the worker  length (4 octets), answer (JSON)

Promises: plain values only; nothing that is received runs or is believed before it was looked at (answers.py).
"""

from __future__ import annotations

import json
import struct
from typing import Any

LENGTH = struct.Struct(">I")
MOST_HEADER_OCTETS = 65_536
MOST_KINDS_OCTETS = 524_288
MOST_ANSWER_OCTETS = 4_194_304
"""An answer that names 20,000 people has a megabyte. A larger one is not read."""


class BrokenFrame(Exception):
    """What came is no frame."""


def frame(value: dict[str, Any]) -> bytes:
    """A value as a frame."""
    octets = json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode("ascii")
    return LENGTH.pack(len(octets)) + octets


def length(prefix: bytes, most: int) -> int:
    """How many octets follow. Raises BrokenFrame above `most`."""
    (octets,) = LENGTH.unpack(prefix)
    if octets > most:
        raise BrokenFrame("a frame is longer than is read")
    return int(octets)


def value(octets: bytes) -> dict[str, Any]:
    """The value in a frame. Raises BrokenFrame."""
    try:
        found = json.loads(octets)
    except (ValueError, RecursionError) as cause:
        raise BrokenFrame("a frame is no JSON") from cause
    if not isinstance(found, dict):
        raise BrokenFrame("a frame is no object")
    return found
