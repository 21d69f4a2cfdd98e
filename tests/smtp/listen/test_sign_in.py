"""Signing in at a real socket: what is announced, who must, what a part that misbehaves comes to, and who is told."""

from __future__ import annotations

import asyncio
import time
from base64 import b64encode
from typing import Any

import pytest

from mailguard import logs
from mailguard.core.outcome import SmarthostReply
from mailguard.core.reply import Reply
from mailguard.core.sign_in import SignInAnswer, SignInOutcome
from mailguard.smtp import channel, connection, conversation
from mailguard.smtp import doorkeeper as doorkeeper_module
from mailguard.smtp.listen_settings import Limits
from mailguard.smtp.sign_in_limits import SignInLimits, TurnsHere
from tests.conditions import until
from tests.fakes.sign_in import ACCEPTED, REFUSED, UNAVAILABLE, FakeSignIn
from tests.smtp.listen.certificates import make_pair
from tests.smtp.listen.door import Client, Events, connect, open_door
from tests.smtp.listen.test_tls import careless, start_tls

SECRET = b"correct horse battery staple"
PLAIN = b"AUTH PLAIN " + b64encode(b"\0anna@in.example\0" + SECRET)


def keeping(sign_in: FakeSignIn, **more: Any) -> dict[str, Any]:
    return {"sign_in": "smarthost", "doorkeeper": {"sign_in": sign_in, **more}}


async def greet(client: Client) -> list[bytes]:
    """The extensions that EHLO announces."""
    await client.reply()
    return await hello(client)


async def hello(client: Client) -> list[bytes]:
    client.send(b"EHLO client.example\r\n")
    lines = [await client.line()]
    while lines[-1][3:4] == b"-":
        lines.append(await client.line())
    return [line[4:] for line in lines[1:]]


async def test_a_session_that_signs_in() -> None:
    sign_in, told = FakeSignIn(), []
    async with open_door(**keeping(sign_in, sign_in_watch=told.append)) as door, connect(door) as client:
        assert b"AUTH PLAIN LOGIN XOAUTH2 OAUTHBEARER" in await greet(client)
        assert await client.ask(b"MAIL FROM:<anna@in.example>") == b"530 5.7.0 Sign in first"
        assert await client.ask(PLAIN) == b"235 2.7.0 Signed in"
        assert await client.ask(PLAIN) == b"503 5.5.1 Signed in already"
        await hello(client)  # who it is stays known
        for line in (b"MAIL FROM:<anna@in.example>", b"RCPT TO:<b@out.example>"):
            assert (await client.ask(line)).startswith(b"250")
        assert (await client.ask(b"DATA")).startswith(b"354")
        assert (await client.ask(b"x: y\r\n\r\n.")).startswith(b"250")
    session = door.messages[0].session
    assert session.account == "anna@in.example" and session.bound and session.trusted and session.may_send_as is None
    assert [each.identifier for each, _ in sign_in.tried] == sign_in.left == [session.identifier]
    assert sign_in.tried[0][1].responses == (b"\0anna@in.example\0" + SECRET,) and told == ["accepted"]


@pytest.mark.parametrize("mechanisms", [("LOGIN", "PLAIN"), ("CRAM-MD5", "PLAIN", "LOGIN")])
async def test_mechanisms_are_announced_in_our_order(mechanisms: tuple[str, ...]) -> None:
    async with open_door(**keeping(FakeSignIn(mechanisms=mechanisms))) as door, connect(door) as client:
        assert b"AUTH PLAIN LOGIN" in await greet(client)
        assert (await client.ask(b"AUTH CRAM-MD5")).startswith(b"504 5.5.4")
        assert (await client.ask(b"AUTH XOAUTH2 =")).startswith(b"504 5.5.4")


@pytest.mark.parametrize("mechanisms", [(), RuntimeError("x"), None])
async def test_where_nothing_can_be_tried_now(mechanisms: Any) -> None:
    async with open_door(**keeping(FakeSignIn(mechanisms=mechanisms))) as door, connect(door) as client:
        assert not [each for each in await greet(client) if each.startswith(b"AUTH")]
        assert (await client.ask(PLAIN)).startswith(b"454 4.7.0")


