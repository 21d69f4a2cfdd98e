"""Certificates made by openssl, and real programs as peers."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from pathlib import Path


def make_pair(folder: Path, *, days: int = 90, name: str = "localhost") -> dict[str, Path]:
    """A new key and a self-signed certificate for a name and 127.0.0.1; files of the same names are replaced."""
    certificate, key = folder / "guard.pem", folder / "guard.key"
    new = ("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    names = ("-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name},IP:127.0.0.1")
    files = ("-out", str(certificate), "-keyout", str(key))
    subprocess.run([*new, *names, "-days", str(days), *files], check=True, capture_output=True)
    key.chmod(0o600)
    return {"certificate": certificate, "key": key}


async def run(*command: str, give: bytes = b"") -> tuple[int, str]:
    """Exit status, and what the program said on both of its outputs."""
    assert shutil.which(command[0]), f"{command[0]} is part of the test machine"
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await asyncio.wait_for(process.communicate(give), 20)
    return process.returncode or 0, output.decode("utf-8", "replace")
