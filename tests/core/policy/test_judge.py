"""The judgement: strictness, floors, modes, errors, needs, obligations (DESIGN.md "The floor under every policy")."""

from __future__ import annotations

import dataclasses
import itertools
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.core.mail.message import Defect
from mailguard.core.mail.parse import parse
from mailguard.core.observation import observe
from mailguard.core.organisation import Organisation
from mailguard.core.policy.conditions import vocabulary
from mailguard.core.policy.conditions.declaration import Found
from mailguard.core.policy.judge import judge
from mailguard.core.policy.load import load_policy
from mailguard.core.policy.model import FLOOR_MALFORMED, FLOOR_UNINSPECTABLE
from mailguard.core.policy.tree import Truth, evaluate
from mailguard.core.policy.trial import envelope_of
from mailguard.core.verdict import Disposition, Inspection, Needs, Rewrite, Verdict

ALWAYS = "when: {envelope_recipients: {at_least: 0}}"
NEVER = "when: {envelope_recipients: {at_least: 99999}}"
ATTACHED = ("MIME-Version: 1.0", 'Content-Type: multipart/mixed; boundary="b"')
BODY = "--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b\r\nContent-Type: application/pdf; name=a.pdf\r\n\r\nx\r\n--b--"
ODD = (Defect("duplicate-field", "cc"),)
NOW = datetime(2026, 3, 12, 9, tzinfo=UTC)
ELM = Organisation("Elm", frozenset({"elm.example"}))
PLAIN = observe(
    parse(b"From: jo@elm.example\r\n\r\n"),
    envelope_of("jo@elm.example", ["a@x.example"]),
    Organisation("Elm", frozenset({"elm.example"})),
)


def test_nothing_matched_relays(world: Any) -> None:
    verdict = world.judge(world.observation(), f"{NEVER}, action: reject")
    assert (verdict.disposition, verdict.rewrite, verdict.deciding) == (Disposition.RELAY, None, None)
    assert [rule.id for rule in verdict.rules] == ["r1", FLOOR_MALFORMED, FLOOR_UNINSPECTABLE]
    assert verdict.reason


LADDER = [
    "action: relay",
    "action: rewrite, rewrite: bcc",
    "action: rewrite, rewrite: separate",
    "action: hold",
    "action: reject",
]


@pytest.mark.parametrize(("weaker", "stricter"), list(itertools.combinations(range(5), 2)))
@pytest.mark.parametrize("swap", [False, True])
def test_the_strictest_wins_in_any_order(world: Any, weaker: int, stricter: int, swap: bool) -> None:
    rules = [f"{ALWAYS}, {LADDER[place]}" for place in (weaker, stricter)]
    alone = world.judge(world.observation(), rules[1])
    both = world.judge(world.observation(), *(reversed(rules) if swap else rules))
    assert (both.disposition, both.rewrite) == (alone.disposition, alone.rewrite)
    assert both.deciding == ("r1" if swap else "r2")


@pytest.mark.parametrize(
    ("action", "disposition", "rewrite"),
    [
        ("action: relay", Disposition.RELAY, None),
        ("action: rewrite", Disposition.RELAY, Rewrite.SEPARATE),
        ("action: rewrite, rewrite: bcc", Disposition.RELAY, Rewrite.BCC),
        ("action: hold", Disposition.HOLD, None),
        ("action: hold, rewrite: bcc", Disposition.HOLD, Rewrite.BCC),
        ("action: reject", Disposition.REJECT, None),
    ],
)
def test_what_an_action_comes_to(world: Any, action: str, disposition: Disposition, rewrite: Rewrite | None) -> None:
    verdict = world.judge(world.observation(), f"{ALWAYS}, {action}")
    assert (verdict.disposition, verdict.rewrite, verdict.deciding) == (disposition, rewrite, "r1")


