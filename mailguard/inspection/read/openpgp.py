"""What OpenPGP (RFC 9580) sends beside a message: signatures and public keys. Whom a key belongs to it says itself.

Promises: total. A message that is encrypted or packed, and a block that holds anything else than signatures and keys,
is `Uninspectable`; text around a block is text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...core.mail.decoded import as_text
from ...core.mail.text import decode_base64
from ..budget import Budget, Uninspectable
from ..enclosed import Found
from ..stream import Person, Text, Visibility

TYPES = frozenset({"application/pgp-signature", "application/pgp-keys"})
ENDINGS = (".asc", ".pgp", ".gpg")
_START = re.compile(rb"\s{0,100}-----BEGIN PGP [A-Z ]{3,40}-----")
_BLOCK = re.compile(
    r"^-----BEGIN PGP (?P<kind>[A-Z ]{3,40})-----[ \t]*\r?$(?P<body>[\s\S]*?)^-----END PGP (?P=kind)-----[ \t]*\r?$",
    re.MULTILINE,
)
_SIGNED = re.compile(r"^-----BEGIN PGP SIGNED MESSAGE-----", re.MULTILINE)
_KINDS = frozenset({"SIGNATURE", "PUBLIC KEY BLOCK", "PRIVATE KEY BLOCK"})
_MOST_BLOCKS = 1_000
_USER_ID, _QUIET = 13, frozenset({2, 5, 6, 7, 10, 12, 14, 17, 21})
"""Signatures, keys, markers, trust, photographs, padding."""
_ADDRESS = re.compile(r"(?P<name>[^<>]{0,500})<(?P<address>[^<>@\s]{1,64}@[^<>\s]{1,255})>\s{0,9}\Z")
_ENCRYPTED = "encrypted"


def begins(data: bytes | memoryview) -> bool:
    """In armour. Without it (.pgp, .gpg) it can be anything, and is not read."""
    return _START.match(bytes(data[:256])) is not None


def read(data: bytes | memoryview, budget: Budget) -> Iterator[Found]:
    """Texts around the blocks, comments in them, and the holders of keys."""
    budget.keep(2 * len(data))
    text = as_text(bytes(data), "utf-8")
    if text.count("-----BEGIN PGP ") > _MOST_BLOCKS:
        raise Uninspectable(f"more than {_MOST_BLOCKS} OpenPGP blocks")
    position = 0
    for found in _BLOCK.finditer(text):
        yield from _around(text[position : found.start()])
        position = found.end()
        if found["kind"] not in _KINDS:
            raise Uninspectable(_ENCRYPTED)
        header, octets = _opened(found["body"])
        if header:
            yield Text(header, "comments of an OpenPGP block", Visibility.PROPERTY)
        yield from _packets(octets, budget)
    yield from _around(text[position:])


def _around(text: str) -> Iterator[Found]:
    if "-----BEGIN PGP " in _SIGNED.sub("", text):
        raise Uninspectable("an OpenPGP block that is broken")
    if text.strip():
        yield Text(text, "text")


def _opened(body: str) -> tuple[str, bytes]:
    """The lines of its header ("Comment: ..."), and the packets without their checksum."""
    lines = [line.strip() for line in body.strip().splitlines()]
    start = next((index for index, line in enumerate(lines) if ": " not in line), len(lines))
    coded = lines[start:]
    if coded and coded[-1].startswith("="):
        coded.pop()
    return "\n".join(lines[:start]), decode_base64("".join(coded).encode("ascii", "ignore"))


def _packets(octets: bytes, budget: Budget) -> Iterator[Found]:
    position = 0
    while position < len(octets):
        tag, start, end = _packet(octets, position)
        budget.spend_tags(1)
        if tag == _USER_ID:
            yield from _holder(octets[start:end].decode("utf-8", "replace"))
        elif tag not in _QUIET:
            raise Uninspectable(_ENCRYPTED)
        position = end


def _packet(octets: bytes, position: int) -> tuple[int, int, int]:
    """Tag, start and end of the packet at a position (RFC 9580 section 4.2)."""
    first, rest = octets[position], octets[position + 1 : position + 6]
    if not first & 0x80 or len(rest) < 1:
        raise Uninspectable("an OpenPGP block that is broken")
    if first & 0x40:
        tag = first & 0x3F
        if rest[0] < 192:
            width, size = 1, rest[0]
        elif rest[0] < 224 and len(rest) > 1:
            width, size = 2, (rest[0] - 192 << 8) + rest[1] + 192
        elif rest[0] == 255 and len(rest) > 4:
            width, size = 5, int.from_bytes(rest[1:5], "big")
        else:
            raise Uninspectable("an OpenPGP block that is broken")
    else:
        tag, width = first >> 2 & 0x0F, (1, 2, 4, 0)[first & 3]
        size = int.from_bytes(rest[:width], "big") if width else len(octets)
    start = position + 1 + width
    if start + size > len(octets):
        raise Uninspectable("an OpenPGP block that is broken")
    return tag, start, start + size


def _holder(user: str) -> Iterator[Found]:
    found = _ADDRESS.match(user)
    if found:
        yield Person("key holder", found["name"].strip() or found["address"], found["address"], "a public key")
    elif user.strip():
        yield Person("key holder", user.strip(), user.strip() if "@" in user else "", "a public key")
