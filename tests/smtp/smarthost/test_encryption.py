"""TLS towards the smarthost and the guard's own sign-in (T3, T4)."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from mailguard.core.outcome import Stage
from tests.fakes.smarthost import ORDINARY, ScriptedSmarthost, raw, say, say_and_cut

from .samples import A, D, certificate, envelope, outcomes, server_context, transmit


@pytest.mark.parametrize("tls", ["required", "opportunistic"])
async def test_starttls(tmp_path: Path, tls: str) -> None:
    files = certificate(tmp_path)
    async with ScriptedSmarthost(tls=server_context(*files)) as smarthost:
        sent = await transmit(smarthost.port, envelope(300), tls=tls, ca_file=files[0])
        assert set(outcomes(sent)) == {A} and smarthost.lines.count(b"EHLO guard.elmroad.example") == 2


async def test_implicit_tls(tmp_path: Path) -> None:
    files = certificate(tmp_path)
    async with ScriptedSmarthost(tls=server_context(*files), implicit_tls=True) as smarthost:
        content = b"Subject: x\r\n\r\n" + b"0123456789\r\n" * 100_000
        sent = await transmit(smarthost.port, envelope(300), content, tls="implicit", ca_file=files[0])
        assert set(outcomes(sent)) == {A} and smarthost.messages[0].content == content


@pytest.mark.parametrize("tls", ["required", "implicit"])
@pytest.mark.parametrize("wrong", ["name", "authority"])
async def test_a_wrong_certificate_gets_no_mail(tmp_path: Path, tls: str, wrong: str) -> None:
    shown = certificate(tmp_path / "shown", "other.example" if wrong == "name" else "localhost")
    trusted = shown[0] if wrong == "name" else certificate(tmp_path / "trusted")[0]
    async with ScriptedSmarthost(tls=server_context(*shown), implicit_tls=tls == "implicit") as smarthost:
        sent = await transmit(smarthost.port, tls=tls, ca_file=trusted)
        assert outcomes(sent) == [D] and sent.trouble == "certificate not valid" and sent.stage is Stage.CONNECT
        assert not smarthost.transactions


async def test_opportunistic_checks_no_certificate(tmp_path: Path) -> None:
    async with ScriptedSmarthost(tls=server_context(*certificate(tmp_path, "other.example"))) as smarthost:
        assert outcomes(await transmit(smarthost.port, tls="opportunistic")) == [A]


async def test_required_but_not_offered() -> None:
    """Somebody on the way took STARTTLS out of the answer to EHLO: mail waits."""
    async with ScriptedSmarthost() as smarthost:
        sent = await transmit(smarthost.port, tls="required")
        assert outcomes(sent) == [D] and sent.trouble == "STARTTLS not offered" and not smarthost.transactions


@pytest.mark.parametrize("tls", ["required", "opportunistic"])
async def test_a_refused_or_broken_starttls_never_falls_back(tmp_path: Path, tls: str) -> None:
    files = certificate(tmp_path)
    acts = (
        say(b"454 4.7.0 Not now"),
        say_and_cut(b"220 Go ahead"),
        say(b"502 5.5.1 What"),
    )
    for act in acts:
        async with ScriptedSmarthost({"starttls": act}, tls=server_context(*files)) as smarthost:
            sent = await transmit(smarthost.port, tls=tls, ca_file=files[0])
            assert outcomes(sent) == [D] and sent.trouble and not smarthost.transactions


async def test_what_was_said_before_the_handshake_is_forgotten(tmp_path: Path) -> None:
    """T3 from the client's side: a reply injected behind 220 is not taken for one of the encrypted session."""
    files = certificate(tmp_path)
    injected = raw(b"220 Go ahead\r\n250-evil.example\r\n250 8BITMIME\r\n")
    async with ScriptedSmarthost({"starttls": injected}, tls=server_context(*files), extensions=()) as smarthost:
        sent = await transmit(smarthost.port, content="café\r\n".encode(), tls="required", ca_file=files[0])
        assert A not in outcomes(sent) and not smarthost.messages


async def test_a_plain_smarthost_behind_implicit_tls() -> None:
    async with ScriptedSmarthost() as smarthost:
        sent = await transmit(smarthost.port, tls="implicit")
        assert outcomes(sent) == [D] and sent.trouble and not smarthost.transactions


async def test_a_ca_file_that_is_missing(tmp_path: Path) -> None:
    async with ScriptedSmarthost() as smarthost:
        sent = await transmit(smarthost.port, tls="required", ca_file=tmp_path / "missing.pem")
        assert outcomes(sent) == [D] and sent.trouble == "ca_file cannot be used"


@pytest.mark.parametrize(
    ("offered", "said"),
    [
        (b"AUTH PLAIN LOGIN CRAM-MD5", b"AUTH PLAIN " + base64.b64encode(b"\0guard\0s3cret pass")),
        (b"AUTH=PLAIN", b"AUTH PLAIN " + base64.b64encode(b"\0guard\0s3cret pass")),
    ],
)
async def test_sign_in(tmp_path: Path, offered: bytes, said: bytes) -> None:
    files, password = certificate(tmp_path), tmp_path / "password"
    password.write_text("s3cret pass\n")
    async with ScriptedSmarthost(tls=server_context(*files), extensions=(*ORDINARY, offered)) as smarthost:
        sent = await transmit(
            smarthost.port, tls="required", ca_file=files[0], username="guard", password_file=password
        )
        assert outcomes(sent) == [A] and said in smarthost.lines


@pytest.mark.parametrize("code", [b"535 5.7.8", b"454 4.7.0", b"504 5.5.4", b"421 4.7.0", b"250 2.0.0", b"999"])
async def test_a_failed_sign_in_defers_and_is_tried_once(tmp_path: Path, code: bytes) -> None:
    password = tmp_path / "password"
    password.write_text("s3cret")
    script = {"auth": say(code + b" No")}
    async with ScriptedSmarthost(script, extensions=(b"AUTH PLAIN LOGIN CRAM-MD5",)) as smarthost:
        sent = await transmit(smarthost.port, tls="none", username="guard", password_file=password)
        assert outcomes(sent) == [D] and sent.trouble and not smarthost.transactions
        assert sum(line.startswith(b"AUTH") for line in smarthost.lines) == 1


async def test_no_mechanism_and_no_password_file(tmp_path: Path) -> None:
    password = tmp_path / "password"
    async with ScriptedSmarthost(extensions=(b"AUTH GSSAPI",)) as smarthost:
        values = {"tls": "none", "username": "guard", "password_file": password}
        assert (await transmit(smarthost.port, **values)).trouble == "password_file cannot be read"
        password.write_text("x")
        assert (await transmit(smarthost.port, **values)).trouble == "sign-in not offered"
        assert not any(line.startswith(b"AUTH") for line in smarthost.lines)
