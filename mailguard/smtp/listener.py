"""The door: takes messages from SMTP clients and hands each, whole and well-formed, to `submit`.

The only place that imports aiosmtpd, as a thin subclass: its protocol object and connection life stay; its STARTTLS
and its PROXY protocol are not used, and what FIELD-NOTES.md measured as unsafe or slow (line-by-line DATA, private
address parser, reflection for every connection, exception text on the wire, cancelling the handler with the client) is
replaced. docs/decisions/listener.md.

INVARIANT: whatever goes wrong here is 451 4.3.0 and a reference, or a closed connection; never a 2yz reply.
INVARIANT: a client that vanishes cannot cancel a submission: nothing but `stop` cancels a session's task.
INVARIANT: where TLS comes first or has begun, not an octet leaves in plain, whatever fails.
INVARIANT: does not know what `submit` does, and reads no more of a message than its framing and its header's size.
"""

from __future__ import annotations

import asyncio
import math
import secrets
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import IPv6Address, ip_address
from pathlib import Path as FilePath
from typing import cast

from aiosmtpd.smtp import SMTP

from ..core.envelope import Envelope, Path
from ..core.errors import MailguardError, SettingsError
from ..core.mail.message import Buffer
from ..core.reference import RANDOM_OCTETS, short_reference
from ..core.reply import MAX_TEXT_OCTETS, Reply, cannot_check, printable
from ..core.session import Session
from ..guard.ports import SignIn
from ..logs import logger
from . import replies
from .cancellation import cancelled_from_outside
from .capabilities import Capabilities
from .certificate import Certificate
from .content import ContentReader, Fault
from .dialogue import Answer, Dialogue, Opening, Then, to_wire
from .doorkeeper import LEAVE_SECONDS, Doorkeeper
from .encryption import Encryption
from .intake import Intake, Mark
from .listen_settings import Limits, ListenerSettings, Network, why_unusable
from .own_addresses import own_addresses
from .proxy_header import NoProxyHeader, ProxyHeader, parse_proxy_header
from .session_limits import ConnectionLimits
from .sign_in_limits import SignInLimits
from .signing_in import SignInTerms
from .spool import Spool

__all__ = ["Capabilities", "ConnectionLimits", "Limits", "Listener", "ListenerSettings", "SignInLimits"]

log = logger("listener")

Submit = Callable[[Session, Envelope, Buffer], Awaitable[Reply]]
RecipientCheck = Callable[[Session, Path], Awaitable[Reply | None]]

LINGER_SECONDS = 2.0
"""How long a closed session still throws away input: closing a socket with unread input resets it, and the client
would never see the reply (RFC 1122 section 4.2.2.13)."""

REPLIES_AT_ONCE = 128
"""After so many replies in a row other sessions have their turn."""

_FAULTS = {
    Fault.TOO_LARGE: replies.TOO_LARGE,
    Fault.NUL: replies.NUL_IN_CONTENT,
    Fault.BARE_LINE_END: replies.BARE_LINE_END,
    Fault.HEADER_TOO_LARGE: replies.HEADER_TOO_LARGE,
    Fault.TOO_MANY_FIELDS: replies.TOO_MANY_FIELDS,
}


_UNSETTLED = frozenset({Then.CHECK, Then.SIGN_IN, Then.CHALLENGE})


@dataclass(slots=True)
class _House:
    """What all sessions of one listener share, looked up once."""

    settings: ListenerSettings
    limits: Limits
    hostname: str
    submit: Submit
    capabilities: Callable[[], Capabilities]
    recipient_check: RecipientCheck | None
    connections: ConnectionLimits
    spool_directory: FilePath | None
    now: Callable[[], datetime]
    greeting: bytes
    name: str
    doorkeeper: Doorkeeper | None
    terms: SignInTerms | None
    doors: set[_Door] = field(default_factory=set)
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
        return peer is not None and _within(peer, self.settings.proxy_from)

    def _no_room(self, peer: str | None) -> Reply | None:
        if self.closing:
            return replies.CLOSING_DOWN
        return None if self.connections.enter(peer) else replies.TOO_MANY_CONNECTIONS

    def _allows(self, peer: str) -> bool:
        """Whether it may connect; one that has to sign in is asked at MAIL."""
        return self.terms is not None or not self.settings.allow or _within(peer, self.settings.allow)

    def entered(self, door: _Door) -> None:
        self.doors.add(door)
        if self.connections.busy:
            for each in self.doors:
                each.hurry()


