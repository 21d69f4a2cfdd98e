"""The PROXY protocol: who is believed (T11), what counts then, and headers of both versions."""

from __future__ import annotations

import asyncio
import ssl
import struct
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from mailguard.smtp.listen_settings import Limits, ListenerSettings
from mailguard.smtp.proxy_header import NoProxyHeader, ProxyHeader, parse_proxy_header
from mailguard.smtp.session_limits import ConnectionLimits
from tests.conditions import until
from tests.smtp.listen.certificates import make_pair, run
from tests.smtp.listen.door import connect, open_door

BEHIND: dict[str, Any] = {"proxy_from": ["127.0.0.1"], "allow": ["192.0.2.0/24", "2001:db8::/32"]}
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def version_1(client: str = "192.0.2.7") -> bytes:
    return f"PROXY TCP4 {client} 198.51.100.1 50000 25\r\n".encode()


def version_2(client: str = "192.0.2.7", command: int = 0x21, more: bytes = b"", family: int | None = None) -> bytes:
    address = ip_address(client)
    there = "198.51.100.1" if address.version == 4 else "2001:db8::1"
    payload = address.packed + ip_address(there).packed + struct.pack(">HH", 50000, 25) + more
    kind = family if family is not None else 0x11 if address.version == 4 else 0x21
    return SIGNATURE + bytes([command, kind]) + struct.pack(">H", len(payload)) + payload


@pytest.mark.parametrize("header", [version_1(), version_2(), version_2("2001:db8::7"), version_2(more=b"\x04\0\x01x")])
@pytest.mark.parametrize("pieces", ["with_commands", "byte_by_byte"])
async def test_the_client_that_a_listed_balancer_names(header: bytes, pieces: str) -> None:
    async with open_door(**BEHIND) as door, connect(door) as client:
        if pieces == "with_commands":
            client.send(header + b"EHLO pc.example\r\n")
        else:
            for octet in header:
                client.send(bytes([octet]))
                await asyncio.sleep(0)
            client.send(b"EHLO pc.example\r\n")
        assert (await client.reply()).startswith(b"220") and (await client.reply()).startswith(b"250")
        client.send(b"MAIL FROM:<a@in.example>\r\nRCPT TO:<b@out.example>\r\nDATA\r\n")
        await client.replies(3)
        assert (await client.ask(b"x\r\n.")).startswith(b"250")
    assert door.messages[0].session.peer == str(parse_proxy_header(header).client)  # type: ignore[union-attr]


@pytest.mark.parametrize("header", [version_1(), version_2()])
async def test_t11_from_anybody_else_it_is_a_protocol_error(header: bytes) -> None:
    """The header names a client that is allowed; who sends it is not believed and stays who they are."""
    async with (
        open_door(proxy_from=["192.0.2.1"], allow=["192.0.2.0/24", "127.0.0.1"]) as door,
        connect(door) as client,
    ):
        client.send(header)
        assert (await client.reply()).startswith(b"220") and (await client.reply()).startswith(b"500")
        client.send(
            b"EHLO pc.example\r\nMAIL FROM:<a@in.example>\r\nRCPT TO:<b@out.example>\r\nDATA\r\nx\r\n.\r\nQUIT\r\n"
        )
        await asyncio.wait_for(client.reader.read(), 5)
    assert all(each.session.peer == "127.0.0.1" for each in door.messages)
    async with open_door(proxy_from=["192.0.2.1"], allow=["192.0.2.0/24"]) as door, connect(door) as client:
        client.send(header)
        assert (await client.reply()).startswith(b"554 5.7.1") and await client.line() == b""


@pytest.mark.parametrize(
    "first",
    [
        b"EHLO pc.example\r\n",
        b"PROXY TCP4 192.0.2.7\r\n",
        b"PROXY TCP4 192.0.2.7 198.51.100.1 50000 99999\r\n",
        version_2(command=0x31),
        version_2(family=0x31),
        b"P" * 200,
    ],
)
async def test_t11_a_listed_balancer_must_begin_with_a_header(first: bytes) -> None:
    async with open_door(**BEHIND) as door, connect(door) as client:
        client.send(first + b"EHLO pc.example\r\n")
        assert await asyncio.wait_for(client.reader.read(), 5) == b""
    assert not door.messages