@pytest.mark.parametrize(("allow", "asked"), [([], True), (["192.0.2.0/24"], True), (["127.0.0.0/8"], False)])
async def test_t5_a_client_inside_allow_need_not_sign_in_and_others_must(allow: list[str], asked: bool) -> None:
    async with open_door(allow=allow, **keeping(FakeSignIn())) as door, connect(door) as client:
        assert b"AUTH PLAIN LOGIN XOAUTH2 OAUTHBEARER" in await greet(client)
        said = await client.ask(b"MAIL FROM:<a@in.example>")
        assert said.startswith(b"530 5.7.0" if asked else b"250")
        if asked:
            assert (await client.ask(b"RCPT TO:<b@out.example>")).startswith(b"503")
            assert (await client.ask(b"DATA")).startswith(b"503")


async def test_t5_helo_does_not_get_around_it() -> None:
    async with open_door(**keeping(FakeSignIn())) as door, connect(door) as client:
        await client.reply()
        assert (await client.ask(PLAIN)).startswith(b"503 5.5.1")
        assert (await client.ask(b"HELO x")).startswith(b"250")
        assert (await client.ask(PLAIN)).startswith(b"503 5.5.1")
        assert (await client.ask(b"MAIL FROM:<a@in.example>")).startswith(b"530 5.7.0")


async def test_t7_no_sign_in_before_tls(tmp_path: Any) -> None:
    sign_in = FakeSignIn()
    async with open_door(tls="starttls", **make_pair(tmp_path), **keeping(sign_in)) as door, connect(door) as client:
        assert not [each for each in await greet(client) if each.startswith(b"AUTH")]
        assert (await client.ask(PLAIN)).startswith(b"538 5.7.11")
        assert (await client.ask(b"AUTH LOGIN")).startswith(b"538 5.7.11")
        assert (await client.ask(b"STARTTLS")).startswith(b"220")
        await start_tls(client, careless())
        assert (await client.ask(PLAIN)).startswith(b"503 5.5.1")  # EHLO is due anew
        assert b"AUTH PLAIN LOGIN XOAUTH2 OAUTHBEARER" in await hello(client)
        assert (await client.ask(PLAIN)).startswith(b"235")
        assert (await client.ask(b"STARTTLS")).startswith(b"503 5.5.1")
        assert len(sign_in.tried) == 1 and sign_in.tried[0][0].secure


async def test_t3_what_was_injected_before_starttls_signs_nobody_in(tmp_path: Any) -> None:
    """An attacker's own credentials before the client's TLS would make the client's mail his (the STARTTLS attack)."""
    sign_in = FakeSignIn()
    async with open_door(tls="starttls", **make_pair(tmp_path), **keeping(sign_in)) as door, connect(door) as client:
        await greet(client)
        client.send(b"STARTTLS\r\nEHLO x\r\n" + PLAIN + b"\r\n")
        assert (await client.reply()).startswith(b"220")
        await start_tls(client, careless())
        await hello(client)
        assert (await client.ask(b"MAIL FROM:<a@in.example>")).startswith(b"530 5.7.0")
        assert sign_in.tried == []


async def test_no_sign_in_inside_a_transaction() -> None:
    async with open_door(allow=["127.0.0.1"], **keeping(FakeSignIn())) as door, connect(door) as client:
        await client.begin()
        assert (await client.ask(PLAIN)).startswith(b"503 5.5.1")
        assert (await client.ask(b"RSET")).startswith(b"250")
        assert (await client.ask(PLAIN)).startswith(b"235")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (REFUSED, b"535 5.7.8 Not signed in: the name or the password is wrong"),
        (UNAVAILABLE, b"454 4.7.0 Not signed in: this cannot be checked now, try again later"),
        (
            SignInAnswer(SignInOutcome.REFUSED, SmarthostReply(535, "5.7.139", "Basic auth\x1b[31m is\r\n250 off")),
            b"535 5.7.8 Not signed in, the mail server says: 535 5.7.139 Basic auth [31m is 250 off",
        ),
    ],
)
async def test_who_is_not_signed_in(answer: SignInAnswer, said: bytes) -> None:
    sign_in = FakeSignIn(answer)
    async with open_door(**keeping(sign_in)) as door, connect(door) as client:
        await greet(client)
        assert await client.ask(PLAIN) == said
        assert (await client.ask(b"MAIL FROM:<a@in.example>")).startswith(b"530")
        sign_in.answer = ACCEPTED
        assert (await client.ask(PLAIN)).startswith(b"235")


