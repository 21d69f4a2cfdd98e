"""The console, the sender's page and the notices as CONSOLE.md has them, written without a look at the code.

One real `mailguard serve` for all of it: mail comes in over SMTP, people come over HTTP, a sink takes what leaves
(console_house.py). What takes its time is begun when the service starts and looked at by the last tests.
"""

from __future__ import annotations

import csv
import email
import email.policy
import functools
import io
import re
import sqlite3
import time
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.console_house import (
    BODY,
    House,
    code_of,
    decide,
    hold,
    house,
    last_button,
    letter,
    sender_of,
    text_of,
)
from tests.end_to_end.mailing import people, submit
from tests.end_to_end.service import eventually
from tests.end_to_end.visitor import PASSWORD, Page, Visitor, sign_in

__all__ = ["house"]
TIME = r"(\d+(:\d\d)?[ap]m|midday|midnight)"
"""As pages say it: on the full hour without minutes (core/moment.py)."""
STOP_SECONDS = 30
PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
SAFE_VIEW = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'self'"
)
NO_SUCH_LINK = "This link does not work any more"


# The list


def test_the_list_leads_with_the_consequence_and_is_ordered_by_deadline(house: House) -> None:
    page = house.visitor["sam"].get("/queue")
    cards = [words for href, words in page.links if href.startswith("/m/")]
    assert cards[0] == "The subject says that it will expire"
    assert "12 people in Cc would see each other's addresses" in cards
    assert page.title == f"Held messages ({len(cards)}) – mailguard"
    card = next(words for tag, words in page.items if tag == "li" and house.ref["stopped"] in words)
    assert "to 12 people at stopped.example" in card and "Due in 23 hours" in card
    assert sender_of("stopped", "elm") in card and "Subject: Diabetes clinic" in card


SEARCHES = (
    ("from:stopped@elm", {"stopped"}),
    ("to:person1@county.example", {"conflict"}),
    ("domain:press.example", {"embargo"}),
    ("reason:embargo", {"embargo"}),
    ("Diabetes", {"stopped"}),
    ("before:01/01/2020", set()),
)


@pytest.mark.parametrize("words, expected", SEARCHES)
def test_a_search_word_finds_what_it_names_and_nothing_else(house: House, words: str, expected: set[str]) -> None:
    sam = house.visitor["sam"]
    page = sam.press(sam.get("/queue?view=all"), "Search", q=words)
    assert refs(page) == {house.ref[name] for name in expected}
    # The search stands in the address: reading it again is the same list.
    assert "q=" in str(sam.at.url) and refs(sam.get(str(sam.at.url))) == refs(page)


def refs(page: Page) -> set[str]:
    return {href.removeprefix("/m/") for href, _ in page.links if re.fullmatch(r"/m/MG-[A-Z2-9]{4}-[A-Z2-9]{2}", href)}


def test_a_reference_and_a_day_are_searched_for_too(house: House) -> None:
    sam = house.visitor["sam"]
    assert refs(sam.get(f"/queue?view=all&q=ref:{house.ref['conflict']}")) == {house.ref["conflict"]}
    assert refs(sam.get(f"/queue?view=all&q={house.ref['conflict'].lower()}")) == {house.ref["conflict"]}
    assert house.ref["conflict"] in refs(sam.get(f"/queue?view=all&q=after:{house.opened:%d/%m/%Y}"))
    assert refs(sam.get("/queue?view=all&q=after:01/01/2099")) == set()


def test_an_unknown_search_word_is_answered_with_the_one_that_was_meant(house: House) -> None:
    page = house.visitor["sam"].get("/queue?q=form:jo")
    assert "We do not know ‘form:’. Did you mean ‘from:’?" in page.text
    assert page.title.startswith("Error: ")


def test_a_search_without_a_result_offers_to_clear_the_filters(house: House) -> None:
    page = house.visitor["sam"].get("/queue?view=all&q=domain:nobody.example")
    assert "No messages match these filters." in page.text and page.link("Clear filters")


def test_a_saved_view_is_private_and_an_admin_shares_one_with_a_team(house: House) -> None:
    sam, amira, admin, pat = (house.visitor[who] for who in ("sam", "amira", "admin", "pat"))
    found = sam.get("/queue?view=all&q=domain:press.example")
    page = sam.press(sam.get(found.link("Save this view")), "Save the view", name="The press")
    opened = sam.get(sam.get("/queue").link("The press"))
    assert refs(opened) == {house.ref["embargo"]} and "press.example" in str(sam.at.url)
    assert "The press" not in amira.get("/queue").markup + amira.get("/queue/views").markup
    page = admin.get(admin.get("/queue?view=due-soon").link("Save this view"))
    admin.press(page, "Save the view", name="Soon at Elm", **{"for": "elm"})
    assert amira.get("/queue").link("Soon at Elm")
    assert "Soon at Elm" not in pat.get("/queue").markup + pat.get("/queue/views").markup


# Who may see what


def test_who_may_not_read_gets_neither_subject_nor_people_nor_text(house: House) -> None:
    """Not hidden: absent from what is sent, on every page that speaks of a message."""
    name = "conflict"
    secret = ("Ask about figures", "county.example", sender_of(name, "elm"), "Jo Reid", "BODYWORD")
    for who in ("viewer", "admin"):
        visitor = house.visitor[who]
        paths = ("/queue", "/queue?view=all", house.page(name), f"/queue?q=ref:{house.ref[name]}", "/audit")
        for path in (*paths, f"/audit?ref={house.ref[name]}", house.page(name, "/outcome")):
            page = visitor.get(path)
            for words in secret:
                assert words not in page.markup, f"{who} reads {words!r} at {path}"
        assert house.ref[name] in visitor.get("/queue?view=all").markup
        for path in ("/decide", "/body", "/notes", "/parts/1", "/download"):
            answer = visitor.get(house.page(name, path))
            assert visitor.at.status_code in {403, 404, 405}, path
            assert not any(words in answer.markup for words in secret), path
        for words in ("from:conflict@elm", "to:person1@county.example", "domain:county.example", "figures"):
            assert refs(visitor.get(f"/queue?view=all&q={words}")) == set(), "a search must not tell either"


