"""Another number for a rule: what it is said to have made of past mail is what judging with it makes of that mail."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.core.mail.parse import parse
from mailguard.core.observation import Observation, observe
from mailguard.core.policy.judge import judge
from mailguard.core.policy.load import load_policy
from mailguard.core.policy.model import Policy
from mailguard.core.policy.trail import trails
from mailguard.core.policy.trial import assumed_envelope
from mailguard.core.quality.kept import kept_of
from mailguard.core.quality.numbers import Threshold
from mailguard.core.quality.suggestion import CAUGHT, LEAST, Hold, Suggestion, suggest
from mailguard.core.review_report.holds import End
from mailguard.core.verdict import Disposition, Finding, Inspection, Verdict
from tests.core.policy.conftest import World
from tests.core.policy.test_conditions import ATTACHED, BODY
from tests.core.replay.test_memory import AT, ORGANISATION

SHAPES = (
    "{{visible_external_recipients: {{at_least: {n}}}}}",
    "{{visible_external_recipients: {{at_least: {n}}}, not: {{subject: secret}}}}",
    "{{any: [{{visible_external_domains: {{at_least: 4}}}}, {{visible_external_recipients: {{at_least: {n}}}}}]}}",
    "{{all: [{{size_bytes: {{at_least: 1}}}}, {{visible_external_recipients: {{at_least: {n}, at_most: 30}}}}]}}",
    "{{not: {{visible_external_recipients: {{at_most: {n}}}}}}}",
    "{{not: {{any: [{{subject: secret}}, {{visible_external_recipients: {{at_most: {n}}}}}]}}}}",
    "{{size_bytes: {{at_least: 1}}, visible_external_recipients: {{at_least: {n}}}}}",
)
UNLESS = ", unless: {sender: [jo@elmroad.example]}"
OTHERS = (
    "{id: other, describe: x, when: {visible_external_domains: {at_least: 3}}, action: hold}",
    "{id: other, describe: x, when: {subject: secret}, action: reject}",
    "{id: other, describe: x, when: {subject: secret}, action: rewrite, rewrite: separate}",
    "{id: other, describe: x, when: {subject: secret}, action: rewrite, rewrite: bcc, release_as: [bcc]}",
    "{id: other, describe: x, when: {visible_external_recipients: {at_least: 20}}, action: hold, mode: monitor}",
)
ENDS = st.sampled_from(list(End))


def policy(shape: str, number: int, spared: bool, *others: str) -> Policy:
    asked = f"{{id: list, describe: x, when: {shape.format(n=number)}, action: hold{UNLESS if spared else ''}}}"
    text = "version: 1\nrules:\n" + "\n".join(f"  - {each}" for each in (asked, *others))
    return load_policy({"p.yaml": text.encode()})


def observation(people: int, domains: int, secret: bool, sender: str) -> Observation:
    listed = ", ".join(f"p{each}@d{each % domains}.example" for each in range(people))
    subject = "secret" if secret else "x"
    message = parse(f"From: {sender}@elmroad.example\r\nTo: {listed}\r\nSubject: {subject}\r\n\r\nHello\r\n".encode())
    return observe(message, assumed_envelope(message, None, None), ORGANISATION)


def verdict(seen: Observation, by: Policy) -> Verdict:
    found = judge(seen, by, AT)
    assert isinstance(found, Verdict)
    return found


def decision(found: Verdict) -> dict[str, Any]:
    """As the ledger keeps it (guard/entries.py)."""
    made = {**found.to_json(content_sha256="00", with_visible=False), "conditions": trails(found)}
    return json.loads(json.dumps(made))


@dataclass(frozen=True)
class Mail:
    seen: Observation
    end: End


MAIL = st.builds(
    Mail,
    st.builds(observation, st.integers(1, 34), st.integers(1, 6), st.booleans(), st.sampled_from(["jo", "sam"])),
    ENDS,
)


def holds_of(mail: Sequence[Mail], by: Policy) -> list[Hold]:
    then = {each.id: each for each in by.rules}
    judged = [(each, verdict(each.seen, by)) for each in mail]
    return [
        Hold(kept_of(f"MG-{number}", AT, decision(found)), then, each.end)
        for number, (each, found) in enumerate(judged)
        if found.disposition is Disposition.HOLD and found.rules[0].matched
    ]


def suggested(mail: Sequence[Mail], by: Policy, then: Policy | None = None) -> Suggestion:
    return suggest(by.rules[0], by, holds_of(mail, then or by), 30)


def is_varied(threshold: Threshold, number: int) -> bool:
    """Whether it is the {n} of a shape, not a number beside it that happens to be the same."""
    return (threshold.key, threshold.number) == ("visible_external_recipients", number)


@settings(max_examples=120, deadline=None)
@given(
    st.lists(MAIL, min_size=1, max_size=14),
    st.sampled_from(SHAPES),
    st.integers(2, 12),
    st.booleans(),
    st.lists(st.sampled_from(OTHERS), max_size=1),
)
def test_the_effect_that_is_told_is_what_judging_with_that_number_gives(
    mail: list[Mail], shape: str, number: int, spared: bool, others: list[str]
) -> None:
    by = policy(shape, number, spared, *others)
    found = suggested(mail, by)
    held = [each for each in mail if _held(each, by)]
    assert found.held == Counter(each.end for each in held)
    assert (found.no_longer, found.unknown) == (0, 0)
    for candidates in found.candidates:
        if not is_varied(candidates.threshold, number):
            continue
        for effect in candidates.effects:
            changed = policy(shape, effect.number, spared, *others)
            left = [each for each in held if verdict(each.seen, changed).disposition is Disposition.RELAY]
            assert effect.sent == Counter(each.end for each in left)
            assert not effect.unknown
        proposed = candidates.proposed
        if proposed is not None:
            assert proposed.caught == 0 and proposed.total > 0 and found.ended >= LEAST
            beyond = [each for each in candidates.effects if each.total > proposed.total]
            assert all(each.caught for each in beyond), "it is the loosest of the harmless ones"


def _held(each: Mail, by: Policy) -> bool:
    found = verdict(each.seen, by)
    return found.disposition is Disposition.HOLD and found.rules[0].matched


@settings(max_examples=60, deadline=None)
@given(st.lists(MAIL, min_size=1, max_size=14), st.sampled_from(SHAPES), st.integers(2, 12), st.integers(2, 12))
def test_holds_of_another_revision_are_counted_as_todays_policy_would_hold_them(
    mail: list[Mail], shape: str, then: int, now: int
) -> None:
    past, today = policy(shape, then, True), policy(shape, now, True)
    held = [each for each in mail if _held(each, past)]
    found = suggested(mail, today, past)
    assert found.unknown == 0
    assert found.held == Counter(each.end for each in held if _held(each, today))
    assert found.no_longer == sum(not _held(each, today) for each in held)


LIST = SHAPES[0]


def mail_of(*counts: tuple[int, End]) -> list[Mail]:
    return [Mail(observation(people, 1, False, "jo"), end) for people, end in counts]


def test_what_somebody_changed_or_stopped_is_never_let_through_by_what_is_proposed() -> None:
    sent = [(each, End.SENT) for each in range(10, 22)]
    for end in sorted(CAUGHT):
        (candidates,) = suggested(mail_of(*sent, (15, end)), policy(LIST, 10, False)).candidates
        assert candidates.proposed is not None and candidates.proposed.number == 15
        assert candidates.proposed.sent == {End.SENT: 5}
        harmful = [each for each in candidates.effects if each.number > 15]
        assert harmful and all(each.caught == 1 for each in harmful), "the others say so"
    (first,) = suggested(mail_of(*sent, (10, End.REJECTED)), policy(LIST, 10, False)).candidates
    assert first.proposed is None and [each.caught for each in first.effects] == [1] * len(first.effects)


def test_of_few_holds_nothing_is_proposed_and_what_is_open_proposes_nothing() -> None:
    (few,) = suggested(mail_of(*[(12, End.SENT)] * (LEAST - 1)), policy(LIST, 10, False)).candidates
    assert few.proposed is None and few.effects[0].total == LEAST - 1
    (enough,) = suggested(mail_of(*[(12, End.SENT)] * LEAST), policy(LIST, 10, False)).candidates
    assert enough.proposed is not None and enough.proposed.number == 13
    (undecided,) = suggested(mail_of(*[(12, End.OPEN)] * LEAST), policy(LIST, 10, False)).candidates
    assert undecided.proposed is None


def test_a_rule_that_asks_for_something_else_now_is_not_told_of_by_its_old_answers() -> None:
    def asking(subject: str) -> Policy:
        return policy(f"{{{{subject: {subject}, visible_external_recipients: {{{{at_least: {{n}}}}}}}}}}", 10, False)

    mail = [Mail(observation(12, 1, True, "jo"), End.SENT)]
    found = suggested(mail, asking("embargo"), asking("secret"))
    assert (found.total, found.unknown) == (0, 1)


def test_a_number_of_findings_is_told_of_as_well() -> None:
    when = "{finding: {kind: people_rows, count: {at_least: 5}}}"
    by = load_policy({"p.yaml": f"version: 1\nrules: [{{id: rows, describe: x, when: {when}, action: hold}}]".encode()})
    holds = []
    for rows in range(5, 17):
        found = (Finding("people", "people_rows", "s", rows, "x"),)
        seen = World.observation(*ATTACHED, body=BODY, inspections={"1": Inspection("1"), "2": Inspection("2", found)})
        end = End.CHANGED if rows == 15 else End.SENT
        holds.append(Hold(kept_of(f"MG-{rows}", AT, decision(verdict(seen, by))), {"rows": by.rules[0]}, end))
    (candidates,) = suggest(by.rules[0], by, holds, 30).candidates
    assert candidates.proposed is not None and candidates.proposed.sent == {End.SENT: 10}
    assert candidates.threshold.in_yaml(candidates.proposed.number) == "finding: {count: {at_least: 15}}"


@pytest.mark.parametrize("action", ["reject", "rewrite, rewrite: separate", "relay"])
def test_a_rule_that_holds_nothing_has_no_numbers_to_propose(action: str) -> None:
    text = f"version: 1\nrules: [{{id: list, describe: x, when: {{size_bytes: {{at_least: 1}}}}, action: {action}}}]"
    by = load_policy({"p.yaml": text.encode()})
    assert suggest(by.rules[0], by, (), 30).candidates == ()


def test_a_month_is_thirty_days() -> None:
    found = suggested(mail_of((12, End.SENT)), policy(LIST, 10, False))
    assert found.a_month(31) == 31.0
    assert datetime(2026, 1, 1, tzinfo=UTC) < AT


def test_a_part_that_was_not_read_makes_a_count_the_least_that_it_may_be() -> None:
    by = policy(LIST, 10, False)
    fields = {**decision(verdict(observation(12, 1, False, "jo"), by)), "uncounted_parts": 1}
    hold = Hold(kept_of("MG-1", AT, fields), {each.id: each for each in by.rules}, End.REJECTED)
    (candidates,) = suggest(by.rules[0], by, [hold] * LEAST, 30).candidates
    assert candidates.proposed is None
    assert [(each.number, each.total, each.caught_perhaps) for each in candidates.effects] == [(13, 0, LEAST)]
