"""XCLIENT and XFORWARD: exactly what Postfix's two pages allow, and never an earlier client's name."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.core.outcome import Transmission
from mailguard.core.rewrite.content import Content
from mailguard.core.session import Session
from mailguard.smtp.routes import SmarthostRoutes
from mailguard.smtp.tell_client import xclient_command, xforward_commands
from tests.fakes.smarthost import CUT, ORDINARY, ScriptedSmarthost, say, say_and_cut
from tests.guard.world import SESSION
from tests.peers.postfix import Postfix

from .samples import MESSAGE, A, D, envelope, outcomes, pool

XCLIENT = (*ORDINARY, b"XCLIENT NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT")
XFORWARD = (*ORDINARY, b"XFORWARD NAME ADDR PROTO HELO PORT IDENT SOURCE")
ALL = ("NAME", "ADDR", "PORT", "PROTO", "HELO", "LOGIN", "IDENT", "SOURCE", "DESTADDR")
ANNA = replace(SESSION, peer="192.0.2.7", greeting="pc7.elmroad.example", account=None)
BEN = replace(SESSION, peer="2001:db8::9", greeting="[IPv6:2001:db8::9]", account="ben+x@elmroad.example")
WORD = re.compile(rb"[A-Z]+=(?:\[UNAVAILABLE\]|(?:[!-*,-<>-~]|\+[0-9A-F]{2})+)")


async def send(found: SmarthostRoutes, session: Session | None) -> Transmission:
    connected = await (found if session else found.for_outbox()).connect(session)
    try:
        async with asyncio.timeout(20):
            return await connected.transmit(envelope(), Content(MESSAGE))
    finally:
        await connected.release()


def told(smarthost: ScriptedSmarthost, verb: bytes) -> list[bytes]:
    return [line for line in smarthost.lines if line.startswith(verb)]


@given(st.text(min_size=1, max_size=300), st.text(max_size=300), st.sets(st.sampled_from(ALL)))
def test_commands_have_announced_names_xtext_and_512_octets(greeting: str, account: str, announced: set[str]) -> None:
    session = replace(SESSION, greeting=greeting, account=account)
    one = xclient_command(session, sorted(announced | {"ADDR"}))
    assert b" ADDR=" in one
    for commands, names in (([one], announced | {"ADDR"}), (xforward_commands(session, sorted(announced)), announced)):
        for command in commands:
            assert len(command) <= 512 and command.endswith(b"\r\n")
            _, *words = command[:-2].split(b" ")
            assert words and all(WORD.fullmatch(word) for word in words)
            assert {word.partition(b"=")[0].decode() for word in words} <= names


def test_what_is_said_of_a_client() -> None:
    assert xclient_command(ANNA, ALL) == (
        b"XCLIENT NAME=[UNAVAILABLE] ADDR=192.0.2.7 PORT=[UNAVAILABLE] PROTO=ESMTP HELO=pc7.elmroad.example "
        b"LOGIN=[UNAVAILABLE]\r\n"
    )
    command = xclient_command(BEN, ("ADDR", "LOGIN", "HELO"))
    assert command == b"XCLIENT ADDR=IPV6:2001:db8::9 HELO=[IPv6:2001:db8::9] LOGIN=ben+2Bx@elmroad.example\r\n"
    (command,) = xforward_commands(replace(ANNA, peer="::ffff:192.0.2.7", extended=False), ("ADDR", "PROTO", "SOURCE"))
    assert command == b"XFORWARD ADDR=192.0.2.7 PROTO=SMTP SOURCE=REMOTE\r\n"
    assert xclient_command(replace(ANNA, peer="unix"), ("ADDR",)) == b"XCLIENT ADDR=[UNAVAILABLE]\r\n"


def test_what_makes_the_command_too_long_is_unknown() -> None:
    command = xclient_command(replace(ANNA, greeting="h" * 250, account="l" * 250), ALL)
    assert b"HELO=[UNAVAILABLE] LOGIN=" + b"l" * 250 in command and b"ADDR=192.0.2.7" in command
    assert xclient_command(replace(ANNA, greeting="=" * 200), ("HELO",)) == b"XCLIENT HELO=[UNAVAILABLE]\r\n"
    one, two = xforward_commands(replace(ANNA, greeting="h" * 250, identifier="i" * 250), ALL)
    assert b"HELO=" in one and two.startswith(b"XFORWARD IDENT=i")


async def test_xforward_before_each_message_and_the_outbox_takes_it_back() -> None:
    async with (
        ScriptedSmarthost({"xforward": say(b"250 2.0.0 OK")}, extensions=XFORWARD) as smarthost,
        pool(smarthost.port, tell_client="xforward") as found,
    ):
        for session in (ANNA, BEN, None, ANNA):
            assert outcomes(await send(found, session)) == [A]
        assert smarthost.connections == 1
        said = told(smarthost, b"XFORWARD")
        assert [re.search(rb"ADDR=(\S+)", line)[1] for line in said] == [  # type: ignore[index]
            b"192.0.2.7", b"IPV6:2001:db8::9", b"[UNAVAILABLE]", b"192.0.2.7",
        ]  # fmt: skip
        assert said[2] == (
            b"XFORWARD NAME=[UNAVAILABLE] ADDR=[UNAVAILABLE] PORT=[UNAVAILABLE] PROTO=[UNAVAILABLE] "
            b"HELO=[UNAVAILABLE] IDENT=[UNAVAILABLE] SOURCE=LOCAL"
        )


async def test_xforward_before_each_transaction_of_one_message() -> None:
    async with (
        ScriptedSmarthost(extensions=XFORWARD, too_many_after=2) as smarthost,
        pool(smarthost.port, tell_client="xforward") as found,
    ):
        connected = await found.connect(ANNA)
        assert outcomes(await connected.transmit(envelope(5), Content(MESSAGE))) == [A] * 5
        await connected.release()
        assert len(told(smarthost, b"XFORWARD")) == len(smarthost.messages) == 3 and smarthost.connections == 1


async def test_xforward_that_is_not_announced_or_refused_does_not_stop_mail() -> None:
    for script, extensions in (({}, ORDINARY), ({"xforward": say(b"550 5.7.0 Insufficient authorization")}, XFORWARD)):
        async with (
            ScriptedSmarthost(script, extensions=extensions) as smarthost,
            pool(smarthost.port, tell_client="xforward") as found,
        ):
            assert outcomes(await send(found, ANNA)) == [A]
            assert not any(line.startswith(b"XFORWARD") for line in smarthost.lines) or extensions is XFORWARD


async def test_xforward_refused_on_a_used_connection_never_leaves_an_earlier_client_on_it() -> None:
    async with (
        ScriptedSmarthost({"xforward": say(b"250 2.0.0 OK")}, extensions=XFORWARD) as smarthost,
        pool(smarthost.port, tell_client="xforward") as found,
    ):
        assert outcomes(await send(found, ANNA)) == [A]
        smarthost.say_from_now_on({"xforward": say(b"501 5.5.4 What")})
        assert outcomes(await send(found, BEN)) == [A]
        assert [message.session for message in smarthost.messages] == [1, 2]


@pytest.mark.parametrize("act", [CUT, say_and_cut(b"421 4.3.2 Not now")])
async def test_an_idle_connection_that_died_before_xforward_is_replaced(act: Any) -> None:
    async with (
        ScriptedSmarthost({"xforward": say(b"250 2.0.0 OK")}, extensions=XFORWARD, only_first=True) as smarthost,
        pool(smarthost.port, tell_client="xforward") as found,
    ):
        assert outcomes(await send(found, ANNA)) == [A]
        smarthost.script["xforward"] = act
        assert outcomes(await send(found, BEN)) == [A] and len(smarthost.messages) == 2


async def test_xclient_starts_anew_and_what_is_announced_then_counts() -> None:
    """The second EHLO has no PIPELINING and no 8BITMIME: the message's commands go one by one."""
    async with (
        ScriptedSmarthost(extensions=XCLIENT, extensions_after_xclient=(b"SIZE 1000",)) as smarthost,
        pool(smarthost.port, tell_client="xclient") as found,
    ):
        assert outcomes(await send(found, ANNA)) == [A]
        verbs = [line.split(b" ")[0] for line in smarthost.lines]
        assert verbs[:4] == [b"EHLO", b"XCLIENT", b"EHLO", b"MAIL"]
        connected = await found.connect(ANNA)
        sent = await connected.transmit(envelope(), Content("Subject: x\r\n\r\ncafé\r\n".encode()))
        await connected.release()
        assert sent.reply is not None and sent.reply.status == "5.6.3"


