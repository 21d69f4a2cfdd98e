"""A client's own sign-in tried at the smarthost, and the connection that then carries that client's mail alone."""

from __future__ import annotations

import asyncio
import base64
import inspect
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path as File
from typing import Any

import pytest
import structlog

from mailguard.core.outcome import SIGN_IN_LOST, Transmission
from mailguard.core.rewrite.content import Content
from mailguard.core.session import Session
from mailguard.core.sign_in import Credentials, SignInAnswer, SignInOutcome
from mailguard.guard import ports
from mailguard.smtp.pass_through import MECHANISMS, SmarthostSignIn
from mailguard.smtp.routes import SmarthostRoutes
from tests.fakes.smarthost import CUT, ORDINARY, STALL, Act, ScriptedSmarthost, say, say_and_cut
from tests.guard.world import SESSION

from .samples import MESSAGE, A, D, R, certificate, envelope, outcomes, pool, server_context, settings

OFFERS = (*ORDINARY, b"AUTH PLAIN LOGIN XOAUTH2 OAUTHBEARER GSSAPI CRAM-MD5")
SECRET = b"pa55 \xc3\xa9\0word"
PLAIN = Credentials("PLAIN", "anna", (b"\0anna\0" + SECRET,))
LOGIN = Credentials("LOGIN", "anna", (b"anna", SECRET))
XOAUTH2 = Credentials("XOAUTH2", "anna", (b"user=anna\x01auth=Bearer t0ken\x01\x01",))
BEARER = Credentials("OAUTHBEARER", "anna", (b"n,a=anna,\x01auth=Bearer t0ken\x01\x01",))
ANNA = replace(SESSION, identifier="a" * 16, bound=True, account="anna")
BEN = replace(SESSION, identifier="b" * 16, bound=True, account="ben")
ACCEPTED, REFUSED, UNAVAILABLE = SignInOutcome.ACCEPTED, SignInOutcome.REFUSED, SignInOutcome.UNAVAILABLE


@asynccontextmanager
async def routes(port: int, **values: Any) -> AsyncIterator[SmarthostRoutes]:
    """One smarthost without TLS on loopback, which has been asked once."""
    async with pool(port, **({"tls": "none"} | values)) as found:
        await found.refresh()
        yield found


async def sign_in(found: SmarthostRoutes, given: Credentials = PLAIN, session: Session = ANNA) -> SignInAnswer:
    async with asyncio.timeout(20):
        return await found.sign_in.sign_in(session, given)


async def send(found: SmarthostRoutes, session: Session = ANNA, content: bytes = MESSAGE) -> Transmission:
    connected = await found.connect(session)
    try:
        async with asyncio.timeout(20):
            return await connected.transmit(envelope(sender="anna@ward.example"), Content(content))
    finally:
        await connected.release()


def encoded(*octets: bytes) -> list[bytes]:
    return [base64.b64encode(each) for each in octets]


def dialogue(smarthost: ScriptedSmarthost) -> list[bytes]:
    """What was said from the first AUTH on."""
    return smarthost.lines[next(at for at, line in enumerate(smarthost.lines) if line.startswith(b"AUTH")) :]


def test_it_has_what_the_port_asks_for() -> None:
    for name, wanted in vars(ports.SignIn).items():
        if callable(wanted) and not name.startswith("_"):
            found = getattr(SmarthostSignIn, name)
            assert list(inspect.signature(found).parameters) == list(inspect.signature(wanted).parameters)


async def test_mechanisms_are_those_that_the_last_ehlo_announced() -> None:
    async with ScriptedSmarthost(extensions=OFFERS) as smarthost, pool(smarthost.port, tls="none") as found:
        await found.refresh()
        assert list(found.sign_in.mechanisms()) == list(MECHANISMS)
    async with ScriptedSmarthost(extensions=(b"AUTH LOGIN",)) as smarthost, routes(smarthost.port) as found:
        assert list(found.sign_in.mechanisms()) == ["LOGIN"]
    async with ScriptedSmarthost() as smarthost, routes(smarthost.port) as found:
        assert list(found.sign_in.mechanisms()) == []


async def test_before_it_was_reached_all_are_offered_and_an_attempt_is_unavailable() -> None:
    """454, and not a server that seems to know no sign-in."""
    async with pool(1, tls="none") as found:
        assert list(found.sign_in.mechanisms()) == list(MECHANISMS)
        assert (await sign_in(found)).outcome is UNAVAILABLE


