"""How many clients may be connected at once, in all and from one address. One object is shared by all listeners.

Knows nothing of sockets or time; every `enter` that was granted is answered by one `leave`.
"""

from __future__ import annotations

from .listen_settings import Limits

BUSY_SHARE = 0.8
"""From this share of all connections on, idle clients make room sooner (THREATS.md T81)."""


class ConnectionLimits:
    def __init__(self, limits: Limits) -> None:
        self.most = limits.connections
        self._most_per_client = limits.connections_per_client
        self._busy_from = int(limits.connections * BUSY_SHARE)
        self._by_client: dict[str, int] = {}
        self.open = 0

    def enter(self, peer: str | None) -> bool:
        """Whether a client at this address may have one more connection; if so it is counted. None: behind a balancer
        that has not said yet who it is; it counts in all only.
        """
        held = 0 if peer is None else self._by_client.get(peer, 0)
        if self.open >= self.most or held >= self._most_per_client or (self.busy and held >= self._share):
            return False
        if peer is not None:
            self._by_client[peer] = held + 1
        self.open += 1
        return True

    def leave(self, peer: str | None) -> None:
        self.open -= 1
        if peer is None:
            return
        left = self._by_client[peer] - 1
        if left:
            self._by_client[peer] = left
        else:
            del self._by_client[peer]

    @property
    def _share(self) -> int:
        """What one address may have of all connections while few are left, if another address is still to come: a few
        clients with many connections each do not lock out one that has none (THREATS.md T81).
        """
        return self.most // (len(self._by_client) + 1)

    @property
    def busy(self) -> bool:
        return self.open > self._busy_from
