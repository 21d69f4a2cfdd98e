"""The page behind the link of a notice: what it shows, what it needs before it acts, and that nothing else acts."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from typing import Any

import httpx
import pytest

from mailguard.console.site import Site
from mailguard.core.lifecycle import State
from mailguard.guard.entries import recipients_sha256
from tests.console.house import ORIGIN, browser_on, csrf_in, enters, seen, site_on
from tests.guard.console.deciding import deadline_of
from tests.guard.console.house import STOP_FOR, House
from tests.store import samples

LIST = (
    b"From: nurse@elmroad.example\r\nTo: ann@outside.example, bob@outside.example\r\n"
    b"Subject: Flu clinic\r\n\r\nNHS number 999 000 0018\r\n"
)
REF = "MG-7Q4K-3G"


async def opened(house: House, **changes: Any) -> str:
    """The path of a new link to a message that is held."""
    values = {"raw": LIST, "sender_may": ("cancel", "separate"), **changes}
    await house.holds(REF, "ann@outside.example", "bob@outside.example", **values)
    return f"/s/{await house.link(REF, values.get('sender', 'nurse@elmroad.example'))}"


def code_in(answer: httpx.Response) -> str:
    found = re.search(r'class="mg-code">([2-9A-Z]{5})<', answer.text)
    assert found, answer.text
    return found[1]


def fields_of(shown: httpx.Response, **fields: str) -> dict[str, str]:
    return {**seen(shown).hidden, **fields}


async def chooses(browser: httpx.AsyncClient, path: str, do: str, **fields: str) -> httpx.Response:
    """Choose, read the code, type it and press the button."""
    shown = await browser.get(path, params={"step": "check", "do": do})
    assert shown.status_code == 200, shown.text
    return await browser.post(path, data=fields_of(shown, **{"code": code_in(shown), **fields}), headers=ORIGIN)


async def state(house: House) -> State:
    return (await house.store.quarantine.get(REF)).state


async def test_it_says_what_happened_and_names_no_recipient(browser: httpx.AsyncClient, house: House) -> None:
    path = await opened(house)
    for query in ({}, {"do": "cancel"}, {"do": "separate"}, {"do": "urgent"}):
        page = await browser.get(path, params=query)
        assert page.status_code == 200
        text = seen(page).text
        assert "Flu clinic" in text and "2 people, 2 of them outside Elm Road Surgery" in text and REF in text
        assert "288 people would see each other's addresses." in text
        for private in ("ann@", "bob@", "NHS", "999 000", path.rpartition("/")[2][:20]):
            links = (f'action="{path}"', f'href="{path}"', f'href="{path}/wrong"')
            shown = page.text
            for link in links:
                shown = shown.replace(link, "")
            assert private not in shown


async def test_nothing_is_chosen_and_continue_without_a_choice_is_an_error(
    browser: httpx.AsyncClient, house: House
) -> None:
    path = await opened(house)
    page = await browser.get(path)
    assert " checked" not in page.text and "mg-code" not in page.text
    page = await browser.get(path, params={"step": "check"})
    assert page.status_code == 422 and "<title>Error: " in page.text and 'href="#do-separate"' in page.text


async def test_no_get_and_no_head_changes_anything(browser: httpx.AsyncClient, house: House) -> None:
    path = await opened(house)
    before = (await house.store.quarantine.get(REF), await house.kinds())
    for query in ("", "?do=cancel", "?do=separate&step=check", "?do=urgent", "?do=cancel&code=AAAAA&version=1"):
        assert (await browser.get(path + query)).status_code == 200
        assert (await browser.head(path + query)).status_code == 200
    assert (await house.store.quarantine.get(REF), await house.kinds()) == before


async def test_what_presses_every_button_without_typing_does_nothing(browser: httpx.AsyncClient, house: House) -> None:
    path = await opened(house)
    before = await house.kinds()
    for do in ("cancel", "separate", "urgent"):
        shown = await browser.get(path, params={"do": do})
        answer = await browser.post(path, data=fields_of(shown), headers=ORIGIN)
        assert answer.status_code in (422, 429)
    assert await state(house) is State.HELD and await house.kinds() == before


async def test_t67_what_presses_every_button_does_not_lock_out_the_sender(site: Site, house: House) -> None:
    """Two scanners were enough to keep a sender from cancelling until a message had left by itself."""
    path = await opened(house)
    for _ in range(5):
        async with browser_on(site) as scanner:
            for do in ("cancel", "separate"):
                shown = await scanner.get(path, params={"do": do})
                for code in ("", " - ", "\u3000"):
                    answer = await scanner.post(path, data={**fields_of(shown), "code": code}, headers=ORIGIN)
                    assert answer.status_code == 422
    async with browser_on(site) as browser:
        assert (await chooses(browser, path, "cancel")).status_code == 303
    assert await state(house) is State.CANCELLED and not house.waits


async def test_cancel_works_once_and_says_so_afterwards(browser: httpx.AsyncClient, house: House) -> None:
    path = await opened(house, sender_may=())
    answer = await chooses(browser, path, "cancel")
    assert (answer.status_code, answer.headers["location"]) == (303, path)
    held = await house.store.quarantine.get(REF)
    assert (held.state, held.decided_by) == (State.CANCELLED, "sender")
    page = await browser.get(path)
    assert "You cancelled it at" in seen(page).text and "<form" not in page.text
    assert (await browser.post(path, data={"csrf": "", "do": "cancel"}, headers=ORIGIN)).status_code == 403
    async with browser_on(site_on(house)) as other:
        first = await other.get("/sign-in")
        answer = await other.post(path, data={"csrf": csrf_in(first), "do": "cancel"}, headers=ORIGIN)
        assert answer.status_code == 303 and "You cancelled it" in (await other.get(path)).text
    assert (await house.kinds()).count("hold_cancelled") == 1


async def test_the_code_is_forgiving_about_case_and_spaces(browser: httpx.AsyncClient, house: House) -> None:
    path = await opened(house)
    code = code_in(await browser.get(path, params={"do": "cancel"})).lower()
    answer = await chooses(browser, path, "cancel", code=f" {code[:2]} {code[2:]}-")
    assert answer.status_code == 303 and await state(house) is State.CANCELLED


async def test_the_code_of_another_browser_or_another_message_is_wrong(site: Site, house: House) -> None:
    path = await opened(house)
    await house.holds("MG-8888-88", sender_may=())
    elsewhere = f"/s/{await house.link('MG-8888-88')}"
    async with browser_on(site) as one, browser_on(site) as two:
        theirs = code_in(await one.get(path, params={"do": "cancel"}))
        another = code_in(await two.get(elsewhere, params={"do": "cancel"}))
        for code in (theirs, another):
            assert (await chooses(two, path, "cancel", code=code)).status_code == 422
    assert await state(house) is State.HELD


async def test_wrong_codes_slow_down_and_then_end_the_acts_for_ten_minutes(
    browser: httpx.AsyncClient, house: House
) -> None:
    path = await opened(house)
    answers = [(await chooses(browser, path, "cancel", code="ZZZZZ")).status_code for _ in range(6)]
    assert answers == [422, 422, 422, 422, 429, 429] and house.waits == [0, 0.5, 1, 1.5, 2]
    assert (await chooses(browser, path, "cancel")).status_code == 429 and await state(house) is State.HELD
    house.clock.move(seconds=601)
    assert (await chooses(browser, path, "cancel")).status_code == 303 and await state(house) is State.CANCELLED


async def test_separate_copies_leave_where_the_rule_lets_the_sender(browser: httpx.AsyncClient, house: House) -> None:
    path = await opened(house)
    shown = await browser.get(path, params={"do": "separate"})
    assert "Send 2 separate copies</button>" in shown.text
    waiting = len(await house.store.outbox.list())
    assert (await chooses(browser, path, "separate")).status_code == 303
    held = await house.store.quarantine.get(REF)
    assert (held.state, held.released_as, held.decided_by) == (State.LEAVING, "separate", "sender")
    assert len(await house.store.outbox.list()) == waiting, "no copy and no notice yet"
    decided = [entry async for entry in house.store.ledger.entries(REF) if entry.kind == "release_decided"]
    assert [(entry.fields["actor"], entry.fields["system_user"]) for entry in decided] == [("sender", "sender")]
    house.clock.move(seconds=31)
    assert await deadline_of(house).enforce() == 1
    assert (await house.store.quarantine.get(REF)).state is State.RELEASING
    rows = [row for row in await house.store.outbox.list() if row.kind == "copy"]
    assert sorted(row.envelope.recipients[0].address for row in rows) == ["ann@outside.example", "bob@outside.example"]
    assert "You sent this as separate copies at" in seen(await browser.get(path)).text


async def test_what_the_sender_sent_can_be_cancelled_until_it_leaves(browser: httpx.AsyncClient, house: House) -> None:
    path = await opened(house)
    await chooses(browser, path, "separate")
    shown = await browser.get(path)
    text = seen(shown).text
    assert "Your email is about to be sent" in text and "You decided at" in text and "can still cancel it" in text
    assert "ann@" not in text and 'value="separate"' not in shown.text
    before = await house.kinds()
    assert (await browser.post(path, data=fields_of(shown), headers=ORIGIN)).status_code == 422
    assert await house.kinds() == before and await state(house) is State.LEAVING
    fields = fields_of(shown, code=code_in(shown))
    assert (await browser.post(path, data=fields, headers=ORIGIN)).status_code == 303
    assert await state(house) is State.CANCELLED and "You cancelled it at" in seen(await browser.get(path)).text
    house.clock.move(seconds=31)
    assert await deadline_of(house).enforce() == 0
    assert not [row for row in await house.store.outbox.list() if row.kind == "copy"]


async def test_what_a_reviewer_decided_to_send_its_sender_can_cancel(browser: httpx.AsyncClient, house: House) -> None:
    path = await opened(house)
    before = await browser.get(path, params={"do": "separate"})
    done = await house.review.release(
        REF, form="bcc", reason="Fine", by="Sam Patel", system_user="sam", version=1, stop_for=STOP_FOR
    )
    assert done.state is State.LEAVING
    # What was chosen before that is not done: the page says how it stands.
    answer = await browser.post(path, data=fields_of(before, code=code_in(before)), headers=ORIGIN)
    assert answer.headers["location"] == f"{path}?changed=1" and await state(house) is State.LEAVING
    text = seen(await browser.get(answer.headers["location"])).text
    assert "Sam Patel decided at" in text and "sent with Bcc" in text and "Something was changed" in text
    shown = await browser.get(path)
    assert (await browser.post(path, data=fields_of(shown, code=code_in(shown)), headers=ORIGIN)).status_code == 303
    assert await state(house) is State.CANCELLED


async def test_a_cancel_that_comes_when_it_is_leaving_says_so(browser: httpx.AsyncClient, house: House) -> None:
    path = await opened(house)
    await chooses(browser, path, "separate")
    shown = await browser.get(path)
    house.clock.move(seconds=31)
    await deadline_of(house).enforce()
    answer = await browser.post(path, data=fields_of(shown, code=code_in(shown)), headers=ORIGIN)
    assert answer.status_code == 303 and await state(house) is State.RELEASING
    assert "You sent this as separate copies at" in seen(await browser.get(path)).text


@pytest.mark.parametrize(
    "rules",
    [
        {"sender_may": ("cancel",)},
        {"sender_may": ("separate", "original"), "approvals_needed": 2},
        {"sender_may": ("separate", "original"), "release_as": ("bcc",)},
        {"sender_may": ("separate", "original"), "release_as": ()},
    ],
)
async def test_sending_is_neither_offered_nor_possible_where_the_rule_forbids_it(
    browser: httpx.AsyncClient, house: House, rules: dict[str, Any]
) -> None:
    path = await opened(house, **rules)
    page = await browser.get(path)
    assert 'value="cancel"' in page.text and "separate" not in page.text and "exactly as it is" not in page.text
    shown = await browser.get(path, params={"do": "cancel"})
    for do in ("separate", "original", "bcc", "cleaned", ""):
        fields = fields_of(shown, do=do, code=code_in(shown), reason="They agreed")
        assert (await browser.post(path, data=fields, headers=ORIGIN)).status_code == 422
    assert await state(house) is State.HELD


async def test_as_it_is_needs_a_reason(browser: httpx.AsyncClient, house: House) -> None:
    path = await opened(house, sender_may=("original",))
    assert (await chooses(browser, path, "original")).status_code == 422
    answer = await chooses(browser, path, "original", reason="They all know each other")
    held = await house.store.quarantine.get(REF)
    assert answer.status_code == 303 and (held.released_as, held.note) == ("original", "They all know each other")


async def test_a_shared_mailbox_is_asked_for_a_name_which_is_recorded(browser: httpx.AsyncClient, house: House) -> None:
    envelope = samples.envelope("ann@outside.example", sender="reception@elmroad.example")
    path = await opened(
        house,
        sender="reception@elmroad.example",
        envelope=envelope,
        recipients_sha256=recipients_sha256(envelope),
    )
    assert "Several people read reception@elmroad.example" in (await browser.get(path, params={"do": "cancel"})).text
    answer = await chooses(browser, path, "cancel")
    assert answer.status_code == 422 and 'href="#name"' in answer.text and await state(house) is State.HELD
    assert (await chooses(browser, path, "cancel", name="Pat\u202e Brown")).status_code == 303
    held = await house.store.quarantine.get(REF)
    assert held.decided_by == "sender: Pat Brown"
    assert "Pat Brown cancelled it at" in seen(await browser.get(path)).text


async def test_who_is_signed_in_needs_no_code_and_is_recorded_by_name(browser: httpx.AsyncClient, house: House) -> None:
    path = await opened(house)
    await house.account("jo@elmroad.example", "viewer:elm")
    await enters(browser, house, "jo@elmroad.example")
    shown = await browser.get(path, params={"do": "cancel"})
    assert "mg-code" not in shown.text and 'name="name"' not in shown.text
    assert (await browser.post(path, data=fields_of(shown), headers=ORIGIN)).status_code == 303
    assert (await house.store.quarantine.get(REF)).decided_by == "sender: jo@elmroad.example"


async def test_altered_expired_and_invented_links_say_the_same(site: Site, house: House) -> None:
    path = await opened(house)
    altered = path[:-1] + ("0" if path[-1] != "0" else "1")
    answers = []
    async with browser_on(site) as browser:
        await browser.get("/sign-in")
        for each in (altered, "/s/" + "0" * 64, "/s/short", "/s/" + "g" * 64, "/s/%00", "/s/" + "9" * 4000):
            for method in ("GET", "POST"):
                sent: dict[str, Any] = {"headers": ORIGIN}
                if method == "POST":
                    sent["data"] = {"csrf": csrf_in(await browser.get("/sign-in")), "do": "cancel", "code": "AAAAA"}
                answers.append(await browser.request(method, each, **sent))
        house.clock.move(hours=24)
        answers.append(await browser.get(path))
        answers.append(await browser.head(path))
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers[:-1]}) == 1 and "does not work any more" in answers[0].text
    assert await state(house) is State.HELD


async def test_the_link_of_a_message_that_was_removed_leads_nowhere(browser: httpx.AsyncClient, house: House) -> None:
    path = await opened(house)
    await chooses(browser, path, "cancel")
    settings = house.store.settings.retention.model_copy(update={"held": timedelta(seconds=1)})
    house.clock.move(seconds=60)
    await house.store.outbox.drop(REF, [])
    await house.store.purge(house.clock.at, settings)
    assert (await browser.get(path)).status_code == 404


async def test_its_headers_tell_nobody_where_it_is(browser: httpx.AsyncClient, house: House) -> None:
    path = await opened(house)
    for answer in (await browser.get(path), await browser.get("/s/none"), await browser.post(path)):
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "noindex" in answer.headers["x-robots-tag"] and answer.headers["cache-control"] == "no-store"
    assert (await browser.get("/sign-in")).headers["referrer-policy"] == "same-origin"


async def test_an_act_must_come_from_its_page(browser: httpx.AsyncClient, house: House) -> None:
    path = await opened(house)
    shown = await browser.get(path, params={"do": "cancel"})
    fields = fields_of(shown, code=code_in(shown))
    for headers in (
        {},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
        {**ORIGIN, "Sec-Fetch-Site": "same-site"},
    ):
        assert (await browser.post(path, data=fields, headers=headers)).status_code == 403
    without = {name: value for name, value in fields.items() if name != "csrf"}
    assert (await browser.post(path, data=without, headers=ORIGIN)).status_code == 403
    assert await state(house) is State.HELD
    # What a browser sends from a page that tells nobody where it is.
    own = {"Origin": "null", "Sec-Fetch-Site": "same-origin"}
    assert (await browser.post(path, data=fields, headers=own)).status_code == 303
    assert (await browser.post("/sign-in", data=fields, headers=own)).status_code == 403


async def test_of_a_reviewer_and_a_sender_one_decides(browser: httpx.AsyncClient, house: House) -> None:
    path = await opened(house)
    shown = await browser.get(path, params={"do": "cancel"})
    await house.review.reject(REF, note="Please use the bulk tool.", by="Sam Patel", system_user="sam", version=1)
    answer = await browser.post(path, data=fields_of(shown, code=code_in(shown)), headers=ORIGIN)
    assert answer.status_code == 303
    page = seen(await browser.get(path)).text
    assert "Sam Patel decided at" in page and "Your email was not sent" in page
    assert await state(house) is State.REJECTED


async def test_a_first_approval_meanwhile_is_shown_before_anything_is_done(
    browser: httpx.AsyncClient, house: House
) -> None:
    path = await opened(house, approvals_needed=2)
    shown = await browser.get(path, params={"do": "cancel"})
    await house.review.release(REF, form="separate", reason="Fine", by="Sam", system_user="sam", version=1)
    answer = await browser.post(path, data=fields_of(shown, code=code_in(shown)), headers=ORIGIN)
    assert answer.headers["location"] == f"{path}?changed=1" and await state(house) is State.APPROVED_ONCE
    assert "Something was changed a moment ago" in (await browser.get(answer.headers["location"])).text


async def test_many_at_once_cancel_it_once(site: Site, house: House) -> None:
    path = await opened(house)

    async def one() -> int:
        async with browser_on(site) as browser:
            return (await chooses(browser, path, "cancel")).status_code

    answers = await asyncio.gather(*(one() for _ in range(12)), return_exceptions=True)
    assert 303 in answers and (await house.kinds()).count("hold_cancelled") == 1


async def test_what_cannot_wait_is_told_once_with_a_reason(browser: httpx.AsyncClient, house: House) -> None:
    path = await opened(house)
    assert (await chooses(browser, path, "urgent")).status_code == 422
    assert (await chooses(browser, path, "urgent", reason="Patient Ann is seen at 3pm")).status_code == 303
    page = await browser.get(path)
    assert "You said at" in page.text and 'value="urgent"' not in page.text
    assert await state(house) is State.HELD
    rows = [row for row in await house.store.outbox.list() if b"review_urgent" not in (row.text or b"") and row.text]
    told = [row for row in rows if b"Urgent" in (row.text or b"")]
    assert [row.envelope.recipients[0].address for row in told] == ["manager@elmroad.example"]
    assert b"Ann" not in (told[0].text or b"")
    (entry,) = [entry async for entry in house.store.ledger.entries(REF) if entry.kind == "urgent_called"]
    assert "Ann" not in str(entry.fields) and entry.fields["actor"] == "sender"
    (call,) = await house.store.urgent_calls.of([REF])
    assert call.reason == "Patient Ann is seen at 3pm"


async def test_three_a_day_cannot_wait(browser: httpx.AsyncClient, house: House) -> None:
    answers = []
    for number in range(5):
        ref = f"MG-222{number + 2}-22"
        await house.holds(ref, sender_may=())
        path = f"/s/{await house.link(ref)}"
        if number == 4:
            house.clock.move(hours=22)
        answers.append((await chooses(browser, path, "urgent", reason="It is for today")).status_code)
    assert answers == [303, 303, 303, 422, 422]


async def test_sub_addresses_of_one_mailbox_do_not_make_more_of_them(browser: httpx.AsyncClient, house: House) -> None:
    answers = []
    for number, sender in enumerate(("nurse", "nurse+a", "NURSE+b", "nurse+c", "doctor")):
        ref, address = f"MG-222{number + 2}-22", f"{sender}@elmroad.example"
        await house.holds(ref, sender=address, sender_may=())
        path = f"/s/{await house.link(ref, address)}"
        answers.append((await chooses(browser, path, "urgent", reason="It is for today")).status_code)
    assert answers == [303, 303, 303, 422, 303]


async def test_the_token_is_in_no_log_and_no_entry(
    browser: httpx.AsyncClient, house: House, caplog: pytest.LogCaptureFixture
) -> None:
    path = await opened(house)
    with caplog.at_level("DEBUG"):
        await browser.get(path)
        await chooses(browser, path, "cancel", code="ZZZZZ")
        await chooses(browser, path, "cancel")
        await browser.get(path)
    token = path.rpartition("/")[2]
    logged = " ".join(str(record.__dict__) for record in caplog.records if record.name.startswith("mailguard"))
    assert token not in logged
    entries = [str(entry) async for entry in house.store.ledger.entries()]
    assert token not in " ".join(entries) and token not in str(await house.store.evidence.read(REF))


async def test_what_cannot_wait_stands_first_and_its_reason_is_for_who_may_read(
    browser: httpx.AsyncClient, house: House, site: Site
) -> None:
    await house.holds("MG-2222-22", team="elm", received_at=house.clock.at - timedelta(hours=5))
    path = await opened(house, team="elm")
    await chooses(browser, path, "urgent", reason="Patient Ann is seen at 3pm")
    for role, says in (("reviewer:elm", True), ("viewer:elm", False), ("reviewer:park", False)):
        name = await house.account(f"{role.replace(':', '.')}@elmroad.example", role)
        async with browser_on(site) as other:
            await enters(other, house, name)
            page = (await other.get("/queue")).text
        assert ("Patient Ann" in page) is says
        if role.endswith("elm"):
            assert page.index(REF) < page.index("MG-2222-22") and "Sender says this is urgent" in page
        else:
            assert REF not in page and "urgent" not in page
