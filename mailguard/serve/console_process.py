"""`mailguard console`: the web server of the review console as a process of its own, before the service's pages.

It opens no store, no key and no mail: whatever overwhelms or kills it leaves the guard alone, and whoever breaks into
it has what a browser before it has, and nothing else through the socket (docs/decisions/console-process.md).
"""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from ..config import ConsoleSettings, Settings
from ..console import words
from ..console import words_process as says
from ..console.answers import Refused
from ..console.edge import BUSY_SECONDS, Face, build_edge
from ..console.room import Room
from ..console.visit import peer_of
from ..core.errors import SettingsError
from ..logs import logger
from ..smtp.listen_settings import HostPort
from .console_server import listening_on, server_of, web_server_before
from .console_socket import console_socket
from .console_upstream import AnswerLost, ServiceAway, ServiceBusy, Upstream
from .notify import READY, STOPPING, ServiceManager
from .parts import SystemRandomness

log = logger("console")

CLIENT_FIELDS = frozenset(
    {
        b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-port", b"x-forwarded-proto",
        b"x-forwarded-prefix", b"x-real-ip",
    }
)  # fmt: skip
"""What others say about the client: the service hears it from us alone."""


async def serve_console(settings: Settings, stop: asyncio.Event | None = None) -> int:
    """Serve until `stop` is set or SIGTERM or SIGINT arrives. Exit status 0. SettingsError: what keeps it from that."""
    console, stop = _own(settings), stop or asyncio.Event()
    loop, manager = asyncio.get_running_loop(), ServiceManager.of(os.environ)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    contact = settings.notices.contact or words.CONTACT_UNKNOWN
    onward = _Onward(console_socket(settings.store_settings()), contact)
    face = Face(console.base_url, settings.organisation.name, contact, SystemRandomness())
    server = server_of(build_edge(face, onward.ask), web_server_before(console))
    listening = await listening_on(console.address)
    serving = asyncio.create_task(server.serve([listening]), name="console")
    serving.add_done_callback(lambda _: stop.set())
    log.info("console_started", address=str(HostPort(*listening.getsockname()[:2])))
    manager.tell(READY)
    await stop.wait()
    manager.tell(STOPPING)
    await server.end(serving)
    log.info("console_stopped")
    return 0


def _own(settings: Settings) -> ConsoleSettings:
    if settings.console is None or settings.console.process != "own":
        raise SettingsError(
            'the console is not a process of its own: set "process: own" under "console" in the settings, and restart '
            "the service"
        )
    return settings.console


class _Onward:
    """Implements console.edge.PassOn."""

    def __init__(self, socket: Path, contact: str) -> None:
        self._upstream = Upstream(socket)
        self._contact = contact
        self._away = False

    async def ask(self, request: Request, body: bytes, room: Room) -> Response:
        query: bytes = request.scope["query_string"]
        target = request.scope["raw_path"] + (b"?" + query if query else b"")
        headers = [each for each in request.scope["headers"] if each[0] not in CLIENT_FIELDS]
        headers.append((b"x-forwarded-for", peer_of(request).encode("ascii")))
        try:
            answered = await self._upstream.ask(request.method.encode("ascii"), target, headers, body, room.fit)
        except ServiceAway:
            self._note(away=True)
            raise Refused(503, says.AWAY_TITLE, says.AWAY, says.AWAY_NEXT.format(contact=self._contact)) from None
        except ServiceBusy:
            log.warning("console_busy")
            raise Refused(503, says.BUSY_TITLE, says.BUSY, retry_after=BUSY_SECONDS) from None
        except AnswerLost as cause:
            log.error("console_answer_lost", cause=cause.__cause__ or cause)
            raise Refused(504, says.LOST_TITLE, says.LOST, says.LOST_NEXT) from None
        self._note(away=False)
        response = Response(answered.body, answered.status)
        # uvicorn says the date itself.
        response.raw_headers = [each for each in answered.headers if each[0] != b"date"]
        return response

    def _note(self, *, away: bool) -> None:
        """Said when it changes, not for each request."""
        if away and not self._away:
            log.error("console_service_away")
        elif self._away and not away:
            log.info("console_service_back")
        self._away = away
