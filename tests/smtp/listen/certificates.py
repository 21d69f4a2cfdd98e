"""Certificates made by openssl, and real programs as peers."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from pathlib import Path
from typing import Any


def make_pair(folder: Path, *, days: int = 90, name: str = "localhost") -> dict[str, Any]:
    """certificate: and key: of a listener, new and self-signed, for a name and 127.0.0.1. Files there are replaced.

    days: how long it is valid; below 0 for one that has expired.
    """
    certificate, key = folder / "guard.pem", folder / "guard.key"
    new = ("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", str(key))
    names = ("-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name},IP:127.0.0.1")
    asked = subprocess.run([*new, *names], check=True, capture_output=True).stdout
    sign = ("openssl", "x509", "-req", "-signkey", str(key), "-copy_extensions", "copy", "-days", str(days))
    subprocess.run([*sign, "-out", str(certificate)], input=asked, check=True, capture_output=True)
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
