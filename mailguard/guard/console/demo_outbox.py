"""What would have been delivered in the demo, as people look at it: whom each message goes to, and who sees whom.

It knows what the demo's next mail server was given, and nothing of the quarantine: what is shown is what left.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol

from ...core.mail.canonical import canonical_address
from ...core.mail.message import Message
from ...core.mail.parse import parse
from ...core.safe_text import SafeText, safe_text
from ...core.subject import subject_of


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message as the next mail server got it. number: from 1, in order. recipients: of the envelope."""

    number: int
    at: datetime
    recipients: tuple[str, ...]
    raw: bytes

    @property
    def header(self) -> bytes:
        return self.raw.partition(b"\r\n\r\n")[0]

    def has(self, identifier: str) -> bool:
        """Whether it carries this Message-ID."""
        return f"message-id: {identifier}".lower().encode() in self.header.lower()


class Arrivals(Protocol):
    def all(self) -> Sequence[Arrived]:
        """Those that are kept, the oldest first."""
        ...

    def get(self, number: int) -> Arrived | None: ...


class Kind(Enum):
    """MESSAGE: what somebody wrote. TO_SENDER, TO_REVIEWERS: what the guard itself says to people."""

    MESSAGE = "message"
    TO_SENDER = "to_sender"
    TO_REVIEWERS = "to_reviewers"


@dataclass(frozen=True, slots=True)
class Item:
    """One message. fields: From, To, Cc, Subject and Date as a mail program shows them. visible: canonical addresses
    that whoever gets it can read in its header. same: equal for the copies of one message.
    """

    number: int
    at: datetime
    kind: Kind
    recipients: tuple[str, ...]
    subject: str
    fields: tuple[tuple[str, str], ...]
    visible: frozenset[str]
    same: str


@dataclass(frozen=True, slots=True)
class Group:
    """Copies of one message, each to one person; or one message by itself."""

    items: tuple[Item, ...]

    @property
    def first(self) -> Item:
        return self.items[0]

    @property
    def kept_apart(self) -> bool:
        """Whether these are copies, and nobody can read in theirs the address of anybody else who got one."""
        everybody = {canonical_address(each) for item in self.items for each in item.recipients}
        return len(self.items) > 1 and all(not item.visible & everybody - _own(item) for item in self.items)


class DemoOutbox:
    """is_ours: whether a message is a notice of this guard. reviewers: where those who decide are told."""

    def __init__(self, arrivals: Arrivals, is_ours: Callable[[Message], bool], reviewers: str) -> None:
        self._arrivals = arrivals
        self._is_ours = is_ours
        self._reviewers = reviewers
        self._read: dict[int, Item] = {}

    def groups(self) -> Sequence[Group]:
        """Everything, what came last first."""
        found: dict[str, list[Item]] = {}
        for each in self._arrivals.all():
            item = self._item(each)
            alone = len(item.recipients) != 1 or item.kind is not Kind.MESSAGE
            found.setdefault(str(item.number) if alone else item.same, []).append(item)
        groups = [Group(tuple(items)) for items in found.values()]
        return sorted(groups, key=lambda group: group.items[-1].number, reverse=True)

    def one(self, number: int) -> tuple[Item, SafeText, bytes] | None:
        """One message, with what it says and as it left; None where there is none."""
        found = self._arrivals.get(number)
        return (self._item(found), safe_text(parse(found.raw)), found.raw) if found else None

    def _item(self, arrived: Arrived) -> Item:
        """Read once: there may be hundreds."""
        if arrived.number not in self._read:
            self._read[arrived.number] = self._made(arrived)
        return self._read[arrived.number]

    def _made(self, arrived: Arrived) -> Item:
        message = parse(arrived.raw)
        identifier = next((message.value(field) for field in message.named("message-id")), b"")
        body = arrived.raw[message.body_start :]
        return Item(
            arrived.number,
            arrived.at,
            self._kind(message, arrived),
            arrived.recipients,
            subject_of(message),
            safe_text(message).fields,
            frozenset(mailbox.address for mailbox in message.visible),
            hashlib.sha256(identifier + b"\0" + body).hexdigest(),
        )

    def _kind(self, message: Message, arrived: Arrived) -> Kind:
        if not self._is_ours(message):
            return Kind.MESSAGE
        return Kind.TO_REVIEWERS if arrived.recipients == (self._reviewers,) else Kind.TO_SENDER


def _own(item: Item) -> frozenset[str]:
    """Whom the copy goes to: to read their own address shows them nothing."""
    return frozenset(map(canonical_address, item.recipients))
