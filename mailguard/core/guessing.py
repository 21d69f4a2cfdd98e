"""How fast passwords can be guessed: which turn an attempt gets, by the failures before it (THREATS.md T7).

An attempt reserves a turn before it is tried, and counts as failed until the answer is known: attempts side by side
gain nothing. Failures are counted by client address and by account, whether that account exists or not. An account that
has signed in from an address has a count of its own there, so that neither a neighbour behind the same address nor
guessing from elsewhere keeps its owner out. docs/decisions/sign-in.md has the numbers.

Where counts are kept is Counts: one process, or a database that several guards share. Names come in as hashes, time as
seconds of one clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from .sign_in import SignInOutcome

MOST_KEYS = 20_000
"""Addresses, accounts, and pairs of both that are remembered, each. The one that was not used longest is forgotten."""

KNOWN_SECONDS = 30 * 86_400.0
"""How long an account counts as known at an address after its last success there."""

CLIENT, ACCOUNT, PAIR = "client", "account", "pair"


@dataclass(frozen=True, slots=True)
class Bounds:
    """per_client, per_account: failures that cost nothing. pause: the longest between two turns; forget: after which
    time one failure is forgotten; wait: how far away a turn may be. All three in seconds.
    """

    per_client: int
    per_account: int
    pause: float
    forget: float
    wait: float


@dataclass(frozen=True, slots=True)
class Count:
    """failures: that are not forgotten yet, with the attempts under way. at: when that was so. turn: the last one."""

    failures: float
    at: float
    turn: float


@dataclass(frozen=True, slots=True)
class Turn:
    """starts: when the attempt may be tried. counts: what it is counted on, with hashes for names."""

    starts: float
    pair: bytes
    counts: tuple[tuple[str, bytes], ...]


class Counts(Protocol):
    """Where counts are kept. Nobody else changes them during one step."""

    def get(self, kind: str, key: bytes) -> Count | None: ...

    def put(self, kind: str, key: bytes, count: Count) -> None: ...

    def forget(self, kind: str, key: bytes) -> None: ...

    def known_at(self, pair: bytes) -> float | None:
        """When this account last signed in at this address."""
        ...

    def know(self, pair: bytes, now: float) -> None: ...


def reserve(counts: Counts, bounds: Bounds, client: bytes, account: bytes, now: float) -> Turn | None:
    """A turn for one attempt; None where it would be too far away, and nothing may be tried. client, account: hashes
    of one length each.
    """
    pair = client + account
    seen = counts.known_at(pair)
    known = seen is not None and now - seen < KNOWN_SECONDS
    keys = ((PAIR, pair),) if known else ((CLIENT, client), (ACCOUNT, account))
    found = [_faded(counts.get(kind, key), bounds, now) for kind, key in keys]
    turns = [max(now, count.turn + _pause(kind, count, bounds)) for (kind, _), count in zip(keys, found, strict=True)]
    granted = max(turns) - now <= bounds.wait
    for (kind, key), count, turn in zip(keys, found, turns, strict=True):
        counts.put(kind, key, Count(count.failures + 1, now, turn) if granted else count)
    return Turn(max(turns), pair, keys) if granted else None


def settle(counts: Counts, turn: Turn, outcome: SignInOutcome, now: float) -> None:
    """What came of a turn. One that was not tried is `unavailable`."""
    if outcome is SignInOutcome.REFUSED:
        return
    for kind, key in turn.counts:
        if (count := counts.get(kind, key)) is not None:
            counts.put(kind, key, Count(max(0.0, count.failures - 1), count.at, count.turn))
    if outcome is SignInOutcome.ACCEPTED:
        counts.forget(PAIR, turn.pair)
        counts.know(turn.pair, now)


def _faded(count: Count | None, bounds: Bounds, now: float) -> Count:
    """As it is now. A clock that was set back makes nothing of a count: the last turn is as far away as it was, and no
    farther than a turn can be.
    """
    if count is None:
        return Count(0.0, now, now)
    passed, back = max(0.0, now - count.at), max(0.0, count.at - now)
    turn = min(count.turn - back, now + bounds.wait)
    return Count(max(0.0, count.failures - passed / bounds.forget), now, turn)


def _pause(kind: str, count: Count, bounds: Bounds) -> float:
    """Seconds from the last turn to the next: none, then 1, 2, 4, ... up to the longest."""
    beyond = round(count.failures) - (bounds.per_client if kind == CLIENT else bounds.per_account)
    return 0.0 if beyond < 0 else min(bounds.pause, 2.0 ** min(beyond, 30))