async def test_t11_a_second_header_is_no_command() -> None:
    async with open_door(**BEHIND) as door, connect(door) as client:
        client.send(version_1() + version_1("192.0.2.8"))
        assert (await client.reply()).startswith(b"220") and (await client.reply()).startswith(b"500")


@pytest.mark.parametrize("header", [version_1("203.0.113.9"), version_2("203.0.113.9")])
async def test_allow_goes_by_the_named_client(header: bytes) -> None:
    counted = ConnectionLimits(Limits())
    async with open_door(connections=counted, **BEHIND) as door, connect(door) as client:
        client.send(header)
        assert (await client.reply()).startswith(b"554 5.7.1") and await client.line() == b""
        await client.close()
        await until(lambda: counted.open == 0)


async def test_limits_go_by_the_named_client() -> None:
    """The balancer is one address with many clients: it has no limit of its own but the limit in all."""
    limits = {"connections_per_client": 1, "connections": 3}
    counted = ConnectionLimits(Limits.model_validate(limits))
    async with open_door(limits=limits, connections=counted, **BEHIND) as door:
        async with connect(door) as one, connect(door) as two, connect(door) as three, connect(door) as four:
            assert (await four.reply()).startswith(b"421 4.7.0")
            one.send(version_1("192.0.2.1"))
            two.send(version_1("192.0.2.2"))
            assert (await one.reply()).startswith(b"220") and (await two.reply()).startswith(b"220")
            three.send(version_1("192.0.2.1"))
            assert (await three.reply()).startswith(b"421 4.7.0")
        await until(lambda: counted.open == 0 and not counted._by_client)


@pytest.mark.parametrize("header", [b"PROXY UNKNOWN\r\n", version_2(command=0x20), SIGNATURE + b"\x21\0\0\0"])
async def test_a_balancer_that_names_nobody_is_the_client_itself(header: bytes) -> None:
    async with open_door(**BEHIND) as door, connect(door) as client:
        client.send(header)
        assert (await client.reply()).startswith(b"554 5.7.1")
    async with open_door(proxy_from=["127.0.0.1"], allow=["127.0.0.1"]) as door, connect(door) as client:
        client.send(header)
        assert (await client.reply()).startswith(b"220")


async def test_a_header_that_does_not_come_times_out_and_counts() -> None:
    limits = {"handshake_seconds": 1}
    counted = ConnectionLimits(Limits.model_validate(limits))
    async with open_door(limits=limits, connections=counted, **BEHIND) as door, connect(door) as client:
        client.send(b"PROXY TCP4 ")
        await until(lambda: counted.open == 1)
        async with asyncio.timeout(10):  # long before any of the other limits
            with suppress(ConnectionError):
                assert await client.reader.read() == b""
        await until(lambda: counted.open == 0)


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
async def test_with_tls_behind_it(tmp_path: Path, tls: str) -> None:
    """Header and the client's first flight in one packet: nothing of either is lost."""
    pair = make_pair(tmp_path)
    async with open_door(tls=tls, **pair, **BEHIND) as door:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        context = ssl.create_default_context(cafile=str(pair["certificate"]))
        client_side = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
        async with connect(door) as client:
            header = version_2()
            if tls == "starttls":
                client.send(header)
                assert (await client.reply()).startswith(b"220")
                assert (await client.ask(b"STARTTLS")).startswith(b"220")
                header = b""
            with pytest.raises(ssl.SSLWantReadError):
                client_side.do_handshake()
            client.send(header + outgoing.read())
            while True:
                incoming.write(await asyncio.wait_for(client.reader.read(65536), 5))
                try:
                    client_side.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    client.send(outgoing.read())
            client_side.write(b"EHLO pc.example\r\n")
            client.send(outgoing.read())
            said = b""
            while b"ENHANCEDSTATUSCODES" not in said:
                incoming.write(await asyncio.wait_for(client.reader.read(65536), 5))
                try:
                    while piece := client_side.read(65536):
                        said += piece
                except ssl.SSLWantReadError:
                    pass
            assert (b"220 guard.example" in said) == (tls == "implicit")


