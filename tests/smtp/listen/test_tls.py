"""TLS towards clients: STARTTLS and implicit TLS with real peers, what may not be said before it, and T3."""

from __future__ import annotations

import asyncio
import os
import smtplib
import ssl
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from mailguard.core.errors import SettingsError
from mailguard.smtp import channel
from mailguard.smtp.listen_settings import Limits
from mailguard.smtp.session_limits import ConnectionLimits
from tests.conditions import until
from tests.smtp.listen.certificates import make_pair, run
from tests.smtp.listen.door import Client, Door, Events, connect, open_door

MESSAGE = b"From: a@in.example\r\nTo: b@out.example\r\nSubject: x\r\n\r\n.dot\r\n" + b"0123456789\r\n" * 200_000


@pytest.fixture(scope="session")
def pair(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """certificate: and key: of a listener."""
    return make_pair(tmp_path_factory.mktemp("pair"))


def trusting(pair: dict[str, Any]) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(pair["certificate"]))


def careless(**settings: Any) -> ssl.SSLContext:
    """Of a client that offers what it is told to, however old."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    for name, value in settings.items():
        setattr(context, name, value)
    return context


async def start_tls(client: Client, context: ssl.SSLContext) -> None:
    await client.writer.start_tls(context, server_hostname="localhost")


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
async def test_smtplib(pair: dict[str, Any], tls: str, version: str) -> None:
    """Byte for byte, a message that is larger than what is read at once, and another on the same session."""
    async with open_door(tls=tls, **pair) as door:

        def send() -> None:
            context = trusting(pair)
            context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
            kind = smtplib.SMTP_SSL if tls == "implicit" else smtplib.SMTP
            more = {"context": context} if tls == "implicit" else {}
            with kind("localhost", door.port, "pc.example", timeout=20, **more) as session:
                session.ehlo()
                if tls == "starttls":
                    assert session.has_extn("starttls")
                    session.starttls(context=context)
                    session.ehlo()
                assert not session.has_extn("starttls") and session.has_extn("pipelining")
                assert session.sock.version() == version.replace("_", ".")
                for _ in range(2):
                    assert session.sendmail("a@in.example", ["b@out.example"], MESSAGE) == {}

        await asyncio.to_thread(send)
    assert [each.content for each in door.messages] == [MESSAGE, MESSAGE]
    session = door.messages[0].session
    assert session.secure and session.extended and session.greeting == "pc.example"


@pytest.mark.parametrize(("tls", "flag"), [("starttls", "--tls"), ("implicit", "--tlsc")])
async def test_swaks(pair: dict[str, Any], tls: str, flag: str) -> None:
    async with open_door(tls=tls, **pair) as door:
        server = f"localhost:{door.port}"
        verify = ("--tls-verify", "--tls-ca-path", str(pair["certificate"]))
        status, said = await run(
            "swaks", "--server", server, "--from", "a@in.example", "--to", "b@out.example", flag, *verify
        )
        assert status == 0 and "TLS started with cipher" in said, said
    assert door.messages[0].session.secure


@pytest.mark.parametrize(("tls", "scheme"), [("starttls", "smtp"), ("implicit", "smtps")])
async def test_curl(tmp_path: Path, pair: dict[str, Any], tls: str, scheme: str) -> None:
    (tmp_path / "message.eml").write_bytes(MESSAGE)
    async with open_door(tls=tls, **pair) as door:
        url = f"{scheme}://localhost:{door.port}/pc.example"
        people = ("--mail-from", "a@in.example", "--mail-rcpt", "b@out.example")
        trust = ("--ssl-reqd", "--cacert", str(pair["certificate"]))
        status, said = await run("curl", "-sS", "--url", url, *people, *trust, "-T", str(tmp_path / "message.eml"))
        assert status == 0, said
    assert door.messages[0].content == MESSAGE and door.messages[0].session.secure


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
async def test_openssl_s_client(pair: dict[str, Any], tls: str) -> None:
    async with open_door(tls=tls, **pair) as door:
        more = ("-starttls", "smtp") if tls == "starttls" else ()
        command = ("openssl", "s_client", "-connect", f"127.0.0.1:{door.port}", "-CAfile", str(pair["certificate"]))
        status, said = await run(*command, "-crlf", "-quiet", *more, give=b"EHLO pc.example\nQUIT\n")
        assert "221 2.0.0 Goodbye" in said, said
        status, said = await run(*command, "-brief", *more, give=b"QUIT\n")
        assert status == 0 and "Verification: OK" in said and "TLSv1.3" in said, said


@pytest.mark.parametrize("offer", ["-tls1", "-tls1_1"])
async def test_nothing_below_tls_1_2(pair: dict[str, Any], offer: str) -> None:
    async with open_door(tls="implicit", **pair) as door:
        command = ("openssl", "s_client", "-connect", f"127.0.0.1:{door.port}", "-cipher", "ALL:@SECLEVEL=0", offer)
        status, said = await run(*command, give=b"QUIT\n")
        assert status != 0 and "alert protocol version" in said, said


@pytest.mark.parametrize("cipher", ["AES256-GCM-SHA384", "ECDHE-ECDSA-AES256-SHA", "ALL:!ECDHE"])
async def test_no_old_ciphers(pair: dict[str, Any], cipher: str) -> None:
    context = careless(maximum_version=ssl.TLSVersion.TLSv1_2)
    context.set_ciphers(cipher)
    async with open_door(tls="implicit", **pair) as door:
        with pytest.raises(ssl.SSLError):
            await asyncio.open_connection("127.0.0.1", door.port, ssl=context)


async def test_starttls_is_announced_only_before_it(pair: dict[str, Any]) -> None:
    async with open_door(tls="starttls", **pair) as door, connect(door) as client:
        await client.reply()
        assert b"STARTTLS" in await announced(client)
        assert (await client.ask(b"STARTTLS now")).startswith(b"501 5.5.4")
        assert (await client.ask(b"STARTTLS")).startswith(b"220 2.0.0")
        await start_tls(client, trusting(pair))
        assert b"STARTTLS" not in await announced(client)
        assert (await client.ask(b"STARTTLS")).startswith(b"503 5.5.1")
        assert (await client.ask(b"QUIT")).startswith(b"221")
        assert await client.line() == b""
    async with open_door(tls="implicit", **pair) as door, connect_tls(door, pair) as client:
        await client.reply()
        assert b"STARTTLS" not in await announced(client)
        assert (await client.ask(b"STARTTLS")).startswith(b"503 5.5.1")
    async with open_door() as door, connect(door) as client:
        await client.reply()
        assert b"STARTTLS" not in await announced(client)
        assert (await client.ask(b"STARTTLS")).startswith(b"502 5.5.1")


async def announced(client: Client) -> list[bytes]:
    client.send(b"EHLO pc.example\r\n")
    words = []
    while True:
        line = await client.line()
        words.append(line[4:])
        if line[3:4] != b"-":
            return words


class connect_tls:
    """A raw client over implicit TLS."""

    def __init__(self, door: Door, pair: dict[str, Any]) -> None:
        self._door, self._pair = door, pair

    async def __aenter__(self) -> Client:
        streams = await asyncio.open_connection(
            "127.0.0.1", self._door.port, ssl=trusting(self._pair), server_hostname="localhost"
        )
        self._client = Client(*streams)
        return self._client

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()


async def test_no_mail_before_starttls(pair: dict[str, Any]) -> None:
    """RFC 3207 section 4: all but NOOP, EHLO, STARTTLS and QUIT are 530; HELO too is answered."""
    async with open_door(tls="starttls", **pair) as door, connect(door) as client:
        await client.reply()
        for command in (b"EHLO pc.example", b"HELO pc.example", b"NOOP"):
            assert (await client.ask(command)).startswith(b"250")
        for command in (b"MAIL FROM:<a@in.example>", b"RCPT TO:<b@out.example>", b"DATA", b"VRFY x", b"RSET", b"AUTH"):
            assert await client.ask(command) == b"530 5.7.0 Send STARTTLS first"
        assert (await client.ask(b"QUIT")).startswith(b"221")
    assert not door.messages


async def test_t3_commands_injected_behind_starttls_are_dropped(
    pair: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What somebody put behind STARTTLS in the same packet is neither answered nor carried out."""
    events = Events()
    monkeypatch.setattr(channel, "log", events)
    injected = b"EHLO evil.example\r\nMAIL FROM:<evil@out.example>\r\nRCPT TO:<victim@in.example>\r\nDA"
    async with open_door(tls="starttls", **pair) as door, connect(door) as client:
        await client.reply()
        assert (await client.ask(b"EHLO pc.example")).startswith(b"250")
        client.send(b"STARTTLS\r\n" + injected)
        assert (await client.reply()).startswith(b"220")
        await start_tls(client, trusting(pair))
        # No reply of the injected commands waits, no envelope is open, and EHLO has to be said anew.
        assert await client.ask(b"RCPT TO:<b@out.example>") == b"503 5.5.1 Send EHLO or HELO first"
        assert await client.ask(b"MAIL FROM:<a@in.example>") == b"503 5.5.1 Send EHLO or HELO first"
        assert (await client.ask(b"EHLO pc.example")).startswith(b"250")
        assert await client.ask(b"RCPT TO:<b@out.example>") == b"503 5.5.1 Send MAIL first"
        client.send(b"MAIL FROM:<a@in.example>\r\nRCPT TO:<b@out.example>\r\nDATA\r\n")
        assert [each[:3] for each in await client.replies(3)] == [b"250", b"250", b"354"]
        assert (await client.ask(b"x\r\n.")).startswith(b"250")
    assert events.fields("starttls_input_dropped")["octets"] == len(injected)
    assert [str(each.envelope.reverse_path) for each in door.messages].count("evil@out.example") == 0
    assert door.messages[0].session.greeting == "pc.example" and len(door.messages) == 1


