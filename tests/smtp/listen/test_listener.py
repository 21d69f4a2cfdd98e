"""The listener on real sockets: errors, limits on connections, stopping, what submit sees."""

from __future__ import annotations

import asyncio
import os
import re
from datetime import UTC
from mmap import mmap
from pathlib import Path
from typing import Any

import pytest

from mailguard.core.envelope import Envelope
from mailguard.core.envelope import Path as MailPath
from mailguard.core.errors import SettingsError
from mailguard.core.mail.message import Buffer
from mailguard.core.reference import PATTERN
from mailguard.core.reply import Reply
from mailguard.core.session import Session
from mailguard.smtp import channel, conversation
from mailguard.smtp.capabilities import Capabilities
from mailguard.smtp.listen_settings import Limits, ListenerSettings
from mailguard.smtp.listener import Listener
from mailguard.smtp.session_limits import ConnectionLimits
from tests.conditions import until
from tests.smtp.listen.door import TAKEN, Events, connect, open_door

CANNOT_CHECK = re.compile(rf"451 4\.3\.0 Cannot check this message now, ref {PATTERN.pattern}".encode())


async def test_what_submit_is_given() -> None:
    async with open_door() as door, connect(door) as client:
        await client.reply()
        await client.ask(b"EHLO my\tclient \x07(x)")
        await client.ask(b"MAIL FROM:<Anna@In.Example>")
        await client.ask(b"RCPT TO:<Bob@Out.Example> NOTIFY=NEVER")
        await client.ask(b"DATA")
        assert await client.ask(b"x\r\n.") == b"250 2.0.0 Taken"
    session, envelope = door.messages[0].session, door.messages[0].envelope
    assert (session.peer, session.greeting, session.extended) == ("127.0.0.1", "my client (x)", True)
    assert session.trusted and not session.secure and session.account is None
    assert session.listener == "127.0.0.1:0" and session.started_at.tzinfo is UTC and len(session.identifier) == 16
    assert envelope.reverse_path == MailPath(b"Anna@In.Example", "anna@in.example")
    assert envelope.recipients[0].parameters == (b"NOTIFY=NEVER",)


async def _fails(*_: object) -> Reply:
    raise RuntimeError("secret text leak@out.example")


async def _cancels_itself(*_: object) -> Reply:
    raise asyncio.CancelledError


async def _forgets(*_: object) -> Any:
    return None


async def _answers_nonsense(*_: object) -> Reply:
    return Reply(354, None, "go ahead")


@pytest.mark.parametrize("submit", [_fails, _cancels_itself, _forgets, _answers_nonsense])
async def test_whatever_submit_does_wrong_is_451_and_a_reference(submit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "log", events := Events())
    async with open_door(submit=submit) as door, connect(door) as client:
        await client.begin_data()
        reply = await client.ask(b"x\r\n.")
        assert CANNOT_CHECK.fullmatch(reply)
        assert await client.ask(b"NOOP") == b"250 2.0.0 OK"
    logged = events.fields("submission_failed")
    assert isinstance(logged["cause"], BaseException) and logged["ref"].encode() in reply
    assert "secret" not in str({key: value for key, value in logged.items() if key != "cause"})


async def test_an_error_while_reading_commands_is_451_too() -> None:
    def broken() -> Capabilities:
        raise RuntimeError("secret")

    async def submit(*_: object) -> Reply:
        return TAKEN

    listener = Listener(ListenerSettings(address="127.0.0.1:0"), Limits(), "guard.example", submit, broken)  # type: ignore[arg-type]
    await listener.start()
    async with connect(listener.addresses[0][1]) as client:
        await client.reply()
        assert CANNOT_CHECK.fullmatch(await client.ask(b"EHLO x"))
        assert await client.ask(b"NOOP") == b"250 2.0.0 OK"
    await listener.stop(1)


@pytest.mark.parametrize("turns", range(8))
async def test_who_is_interrupted_while_starting_leaves_no_port_open(turns: int, unused_tcp_port: int) -> None:
    """turns: of the loop, before it is interrupted. Nobody would close what nobody knows."""

    async def submit(*_: object) -> Reply:
        return TAKEN

    settings = ListenerSettings.model_validate({"address": f"127.0.0.1:{unused_tcp_port}"})
    listener = Listener(settings, Limits(), "guard.example", submit, Capabilities)
    starting = asyncio.create_task(listener.start())
    for _ in range(turns):
        await asyncio.sleep(0)
    starting.cancel()
    await asyncio.gather(starting, return_exceptions=True)
    await listener.stop(0)
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", unused_tcp_port)


