"""What the next hop has decides what the door announces and takes; while it was never reached, the client waits."""

from __future__ import annotations

import asyncio
import smtplib
from datetime import UTC, datetime

import pytest

from mailguard.core.reply import sign_in_lost
from mailguard.smtp.capabilities import Capabilities
from mailguard.smtp.dialogue import Dialogue, Opening
from mailguard.smtp.listen_settings import Limits

from .door import connect, open_door

OPENING = Opening("0" * 16, "127.0.0.1", "127.0.0.1:25", datetime(2026, 3, 12, tzinfo=UTC))
UNKNOWN = Capabilities(known=False)


def dialogue(capabilities: Capabilities, **limits: int) -> Dialogue:
    made = Dialogue(OPENING, "guard.example", Limits.model_validate(limits), lambda: capabilities)
    made.command(b"EHLO pc.elmroad.example")
    return made


@pytest.mark.parametrize(
    ("ours", "theirs", "announced"),
    [(90000, 3000, 3000), (70000, 90000, 70000), (70000, None, 70000), (70000, 0, 70000)],
)
def test_size_is_the_smaller_limit(ours: int, theirs: int | None, announced: int) -> None:
    session = dialogue(Capabilities(size_limit=theirs), message_bytes=ours)
    assert b"SIZE %d\r\n" % announced in session.command(b"EHLO pc").wire
    assert session.command(b"MAIL FROM:<a@in.example> SIZE=%d" % (announced + 1)).wire.startswith(b"552 5.3.4")
    assert session.command(b"MAIL FROM:<a@in.example> SIZE=%d" % announced).wire.startswith(b"250")


@pytest.mark.parametrize("parameter", [b"BODY=8BITMIME", b"SMTPUTF8", b"RET=HDRS", b"ENVID=x"])
def test_an_extension_of_mail_waits_while_nobody_was_reached(parameter: bytes) -> None:
    line = b"MAIL FROM:<a@in.example> " + parameter
    assert dialogue(UNKNOWN).command(line).wire.startswith(b"451 4.4.1 ")
    assert dialogue(Capabilities()).command(line).wire.startswith(b"555 5.5.4 ")


@pytest.mark.parametrize("parameter", [b"NOTIFY=NEVER", b"ORCPT=rfc822;b@out.example"])
def test_an_extension_of_rcpt_waits_while_nobody_was_reached(parameter: bytes) -> None:
    for capabilities, code in ((UNKNOWN, b"451 4.4.1 "), (Capabilities(), b"555 5.5.4 ")):
        session = dialogue(capabilities)
        session.command(b"MAIL FROM:<a@in.example> AUTH=<>")  # always taken
        assert session.command(b"RCPT TO:<b@out.example> " + parameter).wire.startswith(code)


def test_nothing_is_announced_and_nonsense_is_still_refused_while_nobody_was_reached() -> None:
    session = dialogue(UNKNOWN)
    assert not {b"8BITMIME", b"SMTPUTF8", b"DSN"} & set(session.command(b"EHLO pc").wire.replace(b"-", b" ").split())
    assert session.command(b"MAIL FROM:<a@in.example> COLOUR=red").wire.startswith(b"555 ")


def sent(port: int, body: bytes) -> int:
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
        client.ehlo()
        client.mail("a@in.example")
        client.rcpt("b@out.example")
        return client.data(body)[0]


async def test_content_is_measured_and_looked_at_by_what_the_next_hop_has() -> None:
    eight_bit = "Subject: x\r\n\r\ncafé\r\n".encode()
    for capabilities, body, code in (
        (UNKNOWN, eight_bit, 451),
        (UNKNOWN, b"Subject: x\r\n\r\ncafe\r\n", 250),
        (Capabilities(), eight_bit, 554),
        (Capabilities(eight_bit=True), eight_bit, 250),
        (Capabilities(size_limit=1000), b"Subject: x\r\n\r\n" + b"x" * 990 + b"\r\n", 552),
        (Capabilities(size_limit=2000), b"Subject: x\r\n\r\n" + b"x" * 990 + b"\r\n", 250),
    ):
        async with open_door(capabilities=capabilities) as door:
            assert await asyncio.to_thread(sent, door.port, body) == code
            assert len(door.messages) == (code == 250)


async def test_a_reply_of_421_ends_the_session() -> None:
    """A client whose sign-in was lost at the smarthost has to connect anew."""
    async with open_door() as door:
        door.reply = sign_in_lost("MG-7Q4K-2F")
        async with connect(door) as client:
            await client.begin_data()
            assert (await client.ask(b"Subject: x\r\n\r\nx\r\n.")).startswith(b"421 4.7.0 ")
            assert await client.ask(b"NOOP") == b""
