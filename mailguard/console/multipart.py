"""The body of a form with a file in it (multipart/form-data, RFC 7578). Pure.

Contract: total for any octets: fields or None; linear; no more than MOST_PARTS parts. A file's name is never used, so
nothing is made of it. A field that comes twice has its last value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

TYPE = "multipart/form-data"
MOST_PARTS = 20
LONGEST_HEADER = 2000
_BOUNDARY = re.compile(r'(?:^|;)\s*boundary=(?:"([^"\r\n]{1,200})"|([^\s;",]{1,200}))', re.IGNORECASE)
_NAME = re.compile(rb'(?:^|;)\s*name="([^"\r\n]{1,200})"', re.IGNORECASE)


def boundary_of(content_type: str) -> bytes | None:
    """The boundary that a Content-Type names; None for another type, or where it names none."""
    kind, _, parameters = content_type.partition(";")
    found = _BOUNDARY.search(parameters) if kind.strip().lower() == TYPE else None
    text = (found[1] or found[2]) if found else ""
    return text.encode("ascii") if text and text.isascii() else None


def read_parts(body: bytes, boundary: bytes) -> Mapping[str, bytes] | None:
    """Name -> value of each part. None for what is no such body, is cut off, or has too many parts."""
    delimiter = b"\r\n--" + boundary
    start = len(delimiter) - 2 if body.startswith(delimiter[2:]) else -1
    found: dict[str, bytes] = {}
    for _ in range(MOST_PARTS + 1):
        if start < 0:
            return None
        if body[start : start + 2] == b"--":
            return found
        stop = body.find(delimiter, start)
        if stop < 0 or body[start : start + 2] != b"\r\n":
            return None
        named = _part(body, start + 2, stop)
        if named is None:
            return None
        found[named[0]] = named[1]
        start = stop + len(delimiter)
    return None


def _part(body: bytes, start: int, stop: int) -> tuple[str, bytes] | None:
    end = body.find(b"\r\n\r\n", start, min(stop, start + LONGEST_HEADER))
    if end < 0:
        return None
    for line in body[start:end].split(b"\r\n"):
        field, _, value = line.partition(b":")
        if field.strip().lower() == b"content-disposition":
            name = _NAME.search(value)
            if name is None or not name[1].isascii():
                return None
            return name[1].decode("ascii"), bytes(body[end + 4 : stop])
    return None
