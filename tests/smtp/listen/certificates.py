"""Certificates made by openssl, and real programs as peers."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


def make_pair(folder: Path, *, days: int = 90, name: str = "localhost") -> dict[str, Any]:
    """certificate: and key: of a listener, new and self-signed, for a name and 127.0.0.1. Files there are replaced.

    days: how long it is valid; below 0 for one that has expired.
    """
    certificate, key = folder / "guard.pem", folder / "guard.key"
    new = ("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", str(key))
    names = ("-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name},IP:127.0.0.1")
    asked = subprocess.run([*new, *names], check=True, capture_output=True).stdout
    sign = ("openssl", "x509", "-req", "-signkey", str(key), "-copy_extensions", "copy", "-days", str(max(days, 1)))
    subprocess.run([*sign, "-out", str(certificate)], input=asked, check=True, capture_output=True)
    if days < 0:
        _let_expire(certificate, key, days)
    key.chmod(0o600)
    return {"certificate": certificate, "key": key}


def _let_expire(certificate: Path, key: Path, days: int) -> None:
    """The same certificate with its end in the past: openssl 3.5 makes none that has expired."""
    made = x509.load_pem_x509_certificate(certificate.read_bytes())
    private = serialization.load_pem_private_key(key.read_bytes(), None)
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    until = datetime.now(UTC) + timedelta(days=days)
    builder = (
        x509.CertificateBuilder()
        .subject_name(made.subject)
        .issuer_name(made.issuer)
        .public_key(made.public_key())
        .serial_number(made.serial_number)
        .not_valid_before(until - timedelta(days=30))
        .not_valid_after(until)
    )
    for extension in made.extensions:
        builder = builder.add_extension(extension.value, extension.critical)
    certificate.write_bytes(builder.sign(private, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))


async def run(*command: str, give: bytes = b"") -> tuple[int, str]:
    """Exit status, and what the program said on both of its outputs."""
    assert shutil.which(command[0]), f"{command[0]} is part of the test machine"
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await asyncio.wait_for(process.communicate(give), 20)
    return process.returncode or 0, output.decode("utf-8", "replace")
