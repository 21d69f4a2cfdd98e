"""Real programs sign in, by each mechanism that they speak, over STARTTLS and implicit TLS."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from pathlib import Path
from typing import Any

import pytest

from mailguard.core.outcome import SmarthostReply
from mailguard.core.rewrite.received import protocol
from mailguard.core.sign_in import SignInAnswer, SignInOutcome
from tests.fakes.sign_in import CHALLENGED, FakeSignIn
from tests.smtp.listen.certificates import make_pair, run
from tests.smtp.listen.door import Door, open_door

ACCOUNT, SECRET = "anna@in.example", "correct horse"
MESSAGE = b"From: anna@in.example\r\nTo: b@out.example\r\nSubject: x\r\n\r\nhello\r\n"
TLS = pytest.mark.parametrize("tls", ["starttls", "implicit"])


@pytest.fixture(scope="session")
def pair(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return make_pair(tmp_path_factory.mktemp("pair"))


def opened(tls: str, pair: dict[str, Any], sign_in: FakeSignIn) -> Any:
    return open_door(tls=tls, **pair, sign_in="smarthost", doorkeeper={"sign_in": sign_in})


def signed_in(door: Door, sign_in: FakeSignIn, mechanism: str, secret: str = SECRET) -> None:
    """The one message came from the account, and its secret arrived as the person typed it."""
    (session, credentials), (message,) = sign_in.tried[0], door.messages
    assert (credentials.mechanism, credentials.account, message.session.account) == (mechanism, ACCOUNT, ACCOUNT)
    assert secret.encode() in credentials.responses[-1] and message.session.secure and session.secure
    assert len(sign_in.tried) == 1 and protocol(message.session, message.envelope) == "ESMTPSA"


async def swaks(door: Door, tls: str, *more: str) -> tuple[int, str]:
    people = ("--from", ACCOUNT, "--to", "b@out.example", "--helo", "pc.example")
    flag = "--tlsc" if tls == "implicit" else "--tls"
    return await run("swaks", "--server", f"localhost:{door.port}", *people, flag, *more)


@TLS
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
async def test_swaks(pair: dict[str, Any], tls: str, mechanism: str) -> None:
    sign_in = FakeSignIn()
    async with opened(tls, pair, sign_in) as door:
        status, said = await swaks(door, tls, "--auth", mechanism, "-au", ACCOUNT, "-ap", SECRET)
        assert status == 0 and "235 2.7.0 Signed in" in said, said
        signed_in(door, sign_in, mechanism)


async def test_swaks_hears_what_the_mail_server_says(pair: dict[str, Any]) -> None:
    sign_in = FakeSignIn(SignInAnswer(SignInOutcome.REFUSED, SmarthostReply(535, "5.7.8", "Password has expired")))
    async with opened("implicit", pair, sign_in) as door:
        status, said = await swaks(door, "implicit", "--auth", "PLAIN", "-au", ACCOUNT, "-ap", SECRET)
        assert status == 28 and "the mail server says: 535 5.7.8 Password has expired" in said, said
        assert door.messages == []


async def test_swaks_that_does_not_sign_in(pair: dict[str, Any]) -> None:
    async with opened("starttls", pair, FakeSignIn()) as door:
        status, said = await swaks(door, "starttls")
        assert status == 23 and "530 5.7.0 Sign in first" in said and door.messages == [], said


async def curl(door: Door, tls: str, pair: dict[str, Any], folder: Path, *more: str) -> tuple[int, str]:
    (folder / "message.eml").write_bytes(MESSAGE)
    url = f"{'smtps' if tls == 'implicit' else 'smtp'}://localhost:{door.port}/pc.example"
    people = ("--mail-from", ACCOUNT, "--mail-rcpt", "b@out.example", "-T", str(folder / "message.eml"))
    trust = ("--ssl-reqd", "--cacert", str(pair["certificate"]))
    return await run("curl", "-sS", "--url", url, *people, *trust, *more)


@TLS
@pytest.mark.parametrize("initial", [(), ("--sasl-ir",)], ids=["asked", "initial"])
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER"])
async def test_curl(tmp_path: Path, pair: dict[str, Any], tls: str, mechanism: str, initial: tuple[str, ...]) -> None:
    """Only the one is offered: told to use XOAUTH2, this curl takes OAUTHBEARER where it can."""
    sign_in, token = FakeSignIn(mechanisms=(mechanism,)), "ya29.a0-token_~+/="
    oauth = mechanism in ("XOAUTH2", "OAUTHBEARER")
    secret = ("--user", ACCOUNT, "--oauth2-bearer", token) if oauth else ("--user", f"{ACCOUNT}:{SECRET}")
    async with opened(tls, pair, sign_in) as door:
        how = ("--login-options", f"AUTH={mechanism}", *initial)
        status, said = await curl(door, tls, pair, tmp_path, *secret, *how)
        assert status == 0, said
        signed_in(door, sign_in, mechanism, token if oauth else SECRET)
        assert door.messages[0].content == MESSAGE


async def test_curl_with_the_mechanism_of_its_own_choice(tmp_path: Path, pair: dict[str, Any]) -> None:
    sign_in = FakeSignIn()
    async with opened("starttls", pair, sign_in) as door:
        status, said = await curl(door, "starttls", pair, tmp_path, "--user", f"{ACCOUNT}:{SECRET}")
        assert status == 0, said
        signed_in(door, sign_in, "PLAIN")


@pytest.mark.parametrize("mechanism", ["XOAUTH2", "OAUTHBEARER"])
async def test_curl_with_a_token_that_is_refused(tmp_path: Path, pair: dict[str, Any], mechanism: str) -> None:
    sign_in = FakeSignIn(CHALLENGED, mechanisms=(mechanism,))
    async with opened("implicit", pair, sign_in) as door:
        how = ("--user", ACCOUNT, "--oauth2-bearer", "old", "--login-options", f"AUTH={mechanism}", "--sasl-ir")
        status, said = await curl(door, "implicit", pair, tmp_path, *how)
        assert status == 67 and door.messages == [], said


@TLS
@pytest.mark.parametrize("mechanism", ["plain", "login", "xoauth2", "oauthbearer", "on"])
async def test_msmtp(pair: dict[str, Any], tls: str, mechanism: str) -> None:
    sign_in = FakeSignIn()
    async with opened(tls, pair, sign_in) as door:
        server = ("--host=localhost", f"--port={door.port}", f"--from={ACCOUNT}", f"--user={ACCOUNT}")
        trust = ("--tls=on", f"--tls-starttls={'on' if tls == 'starttls' else 'off'}")
        trust = (*trust, f"--tls-trust-file={pair['certificate']}")
        how = (f"--auth={mechanism}", f"--passwordeval=echo '{SECRET.replace(' ', '')}'")
        status, said = await run("msmtp", "-C", "/dev/null", *server, *trust, *how, "b@out.example", give=MESSAGE)
        assert status == 0, said
        chosen = sign_in.tried[0][1].mechanism
        signed_in(door, sign_in, chosen if mechanism == "on" else mechanism.upper(), SECRET.replace(" ", ""))


@TLS
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
async def test_smtplib(pair: dict[str, Any], tls: str, mechanism: str) -> None:
    sign_in = FakeSignIn(mechanisms=(mechanism,))

    def send(port: int) -> None:
        context = ssl.create_default_context(cafile=str(pair["certificate"]))
        kind: Any = smtplib.SMTP_SSL if tls == "implicit" else smtplib.SMTP
        more = {"context": context} if tls == "implicit" else {}
        with kind("localhost", port, "pc.example", timeout=20, **more) as session:
            if tls == "starttls":
                session.starttls(context=context)
            session.login(ACCOUNT, SECRET)
            assert session.sendmail(ACCOUNT, ["b@out.example"], MESSAGE) == {}

    async with opened(tls, pair, sign_in) as door:
        await asyncio.to_thread(send, door.port)
        signed_in(door, sign_in, mechanism)


@TLS
async def test_s_nail(tmp_path: Path, pair: dict[str, Any], tls: str) -> None:
    sign_in = FakeSignIn()
    async with opened(tls, pair, sign_in) as door:
        scheme = "smtps" if tls == "implicit" else "submission"
        user = ACCOUNT.replace("@", "%40")
        settings = {
            "mta": f"{scheme}://{user}:{SECRET.replace(' ', '')}@localhost:{door.port}",
            "v15-compat": "yes",
            "smtp-auth": "plain",
            "smtp-use-starttls": "" if tls == "starttls" else None,
            "tls-ca-file": str(pair["certificate"]),
            "tls-ca-no-defaults": "",
            "hostname": "pc.example",
        }
        given = [f"-S{key}={value}" for key, value in settings.items() if value is not None]
        command = ("s-nail", "-:/", *given, "-r", ACCOUNT, "-s", "x", "b@out.example")
        status, said = await run(*command, give=b"hello\n")
        assert status == 0, said
        signed_in(door, sign_in, "PLAIN", SECRET.replace(" ", ""))
