"""Sign-ins that were begun with the organisation's own sign-in service and have not come back yet.

INVARIANT: one comes back once, within its time, and only to the browser that began it: who makes somebody else's
browser finish his own sign-in gets nowhere (login CSRF, OpenID Connect Core 1.0 section 3.1.2.1 "state").

What was typed into a form waits among them, so they are bounded, and kept no longer than they last. Whoever comes back
after they were lost starts again.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import IPv6Address, ip_address

from ..ports import Clock, Randomness
from .ports import ShortLivedRecords
from .records import Secrets, ShortLived
from .tokens import is_token, key_of, new_token

KIND = "sign-in"
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


class PendingSignIns:
    """Every method raises StoreUnavailable."""

    def __init__(self, clock: Clock, randomness: Randomness, kept: ShortLivedRecords) -> None:
        self._clock = clock
        self._randomness = randomness
        self._kept = kept

    async def begin(self, token: str, peer: str, to: str, draft: str | None, *, trying: bool = False) -> Begun:
        """A new one of the browser with this token."""
        now = self._clock.now()
        secrets = Secrets(*(new_token(self._randomness) for _ in range(3)))
        begun = Begun(secrets, to, draft, trying, key_of(token))
        value = {
            "secrets": [secrets.state, secrets.nonce, secrets.verifier],
            "to": to,
            "draft": draft,
            "trying": trying,
            "browser": begun.browser,
        }
        one = ShortLived(KIND, key_of(secrets.state), _network(peer), value, now, now + LASTS)
        await self._kept.keep(one, MOST, MOST_OF_A_PEER)
        return begun

    async def look(self, state: str, token: str) -> Begun | None:
        """The one of this state, if this browser began it and its time is not over."""
        if not is_token(state):
            return None
        return _begun_by(token, await self._kept.find(KIND, key_of(state), self._clock.now()))

    async def take(self, state: str, token: str) -> Begun | None:
        """The same, and it is used up. Another browser uses up nothing."""
        if await self.look(state, token) is None:
            return None
        return _begun_by(token, await self._kept.take(KIND, key_of(state), self._clock.now()))


def _begun_by(token: str, kept: ShortLived | None) -> Begun | None:
    if kept is None or not hmac.compare_digest(str(kept.value["browser"]), key_of(token)):
        return None
    value = kept.value
    return Begun(Secrets(*value["secrets"]), value["to"], value["draft"], value["trying"], value["browser"])


def _network(peer: str) -> str:
    address = ip_address(peer)
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return str(IPv6Address(int(address) >> 80 << 80))
    return str(address)