class Listener:
    """Listens on one address until `stop`. submit: takes a message and answers for it; it may take long, and whatever
    it raises becomes 451. capabilities: what the next hop takes, asked at each EHLO. recipient_check: a reply that
    refuses a recipient, or None. connections: shared by all listeners that share `connections` of `limits`.
    spool_directory: where large messages wait (the system's temporary folder unless given). sign_in: who may send; due
    where the settings ask for it. sign_in_limits: shared like `connections`. sign_in_watch: is told of each attempt.

    SettingsError for settings that must not be served.
    """

    def __init__(
        self,
        settings: ListenerSettings,
        limits: Limits,
        hostname: str,
        submit: Submit,
        capabilities: Callable[[], Capabilities],
        recipient_check: RecipientCheck | None = None,
        *,
        connections: ConnectionLimits | None = None,
        spool_directory: FilePath | None = None,
        now: Callable[[], datetime] | None = None,
        sign_in: SignIn | None = None,
        sign_in_limits: SignInLimits | None = None,
        sign_in_watch: Callable[[str], None] = lambda _: None,
    ) -> None:
        if trouble := why_unusable(settings):
            raise SettingsError(trouble)
        if (sign_in is None) != (settings.sign_in == "none"):
            raise SettingsError(f'"sign_in: {settings.sign_in}" of "{settings.address}" is not served by this version')
        doorkeeper = None
        if sign_in is not None:
            shared = sign_in_limits or SignInLimits(limits)
            doorkeeper = Doorkeeper(sign_in, shared, limits.sign_in_seconds, sign_in_watch)
        name = printable(hostname).replace(" ", "")
        self._server: asyncio.Server | None = None
        self._house = _House(
            settings,
            limits,
            name,
            submit,
            capabilities,
            recipient_check,
            connections or ConnectionLimits(limits),
            spool_directory,
            now or _utc_now,
            f"220 {name} ESMTP mailguard\r\n".encode("ascii"),
            str(settings.address),
            doorkeeper,
            _terms(settings, doorkeeper) if doorkeeper else None,
        )

    async def start(self) -> None:
        """Bind and accept. SettingsError where the address cannot be bound, or the certificate not used."""
        settings = self._house.settings
        address = settings.address
        if settings.tls != "none" and settings.certificate is not None:
            self._house.certificate = Certificate(settings.certificate, settings.key)
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(
                lambda: _Door(self._house, loop), address.host, address.port, backlog=1024
            )
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
        return tuple(each.getsockname()[:2] for each in self._server.sockets) if self._server else ()

    async def stop(self, grace_seconds: float = 30.0) -> None:
        """No new connection and no new transaction; idle clients hear 421. What runs may finish for so long."""
        house = self._house
        house.closing = True
        if self._server is not None:
            self._server.close()
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


