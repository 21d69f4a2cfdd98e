"""How fast passwords can be guessed, over the whole process (THREATS.md T7). One object is shared by all listeners.

An attempt reserves a turn before it is tried, and counts as failed until the answer is known: connections side by side
gain nothing. Failures are counted by client address (IPv6 by its /64) and by account, whether that account exists or
not. An account that has signed in from an address has a count of its own there, so that neither a neighbour behind the
same address nor guessing from elsewhere keeps its owner out. docs/decisions/sign-in.md has the numbers.

Knows nothing of sockets; time comes in as seconds of a clock that never goes back. INVARIANT: memory is bounded, and no
name and no secret is kept, only hashes of names. INVARIANT: every turn that was granted is settled once.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Protocol, TypeVar

from ..core.mail.canonical import canonical_address
from ..core.sign_in import SignInOutcome
from .listen_settings import Limits

Value = TypeVar("Value")

MOST_KEYS = 20_000
"""Addresses, accounts, and pairs of both that are remembered, each. The one that was not used longest is forgotten."""

KNOWN_SECONDS = 30 * 86_400.0
"""How long an account counts as known at an address after its last success there."""


@dataclass(slots=True)
class _Count:
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


class Turns(Protocol):
    """As SignInLimits, which may be in another process."""

    async def reserve(self, peer: str, account: str, now: float) -> Turn | None: ...

    def settle(self, turn: Turn, outcome: SignInOutcome, now: float) -> None: ...


class SignInLimits:
    def __init__(self, limits: Limits) -> None:
        self._free = {
            "client": limits.sign_in_failures_per_client,
            "account": limits.sign_in_failures_per_account,
            "pair": limits.sign_in_failures_per_account,
        }
        self._longest_pause = float(limits.sign_in_pause_seconds)
        self._forget = float(limits.sign_in_forget_seconds)
        self._wait = float(limits.sign_in_wait_seconds)
        self._counts: dict[str, OrderedDict[bytes, _Count]] = {kind: OrderedDict() for kind in self._free}
        self._known: OrderedDict[bytes, float] = OrderedDict()

    def reserve(self, peer: str, account: str, now: float) -> Turn | None:
        """A turn for one attempt; None where it would be too far away, and nothing may be tried."""
        client, name = _hash(_network(peer)), _hash(canonical_address(account))
        pair = client + name
        keys = (("pair", pair),) if self._is_known(pair, now) else (("client", client), ("account", name))
        counts = [self._count(kind, key, now) for kind, key in keys]
        turns = [max(now, count.turn + self._pause(kind, count)) for (kind, _), count in zip(keys, counts, strict=True)]
        if max(turns) - now > self._wait:
            return None
        for count, turn in zip(counts, turns, strict=True):
            count.failures += 1
            count.turn = turn
        return Turn(max(turns), pair, keys)

    def settle(self, turn: Turn, outcome: SignInOutcome, now: float) -> None:
        """What came of it. One that was not tried is `unavailable`."""
        if outcome is SignInOutcome.REFUSED:
            return
        for kind, key in turn.counts:
            if (count := self._counts[kind].get(key)) is not None:
                count.failures = max(0.0, count.failures - 1)
        if outcome is SignInOutcome.ACCEPTED:
            self._counts["pair"].pop(turn.pair, None)
            _put(self._known, turn.pair, now)

    def _is_known(self, pair: bytes, now: float) -> bool:
        seen = self._known.get(pair)
        return seen is not None and now - seen < KNOWN_SECONDS

    def _count(self, kind: str, key: bytes, now: float) -> _Count:
        counts = self._counts[kind]
        count = counts.get(key) or _Count(0.0, now, now)
        count.failures = max(0.0, count.failures - (now - count.at) / self._forget)
        count.at = now
        _put(counts, key, count)
        return count

    def _pause(self, kind: str, count: _Count) -> float:
        """Seconds from the last turn to the next: none, then 1, 2, 4, ... up to the longest."""
        beyond = round(count.failures) - self._free[kind]
        return 0.0 if beyond < 0 else min(self._longest_pause, 2.0 ** min(beyond, 30))


class TurnsHere:
    """Implements Turns with the limits of this process."""

    def __init__(self, limits: SignInLimits) -> None:
        self._limits = limits

    async def reserve(self, peer: str, account: str, now: float) -> Turn | None:
        return self._limits.reserve(peer, account, now)

    def settle(self, turn: Turn, outcome: SignInOutcome, now: float) -> None:
        self._limits.settle(turn, outcome, now)


def _put(table: OrderedDict[bytes, Value], key: bytes, value: Value) -> None:
    table[key] = value
    table.move_to_end(key)
    if len(table) > MOST_KEYS:
        table.popitem(last=False)


def _network(peer: str) -> str:
    """What one client can change at will counts as one: a household or a rented server has a /64 of its own."""
    address = ip_address(peer.partition("%")[0])
    return str(ip_network((address, 64), strict=False)) if isinstance(address, IPv6Address) else peer


def _hash(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).digest()
