"""The real way for one message of the canary: a door, the stories, an outbox that delivers, and a sink at the end.

All of it is the code of the service, on the store of the service, under the policy in force, over loopback sockets that
are open while the message is on its way. Only the ends are its own.

INVARIANT: nothing here knows the smarthost of the settings, so nothing of the canary can reach it. The door takes one
message alone, octet by octet the one that was planted; the sink takes mail to the people in it alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from ..core.canary.compare import Arrival
from ..core.canary.plant import Planted
from ..core.envelope import Envelope
from ..core.errors import MailguardError
from ..core.mail.message import Buffer
from ..core.policy.load import Policy, load_policy
from ..core.reply import Reply
from ..core.rewrite.content import Content
from ..core.session import Session
from ..guard.canary.track import (
    DECIDED,
    ForgetfulFilesSent,
    ForgetfulSendings,
    Track,
    TrackedLedger,
    TrackedOutbox,
    TrackedQuarantine,
)
from ..guard.delivery import Deliveries, Schedule
from ..guard.memory import InvitationMemory
from ..guard.ports import Inspector
from ..guard.review import Review
from ..guard.sent_before import SentBefore
from ..guard.submission import Submission
from ..logs import marked
from ..smtp.listen_settings import Limits
from ..smtp.listener import Capabilities, Listener, ListenerSettings
from ..smtp.routes import SmarthostRoutes
from ..smtp.smarthost_settings import SmarthostSettings
from ..store.canary import remove_run
from .parts import Parts

NOBODY = Reply(550, "5.1.1", "This address takes mail of the canary alone")
TAKEN = Reply(250, "2.0.0", "Taken by the canary")
MEMORY = timedelta(hours=1)
"""Invitations of the canary are remembered as all are, and forgotten soon: no second message ever follows."""
RETRY = Schedule(timedelta(seconds=1), 2.0, timedelta(seconds=10))
STOP_SECONDS = 5.0

SEPARATE_ALWAYS = load_policy(
    {
        "canary.yaml": b"""\
version: 1
rules:
  - id: canary
    describe: Everything is sent as separate copies.
    when: {envelope_recipients: {at_least: 1}}
    action: rewrite
    rewrite: separate
"""
    }
)
"""For policies that refuse lists: that rewriting works is tried under this one."""


class Unwatched:
    """Implements guard.watch.Watch: what is counted of everybody's mail does not count the canary."""

    def stage(self, name: str) -> nullcontext[None]:
        return nullcontext()

    def decided(self, verdict: object) -> None: ...

    def deferred(self) -> None: ...

    def trouble(self, cause: str) -> None: ...

    def unrecorded(self) -> None: ...

    def delivered(self, kind: str, outcome: str) -> None: ...

    def finished(self, kind: str, seconds: float) -> None: ...


@dataclass(slots=True)
class OpenGround:
    """Implements guard.canary.flight.Ground."""

    planted: Planted
    track: Track
    ledger: TrackedLedger
    review: Review
    arrivals: list[Arrival] = field(default_factory=list)
    begun: bool = False
    answered: Reply | None = None
    client: SmarthostRoutes | None = None

    async def submit(self) -> Reply:
        assert self.client is not None
        connection = await self.client.connect(None)
        try:
            await connection.transmit(self.planted.envelope, Content(self.planted.raw))
        finally:
            await connection.release()
        if self.answered is None:
            raise MailguardError("the canary's message did not get through its door")
        return self.answered

    async def is_recorded(self) -> bool:
        """Read from the store, not from what was handed to it."""
        if self.track.ref is None:
            return False
        return any([self._is_decision(entry.fields) async for entry in self.ledger.entries(self.track.ref)])

    def _is_decision(self, fields: Any) -> bool:
        return bool(fields.get("step") == DECIDED and fields.get("content_sha256") == self.planted.sha256)

    async def arrive(self, _: Session, envelope: Envelope, raw: Buffer) -> Reply:
        """The sink."""
        recipients = tuple(each.address for each in envelope.recipients)
        if not set(recipients) <= {each.address for each in self.planted.people}:
            return NOBODY
        self.arrivals.append(Arrival(recipients, bytes(raw), await self.is_recorded()))
        return TAKEN

    def is_planted(self, envelope: Envelope, raw: Buffer) -> bool:
        mine = self.planted.envelope
        same = envelope.reverse_path == mine.reverse_path and envelope.recipients == mine.recipients
        return same and bytes(raw) == self.planted.raw