async def test_a_full_disk_is_451(tmp_path: Path) -> None:
    async with (
        open_door(limits={"spool_above_bytes": 4096}, spool_directory=tmp_path / "none") as door,
        connect(door) as client,
    ):
        await client.begin_data()
        assert CANNOT_CHECK.fullmatch(await client.ask(b"\r\n" + b"x\r\n" * 5000 + b"."))
        assert door.messages == []
        assert await client.ask(b"NOOP") == b"250 2.0.0 OK"


async def test_a_reply_cannot_carry_a_second_line() -> None:
    async with open_door() as door, connect(door) as client:
        door.reply = Reply(250, None, "Taken\r\n250 forged\x00 é" + "x" * 500)
        await client.begin_data()
        reply = await client.ask(b"x\r\n.")
        assert reply.startswith(b"250 2.0.0 Taken 250 forged") and len(reply) <= 412 and reply.isascii()
        assert await client.ask(b"NOOP") == b"250 2.0.0 OK"


async def test_421_from_submit_closes() -> None:
    async with open_door() as door, connect(door) as client:
        door.reply = Reply(421, "4.3.2", "Later")
        await client.begin_data()
        assert await client.ask(b"x\r\n.") == b"421 4.3.2 Later"
        assert await client.line() == b""


async def test_large_content_is_a_map_and_small_is_bytes(tmp_path: Path) -> None:
    kinds: list[type] = []

    async def submit(session: Session, envelope: Envelope, raw: Buffer) -> Reply:
        kinds.append(type(raw))
        assert raw[: len(body)] == body and len(raw) == len(body)
        return TAKEN

    async with open_door(submit=submit, spool_directory=tmp_path) as door, connect(door) as client:
        for lines in (100, 30_000):
            body = b"Subject: x\r\n\r\n" + b"0123456789012345678901234567890123456789\r\n" * lines
            await (client.begin_data() if lines == 100 else _again(client))
            assert await client.ask(body + b".") == b"250 2.0.0 Taken"
            assert os.listdir(tmp_path) == []
    assert kinds == [bytes, mmap]


async def _again(client: Any) -> None:
    client.send(b"MAIL FROM:<a@in.example>\r\nRCPT TO:<b@out.example>\r\nDATA\r\n")
    assert (await client.replies(3))[2].startswith(b"354")


async def test_connections_per_client_and_in_all_are_shared_by_listeners() -> None:
    limits = {"connections": 3, "connections_per_client": 2}
    shared = ConnectionLimits(Limits.model_validate(limits))
    async with (
        open_door(connections=shared) as first,
        open_door(connections=shared) as second,
        connect(first) as a,
        connect(second) as b,
    ):
        assert (await a.line()).startswith(b"220") and (await b.line()).startswith(b"220")
        async with connect(first) as third:
            assert await third.line() == b"421 4.7.0 Too many connections, try again later"
            assert await third.line() == b""
        assert await a.ask(b"QUIT") == b"221 2.0.0 Goodbye"
        assert await a.line() == b""
        await a.close()
        await until(lambda: shared.open < 2)
        async with connect(second) as fourth:
            assert (await fourth.line()).startswith(b"220")
    assert shared.open == 0


async def test_allow() -> None:
    async with open_door(allow=["127.0.0.0/8"]) as door, connect(door) as client:
        assert (await client.line()).startswith(b"220")
    async with open_door(allow=["192.0.2.0/24", "2001:db8::/32"]) as door, connect(door) as client:
        assert await client.line() == b"554 5.7.1 This client may not send mail here"
        assert await client.line() == b""


async def test_ipv6() -> None:
    async with open_door(address="[::1]:0") as door:
        assert door.listener.addresses[0][0] == "::1"
        reader, writer = await asyncio.open_connection("::1", door.port)
        assert (await reader.readline()).startswith(b"220")
        writer.close()
        await writer.wait_closed()


async def test_an_address_in_use_is_a_settings_error() -> None:
    async with open_door() as door:
        with pytest.raises(SettingsError, match="cannot listen"):
            async with open_door(address=f"127.0.0.1:{door.port}"):
                pass


