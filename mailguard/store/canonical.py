"""Canonical JSON: one value, one text. What the ledger hashes and what a seal covers.

Keys sorted by code point, no white space, everything beyond ASCII escaped, no NaN or infinity.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..core.errors import MailguardError
from ..core.verdict import Published

_encoder = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
_ESCAPED_ADDRESS_SIGNS = ("\\uff20", "\\ufe6b")
"""As they stand in canonical text: the full-width and the small form of the at sign (THREATS.md T31)."""


def _kept() -> Callable[[Any, int], Sequence[str]] | None:
    """What `_encoder` makes anew for each text: the interpreter's own encoder in C, with its options. None without it.

    It does not look for what contains itself, which would take a table of its own: that ends in a RecursionError.
    """
    make = getattr(json.encoder, "c_make_encoder", None)
    escape = json.encoder.encode_basestring_ascii
    made: Callable[[Any, int], Sequence[str]] | None = make and make(
        None, _encoder.default, escape, None, ":", ",", True, False, False
    )
    return made


_pieces = _kept()


class PersonalDataRefused(MailguardError):
    """Something that looks like an address was about to enter the chain, which keeps it forever."""


def canonical(value: Any) -> str:
    """The canonical text. TypeError and ValueError for what JSON cannot hold."""
    if _pieces is not None:
        try:
            return "".join(_pieces(value, 0))
        except RecursionError:
            """The other way says what is wrong."""
    return _encoder.encode(value)


def canonical_fields(fields: Mapping[str, Any]) -> str:
    """As `canonical`, for fields of which one may be a list of what is published again and again: of the rules of a
    policy nearly all say the same of one message as of the next, and each has its text made once.
    """
    key = next((key for key, value in fields.items() if type(value) is list and value and _all_published(value)), None)
    if key is None:
        return canonical(fields)
    before = canonical({each: value for each, value in fields.items() if each < key})[1:-1]
    after = canonical({each: value for each, value in fields.items() if each > key})[1:-1]
    listed = f"{canonical(key)}:[{','.join([each.text or _text(each) for each in fields[key]])}]"
    return f"{{{','.join([each for each in (before, listed, after) if each])}}}"


def _all_published(values: Sequence[Any]) -> bool:
    return all(type(each) is Published for each in values)


def _text(published: Published) -> str:
    published.text = canonical(published)
    return published.text


def refuse_addresses(text: str) -> None:
    """PersonalDataRefused if canonical text holds an at sign. The ledger fails closed: it could never forget it."""
    if "@" in text or ("\\" in text and any(sign in text for sign in _ESCAPED_ADDRESS_SIGNS)):
        raise PersonalDataRefused("an entry for the ledger holds an at sign; addresses belong into its evidence")
