"""One smarthost: its connections, what it announced, whether it can be reached, and how fast the outbox may send to it.

INVARIANT: the trouble of one smarthost says nothing about another; each has its pool, limits and pace.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import fields

from ..core.session import Session
from ..logs import logger
from .line import Line
from .opener import Opener
from .pool import Pace, Pool, PoolLimits
from .smarthost_capabilities import NOTHING_ANNOUNCED, SmarthostCapabilities
from .smarthost_settings import SmarthostSettings
from .tell_client import Told, introduce, told_of
from .troubles import InTrouble, Trouble

log = logger("smarthost")

REFRESH_AFTER_SECONDS = 300.0
"""How old what the smarthost announced may be before `refresh` asks again."""


class SmarthostPool:
    """hostname: the name in EHLO. clock: monotonic seconds. connect_watch: is told how long each message waited for its
    connection, in seconds. learned: is told what an EHLO announced that the one before did not. pace: of the outbox,
    its own unless given. Opens nothing before it is asked to.
    """

    def __init__(
        self,
        settings: SmarthostSettings,
        *,
        hostname: str,
        clock: Callable[[], float] = time.monotonic,
        connect_watch: Callable[[float], None] = lambda _: None,
        learned: Callable[[SmarthostCapabilities], None] = lambda _: None,
        pace: Pace | None = None,
    ) -> None:
        self.settings = settings
        self.pace = pace or Pace(settings.messages_per_minute)
        self._opener = Opener(settings, hostname)
        self._hostname = hostname
        self._clock = clock
        self._connect_watch = connect_watch
        self._learned = learned
        self._pool: Pool | None = None
        self._capabilities: SmarthostCapabilities | None = None
        self._asked_at = self._failed_at = float("-inf")
        self._trouble: Trouble | None = None
        self._warned = False

    @property
    def capabilities(self) -> SmarthostCapabilities | None:
        """What the last EHLO announced; None before the first one. A smarthost that went down keeps its own."""
        return self._capabilities

    def learn(self, capabilities: SmarthostCapabilities) -> None:
        """Another process of the service has heard this in an EHLO later than ours."""
        self._capabilities, self._asked_at = capabilities, self._clock()

    @property
    def trouble(self) -> str | None:
        """Why the last attempt to open a connection failed; None if it did not."""
        return self._trouble.value if self._trouble else None

    @property
    def busy(self) -> int:
        """Connections that a message is on, those of sessions that signed in there left out."""
        return self._pool.busy if self._pool is not None else 0

    @property
    def idle(self) -> int:
        """Connections that wait for a message."""
        return self._pool.idle if self._pool is not None else 0

    @property
    def is_passed_over(self) -> bool:
        """Whether it failed a short while ago, so that others of its route come first."""
        return self._trouble is not None and self._clock() - self._failed_at < self.settings.pass_over_seconds

    async def refresh(self) -> None:
        """Ask EHLO again where the last answer is old or missing. Does not raise; `trouble` says what failed."""
        if self._clock() - self._asked_at > REFRESH_AFTER_SECONDS or self._trouble is not None:
            with contextlib.suppress(InTrouble):
                self._lines.give_back(await self._lines.take(self.settings.connect_timeout_seconds, fresh=True))

    async def take(self, seconds: float, session: Session | None, *, fresh: bool = False) -> Line:
        """A connection on which MAIL can be said for the session. Raises InTrouble. seconds: for all of it.

        One that lay idle and is found dead is replaced: nothing of a message has left.
        """
        began = time.perf_counter()
        try:
            return await self._take(seconds, session, fresh=fresh)
        finally:
            self._connect_watch(time.perf_counter() - began)

    def give_back(self, line: Line) -> None:
        """Once for each `take`."""
        self._lines.give_back(line)

    async def close(self) -> None:
        """Take leave of idle connections and cut the others."""
        if self._pool is not None:
            await self._pool.close()

    async def _take(self, seconds: float, session: Session | None, *, fresh: bool) -> Line:
        told = told_of(session) if self.settings.tell_client == "xclient" else None
        until = asyncio.get_running_loop().time() + seconds
        line = await self._lines.take(seconds, fresh=fresh, fits=lambda idle: idle.told == told)
        reused = line.messages > 0
        try:
            await self._introduce(line, session, told, until - asyncio.get_running_loop().time())
        except InTrouble:
            self._drop(line)
            if not reused:
                raise
            return await self._take(until - asyncio.get_running_loop().time(), session, fresh=True)
        except BaseException:
            self._drop(line)
            raise
        return line

    def _drop(self, line: Line) -> None:
        line.abort()
        self._lines.give_back(line)

    async def _introduce(self, line: Line, session: Session | None, told: Told | None, seconds: float) -> None:
        way = self.settings.tell_client
        if way == "none" or (way == "xclient" and line.told == told):
            return
        if way == "xforward" and not line.capabilities.xforward:
            if not self._warned:
                log.warning("client_not_told", smarthost=str(self.settings.address), cause="XFORWARD is not announced")
            self._warned = True
            return
        await introduce(line, way, session, self._hostname, seconds)

    @property
    def _lines(self) -> Pool:
        """Made when first needed: it belongs to the running event loop."""
        if self._pool is None:
            settings = self.settings
            limits = PoolLimits(
                settings.connections,
                settings.messages_per_connection,
                settings.connection_seconds,
                settings.idle_seconds,
            )
            self._pool = Pool(self._open, limits)
        return self._pool

    async def _open(self) -> Line:
        address = str(self.settings.address)
        if self._trouble is not None:
            self._failed_at = self._clock()  # one message tries whether it is back, the others pass it over meanwhile
        try:
            line = await self._opener.open()
        except InTrouble as cause:
            if cause.trouble is not self._trouble:
                log.error(
                    "smarthost_unreachable", smarthost=address, trouble=cause.trouble.value, cause=cause.__cause__
                )
            self._trouble, self._failed_at = cause.trouble, self._clock()
            raise
        if self._trouble is not None:
            log.info("smarthost_reached", smarthost=address, after=self._trouble.value)
        if line.capabilities != (self._capabilities or NOTHING_ANNOUNCED):
            log.info("smarthost_capabilities_learned", smarthost=address, **_names(line.capabilities))
        changed = line.capabilities != self._capabilities
        self._trouble, self._capabilities, self._asked_at = None, line.capabilities, self._clock()
        if changed:
            self._learned(line.capabilities)
        return line


def _names(capabilities: SmarthostCapabilities) -> dict[str, object]:
    return {field.name: getattr(capabilities, field.name) for field in fields(capabilities)}
