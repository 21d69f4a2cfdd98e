"""Stricter numbers: what is read for them, and the page that tells of them. The messages of breaches, and what left."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from mailguard.core.quality.tightening import Stricter, Tightening
from mailguard.core.reference import short_reference
from mailguard.guard import tightening
from mailguard.guard.accounts import Actor
from mailguard.guard.entries import plain
from mailguard.guard.records import NewEntry
from tests.console.house import InForce, qualities_on, register_on, seen, site_on
from tests.console.test_quality import ADA, LISTS, signed_in
from tests.core.quality.test_suggestion import decision, observation, verdict
from tests.guard.console.house import House

SAM = Actor("Sam", "root")
ASKS = LISTS.replace(b"{visible_external_recipients", b"{sender: {is: jo@elmroad.example}, visible_external_recipients")


class Mail:
    """Messages in the ledger, as the policy decided about them."""

    def __init__(self, house: House, in_force: InForce) -> None:
        self.house, self.in_force, self.number = house, in_force, 0

    async def decides(self, people: int, *kinds: str, days: int = 10, sender: str = "jo") -> str:
        """A message to so many people, and the entries that follow its decision. Its reference."""
        self.number += 1
        ref = short_reference(self.number.to_bytes(14, "little"))
        at = self.house.clock.at - timedelta(days=days)
        made = decision(verdict(observation(people, 1, False, sender), self.in_force()))
        address = f"{sender}@elmroad.example"
        evidence = {"sender": address, "originators": [address]}
        entries = [NewEntry("message_decided", ref, at, made, evidence=evidence)]
        await self.house.store.ledger.append([*entries, *(plain(kind, ref, at) for kind in kinds)])
        return ref

    async def leaves(self, people: int, **changes: Any) -> str:
        return await self.decides(people, "message_relayed", **changes)

    async def breach(self, ref: str | None, **fields: Any) -> str:
        given = {"kind": "breach", "narrative": "A list of people was shown", **fields}
        return (await register_on(self.house).book.add(given, SAM, ref)).incident


async def tightened(house: House, in_force: InForce, rule: str = "visible-list") -> Tightening:
    return await qualities_on(house, in_force).tighten(rule)


@pytest.fixture
def in_force() -> InForce:
    return InForce(LISTS)


@pytest.fixture
def mail(house: House, in_force: InForce) -> Mail:
    return Mail(house, in_force)


async def test_each_breach_is_told_by_what_became_of_its_message(house: House, in_force: InForce, mail: Mail) -> None:
    left = await mail.breach(await mail.leaves(8, days=300))
    held = await mail.breach(await mail.decides(12, "message_held", "message_released"))
    stayed = await mail.breach(await mail.decides(8, "message_deferred"))
    await mail.breach(None, narrative="A letter was posted wrongly")
    await mail.breach(await mail.leaves(9), kind="near_miss")
    for people in (3, 8, 9, 9):
        await mail.leaves(people)
    found = await tightened(house, in_force)
    named = found.named
    assert (found.left, named.held_then, named.not_left, named.without) == ((left,), (held,), (stayed,), 1)
    (numbers,) = found.numbers
    # However old the breach is; of the others those of the time, with the one that a near miss names.
    assert (numbers.proposed, found.looked_at) == (Stricter(8, (left,), 4), 5)
    assert "@" not in str(numbers)


async def test_messages_that_a_record_has_as_proof_count_as_named(house: House, in_force: InForce, mail: Mail) -> None:
    first, second = await mail.leaves(8), await mail.leaves(6)
    incident = await mail.breach(first)
    await register_on(house).book.link(incident, second, SAM)
    found = await tightened(house, in_force)
    assert found.numbers[0].effects == (Stricter(6, (incident,), 0),) and found.looked_at == 0


async def test_without_a_breach_that_left_nothing_else_is_read(
    house: House, in_force: InForce, mail: Mail, monkeypatch: pytest.MonkeyPatch
) -> None:
    await mail.leaves(8)
    await mail.breach(await mail.decides(12, "message_held", "message_released"))
    monkeypatch.setattr(house.store.passed_entries, "passed", None)
    found = await tightened(house, in_force)
    assert found.numbers[0].effects == () and found.looked_at == 0


async def test_no_more_than_the_newest_are_counted_and_their_days_make_the_month(
    house: House, in_force: InForce, mail: Mail, monkeypatch: pytest.MonkeyPatch
) -> None:
    incident = await mail.breach(await mail.leaves(8, days=60))
    for days in (40, 20, 3, 2, 1):
        await mail.leaves(9, days=days)
    whole = await tightened(house, in_force)
    assert (whole.looked_at, whole.is_limited, round(whole.days)) == (5, False, 60)
    monkeypatch.setattr(tightening, "MOST_LOOKED_AT", 5)
    some = await tightened(house, in_force)
    # One of six messages was not counted: the oldest, which is the breach itself.
    assert (some.looked_at, some.is_limited, round(some.days)) == (5, True, 40)
    monkeypatch.setattr(tightening, "MOST_LOOKED_AT", 3)
    few = await tightened(house, in_force)
    assert (few.looked_at, few.is_limited, round(few.days)) == (3, True, 3)
    assert few.numbers[0].proposed == Stricter(8, (incident,), 3)
    assert few.a_month(3) == 30.0


@pytest.mark.parametrize("is_kept", [True, False])
async def test_what_facts_do_not_tell_the_rules_of_that_time_do(house: House, is_kept: bool) -> None:
    in_force = InForce(ASKS)
    mail = Mail(house, in_force)
    if is_kept:
        await house.store.policies.keep(in_force().revision, {"default.yaml": ASKS}, house.clock.at)
    incident = await mail.breach(await mail.leaves(8))
    await mail.leaves(9)
    await mail.leaves(9, sender="sam")
    (numbers,) = (await tightened(house, in_force)).numbers
    if is_kept:
        assert numbers.effects == (Stricter(8, (incident,), 1),), "the other one is not of whom the rule asks about"
    else:
        assert numbers.effects == () and numbers.unknown == (incident,)


async def test_who_sent_it_is_asked_of_no_more_than_so_many_others(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_force = InForce(LISTS.rstrip() + b"\n    unless: {sender: [sam@elmroad.example]}\n")
    mail = Mail(house, in_force)
    incident = await mail.breach(await mail.leaves(8))
    for sender in ("sam", "jo", "jo"):
        await mail.leaves(9, sender=sender)
    await mail.leaves(3)
    (numbers,) = (await tightened(house, in_force)).numbers
    assert numbers.effects == (Stricter(8, (incident,), 2),)
    monkeypatch.setattr(tightening, "MOST_ASKED", 1)
    (numbers,) = (await tightened(house, in_force)).numbers
    assert numbers.effects == (Stricter(8, (incident,), 1, 2),), "the newest one was asked about"
    await house.store.evidence.erase(last_but_one(mail), "asked to", "Sam", house.clock.at)
    monkeypatch.undo()
    (numbers,) = (await tightened(house, in_force)).numbers
    assert numbers.effects == (Stricter(8, (incident,), 1, 1),), "erased evidence tells nothing"


def last_but_one(mail: Mail) -> str:
    """Of the last message but one."""
    return short_reference((mail.number - 1).to_bytes(14, "little"))


async def test_the_page_of_a_rule_says_what_a_stricter_number_would_have_held(
    house: House, in_force: InForce, mail: Mail
) -> None:
    ada = await signed_in(house, site_on(house, in_force=in_force), ADA, "admin")
    path = "/policy/quality?rule=visible-list"
    await mail.leaves(9)
    text = seen(await ada.get(path)).text
    assert "No stricter number is proposed: no breach in the register names a message that left" in text
    incident = await mail.breach(await mail.leaves(8))
    await mail.leaves(3)
    house.clock.move(minutes=6)
    page = await ada.get(path)
    text = seen(page).text
    assert (
        f"Proposed: with 8 in place of 10, the message of {incident} would have been held, and about 3 others" in text
    )
    assert "that nobody has looked at (1 of 2 that left)" in text
    assert f"8 {incident} 1 about 3 0" in text and "What stricter numbers would have held" in text
    assert "<form" not in page.text.partition("<main")[2].partition("</main")[0], "nothing here changes a policy"
    assert "@d0.example" not in page.text
