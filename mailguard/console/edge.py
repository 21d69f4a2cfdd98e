"""The console as a process of its own serves it: addresses, sizes and times are checked here, pages come from the
service.

Promises: what is not for this console's address, too large or too slow costs the service nothing; a request reaches it
whole or not at all; for a file there is room before it is asked for. It decides nothing and knows nobody: no cookie is
read and no form is opened here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as StarletteRoute
from starlette.types import ASGIApp

from ..guard.ports import Randomness
from ..logs import logger
from . import words_process as words
from .answers import Refused
from .app import EVERY_METHOD, Front, serving
from .assets import read_assets
from .render import Renderer
from .room import NoRoom, Room, Rooms, room_of
from .routes import ROUTES
from .security import Shield
from .site import Site
from .visit import BODY_SECONDS, FILE_SECONDS, MOST_OCTETS, read_body

log = logger("console")

FILES_AT_ONCE = 4
"""Forms with a file that are kept in memory at the same time: each may be 25 MB, from who is not signed in too."""

BUSY_SECONDS = 10
FILES_SECONDS = 30
"""In how many seconds it is worth another try, after too many pages and too many files."""

PassOn = Callable[[Request, bytes, Room], Awaitable[Response]]
"""The service's answer to a request with this body, for which there has to be room if it is large. Refused, NoRoom."""


@dataclass(frozen=True, slots=True)
class Face:
    """What an error page needs of a site."""

    base_url: str
    organisation: str
    contact: str
    randomness: Randomness

    @property
    def secure(self) -> bool:
        return urlsplit(self.base_url).scheme == "https"


def build_edge(face: Face, pass_on: PassOn) -> ASGIApp:
    """The application. OSError and jinja2's errors where the installation is broken."""
    assets = read_assets()
    # Errors look as those of the pages do; an error page asks for nothing of a site but its face.
    edge = _Edge(Front(cast(Site, face), Renderer(assets)), pass_on)
    routes = [StarletteRoute(asset.path, serving(asset), methods=["GET"]) for asset in assets.values()]
    routes += [
        StarletteRoute(each.path, edge.taking(each.most_octets, gives_file=each.gives_file), methods=[each.method])
        for each in ROUTES
        if each.most_octets is not None or each.gives_file
    ]
    routes.append(StarletteRoute("/{path:path}", edge.taking(None), methods=EVERY_METHOD))
    return Shield(Rooms(Starlette(routes=routes)), face.base_url)


class _Edge:
    def __init__(self, front: Front, pass_on: PassOn) -> None:
        self._front = front
        self._pass_on = pass_on
        self._files = asyncio.Semaphore(FILES_AT_ONCE)

    def taking(self, most_octets: int | None, *, gives_file: bool = False) -> Callable[[Request], Awaitable[Response]]:
        """most_octets: of a form with a file, None where none may come. gives_file: whether the answer is a file."""

        async def take(request: Request) -> Response:
            try:
                if gives_file:
                    return await self._for_file(request)
                if most_octets is None:
                    return await self._pass_on(request, await _form(request), room_of(request.scope))
                return await self._with_file(request, most_octets)
            except NoRoom:
                log.warning("console_files_busy")
                return await self._front.error(request, _no_room(request.method, gives_file))
            except Exception as cause:
                return await self._front.error(request, cause)

        return take

    async def _with_file(self, request: Request, most_octets: int) -> Response:
        if self._files.locked():
            raise Refused(503, words.BUSY_TITLE, words.BUSY, retry_after=BUSY_SECONDS)
        async with self._files:
            body = await read_body(request, most_octets, FILE_SECONDS)
            return await self._pass_on(request, body, room_of(request.scope))

    async def _for_file(self, request: Request) -> Response:
        """Room first: the service records a file as taken along before it sends it."""
        body, room = await _form(request), room_of(request.scope)
        await room.take()
        return await self._pass_on(request, body, room)


def _no_room(method: str, gives_file: bool) -> Refused:
    """What may be said: of a file nothing was asked yet; any other answer was there, and what it told of is done."""
    if gives_file:
        return Refused(503, words.FILES_BUSY_TITLE, words.FILES_BUSY, retry_after=FILES_SECONDS)
    if method == "POST":
        return Refused(504, words.LOST_TITLE, words.LOST, words.LOST_NEXT)
    return Refused(503, words.BUSY_TITLE, words.BUSY, retry_after=BUSY_SECONDS)


async def _form(request: Request) -> bytes:
    return await read_body(request, MOST_OCTETS, BODY_SECONDS) if request.method == "POST" else b""
