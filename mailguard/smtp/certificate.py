"""The certificate that a listener shows, and the terms of TLS on which it does.

Promises that what is in force is a whole pair that fits: a broken new one never takes the place of an old one, and
sessions that run keep theirs. Knows nothing of sockets; `serve` says when to look again.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from ..core.errors import SettingsError
from ..logs import logger

log = logger("certificate")

CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""TLS 1.2: forward secrecy and authenticated encryption only (RFC 9325 section 4.2). TLS 1.3 has no others."""


def load_context(certificate: Path, key: Path | None) -> ssl.SSLContext:
    """The terms for clients: TLS 1.2 and up, this certificate. key: None where the certificate's file holds it too.

    SettingsError with a plain sentence where a file is missing, unreadable, no PEM, encrypted, or the two do not fit.
    """
    for file in (certificate, key or certificate):
        _must_be_readable(file)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    # No tickets: a session that is resumed would outlive the certificate that it began with.
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_TICKET
    context.num_tickets = 0
    try:
        context.load_cert_chain(certificate, key, password=lambda: _no_password(key or certificate))
    except ssl.SSLError as cause:
        raise SettingsError(_why(cause, certificate, key)) from cause
    except OSError as cause:
        raise SettingsError(f'the certificate "{certificate}" cannot be read: {cause.strerror}') from cause
    return context


def validity(certificate: Path) -> tuple[datetime, datetime]:
    """From when until when the certificate is valid; of a chain its first. SettingsError where it cannot be read."""
    try:
        first = x509.load_pem_x509_certificates(certificate.read_bytes())[0]
    except OSError as cause:
        raise SettingsError(f'the certificate "{certificate}" cannot be read: {cause.strerror}') from cause
    except ValueError as cause:
        raise SettingsError(f'"{certificate}" holds no certificate in PEM form') from cause
    return first.not_valid_before_utc, first.not_valid_after_utc


def _must_be_readable(file: Path) -> None:
    try:
        with file.open("rb"):
            pass
    except OSError as cause:
        raise SettingsError(f'"{file}" cannot be read: {cause.strerror}') from cause


def _no_password(key: Path) -> str:
    raise SettingsError(f'the key in "{key}" is encrypted; the guard needs one without a password, at mode 0600')


def _why(cause: ssl.SSLError, certificate: Path, key: Path | None) -> str:
    if cause.reason == "KEY_VALUES_MISMATCH":
        return f'the key in "{key or certificate}" does not fit the certificate "{certificate}"'
    if cause.reason in ("EE_KEY_TOO_SMALL", "CA_MD_TOO_WEAK", "CA_KEY_TOO_SMALL"):
        return f'the certificate "{certificate}" is too weak: its key or its signature'
    return f'"{certificate}" and "{key or certificate}" are not a certificate and its key in PEM form'


class Certificate:
    """A pair of files, and the context made of them that new handshakes get. problem: why newer files are not used.
    expires_at: of the one in force; None where that cannot be read.

    SettingsError where the files cannot be used at the start.
    """

    def __init__(self, certificate: Path, key: Path | None) -> None:
        self._files = (certificate, key)
        self._seen = self._looked = self._stamp()
        self.context = load_context(certificate, key)
        self.problem: str | None = None
        self.expires_at: datetime | None = None
        self._note_end()

    async def look(self) -> None:
        """Reload when a file has changed and then stayed the same for one look: the two are written one by one."""
        before, self._looked = self._looked, await asyncio.to_thread(self._stamp)
        if self._looked != self._seen and self._looked == before:
            await self.reload()

    async def reload(self) -> bool:
        """Put the files in force if they are a whole pair, else keep what is. Whether they are in force now."""
        self._seen = await asyncio.to_thread(self._stamp)
        try:
            context = await asyncio.to_thread(load_context, *self._files)
        except Exception as cause:
            self.problem = str(cause) if isinstance(cause, SettingsError) else type(cause).__name__
            log.error("certificate_not_loaded", file=str(self._files[0]), problem=self.problem)
            return False
        self.context, self.problem = context, None
        log.info("certificate_loaded", file=str(self._files[0]))
        self._note_end()
        return True

    def _note_end(self) -> None:
        self.expires_at = None
        with contextlib.suppress(SettingsError):  # OpenSSL takes what the stricter reader does not: no cause to stop
            self.expires_at = validity(self._files[0])[1]
            if self.expires_at <= datetime.now(UTC):
                log.error("certificate_expired", file=str(self._files[0]))

    def _stamp(self) -> object:
        try:
            found = (file.stat() for file in self._files if file is not None)
            return tuple((each.st_mtime_ns, each.st_size, each.st_ino) for each in found)
        except OSError as cause:
            return type(cause).__name__
