"""Every page of the route table and every state of a message, as they look: nothing for axe, nothing over the side.

The pages come from console/routes.py and the states from core/lifecycle.py: a new one that nobody looks at fails here.
"""

from __future__ import annotations

import base64
import email
import email.policy
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from mailguard.console.routes import ROUTES
from mailguard.console.words import STATES
from mailguard.core.lifecycle import State
from tests.browser.conftest import Canary, Watched, signed_in
from tests.browser.looks import faults
from tests.browser.people import Person, first_admin, set_up
from tests.end_to_end.mailing import message, people, submit
from tests.end_to_end.service import ROOT, Service, eventually
from tests.end_to_end.sink import Sink
from tests.end_to_end.test_sender_page import POLICY as LISTS_ARE_HELD
from tests.ports import free_port

POLICY = (
    LISTS_ARE_HELD
    + """\
  - id: embargo
    describe: Figures that are not published yet are going outside.
    when: {all: [{subject: {matches: Embargo}}, {visible_external_recipients: {at_least: 1}}]}
    action: hold
    approvals: 2
  - id: short
    describe: A message that has to be decided at once.
    when: {subject: {matches: Short}}
    action: hold
    deadline: 1s
  - id: second-thoughts
    describe: A message that waits for its sender to think again.
    when: {subject: {matches: Waits}}
    action: hold
    rewrite: separate
    delay: 1d
  - id: hidden
    describe: A file carries data that nobody sees who opens it.
    when: {all: [{subject: {matches: Figures}}, {finding: {hidden: true}}]}
    action: hold
"""
)

CROWD = people(12)
FEW = people(4)
LEFT = people(3)
LATE = "late@slow.example"
"""Whom the sink here never takes mail for: what is sent to them stays on its way."""
LONG = "x" * 300
BOOK = (ROOT / "tests" / "fixtures" / "workbooks" / "hidden-sheet.xlsx").read_bytes()


@dataclass
class House:
    """A service with a message in every state that a message can rest in. refs: by state."""

    service: Service
    base: str
    people: dict[str, Person]
    refs: dict[State, str]
    links: dict[State, str]
    canary: Canary
    incident: str


def held(service: Service, subject: str, extra: str = "", to: Sequence[str] = CROWD) -> str:
    # Of five or more of one sender within ten minutes there is one notice for all.
    sender = f"{re.sub('[^a-z]', '', subject.lower())[:20]}@elmroad.example"
    code, text = submit(service.port, message(list(to), subject=subject, extra=extra), list(to), sender)
    assert code == 250 and ("Held" in text or "Waiting" in text), text
    return text.rpartition(" ")[2]


