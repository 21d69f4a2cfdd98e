"""Conditions on people in texts, attached messages and contact lists: who counts, who is known, what cannot be read."""

from __future__ import annotations

from typing import Any

import pytest

from mailguard.core.verdict import Disposition, Inspection

ANNA, BEN, CY = "anna@x.example", "ben@y.example", "cy@freemail.example"


def body(world: Any, text: str, *fields: str, recipients: tuple[str, ...] = (ANNA,)) -> dict[str, Any]:
    facts = world.observation(*fields, body=text, recipients=recipients).facts
    return {key: value for key, value in facts.items() if "external" in key or "consumer" in key}


def test_addresses_of_people_outside_who_are_not_correspondents(world: Any) -> None:
    text = f"{ANNA} {BEN} BEN@Y.example {CY} jo@elm.example elm@nhs.example x@partner.example dee@z.example"
    facts = body(world, text, f"To: {ANNA}")
    assert facts["body_external_addresses"] == 3
    assert facts["body_consumer_addresses"] == 1
    assert facts["quoted_external_recipients"] == 0


@pytest.mark.parametrize(
    "field", [f"To: {BEN}", f"Cc: Ben <{BEN}>", f"Resent-To: {BEN}", f"Reply-To: {BEN}", f"Sender: {BEN}"]
)
def test_who_stands_in_the_header_is_a_correspondent(world: Any, field: str) -> None:
    assert body(world, f"{BEN} wrote", field)["body_external_addresses"] == 0


def test_a_hidden_recipient_is_known_to_nobody_else(world: Any) -> None:
    """incidents.yaml, kanagawa: Bcc was used correctly, and the text still held the addresses."""
    text = f"{ANNA} {BEN} {CY}"
    assert body(world, text, "To: undisclosed-recipients:;", recipients=(ANNA, BEN, CY))["body_external_addresses"] == 3


def test_who_is_alone_outside_knows_themselves(world: Any) -> None:
    facts = body(world, f"You wrote as {ANNA}", "To: dev@elm.example", recipients=(ANNA, "dev@elm.example"))
    assert facts["body_external_addresses"] == 0


def test_the_mailbox_of_an_office_in_a_text_is_nobody(world: Any) -> None:
    offices = "info@x.example No-Reply@y.example users-request@lists.example enquiries+web@z.example"
    assert body(world, offices)["body_external_addresses"] == 0
    assert body(world, "info@freemail.example contact1@x.example")["body_external_addresses"] == 2
    quoted = body(world, "> From: a@elm.example\n> To: info@x.example, office@y.example")
    assert (quoted["body_external_addresses"], quoted["quoted_external_recipients"]) == (2, 2)


BLOCK = f"> From: {ANNA}\n> To: {BEN}, {CY}\n> Subject: Hello\n>\n> Ask dee@z.example."


def test_quoted_recipients_are_counted_apart(world: Any) -> None:
    facts = body(world, BLOCK, "To: eve@z.example", recipients=("eve@z.example",))
    assert (facts["body_external_addresses"], facts["quoted_external_recipients"]) == (4, 2)


def test_whoever_wrote_the_quoted_message_knows_whom_they_wrote_to(world: Any) -> None:
    facts = body(world, BLOCK, f"To: {ANNA}")
    assert (facts["body_external_addresses"], facts["quoted_external_recipients"]) == (1, 0)
    facts = body(world, BLOCK, f"To: {ANNA}", recipients=(ANNA, "eve@z.example"))
    assert (facts["body_external_addresses"], facts["quoted_external_recipients"]) == (3, 2)


def test_but_not_whom_somebody_else_hid_in_bcc(world: Any) -> None:
    sent = f"From: {ANNA}\nTo: {ANNA}\nBcc: {BEN}, {CY}\nSubject: Hello"
    assert body(world, sent, f"To: {ANNA}")["quoted_external_recipients"] == 2


def attached(inner: str, kind: str = "message/rfc822") -> tuple[str, tuple[str, str]]:
    text = f"--b\r\n\r\nSee below\r\n--b\r\nContent-Type: {kind}\r\n\r\n{inner}\r\n--b--"
    return text, ("MIME-Version: 1.0", 'Content-Type: multipart/mixed; boundary="b"')


def test_people_of_attached_messages(world: Any) -> None:
    text, fields = attached(f"From: {ANNA}\r\nTo: {BEN}, jo@elm.example\r\nCc: {CY}, x@partner.example\r\n\r\nHi")
    assert (
        body(world, text, *fields, "To: eve@z.example", recipients=("eve@z.example",))["nested_external_recipients"]
        == 2
    )
    assert body(world, text, *fields, f"To: {BEN}", recipients=(BEN,))["nested_external_recipients"] == 1
    assert body(world, text, *fields, f"To: {ANNA}")["nested_external_recipients"] == 0, "it goes back to its author"