def test_another_teams_reviewer_finds_nothing_of_it_anywhere(house: House) -> None:
    pat, name = house.visitor["pat"], "conflict"
    for path in (
        "/queue?view=all",
        f"/queue?view=all&q=ref:{house.ref[name]}",
        "/audit",
        f"/audit?ref={house.ref[name]}",
    ):
        page = pat.get(path)
        assert not any(href.endswith(house.ref[name]) and href.startswith("/m/") for href, _ in page.links), path
        assert "Ask about figures" not in page.markup and 'county.example"' not in page.markup, path
    assert pat.get("/queue?view=all").title == "Held messages (2) – mailguard"
    assert "2 messages" in pat.get("/queue?view=all").text
    for path in ("", "/decide", "/body", "/outcome", "/notes"):
        page = pat.get(house.page(name, path))
        assert pat.at.status_code in {403, 404}
        assert "Ask about figures" not in page.markup and "county.example" not in page.markup
    assert "You cannot see this message. It belongs to elm. Ask manager@elmroad.example if you need access." in (
        pat.get(house.page(name)).text
    )
    assert "Quincewood" not in house.visitor["sam"].get("/queue?view=all").markup


def test_another_teams_audit_trail_is_empty(house: House) -> None:
    page = house.visitor["pat"].get(f"/audit?ref={house.ref['copies']}")
    assert "Nothing has been recorded yet for these filters." in page.text
    assert house.ref["secret"] in house.visitor["pat"].get("/audit").markup
    admin = house.visitor["admin"].get("/audit")
    assert "sam@elmroad.example" in admin.text


def exported(visitor: Visitor, path: str) -> tuple[bytes, list[list[str]]]:
    page = visitor.get(path)
    visitor.press(page, "Save the table")
    assert visitor.at.headers["content-type"].startswith("text/csv")
    raw = visitor.at.content
    return raw, list(csv.reader(io.StringIO(raw.decode("utf-8-sig"))))


def test_a_table_is_guarded_against_formulas_and_says_what_the_list_says(house: House) -> None:
    sam = house.visitor["sam"]
    shown = sam.get("/queue?view=all")
    page = sam.get(shown.link("Export this list (CSV)"))
    count = int(re.findall(r"a table of (\d+) messages", page.text)[0])
    before = [row["kind"] for row in house.shell("audit", "list")].count("held_exported")
    raw, rows = exported(sam, shown.link("Export this list (CSV)"))
    assert raw.startswith(b"\xef\xbb\xbf")
    assert len(rows) - 1 == count == len(refs(shown))
    cells = [cell for row in rows for cell in row]
    assert '\'=HYPERLINK("http://x.example")' in cells
    assert not any(cell[:1] in "=+-@\t\r" for cell in cells if cell)
    assert any(re.match(r"\d{4}-\d\d-\d\d", cell) for cell in cells), "dates as ISO 8601"
    assert b"BODYWORD" not in raw
    assert [row["kind"] for row in house.shell("audit", "list")].count("held_exported") == before + 1


def test_the_table_of_who_may_not_read_names_nobody_and_another_teams_has_only_its_own(house: House) -> None:
    raw, rows = exported(house.visitor["viewer"], "/queue/export?view=all")
    assert house.ref["conflict"].encode() in raw
    for words in (b"Ask about figures", b"county.example", b"@elm.elmroad.example", b"HYPERLINK"):
        assert words not in raw
    raw, rows = exported(house.visitor["pat"], "/queue/export?view=all")
    assert len(rows) == 3 and house.ref["conflict"].encode() not in raw


# One message


def test_a_message_says_why_it_is_held_and_what_happens_if_nobody_decides(house: House) -> None:
    sam = house.visitor["sam"]
    page = sam.get(house.page("stopped"))
    assert page.h1 == "Diabetes clinic" and page.title == "Diabetes clinic – mailguard"
    assert "Needs a decision" in page.text and house.ref["stopped"] in page.text
    assert "It has not been sent to anyone." in page.text
    assert re.search(r"If nobody decides by .{0,60}, it will not be sent", page.text)
    assert "Safe view. Pictures from the internet, links and forms are turned off." in page.text
    assert "BODYWORD" in page.text and "12 of 13" in page.text
    kinds = house.kinds("stopped")
    assert "content_viewed" in kinds, "a look is recorded"


def test_what_has_happened_says_that_the_sender_was_told(house: House) -> None:
    story = house.visitor["sam"].get(house.page("stopped")).text.partition("What has happened")[2]
    for words in ("received", "was held", "was written to its sender", "sam@elmroad.example looked at"):
        assert words in story, words


def test_a_recipient_that_no_list_names_is_shown_as_hidden(house: House) -> None:
    raw = letter("hidden", "Ask about hidden", "elm", people(1, "seen.example"))
    to = [*people(1, "seen.example"), "bcc@unseen.example"]
    _, said = submit(house.service.port, raw, to, sender_of("hidden", "elm"))
    page = house.visitor["sam"].get("/m/" + re.findall(r"MG-\S+", said)[0])
    assert "Also going to people who stand in no list that the others could read: 1." in page.text
    assert "bcc@unseen.example (hidden)" in page.text and "person0@seen.example (hidden)" not in page.text


def test_the_safe_view_of_markup_has_exactly_the_headers_of_the_specification(house: House) -> None:
    markup = "<style>p{color:red}</style><p>Hello</p><script>x()</script><img src=cid:a@b><img src=http://x.example/y>"
    body = (
        f"--b\r\nContent-Type: text/html\r\n\r\n{markup}\r\n--b\r\nContent-Type: image/png\r\nContent-ID: <a@b>\r\n"
        f"Content-Transfer-Encoding: base64\r\n\r\n{PICTURE}\r\n--b--\r\n"
    )
    kind = "MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b"
    hold(house, "markup", "Ask about markup", "elm", people(1, "markup.example"), extra=kind, body=body)
    sam = house.visitor["sam"]
    page = sam.get(house.page("markup") + "?view=html")
    assert re.search(r'<iframe[^>]* sandbox=""', page.markup) and 'title="Message text, safe view"' in page.markup
    shown = sam.get(house.page("markup", "/body"))
    headers = sam.at.headers
    assert headers["content-security-policy"] == SAFE_VIEW
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer" and headers["cache-control"] == "no-store"
    assert "<script" not in shown.markup and "http://x.example" not in shown.markup.replace("&#", "")
    assert f"data:image/png;base64,{PICTURE[:20]}" in shown.markup.replace("\n", "")
    for who in ("viewer", "pat", "admin"):
        house.visitor[who].get(house.page("markup", "/body"))
        assert house.visitor[who].at.status_code in {403, 404}
    stranger = house.stranger()
    assert "Hello" not in stranger.get(house.page("markup", "/body")).markup