@pytest.mark.parametrize("given", [PLAIN, XOAUTH2, BEARER])
async def test_the_clients_own_words_go_on_byte_for_byte(given: Credentials) -> None:
    async with ScriptedSmarthost(extensions=OFFERS) as smarthost, routes(smarthost.port) as found:
        assert (await sign_in(found, given)).outcome is ACCEPTED
        assert dialogue(smarthost) == [b"AUTH " + given.mechanism.encode() + b" " + encoded(*given.responses)[0]]


async def test_login_waits_for_each_question() -> None:
    script = {"auth": say(b"334 VXNlcm5hbWU6"), "auth:2": say(b"334 UGFzc3dvcmQ6")}
    async with ScriptedSmarthost(script, extensions=OFFERS) as smarthost, routes(smarthost.port) as found:
        assert (await sign_in(found, LOGIN)).outcome is ACCEPTED
        assert dialogue(smarthost) == [b"AUTH LOGIN", *encoded(b"anna", SECRET)]


@pytest.mark.parametrize("length", [363, 366, 367, 372, 9000])
async def test_a_long_first_response_waits_for_334(length: int) -> None:
    given = Credentials("PLAIN", "anna", (b"\0anna\0" + b"x" * (length - 6),))
    line = b"AUTH PLAIN " + encoded(*given.responses)[0]
    fits = len(line) + 2 <= 512
    script = {} if fits else {"auth": say(b"334 ")}
    async with ScriptedSmarthost(script, extensions=OFFERS) as smarthost, routes(smarthost.port) as found:
        assert (await sign_in(found, given)).outcome is ACCEPTED
        assert dialogue(smarthost) == ([line] if fits else [b"AUTH PLAIN", line[11:]])