async def test_a_long_answer_of_the_smarthost_is_cut() -> None:
    answer = SignInAnswer(SignInOutcome.REFUSED, SmarthostReply(535, None, "x" * 2_000))
    async with open_door(**keeping(FakeSignIn(answer))) as door, connect(door) as client:
        await greet(client)
        assert len(await client.ask(PLAIN)) == len("535 5.7.8 ") + 400


async def test_why_a_token_was_refused_comes_before_the_refusal() -> None:
    """RFC 7628 section 3.2.3, and XOAUTH2: whatever the client says to it, 535 follows."""
    sign_in = FakeSignIn(SignInAnswer(SignInOutcome.REFUSED, None, b'{"status":"401"}'))
    auth = b"AUTH XOAUTH2 " + b64encode(b"user=anna\x01auth=Bearer t\x01\x01")
    async with open_door(**keeping(sign_in), limits={"sign_in_failures": 5}) as door, connect(door) as client:
        await greet(client)
        for response in (b"", b"AQ==", b"*", b"\xff not base64"):
            assert await client.ask(auth) == b"334 " + b64encode(b'{"status":"401"}')
            assert (await client.ask(response)).startswith(b"535 5.7.8")
        sign_in.answer = SignInAnswer(SignInOutcome.REFUSED, None, b"x" * 50_000)
        assert (await client.ask(auth)).startswith(b"535 5.7.8")


async def test_t7_a_line_too_long_does_not_get_around_the_third_failure() -> None:
    """Refused tokens count where the client answers to why with something that is no response at all."""
    sign_in = FakeSignIn(SignInAnswer(SignInOutcome.REFUSED, None, b"why"))
    auth = b"AUTH XOAUTH2 " + b64encode(b"user=anna\x01auth=Bearer t\x01\x01")
    async with open_door(**keeping(sign_in)) as door, connect(door) as client:
        await greet(client)
        for _ in range(3):
            assert await client.ask(auth) == b"334 " + b64encode(b"why")
            client.send(b"A" * 12_500)
            await asyncio.sleep(0.05)  # it arrives in two pieces, and the first is thrown away as it comes
            assert (await client.ask(b"A" * 100)).startswith(b"535 5.7.8")
        assert await client.line() == b"421 4.7.0 Too many failed sign-ins, connect again"
    assert len(sign_in.tried) == 3