# Decisions


def test_the_five_decisions_stand_in_their_order_and_none_is_chosen(house: House) -> None:
    form = house.visitor["sam"].get(house.page("stopped", "/decide")).form("Continue")
    choices = form.named("choice")
    assert [each.value for each in choices] == ["separate", "bcc", "reject", "escalate", "original"]
    said = [each.label for each in choices]
    assert said[0].startswith("Send a separate copy to each person") and "Recommended" in said[0]
    assert said[1] == "Move everyone to Bcc and send"
    assert said[2].startswith("Do not send. Tell ") and said[2].endswith(" why")
    assert said[3:] == ["Ask someone else to decide", "Send it exactly as it is"]
    assert not any(each.chosen for each in form.fields if each.kind in {"radio", "checkbox"})


def test_nothing_chosen_is_an_error_with_a_summary_that_leads_to_the_choice(house: House) -> None:
    sam = house.visitor["sam"]
    page = sam.press(sam.get(house.page("stopped", "/decide")), "Continue")
    assert sam.at.status_code == 422 and page.title.startswith("Error: ")
    assert "There is a problem" in page.text
    target = page.link("Choose what should happen to this message").removeprefix("#")
    assert re.search(rf'<input[^>]* id="{target}"[^>]* type="radio"', page.markup)


REFUSED = (
    ({"choice": "reject"}, "10 to 1,000"),
    ({"choice": "reject", "reject_note": "too short"}, "10 to 1,000"),
    ({"choice": "reject", "reject_note": "x" * 1001}, "10 to 1,000"),
    ({"choice": "original"}, "right"),
    ({"choice": "original", "why": "rule"}, "10 to 1,000"),
    ({"choice": "original", "why": "other", "why_note": "short"}, "10 to 1,000"),
    ({"choice": "escalate", "ask_note": "Please have a look at it."}, "who should decide"),
)


@pytest.mark.parametrize("filled, words", REFUSED)
def test_what_a_decision_needs_is_asked_for_and_what_was_typed_stays(
    house: House, filled: dict[str, str], words: str
) -> None:
    sam = house.visitor["sam"]
    page = sam.press(sam.get(house.page("stopped", "/decide")), "Continue", **filled)
    assert sam.at.status_code == 422 and words in page.text.partition("There is a problem")[2][:300]
    form = page.form("Continue")
    assert [each.value for each in form.named("choice") if each.chosen] == [filled["choice"]]
    for name in set(filled) - {"choice", "why"}:
        assert form.named(name)[0].value == filled[name]
    assert house.state("stopped") == "held"


def test_a_summary_says_how_many_and_its_button_too_and_until_it_is_pressed_nothing_happens(house: House) -> None:
    sam = house.visitor["sam"]
    page = sam.press(sam.get(house.page("stopped", "/decide")), "Continue", choice="separate")
    assert page.h1 == "Check before you send"
    assert (
        "Cc: 12 people outside → removed. Each person gets their own copy with only their address in To." in page.text
    )
    assert last_button(page) == "Send 12 separate copies" and "Go back" in " ".join(page.buttons())
    assert "will be told" in page.text and "Second approval" in page.text
    assert house.reached("stopped.example") == [] and house.state("stopped") == "held"


def test_what_was_decided_can_be_stopped_and_needs_a_decision_again(house: House) -> None:
    sam = house.visitor["sam"]
    page = decide(sam, house, "stopped", choice="separate")
    assert page.h1 == "12 separate copies are being sent. You can stop this for 30 seconds."
    assert "Sending" in sam.get(house.page("stopped")).text
    assert page.link("Back to the list") and page.link("Next message that needs a decision")
    sam.press(page, "Stop")
    assert house.state("stopped") == "held" and "Needs a decision" in sam.get(house.page("stopped")).text
    assert house.kinds("stopped").count("release_decided") == house.kinds("stopped").count("release_stopped") == 1


def test_nobody_decides_about_a_message_of_their_own_and_none_is_led_to_try(house: House) -> None:
    own = house.visitor["own"]
    page = own.get(house.page("own"))
    assert own.at.status_code == 200 and "Go to the decision" not in page.text
    own.get(house.page("own", "/decide"))
    assert own.at.status_code == 403
    other = own.get(house.page("formula", "/decide"))
    for name, value in (("choice", "separate"), ("reject_note", "No, this is not for them.")):
        assert other.form("Continue").named(name)
        data = other.form("Continue").data() | {"choice": ["reject"], name: [value]}
        for step in ("/decide/check", "/decide"):
            answer = own.client.post(house.page("own", step), data=data, headers={"Origin": house.base})
            assert answer.status_code in {403, 409, 422}, step
    assert house.state("own") == "held"


