"""The two synthetic messages of the canary: a list of people, and an invitation, made from random octets.

Everybody in them is invented, at a domain that can never exist (RFC 6761 section 6.4: `invalid`), and is marked by two
tokens that stand nowhere else: one in the address, one in the name. Whoever finds somebody's token in what another one
got has found a leak.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from ..envelope import Envelope, Path, Recipient
from ..moment import header_date

DOMAIN = "canary.mailguard.invalid"
SEED_OCTETS = 32
FEWEST, MOST = 2, 100
"""How many people a canary may show."""


class Kind(StrEnum):
    LIST = "list"
    INVITATION = "invitation"


@dataclass(frozen=True, slots=True)
class Person:
    """tokens: what only this person's address and name hold, in lower case."""

    address: str
    name: str
    tokens: tuple[str, str]

    @property
    def mailbox(self) -> str:
        return f'"{self.name}" <{self.address}>'


@dataclass(frozen=True, slots=True)
class Planted:
    """A message that is to go the way of everybody's, and what must be in each copy of it.

    text: the lines that every copy has to carry as they are, of its body or its calendar.
    """

    kind: Kind
    raw: bytes
    sender: str
    people: tuple[Person, ...]
    subject: str
    message_id: str
    text: tuple[str, ...]

    @property
    def envelope(self) -> Envelope:
        return Envelope(_path(self.sender), tuple(Recipient(_path(each.address)) for each in self.people))

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.raw).hexdigest()


def plant(kind: Kind, seed: bytes, people: int, sender: str, at: datetime) -> Planted:
    """seed: SEED_OCTETS random octets; the same ones make the same message. sender: the address that it comes from.

    at: when it is written, in UTC.
    """
    if len(seed) < SEED_OCTETS or not FEWEST <= people <= MOST:
        raise ValueError("a canary needs a seed, and a list of people that can be a list")
    words = _words(seed + kind.encode())
    shown = tuple(_person(next(words), next(words)) for _ in range(people))
    name = next(words)
    opening = (
        f"From: mailguard canary <{sender}>",
        f"Subject: mailguard canary {name}",
        f"Date: {header_date(at)}",
        f"Message-ID: <{name}@{DOMAIN}>",
        "MIME-Version: 1.0",
    )
    make = _list if kind is Kind.LIST else _invitation
    lines, text = make(shown, sender, [next(words) for _ in range(24)], at)
    raw = "\r\n".join((*opening, *lines, "")).encode("ascii")
    return Planted(kind, raw, sender, shown, f"mailguard canary {name}", f"<{name}@{DOMAIN}>", text)


Made = tuple[list[str], tuple[str, ...]]


def _list(people: Sequence[Person], sender: str, words: Sequence[str], _: datetime) -> Made:
    """Shown in Cc, one of them under an encoded name, and once more in a field of no standard."""
    first, *others = people
    encoded = base64.b64encode(first.name.encode()).decode()
    cc = [f"=?utf-8?B?{encoded}?= <{first.address}>", *(each.mailbox for each in others)]
    text = tuple(" ".join(words[start : start + 6]) for start in range(0, len(words), 6))
    lines = [
        f"To: <{sender}>",
        f"Cc: {_folded(cc)}",
        f"X-Recipients: {_folded([each.address for each in people])}",
        "Content-Type: text/plain; charset=us-ascii",
        "",
        "This message is invented, to check that lists of people do not leave.",
        *text,
    ]
    return lines, text


def _invitation(people: Sequence[Person], sender: str, words: Sequence[str], at: datetime) -> Made:
    """Shown in To and as attendees of a calendar part in base64, as calendar programs send it."""
    boundary, uid, *others = words
    kept = (
        f"UID:{uid}@{DOMAIN}",
        "SEQUENCE:0",
        f"DTSTART:{at + timedelta(days=1):%Y%m%dT%H%M%SZ}",
        f"SUMMARY:{' '.join(others[:4])}",
        f"ORGANIZER:mailto:{sender}",
    )
    attendees = [f'ATTENDEE;CN="{each.name}":mailto:{each.address}' for each in people]
    event = ["BEGIN:VEVENT", f"DTSTAMP:{at:%Y%m%dT%H%M%SZ}", *kept, *attendees, "DURATION:PT30M", "END:VEVENT"]
    calendar = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//mailguard//canary//EN", "METHOD:REQUEST", *event]
    octets = "".join(f"{_folded_line(line)}\r\n" for line in [*calendar, "END:VCALENDAR"]).encode()
    lines = [
        f"To: {_folded([each.mailbox for each in people])}",
        f'Content-Type: multipart/alternative; boundary="{boundary}"',
        "",
        f"--{boundary}",
        "Content-Type: text/plain; charset=us-ascii",
        "",
        "This invitation is invented, to check that lists of people do not leave.",
        " ".join(others),
        f"--{boundary}",
        "Content-Type: text/calendar; charset=utf-8; method=REQUEST",
        "Content-Transfer-Encoding: base64",
        "",
        *base64.encodebytes(octets).decode().split(),
        f"--{boundary}--",
    ]
    return lines, (*kept, " ".join(others))


def _person(address: str, name: str) -> Person:
    """Each in a domain of their own, as in a real list."""
    return Person(f"{address}@{address[:6]}.{DOMAIN}", f"Canary {name}", (address, name))


def _words(seed: bytes) -> Iterator[str]:
    """Without end: words of 16 letters that nobody can guess without the seed, each fit to be a name of a domain."""
    number = 0
    while True:
        digest = hashlib.sha256(seed + number.to_bytes(4, "big")).hexdigest()
        yield "c" + digest[:15]
        number += 1


def _folded(items: Sequence[str]) -> str:
    return ",\r\n ".join(items)


def _folded_line(line: str) -> str:
    """RFC 5545 section 3.1: at most 75 octets a line."""
    pieces = [line[:75], *(line[start : start + 74] for start in range(75, len(line), 74))]
    return "\r\n ".join(pieces)


def _path(address: str) -> Path:
    return Path(address.encode("ascii"), address.lower())
