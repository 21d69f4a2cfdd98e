"""Looking into attachments: masked, unmasked with a reason, taken along; recorded before anything is shown."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from mailguard.core.errors import MailguardError, NotAllowed, StoreUnavailable
from mailguard.core.excerpt import Excerpt
from mailguard.core.mail.message import Message
from mailguard.core.powers import powers_of
from mailguard.guard.console import attachments as story
from mailguard.guard.console.attachments import WHOLE, Attachments, Busy, NoAttachment
from mailguard.guard.console.looking import NotReadable, NotYours
from mailguard.guard.console.sessions import Visitor
from mailguard.guard.console.short_lived import ShortLivedHere
from tests.guard.console.attachments import NAME, NUMBER, RAW, Reading, attachments_on
from tests.guard.console.house import House, close_house, open_house

REF = "MG-AAAA-22"
REASON = "The sender asks which sheet it is"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    opened = await open_house(tmp_path, teams=("elm", "park"))
    await opened.holds(REF, team="elm", raw=RAW)
    yield opened
    await close_house(opened)


async def visitor(house: House, *roles: str, name: str = "sam@elmroad.example") -> Visitor:
    await house.account(name, *roles)
    found = await house.sessions.look(await house.token(name))
    assert found is not None
    return found


async def records(house: House) -> list[tuple[str, Any, Any]]:
    kinds = ("content_viewed", "content_revealed", "content_downloaded")
    found = [each async for each in house.store.ledger.entries(REF) if each.kind in kinds]
    return [(each.kind, each.fields.get("what"), each.fields.get("part")) for each in found]


def values(excerpt: Excerpt) -> str:
    cells = [cell.value for table in excerpt.tables for row in table.rows for cell in row.cells]
    return " | ".join([*cells, *(each.text for each in excerpt.texts)])


async def test_rows_are_masked_and_the_look_is_recorded(house: House) -> None:
    reading = Reading()
    sam = await visitor(house, "reviewer:elm")
    opened = await attachments_on(house, reading).open(sam, REF, 1)
    assert opened.part.names == ("Referrals March.xlsx",) and (opened.number, opened.count) == (1, 2)
    assert reading.asked == ["2"]
    shown = values(opened.excerpt)
    assert "NHS number" in shown and "A•• K••" in shown and "943 476 ••••" in shown
    for secret in ("Amira", "Khan", NUMBER, "900123", "secret", "white", "Dear"):
        assert secret not in shown, secret
    assert not (opened.may_unmask or opened.may_download or opened.unmasked_until)
    assert await records(house) == [("content_viewed", "attachment", 1)]


async def test_who_may_have_them_unmasked_says_why_and_has_ten_minutes(house: House) -> None:
    sam = await visitor(house, "reviewer:elm", "reveal:elm")
    on = attachments_on(house)
    assert (await on.open(sam, REF, 1)).may_unmask
    for reason in ("", "  \n"):
        with pytest.raises(NotAllowed):
            await on.unmask(sam, REF, 1, reason)
    await on.unmask(sam, REF, 1, REASON)
    opened = await on.open(sam, REF, 1)
    assert NAME in values(opened.excerpt) and NUMBER in values(opened.excerpt)
    assert NAME not in values((await on.open(sam, REF, 2)).excerpt), "another attachment"
    again = await house.sessions.look(await house.token("sam@elmroad.example"))
    assert again is not None and NAME not in values((await on.open(again, REF, 1)).excerpt), "another browser"
    pat = await visitor(house, "reviewer", "reveal", name="pat@elmroad.example")
    assert NAME not in values((await on.open(pat, REF, 1)).excerpt), "somebody else"
    assert (await records(house))[:3] == [
        ("content_viewed", "attachment", 1),
        ("content_revealed", None, 1),
        ("content_viewed", "attachment unmasked", 1),
    ]
    (kept,) = await house.store.evidence.read(REF, "content_revealed")
    assert (kept["account"], kept["reason"]) == ("sam@elmroad.example", REASON)
    house.clock.move(minutes=10)
    assert NAME not in values((await on.open(sam, REF, 1)).excerpt), "ten minutes are over"


async def test_a_right_that_was_taken_away_ends_it(house: House) -> None:
    sam = await visitor(house, "reviewer:elm", "reveal:elm")
    on = attachments_on(house)
    await on.unmask(sam, REF, 1, REASON)
    less = Visitor(sam.account, sam.session, powers_of(("reviewer:elm",)))
    assert NAME not in values((await on.open(less, REF, 1)).excerpt)


async def test_a_restart_forgets_who_had_them_unmasked(house: House) -> None:
    sam = await visitor(house, "reviewer:elm", "reveal:elm")
    await attachments_on(house).unmask(sam, REF, 1, REASON)
    house.kept = ShortLivedHere()
    assert NAME not in values((await attachments_on(house).open(sam, REF, 1)).excerpt)


async def test_taking_along_gives_the_octets_as_they_came_and_is_recorded(house: House) -> None:
    sam = await visitor(house, "reviewer:elm", "download:elm")
    on = attachments_on(house)
    offered = await on.offered(sam, REF, 1)
    assert offered.part is not None and await records(house) == [("content_viewed", "page", None)]
    taken = await on.take(sam, REF, 1)
    assert (taken.name, bytes(taken.octets)) == ("Referrals March.xlsx", b"spreadsheet")
    assert (await on.take(sam, REF, 2)).name == "Report.zip"
    whole = await on.take(sam, REF, WHOLE)
    assert (whole.name, bytes(whole.octets)) == (f"{REF}.eml", RAW)
    assert (await records(house))[1:] == [("content_downloaded", None, number) for number in (1, 2, 0)]


async def refused(on: Attachments, who: Visitor, ref: str, number: int) -> list[type[Exception]]:
    found: list[type[Exception]] = []
    for asked in (
        on.open(who, ref, number),
        on.unmask(who, ref, number, REASON),
        on.offered(who, ref, number),
        on.take(who, ref, number),
    ):
        try:
            await asked
            found.append(type(None))  # type: ignore[arg-type]
        except MailguardError as cause:
            found.append(type(cause))
    return found


NOTHING: Any = type(None)
ROLES: list[tuple[tuple[str, ...], list[Any]]] = [
    (("viewer",), [NotReadable] * 4),
    (("admin",), [NotReadable] * 4),
    (("escalation:elm",), [NotReadable] * 4),
    (("viewer:elm", "reveal", "download"), [NotReadable] * 4),
    (("admin", "reveal", "download"), [NotReadable] * 4),
    (("reviewer:park", "reveal", "download"), [NotYours] * 4),
    (("reviewer:elm",), [NOTHING, NotAllowed, NotAllowed, NotAllowed]),
    (("reviewer:elm", "reveal:park", "download:park"), [NOTHING, NotAllowed, NotAllowed, NotAllowed]),
    (("reviewer:elm", "reveal"), [NOTHING, NOTHING, NotAllowed, NotAllowed]),
    (("reviewer", "download:elm"), [NOTHING, NotAllowed, NOTHING, NOTHING]),
]


async def test_who_may_do_what_with_an_attachment(house: House) -> None:
    for number, (roles, expected) in enumerate(ROLES):
        who = await visitor(house, *roles, name=f"p{number}@elmroad.example")
        before = len(await records(house))
        assert await refused(attachments_on(house), who, REF, 1) == expected, roles
        done = sum(each is NOTHING for each in expected)
        assert len(await records(house)) == before + done, "what is refused is no look"


async def test_a_number_that_names_nothing_and_a_message_that_retention_removed(house: House) -> None:
    sam = await visitor(house, "reviewer:elm", "reveal:elm", "download:elm")
    on = attachments_on(house)
    for number in (-1, 3, 99999):
        assert await refused(on, sam, REF, number) == [NoAttachment] * 4
    with pytest.raises(NoAttachment):
        await on.open(sam, REF, WHOLE)
    await house.holds("MG-BBBB-22", team="elm", raw=RAW, content_sha256="0" * 64)
    assert await refused(on, sam, "MG-BBBB-22", 1) == [MailguardError] * 4
    assert await records(house) == []


async def test_nothing_is_shown_or_sent_that_could_not_be_recorded(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    sam = await visitor(house, "reviewer:elm", "reveal:elm", "download:elm")
    reading = Reading()
    on = attachments_on(house, reading)

    async def full(_: object) -> None:
        raise StoreUnavailable("full")

    monkeypatch.setattr(house.store.ledger, "append", full)
    assert await refused(on, sam, REF, 1) == [StoreUnavailable] * 4
    assert reading.asked == []
    monkeypatch.undo()
    assert NAME not in values((await on.open(sam, REF, 1)).excerpt), "nor unmasked afterwards"


async def test_what_cannot_be_read_now_can_be_tried_again(house: House) -> None:
    sam = await visitor(house, "reviewer:elm")
    with pytest.raises(Busy):
        await attachments_on(house, Reading(MailguardError("too many wait"))).open(sam, REF, 1)
    unread = await attachments_on(house, Reading(Excerpt(unread="encrypted"))).open(sam, REF, 1)
    assert unread.excerpt.unread == "encrypted"


async def test_two_are_read_at_a_time_and_none_for_ever(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(story, "SECONDS", 0.3)
    sam = await visitor(house, "reviewer:elm")

    class Stuck:
        async def excerpt(self, message: Message, path: str) -> Excerpt:
            await asyncio.sleep(60)
            raise AssertionError

    on = Attachments(house.looking, Stuck(), house.store.ledger, house.clock, house.kept)
    ended = await asyncio.gather(*(on.open(sam, REF, 1) for _ in range(3)), return_exceptions=True)
    assert [type(each) for each in ended] == [Busy] * 3
    on.excerpts = Reading()
    assert (await on.open(sam, REF, 1)).excerpt.tables
