"""The control socket against a real Unix socket: what goes over it, and what does not."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import stat
import threading
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from mailguard.core import errors
from mailguard.core.errors import AlreadyDecided, NotAllowed, SettingsError, StoreUnavailable, UnknownReference
from mailguard.serve import control
from mailguard.serve.control import (
    BadArguments,
    ControlServer,
    InternalError,
    ServiceNotRunning,
    ServiceUnreachable,
    call,
)
from mailguard.store.store_settings import StoreSettings

RAISED: dict[str, Exception] = {
    "unknown": UnknownReference('there is no message "MG-2222-22"'),
    "decided": AlreadyDecided("somebody else was first"),
    "not_allowed": NotAllowed("the second approval must come from another person"),
    "store": StoreUnavailable("the disk is full"),
    "bad": BadArguments("no such thing"),
    "own": errors.MailguardError("of no known kind: secret@person.example"),
    "crash": ValueError("secret@person.example"),
}


class Operations:
    """A stand-in for serve/operations.py: this file is about the socket."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, Mapping[str, Any], str]] = []
        self.started = threading.Event()
        self.go_on = asyncio.Event()
        self.finished = 0

    async def run(
        self, operation: str, arguments: Mapping[str, Any], system_user: str
    ) -> AsyncIterator[Mapping[str, Any]]:
        self.seen.append((operation, arguments, system_user))
        if operation in RAISED:
            yield {"before": 1}
            raise RAISED[operation]
        if operation == "slow":
            self.started.set()
            await self.go_on.wait()
            self.finished += 1
        for number in range(int(arguments.get("count", 1))):
            yield {"number": number, "text": "x" * int(arguments.get("size", 0))}


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[tuple[Path, Operations]]:
    operations = Operations()
    server = ControlServer(tmp_path / "mailguard.db.sock", operations)
    await server.start()
    yield tmp_path / "mailguard.db.sock", operations
    await server.stop()


async def collect(path: Path, operation: str, **arguments: Any) -> list[dict[str, Any]]:
    return await asyncio.to_thread(lambda: list(call(path, operation, arguments)))


async def raw(path: Path, request: bytes) -> list[dict[str, Any]]:
    reader, writer = await asyncio.open_unix_connection(str(path), limit=2**23)
    writer.write(request)
    writer.write_eof()
    answer = await asyncio.wait_for(reader.read(), 60)
    writer.close()
    await writer.wait_closed()
    return [json.loads(line) for line in answer.splitlines()]


async def test_items_come_in_order_with_the_user_of_the_operating_system(served: tuple[Path, Operations]) -> None:
    path, operations = served
    assert [item["number"] for item in await collect(path, "count", count=1000)] == list(range(1000))
    assert operations.seen == [("count", {"count": 1000}, control.system_user(os.getuid()))]


async def test_only_the_owner_can_open_the_socket(served: tuple[Path, Operations]) -> None:
    path, _ = served
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(("operation", "kind"), [(name, type(error)) for name, error in RAISED.items()])
async def test_errors_keep_their_name_and_unexpected_ones_their_secret(
    served: tuple[Path, Operations], operation: str, kind: type[Exception]
) -> None:
    path, _ = served
    expected = kind if kind.__name__ in control.NAMED else InternalError
    with pytest.raises(expected) as raised:
        await collect(path, operation)
    assert "secret" not in str(raised.value)
    if expected is kind:
        assert str(raised.value) == str(RAISED[operation])


async def test_another_version_of_the_protocol_is_refused_in_words(served: tuple[Path, Operations]) -> None:
    path, operations = served
    answer = await raw(path, b'{"protocol": 2, "operation": "count"}\n')
    assert answer[0]["error"]["name"] == "ServiceUnreachable"
    assert "restart" in answer[0]["error"]["text"]
    assert operations.seen == []


@pytest.mark.parametrize(
    "request_line",
    [
        *(
            b"\n",
            b"{}\n",
            b"nonsense\n",
            b"[]\n",
            b'{"protocol": 1}\n',
            b'{"protocol": 1, "operation": 7}\n',
            b"\xff\n",
        ),
        pytest.param(b"[" * 60_000 + b"\n", id="nested"),
    ],
)
async def test_what_is_no_request_is_an_error_and_nothing_else(
    served: tuple[Path, Operations], request_line: bytes
) -> None:
    path, operations = served
    (answer,) = await raw(path, request_line)
    assert set(answer) == {"error"}
    assert operations.seen == []


async def test_an_endless_request_is_dropped(served: tuple[Path, Operations]) -> None:
    path, operations = served
    _, writer = await asyncio.open_unix_connection(str(path))
    with pytest.raises(OSError):
        for _ in range(10_000):
            writer.write(b"x" * 65_536)
            await writer.drain()
    writer.close()
    assert await collect(path, "count") == [{"number": 0, "text": ""}]
    assert [operation for operation, _, _ in operations.seen] == ["count"]


async def test_a_silent_client_is_dropped(served: tuple[Path, Operations], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "REQUEST_SECONDS", 0.1)
    path, _ = served
    reader, writer = await asyncio.open_unix_connection(str(path))
    assert await asyncio.wait_for(reader.read(), 60) == b""
    writer.close()