@pytest.mark.parametrize("action", ["relay", "rewrite", "hold", "reject"])
@pytest.mark.parametrize("mode", ["monitor", "off"])
def test_a_monitored_rule_never_changes_the_disposition(world: Any, action: str, mode: str) -> None:
    verdict = world.judge(world.observation(), f"{ALWAYS}, action: {action}, mode: {mode}")
    assert (verdict.disposition, verdict.rewrite, verdict.deciding) == (Disposition.RELAY, None, None)
    assert verdict.rules[0].matched is (mode == "monitor")


def broken(*_: object) -> Found:
    raise RuntimeError("secret@outside.example")


@pytest.fixture
def break_subject(monkeypatch: pytest.MonkeyPatch) -> None:
    table = dict(vocabulary.BY_KEY)
    table["subject"] = dataclasses.replace(table["subject"], look=broken)
    monkeypatch.setattr("mailguard.core.policy.model.BY_KEY", table)


@pytest.mark.parametrize(
    ("action", "disposition"),
    [("relay", "hold"), ("rewrite", "hold"), ("hold", "hold"), ("reject", "reject")],
)
@pytest.mark.usefixtures("break_subject")
def test_a_rule_that_errs_counts_as_matched(world: Any, action: str, disposition: str) -> None:
    verdict = world.judge(world.observation(), f"when: {{subject: {{is: x}}}}, action: {action}")
    assert verdict.disposition == disposition
    assert verdict.rules[0].matched
    assert verdict.rules[0].error == "subject: RuntimeError"
    assert "secret" not in json.dumps(verdict.to_json(content_sha256="", with_visible=False)) + verdict.reason
    assert verdict.errors == ("r1: subject: RuntimeError",)


@pytest.mark.usefixtures("break_subject")
def test_an_error_loosens_nothing(world: Any) -> None:
    """A broken rule lifts no floor, leaves by itself after no delay, and lets the sender decide nothing."""
    seen = world.observation(defects=ODD)
    lifting = "when: {subject: {is: x}, sender: [jo@elm.example]}, action: relay, lifts: [floor-malformed]"
    assert world.judge(seen, lifting).disposition == Disposition.HOLD
    rule = "when: {subject: {is: x}}, action: hold, delay: 5m, sender_may: [original]"
    verdict = world.judge(world.observation(), rule)
    assert (verdict.delay, verdict.sender_may) == (None, ())


@pytest.mark.usefixtures("break_subject")
def test_an_error_in_a_monitored_rule_is_recorded_only(world: Any) -> None:
    verdict = world.judge(world.observation(), "when: {subject: {is: x}}, action: hold, mode: monitor")
    assert verdict.disposition == Disposition.RELAY
    assert verdict.errors


@pytest.mark.usefixtures("break_subject")
@pytest.mark.parametrize(
    ("when", "truth"),
    [
        ("subject: {is: x}", Truth.ERROR),
        ("subject: {is: x}, envelope_recipients: {at_least: 9}", Truth.FALSE),
        ("subject: {is: x}, envelope_recipients: {at_least: 0}", Truth.ERROR),
        ("any: [{subject: {is: x}}, {envelope_recipients: {at_least: 0}}]", Truth.TRUE),
        ("any: [{subject: {is: x}}, {envelope_recipients: {at_least: 9}}]", Truth.ERROR),
        ("not: {subject: {is: x}}", Truth.ERROR),
        ("not: {all: [{subject: {is: x}}, {envelope_recipients: {at_least: 9}}]}", Truth.TRUE),
    ],
)
def test_truth_of_combinations_with_an_error(world: Any, when: str, truth: Truth) -> None:
    (rule,) = world.policy(f"when: {{{when}}}, action: hold").rules
    assert evaluate(rule.when, world.observation()).truth is truth


@pytest.mark.parametrize("rules", [(), (f"{ALWAYS}, action: relay",), (f"{ALWAYS}, action: hold, mode: off",)])
def test_floor_malformed_holds_whatever_the_policy_says(world: Any, rules: tuple[str, ...]) -> None:
    verdict = world.judge(world.observation(defects=ODD), *rules)
    assert (verdict.disposition, verdict.deciding) == (Disposition.HOLD, FLOOR_MALFORMED)
    assert verdict.reason == "the message can be read in more than one way (cc)"
    assert verdict.rules[-2].matched


