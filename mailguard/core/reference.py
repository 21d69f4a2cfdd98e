"""References such as MG-7Q4K-2F: readable on the telephone, without 0, O, 1 and I.

What a person is told has the short form, unique by a key of the store (a collision picks another). Messages that pass
get the long form, which nobody has to read aloud and of which there are enough for a busy relay.
"""

from __future__ import annotations

import re

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
PATTERN = re.compile(rf"MG-[{ALPHABET}]{{4}}-(?:[{ALPHABET}]{{2}}|[{ALPHABET}]{{10}})")
RANDOM_OCTETS = 14
"""How many random octets either form needs at the most."""


def short_reference(random: bytes) -> str:
    """MG-7Q4K-2F: 6 characters, 30 bits, from RANDOM_OCTETS random octets."""
    return _form(random, 6)


def long_reference(random: bytes) -> str:
    """MG-7Q4K-2FXB7M3KQW: 14 characters, 70 bits, from RANDOM_OCTETS random octets."""
    return _form(random, 14)


def is_reference(text: str) -> bool:
    return PATTERN.fullmatch(text) is not None


def _form(random: bytes, length: int) -> str:
    if len(random) < length:
        raise ValueError("a reference needs more random octets")
    letters = "".join(ALPHABET[octet & 31] for octet in random[:length])
    return f"MG-{letters[:4]}-{letters[4:]}"
