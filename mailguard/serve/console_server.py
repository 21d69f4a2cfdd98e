"""uvicorn without what the house does for itself, in the service and in a console of its own.

Contract: signals are heeded by the house and not by uvicorn; nothing of a request is logged; a slow or endless request
costs its own connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

from ..config import ConsoleSettings
from ..core.errors import SettingsError
from ..logs import logger
from ..smtp.listen_settings import HostPort
from .console_protocol import ConsoleProtocol
from .rounds import cancel

log = logger("console")

MOST_CONNECTIONS = 200
IDLE_SECONDS = 5
STOP_SECONDS = 5
MOST_HEADER_OCTETS = 32 * 1024
ANYBODY_WHO_CONNECTS = "*"


class Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The house has its own, and is asked by them to stop everything."""
        yield

    async def end(self, serving: asyncio.Task[None]) -> None:
        """Let what is under way finish, for a while."""
        self.should_exit = True
        await asyncio.wait({serving}, timeout=STOP_SECONDS + 1)
        await cancel(serving)


class _Complaints(logging.Handler):
    """What uvicorn has to say, by its class alone: its text may quote a request."""

    def emit(self, record: logging.LogRecord) -> None:
        cause = record.exc_info[1] if record.exc_info else None
        log.warning("console_server_failed", cause=cause or record.levelname)


def server_of(app: ASGIApp, believed: str | None) -> Server:
    """believed: whose word about the client's address is taken (X-Forwarded-For), None for nobody's."""
    complaints = logging.getLogger("uvicorn")
    complaints.handlers, complaints.propagate = [_Complaints(logging.WARNING)], False
    config = uvicorn.Config(
        app,
        http=ConsoleProtocol,
        ws="none",
        lifespan="off",
        loop="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=believed is not None,
        forwarded_allow_ips=believed,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=STOP_SECONDS,
        h11_max_incomplete_event_size=MOST_HEADER_OCTETS,
    )
    return Server(config)


def web_server_before(settings: ConsoleSettings) -> str | None:
    """The address that attempts to sign in count for: only a web server on this machine is believed about it."""
    behind = settings.base_url.startswith("https://") and settings.address.loopback
    return "127.0.0.1,::1" if behind else None


async def listening_on(address: HostPort) -> socket.socket:
    """SettingsError where it cannot be bound."""
    loop = asyncio.get_running_loop()
    try:
        ((family, kind, _, _, where), *_) = await loop.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
        listening = socket.socket(family, kind)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(where)
            listening.listen()
        except OSError:
            listening.close()
            raise
    except OSError as error:
        raise SettingsError(
            f'cannot serve the console on "{address}": {error.strerror or "the address cannot be used"}'
        ) from error
    return listening
