"""The control socket: how commands speak to the running service.

JSON lines over a Unix socket that only its owner (and root) can open. One request; then items, as many as there are;
then `end` or `error`:

    -> {"protocol": 1, "operation": "held_list", "arguments": {}}
    <- {"item": {...}}      {"wait": true} while there is nothing to say yet
    <- {"end": true}        or {"error": {"name": "UnknownReference", "text": "..."}}

INVARIANT: sizes, times and the number of connections are bounded; a client that vanishes undoes no decision.
It knows nothing of what the operations do, and the client knows nothing of asyncio.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import pwd
import socket
import stat
import struct
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from ..core import errors
from ..core.errors import MailguardError, SettingsError, StoreUnavailable
from ..logs import logger
from ..store.store_settings import StoreSettings

log = logger("control")

PROTOCOL = 1
REQUEST_BYTES = 65_536
LINE_BYTES = 16_777_216
"""One item: an entry about a message with a hundred thousand recipients fits."""
CONNECTIONS = 16
REQUEST_SECONDS = 10.0
WRITE_SECONDS = 30.0
WAIT_SECONDS = 5.0
ANSWER_SECONDS = 30.0
PATH_OCTETS = 107
"""sun_path holds 108 octets with its final NUL (unix(7))."""


class ServiceNotRunning(MailguardError):
    """Nobody listens on the control socket."""


class ServiceUnreachable(MailguardError):
    """Somebody listens, but does not answer as agreed."""


class BadArguments(MailguardError):
    """An operation that does not exist, or arguments that it does not take."""


class InternalError(MailguardError):
    """Something went wrong inside the service; its log has the cause."""


class Conflict(MailguardError):
    """What was asked for is not possible now, for example because the service runs."""


NAMED: dict[str, type[MailguardError]] = {
    error.__name__: error
    for error in (
        errors.AccountExists,
        errors.AccountRefused,
        errors.AlreadyDecided,
        errors.CannotRewrite,
        errors.FormDoesNotFit,
        errors.FormForbidden,
        errors.IllegalTransition,
        errors.IncidentRefused,
        errors.NotAllowed,
        errors.PasswordsUnavailable,
        errors.ReferenceTaken,
        errors.SettingsError,
        errors.StoreUnavailable,
        errors.UnknownAccount,
        errors.UnknownReference,
        BadArguments,
        Conflict,
        InternalError,
        ServiceUnreachable,
    )
}
"""The errors that keep their name over the socket. Any other is an InternalError."""


class Operations(Protocol):
    """What the socket serves (serve/operations.py)."""

    def run(self, operation: str, arguments: Mapping[str, Any], system_user: str) -> AsyncIterator[Mapping[str, Any]]:
        """The items of one operation, for a user of the operating system. Raises MailguardError."""
        ...


def socket_path(store: StoreSettings) -> Path:
    """Where the socket of a store is: beside a SQLite file, else in the folder of the keys."""
    if store.is_sqlite:
        path = store.sqlite_path()
        return path.with_name(path.name + ".sock")
    return store.keys_folder() / "mailguard.sock"


class ControlServer:
    """Serves operations on a Unix socket. Whoever starts it owns the store: a stale socket is taken over."""

    def __init__(self, path: Path, operations: Operations) -> None:
        self._path = path
        self._operations = operations
        self._server: asyncio.Server | None = None
        self._inode: int | None = None
        self._open: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen. SettingsError where another service answers there or the socket cannot be made."""
        try:
            listening = listen_privately(self._path)
        except OSError as cause:
            raise SettingsError(f'the control socket "{self._path}" cannot be made: {cause.strerror}') from cause
        self._inode = self._path.stat().st_ino
        self._server = await asyncio.start_unix_server(self._accept, sock=listening, limit=REQUEST_BYTES)

    async def stop(self) -> None:
        """Stop listening, end what runs, remove the socket (only if it is still ours)."""
        if self._server is None:
            return
        self._server.close()
        for task in self._open:
            task.cancel()
        if self._open:
            await asyncio.wait(self._open, timeout=WRITE_SECONDS)
        with contextlib.suppress(FileNotFoundError):
            if self._path.stat().st_ino == self._inode:
                self._path.unlink()
        self._server = None

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._open.add(task)
            task.add_done_callback(self._open.discard)
        try:
            await self._converse(reader, writer)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, ValueError):
            log.info("control_connection_dropped")
        except asyncio.CancelledError:
            log.info("control_connection_ended")
        finally:
            writer.close()
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = peer_user(writer.get_extra_info("socket"))
        if peer is None:
            return
        if len(self._open) > CONNECTIONS:
            await _write(writer, _error(StoreUnavailable("the service is busy with other commands; try again")))
            return
        async with asyncio.timeout(REQUEST_SECONDS):
            line = await reader.readline()
        if not line:
            return
        try:
            operation, arguments = _request(line)
        except MailguardError as cause:
            await _write(writer, _error(cause))
            return
        await self._answer(writer, operation, arguments, peer)

    async def _answer(
        self, writer: asyncio.StreamWriter, operation: str, arguments: Mapping[str, Any], peer: str
    ) -> None:
        items = self._operations.run(operation, arguments, peer)
        try:
            while (item := await _next(items, writer)) is not None:
                await _write(writer, {"item": item})
            await _write(writer, {"end": True})
        except OSError:
            raise
        except MailguardError as cause:
            if type(cause).__name__ not in NAMED:
                log.error("command_failed", operation=operation, cause=cause)
            await _write(writer, _error(cause))
        except Exception as cause:
            log.error("command_failed", operation=operation, cause=cause)
            await _write(writer, _error(cause))
        finally:
            await items.aclose()  # type: ignore[attr-defined]


