"""Who is deciding about which message just now, so that two people do not do the same work.

Contract: it is a courtesy: it is kept in the memory of one process, is forgotten after two minutes or with a restart,
and neither lets anybody decide nor keeps anybody from it. Of several who decide the first one counts (guard.review).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..ports import Clock
from .sessions import Visitor

FOR = timedelta(minutes=2)
"""How long opening the form of a decision counts; each step of it counts anew."""
MOST = 2_000


@dataclass(frozen=True, slots=True)
class Present:
    """Somebody who has the form of a decision open. since: when they opened it."""

    account: str
    name: str
    since: datetime
    seen_at: datetime


class Presence:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._at: dict[str, dict[str, Present]] = {}

    def note(self, ref: str, visitor: Visitor) -> None:
        """The visitor is deciding about a message."""
        now, account = self._clock.now(), visitor.account
        there = self._there(ref)
        since = there[account.identifier].since if account.identifier in there else now
        self._at.pop(ref, None)
        self._at[ref] = {**there, account.identifier: Present(account.identifier, account.shown, since, now)}
        while len(self._at) > MOST:
            del self._at[next(iter(self._at))]

    def leave(self, ref: str, visitor: Visitor) -> None:
        """The visitor has decided."""
        self._at.get(ref, {}).pop(visitor.account.identifier, None)

    def others(self, refs: Sequence[str], account: str) -> Mapping[str, Present]:
        """By reference, who else than this account is deciding about these; of several, who began first."""
        found = {}
        for ref in refs:
            others = [each for each in self._there(ref).values() if each.account != account]
            if others:
                found[ref] = min(others, key=lambda each: each.since)
        return found

    def _there(self, ref: str) -> dict[str, Present]:
        now = self._clock.now()
        return {key: each for key, each in self._at.get(ref, {}).items() if now - each.seen_at < FOR}
