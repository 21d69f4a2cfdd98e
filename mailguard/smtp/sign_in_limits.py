"""How fast passwords can be guessed here (THREATS.md T7; core/guessing.py has the rule). One object is shared by all
listeners and the console.

Knows nothing of sockets; time comes in as seconds of a clock that never goes back. INVARIANT: memory is bounded, and no
name and no secret is kept, only hashes of names. INVARIANT: every turn that was granted is settled once.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Protocol, TypeVar

from ..core import guessing
from ..core.guessing import ACCOUNT, CLIENT, MOST_KEYS, PAIR, Bounds, Count, Turn
from ..core.mail.canonical import canonical_address
from ..core.sign_in import SignInOutcome
from .listen_settings import Limits

__all__ = ["MOST_KEYS", "SignInLimits", "Turn", "Turns", "TurnsHere", "bounds_of", "hashes_of"]

Value = TypeVar("Value")


class Turns(Protocol):
    """As SignInLimits, which may be in another process, or in a database that several guards share."""

    async def reserve(self, peer: str, account: str, now: float) -> Turn | None: ...

    def settle(self, turn: Turn, outcome: SignInOutcome, now: float) -> None: ...


def bounds_of(limits: Limits) -> Bounds:
    return Bounds(
        per_client=limits.sign_in_failures_per_client,
        per_account=limits.sign_in_failures_per_account,
        pause=float(limits.sign_in_pause_seconds),
        forget=float(limits.sign_in_forget_seconds),
        wait=float(limits.sign_in_wait_seconds),
    )


def hashes_of(peer: str, account: str) -> tuple[bytes, bytes]:
    """What an attempt counts for: its address (IPv6 by its /64), and its account however that is written."""
    return _hash(_network(peer)), _hash(canonical_address(account))


class SignInLimits:
    def __init__(self, limits: Limits) -> None:
        self._bounds = bounds_of(limits)
        self._counts: dict[str, OrderedDict[bytes, Count]] = {kind: OrderedDict() for kind in (CLIENT, ACCOUNT, PAIR)}
        self._known: OrderedDict[bytes, float] = OrderedDict()

    def reserve(self, peer: str, account: str, now: float) -> Turn | None:
        """A turn for one attempt; None where it would be too far away, and nothing may be tried."""
        return guessing.reserve(self, self._bounds, *hashes_of(peer, account), now)

    def settle(self, turn: Turn, outcome: SignInOutcome, now: float) -> None:
        """What came of it. One that was not tried is `unavailable`."""
        guessing.settle(self, turn, outcome, now)

    # Implements core.guessing.Counts.

    def get(self, kind: str, key: bytes) -> Count | None:
        return self._counts[kind].get(key)

    def put(self, kind: str, key: bytes, count: Count) -> None:
        _put(self._counts[kind], key, count)

    def forget(self, kind: str, key: bytes) -> None:
        self._counts[kind].pop(key, None)

    def known_at(self, pair: bytes) -> float | None:
        return self._known.get(pair)

    def know(self, pair: bytes, now: float) -> None:
        _put(self._known, pair, now)


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
