"""The canary on the real way (sockets, stories, store): it passes under every policy that protects, and every defect
that is put into the way on purpose is found.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import mailguard.guard.submission as submission_module
from mailguard.config import Settings
from mailguard.core.canary.plant import SEED_OCTETS, Kind, Planted, plant
from mailguard.core.canary.problems import Problem
from mailguard.core.envelope import Envelope, Recipient
from mailguard.core.envelope import Path as Mailbox
from mailguard.core.mail.message import Message
from mailguard.core.outcome import Outcome
from mailguard.core.policy.load import Policy, load_policy
from mailguard.core.rewrite.content import Content, Edit
from mailguard.core.rewrite.copies import Copy, Rewritten
from mailguard.core.verdict import Disposition, Inspection, Rewrite, Verdict
from mailguard.guard.canary.flight import Landing, fly
from mailguard.guard.delivery import Deliveries
from mailguard.guard.rewriting import Rewriting
from mailguard.serve.canary_ground import CanaryGrounds
from mailguard.serve.parts import Parts, open_parts
from mailguard.smtp.listener import Listener
from mailguard.smtp.routes import SmarthostRoutes
from mailguard.smtp.smarthost_settings import SmarthostSettings
from mailguard.store.outbox import StoredOutbox
from mailguard.store.quarantine import StoredQuarantine
from tests.end_to_end.sink import Sink


class NobodyReads:
    """Implements guard.ports.Inspector: an attachment that a rule asks about holds the message."""

    async def inspect(self, message: Message, parts: Sequence[str]) -> Sequence[Inspection]:
        return [Inspection(part, uninspectable="nobody reads it here") for part in parts]


NOBODY_READS = NobodyReads()

SENDER = "mailguard@elmroad.example"
SECONDS = 60.0


@pytest.fixture
async def parts(tmp_path: Path, sink: Sink) -> AsyncIterator[Parts]:
    settings = Settings.model_validate(
        {
            "organisation": {"name": "Elm Road Surgery", "domains": ["elmroad.example"]},
            "smarthost": {"address": f"127.0.0.1:{sink.port}"},
            "store": f"sqlite:///{tmp_path / 'mailguard.db'}",
            "notices": {"from": SENDER, "contact": "manager@elmroad.example"},
            "hostname": "guard.elmroad.example",
        }
    )
    opened = await open_parts(settings)
    yield opened
    await opened.close()
    assert sink.taken == [], "nothing of the canary reaches the smarthost"


@pytest.fixture
def sink() -> Any:
    with Sink() as found:
        yield found


def policy(action: str = "hold", *, at_least: int = 10, more: str = "") -> Policy:
    text = f"""\
version: 1
rules:
  - id: visible-list
    describe: Many people outside would see each other's addresses.
    when: {{visible_external_recipients: {{at_least: {at_least}}}}}
    action: {action}
    {more or "rewrite: separate"}
