"""A reason brings along where that stands which it speaks of: the condition says so, and no word is read for it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mailguard.core.carried.model import Carried
from mailguard.core.mail.message import Defect
from mailguard.core.observation import Observation
from mailguard.core.place import FIELDS, RECIPIENTS, Place, parts
from mailguard.core.policy.judge import judge
from mailguard.core.policy.telling import MOST_PLACES
from mailguard.core.verdict import Finding, Inspection, Verdict
from tests.core.policy.conftest import NOW
from tests.core.policy.test_findings import CALENDAR, HTML, PICTURE, PLAIN, multipart

MIXED = ("To: anna@outside.example", "MIME-Version: 1.0", "Content-Type: multipart/mixed; boundary=x")
CROWD = ", ".join(f"p{number}@many.example" for number in range(12))
INVITATION = "\r\n".join(
    [
        "Content-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:1",
        *(f"ATTENDEE:mailto:p{number}@many.example" for number in range(12)),
        "END:VEVENT\r\nEND:VCALENDAR",
    ]
)
FORWARDED = f"Content-Type: message/rfc822\r\n\r\nFrom: cy@y.example\r\nTo: {CROWD}\r\n\r\nHello"
CONTACTS = "Content-Type: text/csv; name=list.csv\r\n\r\nname,email\r\n" + "\r\n".join(
    f"n,p{number}@many.example" for number in range(12)
)
HIDDEN_PEOPLE = "when: {finding: {hidden: true}}, action: hold"


def found(number: int, kind: str = "people_rows", **more: Any) -> Finding:
    return Finding("people", kind, "", number, "", **more)


def places(world: Any, seen: Observation, rule: str) -> tuple[Place, ...]:
    outcome = world.judge(seen, rule).rules[0]
    assert outcome.matched, rule
    return tuple(outcome.places)


@pytest.mark.parametrize(
    ("bodies", "when", "expected"),
    [
        ((PLAIN, PICTURE), "envelope_recipients: {at_least: 1}", (RECIPIENTS,)),
        ((PLAIN, PICTURE), "visible_external_recipients: {at_least: 1}", (RECIPIENTS,)),
        ((PLAIN, INVITATION), "visible_external_recipients: {at_least: 9}", (RECIPIENTS, *parts("2"))),
        ((PLAIN, INVITATION), "calendar: true", parts("2")),
        ((PLAIN, PICTURE, CALENDAR), "has_attachments: true", parts("23")),
        ((PLAIN, FORWARDED), "nested_external_recipients: {at_least: 9}", parts("2")),
        ((PLAIN, CONTACTS), "contact_external_addresses: {at_least: 9}", parts("2")),
        ((f"{PLAIN}\r\n{CROWD}", PICTURE), "body_external_addresses: {at_least: 9}", parts("1")),
        ((PLAIN, f"{HTML}\r\n{CROWD}"), "body_external_addresses: {at_least: 9}", parts("2")),
        ((PLAIN, PICTURE), "media_type: [image/png]", parts("2")),
        ((PLAIN,), "subject: {matches: Embargo}", (FIELDS,)),
        ((PLAIN,), "subject: {matches: Embargo}, visible_external_recipients: {at_least: 1}", (RECIPIENTS,)),
        ((PLAIN,), "size_bytes: {at_least: 1}", ()),
        ((PLAIN,), "sender: [jo@elm.example]", ()),
        ((PLAIN,), "not: {calendar: true}, size_bytes: {at_least: 1}", ()),
    ],
)
def test_a_condition_says_where_that_stands_which_it_tells_of(
    world: Any, bodies: tuple[str, ...], when: str, expected: tuple[Place, ...]
) -> None:
    seen = world.observation(*MIXED, "Subject: Embargo", body=multipart("x", *bodies))
    assert places(world, seen, f"when: {{{when}}}, action: hold") == expected


def test_what_was_found_leads_to_the_parts_that_it_was_found_in_the_worst_first(world: Any) -> None:
    known = {
        "1": Inspection("1", (found(4, part="1"),)),
        "2": Inspection("2", (found(9, part="2", hidden=True),)),
        "3": Inspection("3", (found(7, part="3", hidden=True), found(8, part="3", hidden=True))),
    }
    seen = world.observation(*MIXED, body=multipart("x", PLAIN, PICTURE, PICTURE), inspections=known)
    assert places(world, seen, HIDDEN_PEOPLE) == parts("32")
    assert places(world, seen, "when: {finding: {hidden: false}}, action: hold") == parts("1")
    nowhere = replace(seen, inspections={**known, "2": Inspection("2", (found(20, hidden=True),))})
    assert places(world, nowhere, HIDDEN_PEOPLE) == parts("3")


def test_a_message_of_one_part_leads_to_that_part(world: Any) -> None:
    seen = world.observation("To: anna@outside.example", inspections={"": Inspection("", (found(4),))})
    assert places(world, seen, "when: {finding: {count: {at_least: 1}}}, action: hold") == parts([""])
    text = world.observation("To: anna@outside.example", body=f"See {CROWD}")
    assert places(world, text, "when: {body_external_addresses: {at_least: 9}}, action: hold") == parts([""])
    field = world.observation("To: anna@outside.example", f"X-List: {CROWD}")
    assert places(world, field, "when: {body_external_addresses: {at_least: 9}}, action: hold") == ()


def test_whom_outlook_names_stands_in_its_part(world: Any) -> None:
    tnef = "Content-Type: application/ms-tnef; name=winmail.dat\r\n\r\nx"
    known = {"2": Inspection("2", people=Carried(text=tuple(CROWD.split(", "))))}
    seen = world.observation(*MIXED, body=multipart("x", PLAIN, tnef), inspections=known)
    assert places(world, seen, "when: {body_external_addresses: {at_least: 9}}, action: hold") == parts("2")


def test_floors_lead_to_what_cannot_be_read_or_is_read_in_two_ways(world: Any) -> None:
    closed = {"1": Inspection("1"), "2": Inspection("2", uninspectable="encrypted")}
    seen = world.observation(*MIXED, body=multipart("x", PLAIN, PICTURE), inspections=closed)
    verdict = world.judge(seen, HIDDEN_PEOPLE)
    assert {each.id: each.places for each in verdict.rules if each.matched} == {"floor-uninspectable": parts("2")}
    odd = (Defect("duplicate-field", "to"), Defect("bare-lf", "part 2"), Defect("media-type", "part 1 content-type"))
    both = world.judge(world.observation(*MIXED, body=multipart("x", PLAIN, PICTURE), defects=odd))
    assert {each.id: each.places for each in both.rules if each.matched} == {"floor-malformed": (FIELDS, *parts("2"))}


def test_a_rule_that_errs_or_does_not_match_leads_nowhere(world: Any) -> None:
    crowded = world.observation(f"To: {CROWD}")
    missed = world.judge(crowded, "when: {visible_external_recipients: {at_least: 90}}, action: hold").rules[0]
    assert not missed.matched and missed.places == ()
    long = world.observation(f"To: {CROWD}", f"Subject: {'x' * 70_000}")
    broken = world.judge(long, "when: {subject: {matches: flu}, envelope_recipients: {at_least: 1}}, action: hold")
    assert broken.rules[0].error and broken.rules[0].places == ()


def test_what_follows_a_separated_invitation_leads_to_the_invitation(world: Any) -> None:
    seen = world.observation(*MIXED, body=multipart("x", PLAIN, INVITATION))
    remembered = replace(seen, history=dict.fromkeys(seen.occasions, "gone"))
    verdict = judge(remembered, world.policy(), NOW)
    assert isinstance(verdict, Verdict) and verdict.rules[0].places == parts("2")


def test_nobody_is_led_to_more_places_than_anybody_follows(world: Any) -> None:
    seen = world.observation(*MIXED, body=multipart("x", PLAIN, *[PICTURE] * 40))
    assert len(places(world, seen, "when: {has_attachments: true}, action: hold")) == MOST_PLACES


def test_the_published_decision_has_no_places(world: Any) -> None:
    verdict = world.judge(world.observation(f"To: {CROWD}"), "when: {envelope_recipients: {at_least: 1}}, action: hold")
    assert verdict.rules[0].places and "places" not in verdict.rules[0].to_json()
