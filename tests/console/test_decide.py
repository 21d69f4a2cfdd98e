"""Deciding in two steps: the form, what would happen, the act, and what came of it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from mailguard.console.site import Site
from mailguard.core.lifecycle import State
from tests.console.house import ORIGIN, Seen, browser_on, csrf_in, enters, seen
from tests.console.test_queue import HOSTILE
from tests.guard.console.deciding import deadline_of, holds_list, message, people
from tests.guard.console.house import SECRET, House

REF = "MG-AAAA-22"
DECIDE, CHECK, OUTCOME, STOP = (f"/m/{REF}/{each}" for each in ("decide", "decide/check", "outcome", "stop"))
NOTE = "Please use the bulk service for this."


@pytest.fixture
async def sam(browser: httpx.AsyncClient, house: House) -> httpx.AsyncClient:
    await house.account("sam@elmroad.example", "reviewer:elm")
    await enters(browser, house, "sam@elmroad.example")
    return browser


@pytest.fixture
async def amira(site: Site, house: House) -> AsyncIterator[httpx.AsyncClient]:
    await house.account("amira@elmroad.example", "reviewer:elm", "escalation:elm")
    async with browser_on(site) as opened:
        await enters(opened, house, "amira@elmroad.example")
        yield opened


def form_fields(page: Seen, **typed: str) -> dict[str, str]:
    return {**page.hidden, **typed}


async def checks(browser: httpx.AsyncClient, **typed: str) -> httpx.Response:
    """The first step: fill in the form and continue."""
    page = seen(await browser.get(DECIDE))
    return await browser.post(CHECK, data=form_fields(page, **typed), headers=ORIGIN)


async def decides(browser: httpx.AsyncClient, *, looked: str = "", **typed: str) -> httpx.Response:
    """Both steps."""
    checked = await checks(browser, **typed)
    assert checked.status_code == 200, seen(checked).text
    return await browser.post(
        DECIDE, data=form_fields(seen(checked), **({"looked": looked} if looked else {})), headers=ORIGIN
    )


async def state_of(house: House) -> State:
    return (await house.store.quarantine.get(REF)).state


async def rows(house: House) -> list[str]:
    return [row.kind for row in await house.store.outbox.list()]


def checked_radios(html: str) -> list[str]:
    return re.findall(r"<input[^>]*type=\"radio\"[^>]* checked", html)


async def test_the_form_offers_what_is_possible_in_order_and_chooses_nothing(
    sam: httpx.AsyncClient, amira: httpx.AsyncClient, house: House
) -> None:
    await holds_list(house)
    answer = await sam.get(DECIDE)
    page = seen(answer)
    assert "What should happen to this message?" in page.text and "It has not been sent to anyone." in page.text
    offered = [value for tag, name, value in page.attributes if tag == "input" and name == "id" and "choice-" in value]
    assert offered == [f"choice-{each}" for each in ("separate", "bcc", "reject", "escalate", "original")]
    assert "legend" in page.tags and "Recommended" in page.text and not checked_radios(answer.text)
    assert "Why can I not choose" not in page.text
    assert ("option", "value", "group:escalation") in page.attributes and "amira@elmroad.example" in page.text


async def test_what_cannot_be_chosen_is_not_there_and_says_why(sam: httpx.AsyncClient, house: House) -> None:
    extra = "MIME-Version: 1.0\r\nContent-Type: text/calendar; method=REQUEST"
    lines = ["BEGIN:VCALENDAR", "METHOD:REQUEST", "BEGIN:VEVENT", "UID:1", "ORGANIZER:mailto:nurse@elmroad.example"]
    lines += [*(f"ATTENDEE:mailto:{each}" for each in people(20)), "END:VEVENT", "END:VCALENDAR"]
    raw = message(people(20), extra=extra, body="\r\n".join(lines))
    await holds_list(house, count=20, raw=raw, release_as=("separate", "bcc"))
    page = seen(await sam.get(DECIDE))
    assert "Why can I not choose" in page.text
    assert "does not let it be sent like this" in page.text, "as it is: the rule forbids it"
    assert "Nobody else can decide about this message" in page.text, "there is nobody to ask"
    assert "only separate copies can hide them" in page.text, "Bcc: an invitation"
    offered = [value for _, name, value in page.attributes if name == "id" and value.startswith("choice-")]
    assert [each for each in offered if not each.endswith("-hint")] == ["choice-separate", "choice-reject"]
    for choice in ("bcc", "original", "escalate", "agree"):
        refused = await checks(sam, choice=choice, why="know", why_note=NOTE, ask_note=NOTE)
        assert refused.status_code == 422 and "cannot be chosen" in seen(refused).text, choice
        sent = await sam.post(
            DECIDE,
            data=form_fields(page, choice=choice, why="know", why_note=NOTE, ask_note=NOTE, looked="1"),
            headers=ORIGIN,
        )
        assert sent.status_code == 422, choice
    assert await state_of(house) is State.HELD and not await rows(house)


async def test_nothing_chosen_is_an_error_at_the_top_that_leads_to_the_first_choice(
    sam: httpx.AsyncClient, house: House
) -> None:
    await holds_list(house)
    answer = await checks(sam)
    page = seen(answer)
    assert answer.status_code == 422 and page.text.startswith("Error: What should happen")
    assert "#choice-separate" in [href for href, _ in page.links] and "autofocus" in answer.text


async def test_the_summary_says_what_will_happen_in_words_and_numbers(sam: httpx.AsyncClient, house: House) -> None:
    await holds_list(house)
    page = seen(await checks(sam, choice="separate"))
    assert "Check before you send" in page.text
    assert "Cc: 288 people outside \u2192 removed. Each person gets their own copy" in page.text
    assert "1 person inside stays in To." in page.text and "288 people outside Elm Road Surgery" in page.text
    assert "Send 288 separate copies" in page.text and "Go back and change it" in page.text
    assert "Your email was checked and is now being sent" in page.text, "the notice in full"
    assert "sam@elmroad.example decided this at" in page.text
    assert await state_of(house) is State.HELD and not await rows(house), "nothing has happened"
    bcc = seen(await checks(sam, choice="bcc"))
    assert "Send to 289 people with Bcc" in bcc.text
    reject = seen(await checks(sam, choice="reject", reject_note=f"{NOTE}\r\n<b>Second</b> line"))
    assert "Do not send it" in reject.text and f"> {NOTE}" in reject.text and "> <b>Second</b> line" in reject.text


async def test_copies_wait_until_the_time_to_stop_is_over(sam: httpx.AsyncClient, house: House) -> None:
    await holds_list(house)
    answer = await decides(sam, choice="separate")
    assert (answer.status_code, answer.headers["location"]) == (303, OUTCOME)
    page = seen(await sam.get(OUTCOME))
    assert "288 separate copies are being sent. You can stop this for 30 seconds." in page.text
    assert "Stop" in page.text and "Back to the list" in page.text
    deadline = deadline_of(house)
    house.clock.move(seconds=29)
    await deadline.enforce()
    assert await state_of(house) is State.LEAVING and not await rows(house), "no copy and no notice yet"
    house.clock.move(seconds=1)
    await deadline.enforce()
    assert await state_of(house) is State.RELEASING
    assert sorted(await rows(house)) == [*["copy"] * 289, "notice"]
    late = await sam.post(STOP, data=page.hidden, headers=ORIGIN)
    assert late.status_code == 409 and "too late to stop" in seen(late).text
    assert (await sam.get(DECIDE)).headers["location"] == OUTCOME
    sending = seen(await sam.get(OUTCOME)).text
    assert "289 still on the way. mailguard keeps trying" in sending and "delivered" not in sending


async def test_a_stop_puts_it_back_and_nothing_leaves(sam: httpx.AsyncClient, house: House) -> None:
    await holds_list(house)
    await decides(sam, choice="separate")
    page = seen(await sam.get(OUTCOME))
    answer = await sam.post(STOP, data=page.hidden, headers=ORIGIN)
    assert answer.status_code == 303
    assert "Stopped. Nothing was sent." in seen(await sam.get(answer.headers["location"])).text
    assert await state_of(house) is State.HELD
    house.clock.move(minutes=10)
    await deadline_of(house).enforce()
    assert not await rows(house) and await state_of(house) is State.HELD
    again = await sam.post(STOP, data=page.hidden, headers=ORIGIN)
    assert again.status_code == 409
    assert [kind for kind in await house.kinds() if kind.startswith("release_")] == [
        "release_decided",
        "release_stopped",
    ]
    await decides(sam, choice="bcc")
    house.clock.move(seconds=31)
    await deadline_of(house).enforce()
    assert (await house.store.quarantine.get(REF)).released_as == "bcc" and await rows(house)


async def test_not_sent_with_a_note_to_the_sender(sam: httpx.AsyncClient, house: House) -> None:
    await holds_list(house)
    for note, count in (("short", "5"), ("x" * 1001, "1,001"), ("", "0"), ("         ", "0")):
        refused = await checks(sam, choice="reject", reject_note=note)
        assert refused.status_code == 422 and f"Yours has {count}" in seen(refused).text
    assert (await decides(sam, choice="reject", reject_note=NOTE)).status_code == 303
    held = await house.store.quarantine.get(REF)
    assert (held.state, held.note, held.decided_by) == (State.REJECTED, NOTE, "sam@elmroad.example")
    assert "Not sent. Its sender is told why." in seen(await sam.get(OUTCOME)).text
    assert await rows(house) == ["notice"]
    (entry,) = [each async for each in house.store.ledger.entries(REF) if each.kind == "release_rejected"]
    assert entry.fields["via"] == "console" and "sam@" not in str(entry.fields) and NOTE not in str(entry.fields)
    assert {"account": "sam@elmroad.example", "note": NOTE} in list(await house.store.evidence.read(REF))


async def test_a_phrase_begins_the_note_and_keeps_what_was_typed(sam: httpx.AsyncClient, house: House) -> None:
    await holds_list(house)
    answer = await checks(sam, phrase="0", reject_note="Hello Nurse", send_note="kept")
    page = seen(answer)
    assert answer.status_code == 200 and "Hello Nurse\nPlease send this again as a separate email" in answer.text
    assert "kept" in page.text and len(checked_radios(answer.text)) == 1


async def test_as_it_is_needs_a_reason_a_note_and_a_look(sam: httpx.AsyncClient, house: House) -> None:
    await holds_list(house)
    refused = seen(await checks(sam, choice="original"))
    assert "Choose why it is right" in refused.text and "Write a note of 10 to 1,000" in refused.text
    page = await checks(sam, choice="original", why="know", why_note="They are one committee")
    assert "Send it as it is to 289 people" in page.text and "I have checked the list of people" in page.text
    missing = await decides(sam, choice="original", why="know", why_note="They are one committee")
    assert missing.status_code == 422 and "Tick that you have checked" in seen(missing).text
    assert await state_of(house) is State.HELD
    done = await decides(sam, looked="1", choice="original", why="know", why_note="They are one committee")
    assert done.status_code == 303
    held = await house.store.quarantine.get(REF)
    assert held.note == "The people already know each other. They are one committee"


async def test_one_person_as_it_is_needs_no_look(sam: httpx.AsyncClient, house: House) -> None:
    await holds_list(house, count=1)
    page = await checks(sam, choice="original", why="know")
    assert page.status_code == 200 and "I have checked" not in page.text
    assert (await checks(sam, choice="original", why="other")).status_code == 422


@pytest.mark.parametrize("by", ["sam", "cli", "sender", "deadline"])
async def test_somebody_else_was_first(sam: httpx.AsyncClient, amira: httpx.AsyncClient, house: House, by: str) -> None:
    await holds_list(house)
    checked = seen(await checks(amira, choice="reject", reject_note=NOTE))
    if by == "sam":
        await decides(sam, choice="separate")
        said = ("sam@elmroad.example has already decided", "Send a separate copy to each person", "20 November 2026")
    elif by == "cli":
        await house.review.release(REF, form="bcc", reason="asked by phone", by="Jo", system_user="root")
        said = ("Jo has already decided", "Move everyone to Bcc", "20 November 2026")
    elif by == "sender":
        await house.review.cancel(REF, by="nurse@elmroad.example", system_user="link")
        said = ("The sender cancelled this email", "nothing left to decide", "20 November 2026")
    else:
        house.clock.move(hours=30)
        await enters(amira, house, "amira@elmroad.example")
        await deadline_of(house).enforce()
        checked.hidden["csrf"] = csrf_in(await amira.get("/account"))
        said = ("The deadline has passed", "so it was not sent", "2026")
    before = await rows(house)
    answer = await amira.post(DECIDE, data=checked.hidden, headers=ORIGIN)
    page = seen(answer)
    assert answer.status_code == 409 and all(each in page.text for each in said), page.text
    assert NOTE in page.text and "in case you want to keep it" in page.text
    assert await rows(house) == before
    again = await amira.post(CHECK, data=checked.hidden, headers=ORIGIN)
    assert again.status_code == 409 and NOTE in seen(again).text


async def test_two_approvals_come_from_two_people(
    sam: httpx.AsyncClient, amira: httpx.AsyncClient, house: House
) -> None:
    await holds_list(house, approvals_needed=2)
    assert "This message needs two people" in seen(await sam.get(DECIDE)).text
    assert (await checks(sam, choice="separate")).status_code == 422, "the second person reads why"
    summary = seen(await checks(sam, choice="separate", send_note="All gave consent in writing"))
    assert "Approve 288 separate copies" in summary.text and "Nothing yet" in summary.text
    await decides(sam, choice="separate", send_note="All gave consent in writing")
    assert "This needs a second person. It has not been sent." in seen(await sam.get(OUTCOME)).text
    assert await state_of(house) is State.APPROVED_ONCE and not await rows(house)
    own = seen(await sam.get(DECIDE))
    offered = [value for _, name, value in own.attributes if name == "value" and value in ("separate", "agree")]
    assert not offered and "Somebody else gives the second" in own.text
    forced = await sam.post(DECIDE, data=form_fields(own, choice="agree"), headers=ORIGIN)
    assert forced.status_code == 422 and await state_of(house) is State.APPROVED_ONCE
    page = seen(await amira.get(DECIDE))
    assert "sam@elmroad.example chose: separate copies" in page.text and "All gave consent in writing" in page.text
    assert "Agree with sam@elmroad.example: separate copies" in page.text
    summary = seen(await checks(amira, choice="agree"))
    assert "Send 288 separate copies" in summary.text and "you give the second" in summary.text
    await decides(amira, choice="agree")
    assert await state_of(house) is State.LEAVING
    house.clock.move(seconds=31)
    await deadline_of(house).enforce()
    assert (await rows(house)).count("copy") == 289
    kinds = [each for each in await house.kinds() if each.startswith(("release_", "message_rel"))]
    assert kinds == ["release_approved", "release_decided", "message_released"]


async def test_the_second_may_choose_something_else_and_is_then_the_first(
    sam: httpx.AsyncClient, amira: httpx.AsyncClient, house: House
) -> None:
    await holds_list(house, approvals_needed=2)
    await decides(sam, choice="separate", send_note="All gave consent in writing")
    assert "Approve sending to 289 people with Bcc" in (await checks(amira, choice="bcc", send_note=NOTE)).text
    await decides(amira, choice="bcc", send_note=NOTE)
    held = await house.store.quarantine.get(REF)
    assert held.state is State.APPROVED_ONCE and [each.by for each in held.approvals] == ["amira@elmroad.example"]
    assert "Agree with amira@elmroad.example: everyone in Bcc" in seen(await sam.get(DECIDE)).text
    await decides(sam, choice="reject", reject_note=NOTE)
    assert await state_of(house) is State.REJECTED


async def test_a_stop_after_two_approvals_needs_both_again(
    sam: httpx.AsyncClient, amira: httpx.AsyncClient, house: House
) -> None:
    await holds_list(house, approvals_needed=2)
    await decides(sam, choice="separate", send_note=NOTE)
    await decides(amira, choice="agree")
    await sam.post(STOP, data=seen(await sam.get(OUTCOME)).hidden, headers=ORIGIN)
    held = await house.store.quarantine.get(REF)
    assert (held.state, held.approved_by, held.approvals) == (State.HELD, (), ())


async def test_nobody_decides_about_their_own_message(browser: httpx.AsyncClient, house: House) -> None:
    await house.account("nurse@elmroad.example", "reviewer:elm")
    await enters(browser, house, "nurse@elmroad.example")
    await holds_list(house)
    for answer in (await browser.get(DECIDE), await browser.get(OUTCOME)):
        assert answer.status_code == 403 and "You sent it" in seen(answer).text
    csrf = csrf_in(await browser.get("/account"))
    for path in (CHECK, DECIDE, STOP):
        data = {"csrf": csrf, "version": "1", "choice": "reject", "reject_note": NOTE}
        assert (await browser.post(path, data=data, headers=ORIGIN)).status_code == 403
    assert await state_of(house) is State.HELD


async def test_somebody_else_is_asked_and_told_without_content(
    sam: httpx.AsyncClient, amira: httpx.AsyncClient, house: House
) -> None:
    await house.account("vi@elmroad.example", "viewer:elm", "escalation:elm")
    await house.account("pat@elmroad.example", "reviewer:park")
    await holds_list(house)
    before = await house.store.quarantine.get(REF)
    page = seen(await sam.get(DECIDE))
    asked = [value for tag, name, value in page.attributes if tag == "option" and name == "value" and value]
    assert len(asked) == 2 and "vi@elmroad" not in page.text and "pat@elmroad" not in page.text
    assert (await checks(sam, choice="escalate", ask_note=NOTE)).status_code == 422
    assert (await checks(sam, choice="escalate", ask_note=NOTE, ask_to="account:nobody")).status_code == 422
    assert (await checks(sam, choice="escalate", ask_to=asked[0])).status_code == 422
    assert "Ask amira@elmroad.example" in (await checks(sam, choice="escalate", ask_to=asked[1], ask_note=NOTE)).text
    await decides(sam, choice="escalate", ask_to=asked[1], ask_note=NOTE)
    held = await house.store.quarantine.get(REF)
    assert (held.state, held.due_at, held.version) == (State.HELD, before.due_at, 2)
    assert "You asked amira@elmroad.example to decide" in seen(await sam.get(OUTCOME)).text
    (row,) = await house.store.outbox.list()
    assert [each.address for each in row.envelope.recipients] == ["amira@elmroad.example"]
    text = (row.text or b"").decode()
    assert REF in text and NOTE not in text and "Flu clinic" not in text and "person1" not in text
    for path in ("/queue", f"/m/{REF}"):
        assert "Escalated to amira@elmroad.example" in seen(await amira.get(path)).text
    theirs = seen(await amira.get(DECIDE))
    assert "sam@elmroad.example asked you to decide, and wrote:" in theirs.text and NOTE in theirs.text
    late = await sam.post(DECIDE, data=form_fields(page, choice="separate"), headers=ORIGIN)
    assert late.status_code == 409 and "Something has happened" in seen(late).text


async def test_hostile_text_is_shown_as_text(sam: httpx.AsyncClient, amira: httpx.AsyncClient, house: House) -> None:
    raw = message(people(3))
    await holds_list(house, count=3, raw=raw, subject=HOSTILE, sender=HOSTILE, reason=HOSTILE, approvals_needed=2)
    pages = [await sam.get(DECIDE), await checks(sam, choice="reject", reject_note=HOSTILE)]
    pages.append(await checks(sam, choice="separate", send_note=HOSTILE))
    pages.append(await checks(sam, choice=HOSTILE, reject_note=HOSTILE, ask_to=HOSTILE, why=HOSTILE))
    await decides(sam, choice="separate", send_note=HOSTILE)
    pages += [await sam.get(OUTCOME), await amira.get(DECIDE), await checks(amira, choice="agree")]
    stale = {**seen(await amira.get(DECIDE)).hidden, "version": "1", "choice": "reject", "reject_note": HOSTILE}
    pages.append(await amira.post(DECIDE, data=stale, headers=ORIGIN))
    await amira.post(
        f"/m/{REF}/notes", data={**seen(await amira.get(f"/m/{REF}/notes")).hidden, "note": HOSTILE}, headers=ORIGIN
    )
    pages += [await sam.get(f"/m/{REF}/notes")]
    for answer in pages:
        page = seen(answer)
        assert answer.status_code in (200, 409, 422), answer.status_code
        assert "script" not in page.tags and "img" not in page.tags and "\u202e" not in answer.text
        assert not [name for _, name, _ in page.attributes if name.startswith("on") or name == "style"]


async def test_what_was_typed_survives_a_session_that_ended(sam: httpx.AsyncClient, house: House) -> None:
    await holds_list(house)
    page = seen(await sam.get(DECIDE))
    house.clock.move(minutes=25)
    answer = await sam.post(
        CHECK, data=form_fields(page, choice="reject", reject_note=f"{NOTE} <i>{HOSTILE}"), headers=ORIGIN
    )
    kept = seen(answer)
    assert answer.status_code == 403 and "What you typed is kept" in kept.text and "script" not in kept.tags
    wrong = await sam.post(
        "/sign-in", data={**kept.hidden, "name": "sam@elmroad.example", "password": "no", "code": "1"}, headers=ORIGIN
    )
    assert NOTE in seen(wrong).hidden["draft"], "also through a mistake"
    house.clock.move(seconds=60)
    code = await house.code("sam@elmroad.example")
    entered = await sam.post(
        "/sign-in",
        data={**seen(wrong).hidden, "name": "sam@elmroad.example", "password": SECRET, "code": code},
        headers=ORIGIN,
    )
    assert entered.headers["location"] == DECIDE
    again = await sam.get(DECIDE)
    assert NOTE in seen(again).text and "Nothing has been decided yet" in again.text
    assert len(checked_radios(again.text)) == 1 and "script" not in seen(again).tags
    assert await state_of(house) is State.HELD


async def test_a_draft_is_for_its_message_alone(sam: httpx.AsyncClient, house: House) -> None:
    await holds_list(house)
    await holds_list(house, "MG-BBBB-22")
    for forged in (
        "x",
        "{}",
        "[]",
        "null",
        '{"ref": "MG-AAAA-22", "page": "decide", "fields": {"choice": 1}}',
        "{" * 9000,
    ):
        await sam.post("/sign-out", data={"csrf": csrf_in(await sam.get("/account"))}, headers=ORIGIN)
        house.clock.move(seconds=60)
        data = {"name": "sam@elmroad.example", "password": SECRET, "code": await house.code("sam@elmroad.example")}
        data |= {"csrf": csrf_in(await sam.get("/sign-in")), "draft": forged}
        assert (await sam.post("/sign-in", data=data, headers=ORIGIN)).status_code == 303
        assert not checked_radios((await sam.get(DECIDE)).text)


async def test_notes_are_for_reviewers_alone(sam: httpx.AsyncClient, amira: httpx.AsyncClient, house: House) -> None:
    await holds_list(house)
    path = f"/m/{REF}/notes"
    hidden = seen(await sam.get(path)).hidden
    assert (await sam.post(path, data={**hidden, "note": "  "}, headers=ORIGIN)).status_code == 422
    assert (await sam.post(path, data={**hidden, "note": "x" * 1001}, headers=ORIGIN)).status_code == 422
    assert (await sam.post(path, data={**hidden, "note": "I asked Jo by phone"}, headers=ORIGIN)).status_code == 303
    page = seen(await amira.get(path))
    assert "I asked Jo by phone" in page.text and "sam@elmroad.example," in page.text
    assert "Notes for other reviewers (1)" in seen(await amira.get(DECIDE)).text
    assert (await house.store.quarantine.get(REF)).version == 1, "a note is in nobody's way"
    assert not await rows(house)
    (entry,) = [each async for each in house.store.ledger.entries(REF) if each.kind == "note_added"]
    assert "phone" not in str(entry.fields)


async def test_who_may_not_decide_gets_no_form(browser: httpx.AsyncClient, house: House) -> None:
    await holds_list(house)
    who: list[tuple[tuple[str, ...], int]] = [
        (("viewer:elm",), 403), (("admin",), 403), (("escalation:elm",), 403), (("reviewer:park",), 404),
        (("viewer:park", "reviewer:park"), 404), (("viewer:elm", "reviewer:park"), 403),
    ]  # fmt: skip
    for number, (roles, status) in enumerate(who):
        name = await house.account(f"p{number}@elmroad.example", *roles)
        await enters(browser, house, name)
        csrf = csrf_in(await browser.get("/account"))
        data = {"csrf": csrf, "version": "1", "choice": "reject", "reject_note": NOTE, "note": NOTE}
        answers = [await browser.get(path) for path in (DECIDE, OUTCOME, f"/m/{REF}/notes")]
        answers += [
            await browser.post(path, data=data, headers=ORIGIN) for path in (CHECK, DECIDE, STOP, f"/m/{REF}/notes")
        ]
        for answer in answers:
            assert answer.status_code == status, roles
            assert "Flu clinic" not in answer.text and "nurse@" not in answer.text and "choice" not in answer.text
    assert await state_of(house) is State.HELD


async def test_a_version_that_is_none_is_a_conflict(sam: httpx.AsyncClient, house: House) -> None:
    await holds_list(house)
    page = seen(await sam.get(DECIDE))
    for version in ("", "0", "2", "-1", "1.0", "x", "9" * 30, "\u0661"):
        for path in (CHECK, DECIDE, STOP):
            data = {**page.hidden, "version": version, "choice": "reject", "reject_note": NOTE}
            assert (await sam.post(path, data=data, headers=ORIGIN)).status_code == 409, (version, path)
    assert await state_of(house) is State.HELD


async def test_next_leads_to_the_message_that_is_due_next(sam: httpx.AsyncClient, house: House) -> None:
    await holds_list(house)
    await holds_list(house, "MG-BBBB-22", team="park")
    await decides(sam, choice="reject", reject_note=NOTE)
    links: Any = dict(seen(await sam.get(OUTCOME)).links)
    assert "/m/MG-BBBB-22" not in links
    await holds_list(house, "MG-CCCC-22")
    assert dict(seen(await sam.get(OUTCOME)).links)["/m/MG-CCCC-22"] == "Next message that needs a decision"
