"""A real Postfix as the smarthost: what it passes on is what the guard sent, less nothing, plus its Received field."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailguard.core.outcome import Stage
from tests.peers.postfix import Postfix

from .samples import A, D, R, certificate, envelope, outcomes, to, transmit

EVERY_OCTET = bytes(octet for octet in range(1, 256) if octet not in b"\r\n")
MESSAGE = (
    b"From: a@elmroad.example\r\nTo: b@council.example\r\nSubject: =?utf-8?q?caf=C3=A9?=\r\n"
    b"X-Long: " + b"x" * 3_000 + b"\r\nX-Tabs:\tone\r\n \ttwo \r\n\r\n"
    b".\r\n..\r\n.dot\r\n trailing space \r\n\r\n\r\n" + EVERY_OCTET + b"\r\n" + b"y" * 5_000 + b"\r\n.\r\n"
)


@pytest.fixture(scope="module")
def postfix() -> Iterator[Postfix]:
    with Postfix(recipient_limit=100) as peer:
        yield peer


@pytest.fixture(autouse=True)
def _forget(postfix: Postfix) -> None:
    postfix.sink.smarthost.transactions.clear()


def without_received(content: bytes) -> bytes:
    """The content less the Received field that Postfix put on top."""
    assert content.startswith(b"Received: ")
    return content[content.index(b"\r\nFrom: ") + 2 :]


async def arrived(postfix: Postfix, count: int) -> list[tuple[list[bytes], bytes]]:
    messages = await asyncio.to_thread(postfix.wait_for_recipients, count)
    return [(message.recipients, without_received(message.content)) for message in messages]


async def test_a_message_arrives_byte_for_byte(postfix: Postfix) -> None:
    sent = await transmit(postfix.port, envelope(1, b"BODY=8BITMIME"), MESSAGE, tls="none")
    assert outcomes(sent) == [A] and sent.stage is Stage.FINAL, postfix.log()
    assert sent.reply is not None and sent.reply.status == "2.0.0"
    assert await arrived(postfix, 1) == [([b"r0@council.example"], MESSAGE)]


async def test_five_megabytes_arrive_byte_for_byte(postfix: Postfix) -> None:
    content = (
        b"From: a@elmroad.example\r\n\r\n" + b"\r\n".join(b".%075d" % number for number in range(65_000)) + b"\r\n"
    )
    assert outcomes(await transmit(postfix.port, content=content, tls="none")) == [A]
    assert await arrived(postfix, 1) == [([b"r0@council.example"], content)]


async def test_a_thousand_recipients_in_as_many_transactions_as_it_asks_for(postfix: Postfix) -> None:
    sent = await transmit(postfix.port, envelope(1000), MESSAGE, tls="none", command_timeout_seconds=20)
    assert set(outcomes(sent)) == {A} and sent.trouble is None, postfix.log()[-3000:]
    messages = await arrived(postfix, 1000)
    assert sorted(name for names, _ in messages for name in names) == sorted(
        b"r%d@council.example" % n for n in range(1000)
    )
    assert {content for _, content in messages} == {MESSAGE}
    assert postfix.log().count("nrcpt=100 ") >= 10


async def test_some_refused_some_deferred(postfix: Postfix) -> None:
    sent = await transmit(
        postfix.port, to("b@council.example", "refused@council.example", "later@council.example"), MESSAGE, tls="none"
    )
    assert outcomes(sent) == [A, R, D]
    replies = [each.reply for each in sent.recipients]
    assert [(reply.code, reply.status) for reply in replies if reply] == [
        (250, "2.0.0"),
        (550, "5.1.1"),
        (450, "4.2.0"),
    ]
    assert await arrived(postfix, 1) == [([b"b@council.example"], MESSAGE)]


async def test_refuse_all(postfix: Postfix) -> None:
    sent = await transmit(
        postfix.port, to("b@council.example", "refused@council.example"), MESSAGE, tls="none", partial="refuse_all"
    )
    assert outcomes(sent) == [R, R] and not postfix.messages
    assert outcomes(await transmit(postfix.port, envelope(3), MESSAGE, tls="none", partial="refuse_all")) == [A, A, A]
    assert {content for _, content in await arrived(postfix, 3)} == {MESSAGE}


async def test_nobody_taken(postfix: Postfix) -> None:
    sent = await transmit(postfix.port, to("refused@council.example", "later@council.example"), MESSAGE, tls="none")
    assert outcomes(sent) == [R, D] and sent.trouble is None and sent.stage is Stage.RCPT


async def test_the_null_path_and_dsn_parameters(postfix: Postfix) -> None:
    sent = await transmit(postfix.port, envelope(1, b"RET=HDRS", b"ENVID=a+2B1", sender=None), MESSAGE, tls="none")
    assert outcomes(sent) == [A] and not sent.without_dsn
    (message,) = await asyncio.to_thread(postfix.wait_for, 1)
    assert message.mail.startswith(b"MAIL FROM:<> ") and {b"RET=HDRS", b"ENVID=a+2B1"} <= set(message.mail.split())


async def test_starttls_with_a_checked_certificate(tmp_path: Path) -> None:
    files = certificate(tmp_path)
    with Postfix(certificate=files) as peer:
        sent = await transmit(peer.port, envelope(50), MESSAGE, tls="required", ca_file=files[0])
        assert set(outcomes(sent)) == {A}, peer.log()
        assert "TLS" in peer.log() or (await arrived(peer, 50))
        sent = await transmit(
            peer.port, envelope(1), MESSAGE, tls="required"
        )  # the system does not know this authority
        assert outcomes(sent) == [D] and sent.trouble == "certificate not valid"
