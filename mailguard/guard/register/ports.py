"""What the stories of the register need of the world, and the values that go in and out.

Contract: a revision is never changed. What adds one also adds its entry of the ledger, in one durable step.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ...core.register.revision import Revision
from ..records import Entry, NewEntry


@dataclass(frozen=True, slots=True)
class NewRevision:
    """A revision with its entry, to which the store adds the hash of what it sealed (`record_sha256`)."""

    revision: Revision
    entry: NewEntry


@dataclass(frozen=True, slots=True)
class RegisterFilter:
    """Which records: None asks for any. at_from, at_before: when it happened. revised: only what has a second revision
    or more.
    """

    kinds: frozenset[str] | None = None
    status: str | None = None
    at_from: datetime | None = None
    at_before: datetime | None = None
    revised: bool = False


@dataclass(frozen=True, slots=True)
class Stretch:
    """Part of a ledger: what comes after `after`, up to `upto`, and of that the entries that were asked for.

    more: whether something comes behind it already.
    """

    ledger: str
    after: int
    upto: int
    entries: Sequence[Entry]
    more: bool


class Incidents(Protocol):
    async def add(self, new: NewRevision) -> None:
        """The next revision of a record, or its first. AlreadyDecided where somebody else has made that revision,
        ReferenceTaken where there is a first one already.
        """
        ...

    async def history(self, incident: str) -> Sequence[Revision]:
        """All revisions of a record, the first one first. UnknownReference."""
        ...

    async def current(self, incidents: Collection[str]) -> Mapping[str, Revision]:
        """The last revision of those that there are."""
        ...

    def walk(
        self, kinds: Collection[str] | None, at_from: datetime | None, at_before: datetime | None
    ) -> AsyncIterator[Revision]:
        """The last revision of each record of these kinds that happened in that time, the oldest first."""
        ...

    async def count(self, wanted: RegisterFilter) -> int:
        """How many there are."""
        ...

    async def newest(self, wanted: RegisterFilter, limit: int, offset: int = 0) -> Sequence[Revision]:
        """The last revision of each of these, what happened last first. Opened in threads."""
        ...

    async def numbers(self, wanted: RegisterFilter) -> Mapping[str, int]:
        """The number of the last revision of each, without opening any, in the same order."""
        ...

    async def unread(self, limit: int) -> Sequence[Stretch]:
        """Of each ledger that has grown since the register has read it: the next entries that may make or end a near
        miss, at most `limit` of each.
        """
        ...

    async def read_up_to(self, stretch: Stretch, new: Sequence[NewRevision]) -> None:
        """Add what was made of a stretch, and never read it again, in one durable step. AlreadyDecided, with nothing
        done, where somebody else has read it or changed one of the records meanwhile.
        """
        ...

    def decisions(self, at_from: datetime, at_before: datetime) -> AsyncIterator[Entry]:
        """What the ledger says of decisions of that time, and of what became of what was held."""
        ...
