"""The body of a part without its Content-Transfer-Encoding (RFC 2045 section 6), as strictly as clients agree on it.

Promises: total; linear. Where two decoders could yield other octets, `flawed` says so; the octets are then those of a
lenient one.
"""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass

from .message import Buffer, Part
from .text import decode_base64

_QUOTED_OCTET = re.compile(rb"=([0-9A-Fa-f]{2})")
_SOFT_BREAK = re.compile(rb"=[ \t]*+\r?\n|=[ \t]*+\Z")
_NOT_QUOTED_PRINTABLE = re.compile(rb"=(?![0-9A-Fa-f]{2}|[ \t]*+(?:\r?\n|\Z))|[ \t]\r?\n")
_ENCODED = frozenset({"base64", "quoted-printable"})


@dataclass(frozen=True, slots=True)
class Transferred:
    """raw[start:end] is a body; octets is what it says. encoding: "base64", "quoted-printable" or "" for none."""

    start: int
    end: int
    encoding: str
    octets: bytes
    flawed: bool


def decode_transfer(raw: Buffer, part: Part) -> Transferred:
    """What the body of a part says."""
    body = bytes(raw[part.body_start : part.end])
    encoding = part.encoding if part.encoding in _ENCODED else ""
    octets, flawed = body, False
    if encoding == "base64":
        octets, flawed = _base64(body)
    elif encoding == "quoted-printable":
        octets, flawed = decode_quoted(body), _NOT_QUOTED_PRINTABLE.search(body) is not None
    return Transferred(part.body_start, part.end, encoding, octets, flawed)


def decode_quoted(body: bytes) -> bytes:
    """Quoted-printable decoded; what is no escape stays as it is."""
    return _QUOTED_OCTET.sub(lambda octet: bytes([int(octet[1], 16)]), _SOFT_BREAK.sub(b"", body))


def _base64(body: bytes) -> tuple[bytes, bool]:
    text = body.translate(None, b"\r\n\t ")
    try:
        return binascii.a2b_base64(text, strict_mode=True), False
    except binascii.Error:
        return decode_base64(body), bool(text)