def test_floor_holds_in_monitor_mode_and_over_a_rewrite(world: Any) -> None:
    for rule in (f"{ALWAYS}, action: hold, mode: monitor", f"{ALWAYS}, action: rewrite"):
        assert world.judge(world.observation(defects=ODD), rule).disposition == Disposition.HOLD


def test_a_noted_defect_holds_nothing(world: Any) -> None:
    seen = world.observation(defects=(Defect("long-line", "body", holds=False),))
    assert world.judge(seen).disposition == Disposition.RELAY


LIFT = "when: {sender: [jo@elm.example]}, action: relay, lifts: [floor-malformed]"


def test_a_floor_is_lifted_by_name(world: Any) -> None:
    verdict = world.judge(world.observation(defects=ODD), LIFT)
    assert verdict.disposition == Disposition.RELAY
    floor = verdict.rules[-2]
    assert (floor.matched, floor.values["lifted_by"]) == (False, "r1")


@pytest.mark.parametrize(
    ("rule", "sender"),
    [
        (LIFT, "other@elm.example"),
        (LIFT + ", mode: monitor", "jo@elm.example"),
        (LIFT + ", mode: off", "jo@elm.example"),
        (LIFT + ", unless: {sender: [jo@elm.example]}", "jo@elm.example"),
        (LIFT.replace("floor-malformed", "floor-uninspectable"), "jo@elm.example"),
    ],
)
def test_a_floor_is_not_lifted_otherwise(world: Any, rule: str, sender: str) -> None:
    assert world.judge(world.observation(sender=sender, defects=ODD), rule).disposition == Disposition.HOLD


def test_a_lifted_floor_leaves_rules_in_force(world: Any) -> None:
    verdict = world.judge(world.observation(defects=ODD), LIFT, "when: {malformed: true}, action: hold")
    assert (verdict.disposition, verdict.deciding) == (Disposition.HOLD, "r2")


@pytest.mark.parametrize(
    ("recipients", "disposition"),
    [
        (("a@fax.example",), "relay"),
        (("a@fax.example", "b@fax.example"), "relay"),
        (("a@fax.example", "b@x.example"), "hold"),
    ],
)
def test_recipient_domain_lifts_a_floor_only_if_everybody_is_there(
    world: Any, recipients: tuple[str, ...], disposition: str
) -> None:
    rule = "when: {recipient_domain: [fax.example]}, action: relay, lifts: [floor-malformed]"
    assert world.judge(world.observation(defects=ODD, recipients=recipients), rule).disposition == disposition


def attached(world: Any, inspections: dict[str, Inspection] | None = None) -> Any:
    return world.observation(*ATTACHED, body=BODY, inspections=inspections)


ASKS = "when: {finding: {kind: nhs_number}}, action: relay"
UNREAD = {"1": Inspection("1"), "2": Inspection("2", uninspectable="encrypted")}


def test_asks_for_inspections_only_if_it_depends_on_them(world: Any) -> None:
    assert world.needs(attached(world), ASKS) == ("1", "2")
    assert world.needs(attached(world), "when: {uninspectable: true}, action: hold") == ("2",)
    ruled_out = "when: {finding: {kind: x}, envelope_recipients: {at_least: 9}}, action: hold"
    settled = "when: {any: [{finding: {kind: x}}, {envelope_recipients: {at_least: 0}}]}, action: hold"
    for rule in (ruled_out, settled, ASKS + ", mode: off", ASKS + ", unless: {sender: [jo@elm.example]}"):
        verdict = world.judge(attached(world), rule)
        assert not verdict.rules[-1].matched