def test_two_have_to_approve_and_neither_is_the_sender_nor_are_they_the_same(house: House) -> None:
    sam, amira, jo = house.visitor["sam"], house.visitor["amira"], house.visitor["embargo"]
    seen_by_amira = amira.get(house.page("embargo", "/decide"))
    page = decide(sam, house, "embargo", choice="separate", send_note="The press office agreed.")
    assert "This needs a second person. It has not been sent." in page.text
    assert "Needs a second approval" in sam.get(house.page("embargo")).text
    jo.get(house.page("embargo", "/decide"))
    assert jo.at.status_code == 403, "the sender"
    again = sam.get(house.page("embargo", "/decide"))
    assert {each.value for each in again.form("Continue").named("choice")} <= {"reject", "escalate"}
    assert "You have given the first of two approvals" in again.text and "You has" not in again.text
    data = {**again.form("Continue").data(), "choice": ["agree"]}
    for step in ("/decide/check", "/decide"):
        answer = sam.client.post(house.page("embargo", step), data=data, headers={"Origin": house.base})
        assert answer.status_code in {403, 409, 422}, "the same person"
    assert house.state("embargo") == "approved_once"
    # Who had opened the form before is told that somebody was faster, and keeps what they typed.
    page = amira.press(seen_by_amira, "Continue", choice="reject", reject_note="Not before Monday, please.")
    if amira.at.status_code != 409:
        page = amira.press(page, last_button(page))
    assert amira.at.status_code == 409 and "Not before Monday, please." in page.text
    second = amira.get(house.page("embargo", "/decide"))
    assert "sam@elmroad.example chose: separate copies." in second.text and "The press office agreed." in second.text
    assert {"agree", "reject"} < {each.value for each in second.form("Continue").named("choice")}
    assert not any(each.chosen for each in second.form("Continue").fields if each.kind == "radio")
    page = amira.press(second, "Continue", choice="agree")
    assert "3" in last_button(page)
    page = amira.press(page, last_button(page))
    assert "You can stop this for 30 seconds" in page.text
    story = amira.get(f"/audit?ref={house.ref['embargo']}").text
    assert "sam@elmroad.example gave the first of two approvals" in story and "amira@elmroad.example decided" in story
    amira.press(amira.get(house.page("embargo", "/outcome")), "Stop")
    assert house.state("embargo") == "held", "what is stopped needs both again"


def test_the_rules_page_does_not_let_the_sender_send_alone_what_two_have_to_approve(house: House) -> None:
    page = house.visitor["sam"].get("/policy").text
    embargo = page.partition("These figures are under embargo.")[2].partition("Rule embargo")[0]
    assert "two people" in embargo and "cancel it" in embargo
    assert "separate copies without asking" not in embargo


def test_who_comes_second_reads_who_decided_what_and_when_and_keeps_the_note(house: House) -> None:
    sam, amira = house.visitor["sam"], house.visitor["amira"]
    page = amira.get(house.page("conflict", "/decide"))
    summary = amira.press(page, "Continue", choice="original", why="other", why_note="The council asked for it.")
    decide(sam, house, "conflict", choice="reject", reject_note="Please send the summary only.")
    said = {each.name: each.value for each in summary.form("Send").fields if each.kind == "checkbox"}
    page = amira.press(summary, last_button(summary), **said)
    assert amira.at.status_code == 409
    assert page.h1 == "sam@elmroad.example has already decided"
    assert re.search(rf"sam@elmroad.example chose “Do not send” at {TIME} on (\w+ )?\d+ \w+ \d{{4}}\.", page.text)
    assert "Your choice was not used, and nothing was sent because of it." in page.text
    assert "Your note is below, in case you want to keep it." in page.text and "The council asked for it." in page.text
    assert "Please send the summary only." not in page.text.partition("Your note")[2]
    assert page.link("See what was decided") and page.link("Next message")
    assert house.state("conflict") == "rejected" and house.reached("county.example") == []
    page = amira.get(house.page("conflict"))
    assert "Not sent – rejected" in page.text and "Go to the decision" not in page.text


def test_a_sender_who_cancels_is_named_to_who_was_deciding(house: House) -> None:
    sam = house.visitor["sam"]
    page = sam.get(house.page("taken-back", "/decide"))
    summary = sam.press(page, "Continue", choice="reject", reject_note="This should not go to them.")
    act(house, "taken-back", "cancel")
    page = sam.press(summary, last_button(summary))
    assert sam.at.status_code == 409 and page.h1 == "The sender cancelled this email"
    assert re.search(rf"It was cancelled at {TIME}", page.text)
    assert "There is nothing left to decide." in page.text and "This should not go to them." in page.text
    assert "Not sent – cancelled by sender" in sam.get(house.page("taken-back")).text


def test_somebody_else_who_is_asked_is_named_in_the_state_and_hears_of_it(house: House) -> None:
    sam = house.visitor["sam"]
    form = sam.get(house.page("escalated", "/decide")).form("Continue")
    offered = form.named("ask_to")[0].options
    names = " ".join(words for _, words in offered)
    assert "amira@elmroad.example" in names and "pat@" not in names and "viewer@" not in names
    assert "escalated@" not in names, "the sender is not asked"
    value = next(value for value, words in offered if "amira" in words)
    decide(sam, house, "escalated", choice="escalate", ask_to=value, ask_note="You know these people better.")
    assert "Escalated to amira@elmroad.example" in sam.get(house.page("escalated")).text
    assert house.ref["escalated"] in refs(sam.get("/queue?view=escalated"))
    assert house.state("escalated") == "held"
    (told,) = eventually(lambda: house.notices("amira@elmroad.example"))
    assert house.base in text_of(told) and house.ref["escalated"] in text_of(told)
    for words in ("Ask the chief", "chief.example", "You know these people better", "BODYWORD"):
        assert words not in told.as_string() and words not in text_of(told)


# Several at once


def test_fifty_at_once_are_the_most(house: House) -> None:
    sam = house.visitor["sam"]
    page = sam.get("/queue?view=all")
    form = page.form("Do not send")
    ticked = [each for each in form.fields if each.kind == "checkbox"]
    letters = "ABCDEFGH"
    many = [f"MG-22{one}{two}-22" for one in letters for two in letters][:51]
    data = {ticked[0].name.replace(ticked[0].name[-len("MG-2222-22") :], ref): ["1"] for ref in many}
    said = next(button for button in form.buttons if button[0] == "Do not send")
    page = sam.send(form, form.data() | data | {said[1]: [said[2]]})
    assert sam.at.status_code == 422 and "select at most 50" in page.text and "Nothing was changed" in page.text
    page = sam.send(form, form.data() | {said[1]: [said[2]]})
    assert sam.at.status_code == 422, "none at all"


