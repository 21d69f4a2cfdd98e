"""The way of one message: what each verdict leads to, and in which order."""

from __future__ import annotations

import pytest

from mailguard.core.outcome import SIGN_IN_LOST, Outcome, SmarthostReply
from mailguard.core.reference import is_reference
from tests.guard.world import NOW, SESSION, World, envelope, message, people

TRY_LATER = SmarthostReply(450, "4.2.1", "try later")
NO_SUCH = SmarthostReply(550, "5.1.1", "no such user")


@pytest.fixture
def world() -> World:
    return World()


async def test_ordinary_mail_is_relayed_after_its_decision_is_recorded(world: World) -> None:
    raw = message()
    answer = await world.submission.submit(SESSION, envelope("a@council.example"), raw)
    await world.submission.settle()
    assert str(answer) == "250 2.0.0 queued as 12345"
    ((sent_envelope, sent),) = world.smarthost.taken
    assert sent_envelope == envelope("a@council.example")
    assert sent.startswith(b"Received: ") and sent.endswith(raw)
    assert world.told.calls.index(("ledger", "append")) < world.told.calls.index(("smarthost", "connect"))
    assert world.ledger.kinds() == ["message_decided", "message_relayed"]


async def test_288_people_in_cc_are_held_and_the_sender_is_told(world: World) -> None:
    answer = await world.submission.submit(SESSION, envelope(*people(288)), message(people(288)))
    assert answer.code == 250 and "Held for checking, ref MG-" in answer.text
    assert not world.smarthost.taken
    (held,) = world.store.messages.values()
    assert is_reference(held.ref) and answer.text.endswith(held.ref)
    assert held.offers == "separate" and held.notify_sender and held.rules == ("visible-list",)
    assert (held.due_at - NOW).total_seconds() == 24 * 3600
    notices = list(world.store.rows.values())
    assert all(notice.kind == "notice" and notice.envelope.reverse_path is None for notice in notices)
    told = [notice.envelope.recipients[0].address for notice in notices]
    assert told == ["jo@elmroad.example", "manager@elmroad.example"]
    queued = [entry.fields["to"] for entry in world.ledger.kept if entry.kind == "notice_queued"]
    assert queued == ["sender", "reviewers"]
    assert world.woken.is_set()


async def test_a_rejection_says_why(world: World) -> None:
    answer = await world.submission.submit(SESSION, envelope("a@council.example"), message(subject="a secret"))
    assert answer.code == 550 and answer.status == "5.7.1" and "Ref MG-" in answer.text
    assert not world.smarthost.taken
    assert world.ledger.kinds() == ["message_decided", "message_rejected"]


async def test_separate_copies_are_durable_before_the_reply(world: World) -> None:
    answer = await world.submission.submit(SESSION, envelope("in@elmroad.example", *people(6)), message(people(6)))
    assert answer.code == 250 and answer.text.startswith("Sending 7 separate copies, ref MG-")
    assert len(world.store.rows) == 7 and not world.smarthost.taken
    assert {row.kind for row in world.store.rows.values()} == {"copy"}
    decided = world.ledger.kept[0]
    assert len(decided.fields["sent_sha256"]) == 7


async def test_a_rewrite_to_bcc_leaves_in_one_transaction(world: World) -> None:
    await world.submission.submit(SESSION, envelope(*people(4)), message(people(4)))
    ((sent_envelope, sent),) = world.smarthost.taken
    assert len(sent_envelope.recipients) == 4
    assert b"person" not in sent


async def test_what_cannot_be_rewritten_is_held(world: World) -> None:
    calendar = "Content-Type: text/calendar; method=REQUEST"
    answer = await world.submission.submit(SESSION, envelope(*people(6)), message(people(6), extra=calendar))
    assert "Held for checking" in answer.text and not world.smarthost.taken and len(world.store.messages) == 1


async def test_a_text_that_names_somebody_who_would_be_hidden_is_held_and_the_reviewer_is_told_why(
    world: World,
) -> None:
    raw = message(people(6), body=f"Ask {people(6)[2]}.")
    answer = await world.submission.submit(SESSION, envelope(*people(6)), raw)
    assert "Held for checking" in answer.text and not world.smarthost.taken
    (held,) = world.store.messages.values()
    assert held.reason.endswith("take it out and to send the message again.") and "@" not in held.reason


async def test_a_bcc_field_never_leaves(world: World) -> None:
    raw = message(extra="Bcc: hidden@council.example")
    await world.submission.submit(SESSION, envelope("a@council.example", "hidden@council.example"), raw)
    ((_, sent),) = world.smarthost.taken
    assert b"hidden" not in sent and b"Bcc" not in sent


async def test_refused_by_the_smarthost_for_everybody_is_its_answer(world: World) -> None:
    world.smarthost.outcomes = {"a@council.example": (Outcome.REFUSED, NO_SUCH)}
    answer = await world.submission.submit(SESSION, envelope("a@council.example"), message())
    await world.submission.settle()
    assert str(answer) == "550 5.1.1 no such user"
    assert world.ledger.kinds() == ["message_decided", "message_refused"]