def test_a_message_without_attachments_has_a_text_to_read_and_none_that_cannot_be(world: Any) -> None:
    assert len(world.needs(world.observation(), ASKS)) == 1
    assert world.judge(world.observation(), "when: {uninspectable: true}, action: hold").deciding is None


@pytest.mark.parametrize(
    ("unread", "says"),
    [
        (("1",), "the text of the message cannot be checked"),
        (("1", "2"), "the text of the message cannot be checked, nor can an attachment"),
    ],
)
def test_a_text_that_could_not_be_judged_holds_the_message_and_no_attachments_rule_lifts_it(
    world: Any, unread: tuple[str, ...], says: str
) -> None:
    known = {path: Inspection(path, uninspectable="it broke" if path in unread else None) for path in ("1", "2")}
    verdict = world.judge(attached(world, known), ASKS)
    assert (verdict.deciding, verdict.reason) == (FLOOR_UNINSPECTABLE, says)
    when = "when: {uninspectable: true, sender: [jo@elm.example]}"
    lifted = world.judge(attached(world, known), ASKS, f"{when}, action: relay, lifts: [floor-uninspectable]")
    assert (lifted.disposition is Disposition.RELAY) is ("2" in unread)


@pytest.mark.parametrize("mode", ["enforce", "monitor"])
def test_floor_uninspectable_holds_what_a_rule_asked_about(world: Any, mode: str) -> None:
    verdict = world.judge(attached(world, UNREAD), f"{ASKS}, mode: {mode}")
    assert (verdict.disposition, verdict.deciding) == (Disposition.HOLD, FLOOR_UNINSPECTABLE)
    assert verdict.reason == "an attachment cannot be read"


def test_floor_uninspectable_stays_down_where_no_rule_asked(world: Any) -> None:
    ruled_out = "when: {finding: {kind: x}, envelope_recipients: {at_least: 9}}, action: hold"
    assert world.judge(attached(world, UNREAD), ruled_out).disposition == Disposition.RELAY
    assert world.judge(attached(world, UNREAD), f"{ALWAYS}, action: relay").disposition == Disposition.RELAY


def test_floor_uninspectable_can_be_lifted(world: Any) -> None:
    lift = "when: {sender: [jo@elm.example]}, action: relay, lifts: [floor-uninspectable]"
    assert world.judge(attached(world, UNREAD), ASKS, lift).disposition == Disposition.RELAY


def test_unless_needs_the_real_sender(world: Any) -> None:
    rule = f"{ALWAYS}, unless: {{sender: [jo@elm.example]}}, action: hold"
    assert world.judge(world.observation(), rule).disposition == Disposition.RELAY
    assert world.judge(world.observation(), rule).rules[0].values["unless"] is True
    forged = world.observation(reverse_path="other@elm.example")
    assert world.judge(forged, rule).disposition == Disposition.HOLD
    null = world.observation(reverse_path="<>")
    assert world.judge(null, rule).disposition == Disposition.HOLD


def test_obligations_are_the_strictest_of_all_that_hold(world: Any) -> None:
    verdict = world.judge(
        world.observation(),
        f"{ALWAYS}, action: hold, delay: 5m, sender_may: [cancel, original]",
        f"{ALWAYS}, action: hold, approvals: 2, deadline: 8h, sender_may: [cancel, separate]",
        f"{ALWAYS}, action: hold, deadline: 4h, sender_may: [cancel], hide_inside_above: 20",
        f"{ALWAYS}, action: rewrite, hide_inside_above: 30",
    )
    assert verdict.deciding == "r2"
    assert (verdict.approvals, verdict.deadline, verdict.delay) == (2, timedelta(hours=4), None)
    assert (verdict.sender_may, verdict.hide_inside_above) == (("cancel",), 20)


def test_a_delay_applies_where_every_hold_has_one(world: Any) -> None:
    rules = [f"{ALWAYS}, action: hold, delay: {delay}" for delay in ("5m", "10m")]
    assert world.judge(world.observation(), *rules).delay == timedelta(minutes=10)
    assert world.judge(world.observation(defects=ODD), *rules).delay is None


