"""The port Passwords: argon2id (RFC 9106), in threads of its own.

Contract: every look at a password is one hash with the parameters of today (or those that its hash was made with), also
where there is no hash to compare with: neither time nor answer tells. At most `at_once` run at a time, so that memory
and the processor stay free for mail; at most `waiting` more wait for their turn. What has begun runs to its end, and
its place is taken until then, even if its client has gone.
"""

from __future__ import annotations

import asyncio
import base64
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from argon2 import Parameters, PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError, VerifyMismatchError
from argon2.low_level import ARGON2_VERSION, Type
from argon2.profiles import RFC_9106_LOW_MEMORY

from ..core.errors import PasswordsUnavailable

T = TypeVar("T")
PROFILE = RFC_9106_LOW_MEMORY
"""3 passes over 64 MiB with 4 lanes, salt of 16 octets, hash of 32: the second recommended choice of RFC 9106."""
AT_ONCE = 2
WAITING = 32


class Argon2Passwords:
    def __init__(self, profile: Parameters = PROFILE, at_once: int = AT_ONCE, waiting: int = WAITING) -> None:
        self._hasher = PasswordHasher.from_parameters(profile)
        self._decoy = _decoy(profile)
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="mailguard-password")
        self._most = at_once + waiting
        self._lock = threading.Lock()
        self._open = 0

    async def hash(self, password: str) -> str:
        """The encoded hash with today's parameters. It waits for its turn: only accounts that exist ask for it."""
        return await self._run(lambda: self._hasher.hash(password))

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether it is the password. None: the same work, and False. PasswordsUnavailable: too many at once."""
        with self._lock:
            if self._open >= self._most:
                raise PasswordsUnavailable("too many passwords are being tried at once")
        return await self._run(lambda: self._verify(password_hash or self._decoy, password))

    def is_outdated(self, password_hash: str) -> bool:
        return self._hasher.check_needs_rehash(password_hash)

    def close(self) -> None:
        """Wait for what runs, drop what waits."""
        self._threads.shutdown(cancel_futures=True)

    def _verify(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except VerifyMismatchError:
            return False

    async def _run(self, work: Callable[[], T]) -> T:
        with self._lock:
            self._open += 1
        future = self._threads.submit(work)
        future.add_done_callback(self._ended)
        try:
            return await asyncio.wrap_future(future)
        except (Argon2Error, InvalidHashError) as cause:
            raise PasswordsUnavailable("argon2 cannot do its work, it may lack memory") from cause

    def _ended(self, _: Future[Any]) -> None:
        with self._lock:
            self._open -= 1


def _decoy(profile: Parameters) -> str:
    """An encoded hash of no password that anybody knows, for the work on names that are not there."""
    if profile.type is not Type.ID or profile.version != ARGON2_VERSION:
        raise ValueError("accounts use argon2id of its current version")
    costs = f"m={profile.memory_cost},t={profile.time_cost},p={profile.parallelism}"
    salt, digest = (_unpadded(secrets.token_bytes(count)) for count in (profile.salt_len, profile.hash_len))
    return f"$argon2id$v={profile.version}${costs}${salt}${digest}"


def _unpadded(octets: bytes) -> str:
    return base64.b64encode(octets).decode().rstrip("=")
