"""The port Incidents on both engines: nothing overwritten, each revision with its entry, the ledger read once."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, delete, select, update

from mailguard.core.errors import AlreadyDecided, ReferenceTaken, UnknownReference
from mailguard.core.register.record import Incident
from mailguard.core.register.revision import Revision
from mailguard.guard.records import NewEntry
from mailguard.guard.register.ports import NewRevision, RegisterFilter
from mailguard.store import incident_retention, schema
from mailguard.store.audit import verify
from mailguard.store.incidents import _insert
from mailguard.store.postgresql_engine import asynchronous_engine
from mailguard.store.sealing import SealBroken
from mailguard.store.store import Store
from mailguard.store.store_settings import RetentionSettings, StoreSettings
from tests.peers.postgresql import Postgresql
from tests.store import samples

ID = "IR-7Q4K-2FXB7M"
TEXT = "a narrative that nobody may read in the file"


def record(**changes: Any) -> Incident:
    return Incident.model_validate({"kind": "breach", "occurred_from": samples.NOW, "narrative": TEXT, **changes})


def new(number: int = 1, incident: str = ID, **changes: Any) -> NewRevision:
    revision = Revision(incident, number, samples.NOW, "added", "Sam", "why not", record(**changes))
    entry = NewEntry("incident_added", None, samples.NOW, {"incident": incident, "revision": number})
    return NewRevision(revision, entry)


async def walked(store: Store, **wanted: Any) -> list[str]:
    asked = {"kinds": None, "at_from": None, "at_before": None, **wanted}
    return [each.incident async for each in store.incidents.walk(**asked)]


async def test_every_revision_is_kept_and_comes_back_as_it_was_made(store: Store) -> None:
    first, second = new(), new(2, subjects_max=9, status="closed")
    await store.incidents.add(first)
    await store.incidents.add(second)
    assert await store.incidents.history(ID) == [first.revision, second.revision]
    assert await store.incidents.current([ID, "IR-NONE"]) == {ID: second.revision}
    assert await walked(store) == [ID]
    with pytest.raises(UnknownReference):
        await store.incidents.history("IR-7Q4K-2FXB7N")


async def test_each_revision_has_an_entry_that_commits_to_what_was_sealed(store: Store) -> None:
    await store.incidents.add(new())
    await store.incidents.add(new(2, subjects_max=9))
    entries = [entry async for entry in store.ledger.entries()]
    assert [entry.fields["revision"] for entry in entries] == [1, 2]
    query = select(schema.incidents.c.sealed).order_by(schema.incidents.c.revision)
    rows = await store.engine.read(lambda connection: list(connection.execute(query).scalars()))
    assert [entry.fields["record_sha256"] for entry in entries] == [hashlib.sha256(row).hexdigest() for row in rows]
    assert TEXT not in str([entry.fields for entry in entries])
    assert TEXT.encode() not in b"".join(rows)
    assert (await verify(store)).whole


async def test_of_two_who_make_the_same_revision_one_does(store: Store) -> None:
    answers = await asyncio.gather(*(store.incidents.add(new()) for _ in range(5)), return_exceptions=True)
    assert sorted(type(each).__name__ for each in answers) == ["NoneType", *["ReferenceTaken"] * 4]
    more = await asyncio.gather(
        *(store.incidents.add(new(2, subjects_max=n)) for n in range(5)), return_exceptions=True
    )
    assert sorted(type(each).__name__ for each in more) == [*["AlreadyDecided"] * 4, "NoneType"]
    with pytest.raises(AlreadyDecided):
        await store.incidents.add(new(4))
    assert len([entry async for entry in store.ledger.entries()]) == 2


@pytest.mark.parametrize("changed", [{"kind": "near_miss"}, {"status": "closed"}, {"happened_at": 1}, {"at": 1}])
async def test_what_stands_in_the_clear_cannot_be_changed_without_a_key(store: Store, changed: dict[str, Any]) -> None:
    await store.incidents.add(new())
    await store.engine.write(
        lambda connection, _: connection.execute(update(schema.incidents).values(**changed)), locks=False
    )
    with pytest.raises(SealBroken):
        await store.incidents.history(ID)


async def test_a_revision_cannot_be_put_in_the_place_of_another(store: Store) -> None:
    await store.incidents.add(new())
    await store.incidents.add(new(2, subjects_max=9))

    def swap(connection: Any, _: Any) -> None:
        connection.execute(delete(schema.incidents).where(schema.incidents.c.revision == 2))
        connection.execute(update(schema.incidents).values(revision=2))

    await store.engine.write(swap, locks=False)
    with pytest.raises(SealBroken):
        await store.incidents.history(ID)


async def test_a_walk_takes_kinds_and_a_time_and_only_last_revisions(store: Store) -> None:
    for number in range(7):
        at = samples.NOW + timedelta(days=number)
        await store.incidents.add(
            new(incident=f"IR-{number}", occurred_from=at, kind=["breach", "near_miss"][number % 2])
        )
    await store.incidents.add(new(2, "IR-0", occurred_from=samples.NOW + timedelta(days=30)))
    assert await walked(store) == [*(f"IR-{number}" for number in range(1, 7)), "IR-0"]
    assert await walked(store, kinds=["near_miss"]) == ["IR-1", "IR-3", "IR-5"]
    start = samples.NOW + timedelta(days=2)
    assert await walked(store, at_from=start, at_before=start + timedelta(days=2)) == ["IR-2", "IR-3"]


def decided(ref: str, disposition: str = "hold", rewrite: str | None = "separate") -> NewEntry:
    fields: dict[str, Any] = {"disposition": disposition, "rewrite": rewrite, "rules": []}
    return NewEntry("message_decided", ref, samples.NOW, fields, claims_ref=True)


async def test_the_ledger_is_read_on_from_a_place_that_moves_with_what_was_made_of_it(store: Store) -> None:
    await store.ledger.append([decided("MG-1"), decided("MG-2", "relay", None), decided("MG-3", "relay", "bcc")])
    await store.ledger.append(
        [NewEntry("hold_expired", "MG-1", samples.NOW), NewEntry("message_held", "MG-1", samples.NOW)]
    )
    (stretch,) = await store.incidents.unread(2)
    assert [entry.ref for entry in stretch.entries] == ["MG-1", "MG-3"]
    await store.incidents.read_up_to(stretch, [new(incident="IR-1")])
    with pytest.raises(AlreadyDecided):
        await store.incidents.read_up_to(stretch, [new(incident="IR-2")])
    (rest,) = await store.incidents.unread(2)
    assert [entry.kind for entry in rest.entries] == ["hold_expired"]
    with pytest.raises(AlreadyDecided):
        await store.incidents.read_up_to(rest, [new(2, "IR-1"), new(incident="IR-1")])
    assert await walked(store) == ["IR-1"] and len(await store.incidents.history("IR-1")) == 1
    (again,) = await store.incidents.unread(2)
    assert again.after == rest.after


async def test_a_place_that_nothing_was_made_of_is_kept_only_now_and_then(store: Store) -> None:
    await store.ledger.append([decided("MG-1", "relay", None)])
    (stretch,) = await store.incidents.unread(10)
    await store.incidents.read_up_to(stretch, [])
    assert (await store.incidents.unread(10))[0].after == 0
    await store.ledger.append([NewEntry("message_held", f"MG-{number}", samples.NOW) for number in range(1000)])
    (stretch,) = await store.incidents.unread(10)
    await store.incidents.read_up_to(stretch, [])
    assert await store.incidents.unread(10) == []


async def test_of_two_who_read_a_ledger_for_the_first_time_one_does(store: Store) -> None:
    await store.ledger.append([decided("MG-1")])
    (stretch,) = await store.incidents.unread(10)
    answers = await asyncio.gather(
        *(store.incidents.read_up_to(stretch, [new(incident="IR-1")]) for _ in range(4)), return_exceptions=True
    )
    assert sorted(type(each).__name__ for each in answers) == [*["AlreadyDecided"] * 3, "NoneType"]


async def test_decisions_of_a_time_come_with_what_became_of_them_later(store: Store) -> None:
    late = samples.NOW + timedelta(days=3)
    await store.ledger.append([decided("MG-1"), NewEntry("message_released", "MG-1", late, {"form": "separate"})])
    await store.ledger.append([NewEntry("message_decided", "MG-2", late, {"disposition": "hold"}, claims_ref=True)])
    found = store.incidents.decisions(samples.NOW, samples.NOW + timedelta(days=1))
    assert [(entry.kind, entry.ref) async for entry in found] == [
        ("message_decided", "MG-1"),
        ("message_released", "MG-1"),
    ]


async def test_a_taken_reference_says_so(store: Store) -> None:
    await store.incidents.add(new())
    with pytest.raises(ReferenceTaken, match="already an incident"):
        await store.incidents.add(new())


async def test_the_newest_of_what_is_asked_for_come_a_page_at_a_time_by_their_last_revision(store: Store) -> None:
    for number in range(6):
        days = timedelta(days=number)
        kind = "near_miss" if number % 2 else "breach"
        await store.incidents.add(new(1, f"IR-AAAA-{number + 2}2", kind=kind, occurred_from=samples.NOW - days))
    await store.incidents.add(new(2, "IR-AAAA-22", kind="near_miss", status="closed"))
    every = RegisterFilter()
    assert await store.incidents.count(every) == 6
    assert [each.incident[-2] for each in await store.incidents.newest(every, 4)] == ["2", "3", "4", "5"]
    assert [each.incident[-2] for each in await store.incidents.newest(every, 4, 4)] == ["6", "7"]
    breaches = RegisterFilter(frozenset({"breach"}))
    assert list(await store.incidents.numbers(breaches)) == ["IR-AAAA-42", "IR-AAAA-62"]
    assert await store.incidents.numbers(RegisterFilter(status="closed")) == {"IR-AAAA-22": 2}
    assert await store.incidents.numbers(RegisterFilter(revised=True)) == {"IR-AAAA-22": 2}
    since = RegisterFilter(at_from=samples.NOW - timedelta(days=2), at_before=samples.NOW)
    assert list(await store.incidents.numbers(since)) == ["IR-AAAA-32", "IR-AAAA-42"]


async def purged(store: Store, **kept: timedelta) -> dict[str, int]:
    settings = RetentionSettings(**kept)
    due = await store.due(LATER, settings)
    removed = (await store.purge(LATER, settings)).records
    assert due.records == {kind: count for kind, count in removed.items() if kind in due.records}, "shown as removed"
    return {kind: count for kind, count in removed.items() if count}


LATER = samples.NOW + timedelta(days=400)
YEAR = timedelta(days=365)


async def test_records_of_each_kind_go_when_their_own_time_is_over(store: Store) -> None:
    kinds = ("near_miss", "false_positive", "breach", "embargo_breach")
    for number, kind in enumerate(kinds):
        for letter in "BC":
            await store.incidents.add(new(incident=f"IR-{kind}-{letter}", kind=kind))
            status = "closed" if letter == "B" else "open"
            await store.incidents.add(new(2, f"IR-{kind}-{letter}", kind=kind, status=status, subjects_max=number))
    assert await purged(store) == {}
    assert await purged(store, near_misses=timedelta(days=401), breaches=timedelta(days=500)) == {}
    assert len(await walked(store)) == 8
    assert await purged(store, near_misses=YEAR, embargo_breaches=YEAR) == {"near_miss": 2, "embargo_breach": 1}
    assert await purged(store, breaches=YEAR) == {"breach": 1}
    assert sorted(await walked(store)) == [
        "IR-breach-C",
        "IR-embargo_breach-C",
        "IR-false_positive-B",
        "IR-false_positive-C",
    ]
    with pytest.raises(UnknownReference):
        await store.incidents.history("IR-near_miss-B")
    entries = [entry async for entry in store.ledger.entries() if entry.kind == "incidents_purged"]
    assert [entry.fields["incidents"] for entry in entries] == [
        ["IR-near_miss-B", "IR-near_miss-C"],
        ["IR-embargo_breach-B"],
        ["IR-breach-B"],
    ]
    found = await verify(store)
    assert found.whole
    assert found.records == 8


async def test_a_record_that_became_a_breach_is_kept_as_one(store: Store) -> None:
    await store.incidents.add(new(kind="near_miss"))
    await store.incidents.add(new(2, kind="breach"))
    assert await purged(store, near_misses=YEAR) == {}
    await store.incidents.add(new(3, kind="breach", status="closed"))
    assert await purged(store, breaches=YEAR) == {"breach": 1}
    assert (await verify(store)).whole


async def test_a_message_whose_near_miss_has_gone_may_be_entered_again(store: Store) -> None:
    await store.incidents.add(new(kind="near_miss"))
    await purged(store, near_misses=YEAR)
    await store.incidents.add(new(kind="breach"))
    assert (await verify(store)).whole
    await store.engine.write(lambda connection, _: connection.execute(delete(schema.incidents)))
    found = await verify(store)
    assert [each.kind for each in found.troubles] == ["record-changed"], "what came after the purge is excused by none"


async def test_a_record_that_was_entered_again_and_went_again_is_excused_each_time(store: Store) -> None:
    for _ in range(2):
        await store.incidents.add(new(kind="near_miss"))
        assert await purged(store, near_misses=YEAR) == {"near_miss": 1}
    found = await verify(store)
    assert found.whole and found.records == 0


async def test_of_another_ledger_a_purge_excuses_what_is_older_than_it(tmp_path: Path) -> None:
    """Only clocks order the ledgers of several guards. Here one SQLite store whose `ledger:` was changed."""
    first = StoreSettings(url=f"sqlite:///{tmp_path}/mailguard.db", ledger="first")
    store = await Store.open(first)
    await store.incidents.add(new(kind="near_miss"))
    await store.close()
    store = await Store.open(first.model_copy(update={"ledger": "second", "witness": tmp_path / "second.witness"}))
    assert await purged(store, near_misses=YEAR) == {"near_miss": 1}
    assert (await verify(store)).whole
    await store.close()
    store = await Store.open(first)
    again, later = new(kind="breach"), LATER + timedelta(days=1)
    again = NewRevision(replace(again.revision, at=later), replace(again.entry, at=later))
    await store.incidents.add(again)
    assert (await verify(store)).whole
    await store.engine.write(lambda connection, _: connection.execute(delete(schema.incidents)))
    assert [each.kind for each in (await verify(store)).troubles] == ["record-changed"]
    await store.close()


async def test_more_than_go_in_one_step_go(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(incident_retention, "AT_ONCE", 3)
    for number in range(10):
        await store.incidents.add(new(incident=f"IR-{number}", kind="near_miss"))
    assert await purged(store, near_misses=YEAR) == {"near_miss": 10}
    assert (await verify(store)).whole


async def closed_and_old(store: Store) -> None:
    for incident in (ID, "IR-OTHER"):
        await store.incidents.add(new(incident=incident))
        await store.incidents.add(new(2, incident, status="closed"))


async def test_a_breach_that_is_reopened_while_old_ones_go_stays(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    await closed_and_old(store)
    write = store.engine.write

    async def reopened_first(operation: Any) -> Any:
        monkeypatch.undo()
        await store.incidents.add(new(3, status="open"))
        return await write(operation)

    monkeypatch.setattr(store.engine, "write", reopened_first)
    assert await incident_retention.purge_records(store.engine, store.prepare, {"breach": YEAR}, LATER) == {"breach": 1}
    assert [each.revision for each in await store.incidents.history(ID)] == [1, 2, 3]
    entries = [entry async for entry in store.ledger.entries() if entry.kind == "incidents_purged"]
    assert [entry.fields["incidents"] for entry in entries] == [["IR-OTHER"]]
    assert (await verify(store)).whole


@pytest.mark.parametrize("engine_name", ["postgresql"])
async def test_a_breach_that_another_guard_reopens_at_the_same_moment_stays(
    store: Store, settings: StoreSettings, postgresql: Postgresql
) -> None:
    await closed_and_old(store)
    row, _ = store.incidents._sealed(new(3, status="open"))
    other = asynchronous_engine(settings)
    waits = f"SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = '{other.url.database}'"
    async with other.begin() as connection:
        await connection.run_sync(_insert, row, new(3).revision)
        purge = incident_retention.purge_records(store.engine, store.prepare, {"breach": YEAR}, LATER)
        purging = asyncio.create_task(purge)
        while not purging.done() and not await asyncio.to_thread(postgresql.ask, waits):
            await asyncio.sleep(0.01)
        assert not purging.done()
    assert await purging == {"breach": 1}
    await other.dispose()
    assert [each.revision for each in await store.incidents.history(ID)] == [1, 2, 3]


Change = Callable[[Connection], object]
_rows = schema.incidents
SPOILT: dict[str, tuple[Change, str]] = {
    "gone": (lambda c: c.execute(delete(_rows).where(_rows.c.revision == 2)), "record-changed"),
    "all gone": (lambda c: c.execute(delete(_rows)), "record-changed"),
    "other text": (lambda c: c.execute(update(_rows).values(sealed=b"x" * 60)), "record-changed"),
    "other status": (lambda c: c.execute(update(_rows).values(status="closed")), "record-unreadable"),
    "another's": (
        lambda c: c.execute(update(_rows).where(_rows.c.revision == 2).values(incident="IR-OTHER")),
        "record-inserted",
    ),
    "older for newer": (
        lambda c: (
            c.execute(delete(_rows).where(_rows.c.revision == 2)),
            c.execute(update(_rows).values(revision=2)),
        ),
        "record-changed",
    ),
}


@pytest.mark.parametrize("spoil", SPOILT)
async def test_the_audit_finds_what_was_done_to_a_record(store: Store, spoil: str) -> None:
    await store.incidents.add(new())
    await store.incidents.add(new(2, subjects_max=9))
    assert (await verify(store)).whole
    change, kind = SPOILT[spoil]
    await store.engine.write(lambda connection, _: change(connection))
    found = await verify(store)
    assert kind in {each.kind for each in found.troubles}