async def test_too_many_commands_at_once_are_told_so(
    served: tuple[Path, Operations], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "CONNECTIONS", 1)
    path, operations = served
    first = asyncio.create_task(collect(path, "slow"))
    await asyncio.to_thread(operations.started.wait, 60)
    with pytest.raises(StoreUnavailable, match="busy"):
        await collect(path, "count")
    operations.go_on.set()
    assert len(await first) == 1


def test_what_a_service_said_before_it_was_asked_is_heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It turns a command away as soon as that connects, which may be before the command has sent anything."""
    mine, theirs = socket.socketpair()
    monkeypatch.setattr(control, "_connect", lambda _: mine)
    theirs.sendall(json.dumps({"error": {"name": "StoreUnavailable", "text": "busy"}}).encode() + b"\n")
    theirs.close()
    with pytest.raises(StoreUnavailable, match="busy"):
        list(call(tmp_path, "count", {}))


async def test_a_long_operation_says_that_it_is_alive(
    served: tuple[Path, Operations], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "WAIT_SECONDS", 0.05)
    # Long enough that a machine that stands still for a moment is not taken for a service that says nothing.
    monkeypatch.setattr(control, "ANSWER_SECONDS", 2.0)
    path, operations = served
    answer = asyncio.create_task(collect(path, "slow"))
    await asyncio.sleep(3.0)
    operations.go_on.set()
    assert len(await answer) == 1


async def test_a_client_that_vanishes_undoes_no_decision(
    served: tuple[Path, Operations], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "WAIT_SECONDS", 0.05)
    path, operations = served
    _, writer = await asyncio.open_unix_connection(str(path))
    writer.write(b'{"protocol": 1, "operation": "slow"}\n')
    await asyncio.to_thread(operations.started.wait, 60)
    writer.transport.abort()
    await asyncio.sleep(0.3)
    operations.go_on.set()
    async with asyncio.timeout(20):
        while not operations.finished:
            await asyncio.sleep(0.01)
    assert operations.finished == 1


async def test_a_request_that_is_too_long_is_refused_before_it_is_sent(served: tuple[Path, Operations]) -> None:
    """The service ends such a connection, and "it ended in the middle of its answer" told nobody what to do."""
    path, _ = served
    with pytest.raises(BadArguments, match=r"70,\d{3} octets to send, and a request may have 65,536: shorten it"):
        list(call(path, "anything", {"text": "x" * 70_000}))


async def test_an_answer_that_is_too_long_is_an_error(served: tuple[Path, Operations]) -> None:
    path, _ = served
    assert len((await collect(path, "count", size=1_000_000))[0]["text"]) == 1_000_000
    with pytest.raises(InternalError, match="too long"):
        await collect(path, "count", size=control.LINE_BYTES)


async def test_nobody_there(tmp_path: Path) -> None:
    with pytest.raises(ServiceNotRunning):
        await collect(tmp_path / "none.sock", "count")


async def test_a_socket_that_nobody_answers_on_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "mailguard.db.sock"
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(path))
    with pytest.raises(ServiceNotRunning):
        await collect(path, "count")
    server = ControlServer(path, Operations())
    await server.start()
    assert len(await collect(path, "count")) == 1
    await server.stop()
    assert not path.exists()


async def test_a_second_service_does_not_take_the_socket_of_the_first(served: tuple[Path, Operations]) -> None:
    path, _ = served
    with pytest.raises(SettingsError, match="another service"):
        await ControlServer(path, Operations()).start()
    assert len(await collect(path, "count")) == 1


async def test_something_else_in_the_way_stays(tmp_path: Path) -> None:
    path = tmp_path / "mailguard.db.sock"
    path.write_text("not a socket")
    with pytest.raises(SettingsError, match="in the way"):
        await ControlServer(path, Operations()).start()
    assert path.read_text() == "not a socket"


async def test_a_path_longer_than_sun_path_works(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 30) / ("longer" * 20)
    folder.mkdir(parents=True)
    path = folder / "mailguard.db.sock"
    assert len(str(path)) > 200
    server = ControlServer(path, Operations())
    await server.start()
    assert len(await collect(path, "count")) == 1
    await server.stop()
    assert not path.exists()


async def test_a_folder_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be made"):
        await ControlServer(tmp_path / "none" / "x.sock", Operations()).start()


async def test_stop_ends_what_runs(tmp_path: Path) -> None:
    operations = Operations()
    path = tmp_path / "mailguard.db.sock"
    server = ControlServer(path, operations)
    await server.start()
    answer = asyncio.create_task(collect(path, "slow"))
    await asyncio.to_thread(operations.started.wait, 60)
    await asyncio.wait_for(server.stop(), 60)
    with pytest.raises(ServiceUnreachable):
        await answer


def test_only_the_same_user_and_root_may_speak(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    with ours, theirs:
        assert control.peer_user(ours) == control.system_user(os.getuid())
        if os.getuid() != 0:
            monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
            assert control.peer_user(ours) is None


def test_a_user_without_a_name_has_a_number() -> None:
    assert control.system_user(4_000_000_000) == "uid 4000000000"


def test_the_socket_is_beside_a_sqlite_store_and_in_the_keys_folder_of_another(tmp_path: Path) -> None:
    assert control.socket_path(StoreSettings(url=f"sqlite:///{tmp_path}/mailguard.db")) == (
        tmp_path / "mailguard.db.sock"
    )
    remote = StoreSettings(url="postgresql://mailguard@127.0.0.1/mailguard", keys=tmp_path)
    assert control.socket_path(remote) == tmp_path / "mailguard.sock"