def test_several_are_listed_before_and_after_and_what_somebody_else_decided_is_said(house: House) -> None:
    sam, amira = house.visitor["sam"], house.visitor["amira"]
    names = ("one", "two", "three")
    for name in names:
        hold(house, name, f"Ask about many {name}", "elm", people(1, "many.example"))
    page = sam.get("/queue?q=domain:many.example")
    form = page.form("Do not send")
    ticked = [each for each in form.fields if each.kind == "checkbox"]
    assert len(ticked) == 3 and "Send" not in [button[0] for button in form.buttons]
    said = next(button for button in form.buttons if button[0] == "Do not send")
    data = form.data() | {each.name: [each.value] for each in ticked} | {said[1]: [said[2]]}
    page = sam.send(form, data)
    assert all(house.ref[name] in page.text and f"Ask about many {name}" in page.text for name in names)
    assert all(house.state(name) == "held" for name in names), "nothing has happened yet"
    decide(amira, house, "two", choice="reject", reject_note="These are not for them.")
    note = next(each.name for form in page.forms for each in form.fields if each.kind == "textarea")
    button = next(words for words in page.buttons() if words.startswith("Do not send"))
    assert "3" in button
    page = sam.press(page, button, **{note: "Please send these one by one."})
    assert re.search(rf"2 done\. .*1 was not changed because amira@elmroad\.example decided it at {TIME}", page.text), (
        page.text
    )
    assert {house.state(name) for name in names} == {"rejected"}


# The sender's page


def act(house: House, name: str, do: str, visitor: Visitor | None = None, **filled: str) -> tuple[Visitor, Page]:
    """A sender opens the link, chooses, types the code and presses the button."""
    sender = visitor or house.stranger()
    page = sender.press(sender.get(house.link[name]), "Continue", do=do)
    return sender, sender.press(page, page.buttons()[-1], code=code_of(page), **filled)


def test_opening_a_link_changes_nothing_however_often_and_by_whatever_method(house: House) -> None:
    before = house.kinds("cancelled")
    sender = house.stranger()
    for _ in range(3):
        page = sender.get(house.link["cancelled"])
        assert page.h1 == "What should happen to your email?"
        head = sender.client.head(house.link["cancelled"])
        assert head.status_code == 200 and head.content == b""
        sender.get(house.link["cancelled"] + "?step=check&do=cancel")
        sender.client.head(house.link["cancelled"] + "?step=check&do=cancel")
    assert house.kinds("cancelled") == before and house.state("cancelled") == "held"
    assert sender.at.headers["referrer-policy"] == "no-referrer" and sender.at.headers["cache-control"] == "no-store"
    assert "<script" not in page.markup


def test_the_senders_page_offers_what_the_rule_allows_and_names_no_recipient(house: House) -> None:
    sender = house.stranger()
    allowed = {
        "separate": ["separate", "cancel", "urgent"],
        "embargo": ["cancel", "urgent"],
        "formula": ["cancel", "urgent"],
        "now": ["now", "cancel", "some", "urgent"],
    }
    for name, expected in allowed.items():
        page = sender.get(house.link[name])
        choices = page.form("Continue").named("do")
        assert [each.value for each in choices] == expected, name
        assert not any(each.chosen for each in choices)
        assert "person" + "0@" not in page.markup and "BODYWORD" not in page.markup
    page = sender.get(house.link["formula"] + "?step=check&do=separate")
    assert sender.at.status_code in {403, 404, 409, 422} or not page.forms


def test_an_act_without_the_code_or_with_another_browsers_does_nothing(house: House) -> None:
    first, second = house.stranger(), house.stranger()
    address = house.link["guesses"]
    page = first.press(first.get(address), "Continue", do="cancel")
    elsewhere = code_of(second.press(second.get(address), "Continue", do="cancel"))
    assert elsewhere != code_of(page)
    for code in ("", elsewhere, "AAAAA"):
        answer = first.press(page, "Cancel", code=code)
        assert first.at.status_code == 422 and "code" in answer.text.partition("There is a problem")[2]
    assert house.state("guesses") == "held"
    for _ in range(4):
        answer = first.press(page, "Cancel", code="AAAAA")
    answer = first.press(page, "Cancel", code=code_of(page))
    assert first.at.status_code in {422, 429} and house.state("guesses") == "held", "five wrong ones lock it"


def test_a_link_is_for_its_own_message_and_an_altered_one_says_what_an_invented_one_says(house: House) -> None:
    sender = house.stranger()
    real = house.link["cancelled"]
    altered = real[:-1] + ("0" if real[-1] != "0" else "1")
    answers = set()
    for address in (altered, f"{house.base}/s/{'0' * len(real.rpartition('/')[2])}", f"{house.base}/s/x"):
        page = sender.get(address)
        assert page.h1 == NO_SUCH_LINK
        assert "look for the reference" in page.text.lower() and "reply to" in page.text
        answers.add((sender.at.status_code, re.sub(r"MG-\S+", "", page.text)))
    assert len(answers) == 1
    page = sender.press(sender.get(real), "Continue", do="cancel")
    form = page.form("Cancel")
    form.action = altered
    sender.send(form, form.data() | {"code": [code_of(page)]})
    assert sender.at.status_code == 404 and house.state("cancelled") == "held"


def test_a_sender_cancels_without_an_account_and_a_second_time_changes_nothing(house: House) -> None:
    sender, page = act(house, "cancelled", "cancel")
    assert "You cancelled it at" in page.text and "Nobody received it." in page.text and "Sent folder" in page.text
    kinds = house.kinds("cancelled")
    assert kinds.count("hold_cancelled") == 1 and house.state("cancelled") == "cancelled"
    page = sender.get(house.link["cancelled"])
    assert "cancelled" in page.h1 and page.forms == []
    assert house.kinds("cancelled") == kinds
    rows = [row for row in house.shell("audit", "list") if row["ref"] == house.ref["cancelled"]]
    assert next(row for row in rows if row["kind"] == "hold_cancelled")["actor"] == "sender"
    told = eventually(lambda: house.notices(sender_of("cancelled", "elm"))[1:])
    assert str(told[0]["Subject"]) == "Not sent: Heart clinic" and "cancelled" in text_of(told[0])


def test_a_sender_sends_copies_alone_where_the_rule_allows_it_and_can_still_cancel(house: House) -> None:
    sender, page = act(house, "separate", "separate")
    assert "about to be sent" in page.h1 and "Cancel this email" in page.buttons()
    assert house.state("separate") == "leaving" and house.reached("asthma.example") == []
    page = sender.press(page, "Cancel this email", code=code_of(page))
    assert "cancelled" in page.h1 and house.state("separate") == "cancelled"