class _Door(SMTP):
    """One connection."""

    def __init__(self, house: _House, loop: asyncio.AbstractEventLoop) -> None:
        # aiosmtpd's own constructor reflects over its class and handler for each connection (254 µs): what the
        # methods that stay of it need is set here instead.
        self.loop = loop
        reader = asyncio.StreamReader(limit=1, loop=loop)
        asyncio.StreamReaderProtocol.__init__(self, reader, self._cb_client_connected, loop=loop)
        self.transport: asyncio.Transport | None = None
        self.session = self.envelope = None
        self._original_transport = self._tls_protocol = None
        self._timeout_handle = None
        self._handler_coroutine: asyncio.Task[None] | None = None
        self._house = house
        self._entered = self._counted = False
        self._counted_as: str | None = None
        self._behind_balancer = False
        self._encryption: Encryption | None = None
        self._shaken: asyncio.Future[bool] | None = None
        self._deadline = math.inf
        self._line_deadline = math.inf
        self._pending: list[bytes] = []
        self._idle = False
        self._leaving = False
        self._linger: asyncio.TimerHandle | None = None

    # The connection's life, as asyncio calls it.

    def connection_made(self, connection: asyncio.BaseTransport) -> None:
        transport = cast(asyncio.Transport, connection)
        house, peer = self._house, _peer(transport)
        self._behind_balancer = house.is_balancer(peer)
        refusal = house.refusal_to_wait() if self._behind_balancer else house.refusal(peer)
        if peer is None or refusal is not None:
            self._leaving = True
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
            checks_recipients=house.recipient_check is not None,
            offers_tls=house.settings.tls == "starttls",
            sign_in=house.terms,
        )
        self._intake = Intake(self.loop, transport)
        self._intake.takes_auth = house.terms is not None
        super().connection_made(transport)
        house.entered(self)

    def _turn_away(self, transport: asyncio.Transport, refusal: Reply) -> None:
        log.info("client_refused", listener=self._house.name, code=refusal.code, status=refusal.status)
        if self._house.settings.tls != "implicit":
            transport.write(to_wire(refusal))
        transport.close()

    def data_received(self, data: bytes) -> None:
        if self._leaving:
            return
        if self._encryption is None:
            self._intake.push(data)
        else:
            self._decrypt(self._encryption, data)

    def eof_received(self) -> bool:
        """A half-closed client still gets its replies."""
        if self._leaving:
            return False
        self._intake.end()
        self._shake(done=False)
        return True

    def connection_lost(self, error: Exception | None) -> None:
        if not self._entered:
            return
        self._leaving = True
        for timer in (self._timeout_handle, self._linger):
            if timer is not None:
                timer.cancel()
        asyncio.StreamReaderProtocol.connection_lost(self, error)
        self.transport = None
        self._intake.end()
        self._shake(done=False)
        if self._counted:
            self._house.connections.leave(self._counted_as)
        self._gone()

    def hurry(self) -> None:
        """Many clients are connected: one that is idle makes room sooner (THREATS.md T81)."""
        if self._idle and self._intake.waiting:
            self._arm(min(self._deadline, self.loop.time() + self._house.limits.busy_idle_seconds))

    def close_down(self) -> None:
        """The listener stops: a client between transactions is told at once, another when its transaction ends."""
        self._dialogue.closing = True
        self._shake(done=False)
        if self._intake.waiting and not self._dialogue.open:
            self._farewell(replies.CLOSING_DOWN)

    def abandon(self) -> None:
        """Cut the connection and cancel what still runs."""
        if self.transport is not None:
            self.transport.abort()
        if self._handler_coroutine is not None:
            self._handler_coroutine.cancel()

    def _gone(self) -> None:
        task = self._handler_coroutine
        if self.transport is None and (task is None or task.done()):
            self._house.doors.discard(self)
            if not self._house.doors:
                self._house.empty.set()

    # The session.

    async def _handle_client(self) -> None:
        try:
            if await self._admitted():
                self._pending.append(self._house.greeting)
                await self._converse()
        except ConnectionError:
            log.info("connection_lost", session=self._identifier)
        except Exception as error:
            self._pending.append(to_wire(self._failed("session_failed", error)))
            self._leave()
        finally:
            self._leave()
            if self._house.doorkeeper is not None:
                await self._house.doorkeeper.leave(self._identifier)
            self.loop.call_soon(self._gone)

    async def _converse(self) -> None:
        """Until the session ends: read a line, answer it, do what the answer says."""
        intake = self._intake
        while True:
            line = intake.line()
            if line is None:
                await self._flush()
                if not await self._next_input():
                    return
                continue
            self._line_deadline = math.inf
            answer = self._answer(line)
            if answer.then in _UNSETTLED:
                answer = await self._settled(answer)
            if answer.then is Then.SECURE:
                if not await self._start_tls(answer.wire):
                    return
                continue
            self._pending.append(answer.wire)
            if answer.then is Then.CONTENT:
                answer = await self._message()
            if answer.then is Then.CLOSE or answer.then is Then.DROP:
                return self._end(answer)
            if len(self._pending) >= REPLIES_AT_ONCE:
                await self._flush()
                await asyncio.sleep(0)

    # Before the greeting, and TLS.

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
                    return await self._encrypted(early + self._intake.chunk())
        except TimeoutError:
            return self._too_slow()
        self._intake.unread(early)
        return True

    async def _introduced(self) -> bytes | None:
        """Read the PROXY header; what followed it, None where the connection must end."""
        intake, octets = self._intake, b""
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
        client = header.client or _peer(self.transport)
        self._house.connections.leave(None)
        refusal = self._house.refusal(client)
        self._counted = refusal is None
        if client is None or refusal is not None:
            refusal = refusal or replies.NOT_ALLOWED
            log.info("client_refused", listener=self._house.name, code=refusal.code, status=refusal.status)
            self._pending.append(to_wire(refusal))
            return False
        self._counted_as = client
        self._dialogue.comes_from(client)
        return True

    async def _start_tls(self, ready: bytes) -> bool:
        """STARTTLS. Whether TLS is in use now; if not, the session ends."""
        await self._flush()
        if self.transport is None:
            return False
        if octets := self._intake.discard():  # THREATS.md T3: said in plain, perhaps by somebody else
            log.warning("starttls_input_dropped", session=self._identifier, octets=octets)
        self.transport.write(ready)
        try:
            async with asyncio.timeout(self._house.limits.handshake_seconds):
                return await self._encrypted(b"")
        except TimeoutError:
            return self._too_slow()

    async def _encrypted(self, early: bytes) -> bool:
        """The handshake. early: what the client has sent of it already."""
        assert self._house.certificate is not None
        self._disarm()
        self._encryption = encryption = Encryption(self._house.certificate.context)
        self._shaken = self.loop.create_future()
        if early:
            self._decrypt(encryption, early)
        if self._intake.ended or not await self._shaken:
            log.info("handshake_failed", session=self._identifier)
            return False
        self._dialogue.secured()
        log.info("session_secured", session=self._identifier, version=encryption.version)
        return True

    def _decrypt(self, encryption: Encryption, data: bytes) -> None:
        plain, sound = b"", True
        try:
            plain = encryption.receive(data)
        except ssl.SSLError as error:
            log.info("encryption_failed", session=self._identifier, reason=error.reason)
            sound = False
        if self.transport is not None and (octets := encryption.outgoing()):
            self.transport.write(octets)
        if plain:
            self._intake.push(plain)
        if encryption.ended or not sound:
            self._intake.end()
        if encryption.established or not sound:
            self._shake(done=sound)

    def _shake(self, *, done: bool) -> None:
        """The handshake has come to its end."""
        if self._shaken is not None and not self._shaken.done():
            self._shaken.set_result(done)

    def _too_slow(self) -> bool:
        log.info("handshake_timed_out", session=self._identifier)
        if self.transport is not None:
            self.transport.abort()
        return False

    def _wire(self, octets: bytes) -> bytes:
        """Octets as they may leave: in plain only where TLS neither has begun nor comes first."""
        if self._encryption is not None:
            return self._encryption.encrypt(octets)
        return b"" if self._house.settings.tls == "implicit" else octets

    def _end(self, answer: Answer) -> None:
        if answer.then is Then.DROP:
            log.info("http_dropped", session=self._identifier)
            if self.transport is not None:
                self.transport.abort()
            return
        if answer.error:
            log.info("session_cut_off", session=self._identifier, reply=answer.wire[:9].decode("ascii"))

    def _answer(self, line: bytes | Mark) -> Answer:
        dialogue = self._dialogue
        try:
            if isinstance(line, bytes):
                return dialogue.command(line)
            if line is not Mark.ENDLESS:
                return dialogue.line_too_long(to_sign_in=line is Mark.TOO_LONG_TO_SIGN_IN)
            return Answer(to_wire(replies.LINE_TOO_LONG), Then.CLOSE, error=True)
        except Exception as error:
            dialogue.forget()
            return Answer(to_wire(self._failed("command_failed", error)), error=True)

    async def _settled(self, answer: Answer) -> Answer:
        """What a command comes to that others decide about, or that asks for a response."""
        if answer.then is Then.CHECK:
            return await self._check()
        if answer.then is Then.SIGN_IN:
            answer = await self._try_sign_in()
        if answer.then is Then.CHALLENGE:
            if self._intake.begun:
                return self._dialogue.response_too_soon()
            self._intake.reads_response = True
        return answer

    async def _try_sign_in(self) -> Answer:
        """Nothing is read meanwhile. What a client pipelined behind PLAIN, as RFC 4954 section 4 lets it, waits."""
        doorkeeper, dialogue = self._house.doorkeeper, self._dialogue
        assert doorkeeper is not None
        self._idle = False
        await self._flush()
        self._disarm()
        return dialogue.settle_sign_in(await doorkeeper.attempt(*dialogue.attempt(), self._has_left))

    def _has_left(self) -> bool:
        return self._leaving or self.transport is None

    async def _check(self) -> Answer:
        dialogue, check = self._dialogue, self._house.recipient_check
        assert check is not None and dialogue.session is not None and dialogue.candidate is not None
        self._disarm()
        try:
            return dialogue.settle(await check(dialogue.session, dialogue.candidate.path))
        except (Exception, asyncio.CancelledError) as error:
            if cancelled_from_outside():
                raise
            return dialogue.settle(self._failed("recipient_check_failed", error))

    async def _message(self) -> Answer:
        """From 354 to the reply that stands for the message."""
        self._idle = False
        await self._flush()
        reader = await self._content()
        dialogue = self._dialogue
        if reader is None:
            log.info("content_cut_off", session=self._identifier)
            return Answer(b"", Then.CLOSE)
        answer = await self._judged(reader)
        dialogue.messages += 1
        dialogue.forget()
        self._pending.append(answer.wire)
        if self._leaving:
            log.info("reply_dropped", session=self._identifier, reply=answer.wire[:9].decode("ascii"))
            return Answer(b"", Then.CLOSE)
        if dialogue.closing and answer.then is Then.GO_ON:
            self._pending.append(to_wire(replies.CLOSING_DOWN))
            return Answer(b"", Then.CLOSE)
        return answer

    async def _content(self) -> ContentReader | None:
        """Read up to the end of the data; None if the client went away or was too slow."""
        house = self._house
        reader = ContentReader(
            Spool(house.limits.spool_above_bytes, house.spool_directory),
            self._dialogue.message_bytes,
            normalise=house.settings.line_ends == "normalise",
        )
        complete = False
        try:
            complete = await self._read_to_end(reader)
        finally:
            if not complete:
                reader.discard()
        return reader if complete else None

    async def _read_to_end(self, reader: ContentReader) -> bool:
        limits, intake, started = self._house.limits, self._intake, self.loop.time()
        while True:
            if chunk := intake.chunk():
                rest = reader.feed(chunk)
                if rest is not None:
                    intake.unread(rest)
                    return True
            earned = reader.received / limits.data_minimum_bytes_per_second
            self._arm(
                min(
                    started + limits.data_seconds,
                    started + limits.data_grace_seconds + earned,
                    self.loop.time() + limits.data_grace_seconds,
                )
            )
            if not await intake.wait():
                return False

    async def _judged(self, reader: ContentReader) -> Answer:
        limits, dialogue = self._house.limits, self._dialogue
        content = reader.finish(limits.header_bytes, limits.header_fields)
        if content is None:
            if reader.fault is None or reader.fault is Fault.NOT_KEPT:
                return Answer(to_wire(self._failed("content_not_kept", reader.cause)))
            log.info("content_refused", session=self._identifier, fault=reader.fault.value)
            return dialogue.content_refused(_FAULTS[reader.fault])
        if reader.eight_bit and not dialogue.capabilities.eight_bit:
            log.info("content_refused", session=self._identifier, fault="eight_bit")
            if not dialogue.capabilities.known:
                return Answer(to_wire(replies.NEXT_HOP_UNKNOWN))
            return dialogue.content_refused(replies.EIGHT_BIT_CONTENT)
        reply = await self._submitted(dialogue.envelope(eight_bit=reader.eight_bit), content)
        return Answer(to_wire(reply), Then.CLOSE if reply.code == 421 else Then.GO_ON)

    async def _submitted(self, envelope: Envelope, content: Buffer) -> Reply:
        session = self._dialogue.session
        assert session is not None
        self._disarm()
        try:
            return _sound(await self._house.submit(session, envelope, content))
        except (Exception, asyncio.CancelledError) as error:
            if cancelled_from_outside():
                raise
            return self._failed("submission_failed", error)

    def _failed(self, event: str, cause: BaseException | None) -> Reply:
        """The log gets the cause, the client a sentence and the reference that finds it in the log."""
        ref = short_reference(secrets.token_bytes(RANDOM_OCTETS))
        log.error(event, ref=ref, session=self._identifier, cause=cause)
        return cannot_check(ref)

    # Replies, time and the end of the connection.

    async def _flush(self) -> None:
        """Send what is to be said; wait only where the client does not read its replies."""
        if not self._pending:
            return
        wire = b"".join(self._pending)
        self._pending.clear()
        if self._leaving or self.transport is None or self.transport.is_closing():
            raise ConnectionResetError
        self.transport.write(self._wire(wire))
        if self.transport.get_write_buffer_size():
            self._arm(self.loop.time() + self._house.limits.idle_seconds)
            await self._writer.drain()

    async def _next_input(self) -> bool:
        limits, now = self._house.limits, self.loop.time()
        if self._dialogue.closing and not self._dialogue.open:
            self._pending.append(to_wire(replies.CLOSING_DOWN))
            return False
        self._idle = not self._intake.begun
        if not self._idle:
            self._line_deadline = min(self._line_deadline, now + limits.command_seconds)
            self._arm(self._line_deadline)
        else:
            self._arm(now + (limits.busy_idle_seconds if self._house.connections.busy else limits.idle_seconds))
        return await self._intake.wait()

    def _arm(self, deadline: float) -> None:
        """The timer is moved only to fire sooner; one that fires too soon sets itself again."""
        self._deadline = deadline
        timer = self._timeout_handle
        if timer is not None:
            if timer.when() <= deadline:
                return
            timer.cancel()
        self._timeout_handle = self.loop.call_at(deadline, self._timeout_cb)

    def _disarm(self) -> None:
        self._deadline = math.inf

    def _reset_timeout(self, duration: float | None = None) -> None:
        """aiosmtpd's own timer is not used: it would run during a submission."""

    def _timeout_cb(self) -> None:
        self._timeout_handle = None
        if self._leaving or self._deadline == math.inf:
            return
        if self.loop.time() < self._deadline:
            self._arm(self._deadline)
            return
        log.info("session_timed_out", session=self._identifier)
        self._farewell(replies.TOO_SLOW)

    def _farewell(self, reply: Reply) -> None:
        self._pending.append(to_wire(reply))
        self._leave()

    def _leave(self) -> None:
        """Say what is left to say, and close so that it arrives."""
        transport, self._leaving, left = self.transport, True, self._leaving
        if left or transport is None or transport.is_closing():
            return
        transport.write(self._wire(b"".join(self._pending)))
        if self._encryption is not None:
            transport.write(self._encryption.farewell())
        self._pending.clear()
        at_end = self._intake.ended
        self._intake.drop()
        self._linger = self.loop.call_later(LINGER_SECONDS, transport.abort)
        if at_end or not transport.can_write_eof():
            transport.close()
            return
        try:
            transport.write_eof()
        except OSError:  # the client reset the connection, asyncio has not heard of it yet
            transport.abort()


