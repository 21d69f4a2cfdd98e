"""What the tests of the sending side send, and how."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path as File
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from mailguard.core.envelope import Envelope, Path, Recipient
from mailguard.core.outcome import Outcome, Transmission
from mailguard.core.rewrite.content import Content
from mailguard.smtp.pass_through import BoundConnection
from mailguard.smtp.routes import RoutedConnection, SmarthostRoutes
from mailguard.smtp.smarthost_settings import SmarthostSettings

MESSAGE = b"From: a@elmroad.example\r\nTo: r0@council.example\r\nSubject: x\r\n\r\n.one\r\n..two\r\n.\r\nend\r\n"
A, D, R, U = Outcome.ACCEPTED, Outcome.DEFERRED, Outcome.REFUSED, Outcome.UNCERTAIN


def path(address: str) -> Path:
    return Path(address.encode(), address.lower())


def envelope(count: int = 1, *parameters: bytes, sender: str | None = "a@elmroad.example") -> Envelope:
    recipients = tuple(Recipient(path(f"r{number}@council.example")) for number in range(count))
    return Envelope(path(sender) if sender is not None else None, recipients, parameters)


def to(*addresses: str) -> Envelope:
    return Envelope(path("a@elmroad.example"), tuple(Recipient(path(each)) for each in addresses))


def settings(port: int, **values: Any) -> SmarthostSettings:
    """Short times, so that a test which hangs fails soon."""
    quick: dict[str, Any] = {
        "address": f"127.0.0.1:{port}",
        "connect_timeout_seconds": 20,
        "command_timeout_seconds": 20,
        "final_timeout_seconds": 20,
        "deadline_seconds": 60,
    }
    return SmarthostSettings(**(quick | values))


@asynccontextmanager
async def pool(port: int, **values: Any) -> AsyncIterator[SmarthostRoutes]:
    made = SmarthostRoutes([settings(port, **values)], hostname="guard.elmroad.example")
    try:
        yield made
    finally:
        await made.close()


@asynccontextmanager
async def connection(port: int, **values: Any) -> AsyncIterator[RoutedConnection | BoundConnection]:
    async with pool(port, **values) as made:
        connected = await made.connect(None)
        try:
            yield connected
        finally:
            await connected.release()


async def transmit(port: int, sent: Envelope | None = None, content: bytes = MESSAGE, **values: Any) -> Transmission:
    """One message on a connection of its own."""
    async with connection(port, **values) as connected, asyncio.timeout(20):
        return await connected.transmit(sent or envelope(), Content(content))


def outcomes(transmission: Transmission) -> list[Outcome]:
    return [each.outcome for each in transmission.recipients]


def certificate(folder: File, name: str = "localhost") -> tuple[File, File]:
    """(certificate, key) files of a self-signed certificate for a name and 127.0.0.1."""
    import ipaddress

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    names: list[x509.GeneralName] = [x509.DNSName(name)]
    if name == "localhost":
        names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder.mkdir(parents=True, exist_ok=True)
    certificate_file, key_file = folder / f"{name}.pem", folder / f"{name}.key"
    certificate_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate_file, key_file


def server_context(certificate_file: File, key_file: File) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate_file, key_file)
    return context