def test_an_urgent_message_stands_first_with_its_reason_and_is_only_told_to_who_may_read(house: House) -> None:
    sender = house.stranger()
    page = sender.press(sender.get(house.link["urgent"]), "Continue", do="urgent")
    answer = sender.press(page, "Say that it cannot wait", code=code_of(page))
    assert sender.at.status_code == 422 and "reason" in answer.text, "a reason is needed"
    sender.press(page, "Say that it cannot wait", code=code_of(page), reason="Mrs Quill is waiting")
    assert house.state("urgent") == "held", "it stays held"
    page = house.visitor["sam"].get("/queue")
    assert next(href for href, _ in page.links if href.startswith("/m/")) == house.page("urgent")
    assert "Sender says this is urgent: Mrs Quill is waiting" in page.text
    for who in ("viewer", "admin"):
        assert (
            "Quill" not in house.visitor[who].get("/queue").markup + house.visitor[who].get(house.page("urgent")).markup
        )
    urgent = f"Urgent: a held email cannot wait, says its sender ({house.ref['urgent']})"
    told = eventually(
        lambda: [n for n in house.notices("manager@elmroad.example") if str(n["Subject"]) == urgent],
        what="an urgent call, however many holds were told of before",
    )
    assert "Ask at once" not in told[0].as_string() and "Quill" not in text_of(told[0])


# A message that waits


def test_a_message_that_waits_is_shown_as_such_and_its_sender_can_leave_people_out(house: House) -> None:
    sam = house.visitor["sam"]
    assert house.ref["some"] not in refs(sam.get("/queue"))
    assert house.ref["some"] in refs(sam.get("/queue?view=sent-by-itself"))
    assert "Waiting for the sender" in sam.get(house.page("some")).text
    sender = house.stranger()
    page = sender.press(sender.get(house.link["some"]), "Continue", do="some")
    wrong = sender.press(page, "Leave these people out", code=code_of(page), whom="nobody@some.example")
    assert sender.at.status_code == 422 and "person1@" not in wrong.markup
    sender.press(page, "Leave these people out", code=code_of(page), whom="person0@some.example")
    assert house.state("some") == "waiting"
    act(house, "some", "urgent", sender, reason="The meeting begins now")
    eventually(lambda: house.reached("some.example"))
    assert sorted(house.reached("some.example")) == ["person1@some.example", "person2@some.example"]
    assert "recipients_left_out" in house.kinds("some") and "urgent_called" in house.kinds("some")


def test_a_message_that_waits_is_sent_at_once_if_it_cannot_wait_and_never_if_it_is_cancelled(house: House) -> None:
    sender, _ = act(house, "never", "cancel")
    assert house.state("never") == "cancelled" and house.reached("never.example") == []
    act(house, "pressing", "urgent", sender, reason="The ambulance needs it")
    eventually(lambda: len(house.reached("pressing.example")) == 2)


def test_send_now_can_be_cancelled_for_a_moment(house: House) -> None:
    sender, page = act(house, "now", "now")
    assert house.state("now") == "leaving" and house.reached("now.example") == []
    sender.press(page, "Cancel this email", code=code_of(page))
    assert house.state("now") == "cancelled"


# Notices


def test_a_notice_threads_with_the_message_and_cannot_be_answered_by_a_machine(house: House) -> None:
    notice = house.notices(sender_of("copies", "elm"))[0]
    assert str(notice["From"]) == '"Elm Road Surgery email checks" <mailguard@elmroad.example>' or (
        notice["From"].addresses[0].addr_spec == "mailguard@elmroad.example"
        and notice["From"].addresses[0].display_name == "Elm Road Surgery email checks"
    )
    assert str(notice["Reply-To"]) == "manager@elmroad.example"
    assert str(notice["Auto-Submitted"]) in {"auto-replied", "auto-generated"}
    assert str(notice["X-Auto-Response-Suppress"]) == "All"
    assert str(notice["In-Reply-To"]) == "<copies@client.example>" and "<copies@client.example>" in notice["References"]
    assert str(notice["Subject"]) == "Not sent yet: Flu clinic"
    assert [part.get_content_type() for part in notice.iter_parts()] == ["text/plain", "text/html"]
    markup = next(part for part in notice.iter_parts() if part.get_content_type() == "text/html").get_content()
    assert 'lang="en-GB"' in markup and "<img" not in markup and 'role="presentation"' in markup
    said = text_of(notice)
    for words in ("12 people in Cc would see each other's addresses", house.ref["copies"], "has not been sent yet"):
        assert words in said
    assert re.search(r"it will not be sent, and we will tell you", said)
    for taken in house.sink.taken:
        if b"X-Mailguard-Notice" in taken.content:
            assert taken.mail.split()[0] == b"<>"


def test_no_notice_names_a_recipient_or_carries_the_text(house: House) -> None:
    seen = 0
    for taken in list(house.sink.taken):
        read = email.message_from_bytes(taken.content, policy=email.policy.default)
        if read["X-Mailguard-Notice"] is None or read.get_content_type() == "multipart/report":
            continue
        seen += 1
        said = "".join(str(part.get_content()) for part in read.walk() if part.get_content_maintype() == "text")
        said += "".join(str(value) for name, value in read.items() if name != "To")
        assert "BODYWORD" not in said and not re.search(r"person\d+@", said), str(read["Subject"])
    assert seen > 20


def test_the_notice_to_who_decides_leads_to_the_console_and_says_nothing_of_the_message(house: House) -> None:
    told = [text_of(notice) for notice in house.notices("manager@elmroad.example")]
    assert any(house.ref["copies"] in said for said in told)
    for said in told:
        assert house.base in said, "where there is a console, it is where one looks"
        for words in ("Flu clinic", "Quincewood", "@elm.elmroad.example", ".example/s/"):
            assert words not in said


