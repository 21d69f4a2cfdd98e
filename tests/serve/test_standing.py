"""Gauges that are read when somebody scrapes, and the heartbeat of the event loop."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest

from mailguard.core.lifecycle import State
from mailguard.inspection.process import WorkerEnd
from mailguard.serve.heartbeat import BEAT_SECONDS, Heartbeat
from mailguard.serve.metrics import Metrics
from mailguard.serve.standing import Reading, Standing
from mailguard.serve.tally import Tally


def test_a_source_that_fails_leaves_out_its_own_gauges_alone() -> None:
    def broken() -> Iterator[Reading]:
        raise OSError

    def sound() -> Iterator[Reading]:
        yield "held_messages", (), 3
        yield "outbox_state_rows", ("new",), 7

    standing = Standing(registry := CollectorRegistry())
    for source in (broken, sound):
        standing.add(source)
    assert registry.get_sample_value("mailguard_held_messages") == 3
    assert registry.get_sample_value("mailguard_outbox_state_rows", {"state": "new"}) == 7
    assert registry.get_sample_value("mailguard_disk_free_bytes", {"place": "store"}) is None


async def test_a_loop_that_stands_still_is_seen_from_another_thread_while_it_does() -> None:
    lag = Tally((BEAT_SECONDS, 60.0))
    heartbeat = Heartbeat(lag)
    assert heartbeat.late_seconds == 0
    beating = asyncio.create_task(heartbeat.beat())
    await asyncio.sleep(0)
    scraped = threading.Event()

    def scrape() -> float:
        time.sleep(3 * BEAT_SECONDS)
        late = heartbeat.late_seconds
        scraped.set()
        return late

    seen = asyncio.create_task(asyncio.to_thread(scrape))
    await asyncio.sleep(0)
    # The loop stands still until it was looked at, however late the thread came to it.
    assert scraped.wait(60)
    time.sleep(0.5 * BEAT_SECONDS)
    assert await seen >= BEAT_SECONDS
    async with asyncio.timeout(60):
        while not lag.counts[1]:
            await asyncio.sleep(0.01)
    beating.cancel()
    assert lag.counts[1] >= 1 and lag.total >= 2 * BEAT_SECONDS


def test_a_worker_that_was_lost_counts_as_restarted_and_one_that_retired_does_not() -> None:
    metrics = Metrics()
    for end in WorkerEnd:
        metrics.worker_ended(end)
    metrics.service_worker_restarted()
    value = metrics.registry.get_sample_value
    for end in WorkerEnd:
        assert value("mailguard_inspection_workers_ended_total", {"reason": end.value}) == 1
    assert value("mailguard_worker_restarts_total", {"kind": "inspection"}) == 4
    assert value("mailguard_worker_restarts_total", {"kind": "service"}) == 1


def test_every_label_of_a_fixed_set_is_exported_before_anything_happened() -> None:
    """An alert on an increase does not see a series that begins with its first event."""
    text = generate_latest(Metrics().registry).decode()
    for series in (
        'mailguard_worker_restarts_total{kind="service"} 0.0',
        'mailguard_policy_reloads_total{result="broken"} 0.0',
        'mailguard_held_decisions_total{by="people",state="releasing"} 0.0',
        'mailguard_stage_seconds_count{stage="deliver"} 0.0',
    ):
        assert series in text


def test_a_decision_of_people_is_told_from_the_guards_own() -> None:
    metrics = Metrics()
    metrics.decided_about(State.RELEASING, False)
    metrics.decided_about(State.RELEASING, True)
    metrics.decided_about(State.REJECTED, False)
    value = metrics.registry.get_sample_value
    assert value("mailguard_held_decisions_total", {"state": "releasing", "by": "people"}) == 1
    assert value("mailguard_held_decisions_total", {"state": "releasing", "by": "guard"}) == 1
    assert value("mailguard_held_decisions_total", {"state": "rejected", "by": "people"}) == 1