@pytest.mark.parametrize(("version", "tls"), [("1", "none"), ("2", "none"), ("2", "starttls")])
async def test_swaks(tmp_path: Path, version: str, tls: str) -> None:
    more = make_pair(tmp_path) if tls != "none" else {}
    async with open_door(tls=tls, **more, **BEHIND) as door:
        family = ("--proxy-version", version, "--proxy-family", "TCP4" if version == "1" else "AF_INET")
        kind = ("--proxy-protocol", "STREAM", "--proxy-command", "PROXY") if version == "2" else ()
        ends = ("--proxy-source", "192.0.2.7", "--proxy-source-port", "50000", "--proxy-dest", "198.51.100.1")
        people = ("--proxy-dest-port", "25", "--from", "a@in.example", "--to", "b@out.example")
        options = (*family, *kind, *ends, *people, *(("--tls",) if tls == "starttls" else ()))
        status, said = await run("swaks", "--server", f"127.0.0.1:{door.port}", *options)
        assert status == 0, said
    assert door.messages[0].session.peer == "192.0.2.7"


@pytest.mark.parametrize("networks", [["0.0.0.0/0"], ["::/0"], ["10.0.0.1/8"]])
def test_refused_networks(networks: list[str]) -> None:
    with pytest.raises(ValidationError):
        ListenerSettings.model_validate({"address": "127.0.0.1:25", "allow": ["10.0.0.0/8"], "proxy_from": networks})


def test_t5_behind_a_balancer_without_allow_would_be_an_open_relay() -> None:
    with pytest.raises(ValidationError, match="open relay"):
        ListenerSettings.model_validate({"address": "127.0.0.1:25", "proxy_from": ["127.0.0.1"]})


@pytest.mark.parametrize("header", [version_1(), version_2(), version_2("2001:db8::7", more=b"\x04\0\x01x")])
def test_a_header_in_parts_is_incomplete_until_its_last_octet(header: bytes) -> None:
    assert all(parse_proxy_header(header[:end]) is None for end in range(len(header)))
    for behind in (b"", b"x", b"\r\n", header):
        found = parse_proxy_header(header + behind)
        assert found is not None and found.length == len(header)


@pytest.mark.parametrize(
    "line",
    [
        b"PROXY TCP4 192.0.2.7 198.51.100.1 50000 25\n",
        b"PROXY TCP4  192.0.2.7 198.51.100.1 50000 25",
        b"PROXY TCP4 192.0.2.7 198.51.100.1 050000 25",
        b"PROXY TCP4 192.0.2.07 198.51.100.1 50000 25",
        b"PROXY TCP4 2001:db8::1 198.51.100.1 50000 25",
        b"PROXY TCP6 192.0.2.7 198.51.100.1 50000 25",
        b"PROXY TCP6 2001:db8::1 2001:db8::2%lo 50000 25",
        b"PROXY UDP4 192.0.2.7 198.51.100.1 50000 25",
        b"PROXY TCP4 192.0.2.7 198.51.100.1 50000 25 ",
        b"PROXY TCP4 192.0.2.7 198.51.100.1 50000",
        b"proxy TCP4 192.0.2.7 198.51.100.1 50000 25",
        b"PROXY UNKNOWNED",
        b"PROXY UNKNOWN " + b"x" * 100,
    ],
)
def test_malformed_lines(line: bytes) -> None:
    with pytest.raises(NoProxyHeader):
        parse_proxy_header(line + b"\r\n")


def test_a_header_without_room_for_its_addresses() -> None:
    with pytest.raises(NoProxyHeader):
        parse_proxy_header(SIGNATURE + b"\x21\x11\0\x0b" + b"x" * 11)


def test_an_ipv4_client_on_an_ipv6_socket() -> None:
    assert parse_proxy_header(version_2("::ffff:192.0.2.7")) == ProxyHeader("192.0.2.7", 52)


@given(st.binary(max_size=300) | st.binary(max_size=60).map(lambda tail: SIGNATURE + tail))
def test_any_octets_are_answered(octets: bytes) -> None:
    try:
        found = parse_proxy_header(octets)
    except NoProxyHeader:
        return
    assert found is None or 0 < found.length <= len(octets)
    if found is not None and found.client is not None:
        ip_address(found.client)