async def test_stop_tells_idle_clients_and_lets_running_ones_finish() -> None:
    began, release = asyncio.Event(), asyncio.Event()

    async def submit(*_: object) -> Reply:
        began.set()
        await release.wait()
        return TAKEN

    async with open_door(submit=submit, grace_seconds=5) as door:
        port = door.port
        async with connect(door) as idle, connect(door) as open_, connect(door) as busy:
            await idle.reply()
            await idle.ask(b"EHLO x")
            await open_.begin()
            await busy.begin_data()
            busy.send(b"x\r\n.\r\nMAIL FROM:<a@in.example>\r\n")
            await began.wait()
            stopping = asyncio.create_task(door.listener.stop(5))
            assert await idle.line() == b"421 4.3.2 This service is closing down, try again later"
            with pytest.raises(OSError):
                await asyncio.open_connection("127.0.0.1", port)
            release.set()
            assert await busy.line() == b"250 2.0.0 Taken"
            assert (await busy.line()).startswith(b"421 4.3.2")
            open_.send(b"DATA\r\n")
            assert (await open_.line()).startswith(b"354")
            assert await open_.ask(b"x\r\n.") == b"250 2.0.0 Taken"
            assert (await open_.line()).startswith(b"421 4.3.2")
        await stopping


async def test_stop_cuts_off_after_its_grace() -> None:
    began, cancelled = asyncio.Event(), asyncio.Event()

    async def submit(*_: object) -> Reply:
        began.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.set()
            raise
        return TAKEN

    async with open_door(submit=submit, grace_seconds=0.1) as door, connect(door) as client:
        await client.begin_data()
        client.send(b"x\r\n.\r\n")
        await began.wait()
        await door.listener.stop(0.1)
        assert cancelled.is_set()
        assert await client.line() == b""


async def test_back_pressure_while_a_message_is_checked() -> None:
    """A client that pipelines on while its message is being checked is not read without end."""
    release = asyncio.Event()

    async def submit(*_: object) -> Reply:
        await release.wait()
        return TAKEN

    async with open_door(submit=submit, limits={"commands_per_session": 10_000_000}) as door, connect(door) as client:
        await client.begin_data()
        client.send(b"x\r\n.\r\n")
        flood = asyncio.create_task(_flood(client, b"NOOP\r\n" * 10_000, 300))
        await asyncio.sleep(0.3)
        (inside,) = door.listener._house.doors
        assert len(inside.channel.intake._buffer) < 600_000
        assert not flood.done()
        release.set()
        assert await client.line() == b"250 2.0.0 Taken"
        flood.cancel()
        await asyncio.wait([flood])
        client.writer.transport.abort()


async def _flood(client: Any, data: bytes, count: int) -> None:
    for _ in range(count):
        client.writer.write(data)
        await client.writer.drain()


async def test_a_client_that_does_not_read_its_replies_is_not_read_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel, "LINGER_SECONDS", 0.2)
    limits = {"commands_per_session": 10_000_000, "idle_seconds": 3}
    async with open_door(limits=limits) as door, connect(door) as client:
        await client.reply()
        client.reader._transport.pause_reading()  # type: ignore[attr-defined]
        flood = asyncio.create_task(_flood(client, b"HELP\r\n" * 10_000, 3000))
        await asyncio.sleep(0.6)
        (inside,) = door.listener._house.doors
        assert len(inside.channel.intake._buffer) < 600_000
        assert inside.transport.get_write_buffer_size() < 600_000
        await until(lambda: not door.listener._house.doors)  # idle_seconds, then the lingering
        flood.cancel()
        await asyncio.wait([flood])
        client.writer.transport.abort()


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50])
async def test_the_replies_do_not_depend_on_the_packets(size: int) -> None:
    wire = (
        b"EHLO x\r\nNOOP\nRSET\r\nMAIL FROM:<a@in.example>\r\nRCPT TO:<b@out.example>\r\n"
        b"DATA\r\n..\r\nx\r\n.\r\nNOOP\r\n"
        b"MAIL FROM:<>\r\nRCPT TO:<b@out.example>\r\nDATA\r\nx\n.\r\ny\r\n.\r\nFROB\r\nNOOP "
        + b"x" * 3000
        + b"\r\nQUIT\r\n"
    )
    heard = []
    async with open_door() as door:
        for chunk in (len(wire), size):
            async with connect(door) as client:
                for at in range(0, len(wire), chunk):
                    client.send(wire[at : at + chunk])
                    await asyncio.sleep(0)
                heard.append(await asyncio.wait_for(client.reader.read(), 20))
    assert heard[0] == heard[1] and heard[0].endswith(b"221 2.0.0 Goodbye\r\n")
    assert [each.content for each in door.messages] == [b".\r\nx\r\n"] * 2
