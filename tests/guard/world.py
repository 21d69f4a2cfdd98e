"""Ports in memory, for the stories alone: they remember every call in order, and can be told to fail at a method."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from mailguard.core.earlier.files import SentFiles, same_files
from mailguard.core.earlier.past import Earlier, Past
from mailguard.core.earlier.trace import Sending, Trace, trace_of
from mailguard.core.envelope import Envelope, Path, Recipient
from mailguard.core.errors import AlreadyDecided, ReferenceTaken, UnknownReference
from mailguard.core.lifecycle import OPEN, State
from mailguard.core.mail.message import Buffer, Message
from mailguard.core.organisation import Organisation
from mailguard.core.outcome import Outcome, RecipientOutcome, SmarthostReply, Stage, Transmission
from mailguard.core.policy.load import Policy, load_policy
from mailguard.core.rewrite.content import Content
from mailguard.core.rewrite.dkim import DkimKey
from mailguard.core.rewrite.mark import Marks
from mailguard.core.session import Session
from mailguard.core.verdict import Finding, Inspection
from mailguard.guard.deadline import Deadline
from mailguard.guard.delivery import Deliveries, Schedule
from mailguard.guard.memory import InvitationMemory
from mailguard.guard.notices import Notices
from mailguard.guard.records import (
    Announced,
    AnnouncedFiles,
    Attempt,
    Delivery,
    Entry,
    Held,
    HeldChange,
    NewDelivery,
    NewEntry,
    NewHeld,
)
from mailguard.guard.review import Review
from mailguard.guard.rewriting import Rewriting
from mailguard.guard.sent_before import SentBefore
from mailguard.guard.settings import NoticeSettings
from mailguard.guard.submission import Submission, SubmissionLimits

NOW = datetime(2026, 11, 20, 14, 2, tzinfo=UTC)


class Told:
    """Calls in order, as (port, method); a fault for one of them."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []
        self.fault: tuple[str, str, str] | None = None

    async def call(self, port: str, method: str) -> bool:
        """Whether the method should return nothing; raises, hangs or is cancelled as the fault says."""
        self.calls.append((port, method))
        if self.fault is None or self.fault[:2] != (port, method):
            return False
        kind = self.fault[2]
        if kind == "raises":
            raise RuntimeError("planted-secret jo@elmroad.example")
        if kind == "hangs":
            await asyncio.sleep(3600)
        if kind == "is cancelled":
            raise asyncio.CancelledError
        return kind == "returns nothing"


@dataclass
class MemoryLedger:
    told: Told
    kept: list[NewEntry] = field(default_factory=list)

    async def append(self, entries: Sequence[NewEntry], *, patient: bool = False) -> Sequence[Entry]:
        if await self.told.call("ledger", "append"):
            return None  # type: ignore[return-value]
        return self.keep(entries)

    def keep(self, entries: Sequence[NewEntry]) -> Sequence[Entry]:
        taken = {entry.ref for entry in self.kept if entry.claims_ref}
        if any(entry.claims_ref and entry.ref in taken for entry in entries):
            raise ReferenceTaken("taken")
        start = len(self.kept)
        self.kept.extend(entries)
        return [
            Entry("memory", start + index + 1, entry.at, entry.kind, entry.ref, "", entry.fields)
            for index, entry in enumerate(entries)
        ]

    async def entries(self, ref: str | None = None) -> AsyncIterator[Entry]:
        for index, entry in enumerate(self.kept):
            if ref in (None, entry.ref):
                yield Entry("memory", index + 1, entry.at, entry.kind, entry.ref, "", entry.fields)

    def kinds(self) -> list[str]:
        return [entry.kind for entry in self.kept]


@dataclass
class MemoryStore:
    """Quarantine, outbox, blobs and evidence on one dictionary each."""

    told: Told
    ledger: MemoryLedger
    messages: dict[str, Held] = field(default_factory=dict)
    originals: dict[str, bytes] = field(default_factory=dict)
    rows: dict[str, Delivery] = field(default_factory=dict)
    results: dict[str, list[Attempt]] = field(default_factory=dict)


@dataclass
class MemoryHistory:
    told: Told
    kept: dict[str, tuple[str, datetime]] = field(default_factory=dict)

    async def separated(self, occasions: Sequence[str], now: datetime) -> Mapping[str, str]:
        if await self.told.call("history", "separated"):
            return None  # type: ignore[return-value]
        return {each: self.kept[each][0] for each in occasions if each in self.kept and self.kept[each][1] > now}

    async def remember(self, occasions: Sequence[str], rule: str, until: datetime) -> int:
        if await self.told.call("history", "remember"):
            return None  # type: ignore[return-value]
        self.kept |= dict.fromkeys(occasions, (rule, until))
        return len(occasions)