def link_of(sink: Sink, ref: str) -> str:
    """Where the notice of a hold leads its sender."""

    def found() -> str | None:
        for taken in sink.taken:
            if ref.encode() in taken.content:
                plain = email.message_from_bytes(taken.content, policy=email.policy.default).get_body(("plain",))
                if plain and (url := re.search(r"http://\S+/s/[0-9a-f]{64}", str(plain.get_content()))):
                    return url[0]
        return None

    return str(eventually(found, what="the notice of the hold"))


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("every-page")
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    console = {"address": f"127.0.0.1:{port}", "base_url": base, "stop_seconds": 600}
    with Sink() as sink, Service(folder, sink.port, POLICY, console=console) as service:
        refs = {
            State.HELD: held(service, f"Flu clinic {LONG}"),
            State.APPROVED_ONCE: held(service, "Embargo until Friday"),
            State.LEAVING: held(service, "Leaves soon"),
            State.RELEASED: held(service, "Sent with separate copies"),
            State.REJECTED: held(service, "Not sent"),
            State.CANCELLED: held(service, "Cancelled"),
            State.EXPIRED: held(service, "Short notice"),
            State.WAITING: held(service, "Waits for a day", to=FEW),
            State.RELEASING: held(service, "On its way", to=[*CROWD, LATE]),
        }
        sink.refusals[LATE.encode()] = b"450 4.2.1 later"
        links = {state: link_of(sink, ref) for state, ref in refs.items()}
        staff = {"admin": first_admin(service, browser, base)}
        for name, role in (("reviewer", "reviewer"), ("viewer", "viewer")):
            staff[name] = set_up(service, browser, base, f"{name}@elmroad.example", role)
        found = House(service, base, staff, refs, links, Canary(), breach(service, refs[State.HELD]))
        breach_that_left(service)
        service.run("held", "release", refs[State.APPROVED_ONCE], "--as", "separate", "--reason", "agreed")
        service.run("held", "release", refs[State.RELEASED], "--as", "separate", "--reason", "agreed")
        service.run("held", "release", refs[State.RELEASING], "--as", "separate", "--reason", "agreed")
        service.run("held", "reject", refs[State.REJECTED], "--note", "Please use the bulk service")
        context = browser.new_context(base_url=base, java_script_enabled=False)
        send_soon(signed_in(context, staff["reviewer"]).new_page(), refs[State.LEAVING])
        context.close()
        sender = browser.new_context(java_script_enabled=False)
        cancel(sender.new_page(), links[State.CANCELLED])
        sender.close()
        for state, ref in refs.items():
            eventually(lambda state=state, ref=ref: state_of(service, ref) == state.value, what=state.value)
        yield found
        found.canary.stop()


def breach_that_left(service: Service) -> None:
    """So that the page of its rule has stricter numbers to tell of."""
    code, text = submit(service.port, message(LEFT, subject="Left as it was"), LEFT)
    assert code == 250 and "Held" not in text, text
    (ref,) = {each["ref"] for each in service.rows("audit", "list") if each["kind"] == "message_relayed"}
    service.run("incident", "add", "--narrative", "A list was shown", "--message", ref)
    (number,) = service.rows("policy", "suggest", "visible-list")[0]["numbers"]
    assert number["stricter"]["proposed"] == len(LEFT)


def breach(service: Service, ref: str) -> str:
    """A record with long words in it and with evidence."""
    measure = f"measures_containment=[{{what: {LONG}, owner: The clerk}}]"
    given = ("--narrative", f"It went astray {LONG}", "--mechanism", "posted_wrongly", "--most", "12", "--set", measure)
    (made,) = service.rows("incident", "add", *given)
    service.run("incident", "link", str(made["incident"]), ref)
    return str(made["incident"])


def state_of(service: Service, ref: str) -> str:
    return next(str(row["state"]) for row in service.rows("held", "list") if row["ref"] == ref)


def send_soon(page: Page, ref: str) -> None:
    page.goto(f"/m/{ref}/decide")
    page.get_by_label("separate copy").check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Send 12 separate copies").click()


def cancel(page: Page, url: str) -> None:
    page.goto(url)
    page.get_by_label("Cancel it").check()
    page.get_by_role("button", name="Continue").click()
    page.locator("#code").fill(page.locator(".mg-code").inner_text())
    page.get_by_role("button", name="Cancel").click()


@pytest.fixture
def watched(house: House) -> Iterator[Watched]:
    found = Watched(house.canary)
    yield found
    assert found.complaints == []


