"""Canonical JSON: one value, one text. What the ledger hashes and what a seal covers.

Keys sorted by code point, no white space, everything beyond ASCII escaped, no NaN or infinity.
"""

from __future__ import annotations

import json
from typing import Any

from ..core.errors import MailguardError

_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode
_ADDRESS_SIGNS = ("@", "\\uff20", "\\ufe6b")
"""As they stand in canonical text: the at sign, its full-width and its small form (THREATS.md T31)."""


class PersonalDataRefused(MailguardError):
    """Something that looks like an address was about to enter the chain, which keeps it forever."""


def canonical(value: Any) -> str:
    """The canonical text. TypeError and ValueError for what JSON cannot hold."""
    return _encode(value)


def refuse_addresses(text: str) -> None:
    """PersonalDataRefused if canonical text holds an at sign. The ledger fails closed: it could never forget it."""
    if any(sign in text for sign in _ADDRESS_SIGNS):
        raise PersonalDataRefused("an entry for the ledger holds an at sign; addresses belong into its evidence")
