"""Sign-ins that were begun with the organisation's own sign-in service and have not come back yet.

INVARIANT: one comes back once, within its time, and only to the browser that began it: who makes somebody else's
browser finish his own sign-in gets nowhere (login CSRF, OpenID Connect Core 1.0 section 3.1.2.1 "state").

They are kept in memory: what was typed into a form waits among them, and a flood of them must fill no disk. Who comes
back after a restart, or to another guard, starts again.
"""

from __future__ import annotations

import hmac
from collections import Counter, OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address

from ..ports import Clock, Randomness
from .records import Secrets
from .tokens import is_token, key_of, new_token

LASTS = timedelta(minutes=10)
MOST = 1_000
MOST_OF_A_PEER = 20
"""Of one address (of IPv6, of one network of 48 bits, as an office gets it): its oldest makes room, nobody else's."""


@dataclass(frozen=True, slots=True)
class Begun:
    """One sign-in under way. to: the page that was wanted. draft: what was typed when a session had ended. trying: an
    admin looks what would come of it, and nobody is signed in.
    """

    secrets: Secrets
    to: str
    draft: str | None = field(repr=False)
    trying: bool
    browser: str = field(repr=False)
    peer: str
    at: datetime


class PendingSignIns:
    def __init__(self, clock: Clock, randomness: Randomness) -> None:
        self._clock = clock
        self._randomness = randomness
        self._begun: OrderedDict[str, Begun] = OrderedDict()

    def begin(self, token: str, peer: str, to: str, draft: str | None, *, trying: bool = False) -> Begun:
        """A new one of the browser with this token."""
        now = self._clock.now()
        for key in [key for key, each in self._begun.items() if now - each.at >= LASTS]:
            del self._begun[key]
        network = _network(peer)
        theirs = [key for key, each in self._begun.items() if each.peer == network]
        for key in theirs[: max(0, len(theirs) - MOST_OF_A_PEER + 1)]:
            del self._begun[key]
        if len(self._begun) >= MOST:
            self._drop_of_the_busiest()
        secrets = Secrets(*(new_token(self._randomness) for _ in range(3)))
        begun = Begun(secrets, to, draft, trying, key_of(token), network, now)
        self._begun[key_of(secrets.state)] = begun
        return begun

    def _drop_of_the_busiest(self) -> None:
        """The oldest of the network with the most: a flood puts itself out, and nobody else."""
        busiest, _ = Counter(each.peer for each in self._begun.values()).most_common(1)[0]
        del self._begun[next(key for key, each in self._begun.items() if each.peer == busiest)]

    def look(self, state: str, token: str) -> Begun | None:
        """The one of this state, if this browser began it and its time is not over."""
        begun = self._begun.get(key_of(state)) if is_token(state) else None
        if begun is None or self._clock.now() - begun.at >= LASTS:
            return None
        return begun if hmac.compare_digest(begun.browser, key_of(token)) else None

    def take(self, state: str, token: str) -> Begun | None:
        """The same, and it is used up. Another browser uses up nothing."""
        begun = self.look(state, token)
        if begun is not None:
            del self._begun[key_of(state)]
        return begun


def _network(peer: str) -> str:
    address = ip_address(peer)
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return str(IPv6Address(int(address) >> 80 << 80))
    return str(address)