def _terms(settings: ListenerSettings, doorkeeper: Doorkeeper) -> SignInTerms:
    """A client inside `allow` may send without; where there is no `allow`, nobody may."""

    def may_send_as(account: str) -> frozenset[str] | None:
        return own_addresses(account, settings.send_as) if settings.own_address_only else None

    return SignInTerms(
        mechanisms=doorkeeper.mechanisms,
        is_lost=doorkeeper.is_lost,
        asked_of=lambda peer: not _within(peer, settings.allow),
        own_addresses=may_send_as,
        in_clear=settings.address.loopback and settings.tls == "none",
        bound=settings.sign_in == "smarthost",
    )


def _sound(reply: Reply) -> Reply:
    """A reply that can stand on the wire as the end of a transaction. MailguardError for what cannot."""
    if not isinstance(reply, Reply) or not (200 <= reply.code <= 299 or 400 <= reply.code <= 599):
        raise MailguardError("the submission did not end in a reply")
    text = reply.text if reply.text.isascii() and reply.text.isprintable() else printable(reply.text)
    return Reply(reply.code, reply.status or f"{reply.code // 100}.0.0", text[:MAX_TEXT_OCTETS])


def _within(peer: str, networks: tuple[Network, ...]) -> bool:
    address = ip_address(peer)
    return any(address in network for network in networks)


def _peer(transport: asyncio.BaseTransport) -> str | None:
    """The client's IP address; None if it is gone already. An IPv4 client of an IPv6 socket has its IPv4 address."""
    name = transport.get_extra_info("peername")
    if not name:
        return None
    peer = str(name[0])
    if peer.startswith("::ffff:") and (mapped := IPv6Address(peer).ipv4_mapped):
        return str(mapped)
    return peer


def _utc_now() -> datetime:
    return datetime.now(UTC)