async def test_refused_and_deferred_without_any_taken_is_temporary(world: World) -> None:
    world.smarthost.outcomes = {
        "a@council.example": (Outcome.REFUSED, NO_SUCH),
        "b@council.example": (Outcome.DEFERRED, TRY_LATER),
    }
    answer = await world.submission.submit(SESSION, envelope("a@council.example", "b@council.example"), message())
    assert str(answer) == "450 4.2.1 try later"


async def test_some_deferred_are_in_the_outbox_before_the_client_hears_250(world: World) -> None:
    world.smarthost.outcomes = {"b@council.example": (Outcome.DEFERRED, TRY_LATER)}
    answer = await world.submission.submit(SESSION, envelope("a@council.example", "b@council.example"), message())
    assert answer.code == 250
    (row,) = world.store.rows.values()
    assert row.kind == "deferred" and [each.address for each in row.envelope.recipients] == ["b@council.example"]
    assert "recipients_queued" in world.ledger.kinds()


async def test_some_refused_are_told_to_the_sender(world: World) -> None:
    world.smarthost.outcomes = {"b@council.example": (Outcome.REFUSED, NO_SUCH)}
    answer = await world.submission.submit(SESSION, envelope("a@council.example", "b@council.example"), message())
    assert answer.code == 250
    (row,) = world.store.rows.values()
    assert row.kind == "dsn" and row.envelope.reverse_path is None and b"delivery-status" in (row.text or b"")


async def test_trouble_with_the_smarthost_is_451_and_an_alarm(world: World) -> None:
    world.smarthost.outcomes = {"a@council.example": (Outcome.DEFERRED, None)}
    world.smarthost.trouble = "connection refused"
    answer = await world.submission.submit(SESSION, envelope("a@council.example"), message())
    await world.submission.settle()
    assert (answer.code, answer.status) == (451, "4.4.1")
    assert world.watch.troubles == ["connection refused"]
    assert world.ledger.kinds() == ["message_decided", "message_deferred"]


async def test_an_answer_lost_after_the_final_dot_is_uncertain(world: World) -> None:
    world.smarthost.outcomes = {"a@council.example": (Outcome.UNCERTAIN, None)}
    world.smarthost.trouble = "connection lost"
    answer = await world.submission.submit(SESSION, envelope("a@council.example"), message())
    await world.submission.settle()
    assert (answer.code, answer.status) == (451, "4.4.2")
    assert world.ledger.kinds() == ["message_decided", "message_uncertain"]


async def test_a_taken_reference_is_picked_anew(world: World) -> None:
    await world.submission.submit(SESSION, envelope("a@council.example"), message())
    world.randomness._count = 0
    answer = await world.submission.submit(SESSION, envelope("a@council.example"), message())
    assert answer.code == 250 and len(world.smarthost.taken) == 2


async def test_no_policy_defers() -> None:
    world = World()

    def none() -> object:
        raise LookupError("none")

    world.submission._policy = none  # type: ignore[assignment]
    answer = await world.submission.submit(SESSION, envelope("a@council.example"), message())
    assert (answer.code, answer.status) == (451, "4.3.0") and not world.smarthost.taken


async def test_the_chain_holds_no_address_and_no_subject(world: World) -> None:
    await world.submission.submit(SESSION, envelope(*people(20)), message(people(20), subject="Asthma list"))
    await world.submission.submit(SESSION, envelope("a@council.example"), message(subject="Asthma secret"))
    for entry in world.ledger.kept:
        assert "@" not in repr(entry.fields) and "Asthma" not in repr(entry.fields)


async def test_a_message_that_goes_round_in_circles_is_refused(world: World) -> None:
    hops = "\r\n".join(f"Received: from a{n} by b{n}; Fri, 20 Nov 2026 14:00:00 +0000" for n in range(101))
    answer = await world.submission.submit(SESSION, envelope("a@council.example"), message(extra=hops))
    assert (answer.code, answer.status) == (554, "5.4.6") and not world.smarthost.taken
    assert world.ledger.kinds() == ["message_looped"]


async def test_a_lost_sign_in_closes_the_session_and_is_no_alarm(world: World) -> None:
    world.smarthost.trouble = SIGN_IN_LOST
    world.smarthost.outcomes["a@council.example"] = (Outcome.DEFERRED, None)
    answer = await world.submission.submit(SESSION, envelope("a@council.example"), message())
    await world.submission.settle()
    assert (answer.code, answer.status) == (421, "4.7.0") and "sign in again, ref MG-" in answer.text
    assert world.ledger.kinds() == ["message_decided", "message_deferred"] and world.watch.troubles == []
    assert not world.smarthost.taken and not world.store.rows


async def test_a_sign_in_lost_between_two_transactions_does_not_take_back_the_first(world: World) -> None:
    world.smarthost.trouble = SIGN_IN_LOST
    world.smarthost.outcomes["b@council.example"] = (Outcome.DEFERRED, None)
    answer = await world.submission.submit(SESSION, envelope("a@council.example", "b@council.example"), message())
    assert answer.code == 250 and [row.kind for row in world.store.rows.values()] == ["deferred"]
