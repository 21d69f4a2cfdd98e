"""What systemd hears of the service: ready, reloading, stopping, and that it is alive (sd_notify(3), Type=notify).

Contract: does nothing where NOTIFY_SOCKET is not set; trouble with the service manager is logged and never stops mail.
Knows nothing of what it reports on: the proof of life is handed in.
"""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from ..core.errors import StoreUnavailable
from ..logs import logger

log = logger("serve")

READY = "READY=1"
STOPPING = "STOPPING=1"
ALIVE = "WATCHDOG=1"


@dataclass(frozen=True, slots=True)
class ServiceManager:
    """address: of the datagram socket, None without one. watchdog_seconds: what may pass between two signs of life."""

    address: str | None = None
    watchdog_seconds: float | None = None

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> ServiceManager:
        """What the environment says (sd_notify(3), sd_watchdog_enabled(3)); nothing for values that are not theirs."""
        path = environment.get("NOTIFY_SOCKET", "")
        address = "\0" + path[1:] if path.startswith("@") else path
        if not path.startswith(("/", "@")):
            return cls()
        microseconds = environment.get("WATCHDOG_USEC", "")
        watched = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        if not (watched and microseconds.isdecimal() and int(microseconds)):
            return cls(address)
        return cls(address, int(microseconds) / 1e6)

    def tell(self, *assignments: str) -> None:
        """Send one datagram, such as READY=1. Never blocks, never raises."""
        if self.address is None:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK) as out:
                out.sendto("\n".join(assignments).encode(), self.address)
        except OSError as cause:
            log.warning("service_manager_not_told", cause=cause)

    def tell_reloading(self) -> None:
        """READY=1 has to follow when it is done."""
        self.tell("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    async def keep_alive(self, prove: Callable[[], Awaitable[object]]) -> None:
        """Tell for ever that the service is alive, as long as the event loop runs this and `prove` answers in time.

        StoreUnavailable is an answer: a database that is down does not come back by a restart of the guard.
        """
        if self.watchdog_seconds is None:
            return
        third = self.watchdog_seconds / 3
        while True:
            try:
                await asyncio.wait_for(prove(), third)
            except TimeoutError as cause:
                log.error("store_writer_silent", seconds=third, cause=cause)
            except StoreUnavailable:
                self.tell(ALIVE)
            else:
                self.tell(ALIVE)
            await asyncio.sleep(third)