def test_a_team_that_wants_bounces_gets_one_without_the_text(house: House) -> None:
    note = "Please send this to the council only."
    decide(house.visitor["pat"], house, "bounce", choice="reject", reject_note=note)
    to = sender_of("bounce", "park")
    report = eventually(lambda: house.notices(to)[1:])[0]
    assert report.get_content_type() == "multipart/report"
    assert report.get_param("report-type") == "delivery-status"
    kinds = [part.get_content_type() for part in report.walk()]
    assert "message/delivery-status" in kinds and "text/rfc822-headers" in kinds and "message/rfc822" not in kinds
    raw = report.as_bytes()
    assert b"Action: failed" in raw and b"Status: 5.7.1" in raw and b"BODYWORD" not in raw
    headers = next(part for part in report.walk() if part.get_content_type() == "text/rfc822-headers")
    returned = str(headers.get_payload())
    assert "Subject: Ask for a bounce" in returned and "person" not in returned
    letter_in_it = next(part for part in report.walk() if part.get_content_type() == "text/plain")
    assert note in str(letter_in_it.get_content())
    assert next(
        t for t in house.sink.taken if t.recipients == [to] and b"multipart/report" in t.content
    ).mail.startswith(b"<>")


def test_a_rejected_message_is_told_with_the_note_and_how_it_goes_on(house: House) -> None:
    told = eventually(lambda: house.notices(sender_of("conflict", "elm"))[1:])
    assert str(told[0]["Subject"]) == "Not sent: Ask about figures"
    said = text_of(told[0])
    assert "was not sent to anyone" in said and "Please send the summary only." in said
    assert "sam@elmroad.example wrote" in said and house.ref["conflict"] in said


def test_a_refused_message_is_one_line_that_its_sender_understands(house: House) -> None:
    raw = letter("refuse", "Refuse this", "elm", people(1, "refused.example"))
    code, said = submit(house.service.port, raw, people(1, "refused.example"), sender_of("refuse", "elm"))
    assert code == 550 and re.fullmatch(r"5\.7\.1 Not sent: .+\. Ref MG-[A-Z2-9]{4}-[A-Z2-9]{2}", said)
    assert len(said) < 196 and said.isascii()


# Doors


def test_a_form_is_heard_from_our_own_pages_alone(house: House) -> None:
    sam, amira = house.visitor["sam"], house.visitor["amira"]
    form = sam.get(house.page("formula", "/notes")).forms[-1]
    text = next(each.name for each in form.fields if each.kind == "textarea")
    data: dict[str, Any] = form.data() | {text: ["A note that must not be kept."]}
    where = house.page("formula", "/notes")
    theirs = amira.get(house.page("formula", "/notes")).forms[-1].data()["csrf"]
    good = {"Origin": house.base, "Sec-Fetch-Site": "same-origin"}
    for headers, told in (
        ({"Origin": "http://evil.example"}, data),
        ({"Origin": "null"}, data),
        (good | {"Sec-Fetch-Site": "cross-site"}, data),
        (good, data | {"csrf": [""]}),
        (good, {name: value for name, value in data.items() if name != "csrf"}),
        (good, data | {"csrf": theirs}),
    ):
        answer = sam.client.post(where, data=told, headers=headers)
        assert answer.status_code == 403, headers
    assert sam.client.get("/queue", headers={"Host": "evil.example"}).status_code == 421
    assert sam.client.post(where, data=data, headers=good | {"Host": "evil.example"}).status_code == 421
    assert sam.client.get(house.page("formula", "/stop")).status_code in {404, 405}
    assert "must not be kept" not in sam.get(where).text
    answer = sam.client.post(where, data=data, headers=good)
    assert answer.status_code == 303 and "must not be kept" in sam.get(where).text


def test_every_page_has_the_strict_policy_and_nothing_inline(house: House) -> None:
    sam, admin = house.visitor["sam"], house.visitor["admin"]
    for visitor, path in (
        *(
            (sam, path)
            for path in ("/queue", house.page("formula"), house.page("formula", "/decide"), "/audit", "/policy")
        ),
        *((admin, path) for path in ("/health", "/people", "/settings")),
        (house.stranger(), "/sign-in"),
        (house.stranger(), house.link["formula"]),
    ):
        page = visitor.get(path)
        assert visitor.at.status_code == 200, path
        policy = visitor.at.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'") and "unsafe" not in policy and "frame-ancestors 'none'" in policy
        assert " style=" not in page.markup and "<style" not in page.markup, path
        assert not re.search(r"<script(?![^>]* src=)", page.markup) and not re.search(r"\son\w+=", page.markup), path
        assert not re.search(r'(src|href)="(https?:)?//', page.markup), path
        assert visitor.at.headers["x-content-type-options"] == "nosniff"


ONLY_FOR_ADMINS = ("/health", "/people", "/settings")


def test_what_is_for_admins_is_shown_to_admins_alone(house: House) -> None:
    for who in ("sam", "viewer", "pat", "own"):
        visitor = house.visitor[who]
        menu = visitor.get("/queue")
        for path in ONLY_FOR_ADMINS:
            visitor.get(path)
            assert visitor.at.status_code in {403, 404}, (who, path)
            assert path not in [href for href, _ in menu.links]
    stranger = house.stranger()
    for path in ("/queue", "/audit", "/policy", *ONLY_FOR_ADMINS, house.page("formula"), "/account", "/queue/export"):
        page = stranger.get(path)
        assert "/sign-in" in str(stranger.at.url) and "Sign in" in page.title, path
    assert "Several" in stranger.get("/checked").text or "would see" in stranger.get("/checked").text


def test_a_page_that_is_not_there_says_so_in_words(house: House) -> None:
    sam = house.visitor["sam"]
    for path in ("/nothing", "/m/MG-2222-22", "/m/nonsense"):
        page = sam.get(path)
        assert sam.at.status_code == 404 and "We cannot find that page" in page.text
        assert "the message may have been decided and removed under your retention rule" in page.text
        assert re.search(r"Reference: MG-[A-Z2-9]{4}-[A-Z2-9]{2}", page.text)


def test_a_store_that_does_not_answer_is_said_and_nothing_is_decided(house: House) -> None:
    sam = house.visitor["sam"]
    page = sam.press(
        sam.get(house.page("formula", "/decide")), "Continue", choice="reject", reject_note="Not to them, please."
    )
    button = last_button(page)
    store = sqlite3.connect(house.service.folder / "store" / "mailguard.db", isolation_level=None)
    store.execute("BEGIN IMMEDIATE")
    try:
        answer = sam.press(page, button)
        assert sam.at.status_code == 503
        assert answer.h1 == "mailguard cannot reach its database" and "being refused for now" in answer.text
        assert "No message can be released until this is fixed." in answer.text
    finally:
        store.execute("ROLLBACK")
        store.close()
    assert house.state("formula") == "held"


