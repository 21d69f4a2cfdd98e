"""Exceptions of rules: whom they spare, until when, and what is refused because it would spare everybody."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.core.document import DocumentErrors
from mailguard.core.earlier.past import beside
from mailguard.core.earlier.sending import sending_of
from mailguard.core.observation import Observation, inspected
from mailguard.core.organisation import Organisation
from mailguard.core.policy.exceptions import RuleException, spared
from mailguard.core.policy.fit import misfits, running_out_in
from mailguard.core.policy.judge import judge
from mailguard.core.policy.load import load_policy
from mailguard.core.policy.model import Policy
from mailguard.core.policy.trial import envelope_of
from mailguard.core.verdict import Disposition, Inspection, Needs, Verdict
from mailguard.guard.entries import without_text

LIST = "when: {visible_external_recipients: {at_least: 1}}, action: hold"
SIGNED = "owner: Sam, reason: They know each other., added: 2026-01-01"
BOARD = ("ann@council.example", "ben@hospital.example")
BY_SENDER = f"{LIST}, exceptions: [{{id: e1, sender: [jo@elm.example], {SIGNED}}}]"
BY_PEOPLE = f"{LIST}, exceptions: [{{id: e1, recipients: [{', '.join(BOARD)}], {SIGNED}}}]"
DEFAULT_POLICY = Path(__file__).parents[3] / "policies" / "default.yaml"
SECRETARY = "board-secretary@elmroad.example"
INSIDE = datetime(2026, 2, 1, 9, tzinfo=UTC)


def judged(world: Any, seen: Observation, rule: str, at: datetime = INSIDE) -> Verdict:
    found = judge(seen, world.policy(rule), at)
    assert isinstance(found, Verdict)
    return found


def to(world: Any, *people: str, **more: Any) -> Observation:
    fields = more.pop("fields", ())
    found: Observation = world.observation(f"To: {', '.join(people)}", *fields, recipients=people, **more)
    return found


def test_a_spared_match_is_recorded_with_its_exception(world: Any) -> None:
    verdict = judged(world, to(world, *BOARD), BY_SENDER)
    rule = verdict.rules[0]
    assert (verdict.disposition, rule.matched, rule.values["exception"]) == (Disposition.RELAY, False, "e1")
    assert verdict.exceptions == (("r1", "e1"),)
    decision = without_text(verdict.to_json(content_sha256="", with_visible=False))
    assert decision["rules"][0]["values"] == {"visible_external_recipients": 2, "exception": "e1"}


def test_what_does_not_match_uses_no_exception(world: Any) -> None:
    verdict = judged(world, world.observation(), BY_SENDER)
    assert verdict.exceptions == () and "exception" not in verdict.rules[0].values


@pytest.mark.parametrize(
    ("at", "spares"),
    [
        ("2025-12-31T23:59:59+00:00", False),
        ("2026-01-01T00:00:00+00:00", True),
        ("2026-03-31T23:59:59+00:00", True),
        ("2026-04-01T00:00:00+00:00", False),
        ("2026-04-01T00:30:00+01:00", True),
        ("2036-01-01T00:00:00+00:00", False),
    ],
)
def test_it_holds_for_90_days_unless_it_says_otherwise(world: Any, at: str, spares: bool) -> None:
    verdict = judged(world, to(world, *BOARD), BY_SENDER, datetime.fromisoformat(at))
    assert (verdict.disposition is Disposition.RELAY) is spares


def test_its_own_end_counts(world: Any) -> None:
    rule = BY_SENDER.replace("added: 2026-01-01", "added: 2026-01-01, expires: 2026-01-02")
    seen = to(world, *BOARD)
    assert judged(world, seen, rule, datetime(2026, 1, 1, 23, tzinfo=UTC)).disposition is Disposition.RELAY
    assert judged(world, seen, rule, datetime(2026, 1, 2, tzinfo=UTC)).disposition is Disposition.HOLD


@pytest.mark.parametrize(
    ("shown", "recipients", "fields", "spares"),
    [
        (BOARD, BOARD, (), True),
        (("ANN@Council.Example", BOARD[1]), BOARD, (), True),
        ((*BOARD, "colleague@elm.example"), BOARD, (), True),
        ((*BOARD, "colleague@elm.example"), (*BOARD, "boss@elm.example"), (), True),
        ((*BOARD, "cleo@x.example"), (*BOARD, "cleo@x.example"), (), False),
        (BOARD, (*BOARD, "hidden@x.example"), (), False),
        ((*BOARD, "shown-only@x.example"), BOARD, (), False),
        ((*BOARD, "trusted@partner.example"), BOARD, (), False),
        (BOARD, BOARD, ("Cc: third@x.example",), False),
        (BOARD, BOARD, ("Reply-To: third@x.example",), False),
        (BOARD[:1], BOARD[:1], (), False),
        (BOARD[:1], BOARD, (), True),
        (BOARD, BOARD[:1], (), True),
    ],
)
def test_recipients_are_an_exact_set_of_everybody_outside(
    world: Any, shown: tuple[str, ...], recipients: tuple[str, ...], fields: tuple[str, ...], spares: bool
) -> None:
    seen = world.observation(f"To: {', '.join(shown)}", *fields, recipients=recipients)
    assert (judged(world, seen, BY_PEOPLE).disposition is Disposition.RELAY) is spares


def test_an_attendee_is_one_of_them(world: Any) -> None:
    lines = ["BEGIN:VCALENDAR", "METHOD:REQUEST", "BEGIN:VEVENT", "UID:1", "ORGANIZER:mailto:jo@elm.example"]
    for more, spares in (((), True), (("third@x.example",), False)):
        event = [*lines, *(f"ATTENDEE:mailto:{each}" for each in (*BOARD, *more)), "END:VEVENT", "END:VCALENDAR"]
        kind = ("MIME-Version: 1.0", "Content-Type: text/calendar; method=REQUEST")
        seen = world.observation(*kind, body="\r\n".join(event), recipients=BOARD)
        assert (judged(world, seen, BY_PEOPLE).disposition is Disposition.RELAY) is spares


@pytest.mark.parametrize(
    ("sender", "fields", "reverse_path"),
    [
        ("jo@elm.example", (), "other@elm.example"),
        ("other@elm.example", (), "jo@elm.example"),
        ("jo@elm.example", ("Sender: other@elm.example",), "jo@elm.example"),
        ("jo@elm.example", ("From: jo@elm.example",), "jo@elm.example"),
        ("jo@elm.example", (), "<>"),
    ],
)
def test_a_forged_sender_is_not_spared(world: Any, sender: str, fields: tuple[str, ...], reverse_path: str) -> None:
    seen = to(world, *BOARD, fields=fields, sender=sender, reverse_path=reverse_path)
    assert judged(world, seen, BY_SENDER).rules[0].matched


def test_sender_and_recipients_have_to_hold_both(world: Any) -> None:
    rule = BY_PEOPLE.replace("id: e1,", "id: e1, sender: [jo@elm.example],")
    assert judged(world, to(world, *BOARD), rule).disposition is Disposition.RELAY
    assert judged(world, to(world, *BOARD, sender="other@elm.example"), rule).disposition is Disposition.HOLD
    assert judged(world, to(world, *BOARD, "c@x.example"), rule).disposition is Disposition.HOLD


def test_other_rules_and_floors_are_not_spared(world: Any) -> None:
    found = judge(to(world, *BOARD), world.policy(BY_SENDER, LIST), INSIDE)
    assert isinstance(found, Verdict) and (found.disposition, found.deciding) == (Disposition.HOLD, "r2")
    attached = ("MIME-Version: 1.0", "Content-Type: application/pdf; name=a.pdf")
    unread = {"": Inspection("", uninspectable="encrypted")}
    asking = BY_SENDER.replace("{visible_external_recipients: {at_least: 1}}", "{uninspectable: true}")
    needs = judge(to(world, *BOARD, fields=attached), world.policy(asking), INSIDE)
    assert isinstance(needs, Needs) and needs.inspections == ("",)
    found = judge(to(world, *BOARD, fields=attached, inspections=unread), world.policy(asking), INSIDE)
    assert isinstance(found, Verdict)
    assert (found.deciding, found.exceptions) == ("floor-uninspectable", (("r1", "e1"),))


def test_an_error_is_not_spared_and_a_broken_exception_spares_nobody(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = "Subject: " + "x" * 70_000
    errs = BY_SENDER.replace("{visible_external_recipients: {at_least: 1}}", "{subject: {is: x}}")
    verdict = judged(world, to(world, *BOARD, fields=(long,)), errs)
    assert verdict.rules[0].error and verdict.rules[0].matched and verdict.exceptions == ()

    def broken(*_: object) -> bool:
        raise RuntimeError("secret@outside.example")

    monkeypatch.setattr("mailguard.core.policy.exceptions.sent_by", broken)
    verdict = judged(world, to(world, *BOARD), BY_SENDER)
    assert (verdict.disposition, verdict.exceptions) == (Disposition.HOLD, ())
    assert verdict.rules[0].values["exception_errors"] == 1
    assert "secret" not in json.dumps(verdict.to_json(content_sha256="", with_visible=True))


def test_a_spared_rule_lifts_no_floor_and_a_monitored_one_is_recorded(world: Any) -> None:
    rule = (
        "when: {sender: [jo@elm.example]}, action: relay, lifts: [floor-malformed], "
        f"exceptions: [{{id: e1, sender: [jo@elm.example], {SIGNED}}}]"
    )
    seen = world.observation("To: a@x.example, , b@x.example <")
    assert seen.holding
    assert judged(world, seen, rule).deciding == "floor-malformed"
    assert judged(world, to(world, *BOARD), f"{BY_SENDER}, mode: monitor").exceptions == (("r1", "e1"),)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("", "one of sender, recipients is needed"),
        ("sender: {matches: .}", '"sender" holds for everybody'),
        ("sender: {matches: '@'}", '"sender" holds for everybody'),
        ("sender: {matches: e}", '"sender" holds for everybody'),
        ("sender: {matches: '^[a-z0-9.]+@'}", '"sender" holds for everybody'),
        ("sender: {ends_with: .invalid}, recipients: [a@x.example]", '"sender" holds for everybody'),
        ("sender: []", "an empty text or list holds of nothing"),
        ("recipients: []", "an empty text or list holds of nothing"),
        ("recipients: ['@x.example']", '"@x.example" is a whole domain'),
        ("recipients: [x.example]", '"x.example" is neither an address'),
        ("recipients: {matches: .}", "a list expected"),
        ("sender: [jo@elm.example], id: 'a b'", '"a b" is not an id'),
        ("sender: [jo@elm.example], expires: 2026-01-01", '"expires" 2026-01-01 is not after "added" 2026-01-01'),
        ("sender: [jo@elm.example], expires: tomorrow", '"tomorrow" is no day'),
        ("sender: [jo@elm.example], expires: 2026-02-30", '"2026-02-30" is no day'),
        ("sender: [jo@elm.example], expires: 20270101", '"20270101" is no day'),
        ("sender: [jo@elm.example], until: 2027-01-01", 'unknown key "until"'),
    ],
)
def test_what_does_not_load(world: Any, given: str, message: str) -> None:
    parts = ", ".join(filter(None, ["id: e1" if "id:" not in given else "", given, SIGNED]))
    with pytest.raises(DocumentErrors) as caught:
        world.policy(f"{LIST}, exceptions: [{{{parts}}}]")
    assert any(each.message.startswith(message) for each in caught.value.diagnostics), caught.value


@pytest.mark.parametrize("missing", ["id", "owner", "reason", "added"])
def test_what_every_exception_has_to_say(world: Any, missing: str) -> None:
    said = {"id": "e1", "owner": "Sam", "reason": "x", "added": "2026-01-01", "sender": "jo@elm.example"}
    parts = ", ".join(f"{key}: {value}" for key, value in said.items() if key != missing)
    with pytest.raises(DocumentErrors, match=f'"{missing}" is missing'):
        world.policy(f"{LIST}, exceptions: [{{{parts}}}]")


def test_ids_are_unique_within_a_rule(world: Any) -> None:
    each = f"{{id: e1, sender: [jo@elm.example], {SIGNED}}}"
    with pytest.raises(DocumentErrors, match='an earlier exception of this rule has the id "e1"'):
        world.policy(f"{LIST}, exceptions: [{each}, {each}]")
    assert world.policy(f"{LIST}, exceptions: [{each}]", f"{LIST}, exceptions: [{each}]")


@pytest.mark.parametrize(
    ("given", "warning"),
    [
        ("sender: ['@elm.example']", "it spares everybody at @elm.example"),
        ("sender: [jo@elm.example], expires: 2028-01-01", "it lasts 730 days"),
    ],
)
def test_what_is_warned_of(world: Any, given: str, warning: str) -> None:
    (found,) = world.policy(f"{LIST}, exceptions: [{{id: e1, {given}, {SIGNED}}}]").warnings
    assert found.message == f'exception "e1" of rule "r1": {warning}'


@pytest.mark.parametrize(
    ("day", "warning"),
    [
        ("2025-12-31", "holds only from 2026-01-01 on"),
        ("2026-01-01", None),
        ("2026-03-17", None),
        ("2026-03-18", "expires in 14 days, on 2026-04-01"),
        ("2026-03-31", "expires in 1 day, on 2026-04-01"),
        ("2026-04-01", "expired on 2026-04-01: the rule applies again; renew it or take it out"),
    ],
)
def test_what_is_said_of_the_time_that_is_left(world: Any, day: str, warning: str | None) -> None:
    found = running_out_in(world.policy(BY_SENDER), datetime.fromisoformat(f"{day}T12:00:00+00:00"))
    assert [each.message for each in found] == ([f'exception "e1" of rule "r1" {warning}'] if warning else [])


TWO = Organisation("Elm Road", frozenset({"elm.example", "oak.example"}))


@pytest.mark.parametrize(
    ("senders", "everybody"),
    [
        (["['@elm.example', '@oak.example']"], True),
        (["['@elm.example']", "['@oak.example']"], True),
        (["{matches: '(elm|oak)[.]example$'}"], True),
        (["{ends_with: .example}"], True),
        (["['@elm.example']"], False),
        (["[jo@elm.example, jo@oak.example]"], False),
        (["{matches: '^newsletter'}"], False),
    ],
)
def test_everybody_inside_is_never_spared(world: Any, senders: list[str], everybody: bool) -> None:
    written = ", ".join(f"{{id: e{number}, sender: {each}, {SIGNED}}}" for number, each in enumerate(senders))
    found = misfits(world.policy(f"{LIST}, exceptions: [{written}]"), TWO)
    assert [each.message for each in found] == (
        ['the exceptions of rule "r1" switch it off for everybody inside'] if everybody else []
    )
    if everybody:
        limited = written.replace("sender:", "recipients: [a@x.example], sender:")
        assert not misfits(world.policy(f"{LIST}, exceptions: [{limited}]"), TWO)


def test_the_last_day_of_the_calendar(world: Any) -> None:
    (rule,) = world.policy(BY_SENDER.replace("2026-01-01", "9999-12-30")).rules
    assert rule.exceptions[0].expires == date.max


PEOPLE = st.sets(st.sampled_from([f"p{number}@x.example" for number in range(5)]), min_size=1)


def one_rule(exception: str) -> Policy:
    lines = ["version: 1", "rules:", f"  - {{id: r1, describe: x, {LIST}, exceptions: [{exception}]}}"]
    return load_policy({"p.yaml": "\n".join(lines).encode()})


@given(
    st.dates(date(2000, 1, 1), date(2100, 1, 1)),
    st.integers(1, 4000),
    st.datetimes(datetime(1999, 1, 1), datetime(2112, 1, 1)),
)
def test_an_expired_exception_never_spares(added: date, days: int, clock: datetime) -> None:
    from tests.core.policy.conftest import World

    at = clock.replace(tzinfo=UTC)
    expires = added + timedelta(days=days)
    rule = f"{{id: e1, sender: [jo@elm.example], owner: x, reason: x, added: {added}, expires: {expires}}}"
    verdict = judge(to(World(), *BOARD), one_rule(rule), at)
    assert isinstance(verdict, Verdict)
    assert bool(verdict.exceptions) is (added <= at.date() < expires)


@given(PEOPLE, PEOPLE, PEOPLE)
def test_recipients_never_spare_another_set(named: set[str], shown: set[str], recipients: set[str]) -> None:
    from tests.core.policy.conftest import World

    rule = f"{{id: e1, recipients: [{', '.join(sorted(named))}], {SIGNED}}}"
    seen = World.observation(f"To: {', '.join(sorted(shown))}", recipients=tuple(sorted(recipients)))
    verdict = judge(seen, one_rule(rule), INSIDE)
    assert isinstance(verdict, Verdict)
    assert bool(verdict.exceptions) is (shown | recipients == named)


def test_one_without_any_limit_would_spare_nobody(world: Any) -> None:
    """Loading refuses it; should one ever come in otherwise, it holds for nobody."""
    bare = RuleException("e1", None, None, "x", "x", date(2026, 1, 1), date(2027, 1, 1), 1)
    assert spared([bare], to(world, *BOARD), INSIDE).by is None


def test_the_example_in_the_default_policy_spares_its_board(world: Any) -> None:
    """Taken out of its comment. Nobody else's rule holds the board's list in its place."""
    text = DEFAULT_POLICY.read_text("utf-8")
    start = text.index("    # exceptions:\n")
    end = text.index("    action: hold", start)
    example = re.sub(r"^    # ", "    ", text[start:end], flags=re.MULTILINE)
    members = [f"member{number}@council.example" for number in range(12)]
    example = example.replace("ann@council.example, ben@hospital.example", ", ".join(members))
    policy = load_policy({"default.yaml": (text[:start] + example + text[end:]).encode()})
    elmroad = Organisation("Elm Road", frozenset({"elmroad.example"}))
    for people, held in ((members, False), ([*members, "patient@home.example"], True)):
        seen = to(world, *people, sender=SECRETARY, organisation=elmroad)
        seen = inspected(seen, {path: Inspection(path) for path in seen.bodies})
        sending = sending_of(envelope_of(SECRETARY, people), seen, elmroad)
        assert sending is not None
        again = [(sending, timedelta(days=7), False)]
        verdict = judge(replace(seen, past=beside(sending, again)), policy, datetime(2026, 12, 1, tzinfo=UTC))
        assert isinstance(verdict, Verdict)
        assert (verdict.disposition is Disposition.HOLD) is held
