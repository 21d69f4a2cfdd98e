"""The door: takes messages from SMTP clients and hands each, whole and well-formed, to `submit`.

A `Listener` binds and stops; a `Connection` is one client, on a `Channel` (its wire, TLS and time); a `Conversation` is
its session; a `Dialogue` knows what is answered to a command. docs/decisions/listener.md.

INVARIANT: whatever goes wrong in the door is 451 4.3.0 and a reference, or a closed connection; never a 2yz reply.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path as FilePath

from ..core.errors import SettingsError
from ..core.reply import printable
from ..guard.ports import SignIn
from ..logs import logger
from .capabilities import Capabilities
from .certificate import Certificate
from .channel import LINGER_SECONDS
from .connection import Connection
from .doorkeeper import LEAVE_SECONDS, Doorkeeper
from .house import Connections, House, Submit, within
from .listen_settings import Limits, ListenerSettings, why_unusable
from .own_addresses import own_addresses
from .room import Rooms
from .session_limits import ConnectionLimits
from .shared_acceptor import SharedAcceptor
from .sign_in_limits import SignInLimits, Turns, TurnsHere
from .signing_in import SignInTerms

__all__ = ["Capabilities", "ConnectionLimits", "Limits", "Listener", "ListenerSettings", "SignInLimits"]

log = logger("listener")

BACKLOG = 1024
"""Connections that the system keeps for us while we do not accept."""


class Listener:
    """Listens on one address until `stop`. submit: takes a message and answers for it; it may take long, and whatever
    it raises becomes 451. capabilities: what the next hop takes, asked at each EHLO. connections: shared by all
    listeners that share `connections` of `limits`. rooms: likewise. spool_directory: where large messages wait (the
    system's temporary folder unless given). sign_in: who may send; due where the settings ask for it. sign_in_limits:
    shared like `connections`. sign_in_watch: is told of each attempt. content_watch: is told how long the content of
    each message took to come, in seconds.

    SettingsError for settings that must not be served.
    """

    def __init__(
        self,
        settings: ListenerSettings,
        limits: Limits,
        hostname: str,
        submit: Submit,
        capabilities: Callable[[], Capabilities],
        *,
        connections: Connections | None = None,
        rooms: Rooms | None = None,
        spool_directory: FilePath | None = None,
        now: Callable[[], datetime] | None = None,
        sign_in: SignIn | None = None,
        sign_in_limits: Turns | None = None,
        sign_in_watch: Callable[[str], None] = lambda _: None,
        content_watch: Callable[[float], None] = lambda _: None,
    ) -> None:
        if trouble := why_unusable(settings):
            raise SettingsError(trouble)
        if (sign_in is None) != (settings.sign_in == "none"):
            raise SettingsError(f'"sign_in: {settings.sign_in}" of "{settings.address}" is not served by this version')
        doorkeeper = None
        if sign_in is not None:
            shared = sign_in_limits or TurnsHere(SignInLimits(limits))
            doorkeeper = Doorkeeper(sign_in, shared, limits.sign_in_seconds, sign_in_watch)
        name = printable(hostname).replace(" ", "")
        self._servers: list[asyncio.Server | SharedAcceptor] = []
        rooms = rooms or Rooms.of_this_process(limits.content_memory_bytes)
        self._house = House(
            settings,
            limits,
            name,
            submit,
            capabilities,
            connections or ConnectionLimits(limits),
            spool_directory,
            now or _utc_now,
            f"220 {name} ESMTP mailguard\r\n".encode("ascii"),
            str(settings.address),
            doorkeeper,
            _terms(settings, doorkeeper) if doorkeeper else None,
            content_watch,
            rooms.arriving,
            rooms.judged,
        )

    async def start(self, sockets: Sequence[socket.socket] = (), ahead: Callable[[], bool] = lambda: False) -> None:
        """Bind and accept. SettingsError where the address cannot be bound, or the certificate not used.

        sockets: bound already, by the process that gave them to this one and to others. ahead: whether this one has
        more connections than another of these.
        """
        settings = self._house.settings
        address = settings.address
        if settings.tls != "none" and settings.certificate is not None:
            self._house.certificate = Certificate(settings.certificate, settings.key)
        loop = asyncio.get_running_loop()
        try:
            for each in sockets:
                acceptor = SharedAcceptor(each, lambda: Connection(self._house, loop), ahead, loop)
                self._servers.append(acceptor)
                acceptor.start()
            if not sockets:
                # In two steps: whoever is cancelled in the second has a server that `stop` closes.
                server = await loop.create_server(
                    lambda: Connection(self._house, loop),
                    *(address.host, address.port),
                    backlog=BACKLOG,
                    start_serving=False,
                )
                self._servers.append(server)
                await server.start_serving()
        except OSError as error:
            raise SettingsError(f'cannot listen on "{address}": {error.strerror or "no such address"}') from error
        log.info("listener_started", listener=self._house.name)

    @property
    def certificate(self) -> Certificate | None:
        """What new handshakes are given; None where there is no TLS, or before `start`."""
        return self._house.certificate

    @property
    def addresses(self) -> tuple[tuple[str, int], ...]:
        """(host, port) of each bound socket."""
        return tuple(each.getsockname()[:2] for server in self._servers for each in server.sockets)

    @property
    def open(self) -> int:
        """Connections that are open."""
        return len(self._house.doors)

    async def stop(self, grace_seconds: float = 30.0) -> None:
        """No new connection and no new transaction; idle clients hear 421. What runs may finish for so long."""
        house = self._house
        house.closing = True
        for server in self._servers:
            server.close()
        for door in tuple(house.doors):
            door.close_down()
        if house.doors:
            house.empty.clear()
            if not await self._emptied(grace_seconds):
                await self._abandon()
        log.info("listener_stopped", listener=house.name)

    async def _emptied(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._house.empty.wait()
        except TimeoutError:
            return False
        return True

    async def _abandon(self) -> None:
        left = tuple(self._house.doors)
        log.warning("sessions_abandoned", listener=self._house.name, count=len(left))
        for door in left:
            door.abandon()
        await self._emptied(LINGER_SECONDS + (LEAVE_SECONDS if self._house.doorkeeper else 0.0))


def _terms(settings: ListenerSettings, doorkeeper: Doorkeeper) -> SignInTerms:
    """A client inside `allow` may send without; where there is no `allow`, nobody may."""

    def may_send_as(account: str) -> frozenset[str] | None:
        return own_addresses(account, settings.send_as) if settings.own_address_only else None

    return SignInTerms(
        mechanisms=doorkeeper.mechanisms,
        is_lost=doorkeeper.is_lost,
        asked_of=lambda peer: not within(peer, settings.allow),
        own_addresses=may_send_as,
        in_clear=settings.address.loopback and settings.tls == "none",
        bound=settings.sign_in == "smarthost",
    )


def _utc_now() -> datetime:
    return datetime.now(UTC)
