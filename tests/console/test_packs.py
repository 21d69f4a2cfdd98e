"""The incident pack in the console: who may see it, the tables, the file, and the apology that goes out once."""

from __future__ import annotations

import asyncio
import io
import re
import zipfile
from typing import Any

import httpx
import pytest

from mailguard.console.app import COOKIE
from mailguard.console.routes import ROUTES
from mailguard.console.site import Site
from mailguard.console.visit import csrf_of
from mailguard.core.errors import IncidentRefused
from mailguard.core.lifecycle import State
from mailguard.core.register.reference import incident_of_message
from mailguard.guard.packs.packing import Packing
from tests.console.house import ORIGIN, browser_on, enters, register_on, seen, sends
from tests.console.incidents import filled, fills, posts
from tests.guard.console.house import SAM, House
from tests.guard.packs.kept import PEOPLE, REF, delivered, keep
from tests.store import samples

PATH = f"/m/{REF}/pack"
DPO = "dpo@elmroad.example"
TEXT = "Subject: We are sorry\n\nHello\n\nOthers could see your address. We are sorry.\n\nElm Road Surgery\n"


@pytest.fixture
async def dpo(browser: httpx.AsyncClient, house: House) -> httpx.AsyncClient:
    """A browser of somebody who keeps the register and reads the mail of the team, and a list that got out."""
    await gets_out(house)
    await delivered(house, PEOPLE[:3], house.clock.now())
    await house.account(DPO, "escalation", "reviewer:elm")
    await enters(browser, house, DPO)
    return browser


async def entries(house: House, kind: str) -> list[Any]:
    return [each async for each in house.store.ledger.entries() if each.kind == kind]


async def gets_out(house: House, people: tuple[str, ...] = PEOPLE) -> None:
    """A list of the team elm is sent as it was written."""
    await keep(house, State.HELD, people=people, team="elm")
    await house.review.release(REF, form="original", reason="They know each other", by="Sam", system_user="sam")


async def test_the_page_says_who_saw_whom_and_that_somebody_looked(dpo: httpx.AsyncClient, house: House) -> None:
    page = await dpo.get(PATH)
    text = seen(page).text
    assert page.status_code == 200
    assert "4 people could see the email addresses of others in this message: 4 addresses, 4 of them outside." in text
    assert "The next mail server took it for 3 people (of 1 there is no answer)." in text
    assert "Flu clinic" in text and all(each in text for each in PEOPLE)
    assert "Which copy went to which server" in text and "250 2.0.0 kept" in text
    (look,) = await entries(house, "content_viewed")
    assert look.ref == REF and look.fields["what"] == "pack" and "dpo@" not in str(look.fields)


async def test_the_pages_of_the_message_and_of_the_record_lead_there_and_back(
    dpo: httpx.AsyncClient, house: House
) -> None:
    assert (PATH, "See who saw what, and say sorry") in seen(await dpo.get(f"/m/{REF}")).links
    book = register_on(house).book
    made = (await book.add({"kind": "breach", "narrative": "A list was shown"}, SAM, REF)).incident
    (way,) = [href for href, _ in seen(await dpo.get(f"/incidents/{made}")).links if "/pack" in href]
    assert way == f"{PATH}?incident={made}"
    links = [href for href, _ in seen(await dpo.get(way)).links]
    assert f"/incidents/{made}" in links and f"{PATH}/download?incident={made}" in links
    assert (await dpo.get(f"{PATH}?incident=IR-7Q4K-2FXB7M")).status_code == 404
    assert (await dpo.get(f"{PATH}?incident=nothing")).status_code == 404
    assert (await dpo.get("/m/MG-AAAA-AA/pack")).status_code == 404


MAY = {
    ("reviewer",): True,
    ("escalation", "reviewer:elm"): True,
    ("admin", "reviewer:elm"): True,
    ("admin", "escalation"): False,
    ("admin", "reviewer:park"): False,
    ("reviewer:elm",): False,
    ("escalation", "viewer:elm"): False,
}


