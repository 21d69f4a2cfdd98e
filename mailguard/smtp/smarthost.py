"""The next hop: opens connections with aiosmtplib and sends messages on them. Implements guard.ports.Smarthost.

This is the only file that imports aiosmtplib, and it uses it for connect, EHLO, STARTTLS and sign-in alone; the mail
transaction runs byte-exact and pipelined on the connection that it made (line.py, docs/decisions/transaction.md).

INVARIANT: with tls required or implicit, nothing but EHLO and STARTTLS leaves before a checked certificate (T4).
INVARIANT: no message is sent again after its final dot was or may have been written; a second attempt, on a new
connection, is made only where a reused one ended before it had answered MAIL.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import time
from collections.abc import Awaitable, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import cast

import aiosmtplib

from ..core.envelope import Envelope
from ..core.outcome import SmarthostReply, Transmission
from ..core.rewrite.content import Content
from ..core.session import Session
from ..logs import logger
from .exchange import Patience, carry_out
from .line import Line
from .mail_commands import TOO_MANY_RECIPIENTS, leaves_out_dsn, mail_command, recipient_command, why_refused
from .pool import Pool, PoolLimits
from .reply_reader import read_reply
from .smarthost_capabilities import NOTHING_ANNOUNCED, SmarthostCapabilities, read_capabilities
from .smarthost_settings import SmarthostSettings
from .tally import Tally
from .transaction import Transaction
from .troubles import InTrouble, Trouble

log = logger("smarthost")

REFRESH_AFTER_SECONDS = 300.0
"""How old what the smarthost announced may be before `refresh` asks again."""

_CAUSES: tuple[tuple[type[BaseException], Trouble], ...] = (
    (ssl.SSLCertVerificationError, Trouble.CERTIFICATE),
    (ssl.SSLError, Trouble.TLS),
    (socket.gaierror, Trouble.NO_SUCH_NAME),
    (ConnectionRefusedError, Trouble.CONNECTION_REFUSED),
    (TimeoutError, Trouble.TIMED_OUT),
    (aiosmtplib.SMTPServerDisconnected, Trouble.CUT),
    (ConnectionResetError, Trouble.CUT),
    (OSError, Trouble.UNREACHABLE),
    (aiosmtplib.SMTPException, Trouble.MALFORMED),
)
"""Most telling first: one of an exception and its causes."""


class Opener:
    """Opens connections. hostname: what EHLO names."""

    def __init__(self, settings: SmarthostSettings, hostname: str) -> None:
        self._settings = settings
        self._hostname = hostname
        self._context: ssl.SSLContext | None = None

    async def open(self) -> Line:
        """A connection after EHLO, STARTTLS and sign-in, as the settings ask. Raises InTrouble. Bounded in time."""
        client = aiosmtplib.SMTP(
            hostname=self._settings.address.host,
            port=self._settings.address.port,
            local_hostname=self._hostname,
            timeout=self._settings.connect_timeout_seconds,
            use_tls=self._settings.tls == "implicit",
            start_tls=False,
            tls_context=await self._tls_context(),
        )
        transport: asyncio.Transport | None = None
        try:
            async with asyncio.timeout(self._settings.connect_timeout_seconds):
                return await self._shake_hands(client)
        except InTrouble:
            raise
        except Exception as cause:
            raise InTrouble(_trouble_of(cause)) from cause
        finally:
            # The client no longer knows a transport that a line has taken over.
            transport = cast("asyncio.Transport | None", client.transport)
            client.close()
            if transport is not None:
                transport.abort()

    async def _shake_hands(self, client: aiosmtplib.SMTP) -> Line:
        await _step(client.connect(), Trouble.GREETING)
        await _step(client.ehlo(), Trouble.EHLO)
        if self._settings.tls in ("opportunistic", "required"):
            await self._start_tls(client)
        capabilities = read_capabilities(client.esmtp_extensions)
        if self._settings.username is not None:
            await self._sign_in(client, self._settings.username)
        return _take_over(client, capabilities)

    async def _start_tls(self, client: aiosmtplib.SMTP) -> None:
        if client.supports_extension("starttls"):
            await _step(client.starttls(), Trouble.STARTTLS)
            await _step(client.ehlo(), Trouble.EHLO)
        elif self._settings.tls == "required":
            raise InTrouble(Trouble.NO_STARTTLS)

    async def _sign_in(self, client: aiosmtplib.SMTP, username: str) -> None:
        """One mechanism, tried once: a wrong password tried three times locks an account three times as fast."""
        password = await self._password()
        mechanisms = {"plain": client.auth_plain, "login": client.auth_login, "cram-md5": client.auth_crammd5}
        offered = [name for name in mechanisms if name in client.server_auth_methods]
        if not offered:
            raise InTrouble(Trouble.NO_SIGN_IN)
        await _step(mechanisms[offered[0]](username, password), Trouble.SIGN_IN)

    async def _password(self) -> str:
        if self._settings.password_file is None:
            raise InTrouble(Trouble.PASSWORD_FILE)
        try:
            text = await asyncio.to_thread(Path(self._settings.password_file).read_text, "utf-8")
        except (OSError, UnicodeDecodeError) as cause:
            raise InTrouble(Trouble.PASSWORD_FILE) from cause
        return text.split("\n", 1)[0].rstrip("\r")

    async def _tls_context(self) -> ssl.SSLContext | None:
        if self._settings.tls == "none":
            return None
        if self._context is None:
            try:
                self._context = await asyncio.to_thread(self._make_context)
            except (OSError, ssl.SSLError) as cause:
                raise InTrouble(Trouble.CA_FILE) from cause
        return self._context

    def _make_context(self) -> ssl.SSLContext:
        ca_file = self._settings.ca_file
        context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
        if self._settings.tls == "opportunistic":
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


def _take_over(client: aiosmtplib.SMTP, capabilities: SmarthostCapabilities) -> Line:
    transport = cast("asyncio.Transport | None", client.transport)
    if transport is None or transport.is_closing():
        raise InTrouble(Trouble.CUT)
    line = Line(transport, capabilities, time.monotonic())
    client.transport = client.protocol = None
    return line


async def _step(step: Awaitable[aiosmtplib.SMTPResponse], trouble: Trouble) -> None:
    """One exchange of the handshake; `trouble` is what a negative answer to it means."""
    try:
        reply = await step
    except aiosmtplib.SMTPResponseException as cause:
        raise _refusal(cause.code, cause.message, trouble) from cause
    if "\0" in reply.message:  # the library does not mind
        raise InTrouble(Trouble.MALFORMED)


def _refusal(code: int, text: str, trouble: Trouble) -> InTrouble:
    if not 400 <= code < 600:
        return InTrouble(Trouble.MALFORMED)
    return InTrouble(Trouble.UNAVAILABLE if code == 421 else trouble, read_reply(code, text))


def _trouble_of(cause: BaseException) -> Trouble:
    chain = [cause]
    while (further := chain[-1].__cause__) is not None and len(chain) < 8:
        chain.append(further)
    for kind, trouble in _CAUSES:
        if any(isinstance(each, kind) for each in chain):
            return trouble
    return Trouble.INTERNAL


class SmarthostPool:
    """Implements guard.ports.Smarthost. hostname: the name in EHLO. Opens nothing before it is asked to."""

    def __init__(self, settings: SmarthostSettings, *, hostname: str) -> None:
        self._settings = settings
        self._opener = Opener(settings, hostname)
        self._pool: Pool | None = None
        self._capabilities = NOTHING_ANNOUNCED
        self._asked_at = float("-inf")
        self._trouble: Trouble | None = None

    @property
    def capabilities(self) -> SmarthostCapabilities:
        """What the last EHLO announced; nothing before the first one. A smarthost that went down keeps its own."""
        return self._capabilities

    @property
    def trouble(self) -> str | None:
        """Why the last attempt to open a connection failed; None if it did not."""
        return self._trouble.value if self._trouble else None

    async def refresh(self) -> SmarthostCapabilities:
        """Ask EHLO again where the last answer is old or missing. Does not raise; `trouble` says what failed."""
        if time.monotonic() - self._asked_at > REFRESH_AFTER_SECONDS or self._trouble is not None:
            with contextlib.suppress(InTrouble):
                self._lines.give_back(await self._lines.take(self._settings.connect_timeout_seconds, fresh=True))
        return self._capabilities

    async def connect(self, session: Session | None) -> PooledConnection:
        """A connection of its own until `release`. It is opened, or taken from those that are idle, by `transmit`."""
        return PooledConnection(self._lines, self._settings, all_or_none=self._settings.partial == "refuse_all")

    def for_outbox(self) -> OutboxSmarthost:
        """The same connections for what the guard has taken on, where `partial: refuse_all` has no client to tell."""
        return OutboxSmarthost(self)

    def outbox_connection(self) -> PooledConnection:
        return PooledConnection(self._lines, self._settings, all_or_none=False)

    async def close(self) -> None:
        """Take leave of idle connections and cut the others."""
        if self._pool is not None:
            await self._pool.close()

    @property
    def _lines(self) -> Pool:
        """Made when first needed: it belongs to the running event loop."""
        if self._pool is None:
            settings = self._settings
            limits = PoolLimits(
                settings.connections,
                settings.messages_per_connection,
                settings.connection_seconds,
                settings.idle_seconds,
            )
            self._pool = Pool(self._open, limits)
        return self._pool

    async def _open(self) -> Line:
        try:
            line = await self._opener.open()
        except InTrouble as cause:
            if cause.trouble is not self._trouble:
                log.error("smarthost_unreachable", trouble=cause.trouble.value, cause=cause.__cause__)
            self._trouble = cause.trouble
            raise
        if self._trouble is not None:
            log.info("smarthost_reached", after=self._trouble.value)
        if line.capabilities != self._capabilities:
            log.info("smarthost_capabilities_learned", **_names(line.capabilities))
        self._trouble, self._capabilities, self._asked_at = None, line.capabilities, time.monotonic()
        return line


class OutboxSmarthost:
    """Implements guard.ports.Smarthost for the outbox; see SmarthostPool.for_outbox."""

    def __init__(self, pool: SmarthostPool) -> None:
        self._pool = pool

    async def connect(self, session: Session | None) -> PooledConnection:
        return self._pool.outbox_connection()


class PooledConnection:
    """Implements guard.ports.SmarthostConnection. For one message at a time."""

    def __init__(self, pool: Pool, settings: SmarthostSettings, *, all_or_none: bool) -> None:
        self._pool = pool
        self._settings = settings
        self._all_or_none = all_or_none
        self._line: Line | None = None

    @property
    def capabilities(self) -> SmarthostCapabilities:
        """What this connection's EHLO announced; nothing before the first `transmit`."""
        return self._line.capabilities if self._line is not None else NOTHING_ANNOUNCED

    async def transmit(self, envelope: Envelope, content: Content) -> Transmission:
        """See guard.ports. Bounded by `deadline_seconds`; where it is cancelled, the connection is cut."""
        patience = Patience(
            self._settings.command_timeout_seconds,
            self._settings.final_timeout_seconds,
            asyncio.get_running_loop().time() + self._settings.deadline_seconds,
            self._settings.command_timeout_seconds,
        )
        tally = Tally(envelope.recipients, None if self._all_or_none else self._settings.max_recipients)
        again = without_dsn = False
        try:
            while batch := tally.batch():
                line = await self._ready(patience, fresh=again)
                if (refusal := self._why_refused(envelope, content, line)) is not None:
                    tally.refuse(refusal)
                    break
                without_dsn = without_dsn or leaves_out_dsn(envelope, line.capabilities)
                reused = line.messages > 0
                transaction = self._transaction(envelope, batch, content, line)
                await carry_out(transaction, line, content, self._patience_with(patience, reused=reused))
                again = reused and _ended_unseen(transaction)
                if not again:
                    tally.add(batch, transaction.result())
        except InTrouble as cause:
            tally.fail(cause.trouble, cause.reply)
        if without_dsn:
            log.warning("dsn_parameters_left_out", recipients=len(envelope.recipients))
        return tally.transmission(without_dsn=without_dsn)

    async def release(self) -> None:
        """Give the connection back. A second time does nothing."""
        if (line := self._line) is not None:
            self._line = None
            self._pool.give_back(line)

    def _patience_with(self, patience: Patience, *, reused: bool) -> Patience:
        first = self._settings.connect_timeout_seconds if reused else self._settings.command_timeout_seconds
        return replace(patience, first_seconds=min(first, self._settings.command_timeout_seconds))

    async def _ready(self, patience: Patience, *, fresh: bool = False) -> Line:
        if self._line is None or not self._line.is_idle or fresh:
            await self.release()
            seconds = patience.at_most(self._settings.connect_timeout_seconds)
            self._line = await self._pool.take(seconds, fresh=fresh)
        return self._line

    def _why_refused(self, envelope: Envelope, content: Content, line: Line) -> SmarthostReply | None:
        most = self._settings.max_recipients
        if self._all_or_none and most is not None and len(envelope.recipients) > most:
            return TOO_MANY_RECIPIENTS  # all or none cannot be kept over two transactions
        return why_refused(envelope, content, line.capabilities)

    def _transaction(self, envelope: Envelope, batch: Sequence[int], content: Content, line: Line) -> Transaction:
        line.messages += 1
        return Transaction(
            mail_command(envelope, content.size(), line.capabilities),
            [recipient_command(envelope.recipients[index], line.capabilities) for index in batch],
            pipelining=line.capabilities.pipelining,
            all_or_none=self._all_or_none,
        )


def _ended_unseen(transaction: Transaction) -> bool:
    """A reused connection ended before it answered MAIL: no content has left, and a new one may try."""
    return transaction.unanswered and transaction.trouble in (Trouble.CUT, Trouble.UNAVAILABLE, Trouble.TIMED_OUT)


def _names(capabilities: SmarthostCapabilities) -> dict[str, object]:
    return {field.name: getattr(capabilities, field.name) for field in fields(capabilities)}
