"""Messages over real connections: flights, partial refusals, several transactions, what is announced."""

from __future__ import annotations

import asyncio
import socket

import pytest
import uvloop

from mailguard.core.envelope import Envelope, Recipient
from mailguard.core.outcome import Stage
from mailguard.core.rewrite.content import Content, Edit
from tests.fakes.smarthost import CUT, ORDINARY, STALL, ScriptedSmarthost, say

from .samples import MESSAGE, A, D, R, connection, envelope, outcomes, path, pool, to, transmit


async def test_a_message_arrives_byte_for_byte() -> None:
    content = MESSAGE + bytes(range(128, 256)) + b"\r\n" + b"x" * 5_000 + b"\r\n.\r\n"
    async with ScriptedSmarthost() as smarthost:
        sent = await transmit(smarthost.port, envelope(3), content)
        assert outcomes(sent) == [A, A, A] and sent.stage is Stage.FINAL and sent.trouble is None
        assert sent.reply is not None and (sent.reply.code, sent.reply.status) == (250, "2.0.0")
        (message,) = smarthost.messages
        assert message.content == content
        assert message.mail == b"MAIL FROM:<a@elmroad.example> SIZE=%d" % len(content)
        assert message.recipients == [b"r%d@council.example" % number for number in range(3)]


async def test_a_missing_last_line_end_is_added_and_nothing_else() -> None:
    async with ScriptedSmarthost() as smarthost:
        await transmit(smarthost.port, content=b"Subject: x\r\n\r\nno end")
        assert smarthost.messages[0].content == b"Subject: x\r\n\r\nno end\r\n"


async def test_edits_are_spliced_on_the_way() -> None:
    content = Content(MESSAGE, (Edit(0, 0, b"Received: from x\r\n"), Edit(5, 7, b"")))
    async with ScriptedSmarthost() as smarthost, connection(smarthost.port) as connected:
        assert outcomes(await connected.transmit(envelope(), content)) == [A]
        assert smarthost.messages[0].content == content.to_bytes()


async def test_the_null_path_is_sent_as_such() -> None:
    async with ScriptedSmarthost() as smarthost:
        await transmit(smarthost.port, envelope(sender=None))
        assert smarthost.messages[0].mail.startswith(b"MAIL FROM:<> ")


@pytest.mark.parametrize("count", [1, 288, 1000])
async def test_mail_all_recipients_and_data_are_one_flight(count: int) -> None:
    """The smarthost says nothing before it has DATA: a client that waits for an answer waits for ever."""
    async with ScriptedSmarthost(withhold=True) as smarthost:
        sent = await transmit(smarthost.port, envelope(count))
        assert set(outcomes(sent)) == {A} and len(smarthost.messages[0].recipients) == count


async def test_without_pipelining_one_by_one() -> None:
    async with ScriptedSmarthost({"rcpt:2": say(b"550 5.1.1 no")}, extensions=()) as smarthost:
        sent = await transmit(smarthost.port, envelope(3))
        assert outcomes(sent) == [A, R, A] and smarthost.messages[0].content == MESSAGE
        assert smarthost.messages[0].mail == b"MAIL FROM:<a@elmroad.example>"


async def test_ten_thousand_recipients_do_not_lock_up() -> None:
    """Far more than both sockets hold, on a smarthost that answers each at once and at length."""
    answer = say(b"250 2.1.5 " + b"x" * 400)
    async with ScriptedSmarthost({"rcpt": answer}) as smarthost:
        sent = await transmit(smarthost.port, envelope(10_000), deadline_seconds=60)
        assert set(outcomes(sent)) == {A} and len(smarthost.messages[0].recipients) == 10_000


async def test_each_recipient_has_its_own_outcome_and_reply() -> None:
    script = {"rcpt:2": say(b"550 5.1.1 unknown"), "rcpt:3": say(b"450 4.2.1 busy")}
    async with ScriptedSmarthost(script) as smarthost:
        sent = await transmit(smarthost.port, envelope(4))
        assert outcomes(sent) == [A, R, D, A]
        assert [each.reply.text for each in sent.recipients if each.reply] == [
            "Queued as 12345",
            "unknown",
            "busy",
            "Queued as 12345",
        ]
        assert smarthost.messages[0].recipients == [b"r0@council.example", b"r3@council.example"]