def test_a_session_that_was_ended_elsewhere_opens_nothing_and_what_was_typed_is_still_there(house: House) -> None:
    first = house.visitor["amira"]
    form = first.get(house.page("formula", "/decide"))
    second = house.stranger()
    sign_in(second, second.get("/account"), "amira@elmroad.example", house.secret["amira"])
    page = second.get("/account")
    ending = next(said for said in page.buttons() if said not in {"Sign out"} and "Switch" not in said)
    second.press(page, ending)
    typed = "A long note that nobody wants to type twice."
    page = first.press(form, "Continue", choice="reject", reject_note=typed)
    assert "/sign-in" in str(first.at.url) or "Sign in" in page.title
    assert typed not in page.text
    page = sign_in(first, page, "amira@elmroad.example", house.secret["amira"], 1)
    assert typed in page.markup
    assert house.state("formula") == "held"


def test_a_locked_account_is_out_at_once(house: House) -> None:
    viewer = house.visitor["viewer"]
    assert "Held messages" in viewer.get("/queue").title
    house.service.run("user", "disable", "viewer@elmroad.example")
    assert "Sign in" in viewer.get("/queue").title
    house.service.run("user", "enable", "viewer@elmroad.example")
    assert "Sign in" in viewer.get("/queue").title, "what has ended stays so"


# What took its time


def test_nobody_decided_in_time_so_it_is_not_sent_and_the_sender_hears_of_it(house: House) -> None:
    to = sender_of("expires", "elm")
    told = eventually(lambda: house.notices(to)[1:], 90)
    assert house.state("expires") == "expired" and house.reached("expires.example") == []
    assert str(told[0]["Subject"]) == "Not sent: Expires soon"
    said = text_of(told[0])
    assert "Nobody decided" in said and "We are sorry for the delay." in said and "send it again" in said
    assert "Not sent – no decision in time" in house.visitor["sam"].get(house.page("expires")).text
    sender = house.stranger()
    assert sender.get(house.link["expires"]).h1 == NO_SUCH_LINK


def test_what_nobody_stopped_leaves_after_thirty_seconds_in_the_form_that_was_chosen(house: House) -> None:
    eventually(lambda: len(house.reached("copies.example")) == 12, 60)
    assert time.monotonic() - house.begun >= STOP_SECONDS
    copies = [taken for taken in house.sink.taken if "copies.example" in "".join(taken.recipients)]
    for taken in copies:
        read = email.message_from_bytes(taken.content, policy=email.policy.default)
        seen = [each.addr_spec for each in read["To"].addresses]
        assert seen == [*taken.recipients, "office@elmroad.example"] and read["Cc"] is None and read["Bcc"] is None
        assert BODY.encode() in taken.content
    (hidden,) = eventually(lambda: [t for t in house.sink.taken if "person0@bcc.example" in t.recipients])
    assert sorted(a for a in hidden.recipients if a.endswith("@bcc.example")) == people(3, "bcc.example")
    assert b"bcc.example" not in hidden.content
    whole = eventually(lambda: [t for t in house.sink.taken if "person0@asitis.example" in t.recipients])[0]
    assert b"Cc: person0@asitis.example" in whole.content
    sam = house.visitor["sam"]
    for name, words in (
        ("copies", "Sent as separate copies"),
        ("bcc", "Sent with Bcc"),
        ("as-it-is", "Sent as it was"),
        ("failing", "Sending failed – needs attention"),
    ):
        eventually(lambda name=name, words=words: words in sam.get(house.page(name)).text, what=words)
    assert house.stranger().get(house.link["failing"]).h1 == "Your email could not be delivered"
    (told,) = eventually(lambda: house.notices(sender_of("copies", "elm"))[1:])
    assert "Flu clinic" in str(told["Subject"]) and "sam@elmroad.example" in text_of(told)
    assert house.reached("stopped.example") == house.reached("asthma.example") == house.reached("now.example") == []


def test_the_ledger_is_whole_and_the_log_names_nobody(house: House) -> None:
    admin = house.visitor["admin"]
    page = admin.get(admin.get("/audit").link("Check that the trail is complete"))
    admin.press(page, "Check")
    eventually(lambda: re.search(r"All [\d,]+ entries are unbroken", admin.get("/audit/check").text))
    log = Path(house.service.log_file).read_text()
    for words in ("BODYWORD", "Flu clinic", "person0@", "Quill", "/s/", PASSWORD):
        assert words not in log, words
    assert not [event for event in house.service.events() if event.get("event") == "not_json"]


CLOCK = """
from datetime import UTC, datetime, timedelta
from mailguard.serve import parts
parts.SystemClock.now = lambda self: datetime.now(UTC) + timedelta(seconds={seconds})
"""


def test_on_monday_morning_the_week_is_summed_up_in_numbers_alone(house: House) -> None:
    """The last one: the service is started anew, with a clock that is ahead."""
    monday = (house.opened + timedelta(days=7 - house.opened.weekday())).replace(hour=7, minute=5)
    shim = house.service.folder / "clock"
    shim.mkdir()
    (shim / "sitecustomize.py").write_text(CLOCK.format(seconds=monday.timestamp() - time.time()))
    assert house.service.stop() == 0
    house.service.start(("sh", "-c", f'PYTHONPATH="{shim}:$PYTHONPATH" "$@"; exit $?', "sh"))

    def summaries(to: str, subject: str) -> list[EmailMessage]:
        return [each for each in house.notices(to) if str(each["Subject"]).startswith(subject)]

    to = sender_of("conflict", "elm")
    (told,) = eventually(functools.partial(summaries, to, "Your held emails, "))
    said = text_of(told)
    assert "1 email of yours was held." in said and "1 not sent, because somebody decided so" in said
    (told,) = eventually(functools.partial(summaries, "manager@elmroad.example", "Email checks, "))
    assert str(told["Subject"]).endswith(": Elm Road Surgery") and str(told["Auto-Submitted"]) == "auto-generated"
    said += text_of(told)
    for words in ("Ask about", "Flu clinic", "person", "@elm.elmroad.example", "BODYWORD", "/s/"):
        assert words not in said
    assert summaries("office@elmroad.example", "") == [], "who sent nothing that was held hears nothing"