async def test_only_who_keeps_the_register_and_reads_that_message_gets_any_of_it(house: House, site: Site) -> None:
    await gets_out(house)
    routes = [each for each in ROUTES if "/pack" in each.path]
    assert len(routes) == 6
    for number, (roles, may) in enumerate(MAY.items()):
        name = await house.account(f"person{number}@elmroad.example", *roles)
        token = await house.token(name)
        async with browser_on(site) as browser:
            browser.cookies.set(COOKIE, token)
            link = seen(await browser.get(f"/m/{REF}")).links
            assert any(href == PATH for href, _ in link) is may, roles
            for route in routes:
                path = route.path.format(ref=REF)
                form = {"csrf": csrf_of(token)}
                asked = browser.get(path) if route.method == "GET" else browser.post(path, data=form, headers=ORIGIN)
                answer = await asked
                assert answer.status_code in ((200, 422) if may else (403,)), (roles, route.path, answer.status_code)
                assert may or not any(each in answer.text for each in (*PEOPLE, "Flu clinic"))
    assert not await entries(house, "pack_exported") and not await entries(house, "apology_queued")


async def test_a_message_that_was_never_held_is_its_senders_teams(house: House, site: Site) -> None:
    said = {"sender": "nurse@elmroad.example", "originators": [], "recipients": list(PEOPLE), "visible": list(PEOPLE)}
    evidence = {**said, "subject": "Flu", "decision": {}}
    decided = samples.entry(REF, "message_decided", fields={"disposition": "relay", "facts": {}}, evidence=evidence)
    await house.store.ledger.append([decided])
    for name, role, status in (("elm", "reviewer:elm", 200), ("park", "reviewer:park", 403)):
        await house.account(f"{name}@elmroad.example", "escalation", role)
        async with browser_on(site) as browser:
            await enters(browser, house, f"{name}@elmroad.example")
            assert (await browser.get(PATH)).status_code == status


async def test_a_pack_is_taken_along_with_a_reason_that_is_recorded_and_fills_the_record(
    dpo: httpx.AsyncClient, house: House
) -> None:
    book = register_on(house).book
    made = (await book.add({"kind": "breach", "narrative": "A list was shown"}, SAM, REF)).incident
    shown = await dpo.get(f"{PATH}/download")
    assert made in seen(shown).text and not await entries(house, "pack_exported")
    assert (await fills(dpo, f"{PATH}/download", why="  ")).status_code == 422
    assert (await fills(dpo, f"{PATH}/download", why="x" * 301)).status_code == 422
    assert not await entries(house, "pack_exported")
    file = await fills(dpo, f"{PATH}/download", why="For the notification")
    assert file.headers["content-disposition"] == f'attachment; filename="{REF}-incident-pack.zip"'
    with zipfile.ZipFile(io.BytesIO(file.content)) as archive:
        names = {each.partition("/")[2] for each in archive.namelist()}
        assert names == {
            "pack.html", "pack.txt", "recipients.csv", "exposures.csv", "deliveries.csv", "apology.txt",
        }  # fmt: skip
        assert PEOPLE[0] in archive.read(f"{REF}/recipients.csv").decode("utf-8-sig")
    (entry,) = await entries(house, "pack_exported")
    assert (entry.ref, entry.fields["recipients"], entry.fields["incident"]) == (REF, 4, made)
    assert "notification" not in str(entry.fields)
    (evidence,) = await house.store.evidence.read(REF, "pack_exported")
    assert evidence["note"] == "For the notification"
    record = (await book.history(made))[-1].record
    assert record.exposure is not None and record.exposure.delivered_count == 3