REVIEWER, VIEWER, ADMIN, NOBODY, HALF = "reviewer", "viewer", "admin", None, "half"
GET_PAGES: dict[str, tuple[tuple[str | None, str], ...]] = {
    "/sign-in": ((NOBODY, ""),),
    "/start/{token}": ((NOBODY, ""),),
    "/s/{token}": ((NOBODY, ""), (NOBODY, "?step=check&do=cancel"), (NOBODY, "?step=check&do=separate")),
    "/queue": ((REVIEWER, ""), (VIEWER, ""), (ADMIN, ""), (REVIEWER, "?view=all"), (REVIEWER, "?q=nothing")),
    "/queue/export": ((REVIEWER, ""), (VIEWER, "?view=all")),
    "/queue/views": ((REVIEWER, ""), (ADMIN, "?q=flu")),
    "/m/{ref}": ((REVIEWER, ""), (VIEWER, ""), (ADMIN, "")),
    "/m/{ref}/decide": ((REVIEWER, ""),),
    "/m/{ref}/outcome": ((REVIEWER, ""),),
    "/m/{ref}/notes": ((REVIEWER, ""),),
    "/m/{ref}/wrong": ((REVIEWER, ""),),
    "/m/{ref}/pack": ((REVIEWER, ""), (REVIEWER, "?table=recipients")),
    "/m/{ref}/pack/download": ((REVIEWER, ""),),
    "/m/{ref}/pack/apology": ((REVIEWER, ""),),
    "/s/{token}/wrong": ((NOBODY, ""),),
    "/audit": ((REVIEWER, ""), (ADMIN, ""), (ADMIN, "?kind=message_held")),
    "/audit/check": ((ADMIN, ""),),
    "/audit/export": ((ADMIN, ""),),
    "/reports": ((REVIEWER, ""), (ADMIN, "")),
    "/reports/{month}": ((VIEWER, ""), (ADMIN, "")),
    "/policy": ((REVIEWER, ""), (ADMIN, "")),
    "/policy/quality": ((ADMIN, ""), (REVIEWER, "?rule=visible-list")),
    "/policy/try": ((REVIEWER, ""),),
    "/checked": ((NOBODY, ""),),
    "/incidents": ((REVIEWER, ""), (ADMIN, "?waiting=yes")),
    "/incidents/lists": ((ADMIN, ""), (ADMIN, "?list=register&from=1/1/2020&to=31/12/2040")),
    "/incidents/new": ((REVIEWER, ""),),
    "/incidents/{incident}": ((REVIEWER, ""),),
    "/incidents/{incident}/revise": ((ADMIN, "?part=measures"),),
    "/incidents/{incident}/decide": ((ADMIN, ""),),
    "/incidents/{incident}/link": ((ADMIN, ""),),
    "/incidents/{incident}/close": ((ADMIN, ""),),
    "/incidents/{incident}/forms/{form}": ((ADMIN, ""),),
    "/health": ((ADMIN, ""),),
    "/people": ((ADMIN, ""),),
    "/people/one": ((ADMIN, "?name=viewer@elmroad.example"),),
    "/settings": ((ADMIN, ""),),
    "/settings/sign-in": ((ADMIN, ""),),
    "/account": ((REVIEWER, ""),),
    "/keys": ((REVIEWER, ""),),
}
"""By path: who opens it, and with what behind the path."""
SHOWN_ELSEWHERE = {
    "/m/{ref}/body": "what the frame of the message page shows: test_console.py::test_the_html_*",
    "/account/second-factor": "test_console.py::test_the_page_of_a_link_and_of_the_second_factor",
    "/m/{ref}/parts/{number}": "test_attachments.py",
    "/m/{ref}/parts/{number}/download": "test_attachments.py",
    "/m/{ref}/download": "test_attachments.py",
    "/sign-in/provider": "only with a sign-in service: test_sign_in_service.py",
    "/sign-in/provider/back": "only with a sign-in service: test_sign_in_service.py",
    "/m/{ref}/report": "who reviews one team: test_incidents.py::test_a_reviewer_of_a_team_*",
    "/queue/news": "no page: what the script of the list asks for",
    "/queue/bulk/done": "test_several_at_once_look_as_they_must",
}


def test_every_page_of_the_route_table_is_looked_at() -> None:
    assert {route.path for route in ROUTES if route.method == "GET"} == {*GET_PAGES, *SHOWN_ELSEWHERE}