@dataclass
class MemorySendings:
    """Compares with the same pure functions as the store."""

    told: Told
    kept: dict[str, tuple[Sending, Trace, datetime]] = field(default_factory=dict)

    async def announce(self, sending: Sending, now: datetime, since: datetime, until: datetime) -> Announced:
        if await self.told.call("sendings", "announce"):
            return None  # type: ignore[return-value]
        own, token = trace_of(sending, b"k"), f"token-{len(self.kept)}"
        earlier = tuple(
            Earlier(
                own,
                trace,
                now - at,
                by_sender=bool({*sending.senders} & {*each.senders}),
                answered=bool({*sending.answered} & {*each.identifiers}),
            )
            for each, trace, at in self.kept.values()
            if at >= since
        )
        self.kept[token] = (sending, own, now)
        return Announced(token, Past(own, sending.takes_back, earlier))

    async def settle(self, token: str, *, hidden: bool, exposed: bool) -> bool:
        if await self.told.call("sendings", "settle"):
            return None  # type: ignore[return-value]
        sending, trace, at = self.kept[token]
        self.kept[token] = (sending, trace.as_left(hidden=hidden, exposed=exposed), at)
        return True

    async def withdraw(self, token: str) -> None:
        await self.told.call("sendings", "withdraw")
        self.kept.pop(token, None)


@dataclass
class MemoryFilesSent:
    """Compares with the same pure functions as the store."""

    told: Told
    kept: dict[str, tuple[SentFiles, datetime]] = field(default_factory=dict)
    count: int = 0
    until: list[datetime] = field(default_factory=list)

    async def announce(
        self, sent: SentFiles, now: datetime, since: datetime, until: datetime, token: str | None = None
    ) -> AnnouncedFiles:
        if await self.told.call("files_sent", "announce"):
            return None  # type: ignore[return-value]
        self.until.append(until)
        self.count += token is None
        token = token or f"files-{self.count}"
        known = self.kept.pop(token)[0].files if token in self.kept else ()
        earlier = [(each, now - at) for each, at in self.kept.values() if at >= since]
        self.kept[token] = (replace(sent, files=(*known, *sent.files)), now)
        return AnnouncedFiles(token, same_files(sent, earlier))

    async def withdraw(self, token: str) -> None:
        await self.told.call("files_sent", "withdraw")
        self.kept.pop(token, None)


class MemoryQuarantine:
    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def hold(
        self, held: NewHeld, raw: Buffer, entries: Sequence[NewEntry], deliveries: Sequence[NewDelivery]
    ) -> Held:
        if await self._store.told.call("quarantine", "hold"):
            return None  # type: ignore[return-value]
        self._store.ledger.keep(entries)
        kept = Held(
            **{name: getattr(held, name) for name in NewHeld.__slots__},
            version=1,
            approved_by=(),
            blob=held.ref,
            delayed=held.state is State.WAITING,
        )
        self._store.messages[held.ref] = kept
        self._store.originals[held.ref] = bytes(raw)
        _keep_rows(self._store, deliveries)
        return kept

    async def get(self, ref: str, canary: str | None = None) -> Held:
        if await self._store.told.call("quarantine", "get"):
            return None  # type: ignore[return-value]
        held = self._store.messages.get(ref)
        if held is None or held.canary != canary:
            raise UnknownReference(ref)
        return held

    async def list(self, states: Sequence[State] | None = None, limit: int | None = None) -> Sequence[Held]:
        await self._store.told.call("quarantine", "list")
        return [held for held in self._store.messages.values() if states is None or held.state in states]

    async def due(self, now: datetime, limit: int) -> Sequence[Held]:
        await self._store.told.call("quarantine", "due")
        return [held for held in self._store.messages.values() if held.state in OPEN and held.due_at <= now][:limit]

    async def ahead(self, now: datetime, limit: int) -> Sequence[Held]:
        await self._store.told.call("quarantine", "ahead")
        waiting = (held for held in self._store.messages.values() if held.state is State.WAITING)
        return [held for held in waiting if held.received_at > now][:limit]

    async def change(self, change: HeldChange, entries: Sequence[NewEntry], deliveries: Sequence[NewDelivery]) -> Held:
        await self._store.told.call("quarantine", "change")
        held = self._store.messages[change.ref]
        if (held.version, held.state) != (change.version, change.from_state):
            raise AlreadyDecided("memory")
        self._store.ledger.keep(entries)
        _keep_rows(self._store, deliveries)
        whole = (*held.envelope.recipients, *held.left_out)
        off = {each.address for each in held.left_out} if change.left_out is None else set(change.left_out)
        changed = replace(
            held,
            version=held.version + 1,
            state=change.to_state,
            decided_by=change.actor,
            decided_at=change.at,
            note=change.note,
            released_as=change.released_as,
            approved_by=change.approved_by if change.approved_by is not None else held.approved_by,
            leaves_at=change.leaves_at,
            due_at=change.due_at or held.due_at,
            envelope=held.envelope.to(tuple(each for each in whole if each.address not in off)),
            left_out=tuple(each for each in whole if each.address in off),
        )
        self._store.messages[change.ref] = changed
        return changed


