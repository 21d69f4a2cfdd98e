"""What an inspection found in a closed part counts with the rest; what it could not tell is held where a rule asks."""

from __future__ import annotations

from typing import Any

import pytest

from mailguard.core.carried.model import Attached, Carried
from mailguard.core.observation import Observation, inspected
from mailguard.core.verdict import Disposition, Inspection

PEOPLE = tuple(f"person{number}@patients.example" for number in range(12))
VISIBLE = "when: {visible_external_recipients: {at_least: 10}}, action: hold"
TEXT = "when: {body_external_addresses: {at_least: 10}}, action: hold"
NESTED = "when: {nested_external_recipients: {at_least: 10}}, action: hold"
FINDING = "when: {finding: {kind: nhs_number}}, action: hold"


def carrying(world: Any, part: str = "Content-Type: application/ms-tnef; name=winmail.dat", **more: Any) -> Observation:
    body = f"--b\r\n\r\nHello\r\n--b\r\n{part}\r\n\r\nx\r\n--b--"
    fields = ("MIME-Version: 1.0", 'Content-Type: multipart/mixed; boundary="b"', "To: anna@outside.example")
    found: Observation = world.observation(*fields, body=body, **more)
    return found


def with_people(seen: Observation, people: Carried | None, unread: str | None = None) -> Observation:
    known = {"1": Inspection("1"), "2": Inspection("2", uninspectable=unread, people=people)}
    return inspected(seen, known)


@pytest.mark.parametrize(
    ("people", "rule"),
    [
        (Carried(listed=PEOPLE), VISIBLE),
        (Carried(text=PEOPLE), TEXT),
        (Carried(attached=(Attached(("x@y.example",), PEOPLE),)), NESTED),
        (Carried(contacts=PEOPLE), "when: {contact_external_addresses: {at_least: 10}}, action: hold"),
        (Carried(senders=PEOPLE), "when: {external_senders: {at_least: 3}}, action: hold"),
    ],
)
def test_people_in_a_closed_part_count_with_the_rest(world: Any, people: Carried, rule: str) -> None:
    verdict = world.judge(with_people(carrying(world), people), rule)
    assert verdict.disposition is Disposition.HOLD and verdict.deciding == "r1"
    nobody = world.judge(with_people(carrying(world), Carried()), rule)
    assert nobody.disposition is Disposition.RELAY


def test_where_they_are_shown_stands_in_the_reason_and_they_are_known_to_all(world: Any) -> None:
    seen = with_people(carrying(world), Carried(listed=PEOPLE, text=PEOPLE))
    assert seen.facts["visible_external_recipients"] == 13 and seen.facts["body_external_addresses"] == 0
    assert "winmail.dat" in world.judge(seen, VISIBLE).reason
    assert set(PEOPLE) < set(seen.visible)


def test_visible_people_and_those_in_the_text_are_asked_for(world: Any) -> None:
    for rule in (VISIBLE, TEXT, NESTED, "when: {visible_internal_recipients: {at_least: 30}}, action: hold"):
        assert world.needs(carrying(world), rule) == ("2",)


def test_only_tnef_lists_visible_people_and_mail_among_staff_asks_for_nobody(world: Any) -> None:
    msg = carrying(world, "Content-Type: application/vnd.ms-outlook; name=a.msg")
    assert world.judge(msg, VISIBLE).disposition is Disposition.RELAY
    assert world.needs(msg, NESTED) == ("2",)
    inside = carrying(world, recipients=("office@elm.example",))
    assert world.judge(inside, VISIBLE).disposition is Disposition.RELAY


def test_by_its_first_octets_it_is_tnef_whatever_it_calls_itself(world: Any) -> None:
    part = "Content-Type: application/octet-stream; name=x.bin\r\nContent-Transfer-Encoding: base64\r\n\r\neJ8+IgEA"
    assert world.needs(carrying(world, part), VISIBLE) == ("2",)


def test_an_unread_picture_beside_people_who_are_known_matters_only_to_who_asks_for_it(world: Any) -> None:
    seen = with_people(carrying(world), Carried(), "a type that is not read")
    assert world.judge(seen, VISIBLE, TEXT).disposition is Disposition.RELAY
    assert world.judge(seen, FINDING).deciding == "floor-uninspectable"
    assert world.judge(seen, VISIBLE, FINDING).deciding == "floor-uninspectable"


@pytest.mark.parametrize("rule", [VISIBLE, TEXT, NESTED, FINDING])
def test_people_who_are_not_known_are_held_by_the_floor(world: Any, rule: str) -> None:
    for unread in ("it broke", None):
        verdict = world.judge(with_people(carrying(world), None, unread), rule)
        assert verdict.deciding == "floor-uninspectable"
        assert world.holds("uninspectable: true", with_people(carrying(world), None, unread))


def test_what_was_cut_short_no_inspection_makes_up_for(world: Any) -> None:
    part = "Content-Type: text/plain; name=list.txt\r\n\r\nbegin 644 list.xls\r\nM1234567890\r\n"
    seen = carrying(world, part)
    assert seen.closed == ("2",)
    verdict = world.judge(with_people(seen, Carried()), TEXT)
    assert verdict.deciding == "floor-uninspectable"


def test_the_observation_before_stays_what_it_was(world: Any) -> None:
    before = carrying(world)
    after = with_people(before, Carried(listed=PEOPLE))
    again = with_people(after, Carried())
    assert before.facts["visible_external_recipients"] == again.facts["visible_external_recipients"] == 1
    assert inspected(after, {}) is before