async def test_an_exchange_of_12288_octets_and_no_longer() -> None:
    async with (
        ScriptedSmarthost({"auth": say(b"334 ")}, extensions=OFFERS) as smarthost,
        routes(smarthost.port) as found,
    ):
        most = Credentials("XOAUTH2", "anna", (b"x" * (12_286 // 4 * 3),))
        assert (await sign_in(found, most)).outcome is ACCEPTED
        longer = Credentials("XOAUTH2", "anna", (b"x" * 12_288,))
        assert (await sign_in(found, longer, BEN)).outcome is REFUSED


async def test_an_empty_first_response_is_an_equals_sign() -> None:
    async with ScriptedSmarthost(extensions=OFFERS) as smarthost, routes(smarthost.port) as found:
        await sign_in(found, Credentials("XOAUTH2", "", (b"",)))
        assert dialogue(smarthost) == [b"AUTH XOAUTH2 ="]


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        (b"235 2.7.0 Welcome", ACCEPTED),
        (b"535 5.7.8 Authentication credentials invalid", REFUSED),
        (b"534 5.7.9 Mechanism is too weak", REFUSED),
        (b"525 5.7.13 Account disabled", REFUSED),
        (b"501 5.5.2 Cannot decode", REFUSED),
        (b"550 5.7.1 Not you", REFUSED),
        (b"454 4.7.0 Temporary failure", UNAVAILABLE),
        (b"432 4.7.12 Transition needed", UNAVAILABLE),
        (b"421 4.3.2 Closing", UNAVAILABLE),
        (b"500 5.5.6 Line too long", UNAVAILABLE),
        (b"502 5.5.1 Not implemented", UNAVAILABLE),
        (b"503 5.5.1 Out of order", UNAVAILABLE),
        (b"504 5.5.4 Unrecognized mechanism", UNAVAILABLE),
        (b"530 5.7.0 STARTTLS first", UNAVAILABLE),
        (b"538 5.7.11 Encryption required", UNAVAILABLE),
        (b"250 2.0.0 OK", UNAVAILABLE),
        (b"999 What", UNAVAILABLE),
        (b"garbage", UNAVAILABLE),
    ],
)
async def test_what_an_answer_means(said: bytes, outcome: SignInOutcome) -> None:
    async with (
        ScriptedSmarthost({"auth": say(said)}, extensions=OFFERS) as smarthost,
        routes(smarthost.port) as found,
    ):
        answer = await sign_in(found)
        assert answer.outcome is outcome and answer.challenge is None
        assert (answer.reply is not None and answer.reply.code == int(said[:3])) or outcome is UNAVAILABLE
        assert found.sign_in.is_lost(ANNA.identifier) is False
        if outcome is not ACCEPTED:
            assert outcomes(await send(found)) == [D] and not smarthost.transactions


@pytest.mark.parametrize(("given", "dummy"), [(XOAUTH2, b""), (BEARER, b"AQ==")])
async def test_an_oauth_challenge_is_answered_and_handed_back(given: Credentials, dummy: bytes) -> None:
    why = b'{"status":"invalid_token","scope":"mail"}'
    script = {"auth": say(b"334 " + base64.b64encode(why)), "auth:2": say(b"535 5.7.8 Refused")}
    async with ScriptedSmarthost(script, extensions=OFFERS) as smarthost, routes(smarthost.port) as found:
        answer = await sign_in(found, given)
        assert (answer.outcome, answer.challenge) == (REFUSED, why) and answer.reply is not None
        assert dialogue(smarthost)[1] == dummy


@pytest.mark.parametrize("given", [PLAIN, LOGIN, BEARER])
async def test_a_smarthost_that_asks_without_end(given: Credentials) -> None:
    script = {"auth": say(b"334 "), **{f"auth:{number}": say(b"334 ") for number in range(2, 9)}}
    async with ScriptedSmarthost(script, extensions=OFFERS) as smarthost, routes(smarthost.port) as found:
        assert (await sign_in(found, given)).outcome is UNAVAILABLE


TROUBLES: dict[str, dict[str, Act]] = {
    "connect": {"connect": CUT},
    "banner": {"banner": say_and_cut(b"421 4.3.2 Not now")},
    "ehlo": {"ehlo": say(b"502 5.5.1 What")},
    "silent": {"auth": STALL},
    "cut": {"auth": CUT},
    "flood": {"auth": Act(endless=b"250-" + b"x" * 1000 + b"\r\n")},
}


@pytest.mark.parametrize("name", TROUBLES)
async def test_every_trouble_is_unavailable_and_bounded(name: str) -> None:
    async with (
        ScriptedSmarthost(extensions=OFFERS) as smarthost,
        routes(smarthost.port, connect_timeout_seconds=1) as found,
    ):
        smarthost.say_from_now_on(TROUBLES[name])
        assert (await sign_in(found)).outcome is UNAVAILABLE


async def test_a_mechanism_that_is_not_offered_is_not_tried() -> None:
    async with ScriptedSmarthost(extensions=(b"AUTH PLAIN",)) as smarthost, routes(smarthost.port) as found:
        assert (await sign_in(found, LOGIN)).outcome is UNAVAILABLE
        assert (await sign_in(found, Credentials("CRAM-MD5", "a", (b"x",)))).outcome is UNAVAILABLE
        assert not any(line.startswith(b"AUTH") for line in smarthost.lines)


async def test_no_secret_leaves_without_checked_tls(tmp_path: File) -> None:
    shown, trusted = certificate(tmp_path / "a"), certificate(tmp_path / "b")
    for values in ({"tls": "required"}, {"tls": "required", "ca_file": trusted[0]}, {"tls": "opportunistic"}):
        context = None if "ca_file" not in values else server_context(*shown)
        async with ScriptedSmarthost(tls=context, extensions=OFFERS) as smarthost:
            async with pool(smarthost.port, **values) as found:
                await found.refresh()
                assert (await sign_in(found)).outcome is UNAVAILABLE
            assert not any(line.startswith(b"AUTH") for line in smarthost.lines)
    far = SmarthostRoutes([settings(25, address="smtp.elmroad.example:25", tls="none")], hostname="guard.example")
    assert list(far.sign_in.mechanisms()) == [] and (await sign_in(far)).outcome is UNAVAILABLE


@pytest.mark.parametrize("tls", ["required", "implicit"])
async def test_over_tls(tmp_path: File, tls: str) -> None:
    files = certificate(tmp_path)
    context = server_context(*files)
    async with (
        ScriptedSmarthost(tls=context, implicit_tls=tls == "implicit", extensions=OFFERS) as smarthost,
        routes(smarthost.port, tls=tls, ca_file=files[0]) as found,
    ):
        assert (await sign_in(found)).outcome is ACCEPTED and outcomes(await send(found)) == [A]


async def test_the_connection_carries_the_sessions_messages_and_nobody_elses() -> None:
    async with ScriptedSmarthost(extensions=OFFERS) as smarthost, routes(smarthost.port) as found:
        for session in (ANNA, BEN):
            assert (await sign_in(found, session=session)).outcome is ACCEPTED
        for session in (ANNA, BEN, ANNA, BEN, SESSION, ANNA):
            assert outcomes(await send(found, session)) == [A]
        connections = [message.session for message in smarthost.messages]
        assert connections == [2, 3, 2, 3, 1, 2] and smarthost.connections == 3
        await found.sign_in.leave(ANNA.identifier)
        await found.sign_in.leave(ANNA.identifier)  # nothing more
        assert smarthost.lines[-1] == b"QUIT" and outcomes(await send(found, BEN)) == [A]
        assert (await send(found)).trouble == SIGN_IN_LOST and smarthost.connections == 3


async def test_no_route_by_domain_and_no_other_smarthost() -> None:
    async with ScriptedSmarthost(extensions=OFFERS) as first, ScriptedSmarthost(extensions=OFFERS) as other:
        made = [
            settings(first.port, tls="none"),
            settings(other.port, tls="none", sender_domains=["ward.example"]),
            settings(other.port, tls="none"),
        ]
        found = SmarthostRoutes(made, hostname="guard.example")
        assert (await sign_in(found)).outcome is ACCEPTED and outcomes(await send(found)) == [A]
        await first.interrupt()
        assert (await send(found)).trouble == SIGN_IN_LOST
        assert (await sign_in(found, session=BEN)).outcome is ACCEPTED
        await first.stop()
        assert (await sign_in(found, session=replace(BEN, identifier="c" * 16))).outcome is UNAVAILABLE
        await found.close()
        assert other.connections == 0


@pytest.mark.parametrize("said", [b"", b"421 4.4.2 Idle\r\n"])
async def test_a_connection_that_ended_is_lost_and_nothing_is_sent(said: bytes) -> None:
    async with ScriptedSmarthost(extensions=OFFERS) as smarthost, routes(smarthost.port) as found:
        assert (await sign_in(found)).outcome is ACCEPTED and not found.sign_in.is_lost(ANNA.identifier)
        await smarthost.interrupt(said)
        async with asyncio.timeout(20):
            while not found.sign_in.is_lost(ANNA.identifier):
                await asyncio.sleep(0.01)
        connections = smarthost.connections
        sent = await send(found)
        assert outcomes(sent) == [D] and sent.trouble == SIGN_IN_LOST
        assert smarthost.connections == connections and not smarthost.transactions


@pytest.mark.parametrize("act", [CUT, say_and_cut(b"421 4.4.2 Idle")])
async def test_a_connection_that_ends_before_it_answers_mail_is_lost(act: Act) -> None:
    async with ScriptedSmarthost({"mail": act}, extensions=OFFERS) as smarthost, routes(smarthost.port) as found:
        assert (await sign_in(found)).outcome is ACCEPTED
        sent = await send(found)
        assert outcomes(sent) == [D] and sent.trouble == SIGN_IN_LOST and smarthost.connections == 2


async def test_what_is_refused_to_the_account_is_the_clients_answer() -> None:
    script = {"mail": say(b"553 5.7.1 Sender address rejected: not owned by user")}
    async with ScriptedSmarthost(script, extensions=OFFERS) as smarthost, routes(smarthost.port) as found:
        await sign_in(found)
        sent = await send(found)
        assert outcomes(sent) == [R] and sent.reply is not None and sent.reply.code == 553
        smarthost.say_from_now_on({})
        assert outcomes(await send(found)) == [A] and smarthost.connections == 2


async def test_a_second_sign_in_replaces_nothing() -> None:
    async with ScriptedSmarthost(extensions=OFFERS) as smarthost, routes(smarthost.port) as found:
        await sign_in(found)
        assert (await sign_in(found)).outcome is UNAVAILABLE and smarthost.connections == 2
        assert outcomes(await send(found)) == [A]


async def test_leaving_waits_for_a_message_that_is_under_way() -> None:
    async with (
        ScriptedSmarthost({"body": Act(wait_seconds=0.2)}, extensions=OFFERS) as smarthost,
        routes(smarthost.port) as found,
    ):
        await sign_in(found)
        work = asyncio.create_task(send(found))
        while not smarthost.transactions:
            await asyncio.sleep(0)
        assert not found.sign_in.is_lost(ANNA.identifier)
        await found.sign_in.leave(ANNA.identifier)
        assert outcomes(await work) == [A]
        async with asyncio.timeout(20):
            while smarthost.lines[-1] != b"QUIT":
                await asyncio.sleep(0.01)


async def test_a_session_that_ends_while_it_is_tried_leaves_nothing_behind() -> None:
    script = {"auth": Act(b"235 2.7.0 Welcome\r\n", wait_seconds=0.3)}
    async with ScriptedSmarthost(script, extensions=OFFERS) as smarthost, routes(smarthost.port) as found:
        work = asyncio.create_task(sign_in(found))
        while not any(line.startswith(b"AUTH") for line in smarthost.lines):
            await asyncio.sleep(0)
        await found.sign_in.leave(ANNA.identifier)
        await work
        assert (await send(found)).trouble == SIGN_IN_LOST
        async with asyncio.timeout(20):
            while smarthost.lines[-1] != b"QUIT":
                await asyncio.sleep(0.01)


async def test_closing_closes_all() -> None:
    async with ScriptedSmarthost(extensions=OFFERS) as smarthost, routes(smarthost.port) as found:
        for session in (ANNA, BEN):
            await sign_in(found, session=session)
        await found.close()
        async with asyncio.timeout(20):
            while smarthost.open_sessions:
                await asyncio.sleep(0.01)
        assert smarthost.lines.count(b"QUIT") == 3


async def test_xclient_comes_before_auth_and_xforward_before_each_message() -> None:
    announces = (*OFFERS, b"XCLIENT ADDR LOGIN", b"XFORWARD ADDR")
    async with (
        ScriptedSmarthost(extensions=announces) as smarthost,
        routes(smarthost.port, tell_client="xclient") as found,
    ):
        assert (await sign_in(found, session=replace(ANNA, account=None))).outcome is ACCEPTED
        assert outcomes(await send(found)) == [A]
        verbs = [line.split(b" ")[0] for line in smarthost.lines if line != b"QUIT"]
        assert verbs[1:6] == [b"EHLO", b"XCLIENT", b"EHLO", b"AUTH", b"MAIL"]
    async with (
        ScriptedSmarthost(extensions=announces) as smarthost,
        routes(smarthost.port, tell_client="xforward") as found,
    ):
        await sign_in(found)
        for _ in range(2):
            assert outcomes(await send(found)) == [A]
        verbs = [line.split(b" ")[0] for line in smarthost.lines]
        assert verbs.count(b"XFORWARD") == 2 and verbs.index(b"AUTH") < verbs.index(b"XFORWARD")


async def test_auth_on_mail_goes_on_as_nobody_vouches_for_it() -> None:
    async with ScriptedSmarthost(extensions=OFFERS) as smarthost, routes(smarthost.port) as found:
        await sign_in(found)
        connected = await found.connect(ANNA)
        await connected.transmit(envelope(1, b"AUTH=boss@elmroad.example"), Content(MESSAGE))
        assert smarthost.messages[0].mail.endswith(b" AUTH=<>")


@pytest.fixture
def logged() -> Iterator[list[Any]]:
    with structlog.testing.capture_logs() as entries:
        yield entries


async def test_nothing_of_a_secret_is_logged_or_shown(logged: list[Any]) -> None:
    for said in (b"535 5.7.8 No", b"454 4.7.0 Later", b"504 5.5.4 What", b"nonsense", b"235 2.7.0 Welcome"):
        async with (
            ScriptedSmarthost({"auth": say(said)}, extensions=OFFERS) as smarthost,
            routes(smarthost.port) as found,
        ):
            answer = await sign_in(found)
            shown = repr((logged, answer, vars(found.sign_in), vars(found)))
            for secret in (SECRET, *encoded(*PLAIN.responses)):
                assert repr(secret)[2:-1] not in shown and secret.decode() not in shown


async def test_t7_guessers_do_not_use_up_the_connections_to_the_smarthost() -> None:
    """An attempt costs one; servers take few from one address (Postfix 50), and then mail that passes waits too."""
    async with (
        ScriptedSmarthost({"auth": STALL}, extensions=OFFERS) as smarthost,
        routes(smarthost.port, connections=3) as found,
    ):
        before = smarthost.connections
        sessions = [replace(SESSION, identifier=f"{number:016}") for number in range(12)]
        attempts = [asyncio.create_task(sign_in(found, PLAIN, session)) for session in sessions]
        async with asyncio.timeout(20):
            while smarthost.connections - before < 3:
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.2)  # time in which a fourth could come
        assert smarthost.connections - before == 3
        for attempt in attempts:
            attempt.cancel()
        await asyncio.gather(*attempts, return_exceptions=True)
        smarthost.say_from_now_on({})
        assert [(await sign_in(found, PLAIN, session)).outcome for session in sessions] == [ACCEPTED] * 12
        for session in sessions:
            await found.sign_in.leave(session.identifier)