async def test_an_apology_is_shown_with_its_number_then_sent_once_and_the_record_says_so(
    dpo: httpx.AsyncClient, house: House
) -> None:
    book = register_on(house).book
    made = (await book.add({"kind": "breach", "narrative": "A list was shown"}, SAM, REF)).incident
    form = await dpo.get(f"{PATH}/apology?incident={made}")
    assert "Subject: We are sorry" in filled(form)["text"]
    unfinished = await posts(dpo, f"{PATH}/apology/check", filled(form))
    assert unfinished.status_code == 422 and "square brackets" in seen(unfinished).text
    named = await posts(dpo, f"{PATH}/apology/check", {**filled(form), "text": f"{TEXT}Ask {PEOPLE[0]}\n"})
    assert named.status_code == 422
    check = await posts(dpo, f"{PATH}/apology/check", {**filled(form), "text": TEXT})
    text = seen(check).text
    assert check.status_code == 200 and "4 people, each in a copy of their own." in text
    assert "Send 4 separate copies" in text and "manager@elmroad.example" in text and made in text
    assert not await entries(house, "apology_queued")
    sent = await posts(dpo, f"{PATH}/apology", filled(check) | {"back": ""})
    assert sent.headers["location"] == f"{PATH}?done=sent&incident={made}"
    done = seen(await dpo.get(sent.headers["location"])).text
    assert "The apology is on its way to 4 people, a copy each." in done and "Apologies that were sent" in done
    again = await posts(dpo, f"{PATH}/apology", filled(check))
    assert again.headers["location"] == f"{PATH}?done=nobody&incident={made}"
    (queued,) = await entries(house, "apology_queued")
    assert queued.fields["people"] == 4 and queued.fields["message"] == REF and queued.fields["incident"] == made
    assert not any(each in str(queued.fields) for each in PEOPLE)
    told = (await book.history(made))[-1].record.subjects_told
    assert told is not None and told.individually == 4
    left = await posts(dpo, f"{PATH}/apology/check", {**filled(form), "text": TEXT})
    assert "Nobody is left to write to" in seen(left).text and 'name="confirmed"' not in left.text


async def test_two_presses_at_the_same_moment_send_one_each(dpo: httpx.AsyncClient, house: House) -> None:
    form = filled(await dpo.get(f"{PATH}/apology"))
    check = filled(await posts(dpo, f"{PATH}/apology/check", {**form, "text": TEXT}))
    answers = await asyncio.gather(*(posts(dpo, f"{PATH}/apology", check) for _ in range(3)))
    found = sorted(re.findall(r"done=(\w+)", " ".join(each.headers["location"] for each in answers)))
    assert found == ["nobody", "nobody", "sent"]
    assert sum(each.fields["people"] for each in await entries(house, "apology_queued")) == 4


async def test_another_number_than_was_confirmed_sends_nothing_and_is_shown_again(
    dpo: httpx.AsyncClient, house: House
) -> None:
    form = filled(await dpo.get(f"{PATH}/apology"))
    check = filled(await posts(dpo, f"{PATH}/apology/check", {**form, "text": TEXT}))
    answer = await posts(dpo, f"{PATH}/apology", {**check, "confirmed": "3"})
    assert answer.status_code == 409 and filled(answer)["confirmed"] == "4"
    assert "by now it would go to 4 people, not to 3" in seen(answer).text
    for wrong in ("", "-1", "four", "99999999"):
        answer = await posts(dpo, f"{PATH}/apology", {**check, "confirmed": wrong})
        assert answer.status_code == 200 and "Check before you send" in seen(answer).text
    assert not await entries(house, "apology_queued")
    back = await posts(dpo, f"{PATH}/apology/check", {**check, "back": "1"})
    assert filled(back)["text"].strip() == TEXT.strip()
    long = await posts(dpo, f"{PATH}/apology/check", {**form, "text": TEXT + "x" * 4_000})
    assert long.status_code == 422 and "Write at most 4,000" in seen(long).text


