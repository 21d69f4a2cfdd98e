"""Who looks around in the demo: the link works once, and nobody else changes who they are."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mailguard.core.errors import UnknownAccount
from mailguard.guard.console.demo_door import DemoDoor, DemoRole
from mailguard.guard.console.links import LinkUsed
from tests.guard.console.house import SAM, SECRET, House, close_house, open_house

PEOPLE = {role: f"{role}@elmroad.example" for role in (DemoRole.VIEWER, DemoRole.REVIEWER, DemoRole.ADMIN)}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    opened = await open_house(tmp_path)
    for role, name in PEOPLE.items():
        await opened.book.add(name, SECRET, [role], SAM)
    yield opened
    await close_house(opened)


@pytest.fixture
def door(house: House) -> DemoDoor:
    return door_of(house)


def door_of(house: House) -> DemoDoor:
    return DemoDoor(accounts=house.store.accounts, sessions=house.sessions, randomness=house.randomness, people=PEOPLE)


async def test_the_link_lets_one_browser_in_as_reviewer(house: House, door: DemoDoor) -> None:
    link = door.make_link()
    assert door.fits(link) and not door.fits("0" * 64) and not door.fits("")
    token = await door.enter(link, "Firefox")
    visitor = await house.sessions.look(token)
    assert visitor is not None and visitor.whole and visitor.account.name == PEOPLE[DemoRole.REVIEWER]
    assert door.role_of(token) is DemoRole.REVIEWER and door.role_of("0" * 64) is None
    assert not door.fits(link)
    with pytest.raises(LinkUsed):
        await door.enter(link, "Firefox")


async def test_a_door_without_a_link_opens_to_nobody(house: House, door: DemoDoor) -> None:
    for token in ("", "0" * 64):
        with pytest.raises(LinkUsed):
            await door.enter(token, "")
    link = door.make_link()
    door.make_link()
    with pytest.raises(LinkUsed):
        await door.enter(link, "")


async def test_whoever_becomes_somebody_else_is_the_earlier_one_no_more(house: House, door: DemoDoor) -> None:
    first = await door.enter(door.make_link(), "")
    visitor = await house.sessions.look(first)
    second = await door.become(DemoRole.ADMIN, first, visitor, "")
    assert await house.sessions.look(first) is None and door.role_of(first) is None
    found = await house.sessions.look(second)
    assert found is not None and found.powers.admin and not found.powers.reads
    third = await door.become(DemoRole.SENDER, second, found, "")
    assert await house.sessions.look(second) is None and await house.sessions.look(third) is None
    assert door.role_of(third) is DemoRole.SENDER
    assert (await house.kinds())[-4:] == ["console_signed_in", "console_signed_out"] * 2


async def test_what_was_begun_ends_with_the_door_and_the_store_has_no_link(house: House, door: DemoDoor) -> None:
    used, unused = await door.enter(door.make_link(), ""), door.make_link()
    await door.close()
    assert await house.sessions.look(used) is None and door.role_of(used) is None and not door.fits(unused)
    assert not door_of(house).fits(unused)
    with pytest.raises(LinkUsed):
        await house.links.look(unused)


async def test_who_was_removed_is_nobody(house: House, door: DemoDoor) -> None:
    token = await door.enter(door.make_link(), "")
    await house.book.remove(PEOPLE[DemoRole.VIEWER], SAM)
    with pytest.raises(UnknownAccount):
        await door.become(DemoRole.VIEWER, token, await house.sessions.look(token), "")
    await door.close()