class CanaryGrounds:
    """Implements guard.canary.flight.Grounds. policy: the one in force."""

    def __init__(self, parts: Parts, policy: Callable[[], Policy], hostname: str, inspector: Inspector) -> None:
        self._parts = parts
        self._policy = policy
        self._hostname = hostname
        self._inspector = inspector

    @asynccontextmanager
    async def open(self, planted: Planted, *, rewriting_only: bool = False) -> AsyncIterator[OpenGround]:
        track = Track(self._parts.randomness.octets(8).hex())
        with marked(canary=planted.kind.value):
            async with AsyncExitStack() as house:
                house.push_async_callback(remove_run, self._parts.store.engine, track.run)
                yield await self._build(planted, track, rewriting_only, house)

    async def _build(self, planted: Planted, track: Track, rewriting_only: bool, house: AsyncExitStack) -> OpenGround:
        """Each after what it stands on; the house ends them in the opposite order."""
        parts, woken = self._parts, asyncio.Event()
        store, notices = parts.store, parts.notices.apart()
        ledger = TrackedLedger(store.ledger, track)
        quarantine = TrackedQuarantine(store.quarantine, track)
        outbox = TrackedOutbox(store.outbox, track)
        memory = InvitationMemory(store.history, parts.clock, MEMORY)
        sent_before = SentBefore(ForgetfulSendings(), ForgetfulFilesSent(), parts.organisation, parts.clock)
        give_up_after = parts.settings.outbox.give_up_after
        review = Review(
            rewriting=parts.rewriting,
            quarantine=quarantine,
            blobs=store.blobs,
            notices=notices,
            memory=memory,
            sent_before=sent_before,
            clock=parts.clock,
            give_up_after=give_up_after,
            wake=woken.set,
        )
        ground = OpenGround(planted, track, ledger, review)
        sink = await self._routes_to(await self._listen(ground.arrive, house), house)
        deliveries = Deliveries(
            outbox=outbox,
            blobs=store.blobs,
            smarthost=sink.for_outbox(),
            notices=notices,
            clock=parts.clock,
            owner=f"canary-{track.run}",
            watch=Unwatched(),
            schedule=RETRY,
            pacing=sink,
            wake=woken,
        )
        submission = Submission(
            organisation=parts.organisation,
            policy=(lambda: SEPARATE_ALWAYS) if rewriting_only else self._policy,
            ledger=ledger,
            quarantine=quarantine,
            outbox=outbox,
            inspector=self._inspector,
            memory=memory,
            sent_before=sent_before,
            smarthost=sink,
            notices=notices,
            clock=parts.clock,
            randomness=parts.randomness,
            watch=Unwatched(),
            rewriting=parts.rewriting,
            deadline=parts.settings.deadline,
            give_up_after=give_up_after,
            wake=woken.set,
        )
        _deliver(deliveries, house)
        house.push_async_callback(submission.settle)
        ground.client = await self._routes_to(await self._listen(_door(ground, submission), house), house)
        return ground

    async def _listen(self, submit: Any, house: AsyncExitStack) -> tuple[str, int]:
        """On a port of 127.0.0.1 that the system chooses."""
        listener = Listener(
            ListenerSettings.model_validate({"address": "127.0.0.1:0"}),
            Limits(),
            self._hostname,
            submit,
            lambda: Capabilities(eight_bit=True, smtputf8=True, dsn=True),
        )
        house.push_async_callback(listener.stop, STOP_SECONDS)
        await listener.start()
        return listener.addresses[0]

    async def _routes_to(self, address: tuple[str, int], house: AsyncExitStack) -> SmarthostRoutes:
        settings = SmarthostSettings.model_validate({"address": f"{address[0]}:{address[1]}", "tls": "none"})
        routes = SmarthostRoutes([settings], hostname=self._hostname)
        house.push_async_callback(routes.close)
        return routes


def _deliver(deliveries: Deliveries, house: AsyncExitStack) -> None:
    ending = asyncio.Event()
    task = asyncio.create_task(deliveries.run(ending), name="canary-deliveries")

    async def end() -> None:
        ending.set()
        await asyncio.wait({task}, timeout=STOP_SECONDS)
        task.cancel()
        await asyncio.wait({task}, timeout=STOP_SECONDS)

    house.push_async_callback(end)


def _door(ground: OpenGround, submission: Submission) -> Callable[[Session, Envelope, Buffer], Any]:
    async def submit(session: Session, envelope: Envelope, raw: Buffer) -> Reply:
        if ground.begun or not ground.is_planted(envelope, raw):
            return NOBODY
        ground.begun = True
        with marked(canary=ground.planted.kind.value):
            ground.answered = await submission.submit(session, envelope, raw)
        return ground.answered

    return submit
