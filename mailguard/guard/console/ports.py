"""What the console's stories need of the world besides guard.ports; the contracts of those hold here too."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from ...core.excerpt import Excerpt
from ...core.mail.message import Message
from ...core.sign_in import SignInOutcome
from ..records import Held, HeldChange, NewDelivery, NewEntry, SenderLink
from .queue_records import HeldFilter
from .records import (
    Assignment,
    CheckedMail,
    ConsoleLink,
    ConsoleSession,
    Identity,
    Returned,
    Secrets,
    ShortLived,
    UrgentCall,
)
from .trail_records import Place, Recorded, TrailFilter


class Sessions(Protocol):
    """Sessions of the console, by the hash of their token."""

    async def begin(self, session: ConsoleSession, entries: Sequence[NewEntry]) -> None:
        """Keep it, with the entries, in one durable step."""
        ...

    async def find(self, key: str) -> ConsoleSession | None:
        """None where there is none, or what is stored is not what was kept."""
        ...

    async def of_account(self, account: str) -> Sequence[ConsoleSession]:
        """Those of an account (its identifier), the one used last first."""
        ...

    async def seen(self, key: str, at: datetime) -> None:
        """It was used. Nothing where it is gone."""
        ...

    async def end(self, keys: Sequence[str], entries: Sequence[NewEntry]) -> int:
        """End these, with the entries, in one durable step. How many there were."""
        ...


class Links(Protocol):
    """One-time links, by the hash of their token."""

    async def make(self, link: ConsoleLink, entries: Sequence[NewEntry]) -> None:
        """Keep it, with the entries, in one durable step."""
        ...

    async def find(self, key: str) -> ConsoleLink | None: ...

    async def use(self, key: str, at: datetime) -> bool:
        """Mark it used. False where it was used already, has expired by then, or is gone: of several, one succeeds."""
        ...


class SignInService(Protocol):
    """The organisation's own sign-in service. Both raise ServiceSilent (it does not answer, or not what it should) and
    NotBelieved (what came back cannot be trusted).
    """

    async def address(self, secrets: Secrets) -> str:
        """Where a browser goes to sign in."""
        ...

    async def identify(self, secrets: Secrets, returned: Returned) -> Identity:
        """Who signed in. Every token that was fetched for it is forgotten again."""
        ...


class SenderLinks(Protocol):
    """Links of senders to their held messages, by the hash of their token."""

    async def find(self, key: str, now: datetime) -> SenderLink | None:
        """None where there is none, it has expired, or what is stored is not what was kept."""
        ...


class UrgentCalls(Protocol):
    """Which held messages cannot wait, as their senders say."""

    async def call(
        self,
        call: UrgentCall,
        since: datetime,
        most: int,
        entries: Sequence[NewEntry],
        deliveries: Sequence[NewDelivery],
        change: HeldChange | None = None,
    ) -> bool:
        """Keep it, with the entries, what is to be delivered and the change of its message, in one durable step.

        False, and nothing happens, where the message has been called urgent already or its sender has called `most`
        others so since then. UnknownReference; AlreadyDecided, and nothing happens: the change came second.
        """
        ...

    async def count(self, sender: str, since: datetime) -> int:
        """How many messages a sender (a canonical address) has called urgent since then."""
        ...

    async def of(self, refs: Sequence[str]) -> Sequence[UrgentCall]:
        """Those of these messages, in no order."""
        ...


class Assignments(Protocol):
    """Who took which held message on."""

    async def assign(self, assignment: Assignment, version: int, was: str | None, entries: Sequence[NewEntry]) -> None:
        """Keep it in place of the one that there was, with the entries, in one durable step.

        AlreadyDecided, and nothing happens: the message is at another version or needs no decision any more, or is no
        longer `was`'s (an account; None for nobody's). UnknownReference.
        """
        ...

    async def of(self, refs: Sequence[str]) -> Sequence[Assignment]:
        """Those of these messages, in no order."""
        ...


class Checked(Protocol):
    """What the guard has checked."""

    async def since(self, at: datetime) -> CheckedMail:
        """Of everybody's mail since then."""
        ...


class HeldMessages(Protocol):
    """Lists of held messages; the canary's are no one's to see."""

    async def count(self, wanted: HeldFilter) -> int:
        """How many there are."""
        ...

    async def refs(self, wanted: HeldFilter, limit: int | None = None, offset: int = 0) -> Sequence[str]:
        """Their references, in the order that was asked for."""
        ...

    async def opened(self, refs: Sequence[str]) -> Sequence[Held]:
        """Those of these that are there and can be read, in this order. Opened away from the event loop."""
        ...


class Trail(Protocol):
    """The entries of all ledgers, for people to read."""

    async def count(self, wanted: TrailFilter) -> int:
        """How many there are."""
        ...

    async def page(
        self, wanted: TrailFilter, limit: int, place: Place | None = None
    ) -> tuple[Sequence[Recorded], Place | None]:
        """The newest, or those before a place; and where the next ones begin, None after the last. Opened in threads.

        Of each ledger they come in the order in which they were written; the entries of several stand by their times.
        """
        ...

    async def of_message(self, ref: str, kinds: Collection[str], limit: int) -> Sequence[Recorded]:
        """The newest entries of these kinds about one message, oldest first. Found by its reference, not by a walk."""
        ...

    async def tally(
        self, ref: str, kinds: Collection[str], rows: Collection[str]
    ) -> Mapping[str, tuple[int, datetime]]:
        """Of each of these kinds that there is about rows of the outbox of these kinds (`row`) for a message, how many
        entries, and the time of the last.
        """
        ...


class Excerpts(Protocol):
    """Reads the beginning of a part, away from the event loop, in a process that can do nothing else."""

    async def excerpt(self, message: Message, path: str) -> Excerpt:
        """Of the part at that path, in clear. What cannot be read says why; what cannot be read now is raised."""
        ...


class Attempts(Protocol):
    """How fast passwords can be guessed, over all guards; times are seconds of time.monotonic."""

    async def reserve(self, peer: str, account: str, now: float) -> Any:
        """A turn, whose `starts` says when the attempt may be tried; None where that is too far away."""
        ...

    def settle(self, turn: Any, outcome: SignInOutcome, now: float) -> None:
        """What came of a turn. Each is settled once."""
        ...


class ShortLivedRecords(Protocol):
    """What is kept for minutes, by its kind and a key in it. Who finds nothing goes on as if it never was: what is kept
    here may be lost, and nothing that somebody was promised may depend on it.
    """

    async def keep(self, one: ShortLived, most: int, most_of_group: int | None = None) -> None:
        """In place of what had its key. Beyond so many of its group, or of its kind, the oldest of the group with the
        most makes room.
        """
        ...

    async def find(self, kind: str, key: str, now: datetime) -> ShortLived | None:
        """None where there is none, its time is over, or what is stored is not what was kept."""
        ...

    async def take(self, kind: str, key: str, now: datetime) -> ShortLived | None:
        """The same, and it is gone: of several who take it, one gets it."""
        ...

    async def of_groups(self, kind: str, groups: Collection[str], now: datetime) -> Sequence[ShortLived]:
        """Those of these groups, the oldest first."""
        ...

    async def count(self, kind: str, key: str, now: datetime, until: datetime, most: int) -> int:
        """One more for this key. How many there were in a row, each before the time of the last was over."""
        ...

    async def counted(self, kind: str, key: str, now: datetime) -> int:
        """How many there were; `take` makes it none."""
        ...
