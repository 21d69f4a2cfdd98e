"""Room for large answers in a console that is a process of its own: it keeps each whole until its reader has it.

Promises: of answers above LARGE_OCTETS no more than AT_ONCE are in memory, however many ask and however slowly they
read; whoever finds no room is told soon, and finds it again when a reader has gone or has had its time. Pure ASGI; it
knows nothing of pages.
"""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGE_OCTETS = 1024 * 1024
AT_ONCE = 2
"""Of 256 MB each at most (serve/console_upstream.py): together they fit into the memory that the unit allows."""
TURN_SECONDS = 10.0
SEND_SECONDS = 900.0
"""For the whole answer. 256 MB at 2.5 Mbit/s; who is slower would keep the room from everybody."""
PIECE_OCTETS = 64 * 1024
_HERE = "mailguard.room"


class NoRoom(Exception):
    """Others are still reading their large answers."""


class Room:
    """What one request has of it."""

    def __init__(self, places: asyncio.Semaphore) -> None:
        self._places = places
        self._taken = False

    async def take(self) -> None:
        """Have room for a large answer; again costs nothing. NoRoom."""
        if self._taken:
            return
        try:
            async with asyncio.timeout(TURN_SECONDS):
                await self._places.acquire()
        except TimeoutError:
            raise NoRoom from None
        self._taken = True

    async def fit(self, octets: int) -> None:
        """An answer has grown to so many. NoRoom."""
        if octets > LARGE_OCTETS:
            await self.take()

    def give_back(self) -> None:
        """For the next one; again does nothing."""
        if self._taken:
            self._taken = False
            self._places.release()


class Rooms:
    """Around an application: each request finds its room (`room_of`), which ends when the answer was sent, or with it.

    A large answer is handed on in pieces, as its reader takes them: the server would keep a copy otherwise.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._places = asyncio.Semaphore(AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        room = Room(self._places)

        async def send_in_pieces(message: Message) -> None:
            body = message.get("body", b"")
            if message["type"] != "http.response.body" or len(body) <= LARGE_OCTETS:
                await send(message)
                return
            async with asyncio.timeout(SEND_SECONDS):
                for start in range(0, len(body), PIECE_OCTETS):
                    piece = bytes(body[start : start + PIECE_OCTETS])
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
                await send({"type": "http.response.body", "body": b"", "more_body": message.get("more_body", False)})

        try:
            await self._app({**scope, _HERE: room}, receive, send_in_pieces)
        finally:
            room.give_back()


def room_of(scope: Scope) -> Room:
    """The room of the request of this scope."""
    room: Room = scope[_HERE]
    return room
