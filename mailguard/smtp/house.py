"""What all sessions of one listener share: its settings, who may come in, and who is inside."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import IPv6Address, ip_address
from pathlib import Path as FilePath
from typing import Protocol

from ..core.envelope import Envelope
from ..core.mail.message import Buffer
from ..core.reply import Reply
from ..core.session import Session
from . import replies
from .capabilities import Capabilities
from .certificate import Certificate
from .doorkeeper import Doorkeeper
from .listen_settings import Limits, ListenerSettings, Network
from .room import Space
from .signing_in import SignInTerms

Submit = Callable[[Session, Envelope, Buffer], Awaitable[Reply]]


class Connections(Protocol):
    """As ConnectionLimits, of this process or of several."""

    def enter(self, peer: str | None) -> bool: ...

    def leave(self, peer: str | None) -> None: ...

    @property
    def busy(self) -> bool: ...


class Door(Protocol):
    """One connection, as the listener handles it."""

    def hurry(self) -> None:
        """Many clients are connected: one that is idle makes room sooner (THREATS.md T81)."""

    def close_down(self) -> None:
        """The listener stops: a client between transactions is told at once, another when its transaction ends."""

    def abandon(self) -> None:
        """Cut the connection and cancel what still runs."""


@dataclass(slots=True)
class House:
    """Looked up once, for all connections."""

    settings: ListenerSettings
    limits: Limits
    hostname: str
    submit: Submit
    capabilities: Callable[[], Capabilities]
    connections: Connections
    spool_directory: FilePath | None
    now: Callable[[], datetime]
    greeting: bytes
    name: str
    doorkeeper: Doorkeeper | None
    terms: SignInTerms | None
    content_watch: Callable[[float], None]
    arriving: Space
    judged: Space
    doors: set[Door] = field(default_factory=set)
    empty: asyncio.Event = field(default_factory=asyncio.Event)
    closing: bool = False
    certificate: Certificate | None = None

    def refusal(self, peer: str | None) -> Reply | None:
        """Why this client may not connect; if it may, its connection is counted."""
        if peer is None or not self._allows(peer):
            return replies.NOT_ALLOWED
        return self._no_room(peer)

    def refusal_to_wait(self) -> Reply | None:
        """The same for a client whose balancer has not named it yet."""
        return self._no_room(None)

    def is_balancer(self, peer: str | None) -> bool:
        return peer is not None and within(peer, self.settings.proxy_from)

    def _no_room(self, peer: str | None) -> Reply | None:
        if self.closing:
            return replies.CLOSING_DOWN
        return None if self.connections.enter(peer) else replies.TOO_MANY_CONNECTIONS

    def _allows(self, peer: str) -> bool:
        """Whether it may connect; one that has to sign in is asked at MAIL."""
        return self.terms is not None or not self.settings.allow or within(peer, self.settings.allow)

    def entered(self, door: Door) -> None:
        self.doors.add(door)
        if self.connections.busy:
            for each in self.doors:
                each.hurry()

    def left(self, door: Door) -> None:
        self.doors.discard(door)
        if not self.doors:
            self.empty.set()


def within(peer: str, networks: tuple[Network, ...]) -> bool:
    if not networks:
        return False
    address = ip_address(peer)
    return any(address in network for network in networks)


def peer_of(transport: asyncio.BaseTransport) -> str | None:
    """The client's IP address; None if it is gone already. An IPv4 client of an IPv6 socket has its IPv4 address."""
    name = transport.get_extra_info("peername")
    if not name:
        return None
    peer = str(name[0])
    if peer.startswith("::ffff:") and (mapped := IPv6Address(peer).ipv4_mapped):
        return str(mapped)
    return peer
