"""Tokens: 256 random bits that a browser or a link carries. The store knows only their hashes (THREATS.md T68)."""

from __future__ import annotations

import hashlib
import re

from ..ports import Randomness

OCTETS = 32
_TOKEN = re.compile(r"[0-9a-f]{64}")


def new_token(randomness: Randomness) -> str:
    """A new token, as it stands in a cookie or in an address."""
    return randomness.octets(OCTETS).hex()


def is_token(text: str) -> bool:
    """Whether it has the form of a token."""
    return _TOKEN.fullmatch(text) is not None


def key_of(token: str) -> str:
    """What the store keeps it by. A hash without salt is enough: nobody guesses 256 random bits."""
    return hashlib.sha256(b"console token\0" + token.encode()).hexdigest()
