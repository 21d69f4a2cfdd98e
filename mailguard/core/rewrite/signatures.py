"""Signatures over header fields that a rewrite breaks: DKIM (RFC 6376) and the ARC set (RFC 8617).

A broken signature is worse than none, so it goes; one that does not cover a changed field stays. Nothing is verified
here: a signature that was broken on arrival is not told apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..mail.message import Field, Message

DKIM = "dkim-signature"
ARC_SEALED = "arc-message-signature"
ARC = ("arc-seal", ARC_SEALED, "arc-authentication-results")

_COVERED = re.compile(rb"(?:^|;)\s*h\s*=([^;]*)")
_WHITE = re.compile(rb"\s+")


def broken(message: Message, changed: Iterable[str], *, body: bool = False) -> list[Field]:
    """The DKIM-Signature and ARC fields to remove, given the lower-case names of all fields that change.

    body: whether the body changes too, which every one of them covers (RFC 6376 section 3.7).
    """
    names = set(changed)
    gone = [field for field in message.named(DKIM) if body or covered(message.value(field)) & names]
    if gone:
        names.add(DKIM)
    sealed = any(body or covered(message.value(field)) & names for field in message.named(ARC_SEALED))
    return gone + (message.named(*ARC) if sealed or names & set(ARC) else [])


def covered(value: bytes) -> frozenset[str]:
    """The lower-case names in h= of a signature's value (RFC 6376 section 3.5), folding white space ignored."""
    match = _COVERED.search(value)
    names = _WHITE.sub(b"", match[1]).lower().split(b":") if match else []
    return frozenset(name.decode("ascii", "replace") for name in names if name)