"""
    return load_policy({"policy.yaml": text.encode()})


HOLD = policy()
SEPARATE = policy("rewrite")


def planted(kind: Kind, people: int = 12) -> Planted:
    return plant(kind, bytes(range(SEED_OCTETS)), people, SENDER, datetime.now(UTC))


async def land(parts: Parts, kind: Kind, policy: Policy = HOLD, people: int = 12, seconds: float = SECONDS) -> Landing:
    return await fly(
        planted(kind, people), CanaryGrounds(parts, lambda: policy, "guard.elmroad.example", NOBODY_READS), seconds
    )


async def steps(parts: Parts, ref: str | None) -> list[str]:
    return [str(entry.fields["step"]) async for entry in parts.store.ledger.entries(ref)]


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize(
    ("policy", "form", "copies", "expected"),
    [
        (HOLD, Rewrite.SEPARATE, 12, ["message_decided", "message_held", "message_released"]),
        (SEPARATE, Rewrite.SEPARATE, 12, ["message_decided", "copies_queued"]),
        (policy("hold", more="approvals: 2"), Rewrite.SEPARATE, 12, None),
        (policy("hold", more="rewrite: bcc"), Rewrite.SEPARATE, 12, None),
        (policy("hold", more="rewrite: separate\n    delay: 5m"), Rewrite.SEPARATE, 12, None),
        (policy("hold", more="release_as: [original]"), Rewrite.SEPARATE, 12, ["message_decided", "message_held"]),
        (policy("hold", more="rewrite: separate\n    release_as: [separate]"), Rewrite.SEPARATE, 12, None),
        (policy("reject", more="mode: enforce"), Rewrite.SEPARATE, 12, ["message_decided", "message_rejected"]),
    ],
)
async def test_passes_under_every_policy_that_protects(
    parts: Parts, kind: Kind, policy: Policy, form: Rewrite, copies: int, expected: list[str] | None
) -> None:
    landing = await land(parts, kind, policy)
    assert (landing.problem, landing.form, landing.copies, landing.rule) == (None, form, copies, "visible-list")
    if expected is not None:
        assert await steps(parts, landing.ref) == expected


async def test_a_policy_that_hides_in_the_envelope_alone(parts: Parts) -> None:
    hidden = await land(parts, Kind.LIST, policy("rewrite", more="rewrite: bcc"))
    assert (hidden.problem, hidden.form, hidden.copies) == (None, Rewrite.BCC, 1)
    invitation = await land(parts, Kind.INVITATION, policy("rewrite", more="rewrite: bcc"))
    assert (invitation.problem, invitation.form) == (None, Rewrite.SEPARATE), "an invitation is held, and separated"


async def test_a_hold_that_may_only_leave_as_bcc(parts: Parts) -> None:
    only_bcc = policy("hold", more="rewrite: bcc\n    release_as: [bcc]")
    hidden = await land(parts, Kind.LIST, only_bcc)
    assert (hidden.problem, hidden.form, hidden.copies) == (None, Rewrite.BCC, 1)
    invitation = await land(parts, Kind.INVITATION, only_bcc)
    assert (invitation.problem, invitation.form) == (None, Rewrite.SEPARATE), "kept; rewriting was tried by itself"


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize(
    "policy",
    [
        load_policy({"policy.yaml": b"version: 1\nrules: []\n"}),
        policy("relay", more="mode: enforce"),
        policy("hold", at_least=13),
        policy("hold", more="mode: monitor"),
        policy("hold", more=f"unless: {{sender: [{SENDER}]}}"),
        policy("hold", more="delay: 5m"),
    ],
)
async def test_a_policy_that_lets_it_leave_as_written_is_the_failure(parts: Parts, kind: Kind, policy: Policy) -> None:
    landing = await land(parts, kind, policy)
    assert landing.problem is Problem.NOT_STOPPED
    watched = any(rule.mode == "monitor" for rule in policy.rules)
    assert landing.watching == (("visible-list",) if watched else ())


async def test_as_many_people_as_the_policy_has_to_stop(parts: Parts) -> None:
    assert (await land(parts, Kind.LIST, policy("hold", at_least=30))).problem is Problem.NOT_STOPPED
    assert (await land(parts, Kind.LIST, policy("hold", at_least=30), people=30)).problem is None


async def test_no_policy_at_all_is_deferred(parts: Parts) -> None:
    def none() -> Policy:
        raise RuntimeError("no policy")

    grounds = CanaryGrounds(parts, none, "guard.elmroad.example", NOBODY_READS)
    assert (await fly(planted(Kind.LIST), grounds, SECONDS)).problem is Problem.DEFERRED


# Defects that are put into the way.

Rewritten_ = Callable[[Planted, Rewritten], Rewritten]


def leak(planted: Planted, made: Rewritten) -> Rewritten:
    """One address in one copy."""
    copy = made.copies[3]
    other = next(each.address for each in planted.people if each.address != copy.recipients[0].address)
    return _with(made, 3, (Edit(0, 0, b"X-Other: " + other.encode() + b"\r\n"), *copy.edits))


def cut(planted: Planted, made: Rewritten) -> Rewritten:
    return dataclasses.replace(made, copies=made.copies[:-1])


def twice(planted: Planted, made: Rewritten) -> Rewritten:
    return dataclasses.replace(made, copies=(*made.copies, made.copies[0]))


def swap(planted: Planted, made: Rewritten) -> Rewritten:
    first, second = made.copies[:2]
    return _with(_with(made, 0, second.edits), 1, first.edits)


def as_written(planted: Planted, made: Rewritten) -> Rewritten:
    """What the service of toyota-city did when its licence had lapsed."""
    return dataclasses.replace(made, copies=tuple(dataclasses.replace(copy, edits=()) for copy in made.copies))


def together(planted: Planted, made: Rewritten) -> Rewritten:
    everybody = tuple(each for copy in made.copies for each in copy.recipients)
    return dataclasses.replace(made, copies=(Copy(everybody, made.copies[0].edits),))


def to_somebody_else(planted: Planted, made: Rewritten) -> Rewritten:
    other = Recipient(Mailbox(b"x@else.example", "x@else.example"))
    return dataclasses.replace(
        made, copies=(*made.copies[:-1], dataclasses.replace(made.copies[-1], recipients=(other,)))
    )


def change_the_subject(planted: Planted, made: Rewritten) -> Rewritten:
    start = planted.raw.index(b"Subject: ")
    edit = Edit(start, start + len(b"Subject: mailguard"), b"Subject: something")
    return _with(made, 5, tuple(sorted((*made.copies[5].edits, edit), key=lambda each: each.start)))


def _with(made: Rewritten, index: int, edits: tuple[Edit, ...]) -> Rewritten:
    copies = list(made.copies)
    copies[index] = dataclasses.replace(copies[index], edits=edits)
    return dataclasses.replace(made, copies=tuple(copies))


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("policy", [HOLD, SEPARATE], ids=["held", "rewritten"])
@pytest.mark.parametrize(
    ("mutant", "problem"),
    [
        (leak, Problem.SHOWN),
        (swap, Problem.SHOWN),
        (as_written, Problem.SHOWN),
        (together, Problem.SHOWN),
        (cut, Problem.MISSING),
        (to_somebody_else, Problem.MISSING),
        (change_the_subject, Problem.CHANGED),
    ],
)
async def test_a_rewrite_that_is_wrong_is_found(
    parts: Parts, monkeypatch: pytest.MonkeyPatch, kind: Kind, policy: Policy, mutant: Rewritten_, problem: Problem
) -> None:
    right = Rewriting.rewritten

    async def wrong(self: Rewriting, *arguments: Any) -> Rewritten:
        return mutant(planted(kind), await right(self, *arguments))

    monkeypatch.setattr(Rewriting, "rewritten", wrong)
    assert (await land(parts, kind, policy)).problem is problem


async def test_a_copy_too_many_is_found(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    right = Rewriting.rewritten

    async def wrong(self: Rewriting, *arguments: Any) -> Rewritten:
        return twice(planted(Kind.LIST), await right(self, *arguments))

    monkeypatch.setattr(Rewriting, "rewritten", wrong)
    assert (await land(parts, Kind.LIST)).problem is Problem.TWICE


async def hangs(*_: Any, **__: Any) -> Any:
    await asyncio.sleep(3600)


async def raises(*_: Any, **__: Any) -> Any:
    raise RuntimeError("planted-secret jo@elmroad.example")


@pytest.mark.parametrize(
    ("where", "method", "fault", "policy", "problem"),
    [
        (Rewriting, "rewritten", raises, HOLD, Problem.FAILED),
        (Rewriting, "rewritten", raises, SEPARATE, Problem.NOT_RECORDED),
        (Rewriting, "rewritten", hangs, HOLD, Problem.TIMED_OUT),
        (StoredQuarantine, "hold", raises, HOLD, Problem.NOT_RECORDED),
        (StoredQuarantine, "change", raises, HOLD, Problem.FAILED),
        (StoredQuarantine, "change", hangs, HOLD, Problem.TIMED_OUT),
        (StoredOutbox, "claim", hangs, HOLD, Problem.TIMED_OUT),
        (StoredOutbox, "record", raises, HOLD, Problem.TIMED_OUT),
        (Deliveries, "_deliver", hangs, SEPARATE, Problem.TIMED_OUT),
        (Listener, "start", raises, HOLD, Problem.FAILED),
    ],
)
async def test_a_step_that_fails_or_hangs_is_found_in_time(
    parts: Parts,
    monkeypatch: pytest.MonkeyPatch,
    where: type,
    method: str,
    fault: Callable[..., Awaitable[Any]],
    policy: Policy,
    problem: Problem,
) -> None:
    monkeypatch.setattr(where, method, fault)
    landing = await land(parts, Kind.LIST, policy, seconds=8.0 if problem is Problem.TIMED_OUT else SECONDS)
    assert landing.problem in (problem, Problem.DEFERRED if problem is Problem.NOT_RECORDED else problem)


async def test_a_judgement_that_lets_it_pass_is_found(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    right = submission_module.judge

    def wrong(*arguments: Any) -> Any:
        found = right(*arguments)
        if isinstance(found, Verdict):
            return dataclasses.replace(found, disposition=Disposition.RELAY, rewrite=None)
        return found

    monkeypatch.setattr(submission_module, "judge", wrong)
    assert (await land(parts, Kind.LIST)).problem is Problem.NOT_STOPPED


@pytest.mark.parametrize(
    ("policy", "where", "method", "entries_at"),
    [(HOLD, StoredQuarantine, "hold", 2), (SEPARATE, StoredOutbox, "add", 2)],
)
async def test_a_decision_that_is_not_in_the_ledger_is_found(
    parts: Parts, monkeypatch: pytest.MonkeyPatch, policy: Policy, where: type, method: str, entries_at: int
) -> None:
    right = getattr(where, method)

    async def wrong(self: Any, *arguments: Any) -> Any:
        without = [*arguments[:entries_at], [], *arguments[entries_at + 1 :]]
        return await right(self, *without)

    monkeypatch.setattr(where, method, wrong)
    assert (await land(parts, Kind.LIST, policy)).problem is Problem.NOT_RECORDED


# What it leaves, and what cannot get in.


@pytest.mark.parametrize(
    "policy", [HOLD, SEPARATE, policy("hold", at_least=13), policy("reject", more="mode: enforce")]
)
async def test_it_leaves_nothing_but_its_entries(parts: Parts, policy: Policy) -> None:
    await land(parts, Kind.LIST, policy)
    await land(parts, Kind.INVITATION, policy)
    counts = await parts.store.counts()
    assert (sum(counts.held.values()), counts.outbox, counts.evidence) == (0, 0, 0)
    kinds = {entry.kind async for entry in parts.store.ledger.entries()}
    assert kinds == {"canary_recorded"}, "whoever counts everybody's decisions and holds does not count these"
    assert not parts.notices.overdue(datetime(2100, 1, 1, tzinfo=UTC)), "nobody waits to be told of it"


async def test_it_is_never_among_what_people_and_deliveries_work_through(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looked at in the middle of its way: just before each copy is sent."""
    seen: list[tuple[int, int, int]] = []
    right = Deliveries._deliver

    async def look(self: Deliveries, row: Any) -> None:
        store, now = parts.store, datetime(2100, 1, 1, tzinfo=UTC)
        claimed = await store.outbox.claim("this-machine", now, 60, 100)
        due = await store.quarantine.due(now, 100)
        seen.append((len(claimed), len(due) + len(await store.quarantine.list()), len(await store.outbox.list())))
        await right(self, row)

    monkeypatch.setattr(Deliveries, "_deliver", look)
    assert (await land(parts, Kind.LIST)).problem is None
    assert seen == [(0, 0, 0)] * 12