class MemoryOutbox:
    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def add(self, deliveries: Sequence[NewDelivery], raw: Buffer | None, entries: Sequence[NewEntry]) -> int:
        if await self._store.told.call("outbox", "add"):
            return None  # type: ignore[return-value]
        self._store.ledger.keep(entries)
        _keep_rows(self._store, deliveries)
        if raw is not None:
            self._store.originals[deliveries[0].blob or ""] = bytes(raw)
        return len(deliveries)

    async def claim(
        self, owner: str, now: datetime, lease_seconds: float, limit: int, canary: str | None = None
    ) -> Sequence[Delivery]:
        if await self._store.told.call("outbox", "claim"):
            return None  # type: ignore[return-value]
        claimed = []
        for name, row in list(self._store.rows.items()):
            if (
                row.canary == canary
                and row.not_before <= now
                and (row.lease_until is None or row.lease_until <= now)
                and len(claimed) < limit
            ):
                until = now + timedelta(seconds=lease_seconds)
                claimed.append(replace(row, lease=f"{owner}:1", lease_until=until, attempts=row.attempts + 1))
                self._store.rows[name] = claimed[-1]
        return claimed

    async def extend(self, owner: str, now: datetime, lease_seconds: float, leases: object = None) -> int:
        await self._store.told.call("outbox", "extend")
        return 0

    async def confirm(self, identifier: str, lease: str, now: datetime, lease_seconds: float) -> bool:
        if await self._store.told.call("outbox", "confirm"):
            return None  # type: ignore[return-value]
        row = self._store.rows.get(identifier)
        return row is not None and row.lease == lease

    async def record(self, attempt: Attempt, entries: Sequence[NewEntry], deliveries: Sequence[NewDelivery]) -> bool:
        if await self._store.told.call("outbox", "record"):
            return None  # type: ignore[return-value]
        row = self._store.rows.get(attempt.identifier)
        if row is None or row.lease != attempt.lease:
            return False
        self._store.ledger.keep(entries)
        self._store.results.setdefault(attempt.identifier, []).append(attempt)
        if attempt.remaining and attempt.not_before is not None:
            self._store.rows[attempt.identifier] = replace(
                row,
                envelope=row.envelope.to(attempt.remaining),
                not_before=attempt.not_before,
                lease=None,
                lease_until=None,
            )
        else:
            del self._store.rows[attempt.identifier]
        _keep_rows(self._store, deliveries)
        return True

    async def list(self, limit: int | None = None) -> Sequence[Delivery]:
        await self._store.told.call("outbox", "list")
        return list(self._store.rows.values())

    async def retry(self, ref: str, now: datetime, entries: Sequence[NewEntry]) -> int:
        await self._store.told.call("outbox", "retry")
        return 0

    async def drop(self, ref: str, entries: Sequence[NewEntry]) -> int:
        await self._store.told.call("outbox", "drop")
        return 0


class MemoryBlobs:
    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def read(self, blob: str) -> Buffer:
        if await self._store.told.call("blobs", "read"):
            return None  # type: ignore[return-value]
        return self._store.originals[blob]


def _keep_rows(store: MemoryStore, deliveries: Sequence[NewDelivery]) -> None:
    for each in deliveries:
        values = {name: getattr(each, name) for name in NewDelivery.__slots__ if name != "links"}
        store.rows[each.identifier] = Delivery(**values, attempts=0, lease=None, lease_until=None)


class MemoryInspector:
    def __init__(self, told: Told) -> None:
        self._told = told
        self.findings: tuple[Finding, ...] = ()

    async def inspect(self, message: Message, parts: Sequence[str]) -> Sequence[Inspection]:
        if await self._told.call("inspector", "inspect"):
            return None  # type: ignore[return-value]
        return [Inspection(part, self.findings) for part in parts]


