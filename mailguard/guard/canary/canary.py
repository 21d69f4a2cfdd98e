"""The canary itself: runs when it is due, and raises the alarm.

A list of people and an invitation, both invented, go the way of everybody's mail under the policy in force, to a sink
of the guard's own. What arrives is compared with what it must be. docs/decisions/canary.md.

INVARIANT: a run never raises for what it finds or for what goes wrong in it: that is its result.
INVARIANT: where the settings ask for it, no new message is taken from a failure until a run has passed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from ...core import reply
from ...core.canary.plant import SEED_OCTETS, Kind, plant
from ...core.canary.problems import Problem, sentence
from ...core.canary.schedule import Schedule
from ...core.envelope import Envelope
from ...core.mail.message import Buffer
from ...core.reference import RANDOM_OCTETS, short_reference
from ...core.reply import Reply
from ...core.session import Session
from ...logs import logger
from .. import entries
from ..notices import Notices
from ..ports import Clock, Ledger, Outbox, Randomness
from ..records import Entry, NewDelivery
from ..settings import CanarySettings
from ..steps import bounded
from .flight import Grounds, Landing, fly
from .report import Report, fields_of

log = logger("canary")

FLIGHT_SECONDS = 120.0
"""For one message. Under any load that still lets mail through it takes a second."""
OVERDUE_AFTER = timedelta(minutes=15)
"""How late a run may be before it counts as one that failed: no run takes as long."""
TELL_AFTER = 2
"""People are told of the second failure in a row, a minute after the first; machines and clients of the first."""
PORT_SECONDS = 30.0
STOP_SECONDS = 20.0
"""What a run that is cut short may take to clear away what it left."""
PASSED, FAILED = "canary_passed", "canary_failed"

Submit = Callable[[Session, Envelope, Buffer], Awaitable[Reply]]


class EarlierRuns(Protocol):
    """What the ledger says of earlier runs."""

    async def latest(self, kinds: tuple[str, ...]) -> Entry | None:
        """The last entry of these kinds that this guard wrote."""
        ...


class CanaryWatch(Protocol):
    """What operations see. No method raises or blocks."""

    def canary_ended(self, kind: str, problem: str | None) -> None: ...

    def canary_passed(self, at: datetime) -> None: ...

    def deferred(self) -> None: ...


class Canary:
    """`look` is called at short intervals; `run` by whoever wants to know now; `guarded` stands before the door.

    revision: of the policy in force. wake: the outbox has got something.
    """

    def __init__(
        self,
        *,
        settings: CanarySettings,
        schedule: Schedule,
        sender: str,
        grounds: Grounds,
        revision: Callable[[], str | None],
        ledger: Ledger,
        outbox: Outbox,
        earlier_runs: EarlierRuns,
        notices: Notices,
        clock: Clock,
        randomness: Randomness,
        watch: CanaryWatch,
        wake: Callable[[], None],
        flight_seconds: float = FLIGHT_SECONDS,
    ) -> None:
        self._settings = settings
        self._schedule = schedule
        self._sender = sender
        self._grounds = grounds
        self._current_revision = revision
        self._ledger = ledger
        self._outbox = outbox
        self._earlier_runs = earlier_runs
        self._notices = notices
        self._clock = clock
        self._randomness = randomness
        self._watch = watch
        self._wake = wake
        self._flight_seconds = flight_seconds
        self._running = asyncio.Lock()
        self._runs: set[asyncio.Task[Report]] = set()
        self._started_at = clock.now()
        self._report: Report | None = None
        self._passed_at: datetime | None = None
        self._revision: str | None = None
        self._failures = 0
        self._told = False
        self._hurried = False

    async def recall(self) -> None:
        """Whether the last run before a restart had failed, and whether people know. Call it before mail is taken."""
        last = await bounded(self._earlier_runs.latest((PASSED, FAILED)), PORT_SECONDS)
        if last is not None and last.kind == FAILED:
            self._failures, self._told = 1, bool(last.fields.get("told"))
        elif last is not None:
            self._passed_at = last.at
            self._watch.canary_passed(last.at)

    def hurry(self) -> None:
        """Something that it depends on has changed: the next look runs it."""
        self._hurried = True

    async def look(self) -> None:
        """Run it if it is due."""
        if self._settings.enabled and self._is_due(self._clock.now()):
            await self.run()

    async def run(self) -> Report:
        """Run it now, after the one that runs already. It goes on if whoever asked goes away."""
        task = asyncio.get_running_loop().create_task(self._run())
        self._runs.add(task)
        task.add_done_callback(self._runs.discard)
        return await asyncio.shield(task)

    async def stop(self) -> None:
        """Cut short what runs, and wait until it has cleared away what it left."""
        for task in self._runs:
            task.cancel()
        if self._runs:
            await asyncio.wait(self._runs, timeout=STOP_SECONDS)

    async def _run(self) -> Report:
        async with self._running:
            self._hurried = False
            self._revision = self._current_revision()
            landings = tuple([await self._fly(kind) for kind in Kind])
            report = self._report = Report(self._clock.now(), landings)
            await self._conclude(report)
            return report

    async def _fly(self, kind: Kind) -> Landing:
        seed = self._randomness.octets(SEED_OCTETS)
        at = self._clock.now().astimezone(UTC)
        return await fly(
            plant(kind, seed, self._settings.people, self._sender, at), self._grounds, self._flight_seconds
        )

    # The alarm.

    async def _conclude(self, report: Report) -> None:
        for each in report.landings:
            self._watch.canary_ended(each.planted.kind.value, each.problem)
            if each.problem is not None:
                log.error("canary_failed", **fields_of(each))
        self._failures = 0 if report.passed else self._failures + 1
        if report.passed:
            self._passed_at = report.at
            self._watch.canary_passed(report.at)
            log.info("canary_passed", recovered=self._told)
        try:
            await self._record(report)
        except Exception as cause:
            log.error("canary_not_recorded", cause=cause)

    async def _record(self, report: Report) -> None:
        """With the notice, if people are to hear of it, in one durable step: nobody is told twice, or never."""
        ref = short_reference(self._randomness.octets(RANDOM_OCTETS))
        rows = self._notice(report, ref)
        told = not report.passed and (self._told or bool(rows))
        kind = PASSED if report.passed else FAILED
        found = [fields_of(each) for each in report.landings]
        record = entries.plain(kind, ref, report.at, messages=found, told=told, revision=self._revision)
        records = [record, *entries.queued(ref, report.at, rows, "reviewers")]
        if rows:
            await bounded(self._outbox.add(rows, None, records), PORT_SECONDS)
            self._wake()
        else:
            await bounded(self._ledger.append(records), PORT_SECONDS)
        self._told = told

    def _notice(self, report: Report, ref: str) -> tuple[NewDelivery, ...]:
        if not self._settings.enabled:
            return ()
        if report.passed:
            return self._notices.reviewers.canary_recovered(ref, report.at) if self._told else ()
        if self._told or self._failures < TELL_AFTER:
            return ()
        deferring = self._settings.defer_mail
        return self._notices.reviewers.canary_failed(ref, report.at, report.sentences, deferring=deferring)

    # When it runs.

    def _is_due(self, now: datetime) -> bool:
        """A clock that was set back makes it due as well: nobody knows how long ago the last run was."""
        if self._report is None or self._hurried or now < self._report.at:
            return True
        return self._current_revision() != self._revision or now >= self._next()

    def _next(self) -> datetime:
        if self._report is None:
            return self._started_at
        return self._schedule.after(self._report.at, self._failures)

    @property
    def is_overdue(self) -> bool:
        """Whether it should have run and did not: whoever has to see to that is dead or stuck."""
        return self._settings.enabled and self._clock.now() > self._next() + OVERDUE_AFTER

    @property
    def is_failing(self) -> bool:
        return self._failures > 0

    @property
    def defers(self) -> bool:
        """Whether new mail has to wait until a run has passed."""
        return self._settings.enabled and self._settings.defer_mail and (self.is_failing or self.is_overdue)

    def guarded(self, submit: Submit) -> Submit:
        """The same, but while `defers` every message is 451 with a reference, and its client keeps it."""

        async def submit_or_defer(session: Session, envelope: Envelope, raw: Buffer) -> Reply:
            if not self.defers:
                return await submit(session, envelope, raw)
            ref = short_reference(self._randomness.octets(RANDOM_OCTETS))
            self._watch.deferred()
            log.error("submission_deferred", ref=ref, session=session.identifier, cause="canary")
            return reply.cannot_check(ref)

        return submit_or_defer

    def status(self) -> dict[str, Any]:
        """For health, metrics and `mailguard status`: no personal data. From any thread."""
        report, overdue = self._report, self.is_overdue
        state = "off" if not self._settings.enabled else "overdue" if overdue else self._state(report)
        problems = list(report.sentences) if report is not None else []
        if overdue:
            problems.append(sentence(Problem.NOT_RUN, 0))
        return {
            "state": state,
            "problems": problems,
            "last_run": _iso(report.at if report else None),
            "last_passed": _iso(self._passed_at),
            "defers_mail": self.defers,
        }

    def _state(self, report: Report | None) -> str:
        if self.is_failing:
            return "failing"
        return "passing" if report is not None else "starting"


def _iso(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds") if at is not None else None
