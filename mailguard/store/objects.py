"""The object store: named bytes behind the S3 API (obstore). It knows nothing of messages, keys and rows.

Contract: `put` returns when the server has said that it keeps the bytes. Each request ends within
`timeout_seconds`, with what is tried again. Trouble is StoreUnavailable; what is certainly not there is ObjectMissing.
No name, key or address of the server stands in an error or in the log.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol, TypeVar

from mailguard.logs import logger

from ..core.errors import SettingsError, StoreUnavailable
from .object_settings import ObjectStoreSettings
from .sealing import SealBroken

log = logger("store")
T = TypeVar("T")
TRIES_AGAIN = 2
PROBE = "probe"
"""What `prove` writes and removes; it holds nothing."""


class ObjectMissing(SealBroken):
    """The object store answered, and the object is not there: somebody removed it, or it is another store."""


class ObjectWatch(Protocol):
    """Told of each request. Never raises or blocks."""

    def object_request(self, what: str, result: str, seconds: float) -> None:
        """what: put, get, delete or list. result: ok, missing or failed."""
        ...


class Unwatched:
    """Implements ObjectWatch."""

    def object_request(self, what: str, result: str, seconds: float) -> None: ...


class ObjectStore:
    """problem: a sentence while the last request failed, None while all is well. watch: may be set at any time."""

    def __init__(self, settings: ObjectStoreSettings) -> None:
        """SettingsError: a file of the settings cannot be read, or there is no key."""
        # Only here: most guards have no object store, and its library need not be loaded then.
        from obstore.store import S3Store

        self.settings = settings
        self.watch: ObjectWatch = Unwatched()
        self.problem: str | None = None
        access, secret = _keys(settings)
        client = {
            "timeout": timedelta(seconds=settings.timeout_seconds),
            "connect_timeout": timedelta(seconds=min(settings.timeout_seconds, 5.0)),
            "allow_http": settings.endpoint.startswith("http://"),
            "user_agent": "mailguard",
        }
        if settings.ca_file is not None:
            client["root_certificate"] = _read(settings.ca_file)
        try:
            self._store = S3Store(
                settings.bucket,
                prefix=settings.prefix or None,
                endpoint=settings.endpoint.rstrip("/"),
                region=settings.region,
                access_key_id=access,
                secret_access_key=secret,
                virtual_hosted_style_request=False,
                skip_signature=False,
                disable_bulk_delete=True,
                client_options=client,  # type: ignore[arg-type]
                retry_config={
                    "max_retries": TRIES_AGAIN,
                    "retry_timeout": timedelta(seconds=settings.timeout_seconds),
                    "backoff": {
                        "init_backoff": timedelta(seconds=0.05),
                        "max_backoff": timedelta(seconds=1),
                        "base": 2,
                    },
                },
            )
        except Exception as error:
            raise SettingsError(f"object_store: it cannot be used as it is set ({type(error).__name__})") from error

    async def put(self, name: str, octets: bytes) -> None:
        """Keep these bytes under this name."""
        await self._ask("put", self._store.put_async(name, octets, use_multipart=False))

    async def get(self, name: str, at_most: int) -> bytes:
        """What is kept under this name. ObjectMissing; SealBroken where it is larger than it may be."""

        async def read() -> bytes:
            found = await self._store.get_async(name)
            if found.meta["size"] > at_most:
                raise SealBroken("an object of a stored original is larger than what was put there")
            return bytes(await found.bytes_async())

        return await self._ask("get", read())

    async def delete(self, name: str) -> None:
        """After that nothing has this name. One that is not there is no trouble."""

        async def remove() -> None:
            with suppress(FileNotFoundError):
                await self._store.delete_async(name)

        await self._ask("delete", remove())

    async def names(self, folder: str) -> AsyncIterator[Sequence[tuple[str, datetime]]]:
        """The names below a folder, with when each was written, a page at a time."""
        stream = self._store.list(f"{folder}/", chunk_size=500)
        while page := await self._ask("list", _next(stream)):
            yield [(each["path"], each["last_modified"]) for each in page]

    async def look(self) -> None:
        """Whether it answers; `problem` says so afterwards. Never raises StoreUnavailable."""
        with suppress(StoreUnavailable):
            await self.get(PROBE, 0)

    async def prove(self) -> None:
        """Write, read and remove a name of its own. StoreUnavailable with what failed."""
        name, content = f"{PROBE}-{secrets.token_hex(8)}", secrets.token_bytes(64)
        await self.put(name, content)
        if await self.get(name, len(content)) != content:
            raise StoreUnavailable("the object store gave back other bytes than it was given")
        await self.delete(name)
        try:
            await self.get(name, len(content))
        except ObjectMissing:
            return
        raise StoreUnavailable("the object store still has what it was told to delete")

    async def _ask(self, what: str, request: Awaitable[T]) -> T:
        began = time.monotonic()
        try:
            async with asyncio.timeout(self.settings.timeout_seconds):
                found = await request
        except FileNotFoundError as error:
            self._ended(what, "missing", began)
            if "NoSuchBucket" in str(error):
                self._fails(what, error)
                raise StoreUnavailable("the object store has no such bucket") from error
            raise ObjectMissing("the text of a stored message is missing in the object store") from None
        except StoreUnavailable:
            self._ended(what, "ok", began)
            raise
        except Exception as error:
            self.watch.object_request(what, "failed", time.monotonic() - began)
            self._fails(what, error)
            raise StoreUnavailable(f"the object store does not do its part now ({what}); try again later") from error
        self._ended(what, "ok", began)
        return found

    def _ended(self, what: str, result: str, began: float) -> None:
        """It answered."""
        self.watch.object_request(what, result, time.monotonic() - began)
        if self.problem is not None and result in ("ok", "missing"):
            log.info("object_store_back")
            self.problem = None

    def _fails(self, what: str, error: BaseException) -> None:
        if self.problem is None:
            log.error("object_store_failed", what=what, kind=type(error).__name__)
        said = "does not answer" if isinstance(error, TimeoutError) else "refuses or fails"
        self.problem = f"the object store {said}: large messages that would be held are deferred"


async def _next(stream: AsyncIterator[Sequence[T]]) -> Sequence[T]:
    """Empty at the end. Not `anext(stream, ())`: what obstore gives is awaitable, and no coroutine."""
    try:
        return await anext(stream)
    except StopAsyncIteration:
        return ()


def _keys(settings: ObjectStoreSettings) -> tuple[str, str]:
    if settings.access_key_file is not None and settings.secret_key_file is not None:
        access, secret = (_first_line(file) for file in (settings.access_key_file, settings.secret_key_file))
    else:
        access, secret = (os.environ.get(name, "") for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"))
    if not access or not secret:
        raise SettingsError(
            "object_store: there is no key; name access_key_file and secret_key_file, or set AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY in the environment"
        )
    return access, secret


def _first_line(file: Path) -> str:
    lines = _read(file).decode("utf-8", "replace").splitlines()
    return lines[0].strip() if lines else ""


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise SettingsError(f'object_store: "{file}" cannot be read: {error.strerror}') from error
