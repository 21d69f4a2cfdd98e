"""Asks the sign-in service over HTTP, and believes no more of an answer than its size.

INVARIANT: what is asked goes over https, or to this machine; a redirect is an error and is not followed (no answer of
the service moves a secret to another host); an answer has a time and a size, whatever the other side does. No proxy is
used, and nothing of the environment: what leaves this computer here is a secret.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from ..core.errors import ServiceSilent
from .settings import is_private_way

SECONDS = 10.0
"""For one question, from the name of the host to the last octet."""
MOST_OCTETS = 256 * 1024
AGENT = "mailguard"


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer: its status, and the object that it holds; empty where it holds none."""

    status: int
    body: Mapping[str, Any] = field(repr=False)


class Fetcher:
    def __init__(self, ca_file: Path | None = None, *, seconds: float = SECONDS) -> None:
        self._ca_file = ca_file
        self._seconds = seconds
        self._context: ssl.SSLContext | None = None

    async def get(self, url: str, headers: Mapping[str, str] | None = None) -> Answered:
        """ServiceSilent."""
        return await self._ask("GET", url, headers or {}, None)

    async def post(self, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> Answered:
        """ServiceSilent."""
        return await self._ask("POST", url, headers, form)

    async def _ask(self, method: str, url: str, headers: Mapping[str, str], form: Mapping[str, str] | None) -> Answered:
        if not is_private_way(url):
            raise ServiceSilent("it names an address that is neither https nor on this machine")
        try:
            async with asyncio.timeout(self._seconds):
                return await self._asked(method, url, headers, form)
        except TimeoutError as cause:
            raise ServiceSilent(f"it did not answer within {self._seconds:g} seconds") from cause
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as cause:
            raise ServiceSilent("it cannot be reached") from cause

    async def _asked(
        self, method: str, url: str, headers: Mapping[str, str], form: Mapping[str, str] | None
    ) -> Answered:
        context = await self._trusted()
        # Not compressed: what is counted below is then what is kept in memory.
        said = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": AGENT, **headers}
        client = httpx.AsyncClient(verify=context, trust_env=False, follow_redirects=False, timeout=self._seconds)
        async with client, client.stream(method, url, headers=said, data=form) as response:
            if 300 <= response.status_code < 400:
                raise ServiceSilent("it sends us on to another address, which is not followed")
            if response.headers.get("content-encoding", "identity").lower() != "identity":
                raise ServiceSilent("it answers in a form that was not asked for")
            kept = bytearray()
            async for piece in response.aiter_raw():
                kept += piece
                if len(kept) > MOST_OCTETS:
                    raise ServiceSilent(f"it answers with more than {MOST_OCTETS // 1024} kB")
            if response.status_code >= 500:
                raise ServiceSilent(f"it answers with an error ({response.status_code})")
            return Answered(response.status_code, _object(bytes(kept)))

    async def _trusted(self) -> ssl.SSLContext:
        """SettingsError never: a file that cannot be read keeps everybody out, and `check` says which."""
        if self._context is None:
            file = str(self._ca_file) if self._ca_file else None
            self._context = await asyncio.to_thread(ssl.create_default_context, cafile=file)
        return self._context


def _object(octets: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(octets)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
