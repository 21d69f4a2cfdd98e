"""The sender's page of an email that waits and is then sent by itself (a rule's `delay`)."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from mailguard.core.errors import CannotRewrite, StoreUnavailable
from mailguard.core.lifecycle import State
from mailguard.guard.deadline import Deadline
from mailguard.store import schema
from tests.console.house import ORIGIN, browser_on, enters, seen, site_on
from tests.console.test_sender import LIST, REF, chooses, code_in, fields_of, state
from tests.guard.console.house import House

ANN, BOB = "ann@outside.example", "bob@outside.example"


async def opened(house: House, ref: str = REF, *people: str, **changes: Any) -> str:
    """The path of a new link to a message that waits for five minutes."""
    now = house.clock.at
    values = {
        "raw": LIST, "state": State.WAITING, "received_at": now, "due_at": now + timedelta(minutes=5), "offers": None,
        "sender_may": (), **changes,
    }  # fmt: skip
    await house.holds(ref, *(people or (ANN, BOB)), **values)
    return f"/s/{await house.link(ref, 'nurse@elmroad.example')}"


async def leaves(house: House) -> int:
    deadline = Deadline(
        quarantine=house.store.quarantine, notices=house.notices, clock=house.clock, review=house.review,
        wake=lambda: None,
    )  # fmt: skip
    return await deadline.enforce()


async def going(house: House) -> list[list[str]]:
    rows = [row for row in await house.store.outbox.list() if row.kind in ("release", "copy")]
    return sorted([each.address for each in row.envelope.recipients] for row in rows)


async def remembered(house: House) -> int:
    """How many lists are known to have left."""
    query = select(func.count()).select_from(schema.sendings)
    return await house.store.engine.read(lambda connection: connection.execute(query).scalar_one())


async def test_it_says_until_when_it_waits_and_what_can_be_done(browser: httpx.AsyncClient, house: House) -> None:
    path = await opened(house)
    page = await browser.get(path)
    text = seen(page).text
    assert "It waits until 2:07pm" in text and "If you do nothing, it is sent as you wrote it at 2:07pm" in text
    values = re.findall(r'type="radio" value="(\w+)"', page.text)
    assert values == ["now", "cancel", "some", "urgent"] and " checked" not in page.text
    for chosen in ("", *values):
        page = await browser.get(path, params={"do": chosen})
        assert page.status_code == 200 and "@outside.example" not in page.text
    assert await state(house) is State.WAITING and "urgent_called" not in await house.kinds()


async def test_send_now_leaves_soon_and_can_be_cancelled_until_then(browser: httpx.AsyncClient, house: House) -> None:
    path = await opened(house)
    assert (await chooses(browser, path, "now")).status_code == 303
    assert await state(house) is State.LEAVING and not await going(house)
    assert "You decided at" in seen(await browser.get(path)).text
    house.clock.move(seconds=31)
    assert await leaves(house) == 1 and await going(house) == [[ANN, BOB]]
    assert "You sent this exactly as it is at" in seen(await browser.get(path)).text
    other = await opened(house, "MG-2222-22")
    await chooses(browser, other, "now")
    shown = await browser.get(other)
    await browser.post(other, data=fields_of(shown, code=code_in(shown)), headers=ORIGIN)
    assert (await house.store.quarantine.get("MG-2222-22")).state is State.CANCELLED


async def test_cancelling_ends_the_waiting(browser: httpx.AsyncClient, house: House) -> None:
    path = await opened(house)
    assert (await chooses(browser, path, "cancel", code="ZZZZZ")).status_code == 422
    assert await state(house) is State.WAITING
    assert (await chooses(browser, path, "cancel")).status_code == 303
    assert await state(house) is State.CANCELLED
    house.clock.move(minutes=6)
    assert await leaves(house) == 0 and not await going(house)


async def test_what_left_by_itself_says_so(browser: httpx.AsyncClient, house: House) -> None:
    now = house.clock.at
    path = await opened(house)
    held = await house.store.quarantine.get(REF)
    house.clock.move(minutes=5)
    assert await leaves(house) == 1
    assert held.due_at == now + timedelta(minutes=5)
    house.clock.move(minutes=-1)  # The link in a notice works for an hour more; this one ends with the waiting.
    text = seen(await browser.get(path)).text
    assert "Nobody stopped it, so it was sent by itself at 2:07pm" in text


@pytest.mark.parametrize("offers", [None, "separate"])
async def test_some_are_left_out_and_the_others_get_it(
    browser: httpx.AsyncClient, house: House, offers: str | None
) -> None:
    path = await opened(house, offers=offers)
    answer = await chooses(browser, path, "some", whom="Bob <BOB@outside.example>\r\n")
    assert answer.status_code == 303, answer.text
    page = await browser.get(path)
    text = seen(page).text
    assert "You took 1 person off it." in text and "1 person, 1 of them outside" in text
    assert ("may still read the addresses" if offers is None else "People inside still do") in text
    assert BOB not in page.text and 'value="some"' not in page.text, "nobody else can be left out"
    held = await house.store.quarantine.get(REF)
    assert (held.state, held.version) == (State.WAITING, 2)
    assert [each.address for each in held.envelope.recipients] == [ANN]
    assert [each.address for each in held.left_out] == [BOB]
    (entry,) = [each async for each in house.store.ledger.entries(REF) if each.kind == "recipients_left_out"]
    assert (entry.fields["left_out"], entry.fields["left"]) == (1, 1)
    assert "bob" not in str(entry.fields)
    evidence = await house.store.evidence.read(REF, "recipients_left_out")
    assert evidence[0]["left_out"] == [BOB]
    house.clock.move(minutes=5)
    assert await leaves(house) == 1 and await going(house) == [[ANN]]


@pytest.mark.parametrize(
    ("whom", "said"),
    [
        ("", "Enter the address of somebody"),
        ("\r\n ,; ", "Enter the address of somebody"),
        ("eve@outside.example", "Your email does not go to eve@outside.example"),
        ("bob", "Your email does not go to bob"),
        (f"{BOB}\r\neve@outside.example", "Your email does not go to eve@outside.example"),
        (f"{ANN}, {BOB}", "Nobody would be left who gets it"),
        ("<script>alert(1)</script>@x.example", "does not go to"),
    ],
)
async def test_whoever_is_not_among_them_is_said_and_nothing_is_changed(
    browser: httpx.AsyncClient, house: House, whom: str, said: str
) -> None:
    path = await opened(house)
    answer = await chooses(browser, path, "some", whom=whom)
    assert answer.status_code == 422 and said in seen(answer).text and "<title>Error: " in answer.text
    assert "<script>" not in answer.text
    assert not (await house.store.quarantine.get(REF)).left_out


async def test_nobody_finds_out_by_trying_whom_it_goes_to(browser: httpx.AsyncClient, house: House) -> None:
    path = await opened(house)
    for number in range(5):
        answer = await chooses(browser, path, "some", whom=f"guess{number}@outside.example")
        assert "does not go to" in seen(answer).text
    answer = await chooses(browser, path, "some", whom=BOB)
    assert answer.status_code == 429 and "Nobody was left out" in seen(answer).text
    assert (await house.store.quarantine.get(REF)).left_out == ()


async def test_without_the_code_nobody_learns_whom_it_goes_to(browser: httpx.AsyncClient, house: House) -> None:
    path = await opened(house)
    answers = [
        seen(await chooses(browser, path, "some", whom=whom, code="ZZZZZ")).text
        for whom in (BOB, "eve@outside.example")
    ]
    assert all("The code is not the one" in each and "does not go to" not in each for each in answers)


async def test_those_who_are_left_out_stay_so_whoever_sends_it(browser: httpx.AsyncClient, house: House) -> None:
    path = await opened(house)
    await chooses(browser, path, "some", whom=BOB)
    await house.review.release(REF, form="original", reason="wanted", by="Sam", system_user="sam")
    assert await going(house) == [[ANN]]


async def test_what_cannot_wait_leaves_at_once_and_is_recorded(browser: httpx.AsyncClient, house: House) -> None:
    path = await opened(house)
    assert (await chooses(browser, path, "urgent")).status_code == 422, "it needs a reason"
    assert (await chooses(browser, path, "urgent", reason="The clinic is today")).status_code == 303
    assert await state(house) is State.RELEASING and await going(house) == [[ANN, BOB]]
    kinds = [each async for each in house.store.ledger.entries(REF) if each.kind == "urgent_called"]
    assert [(each.fields["leaves"], each.fields["told"]) for each in kinds] == [(True, 0)]
    (evidence,) = await house.store.evidence.read(REF, "urgent_called")
    assert evidence["reason"] == "The clinic is today"
    assert "You sent this exactly as it is at" in seen(await browser.get(path)).text


@pytest.mark.parametrize("fault", [CannotRewrite("it cannot be rewritten"), StoreUnavailable("no space left")])
async def test_what_does_not_leave_was_not_called_urgent(
    browser: httpx.AsyncClient, house: House, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    """Its form cannot be made, or its text cannot be read: neither the ledger nor the count of calls knows of it."""
    path, other = await opened(house), await opened(house, "MG-2222-22")
    house.sender.most_urgent = 1

    async def fails(blob: str) -> Any:
        raise fault

    with monkeypatch.context() as broken:
        broken.setattr(house.store.blobs, "read", fails)
        assert (await chooses(browser, path, "urgent", reason="today")).status_code in (422, 503)
    assert await state(house) is State.WAITING and not await going(house)
    assert "urgent_called" not in await house.kinds() and not await house.store.urgent_calls.of([REF])
    assert (await chooses(browser, other, "urgent", reason="today")).status_code == 303, "it did not count"


async def test_one_too_many_is_not_remembered_as_sent(browser: httpx.AsyncClient, house: House) -> None:
    path = await opened(house)
    house.sender.most_urgent = 1
    other = await opened(house, "MG-2222-22")
    assert (await chooses(browser, other, "urgent", reason="today")).status_code == 303
    assert await remembered(house) == 1
    assert (await chooses(browser, path, "urgent", reason="today")).status_code == 422
    assert await remembered(house) == 1


async def test_a_sender_can_say_so_of_three_emails_a_day(browser: httpx.AsyncClient, house: House) -> None:
    for number in range(3):
        path = await opened(house, f"MG-222{number + 2}-22")
        assert (await chooses(browser, path, "urgent", reason="today")).status_code == 303
    path = await opened(house)
    answer = await chooses(browser, path, "urgent", reason="today")
    assert answer.status_code == 422 and "You have said this of 3 emails since yesterday" in seen(answer).text
    assert await state(house) is State.WAITING, "it still leaves by itself, and can be sent now"
    assert (await chooses(browser, path, "now")).status_code == 303


async def test_where_the_settings_allow_none_it_is_not_offered(house: House) -> None:
    path = await opened(house)
    house.sender.most_urgent = 0
    async with browser_on(site_on(house)) as browser:
        page = await browser.get(path)
        assert 'value="urgent"' not in page.text
        assert (await browser.get(path, params={"do": "urgent"})).text.count("mg-code") == 0


async def test_of_twenty_who_cancel_and_send_at_once_one_does(house: House) -> None:
    path = await opened(house)
    async with browser_on(site_on(house)) as browser:
        shown = {}
        for do in ("cancel", "now", "urgent", "some"):
            page = await browser.get(path, params={"do": do})
            shown[do] = fields_of(page, code=code_in(page), reason="today", whom=BOB)
        acts = ["cancel", "now", "urgent", "some"] * 5
        answers = await asyncio.gather(*(browser.post(path, data=shown[do], headers=ORIGIN) for do in acts))
        assert {answer.status_code for answer in answers} <= {303, 422}
    kinds = await house.kinds()
    ended = [kinds.count(kind) for kind in ("hold_cancelled", "release_decided", "message_released")]
    left_out = kinds.count("recipients_left_out")
    assert sum(ended) <= 1 and left_out <= 1 and sum(ended) + left_out >= 1
    held = await house.store.quarantine.get(REF)
    assert held.version == 1 + sum(ended) + left_out


async def test_reviewers_see_it_under_its_state_and_can_send_or_stop_it(
    browser: httpx.AsyncClient, house: House
) -> None:
    await house.account("sam@elmroad.example", "reviewer")
    await enters(browser, house, "sam@elmroad.example")
    await opened(house)
    page = await browser.get("/queue", params={"view": "sent-by-itself"})
    assert "Waiting for the sender" in seen(page).text and "Will be sent in" in seen(page).text
    assert "Waiting for the sender" in seen(await browser.get(f"/m/{REF}")).text
    await house.review.leave_out(REF, [BOB], by="sender", version=1)
    text = seen(await browser.get(f"/m/{REF}")).text
    assert "Its sender left 1 person out while it waited." in text and "1 of 1" in text
    choices = (await browser.get(f"/m/{REF}/decide")).text
    assert 'value="original"' in choices and 'value="reject"' in choices
