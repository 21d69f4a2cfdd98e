"""The mark in our own Received field, by which a message that comes back is known (docs/decisions/loops.md).

`(mark 1.TEXT)` behind the id: a keyed MAC over version, hostname, id and date as the field has them. Whoever lacks the
key cannot make one; a mark says that we wrote the field and nothing else, so it never spares a message its judgement.
Fields of others are left alone, whatever they hold (RFC 5321 section 4.4).
"""

from __future__ import annotations

import hmac
import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field

from ..mail.message import Field, Message

_VERSION = "1"
_MAC_OCTETS = 16
_WHITE = re.compile(rb"[ \t\r\n]+")
_MARK = re.compile(rb"\( ?mark ([0-9]{1,3})\.([^()\s]{0,100}) ?\)", re.IGNORECASE)
_BEFORE = re.compile(rb"by (\S{1,255}) with \S{1,20} id (\S{1,40}) \Z")
_AFTER = re.compile(rb" ?; ?([\x21-\x7e][\x20-\x7e]{9,60}?) ?\Z")
_NOT_WRITABLE = re.compile(r"[^!-~]|[();]")
_REACH = 350
"""How far from the mark its field's own words stand; what is farther away is not ours."""
_LONGEST_FIELD = 4096
"""Ours has at most 700 octets; the bound keeps a header full of invented marks cheap."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """came_back: a Received field holds a mark of ours. forged: fields that pretend to be ours and are not."""

    came_back: bool
    forged: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True)
class Marks:
    """hostname: our own name. keys: the one to mark with first, then older ones; ValueError for none or one below 16
    octets.
    """

    hostname: str
    keys: tuple[bytes, ...] = field(repr=False)
    name: str = field(init=False, repr=False)
    """Our name as our Received field writes it."""

    def __post_init__(self) -> None:
        if not self.keys or any(len(key) < _MAC_OCTETS for key in self.keys):
            raise ValueError("the key of the loop mark is missing or too short")
        object.__setattr__(self, "name", _NOT_WRITABLE.sub("?", self.hostname)[:255])

    def comment(self, ref: str, date: str) -> str:
        """The mark for our field with this id and this date-time, as a comment."""
        return f"(mark {_VERSION}.{_mac(self.keys[0], self.name, ref, date)})"

    def examine(self, message: Message) -> Arrival:
        """What the Received fields of a message say of us."""
        marked = []
        for each in message.named("received"):
            if each.end - each.start > _LONGEST_FIELD or b"mark" not in message.value(each).lower():
                continue
            value = _unfolded(message, each)
            if (found := _MARK.search(value)) is not None:
                marked.append((each, value, found))
        if any(self._is_ours(value, found) for _, value, found in marked):
            return Arrival(came_back=True)
        return Arrival(False, tuple(each for each, value, _ in marked if self._names_us(value)))

    def _is_ours(self, value: bytes, found: re.Match[bytes]) -> bool:
        before = _BEFORE.search(value[max(0, found.start() - _REACH) : found.start()])
        after = _AFTER.match(value[found.end() : found.end() + _REACH])
        if found[1] != _VERSION.encode() or before is None or after is None:
            return False
        words = [each.decode("ascii", "replace") for each in (before[1], before[2], after[1])]
        return any(hmac.compare_digest(found[2], _mac(key, *words).encode()) for key in self.keys)

    def _names_us(self, value: bytes) -> bool:
        ours = re.escape(self.name.encode())
        return re.search(rb"(?<![^\s;()])by " + ours + rb"\.?(?![^\s;()])", value, re.IGNORECASE) is not None


def _mac(key: bytes, hostname: str, ref: str, date: str) -> str:
    """128 bits in base64url. The parts hold no NUL, so that two lists of them never read the same."""
    words = "\0".join(("mailguard received", _VERSION, hostname, ref, date))
    return urlsafe_b64encode(hmac.digest(key, words.encode(), "sha256")[:_MAC_OCTETS]).rstrip(b"=").decode()


def _unfolded(message: Message, each: Field) -> bytes:
    return _WHITE.sub(b" ", message.value(each)).strip()