async def test_a_connection_that_named_a_client_carries_that_client_alone() -> None:
    async with (
        ScriptedSmarthost(extensions=XCLIENT) as smarthost,
        pool(smarthost.port, tell_client="xclient") as found,
    ):
        for session in (ANNA, BEN, ANNA, None, BEN, None):
            assert outcomes(await send(found, session)) == [A]
        assert [message.session for message in smarthost.messages] == [1, 2, 1, 3, 2, 3]
        assert len(told(smarthost, b"XCLIENT")) == 2
        other = replace(ANNA, account="anna")
        assert outcomes(await send(found, other)) == [A] and smarthost.connections == 4


@pytest.mark.parametrize(
    ("script", "extensions", "trouble"),
    [
        ({}, ORDINARY, "XCLIENT not offered"),
        ({}, (*ORDINARY, b"XCLIENT NAME HELO"), "XCLIENT not offered"),
        ({"xclient": say(b"550 5.7.0 No")}, XCLIENT, "XCLIENT refused"),
        ({"xclient": say(b"554 5.7.1 Client host rejected")}, XCLIENT, "XCLIENT refused"),
        ({"xclient": say(b"250 2.0.0 OK")}, XCLIENT, "XCLIENT refused"),
        ({"xclient": say_and_cut(b"421 4.7.0 No")}, XCLIENT, "service not available (421)"),
        ({"xclient": CUT}, XCLIENT, "connection lost"),
    ],
)
async def test_without_xclient_mail_waits(script: Any, extensions: Any, trouble: str) -> None:
    async with (
        ScriptedSmarthost(script, extensions=extensions) as smarthost,
        pool(smarthost.port, tell_client="xclient") as found,
    ):
        sent = await send(found, ANNA)
        assert outcomes(sent) == [D] and sent.trouble == trouble and not smarthost.transactions
        assert outcomes(await send(found, None)) == [A]  # what the guard sends names nobody