@pytest.mark.parametrize("path", GET_PAGES)
def test_a_page_looks_as_it_must(browser: Browser, house: House, watched: Watched, path: str) -> None:
    found: list[str] = []
    for number, (person, behind) in enumerate(GET_PAGES[path]):
        context = opened(browser, house, person)
        page = watched.watch(context.new_page(), house.base)
        answer = page.goto(addressed(house, path) + behind)
        assert answer is not None and answer.status == 200, f"{path} for {person}: {answer and answer.status}"
        found += faults(page, f"every{path.replace('/', '-').replace('{', '').replace('}', '')}-{number}")
        context.close()
    assert found == []


def opened(browser: Browser, house: House, person: str | None) -> BrowserContext:
    context = browser.new_context(base_url=house.base)
    return signed_in(context, house.people[person]) if person else context


def addressed(house: House, path: str) -> str:
    if path == "/start/{token}":
        made = house.service.run("user", "link", "viewer@elmroad.example")
        return made.stdout.strip().removeprefix(house.base)
    token = house.links[State.HELD].rpartition("/")[2]
    path = path.replace("{incident}", house.incident).replace("{form}", "notification")
    path = path.replace("{month}", datetime.now(ZoneInfo("Europe/London")).strftime("%Y-%m"))
    return path.replace("{ref}", house.refs[State.HELD]).replace("{token}", token)


SENDER_STEPS = {State.WAITING: ("now", "cancel", "some", "urgent"), State.LEAVING: ("cancel",)}
"""What its sender can still choose; of what is held GET_PAGES has it."""


def test_every_state_of_the_lifecycle_table_is_looked_at(house: House) -> None:
    assert set(house.refs) == set(State) == set(STATES)


@pytest.mark.parametrize("state", sorted(State))
def test_a_message_in_each_state_looks_as_it_must(
    browser: Browser, house: House, watched: Watched, state: State
) -> None:
    ref, found = house.refs[state], []
    context = opened(browser, house, REVIEWER)
    for path in (f"/m/{ref}", f"/m/{ref}/outcome", f"/m/{ref}/decide"):
        page = watched.watch(context.new_page(), house.base)
        answer = page.goto(path)
        assert answer is not None and answer.status in (200, 409), f"{path}: {answer and answer.status}"
        if state is State.RELEASING and path.endswith("/outcome"):
            expect(page.get_by_text("12 delivered")).to_be_visible()
            expect(page.get_by_text("1 still on the way")).to_be_visible()
        found += faults(page, f"state-{state}-{path.rpartition('/')[2].replace(ref, 'message')}")
        page.close()
    context.close()
    sender = browser.new_context()
    page = watched.watch(sender.new_page(), house.base)
    page.goto(house.links[state])
    found += faults(page, f"state-{state}-sender")
    for step in SENDER_STEPS.get(state, ()):
        answer = page.goto(f"{house.links[state]}?step=check&do={step}")
        assert answer is not None and answer.status == 200 and page.locator("#code").count() == 1, step
        found += faults(page, f"state-{state}-sender-{step}")
    sender.close()
    assert found == []
    assert state_of(house.service, ref) == state.value


def test_each_reason_leads_to_what_it_speaks_of_without_javascript(
    browser: Browser, house: House, watched: Watched
) -> None:
    ref = held(house.service, "Figures", with_a_file(BOOK, "Referrals March.xlsx"))
    context = browser.new_context(base_url=house.base, java_script_enabled=False)
    page = watched.watch(signed_in(context, house.people[REVIEWER]).new_page(), house.base)
    page.goto(f"/m/{ref}")
    why = page.get_by_role("region", name="Why this is held")
    person = page.get_by_text(CROWD[0], exact=True)
    expect(person).to_be_hidden()
    why.get_by_role("link", name="See the list of people").click()
    expect(person).to_be_in_viewport()
    why.get_by_role("link", name="See Referrals March.xlsx").click()
    expect(page.get_by_text("Referrals March.xlsx, application/octet-stream")).to_be_in_viewport()
    assert page.url.endswith("#part-1")
    context.close()
    for role in (VIEWER, ADMIN):
        other = opened(browser, house, role)
        page = watched.watch(other.new_page(), house.base)
        page.goto(f"/m/{ref}")
        assert page.get_by_role("region", name="Why this is held").get_by_role("link").count() == 0
        assert "Referrals" not in page.content() and "part-1" not in page.content()
        other.close()