async def test_all_refused_and_the_smarthost_says_go_on_all_the_same() -> None:
    """A 354 although nobody was taken is ended with a lone dot, and 250 to that accepts nothing."""
    script = {"rcpt": say(b"550 5.1.1 no"), "data": say(b"354 Go on")}
    async with ScriptedSmarthost(script) as smarthost, connection(smarthost.port) as connected:
        sent = await connected.transmit(envelope(2), Content(MESSAGE))
        assert outcomes(sent) == [R, R] and sent.stage is Stage.RCPT
        assert smarthost.messages[0].wire == b".\r\n"
        smarthost.script.clear()
        assert outcomes(await connected.transmit(envelope(1), Content(MESSAGE))) == [A]  # on the same connection
        assert smarthost.connections == 1


async def test_refuse_all_sends_nothing_and_resets() -> None:
    script = {"rcpt:2": say(b"550 5.1.1 unknown")}
    async with ScriptedSmarthost(script) as smarthost:
        sent = await transmit(smarthost.port, envelope(3), partial="refuse_all")
        assert outcomes(sent) == [R, R, R] and sent.reply is not None and sent.reply.text == "unknown"
        assert not smarthost.messages and b"DATA" not in smarthost.lines and b"RSET" in smarthost.lines


async def test_refuse_all_lets_whole_messages_pass_and_the_outbox_goes_its_own_way() -> None:
    async with ScriptedSmarthost() as smarthost:
        assert outcomes(await transmit(smarthost.port, envelope(3), partial="refuse_all")) == [A, A, A]
    async with (
        ScriptedSmarthost({"rcpt:2": say(b"550 5.1.1 unknown")}) as smarthost,
        pool(smarthost.port, partial="refuse_all") as made,
    ):
        connected = await made.for_outbox().connect(None)
        assert outcomes(await connected.transmit(envelope(3), Content(MESSAGE))) == [A, R, A]
        await connected.release()


@pytest.mark.parametrize("too_many", [b"452 4.5.3 Too many recipients", b"452 Too many", b"552 5.5.3 Too many"])
@pytest.mark.parametrize("extensions", [ORDINARY, ()])
async def test_too_many_recipients_need_further_transactions(too_many: bytes, extensions: tuple[bytes, ...]) -> None:
    async with ScriptedSmarthost(too_many_after=100, too_many=too_many, extensions=extensions) as smarthost:
        sent = await transmit(smarthost.port, envelope(288))
        assert set(outcomes(sent)) == {A} and smarthost.connections == 1
        assert [len(message.recipients) for message in smarthost.messages] == [100, 100, 88]
        named = [recipient for message in smarthost.messages for recipient in message.recipients]
        assert named == [b"r%d@council.example" % number for number in range(288)]
        assert {message.content for message in smarthost.messages} == {MESSAGE}
        assert smarthost.lines.count(b"RCPT TO:<r287@council.example>") <= 2  # it learned the limit


async def test_max_recipients_splits_without_being_told() -> None:
    async with ScriptedSmarthost() as smarthost:
        assert set(outcomes(await transmit(smarthost.port, envelope(25), max_recipients=10))) == {A}
        assert [len(message.recipients) for message in smarthost.messages] == [10, 10, 5]


async def test_max_recipients_with_refuse_all_is_refused_here() -> None:
    async with ScriptedSmarthost() as smarthost:
        sent = await transmit(smarthost.port, envelope(11), max_recipients=10, partial="refuse_all")
        assert set(outcomes(sent)) == {R} and sent.reply is not None and sent.reply.status == "5.5.3"
        assert not smarthost.transactions


async def test_a_later_transaction_that_fails_does_not_take_back_an_earlier_one() -> None:
    async with ScriptedSmarthost(too_many_after=2) as smarthost, connection(smarthost.port) as connected:
        work = asyncio.create_task(connected.transmit(envelope(4), Content(MESSAGE)))
        while not smarthost.messages:
            await asyncio.sleep(0)
        smarthost.say_from_now_on({"rcpt:2": CUT})
        sent = await work
        assert outcomes(sent) == [A, A, D, D] and sent.trouble == "connection lost"
        assert sent.reply is not None and sent.reply.code == 250  # what the client hears


async def test_a_refused_message_is_not_offered_again_for_the_rest() -> None:
    async with ScriptedSmarthost({"dot": say(b"554 5.7.1 Spam")}, too_many_after=2) as smarthost:
        sent = await transmit(smarthost.port, envelope(5))
        assert outcomes(sent) == [R] * 5 and len(smarthost.messages) == 1