@pytest.fixture(scope="module")
def postfix() -> Iterator[Postfix]:
    trusted = {"smtpd_authorized_xclient_hosts": "127.0.0.1", "smtpd_authorized_xforward_hosts": "127.0.0.1"}
    with Postfix(
        extra=trusted | {"inet_protocols": "all", "mynetworks": "127.0.0.0/8 192.0.2.0/24 [2001:db8::]/32"}
    ) as peer:
        yield peer


def clients(log: str) -> list[str]:
    """The client that Postfix logged for each message, in order."""
    return re.findall(r"smtpd\[\d+\]: [0-9A-F]+: client=(\S+)", log)


async def logged(postfix: Postfix, seen: int, count: int) -> list[str]:
    async with asyncio.timeout(20):
        while len(found := clients(postfix.log())[seen:]) < count:
            await asyncio.sleep(0.05)
    return found


async def test_postfix_xclient(postfix: Postfix) -> None:
    seen = len(clients(postfix.log()))
    async with pool(postfix.port, tell_client="xclient", tls="none") as found:
        for session in (ANNA, BEN, None, ANNA):
            sent = await send(found, session)
            assert outcomes(sent) == [A], (sent.trouble, postfix.log()[-2000:])
        sent = await send(found, replace(ANNA, peer="198.51.100.1"))  # its access rules apply to the client
        assert A not in outcomes(sent) and sent.reply is not None and sent.reply.code == 554
    said = [each.rstrip(",") for each in await logged(postfix, seen, 4)]
    assert said == ["unknown[192.0.2.7]", "unknown[2001:db8::9]", "unknown[127.0.0.1]", "unknown[192.0.2.7]"]
    assert re.search(r"client=unknown\[2001:db8::9\].*sasl_username=ben\+x@elmroad.example", postfix.log())


async def test_postfix_xforward(postfix: Postfix) -> None:
    seen = len(re.findall(r"orig_client=(\S+)", postfix.log()))
    async with pool(postfix.port, tell_client="xforward", tls="none") as found:
        for session in (ANNA, BEN, ANNA):
            assert outcomes(await send(found, session)) == [A]
    async with asyncio.timeout(20):
        while len(said := re.findall(r"orig_client=(\S+)", postfix.log())[seen:]) < 3:
            await asyncio.sleep(0.05)
    assert [each.rstrip(",") for each in said] == ["unknown[192.0.2.7]", "unknown[2001:db8::9]", "unknown[192.0.2.7]"]