def with_a_file(file: bytes, name: str) -> str:
    """The fields and the body of a message with a text and this attachment."""
    encoded = base64.encodebytes(file).decode().replace("\n", "\r\n")
    return (
        "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nSee attached.\r\n--b\r\n"
        f'Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename="{name}"\r\n'
        f"Content-Transfer-Encoding: base64\r\n\r\n{encoded}--b--"
    )


def test_the_steps_of_each_decision_look_as_they_must(browser: Browser, house: House, watched: Watched) -> None:
    ref, found = house.refs[State.HELD], []
    context = opened(browser, house, REVIEWER)
    page = watched.watch(context.new_page(), house.base)
    page.goto(f"/m/{ref}/decide")
    page.get_by_role("button", name="Continue").click()
    expect(page).to_have_title(re.compile("^Error: "))
    expect(page.locator(".govuk-error-summary")).to_be_focused()
    found += faults(page, "decide-nothing-chosen")
    for value in page.locator("input[name=choice]").evaluate_all("all => all.map(each => each.value)"):
        page.goto(f"/m/{ref}/decide")
        page.locator(f"#choice-{value}").check()
        page.get_by_role("button", name="Continue").click()
        page.wait_for_load_state()
        if page.title().startswith("Error: "):
            found += faults(page, f"decide-{value}-wrong")
            fill(page, value)
            page.get_by_role("button", name="Continue").click()
        expect(page).to_have_url(re.compile("/decide/check$"))
        page.wait_for_load_state()
        assert not page.title().startswith("Error: "), page.locator(".govuk-error-summary").inner_text()
        found += faults(page, f"decide-{value}-check")
    context.close()
    assert found == []
    assert state_of(house.service, ref) == "held"


def fill(page: Page, value: str) -> None:
    """What a choice needs besides itself."""
    for area in page.locator("textarea.govuk-textarea--error, textarea").all():
        if not area.input_value():
            area.fill("Agreed with the practice manager")
    if value == "escalate":
        page.locator("#ask_to").select_option(index=1)
    if value == "original":
        page.locator("input[name=why]").first.check()


def test_the_steps_of_an_apology_look_as_they_must(browser: Browser, house: House, watched: Watched) -> None:
    ref, found = held(house.service, "Got out"), []
    house.service.run("held", "release", ref, "--as", "original", "--reason", "agreed")
    context = browser.new_context(base_url=house.base, java_script_enabled=False)
    page = watched.watch(signed_in(context, house.people[REVIEWER]).new_page(), house.base)
    page.goto(f"/m/{ref}")
    page.get_by_role("link", name="See who saw what").click()
    expect(page.get_by_text("12 people could see the email addresses of others")).to_be_visible()
    # axe is a script, and no page here runs any: each step is looked at in a browser that does.
    looker = watched.watch(opened(browser, house, REVIEWER).new_page(), house.base)
    looker.goto(f"/m/{ref}/pack")
    found += faults(looker, "pack")
    with page.expect_download() as file:
        page.get_by_role("link", name="Save it as a file").click()
        page.get_by_role("button", name="Save the file").click()
        expect(page.get_by_role("link", name="Say why you need it")).to_be_visible()
        page.locator("#why").fill("For the notification")
        page.get_by_role("button", name="Save the file").click()
    assert file.value.suggested_filename == f"{ref}-incident-pack.zip"
    looker.goto(f"/m/{ref}/pack/download")
    looker.get_by_role("button", name="Save the file").click()
    found += faults(looker, "pack-download-wrong")
    looker.goto(f"/m/{ref}/pack/apology")
    found += faults(looker, "pack-apology")
    looker.get_by_role("button", name="Continue").click()
    expect(looker).to_have_title(re.compile("^Error: "))
    found += faults(looker, "pack-apology-wrong")
    looker.locator("#text").fill(f"Subject: We are sorry\n\nOthers could see your address.\n{LONG}\n")
    looker.get_by_role("button", name="Continue").click()
    found += faults(looker, "pack-apology-check")
    page.goto(f"/m/{ref}/pack/apology")
    page.locator("#text").fill("Subject: We are sorry\n\nOthers could see your address.\n")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Go back and change it").click()
    assert page.locator("#text").input_value().startswith("Subject: We are sorry\n\nOthers could see")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Send 12 separate copies").click()
    expect(page.get_by_text("The apology is on its way to 12 people, a copy each.")).to_be_visible()
    looker.get_by_role("button", name="Send 12 separate copies").click()
    expect(looker.get_by_text("Nothing was sent: everybody whom it concerns had an apology already.")).to_be_visible()
    found += faults(looker, "pack-done")
    context.close()
    looker.context.close()
    assert found == []