@pytest.mark.parametrize(
    ("shown", "condition", "reason"),
    [
        ("Cc: {12}", "visible_external_recipients: {at_least: 10}", "12 people in Cc would see each other's addresses"),
        (
            "To: a@x.example\r\nCc: {2}",
            "visible_external_recipients: {at_least: 1}",
            "3 people in To and Cc would see each other's addresses",
        ),
        (
            "To: a@x.example",
            "visible_external_recipients: {at_least: 1}",
            "1 person outside the organisation would be shown in To",
        ),
        ("To: {2}", "visible_external_domains: {at_least: 1}", "addresses of 1 outside domain would be shown together"),
        ("To: {2}", "header: {name: subject, is: x}", "Rule 1"),
        ("To: {2}", "not: {visible_external_recipients: {at_least: 5}}", "Rule 1"),
    ],
)
def test_reasons(world: Any, shown: str, condition: str, reason: str) -> None:
    fields = shown.format(*[world.many(number) for number in range(13)])
    seen = world.observation(*fields.split("\r\n"), "Subject: x")
    assert world.judge(seen, f"when: {{{condition}}}, action: hold").reason == reason


def test_the_ledgers_decision_holds_no_address_or_text(world: Any) -> None:
    seen = world.observation("To: secret@outside.example", "Subject: hush", sender="jo@elm.example")
    conditions = (
        "subject: {is: hush}, header: {name: subject, is: hush}, sender: [jo@elm.example], "
        "sender_any: ['@elm.example'], recipient_domain: [outside.example]"
    )
    verdict = world.judge(seen, f"when: {{{conditions}}}, action: hold")
    assert verdict.rules[0].matched
    decision = json.dumps(verdict.to_json(content_sha256="x", with_visible=False))
    assert not any(word in decision for word in ("secret", "hush", "jo@", "outside.example"))
    assert "secret@outside.example" in json.dumps(verdict.to_json(content_sha256="x", with_visible=True))


def test_judging_is_a_pure_function(world: Any) -> None:
    seen, policy = world.observation(f"Cc: {world.many(20)}"), world.policy(f"{ALWAYS}, action: hold")
    assert judge(seen, policy, NOW) == judge(seen, policy, NOW)


ACTIONS = st.sampled_from(["relay", "rewrite", "hold", "reject"])
STRICT = {"relay": 0, "rewrite": 1, "hold": 2, "reject": 3}


@given(
    st.lists(st.tuples(ACTIONS, st.sampled_from(["off", "monitor", "enforce"]), st.booleans()), max_size=8),
    st.booleans(),
)
def test_a_further_rule_or_defect_never_loosens(rules: list[tuple[str, str, bool]], odd: bool) -> None:
    found = [
        f"  - {{id: r{place}, describe: x, {ALWAYS if holds else NEVER}, action: {action}, mode: {mode}}}"
        for place, (action, mode, holds) in enumerate(rules)
    ]
    policy = load_policy({"p": "\n".join(["version: 1", "rules:" if found else "rules: []", *found]).encode()})
    verdict = judge(dataclasses.replace(PLAIN, defects=ODD if odd else ()), policy, NOW)
    assert isinstance(verdict, Verdict)
    level = max([STRICT[action] for action, mode, holds in rules if mode == "enforce" and holds] + [2 if odd else 0])
    got = 1 if verdict.disposition == "relay" and verdict.rewrite else STRICT[verdict.disposition]
    assert got == level


INVITED = (
    "MIME-Version: 1.0", "Content-Type: text/calendar; method=REQUEST", "To: p0@outside.example, jo@elm.example"
)  # fmt: skip
EVENT = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:1\r\n{}END:VEVENT\r\nEND:VCALENDAR\r\n"


def invitation(world: Any, count: int) -> Any:
    lines = (f"ATTENDEE:mailto:p{number}@outside.example\r\n" for number in range(count))
    return world.observation(*INVITED, body=EVENT.format("".join(lines)))


