"""What operations see: the stories' watches, bound to Prometheus. No label holds an address, subject or reference."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, ProcessCollector, disable_created_metrics

from ..core.lifecycle import State
from ..core.verdict import Verdict
from ..guard.watch import Counted, Stage, counted
from ..inspection.process import WorkerEnd
from .histogram import Histogram
from .standing import Standing
from .tally import STAGE_SECONDS, Tallied, Timed

OUTBOX_SECONDS = (0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 14400.0, 86400.0, 259200.0, 432000.0)
GROUP_WRITES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0)
ROWS = ("copy", "deferred", "release", "notice", "dsn", "apology")
"""The kinds of rows of the outbox."""
LOST = frozenset({WorkerEnd.TIME, WorkerEnd.PROCESSOR, WorkerEnd.CRASH, WorkerEnd.NONSENSE})
"""Ends of workers that died, or had to be ended, over a part. The others ended as foreseen, or never began."""
DECIDED = (State.HELD, State.APPROVED_ONCE, State.LEAVING, State.RELEASING, State.REJECTED, State.CANCELLED)
WORKERS = ("inspection", "service")


class _Children(dict[tuple[str, ...], Counter]):
    """The counters of one family by their labels: `labels` takes ten times as long as to look one up here."""

    def __init__(self, family: Counter) -> None:
        super().__init__()
        self._family = family

    def __missing__(self, labels: tuple[str, ...]) -> Counter:
        child = self[labels] = self._family.labels(*labels)
        return child


class Metrics:
    """Implements guard.watch.Watch, guard.canary.canary.CanaryWatch, store.pulse.GroupWatch and
    store.objects.ObjectWatch.

    docs/reference.md lists every metric of `registry` (a test compares).
    """

    def __init__(self) -> None:
        # A gauge for each counter and histogram that says since when it counts: process_start_time_seconds says it too.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        self.last_decided_at: datetime | None = None
        self.decisions = Counter(
            "mailguard_decisions",
            "Messages judged, by disposition and rewrite.",
            ("disposition", "rewrite"),
            registry=self.registry,
        )
        self.rules = Counter(
            "mailguard_rule_decisions", "Messages that a rule decided, by rule.", ("rule",), registry=self.registry
        )
        self.matches = Counter(
            "mailguard_rule_matches",
            "Messages that a rule matched, by rule and mode; one that is only monitored too.",
            ("rule", "mode"),
            registry=self.registry,
        )
        self.exceptions = Counter(
            "mailguard_rule_exceptions",
            "Matches that an exception of the rule spared, by rule and exception.",
            ("rule", "exception"),
            registry=self.registry,
        )
        self.deferrals = Counter(
            "mailguard_deferrals", "Messages answered with 451 because of something inside.", registry=self.registry
        )
        self.smarthost_troubles = Counter(
            "mailguard_smarthost_troubles",
            "Failures in the guard's own dealings with the smarthost.",
            registry=self.registry,
        )
        self.unrecorded_outcomes = Counter(
            "mailguard_unrecorded_outcomes", "Outcomes that could not be recorded.", registry=self.registry
        )
        self.deliveries = Counter(
            "mailguard_deliveries",
            "Recipients tried by the outbox, by kind of row and outcome.",
            ("kind", "outcome"),
            registry=self.registry,
        )
        self.stages = Histogram(
            "mailguard_stage_seconds",
            "Time of a stage of the way of a message, in seconds; judge holds inspect, transmit holds connect, and "
            "submission is all from the final dot to the reply.",
            STAGE_SECONDS,
            self.registry,
            label="stage",
            values=get_args(Stage),
        )
        self.outbox_times = Histogram(
            "mailguard_outbox_delivery_seconds",
            "From when the guard took a row of the outbox on until it was done with, in seconds, by kind of row.",
            OUTBOX_SECONDS,
            self.registry,
            label="kind",
            values=(*ROWS, "other"),
        )
        self.held_decisions = Counter(
            "mailguard_held_decisions",
            "Held messages that were brought to a state (approved_once, leaving, releasing, rejected, cancelled, held "
            "again), by people or by the guard itself.",
            ("state", "by"),
            registry=self.registry,
        )
        self.group_times = Histogram(
            "mailguard_store_group_seconds",
            "Time in which the store's writer makes a group of writes durable (group commit), in seconds.",
            STAGE_SECONDS,
            self.registry,
        )
        self.group_waits = Histogram(
            "mailguard_store_wait_seconds",
            "Ledger lag: how long the first write of a group had waited for the writer, in seconds.",
            STAGE_SECONDS,
            self.registry,
        )
        self.group_sizes = Histogram(
            "mailguard_store_group_writes", "Writes that one group commit makes durable.", GROUP_WRITES, self.registry
        )
        self.group_failures = Counter(
            "mailguard_store_group_failures", "Groups of writes whose transaction was lost.", registry=self.registry
        )
        self.loop_lag = Histogram(
            "mailguard_event_loop_lag_seconds",
            "How late the event loop came to what was due, measured four times a second, in seconds.",
            STAGE_SECONDS,
            self.registry,
        )
        self.workers_ended = Counter(
            "mailguard_inspection_workers_ended",
            "Processes that read attachments and ended, by how: time, processor, crash and nonsense were lost over a "
            "part; retired, slow and cancelled ended as foreseen; not_started and refused read nothing.",
            ("reason",),
            registry=self.registry,
        )
        self.worker_restarts = Counter(
            "mailguard_worker_restarts",
            "Workers that were lost and replaced, by kind: inspection (reads attachments), service (takes mail).",
            ("kind",),
            registry=self.registry,
        )
        self.policy_reloads = Counter(
            "mailguard_policy_reloads",
            "Readings of the policy files, by how they ended: loaded, broken (errors in them), refused (these settings "
            "do not allow that policy). Both failures leave the policy that is in force.",
            ("result",),
            registry=self.registry,
        )
        self.sign_ins = Counter(
            "mailguard_sign_ins",
            "Attempts of clients to sign in: accepted, refused, unavailable, or slowed and not tried.",
            ("outcome",),
            registry=self.registry,
        )
        self.object_requests = Counter(
            "mailguard_object_requests",
            "Requests to the object store: put, get, delete, list; by result (ok, missing, failed).",
            ("what", "result"),
            registry=self.registry,
        )
        self.canary_runs = Counter(
            "mailguard_canary_messages",
            "Messages of the canary, by kind (list, invitation) and result (passed, or what was wrong).",
            ("kind", "result"),
            registry=self.registry,
        )
        self.canary_last_passed = Gauge(
            "mailguard_canary_last_passed_timestamp_seconds",
            "When the canary last passed, in seconds since 1970; 0 if it never did.",
            registry=self.registry,
        )
        self.canary_failing = Gauge(
            "mailguard_canary_failing",
            "1 while the canary fails, or has not run when it should have.",
            registry=self.registry,
        )

        for end in WorkerEnd:
            self.workers_ended.labels(end.value)
        for kind in WORKERS:
            self.worker_restarts.labels(kind)
        for result in ("loaded", "broken", "refused"):
            self.policy_reloads.labels(result)
        for state in DECIDED:
            for by in ("people", "guard"):
                self.held_decisions.labels(state.value, by)
        self.standing = Standing(self.registry)
        ProcessCollector(registry=self.registry)
        self._decisions = _Children(self.decisions)
        self._rules = _Children(self.rules)
        self._matches = _Children(self.matches)

    def canary_ended(self, kind: str, problem: str | None) -> None:
        self.canary_runs.labels(kind, problem or "passed").inc()

    def canary_passed(self, at: datetime) -> None:
        self.canary_last_passed.set(at.timestamp())

    def stage(self, name: Stage) -> Timed:
        return Timed(self.stages.tallies[name])

    def decided(self, verdict: Verdict) -> None:
        self.counted(counted(verdict))

    def counted(self, found: Counted, times: int = 1) -> None:
        """As `decided`, of so many messages that came out alike."""
        self.last_decided_at = datetime.now(UTC)
        self._decisions[found.disposition, found.rewrite or "none"].inc(times)
        if found.deciding:
            self._rules[found.deciding,].inc(times)
        for rule_id, mode in found.matches:
            self._matches[rule_id, mode].inc(times)
        for rule_id, exception in found.exceptions:
            self.exceptions.labels(rule_id, exception).inc(times)

    def relayed(self, counts: Mapping[tuple[str, tuple[Any, ...]], int], stages: Mapping[Stage, Tallied]) -> None:
        """What a worker has added up (worker_process.py). counts: of calls of these methods, with their arguments."""
        for (name, arguments), times in counts.items():
            if name == "counted":
                self.counted(arguments[0], times)
                continue
            for _ in range(times):
                getattr(self, name)(*arguments)
        for stage, tallied in stages.items():
            self.stages.tallies[stage].add(tallied)

    def deferred(self) -> None:
        self.deferrals.inc()

    def trouble(self, cause: str) -> None:
        self.smarthost_troubles.inc()

    def unrecorded(self) -> None:
        self.unrecorded_outcomes.inc()

    def signed_in(self, outcome: str) -> None:
        self.sign_ins.labels(outcome).inc()

    def delivered(self, kind: str, outcome: str) -> None:
        self.deliveries.labels(kind, outcome).inc()

    def finished(self, kind: str, seconds: float) -> None:
        self.outbox_times.tallies.get(kind, self.outbox_times.tallies["other"]).observe(seconds)

    def decided_about(self, state: State, by_guard: bool) -> None:
        """A held message was brought to this state."""
        self.held_decisions.labels(state.value, "guard" if by_guard else "people").inc()

    def group_ended(self, writes: int, waited: float, took: float) -> None:
        self.group_sizes.only.observe(writes)
        self.group_waits.only.observe(waited)
        self.group_times.only.observe(took)

    def group_failed(self) -> None:
        self.group_failures.inc()

    def object_request(self, what: str, result: str, seconds: float) -> None:
        self.object_requests.labels(what, result).inc()

    def worker_ended(self, end: WorkerEnd) -> None:
        """A process that read attachments, or was to read some."""
        self.workers_ended.labels(end.value).inc()
        if end in LOST:
            self.worker_restarts.labels("inspection").inc()

    def service_worker_restarted(self) -> None:
        """A process that took mail ended and was started again."""
        self.worker_restarts.labels("service").inc()

    def reloaded(self, result: str) -> None:
        """The policy files were read: loaded, broken, refused."""
        self.policy_reloads.labels(result).inc()
