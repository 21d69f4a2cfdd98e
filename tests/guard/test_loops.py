"""A message of ours that comes back is refused before anything else; a mark never spares a message its judgement."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailguard.core.envelope import Envelope
from mailguard.core.outcome import Outcome, SmarthostReply
from mailguard.core.rewrite.mark import Marks
from tests.guard.world import MARKS, SESSION, World, envelope, message, people

FORGED = (
    b"Received: from x by guard.elmroad.example with ESMTP id MG-7Q4K-2F\r\n"
    b"\t(mark 1.AAAAAAAAAAAAAAAAAAAAAA); Fri, 20 Nov 2026 14:00:00 +0000\r\n"
)
SIGNED_IN = replace(SESSION, account="jo@elmroad.example")


@pytest.fixture
def world() -> World:
    return World()


async def sent_once(world: World, raw: bytes | None = None) -> bytes:
    await world.submission.submit(SESSION, envelope("a@council.example"), raw or message())
    await world.submission.settle()
    ((_, sent),) = world.smarthost.taken
    world.smarthost.taken.clear()
    world.ledger.kept.clear()
    world.told.calls.clear()
    return sent


async def test_a_message_that_comes_back_is_refused(world: World) -> None:
    sent = await sent_once(world)
    hop = b"Received: from guard by relay.example with ESMTP; Fri, 20 Nov 2026 14:03:00 +0000\r\n"
    answer = await world.submission.submit(SESSION, envelope("a@council.example"), hop + sent)
    assert (answer.code, answer.status) == (554, "5.4.6") and "Ref" not in answer.text and ", ref MG-" in answer.text
    assert world.ledger.kinds() == ["message_looped"] and world.told.calls == [("ledger", "append")]


@pytest.mark.parametrize(
    "way",
    [
        (envelope(*people(20)), message(people(20))),
        (envelope(*people(6)), message(people(6))),
        (envelope("a@council.example"), message(subject="secret")),
        (Envelope(None, envelope("a@council.example").recipients), message()),
    ],
)
async def test_whatever_else_it_holds(world: World, way: tuple[Envelope, bytes]) -> None:
    top = world.rewriting.top(*_arguments(way))
    answer = await world.submission.submit(SESSION, way[0], top.octets + way[1])
    assert (answer.code, answer.status) == (554, "5.4.6")
    assert not world.store.rows and not world.store.messages and not world.smarthost.taken


def _arguments(way: tuple[Envelope, bytes]) -> tuple[object, ...]:
    from mailguard.core.mail.parse import parse
    from tests.guard.world import NOW

    return parse(way[1]), SESSION, way[0], "MG-7Q4K-2F", NOW, b""


async def test_the_refusal_is_durable_or_the_answer_is_temporary(world: World) -> None:
    sent = await sent_once(world)
    world.told.fault = ("ledger", "append", "raises")
    answer = await world.submission.submit(SESSION, envelope("a@council.example"), sent)
    assert (answer.code, answer.status) == (451, "4.3.0") and not world.smarthost.taken


async def test_a_mark_in_the_body_is_no_loop(world: World) -> None:
    """A forwarded message that once passed carries our field inside it."""
    sent = await sent_once(world)
    answer = await world.submission.submit(SESSION, envelope("a@council.example"), message(body=sent.decode()))
    assert answer.code == 250 and len(world.smarthost.taken) == 1


async def test_a_forged_mark_spares_nothing_and_is_removed_from_what_leaves(world: World) -> None:
    await world.submission.submit(SESSION, envelope(*people(20)), FORGED + message(people(20)))
    assert not world.smarthost.taken and len(world.store.messages) == 1, "it is held like any other"
    await world.submission.submit(SESSION, envelope("a@council.example"), FORGED + message())
    ((_, sent),) = world.smarthost.taken
    assert sent.count(b"Received:") == 1 and sent.endswith(message()) and b"1.AAAA" not in sent
    changes = [entry.fields["changes"] for entry in world.ledger.kept if entry.kind == "message_decided"]
    assert changes == [["forged-received-removed"], ["forged-received-removed"]]


@pytest.mark.parametrize("form", ["original", "bcc", "separate"])
async def test_a_forged_mark_is_removed_from_what_is_released(world: World, form: str) -> None:
    await world.submission.submit(SESSION, envelope(*people(12)), FORGED + message(people(12)))
    (held,) = world.store.messages.values()
    await world.review.release(held.ref, form=form, reason="x", by="Sam", system_user="sam")  # type: ignore[arg-type]
    (released,) = (entry for entry in world.ledger.kept if entry.kind == "message_released")
    assert "forged-received-removed" in released.fields["changes"]
    await world.deliver()
    sent = [content for _, content in world.smarthost.taken if b"Flu clinic" in content and b"Received:" in content]
    assert sent and all(b"1.AAAA" not in each and each.count(b"Received:") == 1 for each in sent)


async def test_another_organisations_guard_is_left_alone(world: World) -> None:
    theirs = FORGED.replace(b"guard.elmroad", b"guard.partner")
    await world.submission.submit(SESSION, envelope("a@council.example"), theirs + message())
    ((_, sent),) = world.smarthost.taken
    assert sent.endswith(theirs + message())


async def test_a_released_message_that_comes_back_is_refused_too(world: World) -> None:
    await world.submission.submit(SESSION, envelope(*people(12)), message(people(12)))
    (held,) = world.store.messages.values()
    await world.review.release(held.ref, form="separate", reason="x", by="Sam", system_user="sam")
    await world.deliver()
    sent = next(content for _, content in world.smarthost.taken if b"Received:" in content)
    answer = await world.submission.submit(SESSION, envelope("a@council.example"), sent)
    assert (answer.code, answer.status) == (554, "5.4.6")


async def test_a_notice_of_ours_comes_through_once_and_then_ends(world: World) -> None:
    """Its first way through the guard is an ordinary one; a second time round it is a loop, and nobody is told."""
    await world.submission.submit(SESSION, envelope(*people(12)), message(people(12)))
    await world.deliver()
    path, notice = world.smarthost.taken[0]
    assert path.reverse_path is None and b"Received:" not in notice
    world.smarthost.taken.clear()
    assert (await world.submission.submit(SESSION, path, notice)).code == 250
    ((_, again),) = world.smarthost.taken
    rows = dict(world.store.rows)
    assert (await world.submission.submit(SESSION, path, again)).code == 554 and world.store.rows == rows


async def test_a_bounce_of_a_looped_message_comes_through(world: World) -> None:
    """What the smarthost writes about it carries our field in a part, not in its header."""
    sent = await sent_once(world)
    header = sent.partition(b"\r\n\r\n")[0].decode()
    extra = "MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b"
    body = f"--b\r\n\r\nNot sent.\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\n{header}\r\n--b--"
    bounce = message(extra=extra, body=body)
    answer = await world.submission.submit(SESSION, envelope("jo@elmroad.example", sender=None), bounce)
    assert answer.code == 250 and len(world.smarthost.taken) == 1


async def test_marks_outlive_a_rotation_of_the_key(world: World) -> None:
    sent = await sent_once(world)
    rotated = World()
    rotated.rewriting._marks = Marks("renamed.elmroad.example", (b"n" * 32, *MARKS.keys))
    answer = await rotated.submission.submit(SESSION, envelope("a@council.example"), sent)
    assert (answer.code, answer.status) == (554, "5.4.6")


# Date and Message-ID (RFC 6409 section 8).

BARE = b"\r\n".join(line for line in message().split(b"\r\n") if not line.startswith((b"Date", b"Message-ID")))


async def test_a_signed_in_client_that_leaves_out_date_and_message_id_gets_them(world: World) -> None:
    await world.submission.submit(SIGNED_IN, envelope("a@council.example"), BARE)
    ((_, sent),) = world.smarthost.taken
    assert sent.endswith(BARE) and sent.count(b"\r\nDate: ") == sent.count(b"\r\nMessage-ID: <") == 1
    assert world.ledger.kept[0].fields["changes"] == ["date-added", "message-id-added"]


async def test_nobody_else_does(world: World) -> None:
    await world.submission.submit(SESSION, envelope("a@council.example"), BARE)
    await world.submission.submit(SIGNED_IN, envelope("a@council.example"), message())
    for (_, sent), raw in zip(world.smarthost.taken, (BARE, message()), strict=True):
        assert sent.count(b"Received:") == 1 and sent.partition(b"+0000\r\n")[2] == raw
    changes = [entry.fields["changes"] for entry in world.ledger.kept if entry.kind == "message_decided"]
    assert changes == [[], []]


async def test_every_copy_now_and_later_has_the_same_ones(world: World) -> None:
    bare = BARE.replace(b"Subject", b"Cc: " + ", ".join(people(12)).encode() + b"\r\nSubject")
    await world.submission.submit(SIGNED_IN, envelope("in@elmroad.example", *people(12)), bare)
    (held,) = world.store.messages.values()
    assert world.ledger.kept[0].fields["changes"] == ["date-added", "message-id-added"]
    world.clock.time = world.clock.time.replace(hour=18)
    await world.review.release(held.ref, form="separate", reason="x", by="Sam", system_user="sam")
    await world.deliver()
    sent = [content for _, content in world.smarthost.taken if b"Received:" in content]
    added = {tuple(line for line in each.split(b"\r\n") if line.startswith((b"Date", b"Message-ID"))) for each in sent}
    assert len(sent) == 13 and len(added) == 1
    assert added.pop()[0] == b"Date: Fri, 20 Nov 2026 14:02:00 +0000", "when it came, not when it left"


async def test_two_messages_have_two_identifiers(world: World) -> None:
    for _ in range(2):
        await world.submission.submit(SIGNED_IN, envelope("a@council.example"), BARE)
    found = [
        [line for line in sent.split(b"\r\n") if line.startswith(b"Message-ID")] for _, sent in world.smarthost.taken
    ]
    assert found[0] != found[1]


async def test_what_smarthost_deferred_keeps_them(world: World) -> None:
    world.smarthost.outcomes = {"b@council.example": (Outcome.DEFERRED, SmarthostReply(450, "4.2.1", "later"))}
    await world.submission.submit(SIGNED_IN, envelope("a@council.example", "b@council.example"), BARE)
    (first,) = (content for _, content in world.smarthost.taken)
    world.smarthost.outcomes = {}
    await world.deliver()
    assert world.smarthost.taken[-1][1] == first