async def test_what_the_smarthost_cannot_carry_is_refused_before_it_hears_of_it() -> None:
    async with ScriptedSmarthost(extensions=(b"PIPELINING",)) as smarthost:
        sent = await transmit(smarthost.port, envelope(2), "café\r\n".encode())
        assert outcomes(sent) == [R, R] and sent.reply is not None and sent.reply.status == "5.6.3"
        sent = await transmit(smarthost.port, envelope(1, b"SMTPUTF8"))
        assert outcomes(sent) == [R] and sent.reply is not None and sent.reply.status == "5.6.7"
        assert not smarthost.transactions


async def test_dsn_parameters_that_cannot_go_on_are_reported() -> None:
    asked = Envelope(None, (Recipient(path("b@council.example"), (b"NOTIFY=SUCCESS",)),))
    for extensions, left_out in (((b"PIPELINING",), True), (ORDINARY, False)):
        async with ScriptedSmarthost(extensions=extensions) as smarthost:
            sent = await transmit(smarthost.port, asked)
            assert outcomes(sent) == [A] and sent.without_dsn is left_out
            assert (b"NOTIFY=SUCCESS" in smarthost.messages[0].commands[0]) is not left_out


async def test_stray_line_ends_never_leave() -> None:
    """T2: the guard is not the vulnerable sender, even if the door let such content in."""
    for stray in (b"\n.\r\nMAIL FROM:<x@y.example>\r\n", b"\r.\r\n", b"x\n.\n"):
        async with ScriptedSmarthost() as smarthost:
            sent = await transmit(smarthost.port, content=MESSAGE + stray + b"\r\n")
            assert outcomes(sent) == [D] and sent.trouble == "content has a bare CR or LF"
            assert not smarthost.messages and len(smarthost.transactions) == 1


async def test_a_smarthost_that_is_down() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        sent = await transmit(unused.getsockname()[1], envelope(2))
    assert outcomes(sent) == [D, D] and sent.trouble == "connection refused" and sent.stage is Stage.CONNECT


async def test_a_name_that_does_not_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", fails)
    sent = await transmit(25, address="smtp.missing.example:25")
    assert outcomes(sent) == [D] and sent.trouble == "name not found"


async def test_capabilities_are_those_of_the_last_ehlo_and_outlive_trouble() -> None:
    async with ScriptedSmarthost() as smarthost, pool(smarthost.port) as made:
        assert made.capabilities is None and made.trouble is None
        await made.refresh()
        found = made.capabilities
        assert found is not None and found.eight_bit and found.dsn and found.size_limit == 52_428_800
        await made.refresh()
        assert smarthost.connections == 1  # the answer is young
        await smarthost.stop()
        await asyncio.sleep(0.02)
        assert outcomes(await (await made.connect(None)).transmit(envelope(), Content(MESSAGE))) == [D]
        await made.refresh()
        assert made.trouble == "connection refused" and made.capabilities == found


async def test_cancelled_amid_the_content_no_dot_leaves() -> None:
    async with ScriptedSmarthost({"body": STALL}) as smarthost, connection(smarthost.port) as connected:
        work = asyncio.create_task(connected.transmit(envelope(), Content(MESSAGE + b"0123456789\r\n" * 1_000_000)))
        async with asyncio.timeout(20):
            while not (smarthost.transactions and smarthost.transactions[0].recipients):
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.2)
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
        smarthost.script.clear()
        assert outcomes(await connected.transmit(envelope(), Content(MESSAGE))) == [A]  # on a new connection
        assert smarthost.connections == 2 and len(smarthost.messages) == 1


async def test_nobody_to_send_to() -> None:
    async with ScriptedSmarthost() as smarthost:
        sent = await transmit(smarthost.port, to())
        assert sent.recipients == () and not smarthost.transactions


async def test_uvloop_too() -> None:
    """The line takes the transport over from aiosmtplib; uvloop's transports are others."""

    async def send() -> None:
        async with ScriptedSmarthost() as smarthost:
            content = MESSAGE + b"0123456789\r\n" * 200_000
            assert outcomes(await transmit(smarthost.port, envelope(300), content)) == [A] * 300
            assert smarthost.messages[0].content == content

    await asyncio.to_thread(lambda: asyncio.Runner(loop_factory=uvloop.new_event_loop).run(send()))