def test_a_conflict_looks_as_it_must(browser: Browser, house: House, watched: Watched) -> None:
    ref = held(house.service, "Decided twice")
    context = opened(browser, house, REVIEWER)
    page = watched.watch(context.new_page(), house.base)
    page.goto(f"/m/{ref}/decide")
    page.locator("#choice-reject").check()
    page.locator("#reject_note").fill("Use the bulk service")
    page.get_by_role("button", name="Continue").click()
    house.service.run("held", "reject", ref, "--note", "no", "--by", "Jo")
    page.get_by_role("button", name="Do not send").click()
    assert "already decided" in page.content() and "Use the bulk service" in page.content()
    assert faults(page, "conflict") == []
    context.close()


def test_several_at_once_look_as_they_must(browser: Browser, house: House, watched: Watched) -> None:
    for number in range(2):
        held(house.service, f"One of {'two' if number else 'several'}")
    context, found = opened(browser, house, REVIEWER), []
    page = watched.watch(context.new_page(), house.base)
    page.goto("/queue?q=One+of")
    for each in page.locator("li.mg-card input[type=checkbox]").all():
        each.check()
    page.get_by_role("button", name="Do not send").click()
    found += faults(page, "bulk-check")
    page.locator("#note").fill("Please use the bulk service")
    page.get_by_role("button", name="Do not send").click()
    assert "/queue/bulk/done" in page.url, page.url
    found += faults(page, "bulk-done")
    context.close()
    assert found == []


def test_a_tried_message_looks_as_it_must(browser: Browser, house: House, watched: Watched) -> None:
    context = opened(browser, house, ADMIN)
    page = watched.watch(context.new_page(), house.base)
    page.goto("/policy/try")
    page.locator("#text").fill(message(CROWD, subject="Tried").decode())
    page.get_by_role("button", name="Try").click()
    assert faults(page, "try-result") == []
    context.close()


def test_errors_look_as_they_must(browser: Browser, house: House, watched: Watched) -> None:
    found: list[str] = []
    wrong: tuple[tuple[str | None, str, int], ...] = (
        (NOBODY, "/nothing", 404),
        (NOBODY, f"/s/{'0' * 64}", 404),
        (VIEWER, f"/m/{house.refs[State.HELD]}/decide", 403),
        (VIEWER, "/health", 403),
        (REVIEWER, "/reports/2001-13", 404),
        (REVIEWER, "/m/MG-AAAA-AA", 404),
    )
    for number, (person, path, status) in enumerate(wrong):
        context = opened(browser, house, person)
        page = watched.watch(context.new_page(), house.base)
        answer: Any = page.goto(path)
        assert answer.status == status, f"{path}: {answer.status}"
        found += faults(page, f"error-{status}-{number}")
        context.close()
    assert found == []
