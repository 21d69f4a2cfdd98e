"""THREATS.md T4: each way in which TLS towards the smarthost can be wrong is trouble (451), and nothing leaves.

What the server saw in clear is looked at: EHLO and STARTTLS, and not an octet of AUTH or mail. With a CA file, and with
the system's authorities (OpenSSL takes them from SSL_CERT_FILE).
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import uvloop

from mailguard.core.outcome import Stage
from tests.fakes.smarthost import ORDINARY, Act, ScriptedSmarthost, raw, say, say_and_cut
from tests.peers.authority import DAY, Authority

from .samples import A, D, envelope, outcomes, transmit

OFFERS = (*ORDINARY, b"AUTH PLAIN LOGIN CRAM-MD5")

WRONG: dict[str, Callable[[Authority, Authority], ssl.SSLContext]] = {
    "untrusted authority": lambda ours, other: other.context(),
    "expired": lambda ours, other: ours.context(begins=-2 * DAY, ends=timedelta(seconds=-60)),
    "not yet valid": lambda ours, other: ours.context(begins=timedelta(hours=1), ends=2 * DAY),
    "wrong name": lambda ours, other: ours.context("other.example"),
    "self-signed": lambda ours, other: ours.context(self_signed=True),
}


@pytest.fixture
def own_sign_in(tmp_path: Path) -> dict[str, Any]:
    """The guard has a password that it must not give away."""
    file = tmp_path / "password"
    file.write_text("s3cret")
    return {"username": "guard", "password_file": file}


@pytest.fixture(params=["ca_file", "system"])
def trusting(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[[Authority], dict[str, Any]]:
    """Settings with which an authority is trusted."""

    def trust(authority: Authority) -> dict[str, Any]:
        if request.param == "ca_file":
            monkeypatch.setenv("SSL_CERT_FILE", "/nonexistent.pem")
            return {"ca_file": authority.ca_file}
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca_file))
        monkeypatch.setenv("SSL_CERT_DIR", "/nonexistent")
        return {}

    return trust


def said_nothing_but_the_opening(smarthost: ScriptedSmarthost) -> bool:
    """Whether all that the server ever read in lines is EHLO and STARTTLS."""
    return all(line.split(b" ")[0] in (b"EHLO", b"STARTTLS", b"QUIT") for line in smarthost.lines)


@pytest.mark.parametrize("tls", ["required", "implicit"])
@pytest.mark.parametrize("wrong", WRONG)
async def test_a_wrong_certificate(tmp_path: Path, tls: str, wrong: str, trusting: Any, own_sign_in: Any) -> None:
    ours, other = Authority(tmp_path / "ours"), Authority(tmp_path / "other", "Somebody else")
    context = WRONG[wrong](ours, other)
    async with ScriptedSmarthost(tls=context, implicit_tls=tls == "implicit", extensions=OFFERS) as smarthost:
        sent = await transmit(smarthost.port, envelope(3), tls=tls, **trusting(ours), **own_sign_in)
        assert outcomes(sent) == [D] * 3 and sent.trouble == "certificate not valid" and sent.stage is Stage.CONNECT
        assert said_nothing_but_the_opening(smarthost)
        assert smarthost.lines == ([b"EHLO guard.elmroad.example", b"STARTTLS"] if tls == "required" else [])


@pytest.mark.parametrize("tls", ["required", "implicit"])
async def test_the_right_certificate(tmp_path: Path, tls: str, trusting: Any, own_sign_in: Any) -> None:
    """So that the test above shows what it says: the same, but for what is wrong."""
    ours = Authority(tmp_path / "ours")
    async with ScriptedSmarthost(tls=ours.context(), implicit_tls=tls == "implicit", extensions=OFFERS) as smarthost:
        sent = await transmit(smarthost.port, tls=tls, **trusting(ours), **own_sign_in)
        assert outcomes(sent) == [A] and any(line.startswith(b"AUTH") for line in smarthost.lines)


STRIPPED: dict[str, tuple[Act, str]] = {
    "454": (say(b"454 4.7.0 TLS not available"), "STARTTLS refused"),
    "502": (say(b"502 5.5.1 Not implemented"), "STARTTLS refused"),
    "554": (say(b"554 5.7.3 Cannot start TLS"), "STARTTLS refused"),
    "250": (say(b"250 2.0.0 OK"), "malformed reply"),
    "421": (say_and_cut(b"421 4.3.2 Closing"), "service not available (421)"),
    "garbage": (say(b"what"), "malformed reply"),
    "a reply behind it": (raw(b"220 2.0.0 Go ahead\r\n250 2.0.0 OK\r\n"), "reply out of step"),
    "an EHLO reply behind it": (raw(b"220 Go ahead\r\n250-x\r\n250 AUTH PLAIN\r\n"), "reply out of step"),
    "part of a reply behind it": (raw(b"220 Go ahead\r\n25"), "reply out of step"),
    "garbage behind it": (raw(b"220 Go ahead\r\nwhat\r\n"), "reply out of step"),
}


@pytest.mark.parametrize("tls", ["required", "opportunistic"])
@pytest.mark.parametrize("name", STRIPPED)
async def test_starttls_that_goes_wrong(tmp_path: Path, tls: str, name: str, own_sign_in: Any) -> None:
    """T3 and T4: under `opportunistic` neither, once it was offered."""
    ours = Authority(tmp_path / "ours")
    act, trouble = STRIPPED[name]
    own = own_sign_in if tls == "required" else {}
    async with ScriptedSmarthost({"starttls": act}, tls=ours.context(), extensions=OFFERS) as smarthost:
        sent = await transmit(smarthost.port, tls=tls, ca_file=ours.ca_file, **own)
        assert outcomes(sent) == [D] and sent.trouble == trouble
        assert smarthost.lines[-1] == b"STARTTLS" and said_nothing_but_the_opening(smarthost)


async def test_starttls_that_is_missing(own_sign_in: Any) -> None:
    async with ScriptedSmarthost(extensions=OFFERS) as smarthost:
        sent = await transmit(smarthost.port, tls="required", **own_sign_in)
        assert outcomes(sent) == [D] and sent.trouble == "STARTTLS not offered"
        assert smarthost.lines == [b"EHLO guard.elmroad.example"]


async def test_a_plain_server_behind_implicit_tls(own_sign_in: Any) -> None:
    async with ScriptedSmarthost(extensions=OFFERS) as smarthost:
        sent = await transmit(smarthost.port, tls="implicit", **own_sign_in)
        assert outcomes(sent) == [D] and sent.trouble and not smarthost.transactions
        assert not any(b"AUTH" in line or b"MAIL" in line for line in smarthost.lines)


@pytest.mark.parametrize("wrong", WRONG)
async def test_opportunistic_encrypts_without_checking_and_sends_in_clear_where_nothing_is_offered(
    tmp_path: Path, wrong: str
) -> None:
    ours, other = Authority(tmp_path / "ours"), Authority(tmp_path / "other", "Somebody else")
    async with ScriptedSmarthost(tls=WRONG[wrong](ours, other)) as smarthost:
        assert outcomes(await transmit(smarthost.port, tls="opportunistic")) == [A]
        assert smarthost.lines.count(b"STARTTLS") == 1
    async with ScriptedSmarthost() as smarthost:
        assert outcomes(await transmit(smarthost.port, tls="opportunistic")) == [A]


async def test_what_ehlo_said_in_clear_counts_for_nothing(tmp_path: Path) -> None:
    """Capabilities are those of the EHLO under TLS: somebody on the way could add and remove them before."""
    ours = Authority(tmp_path / "ours")
    promises = say(b"250-x", b"250-8BITMIME", b"250-SMTPUTF8", b"250-STARTTLS", b"250 AUTH PLAIN")
    async with ScriptedSmarthost(
        {"ehlo": promises}, tls=ours.context(), extensions=(b"PIPELINING",), ehlo_in_clear_only=True
    ) as smarthost:
        sent = await transmit(smarthost.port, content="café\r\n".encode(), tls="required", ca_file=ours.ca_file)
        assert sent.reply is not None and sent.reply.status == "5.6.3" and not smarthost.transactions


def test_uvloop_too(tmp_path: Path) -> None:
    """STARTTLS is said on a line that took the transport over, and uvloop's transports are others."""
    ours, other = Authority(tmp_path / "ours"), Authority(tmp_path / "other")
    injected, values = {"starttls": STRIPPED["a reply behind it"][0]}, {"tls": "required", "ca_file": ours.ca_file}

    async def send() -> None:
        async with ScriptedSmarthost(tls=ours.context()) as right, ScriptedSmarthost(tls=other.context()) as wrong:
            content = b"Subject: x\r\n\r\n" + b"0123456789\r\n" * 100_000
            assert outcomes(await transmit(right.port, envelope(3), content, **values)) == [A] * 3
            assert right.messages[0].content == content
            assert (await transmit(wrong.port, **values)).trouble == "certificate not valid"
        async with ScriptedSmarthost(injected, tls=ours.context()) as between:
            assert (await transmit(between.port, **values)).trouble == "reply out of step"

    asyncio.Runner(loop_factory=uvloop.new_event_loop).run(send())
