"""A scripted smarthost in a thread of its own, for tests that drive processes and have no event loop."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Mapping
from typing import Any

from .smarthost import Act, Received, ScriptedSmarthost

START_SECONDS = 60.0


class ThreadedSmarthost:
    """with ThreadedSmarthost(...) as smarthost: smarthost.port, smarthost.wait_for(3). The same arguments."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        self.smarthost = ScriptedSmarthost(*arguments, **named)
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._stop: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, name="smarthost", daemon=True)

    @property
    def port(self) -> int:
        return self.smarthost.port

    @property
    def messages(self) -> list[Received]:
        """What has arrived in full so far, in order."""
        return list(self.smarthost.messages)

    def wait_for(self, count: int, seconds: float = 20.0) -> list[Received]:
        """All messages, once there are so many; AssertionError where they do not come."""
        return self._wait(lambda: len(self.messages) >= count, seconds, f"{count} messages")

    def wait_for_recipients(self, count: int, seconds: float = 20.0) -> list[Received]:
        """All messages, once they went to so many recipients together."""

        def enough() -> bool:
            return sum(len(each.recipients) for each in self.messages) >= count

        return self._wait(enough, seconds, f"{count} recipients")

    def say_from_now_on(self, script: Mapping[str, Act]) -> None:
        """Another script, for new connections: those that are open are cut."""
        self.smarthost.say_from_now_on(script)
        asyncio.run_coroutine_threadsafe(self.smarthost.interrupt(), self._loop).result(START_SECONDS)

    def _wait(self, enough: Any, seconds: float, what: str) -> list[Received]:
        deadline = time.monotonic() + seconds
        while not enough():
            if time.monotonic() > deadline:
                raise AssertionError(f"{what} expected within {seconds} s, {len(self.messages)} messages came")
            time.sleep(0.01)
        return self.messages

    def __enter__(self) -> ThreadedSmarthost:
        self._thread.start()
        assert self._started.wait(START_SECONDS), "the scripted smarthost did not start"
        return self

    def __exit__(self, *_: object) -> None:
        if self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(START_SECONDS)

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._stop = asyncio.Event()
        async with self.smarthost:
            self._started.set()
            await self._stop.wait()
