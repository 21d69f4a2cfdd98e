"""The relaxed canonical forms of DKIM (RFC 6376 sections 3.4.2 and 3.4.4), for header fields and for the body's hash.

Linear, and the body is never copied whole: it is hashed in pieces, however its lines are long.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

_PIECE_OCTETS = 65_536
_HELD_BACK = (b" \r", b"\r", b" ")
"""At the end of a piece the next one says what they are: part of a line end, trailing white space, or content."""


def relaxed_field(octets: bytes) -> bytes:
    """A whole field, folding and all, without its final CRLF."""
    name, _, value = octets.partition(b":")
    unfolded = value.replace(b"\r\n", b"")
    return name.strip(b" \t\r\n").lower() + b":" + _reduced(unfolded).strip(b" \r\n")


def relaxed_body_sha256(segments: Iterable[memoryview | bytes]) -> bytes:
    """The hash of a body that comes in pieces: white space reduced, none at line ends, no empty lines at the end."""
    digest = hashlib.sha256()
    blank, held, written = 0, b"", False
    for piece in _pieces(segments):
        text = _reduced(held + piece).replace(b" \r\n", b"\r\n")
        held = next((each for each in _HELD_BACK if text.endswith(each)), b"")
        end = stop = len(text) - len(held)
        while text.endswith(b"\r\n", 0, end):
            end -= 2
        if end:
            digest.update(b"\r\n" * blank + text[:end])
            blank, written = 0, True
        blank += (stop - end) // 2
    if b"\r" in held:
        digest.update(b"\r\n" * blank + held)
        written = True
    if written:
        digest.update(b"\r\n")
    return digest.digest()


def _reduced(octets: bytes) -> bytes:
    """Each run of white space as one space. Runs halve with each turn; no regular expression is nearly as fast."""
    octets = octets.replace(b"\t", b" ")
    while b"  " in octets:
        octets = octets.replace(b"  ", b" ")
    return octets


def _pieces(segments: Iterable[memoryview | bytes]) -> Iterator[bytes]:
    for segment in segments:
        for start in range(0, len(segment), _PIECE_OCTETS):
            yield bytes(segment[start : start + _PIECE_OCTETS])