def test_people_of_contact_lists(world: Any) -> None:
    text, fields = attached(f"Name,Mail\r\nBen,{BEN}\r\nCy,{CY}\r\nAnna,{ANNA}\r\nJo,jo@elm.example", "text/csv")
    assert body(world, text, *fields, f"To: {ANNA}")["contact_external_addresses"] == 2


KEYS = (
    "body_external_addresses",
    "body_consumer_addresses",
    "quoted_external_recipients",
    "nested_external_recipients",
    "contact_external_addresses",
)


@pytest.mark.parametrize("key", KEYS)
def test_a_part_that_nothing_can_read_is_held_by_the_floor_of_a_rule_that_asked(world: Any, key: str) -> None:
    text, fields = attached("x", "application/ms-tnef; name=winmail.dat")
    rule = f"when: {{{key}: {{at_least: 10}}, envelope_external_recipients: {{at_least: 1}}}}, action: relay"
    assert world.needs(world.observation(*fields, body=text), rule) == ("2",)
    unread = world.observation(*fields, body=text, inspections={"2": Inspection("2", uninspectable="TNEF")})
    verdict = world.judge(unread, rule)
    assert (verdict.disposition, verdict.deciding) == (Disposition.HOLD, "floor-uninspectable")


def test_nothing_is_asked_where_other_conditions_rule_it_out_or_the_count_says_enough(world: Any) -> None:
    text, fields = attached("x", "application/ms-tnef; name=winmail.dat")
    inside = world.observation(*fields, body=text, recipients=("dev@elm.example",))
    rule = "when: {body_external_addresses: {at_least: 10}, envelope_external_recipients: {at_least: 1}}, action: hold"
    assert world.judge(inside, rule).disposition is Disposition.RELAY
    named = world.observation(*fields, body=text.replace("See below", f"{BEN} {CY}"))
    verdict = world.judge(named, "when: {body_external_addresses: {at_least: 2}}, action: hold")
    assert verdict.deciding == "r1"
    assert world.needs(named, "when: {body_external_addresses: {at_most: 2}}, action: hold") == ("2",)


def test_reasons_name_counts_and_no_addresses(world: Any) -> None:
    text, fields = attached(f"From: {ANNA}\r\nTo: {BEN}, {CY}\r\n\r\n{BLOCK}")
    seen = world.observation(*fields, body=text.replace("See below", "dee@z.example"), recipients=("eve@z.example",))
    for key in KEYS[:-1]:
        verdict = world.judge(seen, f"when: {{{key}: {{at_least: 1}}}}, action: hold")
        assert "@" not in verdict.reason and str(seen.facts[key]) in verdict.reason


def test_encrypted(world: Any) -> None:
    text = "-----BEGIN PGP MESSAGE-----\r\n\r\nhQ==\r\n-----END PGP MESSAGE-----"
    assert world.holds("encrypted: true", world.observation(body=text))
    assert world.holds("encrypted: false", world.observation())


def test_repeated_fields_are_visible(world: Any) -> None:
    fields = ("MIME-Version: 1.0", 'Content-Type: multipart/signed; boundary="b"', f"To: {ANNA}")
    seen = world.observation(
        *fields, body=f"--b\r\nContent-Type: text/plain; hp=clear\r\nTo: {ANNA}, {BEN}\r\nCc: {CY}\r\n\r\nx\r\n--b--"
    )
    assert seen.visible == (ANNA, BEN, CY)
    assert seen.facts["visible_external_recipients"] == 3 and seen.shown_in == ("To", "Cc")


STAFF = "To: " + ", ".join(f"s{number}@elm.example" for number in range(5))


@pytest.mark.parametrize(
    ("fields", "recipients", "shown"),
    [
        ((STAFF,), ("s0@elm.example",), 0),
        ((STAFF,), ("s0@elm.example", ANNA), 5),
        ((STAFF, f"Cc: {ANNA}"), (ANNA,), 5),
        ((STAFF, f"Cc: {ANNA}"), ("s0@elm.example",), 5),
        ((STAFF, "Cc: x@partner.example"), ("x@partner.example",), 5),
    ],
)
def test_inside_addresses_count_where_somebody_outside_gets_or_is_shown_the_message(
    world: Any, fields: tuple[str, ...], recipients: tuple[str, ...], shown: int
) -> None:
    seen = world.observation(*fields, recipients=recipients)
    assert seen.facts["internal_recipients_shown_outside"] == shown
    assert seen.facts["visible_internal_recipients"] == 5
    assert world.holds("internal_recipients_shown_outside: {at_least: 5}", seen) is bool(shown)
