"""What happened to one held message, from the ledger of a real store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from mailguard.core.powers import powers_of
from mailguard.guard import entries
from mailguard.guard.console import timeline as story
from mailguard.guard.console.looking import Looked
from mailguard.guard.console.sessions import Visitor
from mailguard.guard.console.timeline import DELIVERIES, KINDS, Timeline
from mailguard.guard.entries import KINDS as EVERY_KIND
from mailguard.guard.sender_links import SENDER, acting
from tests.guard.console.attachments import attachments_on
from tests.guard.console.house import House, close_house, open_house

REF, OTHER = "MG-AAAA-22", "MG-BBBB-22"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    opened = await open_house(tmp_path, teams=("elm", "park"))
    for ref in (REF, OTHER):
        await opened.holds(ref, team="elm")
        await opened.store.ledger.append([entries.plain("message_held", ref, opened.clock.at)])
    yield opened
    await close_house(opened)


async def visitor(house: House, name: str) -> Visitor:
    await house.account(name, "reviewer:elm")
    found = await house.sessions.look(await house.token(name))
    assert found is not None
    return found


async def looked(house: House) -> Looked:
    return Looked(await house.store.quarantine.get(REF), True)


async def kinds(house: House) -> list[str]:
    found = await Timeline(house.store.trail).of(await looked(house))
    return [f"{each.entry.kind} {each.account or ''}".strip() for each in found.events]


async def test_what_happened_to_this_message_oldest_first_and_looks_told_once(house: House) -> None:
    sam, pat = await visitor(house, "sam@elmroad.example"), await visitor(house, "pat@elmroad.example")
    for who in (sam, sam, pat, sam, pat):
        await house.looking.look(who, REF)
        await house.looking.look(who, OTHER)
    await house.review.release(
        REF, form="original", reason="ok", by="sam@elmroad.example", account=sam.account.identifier,
        stop_for=timedelta(seconds=30),
    )  # fmt: skip
    await house.review.stop(REF, by="pat@elmroad.example", account=pat.account.identifier, version=2)
    await house.looking.look(sam, REF)
    assert await kinds(house) == [
        "message_held",
        "content_viewed sam@elmroad.example",
        "content_viewed pat@elmroad.example",
        "release_decided sam@elmroad.example",
        "release_stopped pat@elmroad.example",
        "content_viewed sam@elmroad.example",
    ]


async def test_deliveries_are_counted_and_only_the_latest_events_told(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(story, "MOST", 3)
    at = house.clock.at
    for minute in range(5):
        house.clock.move(minutes=1)
        await house.store.ledger.append([entries.plain("copy_delivered", REF, house.clock.at, row="copy")])
        await house.store.ledger.append([entries.plain("note_added", REF, house.clock.at, minute=minute)])
    found = await Timeline(house.store.trail).of(await looked(house))
    assert [each.entry.fields["minute"] for each in found.events] == [2, 3, 4] and found.earlier
    assert found.deliveries == {"copy_delivered": (5, at + timedelta(minutes=5))}


async def test_that_the_sender_was_told_is_in_it_and_many_notices_push_nothing_out(house: House) -> None:
    def queued(to: str) -> entries.NewEntry:
        return entries.plain("notice_queued", REF, house.clock.at, notice="notice", to=to)

    await house.store.ledger.append([queued("sender"), queued("reviewers")])
    sam = await visitor(house, "sam@elmroad.example")
    await house.looking.look(sam, REF)
    house.clock.move(minutes=1)
    await house.store.ledger.append([queued("sender") for _ in range(3)])
    looks = "content_viewed sam@elmroad.example"
    assert await kinds(house) == ["message_held", "notice_queued", looks, "notice_queued"]
    await house.store.ledger.append([queued("sender") for _ in range(300)])
    assert (await kinds(house))[:2] == ["message_held", looks]


async def test_unmasking_and_files_are_in_it(house: House) -> None:
    sam = await visitor(house, "sam@elmroad.example")
    all_of_it = Visitor(sam.account, sam.session, powers_of(("reviewer", "download")))
    await attachments_on(house).take(all_of_it, REF, 0)
    assert "content_downloaded sam@elmroad.example" in await kinds(house)


def test_every_kind_of_the_timeline_is_one_of_the_ledger() -> None:
    assert set(EVERY_KIND) >= KINDS | DELIVERIES and not KINDS & DELIVERIES


@pytest.mark.parametrize("name", ["Jo Reid", "jo@elmroad.example", ""])
async def test_what_a_sender_calls_themselves_is_in_the_evidence_alone(house: House, name: str) -> None:
    person = acting(name)
    decided = await house.review.send_for_sender(
        await house.holds("MG-CCCC-22", sender_may=("separate",)), form="separate", reason="Fine", by=person,
        version=1, stop_for=timedelta(seconds=30),
    )  # fmt: skip
    await house.review.cancel(decided.ref, by=person, system_user=SENDER)
    acts = [entry async for entry in house.store.ledger.entries() if entry.fields.get("system_user") == SENDER]
    assert [entry.fields["actor"] for entry in acts] == [SENDER] * 2 and "Jo Reid" not in str(acts)
    by = {"by": name} if name else {}
    assert [await house.store.evidence.read(decided.ref, entry.kind) for entry in acts] == [
        [{**by, "note": "Fine"}], [by] if name else [],
    ]  # fmt: skip
    assert (await house.verify())["whole"]
