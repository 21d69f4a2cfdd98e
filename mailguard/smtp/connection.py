"""One connection, as asyncio calls it: who may come in, then a conversation until its end.

The only place that imports aiosmtpd, as a thin subclass: its protocol object and connection life stay; its STARTTLS
and its PROXY protocol are not used, and what FIELD-NOTES.md measured as unsafe or slow (line-by-line DATA, private
address parser, reflection for every connection, exception text on the wire, cancelling the handler with the client) is
replaced. docs/decisions/listener.md.

INVARIANT: a client that vanishes cannot cancel a submission: nothing but `abandon` cancels a session's task.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import cast

from aiosmtpd.smtp import SMTP

from ..core.reply import Reply
from ..logs import logger
from . import replies
from .channel import Channel
from .conversation import Conversation, cannot_go_on
from .dialogue import Dialogue, Opening, to_wire
from .house import House, peer_of
from .proxy_header import NoProxyHeader, ProxyHeader, parse_proxy_header

log = logger("listener")


class Connection(SMTP):
    """channel: its wire, from the moment that the client is let in."""

    channel: Channel

    def __init__(self, house: House, loop: asyncio.AbstractEventLoop) -> None:
        # aiosmtpd's own constructor reflects over its class and handler for each connection (254 µs), and its streams
        # (35 µs) are not used: what the methods that stay of it need is set here instead.
        self.loop = loop
        self.transport: asyncio.Transport | None = None
        self._handler_coroutine: asyncio.Task[None] | None = None
        self._house = house
        self._entered = self._counted = False
        self._counted_as: str | None = None
        self._behind_balancer = False

    # Its life.

    def connection_made(self, connection: asyncio.BaseTransport) -> None:
        transport = cast(asyncio.Transport, connection)
        house, peer = self._house, peer_of(transport)
        self._behind_balancer = house.is_balancer(peer)
        refusal = house.refusal_to_wait() if self._behind_balancer else house.refusal(peer)
        if peer is None or refusal is not None:
            self._turn_away(transport, refusal or replies.NOT_ALLOWED)
            return
        self._entered = self._counted = True
        self._counted_as = None if self._behind_balancer else peer
        opening = Opening(secrets.token_hex(8), peer, house.name, house.now())
        self._identifier = opening.identifier
        self._dialogue = Dialogue(
            opening,
            house.hostname,
            house.limits,
            house.capabilities,
            offers_tls=house.settings.tls == "starttls",
            sign_in=house.terms,
        )
        self.transport = transport
        self.channel = Channel(self.loop, transport, house, opening.identifier)
        self._handler_coroutine = self.loop.create_task(self._handle_client())
        house.entered(self)

    def _turn_away(self, transport: asyncio.Transport, refusal: Reply) -> None:
        log.info("client_refused", listener=self._house.name, code=refusal.code, status=refusal.status)
        if self._house.settings.tls != "implicit":
            transport.write(to_wire(refusal))
        transport.close()

    def data_received(self, data: bytes) -> None:
        if self._entered:
            self.channel.receive(data)

    def eof_received(self) -> bool:
        return self._entered and self.channel.end_of_input()

    def pause_writing(self) -> None:
        if self._entered:
            self.channel.clogged()

    def resume_writing(self) -> None:
        if self._entered:
            self.channel.cleared()

    def connection_lost(self, error: Exception | None) -> None:
        if not self._entered:
            return
        self.transport = None
        self.channel.lost()
        if self._counted:
            self._house.connections.leave(self._counted_as)
        self._gone()

    def hurry(self) -> None:
        self.channel.hurry()

    def close_down(self) -> None:
        self._dialogue.closing = True
        self.channel.give_up_handshake()
        if self.channel.intake.waiting and not self._dialogue.open:
            self.channel.farewell(replies.CLOSING_DOWN)

    def abandon(self) -> None:
        self.channel.abort()
        if self._handler_coroutine is not None:
            self._handler_coroutine.cancel()

    def _gone(self) -> None:
        task = self._handler_coroutine
        if self.transport is None and (task is None or task.done()):
            self._house.left(self)

    # Its session.

    async def _handle_client(self) -> None:
        channel = self.channel
        try:
            if await self._admitted():
                channel.pending.append(self._house.greeting)
                await Conversation(self._house, channel, self._dialogue, self._identifier).run()
        except ConnectionError:
            log.info("connection_lost", session=self._identifier)
        except Exception as error:
            channel.farewell(cannot_go_on("session_failed", self._identifier, error))
        finally:
            channel.leave()
            if self._house.doorkeeper is not None:
                await self._house.doorkeeper.leave(self._identifier)
            self.loop.call_soon(self._gone)

    async def _admitted(self) -> bool:
        """Who the client is, if a balancer says so, and TLS where it comes first. Whether the session may begin."""
        early: bytes | None = b""
        try:
            async with asyncio.timeout(self._house.limits.handshake_seconds):
                if self._behind_balancer:
                    early = await self._introduced()
                if early is None:
                    return False
                if self._house.settings.tls == "implicit":
                    return await self._secured(early + self.channel.intake.chunk())
        except TimeoutError:
            return self.channel.too_slow()
        self.channel.intake.unread(early)
        return True

    async def _secured(self, early: bytes) -> bool:
        if not await self.channel.secure(early):
            return False
        self._dialogue.secured()
        return True

    async def _introduced(self) -> bytes | None:
        """Read the PROXY header; what followed it, None where the connection must end."""
        intake, octets = self.channel.intake, b""
        while True:
            try:
                header = parse_proxy_header(octets)
            except NoProxyHeader:
                log.warning("proxy_header_refused", session=self._identifier, listener=self._house.name)
                return None
            if header is not None:
                return octets[header.length :] if self._named(header) else None
            if not await intake.wait():
                return None
            octets += intake.chunk()

    def _named(self, header: ProxyHeader) -> bool:
        """From here on the connection is that client's; the balancer's own where it names none (a health check)."""
        if self.transport is None:
            return False
        client = header.client or peer_of(self.transport)
        self._house.connections.leave(None)
        refusal = self._house.refusal(client)
        self._counted = refusal is None
        if client is None or refusal is not None:
            refusal = refusal or replies.NOT_ALLOWED
            log.info("client_refused", listener=self._house.name, code=refusal.code, status=refusal.status)
            self.channel.pending.append(to_wire(refusal))
            return False
        self._counted_as = client
        self._dialogue.comes_from(client)
        return True
