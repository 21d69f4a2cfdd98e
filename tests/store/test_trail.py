"""The console's port Trail on both engines: newest first, over several ledgers, by team, person, kind and time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from mailguard.core.powers import Scope
from mailguard.guard.console.trail_records import Group, TrailFilter
from mailguard.guard.records import NewEntry
from mailguard.store.store import Store
from tests.store import samples

ALL = TrailFilter(None)
NOW = samples.NOW


async def written(store: Store, kind: str, ref: str | None, minutes: int = 0, **more: Any) -> None:
    await store.ledger.append([NewEntry(kind, ref, NOW + timedelta(minutes=minutes), **more)])


async def kinds(store: Store, wanted: TrailFilter) -> list[str]:
    found, older = await store.trail.page(wanted, 50)
    assert older is None and await store.trail.count(wanted) == len(found)
    return [each.entry.kind for each in found]


async def test_entries_come_newest_first_and_by_what_is_asked(store: Store) -> None:
    for ref, team in (("MG-AAAA-22", "elm"), ("MG-BBBB-22", "park")):
        await store.quarantine.hold(samples.held(ref, team=team), b"x", [samples.entry(ref, "message_held")], [])
    await store.quarantine.hold(samples.held("MG-CCCC-22", team="elm", canary="r"), b"x", [], [])
    await written(store, "canary_recorded", "MG-CCCC-22")
    await written(store, "policy_loaded", None, 1)
    await written(store, "content_viewed", "MG-AAAA-22", 2, fields={"actor": "100% \\ _Sam"})
    await written(store, "message_relayed", "MG-DDDD-22", 3, fields={"note": '"actor":"100% \\\\ _Sam"'})
    everything = ["message_relayed", "content_viewed", "policy_loaded", "canary_recorded", *["message_held"] * 2]
    assert await kinds(store, ALL) == everything
    assert await kinds(store, replace(ALL, person="100% \\ _Sam")) == ["content_viewed"]
    assert await kinds(store, replace(ALL, person="100%")) == [] == await kinds(store, replace(ALL, person="%"))
    assert await kinds(store, replace(ALL, group=Group.VIEWS)) == ["content_viewed"]
    assert await kinds(store, replace(ALL, group=Group.OTHER)) == []
    assert await kinds(store, replace(ALL, ref="MG-AAAA-22")) == ["content_viewed", "message_held"]
    later = NOW + timedelta(minutes=2)
    assert await kinds(store, replace(ALL, at_from=later)) == everything[:2]
    assert await kinds(store, replace(ALL, at_before=later)) == everything[2:]
    elm = TrailFilter(Scope(teams=frozenset({"elm"})))
    assert await kinds(store, elm) == ["content_viewed", "policy_loaded", "message_held"]
    assert await kinds(store, TrailFilter(Scope())) == ["policy_loaded"]
    assert await kinds(store, TrailFilter(Scope(everybody=True))) == everything


async def test_of_the_evidence_only_names_are_told(store: Store) -> None:
    evidence = {"actor": "sam@elmroad.example", "account": "jo@elmroad.example", "subject": "Flu clinic"}
    await written(store, "content_viewed", "MG-AAAA-22", evidence=evidence)
    await written(store, "content_viewed", "MG-AAAA-22", evidence={"by": "Sam", "account": ["x"]})
    (second, first), _ = await store.trail.page(ALL, 50)
    assert (first.who, first.account) == ("sam@elmroad.example", "jo@elmroad.example")
    assert (second.who, second.account) == ("Sam", None)
    assert "Flu clinic" not in str(first)
    await store.erase_evidence("MG-AAAA-22", "asked for", "Ada")
    newest, *others = (await store.trail.page(ALL, 50))[0]
    assert newest.who == "Ada" and {each.who for each in others} == {None}


async def test_several_ledgers_are_one_trail_in_pages(store: Store) -> None:
    other = await Store.open(store.settings.model_copy(update={"ledger": "second"})) if shares(store) else store
    try:
        for number in range(7):
            await written(other if number % 2 else store, "policy_loaded", None, number, fields={"rules": number})
    finally:
        if other is not store:
            await other.close()
    found, place = [], None
    for _ in range(4):
        page, place = await store.trail.page(ALL, 2, place)
        found += [each.entry.fields["rules"] for each in page]
    assert place is None and found == [6, 5, 4, 3, 2, 1, 0]


def shares(store: Store) -> bool:
    """Several guards write one PostgreSQL; a SQLite store has one owner."""
    return not store.settings.is_sqlite


async def test_the_entries_of_one_message_are_found_by_its_reference(store: Store) -> None:
    for minute, kind in enumerate(("content_viewed", "note_added", "copy_delivered", "copy_delivered", "note_added")):
        about = {"row": "release" if minute == 3 else "copy"}
        await written(store, kind, "MG-AAAA-22", minute, evidence={"account": "jo@elmroad.example"}, fields=about)
        await written(store, kind, "MG-BBBB-22", minute)
    kinds = ("content_viewed", "note_added")
    found = await store.trail.of_message("MG-AAAA-22", kinds, 50)
    assert [each.entry.kind for each in found] == ["content_viewed", "note_added", "note_added"]
    assert {each.account for each in found} == {"jo@elmroad.example"}
    newest = await store.trail.of_message("MG-AAAA-22", kinds, 2)
    assert [each.entry.kind for each in newest] == ["note_added"] * 2
    await written(store, "copy_delivered", "MG-AAAA-22", 9, fields={"row": "notice"})
    counted = await store.trail.tally("MG-AAAA-22", ("copy_delivered", "copy_bounced"), ("copy", "release"))
    assert counted == {"copy_delivered": (2, NOW + timedelta(minutes=3))}
    assert not await store.trail.of_message("MG-CCCC-22", kinds, 50)