async def test_t3_much_injected_input_does_not_stall_the_handshake(pair: dict[str, Any]) -> None:
    """More than the intake's high water, so that reading had been paused."""
    async with open_door(tls="starttls", **pair) as door, connect(door) as client:
        await client.reply()
        client.send(b"STARTTLS\r\n" + b"NOOP\r\n" * 40_000)
        assert (await client.reply()).startswith(b"220")
        # What had not arrived at the moment of the reply is no TLS, and the connection ends without a plain word.
        async with asyncio.timeout(20):
            rest = await client.reader.read()
        assert b"250" not in rest
    assert not door.messages


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
async def test_no_plain_word_where_tls_is_due(pair: dict[str, Any], tls: str) -> None:
    async with open_door(tls=tls, **pair) as door, connect(door) as client:
        if tls == "starttls":
            await client.reply()
            await client.ask(b"STARTTLS")
        client.send(b"EHLO pc.example\r\nMAIL FROM:<a@in.example>\r\n")
        async with asyncio.timeout(20):
            said = await client.reader.read()
        assert not any(word in said for word in (b"220", b"250", b"421", b"451", b"500", b"SMTP"))


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
async def test_a_slow_handshake_ends_and_counts_all_the_while(pair: dict[str, Any], tls: str) -> None:
    limits = {"handshake_seconds": 1, "connections": 2}
    counted = ConnectionLimits(Limits.model_validate(limits))
    async with open_door(tls=tls, limits=limits, connections=counted, **pair) as door, connect(door) as client:
        if tls == "starttls":
            await client.reply()
            await client.ask(b"STARTTLS")
        client.send(b"\x16\x03\x01")
        await until(lambda: counted.open == 1)
        async with asyncio.timeout(10):  # long before any of the other limits
            with suppress(ConnectionError):
                assert await client.reader.read() == b""
        await until(lambda: counted.open == 0)


