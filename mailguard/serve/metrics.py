"""What operations see: the stories' watches, bound to Prometheus. No label holds an address, subject or reference."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, disable_created_metrics

from ..core.verdict import Verdict
from ..guard.watch import Stage
from .histogram import Histogram, Timed

STAGE_SECONDS = (
    *(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5),
    *(1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0),
)
OUTBOX_SECONDS = (0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 14400.0, 86400.0, 259200.0, 432000.0)
ROWS = ("copy", "deferred", "release", "notice", "dsn")
"""The kinds of rows of the outbox."""


class _Children(dict[tuple[str, ...], Counter]):
    """The counters of one family by their labels: `labels` takes ten times as long as to look one up here."""

    def __init__(self, family: Counter) -> None:
        super().__init__()
        self._family = family

    def __missing__(self, labels: tuple[str, ...]) -> Counter:
        child = self[labels] = self._family.labels(*labels)
        return child


class Metrics:
    """Implements guard.watch.Watch and guard.canary.canary.CanaryWatch.

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
        self.held = Gauge("mailguard_held_messages", "Held messages that wait for a decision.", registry=self.registry)
        self.outbox = Gauge("mailguard_outbox_rows", "Rows of the outbox that are not done.", registry=self.registry)
        self.outbox_age = Gauge(
            "mailguard_outbox_oldest_seconds",
            "Age of the oldest row of the outbox, in seconds.",
            registry=self.registry,
        )
        self.sign_ins = Counter(
            "mailguard_sign_ins",
            "Attempts of clients to sign in: accepted, refused, unavailable, or slowed and not tried.",
            ("outcome",),
            registry=self.registry,
        )
        self.connections = Gauge("mailguard_client_connections", "Open client connections.", registry=self.registry)
        self.witness_failing = Gauge(
            "mailguard_witness_failing", "1 while the ledger's witness cannot be written.", registry=self.registry
        )
        self.smarthosts_in_trouble = Gauge(
            "mailguard_smarthosts_in_trouble",
            "Smarthosts to which the last attempt to connect failed; with several, mail may go on by the others.",
            registry=self.registry,
        )
        self.policy_broken = Gauge(
            "mailguard_policy_broken", "1 while the policy files cannot be loaded.", registry=self.registry
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
        self.last_decided_at = datetime.now(UTC)
        self._decisions[verdict.disposition.value, verdict.rewrite.value if verdict.rewrite else "none"].inc()
        if verdict.deciding:
            self._rules[verdict.deciding,].inc()
        for rule in verdict.rules:
            if rule.matched:
                self._matches[rule.id, rule.mode].inc()
        for rule_id, exception in verdict.exceptions:
            self.exceptions.labels(rule_id, exception).inc()

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
