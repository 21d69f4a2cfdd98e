"""One connection of a browser, with an end: whoever says nothing, or takes nothing, keeps no place from others.

Promises: a connection ends that has sent no whole head of a request WITHIN so many seconds of its beginning or of its
last answer, or whose client takes an answer more slowly than LEAST_OCTETS in that time. Where all places are taken, the
oldest that waits for its client makes room, so that silence keeps nobody out (THREATS.md T81). How long a request may
take once its head is there is the application's matter.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

WITHIN = 15.0
LEAST_OCTETS = 7_500
"""500 octets a second, as Postfix asks of those who send (smtpd_min_data_rate)."""


class ConsoleProtocol(H11Protocol):
    """uvicorn alone ends a connection only where nothing at all arrives between two requests."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._due: asyncio.TimerHandle | None = None
        self._owed = 0
        self.waits_since = 0.0

    @property
    def asks(self) -> bool:
        """Whether a request is under way."""
        return self.cycle is not None and not self.cycle.response_complete

    @property
    def waits(self) -> bool:
        """For its client: nothing is asked and nothing is owed, or of what is asked the end has not come."""
        if self.asks:
            return self.cycle.more_body and not self.cycle.response_started
        return not self.transport.get_write_buffer_size()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._make_room()
        super().connection_made(transport)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unwatch()
        super().connection_lost(exc)

    def handle_events(self) -> None:
        before = self.cycle
        super().handle_events()
        # Of requests that were sent along at once the next one begins before the last answer was taken.
        if self.cycle is not before and not self.flow.write_paused:
            self._unwatch()

    def on_response_complete(self) -> None:
        # First: the next request may be under way when uvicorn's method returns.
        self._watch()
        super().on_response_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch()

    def resume_writing(self) -> None:
        if self.asks:
            self._unwatch()
        super().resume_writing()

    def _watch(self) -> None:
        self._unwatch()
        self.waits_since = self.loop.time()
        self._owed = self.transport.get_write_buffer_size()
        self._due = self.loop.call_later(WITHIN, self._late)

    def _unwatch(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _late(self) -> None:
        owed = self.transport.get_write_buffer_size()
        if not owed:
            self.transport.close()
        elif self._owed - owed < LEAST_OCTETS:
            # Not close(): it would wait until the client has taken the rest.
            self.transport.abort()
        else:
            self._watch()

    def _make_room(self) -> None:
        most = self.limit_concurrency
        if most is None or len(self.connections) < most - 1:
            return
        waiting = [each for each in self.connections if isinstance(each, ConsoleProtocol) and each.waits]
        if waiting:
            oldest = min(waiting, key=lambda each: each.waits_since)
            # It is told in its turn; until then it would count.
            self.connections.discard(oldest)
            oldest.transport.abort()