async def test_stopping_does_not_wait_for_handshakes(pair: dict[str, Any]) -> None:
    async with open_door(tls="implicit", grace_seconds=20.0, **pair) as door, connect(door) as client:
        client.send(b"\x16")
        await asyncio.sleep(0.05)
        async with asyncio.timeout(15):
            await door.listener.stop(20.0)


async def test_a_broken_record_ends_the_session(pair: dict[str, Any]) -> None:
    async with open_door(tls="implicit", **pair) as door, connect_tls(door, pair) as client:
        await client.begin()
        os.write(client.writer.get_extra_info("socket").fileno(), b"\x17\x03\x03\x00\x10" + b"x" * 16)
        with pytest.raises(ssl.SSLError, match="bad record mac"):
            await client.line()
    assert not door.messages


async def test_a_new_pair_is_shown_and_sessions_stay(tmp_path: Path) -> None:
    """Certificate and key are loaded anew; a session that runs goes on; a broken pair keeps the old one."""
    first = make_pair(tmp_path)
    old = trusting(first)
    async with open_door(tls="implicit", **first) as door, connect_tls(door, first) as client:
        await client.begin()
        certificate = door.listener.certificate
        assert certificate is not None
        make_pair(tmp_path)
        assert await certificate.reload()
        new = trusting(first)
        with pytest.raises(ssl.SSLCertVerificationError):
            await asyncio.open_connection("127.0.0.1", door.port, ssl=old, server_hostname="localhost")
        await greeted(door, new)
        first["key"].write_text("no key")
        assert not await certificate.reload() and certificate.problem
        await greeted(door, new)
        assert (await client.ask(b"DATA")).startswith(b"354")
        assert (await client.ask(b"x\r\n.")).startswith(b"250")


async def greeted(door: Door, context: ssl.SSLContext) -> None:
    client = Client(*await asyncio.open_connection("127.0.0.1", door.port, ssl=context, server_hostname="localhost"))
    assert (await client.reply()).startswith(b"220")
    await client.close()


async def test_a_listener_without_a_usable_pair_does_not_start(tmp_path: Path, pair: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        async with open_door(tls="implicit", certificate=tmp_path / "none.pem", key=pair["key"]):
            raise AssertionError


async def test_several_listeners_at_once(pair: dict[str, Any]) -> None:
    async with (
        open_door() as plain,
        open_door(tls="starttls", **pair) as switching,
        open_door(tls="implicit", **pair) as implicit,
    ):
        for port, more in ((plain.port, ()), (switching.port, ("--tls",)), (implicit.port, ("--tlsc",))):
            people = ("--from", "a@in.example", "--to", "b@out.example")
            status, said = await run("swaks", "--server", f"127.0.0.1:{port}", *people, *more)
            assert status == 0, said
    assert [len(each.messages) for each in (plain, switching, implicit)] == [1, 1, 1]
    assert [each.messages[0].session.secure for each in (plain, switching, implicit)] == [False, True, True]
