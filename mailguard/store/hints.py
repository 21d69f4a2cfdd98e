"""Hints between guards on one PostgreSQL: one says that there is something to look at, the others look at once.

Contract: nothing depends on a hint. It may be lost, come twice, late or for nothing; whoever hears it does what it does
at intervals anyway. Sending one never waits, fails or touches the connections that keep mail. It has a connection of
its own, outside of the transaction that it tells of (NOTIFY within one takes a lock that all commits of a database
share). On SQLite there is nobody to tell.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from typing import Any

from mailguard.logs import logger

from .store_settings import StoreSettings

log = logger("store")
CHANNEL = "mailguard"
TELL_SECONDS = 0.1
"""At most one hint of a kind in so long a time: under load the others look at their outbox all the time anyway."""
PROOF_SECONDS = 30.0
"""How often the connection is tried: one that was cut without a word would be silent for ever."""
AGAIN_SECONDS = 5.0
ANSWER_SECONDS = 10.0


class Hints:
    """`tell` may be called at any time, in the event loop; what is told while nobody listens is dropped."""

    def __init__(self, settings: StoreSettings) -> None:
        self._settings = settings
        self._name = secrets.token_hex(8)
        self._listeners: dict[str, Callable[[], None]] = {}
        self._told: set[str] = set()
        self._something = asyncio.Event()
        self._lost = False
        self.listening = False

    def listen(self, what: str, look: Callable[[], None]) -> None:
        """look: called when another guard tells of it, and when hints may have been missed. Must not block or raise."""
        self._listeners[what] = look

    def tell(self, what: str) -> None:
        """what: a word of small letters."""
        if self.listening:
            self._told.add(what)
            self._something.set()

    async def run(self) -> None:
        """Tell and listen until it is cancelled. On SQLite it ends at once."""
        if self._settings.is_sqlite:
            return
        while True:
            try:
                await self._attend()
            except Exception as cause:
                if not self._lost:
                    log.warning("hints_lost", cause=cause)
                self._lost = True
            finally:
                self.listening = False
            await asyncio.sleep(AGAIN_SECONDS)

    async def _attend(self) -> None:
        # Only here: a start on SQLite need not wait for it.
        import asyncpg

        from .postgresql_engine import connect_arguments

        own = {
            "timeout": ANSWER_SECONDS,
            "command_timeout": ANSWER_SECONDS,
            "statement_cache_size": 0,
            "server_settings": {"application_name": "mailguard-hints"},
        }
        connection = await asyncpg.connect(**connect_arguments(self._settings) | own)
        try:
            await connection.add_listener(CHANNEL, self._hear)
            connection.add_termination_listener(lambda _: self._something.set())
            self.listening = True
            if self._lost:
                log.info("hints_back")
            self._lost = False
            for look in self._listeners.values():
                look()  # whatever was told before
            while True:
                await self._pause()
                told, self._told = self._told, set()
                self._something.clear()
                for what in sorted(told):
                    await connection.execute(f"NOTIFY {CHANNEL}, '{self._name} {what}'")
                if not told:
                    await connection.execute("SELECT 1")
                await asyncio.sleep(TELL_SECONDS)
        finally:
            connection.terminate()

    async def _pause(self) -> None:
        """Until there is something to tell, or the connection is to be tried."""
        try:
            async with asyncio.timeout(PROOF_SECONDS):
                await self._something.wait()
        except TimeoutError:
            return

    def _hear(self, _: Any, __: int, ___: str, payload: object) -> None:
        sender, _separator, what = str(payload).partition(" ")
        if sender != self._name and (look := self._listeners.get(what)) is not None:
            look()


class Wake(asyncio.Event):
    """An event that other guards hear of when it is set here: there is something in the outbox."""

    OUTBOX = "outbox"

    def __init__(self, hints: Hints) -> None:
        super().__init__()
        self._hints = hints
        hints.listen(self.OUTBOX, super().set)

    def set(self) -> None:
        super().set()
        self._hints.tell(self.OUTBOX)