async def test_door_and_sink_take_nothing_but_the_canary(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    ports: list[int] = []
    right = Listener.start

    async def start(self: Listener) -> None:
        await right(self)
        assert self.addresses[0][0] == "127.0.0.1"
        ports.append(self.addresses[0][1])

    monkeypatch.setattr(Listener, "start", start)
    mine = planted(Kind.LIST)
    real = Envelope(mine.envelope.reverse_path, (Recipient(Mailbox(b"p@outside.example", "p@outside.example")),))
    mixed = mine.envelope.to((*mine.envelope.recipients, *real.recipients))
    async with CanaryGrounds(parts, lambda: HOLD, "guard.elmroad.example", NOBODY_READS).open(mine) as ground:
        sink, door = ports
        for envelope in (real, mixed):
            assert await offer(sink, envelope, mine.raw) == {Outcome.REFUSED}
            assert await offer(door, envelope, mine.raw) == {Outcome.REFUSED}
        assert await offer(door, mine.envelope, mine.raw + b"more\r\n") == {Outcome.REFUSED}
        assert ground.arrivals == [] and ground.track.ref is None
        assert (await ground.submit()).code == 250
        assert await offer(door, mine.envelope, mine.raw) == {Outcome.REFUSED}, "once"
    with pytest.raises(OSError):
        await asyncio.open_connection("127.0.0.1", door)


async def offer(port: int, envelope: Envelope, raw: bytes) -> set[Outcome]:
    settings = SmarthostSettings.model_validate({"address": f"127.0.0.1:{port}", "tls": "none"})
    routes = SmarthostRoutes([settings], hostname="somebody.example")
    connection = await routes.connect(None)
    try:
        return {each.outcome for each in (await connection.transmit(envelope, Content(raw))).recipients}
    finally:
        await connection.release()
        await routes.close()
