"""Opens connections to one smarthost: connect, EHLO, STARTTLS and the guard's own sign-in, with aiosmtplib.

This is the only file that imports aiosmtplib, and it uses it for connect, EHLO and sign-in alone; STARTTLS and what
follows runs byte-exact and pipelined on the connection that it made (line.py, docs/decisions/transaction.md).

INVARIANT: with tls required or implicit, nothing but EHLO and STARTTLS leaves before a checked certificate (T4).
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Awaitable
from pathlib import Path
from typing import cast

import aiosmtplib

from .line import Line
from .reply_reader import read_reply
from .smarthost_capabilities import SmarthostCapabilities, read_capabilities
from .smarthost_settings import SmarthostSettings
from .troubles import InTrouble, Trouble

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
    """hostname: what EHLO names. signs_in: with the settings' username, where there is one."""

    def __init__(self, settings: SmarthostSettings, hostname: str, *, signs_in: bool = True) -> None:
        self._settings = settings
        self._hostname = hostname
        self._signs_in = signs_in
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
        if self._signs_in and self._settings.username is not None:
            await self._sign_in(client, self._settings.username)
        return _take_over(client, capabilities)

    async def _start_tls(self, client: aiosmtplib.SMTP) -> None:
        if client.supports_extension("starttls"):
            await self._upgrade(client)
            await _step(client.ehlo(), Trouble.EHLO)
        elif self._settings.tls == "required":
            raise InTrouble(Trouble.NO_STARTTLS)

    async def _upgrade(self, client: aiosmtplib.SMTP) -> None:
        """STARTTLS on a line of our own: the library throws away what stands behind the reply, and goes on.

        Whoever put it there sits between the two of us (RFC 3207 section 4.2, THREATS.md T3), so this is no place for a
        password or mail.
        """
        plain, protocol = cast("asyncio.Transport | None", client.transport), client.protocol
        context = await self._tls_context()
        if plain is None or protocol is None or context is None or plain.is_closing():
            raise InTrouble(Trouble.CUT)
        line = Line(plain)
        line.write(b"STARTTLS\r\n")
        reply = await line.reply(self._settings.connect_timeout_seconds)
        if reply.code != 220:
            raise _refusal(reply.code, reply.text, Trouble.STARTTLS)
        if not line.is_idle:
            raise InTrouble(Trouble.OUT_OF_STEP)
        secure = await asyncio.get_running_loop().start_tls(
            plain, protocol, context, server_hostname=self._settings.address.host
        )
        client.transport = protocol.transport = secure

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