async def test_a_record_that_cannot_be_changed_does_not_hide_that_it_was_sent(
    dpo: httpx.AsyncClient, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    register = register_on(house)
    made = (await register.book.add({"kind": "breach", "narrative": "A list was shown"}, SAM, REF)).incident
    assert made == incident_of_message(REF)

    async def refuses(*_: Any) -> Any:
        raise IncidentRefused("a field is wrong", (("narrative", "it names somebody"),))

    monkeypatch.setattr(Packing, "enter", refuses)
    form = filled(await dpo.get(f"{PATH}/apology"))
    check = filled(await posts(dpo, f"{PATH}/apology/check", {**form, "text": TEXT}))
    sent = await posts(dpo, f"{PATH}/apology", check)
    assert sent.headers["location"] == f"{PATH}?done=unrecorded"
    text = seen(await dpo.get(sent.headers["location"])).text
    assert "on its way to 4 people" in text and "does not say yet that these people were told" in text
    assert len(await entries(house, "apology_queued")) == 1


async def test_a_long_list_is_shown_a_page_at_a_time(browser: httpx.AsyncClient, house: House) -> None:
    crowd = tuple(f"p{number}@patients.example" for number in range(250))
    await gets_out(house, people=crowd)
    await house.account(DPO, "reviewer")
    await enters(browser, house, DPO)
    page = await browser.get(PATH)
    assert page.text.count("<tr") < 3 * 22 and "The first 20 of 250 rows." in seen(page).text
    last = await browser.get(f"{PATH}?table=recipients&page=99")
    assert "p249@patients.example" in last.text and last.text.count("<tr") == 51
    assert (await browser.get(f"{PATH}?table=nothing")).status_code == 404
    form = filled(await browser.get(f"{PATH}/apology"))
    check = await posts(browser, f"{PATH}/apology/check", {**form, "text": TEXT})
    assert "Send 250 separate copies" in check.text and "And 150 more." in seen(check).text
    assert "p99@patients.example" in check.text and "p100@patients.example" not in check.text


async def test_what_did_not_leave_says_so(browser: httpx.AsyncClient, house: House) -> None:
    await keep(house, State.HELD)
    await house.account(DPO, "reviewer")
    await enters(browser, house, DPO)
    assert "This message did not leave: nobody outside saw anything of it." in seen(await browser.get(PATH)).text
    page = await browser.get(f"{PATH}/apology")
    assert "there is nobody to write to" in seen(page).text and "<textarea" not in page.text
    answer = await sends(browser, f"{PATH}/apology/check", f"{PATH}/download", text=TEXT)
    assert answer.status_code == 422 and not await entries(house, "apology_queued")


async def test_whose_names_were_removed_gets_nothing_and_the_page_counts(dpo: httpx.AsyncClient, house: House) -> None:
    form = filled(await dpo.get(f"{PATH}/apology"))
    check = filled(await posts(dpo, f"{PATH}/apology/check", {**form, "text": TEXT}))
    await house.store.evidence.purge(house.clock.now(), house.clock.now())
    page = await dpo.get(PATH)
    assert not any(each in page.text for each in PEOPLE) and "What is no longer known" in seen(page).text
    assert "removed under your retention rule" in seen(await dpo.get(f"{PATH}/apology")).text
    for path in (f"{PATH}/apology/check", f"{PATH}/apology"):
        answer = await posts(dpo, path, check)
        assert answer.status_code == 422 and "removed under your retention rule" in seen(answer).text
    assert not await entries(house, "apology_queued")


async def test_an_apology_that_was_typed_outlives_the_session(dpo: httpx.AsyncClient, house: House, site: Site) -> None:
    form = filled(await dpo.get(f"{PATH}/apology"))
    await house.store.console_sessions.end([each.key for each in await house._sessions(DPO)], [])
    long = TEXT + "We are sorry. " * 200
    lost = await posts(dpo, f"{PATH}/apology/check", {**form, "text": long, "to_all": "1"})
    assert lost.status_code in (200, 401, 403) and "Sign in" in lost.text
    house.clock.move(seconds=60)
    kept = {**filled(lost), "name": DPO, "password": "maple river copper nine", "code": await house.code(DPO)}
    answer = await posts(dpo, "/sign-in", kept)
    assert answer.status_code == 303 and answer.headers["location"] == f"{PATH}/apology"
    shown = await dpo.get(answer.headers["location"])
    assert filled(shown)["text"].strip() == long.strip() and filled(shown)["to_all"] == "1"
    assert "Nothing has been sent." in seen(shown).text and not await entries(house, "apology_queued")
