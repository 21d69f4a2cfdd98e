"""Several smarthosts: by sender domain, in order, and the next one where one cannot be had."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path as File
from typing import Any

import pytest

from mailguard.core.envelope import Envelope
from mailguard.core.outcome import Transmission
from mailguard.core.rewrite.content import Content
from mailguard.smtp.routes import SmarthostRoutes
from mailguard.smtp.smarthost_capabilities import common, read_capabilities
from tests.fakes.smarthost import CUT, ORDINARY, STALL, Act, ScriptedSmarthost, say, say_and_cut
from tests.guard.world import SESSION
from tests.ports import free_port

from .samples import MESSAGE, A, D, R, certificate, envelope, outcomes, server_context, settings

EIGHT_BIT = "Subject: x\r\n\r\ncafé\r\n".encode()


@asynccontextmanager
async def routes(*each: Mapping[str, Any], clock: Callable[[], float] | None = None) -> AsyncIterator[SmarthostRoutes]:
    """each: port and settings of one smarthost."""
    made = [settings(**values) for values in each]
    found = SmarthostRoutes(made, hostname="guard.elmroad.example", **({"clock": clock} if clock else {}))
    try:
        yield found
    finally:
        await found.close()


async def send(
    found: SmarthostRoutes, sent: Envelope | None = None, content: bytes = MESSAGE, *, outbox: bool = False
) -> Transmission:
    connected = await (found.for_outbox() if outbox else found).connect(None if outbox else SESSION)
    try:
        async with asyncio.timeout(20):
            return await connected.transmit(sent or envelope(), Content(content))
    finally:
        await connected.release()


@pytest.mark.parametrize(
    ("sender", "ward"),
    [
        ("a@ward.example", True),
        ("a@north.ward.example", True),
        ("a@Ward.Example", True),
        ("a@forward.example", False),
        ("a@ward.example.net", False),
        ("a@elmroad.example", False),
        (None, False),
    ],
)
async def test_the_reverse_path_chooses_the_route(sender: str | None, ward: bool) -> None:
    async with ScriptedSmarthost() as default, ScriptedSmarthost() as other:
        by_domain = {"port": other.port, "sender_domains": ["WARD.example."]}
        async with routes({"port": default.port}, by_domain) as found:
            assert outcomes(await send(found, envelope(sender=sender))) == [A]
            assert outcomes(await send(found, envelope(sender=sender), outbox=True)) == [A]
        assert [len(default.messages), len(other.messages)] == ([0, 2] if ward else [2, 0])


async def test_the_longest_domain_counts() -> None:
    async with ScriptedSmarthost() as default, ScriptedSmarthost() as short, ScriptedSmarthost() as long:
        each = (
            {"port": default.port},
            {"port": short.port, "sender_domains": ["ward.example"]},
            {"port": long.port, "sender_domains": ["north.ward.example"]},
        )
        async with routes(*each) as found:
            await send(found, envelope(sender="a@x.north.ward.example"))
        assert [len(one.messages) for one in (default, short, long)] == [0, 0, 1]


CANNOT_BE_HAD: dict[str, dict[str, Act]] = {
    "connect": {"connect": CUT},
    "greeting": {"banner": say_and_cut(b"421 4.3.2 Not now")},
    "banner": {"banner": say_and_cut(b"554 5.3.2 No")},
    "garbage": {"banner": say_and_cut(b"HTTP/1.1 400 Bad Request")},
    "ehlo": {"ehlo": say(b"502 5.5.1 What")},
    "ehlo 421": {"ehlo": say_and_cut(b"421 4.3.2 Not now")},
    "silence": {"banner": STALL},
    "sign-in": {"auth": say(b"535 5.7.8 No")},
    "sign-in later": {"auth": say(b"454 4.7.0 Not now")},
}


@pytest.mark.parametrize("name", CANNOT_BE_HAD)
async def test_the_next_one_is_tried_where_one_cannot_be_had(name: str, tmp_path: File) -> None:
    password = tmp_path / "password"
    password.write_text("s3cret")
    own = {"tls": "none", "username": "guard", "password_file": password}
    script, extensions = CANNOT_BE_HAD[name], (*ORDINARY, b"AUTH PLAIN")
    async with ScriptedSmarthost(script, extensions=extensions) as first, ScriptedSmarthost() as second:
        each = ({"port": first.port, "connect_timeout_seconds": 1} | own, {"port": second.port})
        async with routes(*each) as found:
            sent = await send(found)
            assert outcomes(sent) == [A] and sent.trouble is None
        assert not first.transactions and len(second.messages) == 1


@pytest.mark.parametrize("wrong", ["no starttls", "starttls", "certificate"])
async def test_tls_trouble_goes_to_the_next_one(wrong: str, tmp_path: File) -> None:
    shown, trusted = certificate(tmp_path / "a"), certificate(tmp_path / "b")
    tls = None if wrong == "no starttls" else server_context(*shown)
    script = {"starttls": say(b"454 4.7.0 Not now")} if wrong == "starttls" else {}
    async with (
        ScriptedSmarthost(script, tls=tls) as first,
        ScriptedSmarthost(tls=server_context(*trusted)) as second,
    ):
        each = [{"port": one.port, "tls": "required", "ca_file": trusted[0]} for one in (first, second)]
        async with routes(*each) as found:
            assert outcomes(await send(found)) == [A]
        assert not first.transactions and len(second.messages) == 1


async def test_a_smarthost_that_refuses_the_connection() -> None:
    async with ScriptedSmarthost() as second, routes({"port": free_port()}, {"port": second.port}) as found:
        assert outcomes(await send(found)) == [A]
        assert [each.trouble for each in found.smarthosts] == ["connection refused", None]


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data", "dot"])
@pytest.mark.parametrize("act", [CUT, say_and_cut(b"421 4.3.2 Not now"), say(b"451 4.3.0 Later"), say(b"550 5.7.1 No")])
async def test_nothing_goes_to_another_once_mail_was_said(stage: str, act: Act) -> None:
    async with ScriptedSmarthost({stage: act}) as first, ScriptedSmarthost() as second:
        async with routes({"port": first.port}, {"port": second.port}) as found:
            assert A not in outcomes(await send(found))
        assert second.connections == 0


async def test_never_from_one_route_to_another() -> None:
    ward = {"port": free_port(), "sender_domains": ["ward.example"]}
    async with ScriptedSmarthost() as default, routes({"port": default.port}, ward) as found:
        sent = await send(found, envelope(sender="a@ward.example"))
        assert outcomes(sent) == [D] and sent.trouble == "connection refused" and default.connections == 0
    async with ScriptedSmarthost() as other:
        each = ({"port": free_port()}, {"port": other.port, "sender_domains": ["ward.example"]})
        async with routes(*each) as found:
            assert outcomes(await send(found)) == [D] and other.connections == 0


async def test_a_reused_connection_that_is_dead_may_end_at_the_next_one() -> None:
    async with ScriptedSmarthost() as first, ScriptedSmarthost() as second:
        async with routes({"port": first.port}, {"port": second.port}) as found:
            assert outcomes(await send(found)) == [A]
            first.say_from_now_on({"mail": CUT, "connect": CUT})
            assert outcomes(await send(found)) == [A]
        assert [len(first.messages), len(second.messages)] == [1, 1]


async def test_one_that_failed_is_passed_over_and_tried_again_afterwards() -> None:
    now = 1000.0
    async with ScriptedSmarthost({"banner": say_and_cut(b"421 4.3.2 Not now")}) as first, ScriptedSmarthost() as second:
        each = ({"port": first.port, "pass_over_seconds": 30}, {"port": second.port})
        async with routes(*each, clock=lambda: now) as found:
            for _ in range(3):
                assert outcomes(await send(found)) == [A]
            assert first.connections == 1 and len(second.messages) == 3
            first.say_from_now_on({})
            now += 29.0
            assert outcomes(await send(found)) == [A] and len(second.messages) == 4
            now += 2.0
            assert outcomes(await send(found)) == [A] and len(first.messages) == 1


async def test_one_that_is_busy_is_gone_past_and_not_passed_over() -> None:
    slow = Act(b"250 2.0.0 OK\r\n", wait_seconds=3.0)
    async with ScriptedSmarthost({"dot": slow}) as first, ScriptedSmarthost() as second:
        busy = {"port": first.port, "connections": 1, "connect_timeout_seconds": 1, "final_timeout_seconds": 20}
        async with routes(busy, {"port": second.port}) as found:
            sent = await asyncio.gather(send(found), send(found))
            assert [outcomes(one) for one in sent] == [[A], [A]]
            assert (len(first.messages), len(second.messages)) == (1, 1)
            assert not any(each.is_passed_over for each in found.smarthosts)


async def test_all_of_a_route_are_tried_where_all_are_down() -> None:
    down = {"banner": say_and_cut(b"421 4.3.2 Not now")}
    async with (
        ScriptedSmarthost(down) as first,
        ScriptedSmarthost(down) as second,
        routes({"port": first.port}, {"port": second.port}) as found,
    ):
        for count in (1, 2, 3):
            sent = await send(found)
            assert outcomes(sent) == [D] and sent.trouble == "service not available (421)"
            assert (first.connections, second.connections) == (count, count)


async def test_a_refresh_brings_a_smarthost_back() -> None:
    async with (
        ScriptedSmarthost({"ehlo": say_and_cut(b"421 4.3.2 Not now")}) as first,
        ScriptedSmarthost() as second,
        routes({"port": first.port}, {"port": second.port}) as found,
    ):
        assert outcomes(await send(found)) == [A]
        first.say_from_now_on({})
        await found.refresh()
        assert outcomes(await send(found)) == [A] and len(first.messages) == 1


async def test_the_deadline_bounds_all_smarthosts_together() -> None:
    async with ScriptedSmarthost({"banner": STALL}) as first, ScriptedSmarthost({"banner": STALL}) as second:
        each = [{"port": one.port, "connect_timeout_seconds": 60, "deadline_seconds": 1} for one in (first, second)]
        async with routes(*each) as found:
            async with asyncio.timeout(20):
                assert outcomes(await send(found)) == [D]


async def test_a_smarthost_that_lacks_what_the_message_needs_is_passed_by() -> None:
    async with (
        ScriptedSmarthost(extensions=(b"PIPELINING",)) as first,
        ScriptedSmarthost() as second,
        routes({"port": first.port}, {"port": second.port}) as found,
    ):
        assert outcomes(await send(found, content=EIGHT_BIT)) == [A] and len(second.messages) == 1
    async with ScriptedSmarthost(extensions=(b"PIPELINING",)) as poor:
        async with routes({"port": poor.port}, {"port": poor.port, "pass_over_seconds": 5}) as found:
            assert outcomes(await send(found, content=EIGHT_BIT)) == [R]
        async with routes({"port": free_port()}, {"port": poor.port}) as found:  # the first one may have it
            sent = await send(found, content=EIGHT_BIT)
            assert outcomes(sent) == [D] and sent.trouble == "connection refused"


async def test_limits_and_pace_are_each_smarthosts_own() -> None:
    async with ScriptedSmarthost(delay_seconds=0.02) as first, ScriptedSmarthost(delay_seconds=0.02) as second:
        each = (
            # Most of them wait for a connection: on a busy machine longer than these tests wait for one.
            {"port": first.port, "connections": 2, "messages_per_minute": 60, "connect_timeout_seconds": 60},
            {"port": second.port, "connections": 3, "sender_domains": ["ward.example"], "connect_timeout_seconds": 60},
        )
        async with routes(*each) as found:
            ward = envelope(sender="a@ward.example")
            sent = await asyncio.gather(*(send(found, which) for which in [envelope(), ward] * 12))
            assert [outcomes(one) for one in sent] == [[A]] * 24
            assert (first.connections, second.connections) == (2, 3)
            loop = asyncio.get_running_loop()
            begun = loop.time()
            for _ in range(50):
                await found.turn(ward)
            assert loop.time() - begun < 25  # without a pace of its own; at that of the first it would take 49 seconds
            assert found.smarthosts[0].pace.reserve() == 0.0 and found.smarthosts[0].pace.reserve() > 0.5


async def test_what_all_have_is_announced_and_who_was_never_reached_is_left_out() -> None:
    async with ScriptedSmarthost() as first, ScriptedSmarthost(extensions=(b"8BITMIME", b"SIZE 1000000")) as second:
        each = (
            {"port": first.port},
            {"port": second.port, "sender_domains": ["ward.example"]},
            {"port": free_port()},
        )
        async with routes(*each) as found:
            assert found.capabilities is None
            await found.refresh()
            known = found.capabilities
            assert known is not None and known.eight_bit and not known.dsn and not known.smtputf8
            assert known.size_limit == 1_000_000
            await second.stop()
            await found.refresh()
            assert found.capabilities == known  # a smarthost that went down keeps what it had


async def test_another_ehlo_than_before_is_told_and_what_others_heard_is_taken() -> None:
    heard: list[tuple[int, int | None]] = []
    async with (
        ScriptedSmarthost() as first,
        ScriptedSmarthost(extensions=(b"SIZE 1000",)) as second,
        routes({"port": first.port}, {"port": second.port, "sender_domains": ["ward.example"]}) as found,
    ):
        found.learned = lambda number, capabilities: heard.append((number, capabilities.size_limit))
        ward = envelope(sender="a@ward.example")
        for _ in range(2):
            assert outcomes(await send(found, ward)) == [A]
        assert heard == [(1, 1_000)]
        known = found.smarthosts[1].capabilities
        assert known is not None
        found.smarthosts[1].learn(replace(known, size_limit=500))
        assert found.capabilities is not None and found.capabilities.size_limit == 500
        assert heard == [(1, 1_000)]  # what came from another process is not told to it again


def test_the_smallest_limit_of_those_that_have_one() -> None:
    sizes = [read_capabilities({"SIZE": value}) for value in ("0", "500", "300")]
    assert common(sizes).size_limit == 300 and common(sizes[:1]).size_limit is None
