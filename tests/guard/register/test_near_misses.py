"""Near misses are in the register once each, whatever happens while they are entered."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mailguard.core.register.record import Incident
from mailguard.core.register.reference import incident_of_message
from mailguard.core.register.revision import Revision
from mailguard.guard.records import NewEntry
from mailguard.guard.register.near_misses import ENTRIES_AT_ONCE
from mailguard.guard.register.ports import NewRevision
from mailguard.store.audit import verify
from mailguard.store.store import Store
from mailguard.store.store_settings import StoreSettings
from tests.guard.register.reading_child import AT, decided, near_misses

CHILD = Path(__file__).with_name("reading_child.py")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(StoreSettings(url=f"sqlite:///{tmp_path}/mailguard.db"))
    yield opened
    await opened.close()


def refs(count: int) -> list[str]:
    letters = "ABCDEFGHJKLMNPQRSTUVWXYZ"
    return [f"MG-{letters[n // 576]}{letters[n // 24 % 24]}{letters[n % 24]}2-22" for n in range(count)]


async def entered(store: Store) -> list[Revision]:
    return [each async for each in store.incidents.walk(None, None, None)]


async def test_each_is_entered_once_with_what_became_of_it(store: Store) -> None:
    many = refs(2 * ENTRIES_AT_ONCE + 3)
    await store.ledger.append([decided(ref) for ref in many])
    await store.ledger.append([NewEntry("hold_expired", many[0], AT), NewEntry("hold_cancelled", "MG-ZZZZ-ZZ", AT)])
    assert await near_misses(store).enter() == len(many)
    assert await near_misses(store).enter() == 0
    found = await entered(store)
    assert {each.incident for each in found} == {incident_of_message(ref) for ref in many}
    (first,) = [each for each in found if each.incident == incident_of_message(many[0])]
    assert first.revision == 2 and first.record.guard is not None and first.record.guard.outcome == "expired"
    assert first.act == "derived" and first.by is None
    kinds = [entry.kind async for entry in store.ledger.entries()]
    assert kinds.count("incident_added") == len(many) and kinds.count("incident_revised") == 1
    assert (await verify(store)).whole


async def test_what_a_person_entered_for_a_message_stays_theirs(store: Store) -> None:
    (ref,) = refs(1)
    record = Incident(kind="breach", narrative="It got out", aware_at=AT)
    revision = Revision(incident_of_message(ref), 1, AT, "added", "Sam", None, record)
    await store.incidents.add(NewRevision(revision, NewEntry("incident_added", None, AT)))
    await store.ledger.append([decided(ref), NewEntry("message_released", ref, AT, {"form": "original"})])
    assert await near_misses(store).enter() == 0
    (found,) = await entered(store)
    assert (found.record.kind, found.record.narrative, found.revision) == ("breach", "It got out", 2)
    assert found.record.guard is not None and found.record.guard.form == "original"


async def test_several_who_read_at_once_enter_nothing_twice(store: Store) -> None:
    many = refs(300)
    await store.ledger.append([decided(ref) for ref in many])
    await asyncio.gather(*(near_misses(store).enter() for _ in range(5)))
    await near_misses(store).enter()
    assert len(await entered(store)) == len(many)
    assert all(each.revision == 1 for each in await entered(store))


def killed_after(url: str, seconds: float) -> list[str]:
    """References that the child promised before it was killed."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    with subprocess.Popen([sys.executable, str(CHILD), url], stdout=subprocess.PIPE, env=environment) as child:
        assert child.stdout is not None
        first = child.stdout.readline()
        time.sleep(seconds)
        child.send_signal(signal.SIGKILL)
        rest = child.stdout.read().splitlines()
    return [line.decode() for line in (first.strip(), *rest) if len(line) == len("MG-7Q4K-2F")]


async def test_a_kill_at_any_moment_leaves_none_out_and_enters_none_twice(tmp_path: Path) -> None:
    url, promised, rng = f"sqlite:///{tmp_path}/mailguard.db", list[str](), random.Random(3)
    for _ in range(2):
        promised += await asyncio.to_thread(killed_after, url, rng.uniform(0.01, 0.25))
    store = await Store.open(StoreSettings(url=url))
    try:
        await near_misses(store).enter()
        found = await entered(store)
        decisions = [entry.ref async for entry in store.ledger.entries() if entry.kind == "message_decided"]
        added = [entry.fields["incident"] async for entry in store.ledger.entries() if entry.kind == "incident_added"]
        assert {incident_of_message(ref) for ref in promised} <= {each.incident for each in found}
        assert sorted(added) == sorted(incident_of_message(str(ref)) for ref in decisions)
        assert sorted(each.incident for each in found) == sorted(added)
        assert all(each.revision == 2 for each in found)
        assert (await verify(store)).whole
    finally:
        await store.close()
