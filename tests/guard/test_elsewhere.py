"""A process that keeps nothing: what passes at once passes there, everything else is handed on whole."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any, cast

import pytest

from mailguard.core.envelope import Envelope, Recipient
from mailguard.core.mail.message import Buffer
from mailguard.core.outcome import Outcome, RecipientOutcome
from mailguard.core.reply import Reply
from mailguard.core.session import Session
from mailguard.guard.elsewhere import Elsewhere
from mailguard.guard.memory import InvitationMemory
from mailguard.guard.records import NewEntry
from mailguard.guard.remainder import Sent
from mailguard.guard.sent_before import SentBefore
from mailguard.guard.submission import Submission, SubmissionLimits
from tests.guard.test_submission import NO_SUCH, TRY_LATER
from tests.guard.world import ORGANISATION, SESSION, World, envelope, invitation, message, people

HANDED = Reply(250, "2.0.0", "handed over")


class Worker:
    """A submission whose ports, but for ledger and smarthost, are elsewhere. handed: what was handed over."""

    def __init__(self, world: World, limits: SubmissionLimits | None = None) -> None:
        nowhere = cast(Any, Elsewhere())
        self.handed: list[tuple[Session, Envelope, Buffer]] = []
        self.taken_over: list[tuple[Sent, tuple[Recipient, ...], tuple[RecipientOutcome, ...], NewEntry]] = []
        self.fault: Exception | None = None
        self.hangs = False
        self.submission = Submission(
            organisation=ORGANISATION,
            policy=lambda: world.policy,
            ledger=world.ledger,
            quarantine=nowhere,
            outbox=nowhere,
            inspector=world.inspector,
            memory=InvitationMemory(nowhere, world.clock, timedelta(days=400)),
            sent_before=SentBefore(nowhere, nowhere, ORGANISATION, world.clock),
            smarthost=world.smarthost,
            notices=nowhere,
            clock=world.clock,
            randomness=world.randomness,
            watch=world.watch,
            rewriting=world.rewriting,
            deadline=timedelta(hours=24),
            give_up_after=timedelta(days=3),
            wake=lambda: None,
            hand_over=self.hand_over,
            remainder=self,
            limits=limits,
        )

    async def hand_over(self, session: Session, to: Envelope, raw: Buffer) -> Reply:
        self.handed.append((session, to, raw))
        if self.fault is not None:
            raise self.fault
        if self.hangs:
            await asyncio.sleep(60)
        return HANDED

    async def take_over(
        self, sent: Sent, waiting: tuple[Recipient, ...], refused: tuple[RecipientOutcome, ...], entry: NewEntry
    ) -> None:
        self.taken_over.append((sent, waiting, refused, entry))


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def worker(world: World) -> Worker:
    return Worker(world)


async def test_what_passes_at_once_is_recorded_and_relayed_there(world: World, worker: Worker) -> None:
    raw = message()
    answer = await worker.submission.submit(SESSION, envelope("a@council.example"), raw)
    await worker.submission.settle()
    assert str(answer) == "250 2.0.0 queued as 12345" and not worker.handed
    assert world.ledger.kinds() == ["message_decided", "message_relayed"]
    assert world.told.calls.index(("ledger", "append")) < world.told.calls.index(("smarthost", "connect"))


async def test_a_rejection_needs_nobody_else(world: World, worker: Worker) -> None:
    answer = await worker.submission.submit(SESSION, envelope("a@council.example"), message(subject="a secret"))
    assert answer.code == 550 and not worker.handed and not world.smarthost.taken


@pytest.mark.parametrize(
    ("to", "raw"),
    [
        pytest.param(people(288), message(people(288)), id="held"),
        pytest.param(["in@elmroad.example", *people(6)], message(people(6)), id="separate copies"),
        pytest.param(["a@council.example"], message(extra="To: <b"), id="held by the floor"),
        pytest.param(people(2), invitation(people(2), to=people(2)), id="an invitation"),
    ],
)
async def test_everything_else_is_handed_over_before_anything_is_recorded(
    world: World, worker: Worker, to: list[str], raw: bytes
) -> None:
    answer = await worker.submission.submit(SESSION, envelope(*to), raw)
    await worker.submission.settle()
    assert answer == HANDED and worker.handed == [(SESSION, envelope(*to), raw)]
    assert not world.ledger.kept and not world.smarthost.taken


async def test_who_cannot_be_asked_is_no_reason_to_pass_it(world: World, worker: Worker) -> None:
    worker.fault = RuntimeError("gone")
    answer = await worker.submission.submit(SESSION, envelope(*people(288)), message(people(288)))
    assert answer.code == 451 and not world.smarthost.taken


async def test_who_does_not_answer_keeps_nobody_waiting_for_ever(world: World) -> None:
    worker = Worker(world, SubmissionLimits(0.05, 0.05, 0.05))
    worker.hangs = True
    async with asyncio.timeout(30):
        answer = await worker.submission.submit(SESSION, envelope(*people(288)), message(people(288)))
    assert answer.code == 451 and not world.smarthost.taken and not world.ledger.kept


async def test_the_rest_of_a_message_is_taken_over_with_what_left(world: World, worker: Worker) -> None:
    world.smarthost.outcomes = {
        "b@council.example": (Outcome.DEFERRED, TRY_LATER),
        "c@council.example": (Outcome.REFUSED, NO_SUCH),
    }
    to, raw = envelope("a@council.example", "b@council.example", "c@council.example"), message()
    answer = await worker.submission.submit(SESSION, to, raw)
    await worker.submission.settle()
    ((sent, waiting, refused, entry),) = worker.taken_over
    assert answer.code == 250 and not worker.handed
    assert (sent.session, sent.envelope, sent.raw) == (SESSION, to, raw) and sent.edits
    assert [each.address for each in waiting] == ["b@council.example"]
    assert [each.recipient.address for each in refused] == ["c@council.example"]
    assert entry.kind == "message_relayed" and entry.ref == sent.ref
    # What the owner does with it is what it does with its own (test_submission.py).
    await world.submission.remainder.take_over(sent, waiting, refused, entry)
    kinds = {row.kind for row in world.store.rows.values()}
    assert kinds == {"deferred", "dsn"} and {"message_relayed", "recipients_queued"} <= set(world.ledger.kinds())