@pytest.mark.parametrize(
    "answer",
    [
        RuntimeError("correct horse battery staple"),
        asyncio.CancelledError(),
        None,
        True,
        "accepted",
        Reply(235, "2.7.0", "Signed in"),
        SignInAnswer("accepted"),  # type: ignore[arg-type]
        SignInAnswer(SignInOutcome.REFUSED, "535 no"),  # type: ignore[arg-type]
        SignInAnswer(SignInOutcome.REFUSED, None, "text"),  # type: ignore[arg-type]
    ],
)
async def test_a_part_that_misbehaves_signs_nobody_in(answer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    events, told = Events(), []
    monkeypatch.setattr(doorkeeper_module, "log", events)
    sign_in = FakeSignIn(answer)
    async with open_door(**keeping(sign_in, sign_in_watch=told.append)) as door, connect(door) as client:
        await greet(client)
        said = (await client.ask(PLAIN)).decode()
        assert said.startswith("454 4.7.0") and events.fields("sign_in_failed")["ref"] in said and "horse" not in said
        assert (await client.ask(b"MAIL FROM:<a@in.example>")).startswith(b"530")
        assert (await client.ask(b"QUIT")).startswith(b"221")
        await until(lambda: sign_in.left)
    assert len(sign_in.left) == 1 and told == ["unavailable"]  # it may have signed in before it failed


@pytest.mark.parametrize("stubborn", [False, True])
async def test_an_attempt_that_hangs(stubborn: bool) -> None:
    sign_in = FakeSignIn(stubborn=stubborn)
    sign_in.gate.clear()
    async with open_door(**keeping(sign_in), limits={"sign_in_seconds": 1}) as door, connect(door) as client:
        await greet(client)
        assert (await client.ask(PLAIN)).startswith(b"454 4.7.0")
        assert (await client.ask(b"MAIL FROM:<a@in.example>")).startswith(b"530")
        client.send(b"QUIT\r\n")
        assert (await client.reply()).startswith(b"221")
        sign_in.gate.set()
        await until(lambda: sign_in.left)
    assert len(sign_in.left) == 1


@pytest.mark.parametrize("lost", [True, RuntimeError("x"), 1])
async def test_a_lost_sign_in_is_told_before_mail(lost: Any) -> None:
    sign_in = FakeSignIn()
    async with open_door(**keeping(sign_in)) as door, connect(door) as client:
        await greet(client)
        assert (await client.ask(PLAIN)).startswith(b"235")
        sign_in.lost = lost
        assert (await client.ask(b"MAIL FROM:<a@in.example>")).startswith(b"421 4.7.0")
        assert await client.line() == b""
        await until(lambda: sign_in.left)
    assert len(sign_in.left) == 1


@pytest.mark.parametrize("how", ["reset", "half", "quit", "idle", "stop", "error"])
async def test_leave_is_called_once_however_a_session_ends(how: str) -> None:
    sign_in = FakeSignIn()
    limits = {"errors_per_session": 1, **({"idle_seconds": 2} if how == "idle" else {})}
    async with open_door(**keeping(sign_in), limits=limits) as door, connect(door) as client:
        await greet(client)
        assert (await client.ask(PLAIN)).startswith(b"235")
        if how == "reset":
            client.writer.transport.abort()
        elif how == "half":
            client.writer.write_eof()
        elif how == "stop":
            await door.listener.stop(1.0)
        elif how != "idle":
            client.send({"quit": b"QUIT\r\n", "error": b"NONSENSE\r\nNONSENSE\r\n"}[how])
        await until(lambda: sign_in.left)
    assert len(sign_in.left) == 1


@pytest.mark.parametrize("leaving", [RuntimeError("x"), asyncio.CancelledError()])
async def test_a_leave_that_raises_harms_nobody(leaving: BaseException) -> None:
    sign_in = FakeSignIn()
    sign_in.leaving = leaving
    async with open_door(**keeping(sign_in)) as door:
        for _ in range(2):
            async with connect(door) as client:
                await greet(client)
                assert (await client.ask(PLAIN)).startswith(b"235")
                assert (await client.ask(b"QUIT")).startswith(b"221")
        await until(lambda: len(sign_in.left) == 2)


async def test_nobody_leaves_who_never_signed_in() -> None:
    sign_in = FakeSignIn(REFUSED)
    async with open_door(**keeping(sign_in)) as door, connect(door) as client:
        await greet(client)
        assert (await client.ask(PLAIN)).startswith(b"535")
    assert len(sign_in.tried) == 1 and sign_in.left == []


async def test_a_client_that_vanishes_during_the_attempt() -> None:
    sign_in = FakeSignIn()
    sign_in.gate.clear()
    async with open_door(**keeping(sign_in)) as door:
        async with connect(door) as client:
            await greet(client)
            client.send(PLAIN + b"\r\n")
            await sign_in.begun.wait()
            client.writer.transport.abort()
        sign_in.gate.set()
        await until(lambda: sign_in.left)
    assert len(sign_in.left) == 1


async def test_stop_cuts_off_an_attempt_and_leaves() -> None:
    sign_in = FakeSignIn()
    sign_in.gate.clear()
    async with open_door(**keeping(sign_in)) as door, connect(door) as client:
        await greet(client)
        client.send(PLAIN + b"\r\n")
        await sign_in.begun.wait()
        async with asyncio.timeout(10):
            await door.listener.stop(0.0)
    assert len(sign_in.left) == 1 and door.messages == []


async def test_t7_the_third_failure_ends_the_connection() -> None:
    sign_in = FakeSignIn(REFUSED)
    async with open_door(**keeping(sign_in)) as door, connect(door) as client:
        await greet(client)
        empty = b"AUTH PLAIN " + b64encode(b"\0anna\0")
        assert (await client.ask(PLAIN)).startswith(b"535")
        assert (await client.ask(empty)).startswith(b"535")
        assert (await client.ask(PLAIN)).startswith(b"535")
        assert await client.line() == b"421 4.7.0 Too many failed sign-ins, connect again"
        assert await client.line() == b""


async def test_t7_what_is_slowed_is_not_tried() -> None:
    sign_in, told = FakeSignIn(REFUSED), []
    shared = SignInLimits(Limits.model_validate({"sign_in_failures_per_account": 1, "sign_in_wait_seconds": 1}))
    for _ in range(2):
        assert shared.reserve("198.51.100.1", "anna@in.example", time.monotonic()) is not None
    keeper = {"sign_in_limits": TurnsHere(shared), "sign_in_watch": told.append}
    async with open_door(**keeping(sign_in, **keeper)) as door, connect(door) as client:
        await greet(client)
        said = await client.ask(PLAIN)
        assert said == b"454 4.7.0 Not signed in: too many attempts failed, try again in a few minutes"
    assert sign_in.tried == [] and told == ["slowed"]


async def test_t7_two_listeners_share_their_limits() -> None:
    sign_in = FakeSignIn(REFUSED)
    shared = SignInLimits(Limits.model_validate({"sign_in_failures_per_account": 2, "sign_in_wait_seconds": 1}))
    more = keeping(sign_in, sign_in_limits=TurnsHere(shared))
    said = []
    async with open_door(**more) as one, open_door(**more) as other:
        for door in (one, other, one, other, one, other):
            async with connect(door) as client:
                await greet(client)
                said.append((await client.ask(PLAIN))[:3])
    assert said.count(b"454") >= 1 and said[0] == said[1] == b"535"


async def test_a_response_that_was_not_waited_for() -> None:
    """RFC 4954 section 4: behind AUTH without an initial response nothing may follow. The secret is no command."""
    sign_in = FakeSignIn()
    async with open_door(**keeping(sign_in)) as door, connect(door) as client:
        await greet(client)
        client.send(b"AUTH LOGIN\r\n" + b64encode(b"anna") + b"\r\n" + b64encode(SECRET) + b"\r\n")
        assert (await client.reply()).startswith(b"503 5.5.1 Wait")
        assert await client.line() == b""
    assert sign_in.tried == []


async def test_what_is_pipelined_behind_plain_waits_for_the_answer() -> None:
    """The one exception that RFC 4954 section 4 makes."""
    sign_in = FakeSignIn()
    sign_in.gate.clear()
    async with open_door(**keeping(sign_in)) as door, connect(door) as client:
        await greet(client)
        client.send(PLAIN + b"\r\nMAIL FROM:<a@in.example>\r\nRCPT TO:<b@out.example>\r\n")
        await sign_in.begun.wait()
        sign_in.gate.set()
        assert [each[:3] for each in await client.replies(3)] == [b"235", b"250", b"250"]


async def test_what_is_pipelined_behind_a_refused_plain_is_not_carried_out() -> None:
    async with open_door(**keeping(FakeSignIn(REFUSED))) as door, connect(door) as client:
        await greet(client)
        client.send(PLAIN + b"\r\nMAIL FROM:<a@in.example>\r\nRCPT TO:<b@out.example>\r\nDATA\r\n")
        assert [each[:3] for each in await client.replies(4)] == [b"535", b"530", b"503", b"503"]


@pytest.mark.parametrize("pieces", [1, 40])
@pytest.mark.parametrize("command", [True, False])
async def test_lines_of_12288_octets(command: bool, pieces: int) -> None:
    """The AUTH command and each response, with CRLF; one octet more is refused, and other commands stay short."""
    sign_in = FakeSignIn()
    prefix = b"AUTH XOAUTH2 " if command else b""
    longest = (12_288 - 2 - len(prefix)) // 4 * 3
    fits = b"user=anna\x01auth=Bearer ".ljust(longest - 2, b"t") + b"\x01\x01"
    async with open_door(**keeping(sign_in)) as door, connect(door) as client:
        await greet(client)
        for octets, said in ((fits + b"xxx", b"500 5.5.6"), (b"y" * 20_000, b"500 5.5.6"), (fits, b"235")):
            if not command:
                assert await client.ask(b"AUTH XOAUTH2") == b"334 "
            line = prefix + b64encode(octets) + b"\r\n"
            for at in range(0, len(line), len(line) // pieces + 1):
                client.send(line[at : at + len(line) // pieces + 1])
                if pieces > 1:
                    await client.writer.drain()
                    await asyncio.sleep(0.001)
            assert (await client.reply()).startswith(said)
        assert (await client.ask(b"NOOP " + b"x" * 3_000)).startswith(b"500 5.5.2")
    assert sign_in.tried[0][1].responses == (fits,)


async def test_long_auth_lines_only_where_one_can_sign_in() -> None:
    async with open_door() as door, connect(door) as client:
        await greet(client)
        assert (await client.ask(b"AUTH PLAIN " + b"A" * 1_000)).startswith(b"500 5.5.2")
        assert (await client.ask(b"AUTH PLAIN " + b"A" * 4_000)).startswith(b"500 5.5.2")
        assert (await client.ask(PLAIN)).startswith(b"502 5.5.1")


async def test_t10_http_inside_an_exchange() -> None:
    async with open_door(**keeping(FakeSignIn())) as door, connect(door) as client:
        await greet(client)
        assert (await client.ask(b"AUTH PLAIN")) == b"334 "
        client.send(b"POST / HTTP/1.1\r\n")
        assert await client.line() == b""


async def test_a_slow_response_ends_the_session() -> None:
    async with open_door(**keeping(FakeSignIn()), limits={"command_seconds": 1}) as door, connect(door) as client:
        await greet(client)
        assert (await client.ask(b"AUTH PLAIN")) == b"334 "
        client.send(b"AGFubmE")
        assert (await client.reply()).startswith(b"421 4.4.2")


@pytest.mark.parametrize(
    ("account", "own"),
    [
        ("Anna@IN.example", {"anna@in.example", "reception@in.example"}),
        ("scanner", {"reception@in.example", "b\u00fccher@xn--bcher-kva.example"}),
        ("nobody", set()),
        ("a@b@in.example", set()),
        ("\uff41nna@in.example", set()),
    ],
)
async def test_own_address_only_fills_what_an_account_may_send_as(account: str, own: set[str]) -> None:
    given = {
        "own_address_only": True,
        "send_as": {"anna@in.example": ["Reception@in.example"], "SCANNER": ["b\u00fccher@b\u00fccher.example"]},
    }
    given["send_as"]["scanner"] = ["reception@in.example"]  # type: ignore[index]
    async with open_door(**keeping(FakeSignIn()), **given) as door, connect(door) as client:
        await greet(client)
        auth = b64encode(b"\0" + account.encode() + b"\0x")
        assert (await client.ask(b"AUTH PLAIN " + auth)).startswith(b"235")
        client.send(b"MAIL FROM:<a@in.example>\r\nRCPT TO:<b@out.example>\r\nDATA\r\n")
        assert [each[:3] for each in await client.replies(3)] == [b"250", b"250", b"354"]
        assert (await client.ask(b"x: y\r\n\r\n.")).startswith(b"250")
    assert door.messages[0].session.may_send_as == own and door.messages[0].session.account == account


async def test_local_accounts_are_bound_to_no_connection() -> None:
    more = {**keeping(FakeSignIn()), "sign_in": "local"}
    async with open_door(**more) as door, connect(door) as client:
        await greet(client)
        assert (await client.ask(PLAIN)).startswith(b"235")
        client.send(b"MAIL FROM:<a@in.example>\r\nRCPT TO:<b@out.example>\r\nDATA\r\n")
        assert [each[:3] for each in await client.replies(3)] == [b"250", b"250", b"354"]
        assert (await client.ask(b"x: y\r\n\r\n.")).startswith(b"250")
    assert door.messages[0].session.account and not door.messages[0].session.bound


async def test_the_log_has_no_account_and_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    events = Events()
    for module in (channel, connection, conversation, doorkeeper_module):
        monkeypatch.setattr(module, "log", events)
    for answer in (ACCEPTED, REFUSED, UNAVAILABLE, RuntimeError(f"anna@in.example {SECRET.decode()}")):
        sign_in = FakeSignIn(answer)
        sign_in.leaving = RuntimeError("anna@in.example")
        async with open_door(**keeping(sign_in)) as door, connect(door) as client:
            await greet(client)
            await client.ask(PLAIN)
            await client.ask(b"AUTH PLAIN " + b64encode(b"x\0anna@in.example\0" + SECRET))
            await client.ask(b"AUTH LOGIN " + b64encode(b"anna@in.example"))
            await client.ask(b64encode(SECRET) + b"=")
    said = repr([(event, logs._cause(None, event, dict(fields))) for event, fields in events.logged])
    for event in ("accepted", "refused", "unavailable", "failed", "not_ended"):
        assert f"'sign_in_{event}'" in said
    for secret in (b"anna", SECRET, b64encode(SECRET), PLAIN.split()[-1], b"horse"):
        assert secret.decode() not in said