class MemorySmarthost:
    """Accepts everything unless `answer` says otherwise; remembers what it was given."""

    def __init__(self, told: Told) -> None:
        self._told = told
        self.taken: list[tuple[Envelope, bytes]] = []
        self.outcomes: dict[str, tuple[Outcome, SmarthostReply | None]] = {}
        self.trouble: str | None = None

    async def connect(self, session: Session | None) -> MemorySmarthost:
        if await self._told.call("smarthost", "connect"):
            return None  # type: ignore[return-value]
        return self

    async def transmit(self, envelope: Envelope, content: Content) -> Transmission:
        if await self._told.call("connection", "transmit"):
            return None  # type: ignore[return-value]
        said = SmarthostReply(250, "2.0.0", "queued as 12345")
        answers = tuple(
            RecipientOutcome(each, *self.outcomes.get(each.address, (Outcome.ACCEPTED, said)))
            for each in envelope.recipients
        )
        if any(answer.outcome in (Outcome.ACCEPTED, Outcome.UNCERTAIN) for answer in answers):
            self.taken.append((envelope, content.to_bytes()))
        return Transmission(answers, Stage.FINAL, said, self.trouble)

    async def release(self) -> None:
        await self._told.call("connection", "release")


class Stopped:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.time = NOW
        self.steady = 0.0

    def now(self) -> datetime:
        return self.time


class Counting:
    """Octets that differ from call to call."""

    def __init__(self) -> None:
        self._count = 0

    def octets(self, count: int) -> bytes:
        self._count += 1
        return self._count.to_bytes(count, "little")


class Unwatched:
    def __init__(self) -> None:
        self.troubles: list[str] = []

    def stage(self, name: str) -> Any:
        return nullcontext()

    def decided(self, verdict: Any) -> None: ...

    def deferred(self) -> None: ...

    def trouble(self, cause: str) -> None:
        self.troubles.append(cause)

    def unrecorded(self) -> None: ...

    def delivered(self, kind: str, outcome: str) -> None: ...

    def finished(self, kind: str, seconds: float) -> None: ...


ORGANISATION = Organisation("Elm Road Surgery", frozenset({"elmroad.example"}))
MARKS = Marks("guard.elmroad.example", (b"l" * 32,))

POLICY = b"""\
version: 1
rules:
  - id: visible-list
    describe: Ten or more people outside would see each other's addresses.
    when: {visible_external_recipients: {at_least: 10}}
    action: hold
    rewrite: separate
  - id: separate-five
    describe: Five to nine people outside get separate copies.
    when: {visible_external_recipients: {at_least: 5, at_most: 9}}
    action: rewrite
    rewrite: separate
  - id: bcc-four
    describe: Four people outside are moved to Bcc.
    when: {visible_external_recipients: {at_least: 4, at_most: 4}}
    action: rewrite
    rewrite: bcc
  - id: no-secrets
    describe: The subject says secret.
    when: {subject: {matches: secret}}
    action: reject
  - id: cooling-off
    describe: Mail to this place waits for some minutes.
    when: {recipient_domain: [slow.example]}
    action: hold
    delay: 5m
  - id: asked
    describe: The attachment holds NHS numbers.
    when: {finding: {kind: nhs-number, count: {at_least: 1}}}
    action: hold
"""


