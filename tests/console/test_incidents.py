"""The register of incidents in the console: the list, the record, the form, what is made of it, and who may."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from typing import Any

import httpx
import pytest

from mailguard.console import drafts
from mailguard.console.app import COOKIE
from mailguard.console.site import Site
from mailguard.core.errors import NotAllowed, SettingsError
from mailguard.core.register.reference import new_incident
from mailguard.core.register.reports import Period
from mailguard.guard.console.register_desk import RegisterAsked
from mailguard.guard.entries import plain
from mailguard.guard.register.ports import NewRevision
from tests.console.house import browser_on, enters, register_on, seen, site_on
from tests.console.incidents import OMBUDSMAN, Fields, enters_case, filled, fills, posts
from tests.core.register.records import breach, revision
from tests.guard.console.house import SAM, SECRET, House

MEASURE = {"what": "x", "owner": "Pat", "due": "1/6/2020", "done": "2/6/2020", "asked": "3", "confirmed": "2"}
KEEPER, OTHER = "dpo@elmroad.example", "kim@elmroad.example"


@pytest.fixture
async def keeper(browser: httpx.AsyncClient, house: House) -> httpx.AsyncClient:
    """A browser in which somebody is signed in who keeps the register."""
    await house.account(KEEPER, "escalation")
    await house.account(OTHER, "admin")
    await enters(browser, house, KEEPER)
    return browser


async def entries(house: House, *kinds: str) -> list[dict[str, Any]]:
    return [
        dict(each.fields) | {"kind": each.kind} async for each in house.store.ledger.entries() if each.kind in kinds
    ]


async def test_the_ombudsmans_case_is_entered_by_the_form_and_every_report_comes_of_it(
    keeper: httpx.AsyncClient, house: House
) -> None:
    incident = await enters_case(keeper)
    page = await keeper.get(f"/incidents/{incident}?done=added")
    text = seen(page).text
    assert "The incident is in the register." in text and "A workbook carried hidden sheets" in text
    assert "5,502 people affected." in text
    assert "The Information Commissioner was told in time, 6 hours after your organisation knew." in text
    assert "complainants" in text.lower() and "certainly affected: 5,305" in text
    notification = await keeper.get(f"/incidents/{incident}/forms/notification")
    told = seen(notification).text
    for element in ("Article 33(1)", "33(3)(a)", "33(3)(b)", "33(3)(c)", "33(3)(d)"):
        assert element in told
    for said in (
        "Thursday 5 March 2020", "10am on Tuesday 28 April 2020", "4:30pm on Tuesday 28 April 2020",
        "complainants: 5,305; caseworkers: 197", "5,502", "Robin Lake", "be distressed by it",
        "asked to delete the file (1 of 1 confirmed)", "A telephone line",
        "Spreadsheets leave as CSV files (due 2020-06-30)", "basic personal identifiers; complaints and casework",
        "Parliamentary and Health Service Ombudsman",
    ):  # fmt: skip
        assert said in told, said
    assert "Not known yet" not in told
    data = json.loads((await posts(keeper, f"/incidents/{incident}/forms/notification", {
        "csrf": filled(notification)["csrf"], "as": "json"})).text)  # fmt: skip
    assert data["missing"] == [] and data["incident"] == incident
    assert (await entries(house, "incident_added"))[0]["changed"]
    # The rest of the year's lists.
    lists = {"from": "1/1/2020", "to": "31/12/2020"}
    shown = await keeper.get("/incidents/lists", params={"list": "foi", **lists})
    assert "complainants: 5,305; caseworkers: 197" in seen(shown).text
    saved = await posts(keeper, "/incidents/lists", {"csrf": filled(shown)["csrf"], "list": "register", **lists})
    assert saved.headers["content-disposition"] == 'attachment; filename="register-2020-01-01-2020-12-31.csv"'
    (row,) = csv.DictReader(io.StringIO(saved.text.removeprefix("\ufeff")))
    assert (row["Incident"], row["People known"], row["Hours to report"]) == (incident, "5502", "6.5")
    assert row["Effects"] == "" and row["Containment"].startswith("The recipient was asked")


async def test_every_form_and_list_is_shown_and_saved_and_recorded_with_who_took_it(
    keeper: httpx.AsyncClient, house: House
) -> None:
    incident = await enters_case(keeper, kind="embargo_breach", **{"statistics.output_title": "Waiting times"})
    for name in ("notification", "letter", "regulator", "nhs", "statistics"):
        path = f"/incidents/{incident}/forms/{name}"
        shown = await keeper.get(path)
        assert shown.status_code == 200 and "govuk-!-display-none-print" in shown.text
        for kind, media_type in (("text", "text/plain"), ("json", "application/json")):
            saved = await posts(keeper, path, {"csrf": filled(shown)["csrf"], "as": kind})
            assert saved.status_code == 200 and saved.headers["content-type"].startswith(media_type)
            assert "sandbox" in saved.headers["content-security-policy"] and incident in saved.text
        assert (await posts(keeper, path, {"csrf": filled(shown)["csrf"], "as": "exe"})).status_code == 400
    assert (await keeper.get(f"/incidents/{incident}/forms/nothing")).status_code == 404
    for name in ("register", "foi", "annual", "ico", "statistics", "near-miss"):
        asked = {"list": name, "from": "2020-01-01", "to": "2020-12-31"}
        shown = await keeper.get("/incidents/lists", params=asked)
        assert shown.status_code == 200, name
        saved = await posts(keeper, "/incidents/lists", {"csrf": filled(shown)["csrf"], **asked})
        assert saved.status_code == 200 and saved.content.startswith(b"\xef\xbb\xbf"), name
    taken = await entries(house, "register_exported")
    assert len(taken) == 5 * 3 + 6 * 2
    account = await house.store.accounts.find(KEEPER)
    assert account is not None and {each["actor_account"] for each in taken} == {account.identifier}
    assert "@" not in json.dumps(taken) and {each["via"] for each in taken} == {"console"}
    assert taken[0]["report"] == f"notification of {incident} revision 1"


async def test_nothing_typed_is_lost_where_something_is_wrong_and_personal_data_is_refused(
    keeper: httpx.AsyncClient, house: House
) -> None:
    typed = {**OMBUDSMAN, "fine": "lots", "occurred_from": "some day", "subjects.2.known": "300", "ref": "MG-AAAA-22"}
    answer = await fills(keeper, "/incidents/new", **typed)
    assert answer.status_code == 422 and "<title>Error: Enter an incident" in answer.text
    again = filled(answer)
    assert {name: again[name] for name in typed} == typed
    text = seen(answer).text
    assert "Fine: write a whole number" in text and "When it happened, or began: write it as 28/4/2020 10:00" in text
    assert 'href="#fine"' in answer.text and "part-outcome" in Fields(answer.text).opened
    # What only the register itself can tell comes back in the same way, at the row that it was typed into.
    typed |= {"fine": "", "occurred_from": "5/3/2020", "ref": ""}
    answer = await fills(keeper, "/incidents/new", **typed)
    assert 'href="#subjects.2.known"' in answer.text
    assert "People by type 3, certainly affected: 300 are known, but at most 197 may be" in seen(answer).text
    typed |= {"subjects.2.known": "197", "narrative": "It went to jo@outside.example and 999 000 0018"}
    answer = await fills(keeper, "/incidents/new", **typed)
    text = seen(answer).text
    assert (
        answer.status_code == 422
        and "What happened: it holds email addresses (at character 12); write it without" in text
    )
    assert "NHS numbers" in text and filled(answer)["narrative"] == typed["narrative"]
    typed |= {"narrative": "x", "consequences_actual": "Ask 07700 900123"}
    answer = await fills(keeper, "/incidents/new", **typed)
    assert 'href="#consequences_actual"' in answer.text and "part-consequences" in Fields(answer.text).opened
    assert await entries(house, "incident_added") == []
    assert filled(await fills(keeper, "/incidents/new", kind="breach", narrative="x", **{"aware_at": "1/1/2030"}))
    empty = await fills(keeper, "/incidents/new")
    assert 'href="#kind"' in empty.text and "What is it?: choose one" in seen(empty).text


async def test_a_breach_without_a_time_counts_from_now_and_zero_people_stay_zero(
    keeper: httpx.AsyncClient, site: Site
) -> None:
    answer = await fills(keeper, "/incidents/new", kind="breach", narrative="A laptop was left", subjects_max="0",
                         special_category="no")  # fmt: skip
    incident = answer.headers["location"].partition("?")[0].rpartition("/")[2]
    text = seen(await keeper.get(f"/incidents/{incident}")).text
    assert "72 hours left to tell the Information Commissioner: until 2:0" in text
    assert "Decide whether it has to be reported." in text and "Not known yet" in text
    assert "Is it special category data? No" in text and "At most 0 people affected." in text


async def test_a_change_is_a_revision_with_what_changed_and_why(keeper: httpx.AsyncClient, house: House) -> None:
    incident = await enters_case(keeper)
    path = f"/incidents/{incident}/revise"
    answer = await fills(keeper, path, subjects_max="6000", why="A second list was found")
    assert answer.status_code == 303
    text = seen(await keeper.get(f"/incidents/{incident}?done=revised")).text
    assert "The change was saved as revision 2." in text and "Revision 2: changed" in text
    assert "People who may be affected, at most: 6,000" in text and "Why: A second list was found" in text
    await fills(keeper, path, subjects_max="6,100", why="Counted again")
    await fills(keeper, path, subjects_max="", **{"measures_mitigation.0.what": ""}, why="It was counted twice")
    text = seen(await keeper.get(f"/incidents/{incident}")).text
    assert "at most: 6,100 (before: 6,000)" in text and "taken out (before: 6,100)" in text
    assert "To lessen its effects: taken out (before: A telephone line for questions)" in text
    for wrong, href in (
        ({"why": ""}, "#why"),
        ({"why": "x"}, "#why"),
        ({"why": "Ask jo@outside.example", "subjects_max": "1"}, "#why"),
        ({"why": "y" * 5000, "subjects_max": "6000"}, "#why"),
        ({"why": "z", "notified_ico_at": "2/5/2020"}, "#delay_reason"),
    ):
        answer = await fills(keeper, path, **wrong)
        assert answer.status_code == 422 and f'href="{href}"' in answer.text, wrong
        assert filled(answer)["why"] == wrong["why"]
    acts = [each["act"] for each in await entries(house, "incident_added", "incident_revised")]
    assert acts == ["added", "revised", "revised", "revised"]


async def test_two_who_change_a_record_lose_nothing(keeper: httpx.AsyncClient, house: House, site: Site) -> None:
    incident = await enters_case(keeper)
    path = f"/incidents/{incident}/revise"
    mine = {
        **filled(await keeper.get(path)),
        "aware_by": "A clerk",
        "consequences_actual": "One complaint",
        "why": "mine",
    }
    async with browser_on(site) as other:
        await enters(other, house, OTHER)
        theirs = {"consequences_actual": "Two complaints", "fine": "7", "why": "theirs"}
        assert (await fills(other, path, **theirs)).status_code == 303
    answer = await posts(keeper, path, mine)
    text = seen(answer).text
    assert answer.status_code == 409 and f"{OTHER} changed this record before you" in text
    assert "What you typed was not saved" in text and "What has come of it so far: Two complaints" in text
    assert "They wrote: theirs" in text and "You both changed this." in text
    again = filled(answer)
    assert (again["consequences_actual"], again["aware_by"], again["fine"], again["why"], again["seen"]) == (
        "One complaint", "A clerk", "7", "mine", "2")  # fmt: skip
    assert (await posts(keeper, path, again)).status_code == 303
    record = (await house.store.incidents.history(incident))[-1].record
    assert (record.consequences_actual, record.aware_by, record.fine) == ("One complaint", "A clerk", 7)
    for act, fields in (
        ("decide", {"decision_ico": "report", "decision_by": "Robin"}),
        ("close", {"why": "done and told"}),
        ("link", {"ref": "MG-AAAA-22"}),
    ):
        late = await posts(keeper, f"/incidents/{incident}/{act}", {**fields, "csrf": again["csrf"], "seen": "2"})
        assert late.status_code == 409 and f"{KEEPER} changed this record before you" in seen(late).text, act
        kept = filled(late)
        assert {name: kept[name] for name in fields} == fields and kept["seen"] == "3"


async def test_the_decision_and_the_end_of_a_record(keeper: httpx.AsyncClient, house: House) -> None:
    incident = await enters_case(keeper, notified_ico_at="", aware_at="20/11/2026 10:00")
    page = f"/incidents/{incident}"
    refused = await fills(keeper, f"{page}/close", why="done")
    assert refused.status_code == 422 and "decide whether to report a breach before closing it" in refused.text
    nothing = await fills(keeper, f"{page}/decide")
    assert 'href="#decision_ico"' in nothing.text and 'href="#decision_by"' in nothing.text
    given = {"decision_ico": "not_report", "decision_by": "Robin Lake", "decision_at": "soon"}
    assert 'href="#decision_at"' in (await fills(keeper, f"{page}/decide", **given)).text
    given["decision_at"] = ""
    without = await fills(keeper, f"{page}/decide", **given)
    assert (
        without.status_code == 422
        and "needs its reason" in without.text
        and filled(without)["decision_by"] == "Robin Lake"
    )
    with_data = await fills(keeper, f"{page}/decide", **given, decision_reason="Ask jo@outside.example")
    assert with_data.status_code == 422 and 'href="#decision_reason"' in with_data.text
    assert (await fills(keeper, f"{page}/decide", **given, decision_reason="The file was encrypted")).status_code == 303
    text = seen(await keeper.get(f"{page}?done=decided")).text
    assert "It was decided not to tell the Information Commissioner." in text and "The decision was recorded." in text
    assert "The file was encrypted" in text and "Change the decision" in text
    assert (await fills(keeper, f"{page}/close", why="")).status_code == 422
    assert (await fills(keeper, f"{page}/close", why="Nothing more to do")).status_code == 303
    assert "Open the record again" in seen(await keeper.get(page)).text
    assert (await fills(keeper, f"{page}/close", why="A complaint came")).status_code == 303
    acts = [each["act"] for each in await entries(house, "incident_added", "incident_revised")]
    assert acts == ["added", "decided", "closed", "reopened"]


async def test_a_record_leads_to_the_message_and_to_the_entries_that_prove_it(
    keeper: httpx.AsyncClient, house: House
) -> None:
    await house.holds("MG-AAAA-22")
    answer = await fills(keeper, "/incidents/new", kind="breach", narrative="It got out", ref=" mg-aaaa-22 ")
    assert answer.headers["location"] == "/incidents/IR-AAAA-22?done=added"
    links = dict(seen(await keeper.get("/incidents/IR-AAAA-22")).links)
    assert "/m/MG-AAAA-22" in links and "/audit?ref=MG-AAAA-22" in links
    (entry, *_) = [each async for each in house.store.ledger.entries("MG-AAAA-22")]
    place = f"/audit?before={entry.ledger}%3A{entry.sequence + 1}"
    assert place in links and entry.hash in (await keeper.get("/incidents/IR-AAAA-22")).text
    async with browser_on(site_on(house)) as admin:
        await enters(admin, house, OTHER)
        first = seen(await admin.get(place)).text
        assert f"Entry {entry.sequence:,}" in first or str(entry.sequence) in first
    taken = await fills(keeper, "/incidents/new", kind="breach", narrative="Again", ref="MG-AAAA-22")
    assert taken.status_code == 422 and "IR-AAAA-22" in taken.text and 'href="#ref"' in taken.text
    assert 'href="#ref"' in (await fills(keeper, "/incidents/new", kind="breach", narrative="x", ref="MG-AAAA-33")).text
    incident = await enters_case(keeper)
    page = f"/incidents/{incident}/link"
    for wrong in ("nonsense", "MG-AAAA-33"):
        assert 'href="#ref"' in (await fills(keeper, page, ref=wrong)).text
    assert (await fills(keeper, page, ref="MG-AAAA-22")).status_code == 303
    assert (await fills(keeper, page, ref="MG-AAAA-22")).status_code == 422


async def test_the_list_says_what_needs_somebody_and_finds_by_kind_status_clock_and_day(
    keeper: httpx.AsyncClient, house: House
) -> None:
    over = await enters_case(keeper, notified_ico_at="")
    running = await enters_case(keeper, notified_ico_at="", occurred_from="19/11/2026", occurred_to="",
                                detected_at="", aware_at="20/11/2026 9:00")  # fmt: skip
    told = await enters_case(keeper)
    near = await enters_case(keeper, kind="near_miss", occurred_from="18/11/2026", occurred_to="", notified_ico_at="")
    text = seen(await keeper.get("/incidents")).text
    assert "1 breach is past its 72 hours" in text and "The 72 hours of 1 breach are running." in text
    assert "The 72 hours to tell the Information Commissioner ended" in text and "Incidents (4)" in text
    assert "5,502 people would have been exposed." in text

    async def found(**asked: str) -> list[str]:
        links = [href for href, _ in seen(await keeper.get("/incidents", params=asked)).links]
        return [each.rpartition("/")[2] for each in links if each.startswith("/incidents/IR-")]

    assert set(await found()) == {over, running, told, near} and (await found())[:2] == [running, near]
    assert await found(clock="over") == [over] and await found(clock="running") == [running]
    assert await found(clock="ended") == [told] and await found(clock="ended", kind="near_miss") == []
    assert await found(kind="near_miss") == [near] and await found(status="closed") == []
    assert await found(**{"from": "19/11/2026"}) == [running] and set(await found(to="5/3/2020")) == {over, told}
    assert await found(clock="over", **{"from": "6/3/2020"}) == []
    wrong = await keeper.get("/incidents", params={"from": "soon"})
    assert wrong.status_code == 422 and "soon" in seen(wrong).text and 'href="#from"' in wrong.text
    nothing = seen(await keeper.get("/incidents", params={"status": "closed"})).text
    assert "No incidents match these filters." in nothing and "Clear filters" in nothing


async def test_a_near_miss_that_was_let_go_as_it_was_waits_to_be_looked_at(
    keeper: httpx.AsyncClient, house: House
) -> None:
    register = register_on(house)
    for number, (outcome, form) in enumerate((("released", "original"), ("released", "separate"), ("not_sent", None))):
        fields = {"kind": "near_miss", "narrative": f"Near miss {number}", "mechanism": ["to_cc_exposure"]}
        made = await register.book.add(fields, SAM)
        await register.book.revise(made.incident, {"guard": {"outcome": outcome, "form": form}}, "it ended", SAM)
    page = await keeper.get("/incidents")
    assert "1 near miss was sent as it was and waits" in seen(page).text
    waiting = await keeper.get("/incidents?waiting=yes")
    (incident,) = [href.rpartition("/")[2] for href, _ in seen(waiting).links if href.startswith("/incidents/IR-")]
    record = await keeper.get(f"/incidents/{incident}")
    assert (
        "Look at this near miss" in seen(record).text and "What became of the message It was sent" in seen(record).text
    )
    links = dict(seen(record).links)
    assert f"/incidents/{incident}/revise?kind=breach" in links and f"/incidents/{incident}/close" in links
    shown = await keeper.get(f"/incidents/{incident}/revise?kind=breach")
    assert filled(shown)["kind"] == "breach"
    unaware = await fills(keeper, f"/incidents/{incident}/revise?kind=breach", why="It was no newsletter")
    assert unaware.status_code == 422 and 'href="#aware_at"' in unaware.text
    given = {"why": "It was no newsletter", "aware_at": "20/11/2026 13:00"}
    assert (await fills(keeper, f"/incidents/{incident}/revise?kind=breach", **given)).status_code == 303
    after = seen(await keeper.get("/incidents?waiting=yes")).text
    assert "waits for somebody" not in after and "No incidents match these filters." in after


async def test_a_long_list_comes_a_page_at_a_time(keeper: httpx.AsyncClient, house: House) -> None:
    for number in range(60):
        each = revision(
            breach(narrative=f"Letter {number}"), new_incident(bytes([*([number // 32] * 5), *([number % 32] * 5)]))
        )
        await house.store.incidents.add(NewRevision(each, plain("incident_added", None, each.at)))
    first = await keeper.get("/incidents")
    assert first.text.count('<li class="mg-card') == 25 and "Incidents (60)" in first.text
    last = await keeper.get("/incidents?page=3")
    assert last.text.count('<li class="mg-card') == 10 and 'aria-current="page">3</a>' in last.text
    assert (await keeper.get("/incidents?page=99")).text.count('<li class="mg-card') == 10
    assert (await keeper.get("/incidents?page=x")).text.count('<li class="mg-card') == 25


@pytest.mark.parametrize(
    ("role", "may"),
    [
        ("admin", True), ("reviewer", True), ("escalation", True),
        ("viewer", False), ("viewer:elm", False), ("reviewer:elm", False), ("escalation:elm", False),
    ],
)  # fmt: skip
async def test_who_answers_for_everybodys_mail_keeps_the_register(
    browser: httpx.AsyncClient, house: House, site: Site, role: str, may: bool
) -> None:
    await house.account("sam@elmroad.example", role)
    token = await house.token("sam@elmroad.example")
    browser.cookies.set(COOKIE, token)
    answer = await browser.get("/incidents")
    assert answer.status_code == (200 if may else 403)
    assert ('href="/incidents"' in (await browser.get("/queue")).text) is may
    if not may:
        assert "kept by administrators" in seen(answer).text
        visitor = await house.sessions.look(token)
        assert visitor is not None
        for act in (
            site.register.page(visitor, RegisterAsked()),
            site.register.add(visitor, {"kind": "breach"}, None, b"once"),
            site.register.form(visitor, "letter", "IR-AAAA-AA"),
            site.register.report(visitor, "foi", Period(house.clock.at.date(), house.clock.at.date())),
        ):
            with pytest.raises(NotAllowed):
                await act
        assert await entries(house, "incident_added", "register_exported") == []


async def test_what_is_no_incident_is_no_page_and_a_revision_that_there_is_not_is_not_changed(
    keeper: httpx.AsyncClient,
) -> None:
    for unknown in ("IR-AAAA-AA", "nonsense", "MG-AAAA-22", "IR-AAAA-AA%2F.."):
        assert (await keeper.get(f"/incidents/{unknown}")).status_code == 404
    incident = await enters_case(keeper)
    csrf = filled(await keeper.get(f"/incidents/{incident}/close"))["csrf"]
    for wrong in ("", "0", "2", "-1", "x", "٣"):
        answer = await posts(keeper, f"/incidents/{incident}/close", {"csrf": csrf, "seen": wrong, "why": "x"})
        assert answer.status_code == 400, wrong


async def test_lists_ask_for_what_they_need(keeper: httpx.AsyncClient) -> None:
    shown = await keeper.get("/incidents/lists")
    assert filled(shown)["from"] == "1/1/2026" and filled(shown)["to"] == "20/11/2026"
    for query, href in (
        ({"from": "1/1/2026", "to": "2/1/2026"}, "#list"),
        ({"list": "foi", "from": "1/1/2026"}, "#to"),
        ({"list": "foi", "from": "soon", "to": "2/1/2026"}, "#from"),
        ({"list": "foi", "from": "3/1/2026", "to": "2/1/2026"}, "#to"),
    ):
        answer = await keeper.get("/incidents/lists", params=query)
        assert answer.status_code == 422 and f'href="{href}"' in answer.text, query
    nothing = await keeper.get("/incidents/lists", params={"list": "foi", "from": "1/1/2026", "to": "2/1/2026"})
    assert "Nothing of that kind happened in this period." in nothing.text


async def test_lists_of_the_organisations_own_that_cannot_be_read_say_what_to_mend(house: House, site: Site) -> None:
    def broken() -> Any:
        raise SettingsError('"incidents.yaml" cannot be read: Permission denied')

    desk = register_on(house).desk()
    desk._lists = broken
    await house.account(KEEPER, "admin")
    async with browser_on(replace(site, register=desk)) as browser:
        await enters(browser, house, KEEPER)
        for path in ("/incidents", "/incidents/new"):
            answer = await browser.get(path)
            assert answer.status_code == 503 and "incidents.yaml" in seen(answer).text


async def test_what_was_typed_survives_a_session_that_ended(
    keeper: httpx.AsyncClient, house: House, site: Site
) -> None:
    incident = await enters_case(keeper)
    record = f"/incidents/{incident}"

    async def late(page: str, **typed: str) -> tuple[httpx.Response, str]:
        """Send a form a while after it was opened, sign in again, and see where that leads."""
        shown = filled(await keeper.get(page))
        house.clock.move(minutes=25)
        kept = await posts(keeper, page, {**shown, **typed})
        assert kept.status_code == 403 and "What you typed is kept" in seen(kept).text
        house.clock.move(seconds=60)
        given = {"name": KEEPER, "password": SECRET, "code": await house.code(KEEPER)}
        entered = await posts(keeper, "/sign-in", {**seen(kept).hidden, **given})
        assert entered.status_code == 303, entered.text
        return await keeper.get(entered.headers["location"]), entered.headers["location"]

    again, where = await late(
        "/incidents/new", **{**OMBUDSMAN, "narrative": "One <i>line\r\nand another", "ref": "MG-AAAA-22"}
    )
    typed = filled(again)
    assert where == "/incidents/new?kept=yes" and "is in the form again" in seen(again).text
    assert typed["narrative"].replace("\r", "") == "One <i>line\nand another" and typed["ref"] == "MG-AAAA-22"
    assert {name: typed[name] for name in OMBUDSMAN if name != "narrative"} == {
        name: value for name, value in OMBUDSMAN.items() if name != "narrative"
    }
    assert "narrative" not in {name for name, value in filled(await keeper.get("/incidents/new")).items() if value}
    again, _ = await late(f"{record}/revise", aware_by="A clerk", why="We know more")
    typed = filled(again)
    assert (typed["aware_by"], typed["why"], typed["seen"]) == ("A clerk", "We know more", "1")
    assert (await posts(keeper, f"{record}/revise", typed)).status_code == 303
    again, _ = await late(f"{record}/decide", decision_by="Robin", decision_ico="report")
    assert filled(again)["decision_by"] == "Robin" and "Nothing has been saved yet" in seen(again).text
    again, _ = await late(f"{record}/close", why="Nothing more")
    assert filled(again)["why"] == "Nothing more"
    # Somebody else may have changed the record meanwhile.
    shown = filled(await keeper.get(f"{record}/revise"))
    await register_on(house).book.revise(incident, {"fine": 7}, "they decided", SAM)
    again, _ = await late(f"{record}/revise", **{**shown, "aware_by": "Kim", "why": "mine"})
    typed = filled(again)
    assert again.status_code == 409 and (typed["aware_by"], typed["fine"], typed["seen"]) == ("Kim", "7", "3")


async def test_a_list_that_a_form_has_no_room_for_is_kept_and_said(keeper: httpx.AsyncClient, house: House) -> None:
    measures = [{"what": f"Measure {number}"} for number in range(25)]
    fields = {"kind": "near_miss", "narrative": "A list was held.", "measures_prevention": measures}
    incident = (await register_on(house).book.add(fields, SAM)).incident
    path = f"/incidents/{incident}/revise"
    assert "This form has room for 20 of them." in (await keeper.get(path)).text
    answer = await fills(keeper, path, **{"measures_prevention.3.owner": "Sam"}, why="Sam does it")
    assert answer.status_code == 303
    last = (await register_on(house).book.history(incident))[-1].record
    assert [each.what for each in last.measures_prevention] == [each["what"] for each in measures]
    assert last.measures_prevention[3].owner == "Sam"


async def test_a_form_with_every_row_filled_in_is_taken(keeper: httpx.AsyncClient, house: House) -> None:
    rows = {f"{path}.{row}.{column}": value for row in range(20) for path, columns in {
        "measures_containment": MEASURE, "measures_mitigation": MEASURE, "measures_prevention": MEASURE,
        "others_told": {"who": "The police", "at": "1/5/2020", "note": "By letter"}}.items()
        for column, value in columns.items()}  # fmt: skip
    incident = await enters_case(keeper, **rows)
    record = (await house.store.incidents.history(incident))[0].record
    assert len(record.measures_prevention) == len(record.others_told) == 20
    answer = await fills(keeper, f"/incidents/{incident}/revise", **{"measures_mitigation.19.what": "y"}, why="x")
    assert answer.status_code == 303


@pytest.mark.parametrize(
    "forged",
    [
        {"ref": "new", "page": "revise", "fields": {"why": "x"}},
        {"ref": "new", "page": "new", "fields": {"<b>": "x"}},
        {"ref": "IR-AAAA-AA", "page": "notes", "fields": {"why": "x"}},
        {"ref": "IR-AAAA-AA/../x", "page": "close", "fields": {"why": "x"}},
        {"ref": "IR-AAAA-AA", "page": "close", "fields": {"why": 1}},
        {"ref": "IR-AAAA-AA", "page": "close", "fields": {"why": "x" * 50_000}},
        {"ref": "IR-AAAA-AA", "page": "close", "fields": ["why"]},
    ],
)
def test_a_draft_of_an_incident_that_no_page_made_is_none(forged: dict[str, Any]) -> None:
    whole = {"ref": "IR-AAAA-AA", "page": "close", "fields": {"why": "x"}}
    kept = drafts.from_text(json.dumps(whole))
    assert kept is not None and kept.path == "/incidents/IR-AAAA-AA/close?kept=yes"
    assert drafts.from_text(json.dumps(forged)) is None
