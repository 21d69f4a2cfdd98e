"""Who can be read in a content line: the calendar user that it names, and everybody in its parameters."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..canonical import canonical_address
from ..search import readings, tokens
from .lines import parameters, without_carets

_MAILTO = re.compile(rb"\s*mailto:", re.IGNORECASE)
_ORDINARY = re.compile(
    rb"\s*mailto:([A-Za-z0-9][A-Za-z0-9._+-]*+@[A-Za-z0-9][A-Za-z0-9-]*+(?>(?:\.[A-Za-z0-9][A-Za-z0-9-]*+)*))\s*\Z",
    re.IGNORECASE,
)
_LOOKS = re.compile(rb"@|%40|=40|=\?|\xef\xbc\xa0|\xef\xb9\xab")
_LOOKS_OTHERWISE = re.compile(rb"%40|=40|=\?|\xef\xbc\xa0|\xef\xb9\xab")


def shown(value: bytes) -> Iterator[str]:
    """Every x@y in a text, canonical, in each reading of it."""
    if _LOOKS.search(value):
        for reading in readings(value):
            for token in tokens(value if reading is None else reading.text):
                yield token.address


def read_people(written: bytes, value: bytes) -> tuple[str, tuple[str, ...]]:
    """The one mailbox that an ATTENDEE or ORGANIZER stands for ("" where none is clear), and all that it shows.

    The value counts first, then EMAIL (RFC 7986 section 6.2), for values that are no mailto.
    """
    ordinary = _ORDINARY.match(value)
    if ordinary and _shows_nobody_else(written, ordinary[1].lower()):
        address = ordinary[1].decode("ascii").lower()
        return address, (address,)
    named = list(dict.fromkeys([canonical_address(ordinary[1])] if ordinary else shown(_bare(value))))
    beside: dict[str, None] = {}
    email: list[str] = []
    for name, text, _ in parameters(written):
        found = list(shown(without_carets(text)))
        email += found if name == "EMAIL" else []
        beside.update(dict.fromkeys(found))
    own = named or list(dict.fromkeys(email))
    return own[0] if len(own) == 1 else "", tuple(dict.fromkeys([*named, *beside]))


def _shows_nobody_else(written: bytes, address: bytes) -> bool:
    """Whether parameters hold no address, or this one alone, each time as a whole value (Outlook's CN)."""
    signs = written.count(b"@")
    if not signs:
        return not _LOOKS.search(written)
    lower, whole, place = written.lower(), 0, -1
    while (place := lower.find(address, place + 1)) > 0:
        after = lower[place + len(address) : place + len(address) + 1]
        whole += lower[place - 1 : place] in (b"=", b'"', b":") and after in (b"", b";", b'"', b",")
    return whole == signs and not _LOOKS_OTHERWISE.search(written)


def _bare(value: bytes) -> bytes:
    return _MAILTO.sub(b"", value, count=1)
