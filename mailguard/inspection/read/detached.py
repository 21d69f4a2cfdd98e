"""A detached S/MIME signature (RFC 8551 section 3.5.3): certificates and a signature over what stands beside it.

It holds nothing of its own: whoever signed is in From. A part that calls itself one and carries content is none.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...core.rewrite.opaque import Unreadable, is_encrypted, signed_content
from ..budget import Budget
from ..enclosed import Found
from .told import behind

TYPES = frozenset({"application/pkcs7-signature", "application/x-pkcs7-signature"})
ENDINGS = (".p7s",)


def begins(data: bytes | memoryview) -> bool:
    """Whether it is signed-data without content."""
    octets = bytes(data)
    try:
        return octets[:1] == b"\x30" and not is_encrypted(octets) and signed_content(octets) is None
    except Unreadable:
        return False


def read(data: bytes | memoryview, budget: Budget) -> Iterator[Found]:
    """Nothing, or what lies behind the signature."""
    length = data[1]
    if length < 0x80:
        yield from behind(data, 2 + length)
    elif length > 0x80:
        width = length & 0x7F
        yield from behind(data, 2 + width + int.from_bytes(data[2 : 2 + width], "big"))