class World:
    """A submission with everything it needs in memory."""

    def __init__(
        self, policy: bytes = POLICY, limits: SubmissionLimits | None = None, dkim_keys: Sequence[DkimKey] = ()
    ) -> None:
        self.told = Told()
        self.ledger = MemoryLedger(self.told)
        self.store = MemoryStore(self.told, self.ledger)
        self.quarantine = MemoryQuarantine(self.store)
        self.outbox = MemoryOutbox(self.store)
        self.blobs = MemoryBlobs(self.store)
        self.smarthost = MemorySmarthost(self.told)
        self.inspector = MemoryInspector(self.told)
        self.clock = Stopped()
        self.randomness = Counting()
        self.watch = Unwatched()
        self.woken = asyncio.Event()
        self.policy: Policy = load_policy({"policy.yaml": policy})
        self.notices = Notices(
            organisation=ORGANISATION,
            settings=NoticeSettings.model_validate(
                {"from": "mailguard@elmroad.example", "contact": "manager@elmroad.example"}
            ),
            time_zone="Europe/London",
            clock=self.clock,
            randomness=self.randomness,
            mark_key=b"k" * 32,
            hostname="guard.elmroad.example",
        )
        self.rewriting = Rewriting(
            organisation=ORGANISATION, marks=MARKS, clock=self.clock, dkim_keys=lambda: tuple(dkim_keys)
        )
        self.history = MemoryHistory(self.told)
        self.memory = InvitationMemory(self.history, self.clock, timedelta(days=400), port_seconds=0.05)
        self.sendings = MemorySendings(self.told)
        self.files_sent = MemoryFilesSent(self.told)
        self.sent_before = SentBefore(self.sendings, self.files_sent, ORGANISATION, self.clock, port_seconds=0.05)
        self.sent_before.follow(lambda: self.policy)
        self.review = Review(
            rewriting=self.rewriting,
            quarantine=self.quarantine,
            blobs=self.blobs,
            notices=self.notices,
            memory=self.memory,
            sent_before=self.sent_before,
            clock=self.clock,
            give_up_after=timedelta(days=3),
            wake=self.woken.set,
        )
        self.deadline = Deadline(
            quarantine=self.quarantine,
            notices=self.notices,
            clock=self.clock,
            review=self.review,
            wake=self.woken.set,
            steady=lambda: self.clock.steady,
            step_seconds=0.3,
        )
        self.deliveries = Deliveries(
            outbox=self.outbox,
            blobs=self.blobs,
            smarthost=self.smarthost,
            notices=self.notices,
            clock=self.clock,
            owner="this-machine",
            watch=self.watch,
            schedule=Schedule(timedelta(minutes=5), 2.0, timedelta(hours=2)),
            pacing=self,
            wake=self.woken,
            transmission_seconds=0.2,
            port_seconds=0.2,
        )
        self.submission = Submission(
            organisation=ORGANISATION,
            policy=lambda: self.policy,
            ledger=self.ledger,
            quarantine=self.quarantine,
            outbox=self.outbox,
            inspector=self.inspector,
            memory=self.memory,
            sent_before=self.sent_before,
            smarthost=self.smarthost,
            notices=self.notices,
            clock=self.clock,
            randomness=self.randomness,
            watch=self.watch,
            rewriting=self.rewriting,
            deadline=timedelta(hours=24),
            give_up_after=timedelta(days=3),
            wake=self.woken.set,
            limits=limits or SubmissionLimits(),
        )

    async def turn(self, envelope: Envelope) -> None:
        """Implements delivery.Pacing: no wait."""

    async def deliver(self) -> None:
        """Run the outbox until nothing happens any more."""
        stop = asyncio.Event()
        task = asyncio.create_task(self.deliveries.run(stop))
        seen, quiet = -1, 0
        while quiet < 15:
            await asyncio.sleep(0.02)
            quiet = quiet + 1 if len(self.told.calls) == seen else 0
            seen = len(self.told.calls)
        stop.set()
        async with asyncio.timeout(60):
            await task


SESSION = Session("5e55", "127.0.0.1", "client.elmroad.example", True, "127.0.0.1:2525", NOW, trusted=True)


def envelope(*recipients: str, sender: str | None = "jo@elmroad.example") -> Envelope:
    return Envelope(
        Path(sender.encode(), sender) if sender else None,
        tuple(Recipient(Path(each.encode(), each)) for each in recipients),
    )


def people(count: int) -> list[str]:
    return [f"person{number}@patients.example" for number in range(count)]


def message(cc: Sequence[str] = (), *, extra: str = "", subject: str = "Flu clinic", body: str = "Hello") -> bytes:
    lines = [
        "From: Jo <jo@elmroad.example>",
        "To: office@elmroad.example",
        *([f"Cc: {', '.join(cc)}"] if cc else []),
        f"Subject: {subject}",
        "Date: Fri, 20 Nov 2026 14:00:00 +0000",
        "Message-ID: <1@elmroad.example>",
        *([extra] if extra else []),
        "",
        body,
        "",
    ]
    return "\r\n".join(lines).encode()


def invitation(attendees: Sequence[str], *, method: str = "REQUEST", uid: str = "1", to: Sequence[str] = ()) -> bytes:
    """From Jo, whom it names as organiser."""
    lines = ["BEGIN:VCALENDAR", f"METHOD:{method}", "BEGIN:VEVENT", f"UID:{uid}", "ORGANIZER:mailto:jo@elmroad.example"]
    lines += [*(f"ATTENDEE:mailto:{each}" for each in attendees), "END:VEVENT", "END:VCALENDAR"]
    kind = f"MIME-Version: 1.0\r\nContent-Type: text/calendar; method={method}"
    return message(to, extra=kind, body="\r\n".join(lines))


def counts(entries: Sequence[NewEntry]) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for entry in entries:
        found[entry.kind] = found.get(entry.kind, 0) + 1
    return found