def test_attendees_count_once_with_to_and_cc_and_the_reason_says_where(world: Any) -> None:
    verdict = world.judge(
        invitation(world, 12), "when: {visible_external_recipients: {at_least: 10}}, action: hold, rewrite: separate"
    )
    assert verdict.facts["visible_external_recipients"] == 12
    assert verdict.facts["visible_internal_recipients"] == 1
    assert verdict.reason == "12 people in To and the invitation would see each other's addresses"
    assert verdict.visible == (
        "p0@outside.example",
        "jo@elm.example",
        *(f"p{number}@outside.example" for number in range(1, 12)),
    )


def test_organisers_count_among_the_senders(world: Any) -> None:
    lines = "".join(f"ORGANIZER:mailto:o{number}@outside.example\r\n" for number in range(3))
    seen = world.observation(*INVITED, body=EVENT.format(lines))
    assert (seen.facts["external_senders"], seen.facts["visible_external_recipients"]) == (3, 1)


@pytest.mark.parametrize("action", ["rewrite", "hold"])
def test_bcc_that_meets_an_invitation_is_a_hold_that_offers_separate(world: Any, action: str) -> None:
    verdict = world.judge(invitation(world, 2), f"{ALWAYS}, action: {action}, rewrite: bcc")
    assert (verdict.disposition, verdict.rewrite) == (Disposition.HOLD, Rewrite.SEPARATE)
    assert ("only separate copies" in verdict.reason) is (action == "rewrite")
    other = world.judge(world.observation("To: p0@outside.example"), f"{ALWAYS}, action: {action}, rewrite: bcc")
    assert other.rewrite is Rewrite.BCC


KEY = "jo@elm.example\n1"


def followed(
    world: Any, history: dict[str, str] | None, *rules: str, recipients: tuple[str, ...] = ("p0@outside.example",)
) -> Any:
    message = invitation(world, 2).message
    seen = observe(message, envelope_of("jo@elm.example", list(recipients)), ELM, history=history)
    return judge(seen, world.policy(*rules), NOW)


def test_an_invitation_asks_whether_an_earlier_one_was_separated(world: Any) -> None:
    found = followed(world, None, f"{NEVER}, action: hold")
    assert isinstance(found, Needs) and (found.history, found.inspections) == ((KEY,), ())
    assert isinstance(followed(world, None, recipients=("jo@elm.example",)), Verdict)


@pytest.mark.parametrize("mode", ["enforce", "monitor", "'off'"])
def test_what_follows_is_separated_under_the_id_of_the_rule(world: Any, mode: str) -> None:
    verdict = followed(world, {KEY: "r1"}, f"{NEVER}, action: hold, hide_inside_above: 3, mode: {mode}")
    assert (verdict.disposition, verdict.rewrite) == (Disposition.RELAY, Rewrite.SEPARATE)
    assert (verdict.deciding, verdict.hide_inside_above) == ("r1", 3)
    rule = verdict.rules[0]
    assert (rule.id, rule.matched, rule.mode) == ("r1", True, "enforce")
    assert rule.values["calendar_memory"] is True and "earlier message" in verdict.reason


def test_a_rule_that_is_gone_separates_still_and_a_stricter_one_decides(world: Any) -> None:
    verdict = followed(world, {KEY: "gone"}, f"{NEVER}, action: hold")
    assert (verdict.deciding, verdict.rewrite) == ("gone", Rewrite.SEPARATE)
    assert [each.id for each in verdict.rules][:2] == ["gone", "r1"]
    assert followed(world, {KEY: "gone"}, f"{ALWAYS}, action: reject").disposition is Disposition.REJECT
    assert followed(world, {KEY: "r1"}, f"{ALWAYS}, action: hold").disposition is Disposition.HOLD
    assert followed(world, {}, f"{NEVER}, action: hold").deciding is None
