"""What operations see: the stories' watches, bound to Prometheus. No label holds an address, subject or reference."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from ..core.verdict import Verdict
from ..guard.watch import Tally, tally


class Metrics:
    """Implements guard.watch.Watch and guard.canary.canary.CanaryWatch.

    docs/operating.md explains every metric of `registry` (a test compares).
    """

    def __init__(self) -> None:
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
            "Time of a stage of the way of a message, in seconds.",
            ("stage",),
            registry=self.registry,
            buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5, 30, 600),
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
        self.worker_restarts = Counter(
            "mailguard_worker_restarts",
            "Workers that ended by themselves and were started anew, by kind (service: they accept mail).",
            ("kind",),
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

    def canary_ended(self, kind: str, problem: str | None) -> None:
        self.canary_runs.labels(kind, problem or "passed").inc()

    def canary_passed(self, at: datetime) -> None:
        self.canary_last_passed.set(at.timestamp())

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            self.staged(name, time.perf_counter() - started)

    def staged(self, name: str, seconds: float) -> None:
        self.stages.labels(name).observe(seconds)

    def decided(self, verdict: Verdict) -> None:
        self.tallied(tally(verdict))

    def tallied(self, found: Tally, times: int = 1) -> None:
        """As `decided`, of so many messages that came out alike."""
        self.last_decided_at = datetime.now(UTC)
        self.decisions.labels(found.disposition, found.rewrite or "none").inc(times)
        if found.deciding:
            self.rules.labels(found.deciding).inc(times)
        for rule_id, mode in found.matches:
            self.matches.labels(rule_id, mode).inc(times)
        for rule_id, exception in found.exceptions:
            self.exceptions.labels(rule_id, exception).inc(times)

    def relayed(self, counts: Mapping[tuple[str, tuple[Any, ...]], int], stages: Mapping[str, Sequence[float]]) -> None:
        """What a worker has added up (worker_process.py). counts: of calls of these methods, with their arguments."""
        for (name, arguments), times in counts.items():
            if name == "tallied":
                self.tallied(arguments[0], times)
                continue
            for _ in range(times):
                getattr(self, name)(*arguments)
        for name, found in stages.items():
            for seconds in found:
                self.staged(name, seconds)

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
