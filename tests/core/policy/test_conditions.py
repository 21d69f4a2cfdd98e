"""Each condition of the vocabulary: when it holds, when not, and what it must not be fooled by."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mailguard.core.envelope import Envelope
from mailguard.core.mail.message import Defect
from mailguard.core.mail.parse import parse
from mailguard.core.observation import observe
from mailguard.core.organisation import Organisation, Team
from mailguard.core.policy.conditions.vocabulary import BY_KEY, CONDITIONS
from mailguard.core.policy.judge import judge
from mailguard.core.policy.load import load_policy
from mailguard.core.verdict import Disposition, Finding, Inspection, Verdict

ATTACHED = (
    "MIME-Version: 1.0",
    'Content-Type: multipart/mixed; boundary="b"',
)
BODY = (
    "--b\r\nContent-Type: text/plain\r\n\r\nHello\r\n"
    '--b\r\nContent-Type: application/octet-stream; name="a.xlsx"\r\n\r\nx\r\n--b--'
)


def test_numbers_count_distinct_people_and_no_trusted_ones(world: Any) -> None:
    shown = "To: a@x.example, A@X.example, b@partner.example, c@elm.example, elm@nhs.example, d@freemail.example"
    facts = world.observation(shown).facts
    assert facts["visible_external_recipients"] == 2
    assert facts["visible_external_domains"] == 2
    assert facts["visible_consumer_recipients"] == 1
    assert facts["visible_internal_recipients"] == 2


@pytest.mark.parametrize(("bounds", "holds"), [("at_least: 3", True), ("at_least: 4", False), ("at_most: 3", True)])
def test_bounds_are_inclusive(world: Any, bounds: str, holds: bool) -> None:
    seen = world.observation(f"Cc: {world.many(3)}")
    assert world.holds(f"visible_external_recipients: {{{bounds}}}", seen) is holds


def test_subdomains_are_inside_and_look_alikes_are_not(world: Any) -> None:
    seen = world.observation("To: a@site.elm.example, b@notelm.example, c@elm.example.evil.example")
    assert seen.facts["visible_internal_recipients"] == 1


def test_envelope_is_another_thing(world: Any) -> None:
    seen = world.observation(
        "To: a@x.example", recipients=("a@x.example", "b@x.example", "c@elm.example", "d@partner.example")
    )
    assert world.holds("envelope_recipients: {at_least: 4, at_most: 4}", seen)
    assert world.holds("envelope_external_recipients: {at_least: 3, at_most: 3}", seen)


def test_recipient_domain(world: Any) -> None:
    seen = world.observation(recipients=("a@x.example", "b@mail.y.example"))
    assert world.holds("recipient_domain: x.example", seen)
    assert world.holds("recipient_domain: ['@X.Example.']", seen)
    assert not world.holds("recipient_domain: y.example", seen)
    assert world.holds("recipient_domain: {ends_with: .y.example}", seen)
    assert world.holds("recipient_domain: {matches: '^mail[.]'}", seen)


@pytest.mark.parametrize(
    ("sender", "fields", "reverse_path", "holds", "holds_any"),
    [
        ("jo@elm.example", (), "jo@elm.example", True, True),
        ("JO@Elm.Example", (), "Jo@ELM.example", True, True),
        ("jo@elm.example", (), "other@elm.example", False, True),
        ("other@elm.example", (), "jo@elm.example", False, True),
        ("jo@elm.example, other@elm.example", (), "jo@elm.example", False, True),
        ("jo@elm.example", ("Sender: other@elm.example",), "jo@elm.example", False, True),
        ("jo@elm.example", ("From: other@elm.example",), "jo@elm.example", False, True),
        ("jo@elm.example", ("From: jo@elm.example",), "jo@elm.example", False, True),
        ("jo@elm.example", (), "<>", False, True),
        ("nobody", (), "jo@elm.example", False, True),
        ("other@elm.example", (), "other@elm.example", False, False),
    ],
)
def test_sender_needs_all_and_sender_any_one(
    world: Any, sender: str, fields: tuple[str, ...], reverse_path: str, holds: bool, holds_any: bool
) -> None:
    seen = world.observation(*fields, sender=sender, reverse_path=reverse_path)
    assert world.holds("sender: [jo@elm.example]", seen) is holds
    assert world.holds("sender_any: [jo@elm.example]", seen) is holds_any


CLINIC = Team("clinic", ("clinic@elm.example", "@clinic.elm.example"), sensitive=True)
OFFICE = Team("office", ("office@elm.example",))
TEAMED = Organisation("Elm Road", frozenset({"elm.example"}), teams=(OFFICE, CLINIC))


@pytest.mark.parametrize(
    ("sender", "fields", "reverse_path", "teams", "sensitive"),
    [
        ("clinic@elm.example", (), "clinic@elm.example", ("clinic",), True),
        ("nurse@Clinic.Elm.example", (), "<>", ("clinic",), True),
        ("jo@elm.example", (), "clinic@elm.example", ("clinic",), True),
        ("jo@elm.example", ("Sender: clinic@elm.example",), "jo@elm.example", ("clinic",), True),
        ("jo@elm.example, clinic@elm.example", (), "office@elm.example", ("office", "clinic"), True),
        ("noreply@elm.example", ("Reply-To: Clinic <clinic@elm.example>",), "noreply@elm.example", ("clinic",), True),
        ("clinic+flu@elm.example", (), "clinic+flu@elm.example", ("clinic",), True),
        ("office@elm.example", (), "office@elm.example", ("office",), False),
        ("jo@elm.example", (), "jo@elm.example", (), False),
        ("nurse@a.clinic.elm.example", (), "<>", (), False),
    ],
)
def test_a_team_by_any_claim(
    world: Any, sender: str, fields: tuple[str, ...], reverse_path: str, teams: tuple[str, ...], sensitive: bool
) -> None:
    seen = world.observation(*fields, sender=sender, reverse_path=reverse_path, organisation=TEAMED)
    assert seen.sender_teams == teams
    assert world.holds("sender_team: clinic", seen) is ("clinic" in teams)
    assert world.holds("sender_team: [clinic, office]", seen) is bool(teams)
    assert world.holds("sensitive_sender: true", seen) is sensitive
    assert world.holds("sensitive_sender: false", seen) is not sensitive


def test_a_team_by_the_organiser_of_an_invitation(world: Any) -> None:
    lines = ("BEGIN:VCALENDAR", "METHOD:REQUEST", "BEGIN:VEVENT", "UID:u", "ORGANIZER:mailto:clinic@elm.example")
    body = "\r\n".join([*lines, "ATTENDEE:mailto:a@out.example", "END:VEVENT", "END:VCALENDAR"])
    seen = world.observation("Content-Type: text/calendar; method=REQUEST", body=body, organisation=TEAMED)
    assert seen.sender_teams == ("clinic",)


def test_what_the_sender_of_a_sensitive_team_reads(world: Any) -> None:
    seen = world.observation("To: a@x.example, b@x.example", sender="clinic@elm.example", organisation=TEAMED)
    rule = "when: {visible_external_recipients: {at_least: 2}, sensitive_sender: true}, action: hold"
    assert world.judge(seen, rule).reason == (
        "2 people in To would see each other's addresses, and being written to by this team already says something "
        "about a person"
    )


def test_at_domain_means_that_domain(world: Any) -> None:
    assert world.holds("sender: '@elm.example'", world.observation())
    assert not world.holds("sender: '@elm.example'", world.observation(sender="jo@sub.elm.example"))
    assert not world.holds("sender: '@lm.example'", world.observation())
    assert world.holds("sender: {ends_with: '.elm.example'}", world.observation(sender="jo@sub.elm.example"))


def test_an_international_domain_is_the_same_in_either_spelling(world: Any) -> None:
    seen = world.observation(sender="jo@xn--bcher-kva.example")
    assert world.holds("sender: 'jo@bücher.example'", seen)


@pytest.mark.parametrize(
    ("field", "holds"),
    [
        ("Subject: EMBARGO until Friday", True),
        ("Subject: =?utf-8?B?RW1iYXJnbw==?=", True),
        ("Subject: =?utf-8?Q?Em?= =?utf-8?Q?bargo?=", True),
        ("Subject: =?utf-8?Q?em=62argo?=", True),
        ("Subject: a long one\r\n with Embargo at its end", True),
        ("Subject: nothing special", False),
        ("X-Subject: embargo", False),
    ],
)
def test_subject_is_matched_as_it_stands_and_decoded(world: Any, field: str, holds: bool) -> None:
    assert world.holds("subject: {matches: embargo}", world.observation(field)) is holds


def test_every_subject_field_is_looked_at(world: Any) -> None:
    assert world.holds("subject: {matches: embargo}", world.observation("Subject: a", "Subject: embargo"))


def test_header(world: Any) -> None:
    seen = world.observation("X-Class: Official-Sensitive", "X-Class: b")
    assert world.holds("header: {name: x-class, is: official-sensitive}", seen)
    assert world.holds("header: {name: X-CLASS, ends_with: sensitive}", seen)
    assert not world.holds("header: {name: x-clas, is: official-sensitive}", seen)


def test_all_keys_of_a_text_must_hold(world: Any) -> None:
    seen = world.observation("Subject: draft accounts")
    assert world.holds("subject: {matches: ^draft, ends_with: accounts}", seen)
    assert not world.holds("subject: {matches: ^draft, ends_with: papers}", seen)


def test_a_huge_field_errs_and_holds(world: Any) -> None:
    seen = world.observation("X-Class: " + ("a " * 40_000))
    verdict = world.judge(seen, "when: {header: {name: x-class, matches: zzz}}, action: relay")
    assert verdict.rules[0].error == "header: TooLong"
    assert verdict.disposition == "hold"


@pytest.mark.parametrize(
    "kind",
    [
        "text/calendar",
        "application/ics",
        "application/ms-tnef",
        "application/vnd.ms-tnef",
        "text/x; name=a.ICS",
        "a/b; name=winmail.dat",
    ],
)
def test_calendar(world: Any, kind: str) -> None:
    assert world.holds("calendar: true", world.observation("MIME-Version: 1.0", f"Content-Type: {kind}"))
    assert world.holds(
        "calendar: true", world.observation(*ATTACHED, body=BODY.replace("application/octet-stream", kind))
    )


def test_calendar_by_outlooks_mark_and_no_calendar(world: Any) -> None:
    assert world.holds("calendar: true", world.observation("Content-Class: urn:content-classes:calendarmessage"))
    assert world.holds("calendar: false", world.observation("Subject: calendar.ics"))


def test_attachments_and_types_and_size(world: Any) -> None:
    seen = world.observation(*ATTACHED, body=BODY)
    assert world.holds("has_attachments: true", seen)
    assert world.holds("has_attachments: false", world.observation())
    assert world.holds("media_type: [application/octet-stream]", seen)
    assert world.holds("media_type: {matches: '^multipart/'}", seen)
    assert world.holds(f"size_bytes: {{at_least: {len(seen.message.raw)}, at_most: {len(seen.message.raw)}}}", seen)


def test_several_from_fields(world: Any) -> None:
    assert world.holds("from_fields: {at_least: 2}", world.observation("From: b@elm.example"))
    assert world.holds("from_fields: {at_most: 1}", world.observation())


def test_malformed_means_a_defect_that_holds(world: Any) -> None:
    assert world.holds("malformed: true", world.observation(defects=(Defect("odd", "cc"),)))
    assert world.holds("malformed: false", world.observation(defects=(Defect("odd", "cc", holds=False),)))


def found(kind: str, count: int, hidden: bool = False) -> Finding:
    return Finding("test", kind, "sheet", count, "found", hidden)


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("kind: nhs_number", True),
        ("kind: nhs_number, count: {at_least: 6}", True),
        ("kind: nhs_number, count: {at_least: 7}", False),
        ("kind: [postcode, nhs_number], count: {at_least: 9}", True),
        ("kind: nhs_number, hidden: true, count: {at_least: 5}", False),
        ("hidden: true", True),
        ("kind: passport", False),
        ("kind: passport, count: {at_most: 0}", True),
    ],
)
def test_finding(world: Any, condition: str, holds: bool) -> None:
    findings = (found("nhs_number", 4, True), found("nhs_number", 2), found("postcode", 3))
    seen = world.observation(*ATTACHED, body=BODY, inspections={"1": Inspection("1"), "2": Inspection("2", findings)})
    assert (seen.bodies, seen.inspectable) == (("1",), ("2",))
    assert world.holds(f"finding: {{{condition}}}", seen) is holds


def test_every_condition_has_a_test_here_or_beside() -> None:
    text = "".join(
        (Path(__file__).parent / name).read_text(encoding="utf-8")
        for name in ("test_conditions.py", "test_contents.py", "test_earlier.py", "test_same_attachment.py")
    )
    assert [key for key in BY_KEY if f"{key}:" not in text and f'"{key}"' not in text] == []


def test_declarations_are_complete() -> None:
    for condition in CONDITIONS:
        for text in (condition.key, condition.meaning, condition.unit, condition.example, condition.consequence):
            assert text.strip()
        assert condition.meaning.endswith(".") and condition.consequence.endswith(".")


def test_uninspectable(world: Any) -> None:
    read = world.observation(*ATTACHED, body=BODY, inspections={"2": Inspection("2")})
    unread = world.observation(*ATTACHED, body=BODY, inspections={"2": Inspection("2", uninspectable="encrypted")})
    assert world.holds("uninspectable: false", read)
    assert world.holds("uninspectable: true", unread)


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda condition: condition.key)
def test_the_example_of_every_condition_loads(world: Any, condition: Any) -> None:
    world.policy(f"when: {{{condition.key}: {condition.example}}}, action: hold")


@pytest.mark.parametrize(
    "fields",
    [
        "From: jo@elm.example, {people}",
        "From: jo@elm.example\r\n Cc: {people}",
        "From: jo@elm.example\r\nReply-To: {people}",
        "From: jo@elm.example\r\nSender: {people}",
        "From: jo@elm.example\r\nMail-Followup-To: {people}",
    ],
)
def test_a_list_among_the_senders_is_counted_and_held_by_the_default_policy(world: Any, fields: str) -> None:
    people = ", ".join(f"person{number}@patients.example" for number in range(12))
    raw = f"{fields.format(people=people)}\r\nTo: a@patients.example\r\nSubject: x\r\n\r\nHi\r\n".encode()
    organisation = Organisation("Elm Road", frozenset({"elm.example"}))
    seen = observe(parse(raw), Envelope(None, ()), organisation)
    assert seen.facts["external_senders"] == 12
    default = Path(__file__).parents[3] / "policies" / "default.yaml"
    verdict = judge(seen, load_policy({"default.yaml": default.read_bytes()}), datetime(2026, 3, 12, tzinfo=UTC))
    assert isinstance(verdict, Verdict) and verdict.disposition is Disposition.HOLD
