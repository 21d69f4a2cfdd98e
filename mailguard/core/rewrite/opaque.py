"""What an S/MIME part of type application/pkcs7-mime carries (RFC 8551, RFC 5652): as much of BER as that takes.

A signed-data part is no secret: everybody reads the message inside it without a key. An encrypted one is closed to all
but its recipients. Linear, without recursion, and never wrong on purpose: what is not understood is Unreadable.
"""

from __future__ import annotations

from dataclasses import dataclass

_SIGNED = bytes.fromhex("2a864886f70d010702")
_ENCRYPTED = frozenset(
    bytes.fromhex(oid)
    for oid in ("2a864886f70d010703", "2a864886f70d010704", "2a864886f70d010706", "2a864886f70d0109100117")
)
_SEQUENCE, _OID, _EXPLICIT, _OCTETS, _OCTETS_IN_PIECES = 0x30, 0x06, 0xA0, 0x04, 0x24


class Unreadable(Exception):
    """Not CMS, or a kind of it that cannot be looked into."""


@dataclass(frozen=True, slots=True)
class _Element:
    """One BER element: data[start:end] is its content; end None means that an end-of-contents mark ends it."""

    tag: int
    start: int
    end: int | None


def signed_content(data: bytes) -> bytes | None:
    """The MIME entity inside a signed-data; None where nothing can be read in it (encrypted, or certificates alone).

    Unreadable for all else.
    """
    kind, at = _content_type(data, 0)
    if kind in _ENCRYPTED:
        return None
    if kind != _SIGNED:
        raise Unreadable
    signed = _expect(data, _expect(data, at, _EXPLICIT).start, _SEQUENCE)
    after_version = _after(data, _element(data, signed.start))
    encapsulated = _after(data, _element(data, after_version))
    _, at = _content_type(data, encapsulated)
    if at == _element(data, encapsulated).end:  # a detached signature: what follows are its certificates
        return None
    return _octets(data, _expect(data, at, _EXPLICIT).start) if data[at : at + 1] == bytes([_EXPLICIT]) else None


def is_encrypted(data: bytes) -> bool:
    """Whether it is a kind of CMS that nobody reads without a key. Unreadable for what is no CMS."""
    return _content_type(data, 0)[0] in _ENCRYPTED


def _content_type(data: bytes, at: int) -> tuple[bytes, int]:
    """The object identifier that a SEQUENCE begins with, and the offset behind it."""
    oid = _expect(data, _expect(data, at, _SEQUENCE).start, _OID)
    return data[oid.start : oid.end], _after(data, oid)


def _octets(data: bytes, at: int) -> bytes:
    whole = _element(data, at)
    if whole.tag == _OCTETS and whole.end is not None:
        return data[whole.start : whole.end]
    if whole.tag != _OCTETS_IN_PIECES:
        raise Unreadable
    pieces, at = [], whole.start
    while at != whole.end and data[at : at + 2] != b"\0\0":
        piece = _expect(data, at, _OCTETS)
        pieces.append(data[piece.start : piece.end])
        at = _after(data, piece)
    return b"".join(pieces)


def _expect(data: bytes, at: int, tag: int) -> _Element:
    element = _element(data, at)
    if element.tag != tag:
        raise Unreadable
    return element


def _element(data: bytes, at: int) -> _Element:
    """X.690 section 8.1, one-octet tags; a length that does not fit is Unreadable."""
    if at + 2 > len(data) or data[at] & 0x1F == 0x1F:
        raise Unreadable
    tag, length, start = data[at], data[at + 1], at + 2
    if length == 0x80:
        return _Element(tag, start, None)
    if length > 0x80:
        count = length & 0x7F
        length, start = int.from_bytes(data[start : start + count], "big"), start + count
    if start + length > len(data):
        raise Unreadable
    return _Element(tag, start, start + length)


def _after(data: bytes, element: _Element) -> int:
    if element.end is not None:
        return element.end
    at, depth = element.start, 1
    while depth:
        if data[at : at + 2] == b"\0\0":
            at, depth = at + 2, depth - 1
            continue
        inner = _element(data, at)
        at, depth = (inner.start, depth + 1) if inner.end is None else (inner.end, depth)
    return at
