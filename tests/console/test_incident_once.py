"""A form that enters an incident, sent twice by a double click or a reload: one record."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from tests.console.house import enters
from tests.console.incidents import OMBUDSMAN, filled, fills, posts
from tests.guard.console.house import House

KEEPER = "dpo@elmroad.example"


@pytest.fixture
async def keeper(browser: httpx.AsyncClient, house: House) -> httpx.AsyncClient:
    """A browser in which somebody is signed in who keeps the register."""
    await house.account(KEEPER, "escalation")
    await enters(browser, house, KEEPER)
    return browser


async def entered(house: House) -> int:
    return len([each async for each in house.store.ledger.entries() if each.kind == "incident_added"])


async def test_a_form_that_is_sent_twice_enters_one_incident(keeper: httpx.AsyncClient, house: House) -> None:
    sent = {**filled(await keeper.get("/incidents/new")), **OMBUDSMAN}
    first, second = await asyncio.gather(*(posts(keeper, "/incidents/new", sent) for _ in range(2)))
    later = await posts(keeper, "/incidents/new", sent)
    assert first.status_code == second.status_code == later.status_code == 303
    assert first.headers["location"] == second.headers["location"] == later.headers["location"]
    assert await entered(house) == 1
    # Who goes back and types something else, or begins again, means another incident.
    for another in (
        {**sent, "records_max": "5503"},
        {**filled(await keeper.get("/incidents/new")), **OMBUDSMAN},
    ):
        answer = await posts(keeper, "/incidents/new", another)
        assert answer.status_code == 303 and answer.headers["location"] != first.headers["location"]
    assert await entered(house) == 3


async def test_a_form_that_came_back_with_a_fault_and_is_then_sent_twice_enters_one_incident(
    keeper: httpx.AsyncClient, house: House
) -> None:
    faulty = await fills(keeper, "/incidents/new", **{**OMBUDSMAN, "aware_at": "soon"})
    assert faulty.status_code == 422
    mended = {**filled(faulty), "aware_at": OMBUDSMAN["aware_at"]}
    first, second = [await posts(keeper, "/incidents/new", mended) for _ in range(2)]
    assert first.headers["location"] == second.headers["location"]
    assert await entered(house) == 1