async def _next(items: AsyncIterator[Mapping[str, Any]], writer: asyncio.StreamWriter) -> Mapping[str, Any] | None:
    """The next item, None at the end. Says every few seconds that there is none yet, so that the client waits on.

    The step runs to its end even if the client has gone: what has begun to be decided is decided.
    """
    step = asyncio.ensure_future(_step(items))
    gone: OSError | None = None
    try:
        while True:
            done, _ = await asyncio.wait({step}, timeout=WAIT_SECONDS)
            if done:
                break
            if gone is None:
                try:
                    await _write(writer, {"wait": True})
                except OSError as cause:
                    gone = cause
    finally:
        if not step.done():
            step.cancel()
            await asyncio.wait({step}, timeout=WRITE_SECONDS)  # a generator that still runs cannot be closed
    if gone is not None:
        raise gone
    return step.result()


async def _step(items: AsyncIterator[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    return await anext(items, None)


async def _write(writer: asyncio.StreamWriter, value: Mapping[str, Any]) -> None:
    line = json.dumps(value).encode() + b"\n"
    if len(line) > LINE_BYTES:
        line = json.dumps(_error(InternalError("the answer is too long for the control socket"))).encode() + b"\n"
    writer.write(line)
    async with asyncio.timeout(WRITE_SECONDS):
        await writer.drain()


def _request(line: bytes) -> tuple[str, Mapping[str, Any]]:
    try:
        request = json.loads(line)
    except (ValueError, RecursionError) as cause:
        raise BadArguments("the request is not JSON") from cause
    if not isinstance(request, dict) or request.get("protocol") != PROTOCOL:
        raise ServiceUnreachable("the running service speaks another version than this command; restart the service")
    operation, arguments = request.get("operation"), request.get("arguments", {})
    if not isinstance(operation, str) or not isinstance(arguments, dict):
        raise BadArguments("the request has no operation or no arguments")
    return operation, arguments


def _error(cause: Exception) -> Mapping[str, Any]:
    # What does not open, or is not there any more, is of the store too: its sentence says so.
    name = "StoreUnavailable" if isinstance(cause, StoreUnavailable) else type(cause).__name__
    text = str(cause)
    if name not in NAMED:
        name, text = InternalError.__name__, "an error inside mailguard; the service's log has the cause"
    return {"error": {"name": name, "text": text}}


def peer_user(connection: socket.socket) -> str | None:
    """Who the operating system says is at the other end (SO_PEERCRED, unix(7)). None for whoever may not speak here."""
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _, user, _ = struct.unpack("3i", credentials)
    return system_user(user) if user in (0, os.geteuid()) else None


def system_user(identifier: int) -> str:
    """The name of a user of the operating system, or "uid N" where it has none."""
    try:
        return pwd.getpwuid(identifier).pw_name
    except KeyError:
        return f"uid {identifier}"


def call(path: Path, operation: str, arguments: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The items of an operation of the running service, as they come. For commands; it blocks.

    Raises ServiceNotRunning, ServiceUnreachable, NotAllowed (the socket belongs to another user), BadArguments (longer
    than a request may be), and what the operation raised.
    """
    with _connect(path) as connection:
        connection.settimeout(ANSWER_SECONDS)
        request = {"protocol": PROTOCOL, "operation": operation, "arguments": dict(arguments)}
        line = json.dumps(request).encode()
        if len(line) > REQUEST_BYTES:
            # The service would end the connection without a word.
            raise BadArguments(
                f"this is {len(line):,} octets to send, and a request may have {REQUEST_BYTES:,}: shorten it"
            )
        try:
            with contextlib.suppress(BrokenPipeError):
                # A service that is busy says so and goes, also before it was asked: what it said is still there.
                connection.sendall(line + b"\n")
            with connection.makefile("rb") as answers:
                yield from _answers(answers)
        except OSError as cause:
            raise ServiceUnreachable("the running service does not answer") from cause


def _answers(answers: Any) -> Iterator[dict[str, Any]]:
    while line := answers.readline(LINE_BYTES + 1):
        try:
            answer = json.loads(line)
        except ValueError as cause:
            raise ServiceUnreachable("the running service answered with something else than JSON") from cause
        if "end" in answer:
            return
        if "error" in answer:
            raise _raised(answer["error"])
        if "item" in answer:
            yield answer["item"]
    raise ServiceUnreachable("the running service ended in the middle of its answer")


def _raised(error: Mapping[str, Any]) -> MailguardError:
    return NAMED.get(str(error.get("name")), InternalError)(str(error.get("text")))


def _connect(path: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(REQUEST_SECONDS)
    try:
        with reachable(path) as address:
            connection.connect(address)
    except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError) as cause:
        connection.close()
        raise ServiceNotRunning(f'no service listens on "{path}"') from cause
    except PermissionError as cause:
        connection.close()
        raise errors.NotAllowed(
            f'the control socket "{path}" belongs to another user; run the command as the user of the service'
        ) from cause
    except OSError as cause:
        connection.close()
        raise ServiceUnreachable("the running service does not take a connection") from cause
    return connection


def listen_privately(path: Path) -> socket.socket:
    """A listening socket of mode 0600. Nobody can connect between bind and listen, so the mode is set in time.

    OSError; SettingsError where something is in the way.
    """
    _take_over(path)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with reachable(path) as address:
            listening.bind(address)
        path.chmod(0o600)
        listening.listen(CONNECTIONS)
        listening.setblocking(False)
    except OSError:
        listening.close()
        raise
    return listening


def _take_over(path: Path) -> None:
    """Remove a socket that nobody answers on. Anything else that stands there stays."""
    if not path.exists():
        return
    if not stat.S_ISSOCK(path.stat().st_mode):
        raise SettingsError(f'"{path}" is in the way of the control socket')
    try:
        _connect(path).close()
    except ServiceNotRunning:
        path.unlink(missing_ok=True)
    else:
        raise SettingsError(f'another service listens on the control socket "{path}"')


def name_fits(path: Path) -> bool:
    """Whether `reachable` finds a name for it, with a descriptor of any number."""
    return (
        len(os.fsencode(path)) <= PATH_OCTETS
        or len(os.fsencode(path.name)) + len("/proc/self/fd/123456/") <= PATH_OCTETS
    )


@contextlib.contextmanager
def reachable(path: Path) -> Iterator[str]:
    """A name for the socket that fits into sun_path, however long the path is: through its folder's descriptor."""
    if len(os.fsencode(path)) <= PATH_OCTETS:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
