"""Working the list: taking it along, several messages at once, saved views, news, keys (CONSOLE.md 2.1)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from mailguard.console import assets
from mailguard.console.site import Site
from mailguard.core.errors import StoreUnavailable
from mailguard.core.lifecycle import State
from tests.console.house import ORIGIN, browser_on, csrf_in, enters, seen, sends, site_on
from tests.guard.console.deciding import TOP, bulk_on
from tests.guard.console.house import House
from tests.store import samples

NOTE = "Please send separate copies, so that nobody sees the others."
SAM, PAT, VI, ADA = "sam@elmroad.example", "pat@elmroad.example", "vi@elmroad.example", "ada@elmroad.example"


@pytest.fixture
async def sam(browser: httpx.AsyncClient, house: House) -> httpx.AsyncClient:
    """Somebody who reads the mail of the team elm."""
    await house.account(SAM, "reviewer:elm")
    await enters(browser, house, SAM)
    return browser


@pytest.fixture
async def pat(site: Site, house: House) -> AsyncIterator[httpx.AsyncClient]:
    async with await somebody(site, house, PAT, "reviewer:elm") as opened:
        yield opened


async def somebody(site: Site, house: House, name: str, *roles: str) -> httpx.AsyncClient:
    await house.account(name, *roles)
    opened = browser_on(site)
    await enters(opened, house, name)
    return opened


async def exported(browser: httpx.AsyncClient, query: str = "", **fields: str) -> list[list[str]]:
    shown = await browser.get(f"/queue/export{query}")
    answer = await browser.post("/queue/export", data={**seen(shown).hidden, **fields}, headers=ORIGIN)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert re.fullmatch(r'attachment; filename="held-messages-2026-11-2\d\.csv"', answer.headers["content-disposition"])
    assert answer.content.startswith(b"\xef\xbb\xbf") and answer.headers["cache-control"] == "no-store"
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


async def rows_recorded(house: House) -> list[Any]:
    return [each.fields["rows"] async for each in house.store.ledger.entries() if each.kind == "held_exported"]


async def ticked(browser: httpx.AsyncClient, act: str, *refs: str, **more: str) -> httpx.Response:
    """Tick these in the list and press a button below it."""
    shown = await browser.get("/queue?view=all")
    versions = dict(re.findall(r'name="m-(MG-[^"]+)" value="(\d+)"', shown.text))
    picks = {f"m-{ref}": versions.get(ref, "1") for ref in refs}
    fields = {"csrf": csrf_in(shown), "view": "all", "act": act, **picks, **more}
    return await browser.post("/queue/bulk/check", data=fields, headers=ORIGIN)


async def confirmed(browser: httpx.AsyncClient, check: httpx.Response, **fields: str) -> httpx.Response:
    """Send the form of the page that lists what will happen, and see what became of it."""
    answer = await browser.post("/queue/bulk", data={**seen(check).hidden, **fields}, headers=ORIGIN)
    if answer.status_code != 303:
        return answer
    return await browser.get(answer.headers["location"])


async def state_of(house: House, ref: str) -> State:
    return (await house.store.quarantine.get(ref)).state


# Taking the list along.


async def test_the_table_holds_what_the_list_shows_and_the_ledger_knows_first(
    sam: httpx.AsyncClient, house: House
) -> None:
    await house.holds("MG-AAAA-22", "a@x.example", "b@y.example", team="elm", subject='=HYPERLINK("http://x";"y")')
    await house.holds("MG-BBBB-22", team="elm", subject="Flu clinic", sender="\t@evil.example", reason="-1+1")
    await house.holds("MG-CCCC-22", team="park", subject="secret")
    page = seen(await sam.get("/queue/export?q=from:evil"))
    assert "a table of 1 message" in page.text and "recorded in the audit trail" in page.text
    assert await rows_recorded(house) == [], "looking changes nothing"
    rows = await exported(sam)
    assert [row[0] for row in rows] == ["Reference", "MG-AAAA-22", "MG-BBBB-22"]
    first = dict(zip(rows[0], rows[1], strict=True))
    assert first["Subject"] == '\'=HYPERLINK("http://x";"y")' and first["Sender"] == "nurse@elmroad.example"
    assert first["Held at"] == "2026-11-20T13:04:00+00:00" and first["Due at"] == "2026-11-21T13:04:00+00:00"
    assert (first["People outside"], first["Domains outside"]) == ("2", "2") and "Hello" not in str(rows)
    second = dict(zip(rows[0], rows[2], strict=True))
    assert second["Sender"].startswith("'") and second["Why"].startswith("'")
    assert await rows_recorded(house) == [2]
    assert [row[0] for row in await exported(sam, "?q=from:evil")] == ["Reference", "MG-BBBB-22"]
    assert [row[0] for row in await exported(sam, "?view=decided")] == ["Reference"]
    assert await rows_recorded(house) == [2, 1, 0]


async def test_a_viewer_takes_no_subject_and_no_address_along(site: Site, house: House) -> None:
    await house.holds("MG-AAAA-22", team="elm", subject="Flu clinic secret")
    await house.holds("MG-BBBB-22", team="elm")
    cancel = {"at": house.clock.at, "actor": "sender: Jo Bloggs"}
    change = replace(change_of("MG-BBBB-22", State.CANCELLED), **cancel)
    await house.store.quarantine.change(change, [], [])
    async with await somebody(site, house, VI, "viewer:elm") as vi:
        assert "masked in the table too" in seen(await vi.get("/queue/export")).text
        rows = await exported(vi, "?view=all")
        listed = seen(await vi.get("/queue?view=all")).text
    assert len(rows) == 3 and rows[1].count("(not shown)") == 2
    for hidden in ("secret", "nurse@", "outside.example", "Bloggs"):
        assert hidden not in str(rows) and hidden not in listed


def change_of(ref: str, to: State) -> Any:
    return samples.change(ref, 1, State.HELD, to)


async def test_many_rows_are_opened_a_few_at_a_time_and_none_is_missing_without_a_word(
    sam: httpx.AsyncClient, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    alphabet = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
    refs = [f"MG-A{alphabet[number // 31]}{alphabet[number % 31]}A-22" for number in range(120)]
    for ref in refs:
        await house.holds(ref, team="elm")
    forge = f"UPDATE held SET offers = 'bcc' WHERE ref = '{refs[7]}'"
    await house.store.engine.write(lambda connection, _: connection.exec_driver_sql(forge))
    opened, messages = [], house.store.held_messages
    unwatched = messages.opened

    async def watched(some: Any) -> Any:
        opened.append(len(some))
        return await unwatched(some)

    monkeypatch.setattr(messages, "opened", watched)
    rows = await exported(sam)
    assert sorted(row[0] for row in rows[1:]) == sorted(refs) and opened == [50, 50, 20]
    (unreadable,) = [row for row in rows if row[0] == refs[7]]
    assert unreadable[1].startswith("This message cannot be read")


async def test_what_is_not_recorded_is_not_taken_along(
    sam: httpx.AsyncClient, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.holds("MG-AAAA-22", team="elm")
    shown = await sam.get("/queue/export")

    async def fails(*_: Any) -> None:
        raise StoreUnavailable("disk full")

    monkeypatch.setattr(house.store.ledger, "append", fails)
    answer = await sam.post("/queue/export", data=seen(shown).hidden, headers=ORIGIN)
    assert answer.status_code == 503 and "MG-AAAA-22" not in answer.text


async def test_a_table_that_breaks_off_in_the_middle_does_not_look_whole(
    sam: httpx.AsyncClient, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(60):
        await house.holds(f"MG-A{'ABCDEFGH'[number // 8]}{'ABCDEFGH'[number % 8]}A-22", team="elm")
    shown, opened = await sam.get("/queue/export"), house.store.held_messages.opened
    pieces: list[int] = []

    async def fails(some: Any) -> Any:
        pieces.append(len(some))
        if len(pieces) > 1:
            raise StoreUnavailable("disk full")
        return await opened(some)

    monkeypatch.setattr(house.store.held_messages, "opened", fails)
    # Where it is raised after the first piece, the web server ends the connection before the last chunk.
    with pytest.raises(StoreUnavailable):
        await sam.post("/queue/export", data=seen(shown).hidden, headers=ORIGIN)
    assert pieces == [50, 10]


async def test_only_what_was_ticked_is_taken_along_and_nothing_of_another_team(
    sam: httpx.AsyncClient, house: House
) -> None:
    for ref, team in (("MG-AAAA-22", "elm"), ("MG-BBBB-22", "elm"), ("MG-CCCC-22", "park")):
        await house.holds(ref, team=team)
    check = await ticked(sam, "export", "MG-BBBB-22", "MG-CCCC-22")
    assert "a table of 1 message" in seen(check).text
    answer = await sam.post("/queue/export", data=seen(check).hidden, headers=ORIGIN)
    assert b"MG-BBBB-22" in answer.content and b"MG-CCCC" not in answer.content and b"MG-AAAA" not in answer.content
    assert await rows_recorded(house) == [1]


# Several at once.


async def holds_three(house: House) -> tuple[str, ...]:
    refs = ("MG-AAAA-22", "MG-BBBB-22", "MG-CCCC-22")
    for ref in refs:
        await house.holds(ref, team="elm", top=TOP)
    return refs


async def test_two_are_not_sent_and_of_the_third_it_says_who_was_first(
    sam: httpx.AsyncClient, pat: httpx.AsyncClient, house: House
) -> None:
    refs = await holds_three(house)
    check = await ticked(sam, "reject", *refs)
    page = seen(check)
    assert page.text.count("It will not be sent. nurse@elmroad.example is told why.") == 3
    assert "Do not send these 3 messages" in page.text and await state_of(house, refs[0]) is State.HELD
    missing = await confirmed(sam, check)
    assert missing.status_code == 422 and missing.text.count("Error:") >= 1
    assert await state_of(house, refs[0]) is State.HELD
    theirs = await ticked(pat, "reject", refs[1])
    assert "1 done. It is not sent." in seen(await confirmed(pat, theirs, note=NOTE)).text
    done = seen(await confirmed(sam, missing, note=NOTE))
    moment = house.clock.at.strftime("%-I:%M") + "pm"
    assert f"2 done. They are not sent. 1 was not changed because pat@elmroad.example decided it at {moment}." in (
        done.text
    )
    assert done.text.count("MG-BBBB-22") == 1 and done.text.count("MG-AAAA-22") == 1
    for ref, who in zip(refs, (SAM, PAT, SAM), strict=True):
        held = await house.store.quarantine.get(ref)
        assert (held.state, held.decided_by, held.note, held.version) == (State.REJECTED, who, NOTE, 2)
    kinds = await house.kinds()
    assert kinds.count("release_rejected") == 3 and kinds.count("notice_queued") == 3


async def test_a_message_that_changed_meanwhile_is_not_decided_with_the_old_version(
    sam: httpx.AsyncClient, pat: httpx.AsyncClient, house: House
) -> None:
    refs = await holds_three(house)
    check = await ticked(sam, "reject", *refs[:2])
    asked = await ticked(pat, "ask", refs[0])
    assert "Who should decide?" in seen(asked).text
    answer = await confirmed(pat, asked, note=NOTE, to=option(asked, SAM))
    assert "1 done. Somebody else was asked to decide." in seen(answer).text
    page = seen(await confirmed(sam, check, note=NOTE)).text
    assert "1 done." in page and "1 was not changed because something else happened to it since" in page
    assert await state_of(house, refs[0]) is State.HELD
    again = seen(await ticked(sam, "reject", refs[0])).text
    assert "is told why" in again
    escalated = await house.store.quarantine.get(refs[0])
    assert escalated.escalated is not None and escalated.escalated.note == NOTE
    listed = seen(await sam.get("/queue?view=escalated")).text
    assert "MG-AAAA-22" in listed and "MG-CCCC-22" not in listed
    (_, row) = await exported(sam, "?view=escalated")
    assert f"Escalated to {SAM}" in listed and row[1] == f"Escalated to {SAM}", "the table says what the list says"


def option(page: httpx.Response, name: str) -> str:
    found = re.search(rf'<option value="([^"]+)"[^>]*>{re.escape(name)}</option>', page.text)
    assert found, page.text
    return found[1]


async def test_messages_are_taken_on_and_taken_over_and_stand_in_mine(
    sam: httpx.AsyncClient, pat: httpx.AsyncClient, house: House
) -> None:
    refs = await holds_three(house)
    first, second = await ticked(sam, "assign", *refs[:2]), await ticked(pat, "assign", refs[0])
    assert "2 done. You have taken them on." in seen(await confirmed(sam, first)).text
    late = seen(await confirmed(pat, second)).text
    assert "Nothing was changed." in late and "1 was not changed because something else happened" in late
    assert "sam@elmroad.example has taken this on" in seen(await pat.get("/queue")).text
    assert "You have taken this on" in seen(await sam.get("/queue")).text
    assert "There are no messages here." in seen(await pat.get("/queue?view=mine")).text
    over = await ticked(pat, "assign", refs[0])
    assert "sam@elmroad.example has taken it on. It becomes yours." in seen(over).text
    assert "1 done." in seen(await confirmed(pat, over)).text
    assert "MG-AAAA-22" in seen(await pat.get("/queue?view=mine")).text
    mine = seen(await sam.get("/queue?view=mine")).text
    assert "MG-BBBB-22" in mine and "MG-AAAA-22" not in mine
    assert (await house.store.quarantine.get(refs[0])).version == 1


async def test_what_is_not_yours_to_decide_is_named_and_left_alone(site: Site, house: House) -> None:
    await house.holds("MG-AAAA-22", team="elm", sender=SAM, top=TOP)
    await house.holds("MG-BBBB-22", team="park", top=TOP, subject="secret")
    await house.holds("MG-CCCC-22", team=None, top=TOP, subject="secret")
    await house.holds("MG-DDDD-22", team="elm", top=TOP, state=State.WAITING)
    async with await somebody(site, house, SAM, "reviewer:elm", "viewer:park") as sam:
        check = await ticked(sam, "reject", "MG-AAAA-22", "MG-BBBB-22", "MG-CCCC-22", "MG-DDDD-22")
        page = seen(check).text
        assert "It will not be changed: you sent it." in page and "secret" not in page
        assert "your role shows that it is held, and does not decide" in page
        assert "there is no such message for you any more" in page
        done = seen(await confirmed(sam, check, note=NOTE)).text
        assert "1 done." in done and done.count("1 was not changed because") == 6, "each once above and once below"
        asked = seen(await ticked(sam, "assign", "MG-AAAA-22", "MG-BBBB-22")).text
        assert "None of these can be changed like this." in asked
    assert [await state_of(house, f"MG-{each * 4}-22") for each in "ABCD"] == [State.HELD] * 3 + [State.REJECTED]


async def test_an_error_in_the_middle_stops_nothing_and_is_said(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    refs = await holds_three(house)
    site = site_on(house, bulk=bulk_on(house))
    async with await somebody(site, house, SAM, "reviewer:elm") as sam:
        check = await ticked(sam, "reject", *refs)
        change = house.store.quarantine.change

        async def fails(wanted: Any, *rest: Any) -> Any:
            if wanted.ref == refs[1]:
                raise StoreUnavailable("disk full")
            return await change(wanted, *rest)

        monkeypatch.setattr(house.store.quarantine, "change", fails)
        page = seen(await confirmed(sam, check, note=NOTE)).text
    assert "2 done." in page and "1 was not changed because something went wrong on our side" in page


async def test_nothing_too_many_and_nonsense_change_nothing(sam: httpx.AsyncClient, house: House) -> None:
    await house.holds("MG-AAAA-22", team="elm")
    assert "No message is selected" in (await ticked(sam, "reject")).text
    many = [f"MG-{'ABCDEFGH'[number // 8] * 3}{'ABCDEFGH'[number % 8]}-22" for number in range(51)]
    answer = await ticked(sam, "reject", *many)
    assert answer.status_code == 422 and "select at most 50" in answer.text
    assert (await ticked(sam, "send", "MG-AAAA-22")).status_code == 400, "sending in bulk is not offered"
    assert (await ticked(sam, "reject", "MG-AAAA-22", **{"m-MG-AAAA-22": "x"})).status_code == 400
    text = seen(await sam.get("/queue")).text
    assert "Do not send" in text and "Sending is decided about one message at a time" in text
    assert await state_of(house, "MG-AAAA-22") is State.HELD


async def test_a_result_is_shown_only_where_the_choice_was_made(
    sam: httpx.AsyncClient, pat: httpx.AsyncClient, house: House
) -> None:
    refs = await holds_three(house)
    check = await ticked(sam, "reject", refs[0])
    answer = await sam.post("/queue/bulk", data={**seen(check).hidden, "note": NOTE}, headers=ORIGIN)
    path = answer.headers["location"]
    assert (await sam.get(path)).status_code == 200
    for link in (path.replace("AAAA", "BBBB"), path.replace("reject", "ask"), path.split("&sign")[0]):
        assert (await sam.get(link)).status_code == 404
    assert (await pat.get(path)).status_code == 404


# Saved views.


async def test_a_view_is_saved_shown_opened_and_removed(
    sam: httpx.AsyncClient, pat: httpx.AsyncClient, house: House
) -> None:
    await house.holds("MG-AAAA-22", team="elm", subject="Flu clinic")
    query = "?view=all&q=flu&sort=newest&page=3"
    page = await sam.get(f"/queue/views{query}")
    assert "search “flu”" in page.text and "newest first" in page.text
    answer = await sam.post("/queue/views", data={**seen(page).hidden, "name": "Flu <b>clinic</b>"}, headers=ORIGIN)
    assert answer.status_code == 303
    shown = await sam.get(answer.headers["location"])
    assert "The view is saved." in shown.text and "<b>" not in shown.text
    links = {text: href for href, text in seen(await sam.get("/queue")).links}
    assert links["Flu <b>clinic</b>"] == "/queue?view=all&q=flu&sort=newest"
    opened = await sam.get(links["Flu <b>clinic</b>"])
    assert "MG-AAAA-22" in opened.text and 'aria-current="page">Flu &lt;b&gt;' in opened.text
    for name, why in (("flu <B>clinic</b>", "of this name already"), (" ", "Enter a name"), ("x" * 61, "at most 60")):
        again = await sam.post("/queue/views", data={**seen(page).hidden, "name": name}, headers=ORIGIN)
        assert again.status_code == 422 and why in again.text
    assert "clinic" not in (await pat.get("/queue/views")).text, "it is private"
    (identifier,) = re.findall(r'name="identifier" value="([0-9a-f]+)"', shown.text)
    theirs = {"csrf": csrf_in(await pat.get("/queue/views")), "identifier": identifier}
    assert (await pat.post("/queue/views/remove", data=theirs, headers=ORIGIN)).status_code == 404
    own = {"csrf": csrf_in(shown), "identifier": identifier}
    assert (await sam.post("/queue/views/remove", data=own, headers=ORIGIN)).status_code == 303
    assert "There are no saved views yet." in (await sam.get("/queue/views")).text
    kinds = await house.kinds()
    assert kinds.count("view_saved") == kinds.count("view_removed") == 1


async def test_an_admin_shares_a_view_with_a_team_and_nobody_else_does(
    sam: httpx.AsyncClient, site: Site, house: House
) -> None:
    async with await somebody(site, house, ADA, "admin") as ada:
        for team, status in (("park", 303), ("elm", 303), ("nowhere", 422)):
            answer = await sends(ada, "/queue/views", "/queue/views?q=reason:flu", name=f"For {team}", **{"for": team})
            assert answer.status_code == status
        assert "Shared with the team elm by ada@elmroad.example" in (await ada.get("/queue/views")).text
    page = await sam.get("/queue/views")
    assert "For elm" in page.text and "For park" not in page.text and "Remove" not in page.text
    assert "For elm (elm)" in seen(await sam.get("/queue")).text
    assert (await sends(sam, "/queue/views", name="Mine", **{"for": "elm"})).status_code == 422
    for number in range(21):
        answer = await sends(sam, "/queue/views", name=f"View {number}")
        assert answer.status_code == (303 if number < 20 else 422)
    assert "There are 20 already" in answer.text


# News.


async def news(browser: httpx.AsyncClient, page: httpx.Response) -> dict[str, str]:
    found = re.search(r'data-ask="([^"]+)"', page.text)
    assert found
    answer = await browser.get(found[1].replace("&amp;", "&"))
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/json"
    return dict(answer.json())


async def test_news_counts_what_came_into_this_list_and_nothing_else(sam: httpx.AsyncClient, house: House) -> None:
    await house.holds("MG-AAAA-22", team="elm", received_at=house.clock.at - timedelta(seconds=30))
    page, filtered = await sam.get("/queue"), await sam.get("/queue?q=flu+clinic")
    assert (await news(sam, page))["news"] == ""
    house.clock.move(seconds=20)
    await house.holds("MG-CCCC-22", team="park", received_at=house.clock.at)
    assert (await news(sam, page))["news"] == "", "another team's"
    await house.holds("MG-BBBB-22", team="elm", received_at=house.clock.at, subject="Lunch")
    found = await news(sam, page)
    assert found["news"] == "1 new message." and found["title"] == "Held messages (2) – mailguard"
    assert found["stale"] == "We could not refresh this list. It was right at 2:04pm."
    assert (await news(sam, filtered))["news"] == ""
    slow = house.clock.at - timedelta(seconds=40)
    await house.holds("MG-DDDD-22", team="elm", received_at=slow)
    found = await news(sam, page)
    assert (found["news"], found["show"]) == ("2 new messages.", "Show them"), "it was checked for a while"


async def test_a_page_that_asks_by_itself_keeps_nobody_signed_in(sam: httpx.AsyncClient, house: House) -> None:
    page = await sam.get("/queue")
    for _ in range(3):
        house.clock.move(minutes=6)
        await news(sam, page)
    house.clock.move(minutes=3)
    found = re.search(r'data-ask="([^"]+)"', page.text)
    assert found
    answer = await sam.get(found[1].replace("&amp;", "&"))
    assert answer.status_code == 303 and answer.headers["location"].startswith("/sign-in")
    for wrong in ("", "?since=x&late=0", f"?since={'9' * 16}&late=0", "?since=1234567890123456&late=-1"):
        await enters(sam, house, SAM)
        assert (await sam.get(f"/queue/news{wrong}")).status_code == 400


async def test_an_empty_list_proves_that_somebody_watches(sam: httpx.AsyncClient, site: Site, house: House) -> None:
    text = seen(await sam.get("/queue")).text
    assert "No messages need a decision. mailguard has not checked a message since midnight." in text
    checked = samples.entry("MG-AAAA-22", "message_decided")
    await house.store.ledger.append([replace(checked, at=house.clock.at - timedelta(days=2))])
    await house.store.ledger.append(
        [replace(checked, at=house.clock.at - timedelta(minutes=number)) for number in (0, 9)]
    )
    await house.holds("MG-CCCC-22", team="park")
    text = seen(await sam.get("/queue")).text
    moment = house.clock.at.strftime("%-I:%M") + "pm"
    assert (
        f"checked 2 messages today and held 0 of those that you may see. The last message was checked at {moment}"
        in (text)
    )
    async with await somebody(site, house, ADA, "admin", "reviewer:elm") as ada:
        await house.store.quarantine.change(change_of("MG-CCCC-22", State.REJECTED), [], [])
        assert "mailguard checked 2 messages today and held 1. The last" in seen(await ada.get("/queue")).text


# Who else is there, and keys.


async def test_others_see_who_is_deciding_until_they_are_not(
    sam: httpx.AsyncClient, pat: httpx.AsyncClient, house: House
) -> None:
    await house.holds("MG-AAAA-22", team="elm", top=TOP)
    assert (await sam.get("/m/MG-AAAA-22/decide")).status_code == 200
    assert "sam@elmroad.example is deciding now" in seen(await pat.get("/queue")).text
    assert "is deciding now" not in seen(await sam.get("/queue")).text
    house.clock.move(seconds=70)
    form = seen(await pat.get("/m/MG-AAAA-22/decide")).text
    assert "sam@elmroad.example started deciding 1 minute ago. You can still decide; the first decision counts." in form
    house.clock.move(seconds=51)
    assert "pat@elmroad.example is deciding now" in seen(await sam.get("/queue")).text
    house.clock.move(seconds=70)
    assert "is deciding now" not in seen(await sam.get("/queue")).text


async def test_keys_are_off_until_their_account_switches_them_on(sam: httpx.AsyncClient, house: House) -> None:
    assert "data-shortcuts" not in (await sam.get("/queue")).text
    page = await sam.get("/keys")
    assert "They are off for your account." in page.text and "No key ever decides" in page.text
    await sends(sam, "/account/shortcuts", "/keys", on="1")
    assert 'data-shortcuts="on"' in (await sam.get("/queue")).text
    assert "They are on for your account." in (await sam.get("/keys")).text
    assert "Switch them off" in (await sam.get("/account")).text
    await sends(sam, "/account/shortcuts", "/account")
    assert "data-shortcuts" not in (await sam.get("/account")).text
    assert (await house.kinds()).count("account_shortcuts_changed") == 2


def test_the_script_sends_nothing_and_writes_no_markup() -> None:
    script = assets.read_assets()["console.js"].octets.decode("ascii")
    code = re.sub(r"//[^\n]*", "", script)
    for forbidden in (
        *("submit", ".click(", "POST", "method", "XMLHttpRequest", "sendBeacon", "WebSocket", "eval", "Function("),
        *("innerHTML", "outerHTML", "insertAdjacent", "document.write", "setAttribute", "style", "http:", "https:"),
    ):
        assert forbidden not in code, forbidden
    assert code.count("fetch(") == 1 and code.count("location.assign(") == 2
