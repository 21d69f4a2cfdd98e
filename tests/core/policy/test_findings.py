"""What a text and attachments hold, by kind, count, cover and recipients; the forms of one text count once."""

from __future__ import annotations

from typing import Any

import pytest

from mailguard.core.observation import Observation
from mailguard.core.verdict import Disposition, Finding, Inspection

OUTSIDE = "To: anna@outside.example"
ALTERNATIVE = (OUTSIDE, "MIME-Version: 1.0", "Content-Type: multipart/alternative; boundary=x")
PLAIN, HTML = "Content-Type: text/plain\r\n\r\na", "Content-Type: text/html\r\n\r\nb"
PICTURE = "Content-Type: image/png; name=logo.png\r\n\r\nx"
CALENDAR = "Content-Type: text/calendar\r\n\r\nx"


def multipart(boundary: str, *parts: str) -> str:
    return "".join(f"--{boundary}\r\n{part}\r\n" for part in parts) + f"--{boundary}--\r\n"


def people(count: int, kind: str = "people_rows", hidden: bool = False) -> tuple[Finding, ...]:
    return (Finding("people", kind, "the message text", count, "", hidden),)


def seen_with(world: Any, inspections: dict[str, tuple[Finding, ...]], *fields: str, **more: Any) -> Observation:
    known = {path: Inspection(path, findings) for path, findings in inspections.items()}
    found: Observation = world.observation(*(fields or (OUTSIDE,)), inspections=known, **more)
    assert set(known) == {*found.bodies, *found.inspectable}
    return found


def number(seen: Observation, kind: str = "people_rows") -> int:
    return sum(each.count for each in seen.findings if each.kind == kind)


def test_the_text_counts_with_the_attachments(world: Any) -> None:
    fields = (OUTSIDE, "MIME-Version: 1.0", "Content-Type: multipart/mixed; boundary=x")
    seen = seen_with(world, {"1": people(4), "2": people(6)}, *fields, body=multipart("x", PLAIN, PICTURE))
    assert (seen.bodies, seen.inspectable) == (("1",), ("2",))
    assert world.holds("finding: {kind: people_rows, count: {at_least: 10, at_most: 10}}", seen)


@pytest.mark.parametrize(
    ("plain", "html", "both"), [(20, 20, 20), (0, 20, 20), (20, 0, 20), (20, 23, 23), (23, 20, 23)]
)
def test_the_two_forms_of_a_text_count_once(world: Any, plain: int, html: int, both: int) -> None:
    known = {"1": people(plain) if plain else (), "2": people(html) if html else ()}
    seen = seen_with(world, known, *ALTERNATIVE, body=multipart("x", PLAIN, HTML))
    assert number(seen) == both


def test_each_kind_counts_from_the_form_that_has_most_of_it_and_hidden_ones_apart(world: Any) -> None:
    known = {"1": (*people(20), *people(3, "email")), "2": (*people(5), *people(9, "email"), *people(7, hidden=True))}
    seen = seen_with(world, known, *ALTERNATIVE, body=multipart("x", PLAIN, HTML))
    assert number(seen, "email") == 9
    assert [(each.count, each.hidden) for each in seen.findings if each.kind == "people_rows"] == [
        (20, False),
        (7, True),
    ]


def test_a_form_of_several_texts_counts_as_a_whole(world: Any) -> None:
    """As Apple Mail writes: one plain text, beside HTML that an attachment cuts in two."""
    inner = "Content-Type: multipart/mixed; boundary=y\r\n\r\n" + multipart("y", HTML, PICTURE, HTML)
    known = {"1": people(12), "2.1": people(7), "2.2": people(1), "2.3": people(6)}
    seen = seen_with(world, known, *ALTERNATIVE, body=multipart("x", PLAIN, inner))
    assert number(seen) == 7 + 6 + 1


def test_attachments_all_count_where_ever_they_stand_and_so_do_texts_that_are_no_alternatives(world: Any) -> None:
    known = {"1": people(4), "2": people(5), "3": people(6)}
    seen = seen_with(world, known, *ALTERNATIVE, body=multipart("x", PLAIN, CALENDAR, PICTURE))
    assert number(seen) == 15
    mixed = (OUTSIDE, "MIME-Version: 1.0", "Content-Type: multipart/mixed; boundary=x")
    assert number(seen_with(world, known, *mixed, body=multipart("x", PLAIN, HTML, PLAIN))) == 15


@pytest.mark.parametrize(
    ("condition", "count", "hidden", "holds"),
    [
        ("{kind: people_rows, count: {at_least: 10}}", 10, False, True),
        ("{kind: people_rows, count: {at_least: 10}}", 9, False, False),
        ("{kind: [people_rows, nhs_number], hidden: true}", 12, False, False),
        ("{kind: [people_rows, nhs_number], hidden: true}", 12, True, True),
        ("{hidden: false, count: {at_most: 12}}", 12, False, True),
    ],
)
def test_kind_count_and_cover_of_what_a_text_holds(
    world: Any, condition: str, count: int, hidden: bool, holds: bool
) -> None:
    seen = seen_with(world, {"": people(count, hidden=hidden)})
    assert world.holds(f"finding: {condition}", seen) is holds


RULE = (
    "when: {finding: {kind: people_rows, count: {at_least: 10}}, envelope_external_recipients: {at_least: 4}}, "
    "action: hold"
)


@pytest.mark.parametrize(("outside", "held"), [(0, False), (3, False), (4, True), (30, True)])
def test_a_table_to_more_than_a_few_outside_recipients(world: Any, outside: int, held: bool) -> None:
    recipients = [f"p{each}@outside.example" for each in range(outside)] + ["mary@elm.example"]
    seen = seen_with(world, {"": people(23)}, "To: mary@elm.example", recipients=recipients)
    verdict = world.judge(seen, RULE)
    assert (verdict.disposition is Disposition.HOLD) is held
    assert held is verdict.reason.startswith("the message carries a list of 23 people")


def test_mail_among_staff_is_not_even_read_by_such_a_rule(world: Any) -> None:
    assert (
        world.judge(world.observation("To: mary@elm.example", recipients=["mary@elm.example"]), RULE).deciding is None
    )
    assert world.needs(world.observation(OUTSIDE, recipients=[f"p{n}@o.example" for n in range(5)]), RULE) == ("",)


def test_the_reason_names_the_kinds_that_were_asked_for_and_no_others(world: Any) -> None:
    seen = seen_with(world, {"": (*people(6, "nhs_number"), *people(9, "email"))})
    verdict = world.judge(seen, "when: {finding: {kind: nhs_number, count: {at_least: 5}}}, action: hold")
    assert verdict.reason == "the message carries 6 NHS numbers"
