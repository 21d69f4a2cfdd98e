"""A ledger's facts judged by another policy: what they answer, what they do not, and that nothing is guessed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mailguard.core.mail.parse import parse
from mailguard.core.observation import observe
from mailguard.core.organisation import Organisation
from mailguard.core.policy.judge import judge
from mailguard.core.policy.load import load_policy
from mailguard.core.policy.model import Policy
from mailguard.core.policy.trial import assumed_envelope
from mailguard.core.replay.outcome import outcome_of
from mailguard.core.replay.recorded import NOT_TOLD, Decided, decided_in, judge_again, unanswered
from mailguard.core.verdict import Verdict
from tests.core.replay.test_memory import AT, ORGANISATION


def policy(*rules: str) -> Policy:
    return load_policy({"p.yaml": ("version: 1\nrules:\n" + "\n".join(f"  - {each}" for each in rules)).encode()})


LIST = "{id: list, describe: x, when: {visible_external_recipients: {at_least: 10}}, action: hold, rewrite: separate}"
WATCH = "{id: watch, describe: x, when: {size_bytes: {at_least: 1}}, action: hold, mode: monitor}"
BATCH = "{id: batch, describe: x, when: {batch_external_recipients: {at_least: 10}}, action: hold}"
SPARED = LIST.replace("id: list", "id: spared, unless: {sender: [a@elmroad.example]}")
MIXED = "{id: mixed, describe: x, when: {subject: secret, calendar: true}, action: reject}"
EITHER = "{id: either, describe: x, when: {any: [{subject: secret}, {not: {calendar: true}}]}, action: hold}"


def verdict_on(people: int, of: Policy) -> Verdict:
    listed = ", ".join(f"p{each}@patients.example" for each in range(people))
    message = parse(f"From: jo@elmroad.example\r\nTo: {listed}\r\nSubject: x\r\n\r\nHello\r\n".encode())
    found = judge(observe(message, assumed_envelope(message, None, None), ORGANISATION), of, AT)
    assert isinstance(found, Verdict)
    return found


def entry(people: int, **changed: Any) -> dict[str, Any]:
    decision = verdict_on(people, policy(WATCH)).to_json(content_sha256="00", with_visible=False)
    return {"kind": "message_decided", "ref": "MG-1", "at": AT.isoformat(), "fields": decision, **changed}


def decided(people: int) -> Decided:
    found = decided_in(json.loads(json.dumps({"entry": entry(people)})))
    assert found is not None
    return found


@pytest.mark.parametrize("people", [1, 9, 10, 288])
def test_what_the_facts_answer_comes_out_as_it_would_have(people: int) -> None:
    asked = policy(LIST, WATCH)
    record = judge_again(7, decided(people), asked)
    expected = outcome_of(verdict_on(people, asked), exposed=False)
    assert record.unreadable is None
    assert (record.position, record.reference, record.at) == (7, "MG-1", AT)
    assert record.outcomes == (expected,)


def test_both_forms_of_a_line_are_read_and_other_kinds_are_passed_over() -> None:
    flat = {**entry(3).pop("fields"), "kind": "message_decided", "ref": "MG-1", "at": AT.isoformat()}
    assert decided_in(flat) == decided(3)
    assert decided_in({"entry": {"kind": "message_held", "fields": {}}}) is None
    assert decided_in({"checkpoint": {}}) is None
    with pytest.raises(ValueError, match="without its facts"):
        decided_in({"kind": "message_decided", "ref": "MG-1"})


def test_what_they_do_not_answer_is_said_and_not_guessed() -> None:
    for rules in ((BATCH,), (SPARED,)):
        assert judge_again(1, decided(12), policy(*rules)).unreadable == NOT_TOLD
    assert judge_again(1, decided(1), policy(SPARED)).unreadable is None, "it does not match, whoever sent it"
    assert unanswered(policy(LIST, BATCH, SPARED, MIXED), decided(1).facts) == {
        "batch": ("batch_external_recipients",),
        "spared": ("unless",),
        "mixed": ("subject",),
    }


def test_a_rule_that_nothing_stricter_could_change_is_told_beside_one_that_is_open() -> None:
    record = judge_again(1, decided(12), policy(LIST, BATCH))
    assert (record.unreadable, record.outcomes[0].outcome, record.outcomes[0].rule) == (None, "hold", "list")


def test_one_answer_can_settle_all_and_any() -> None:
    assert judge_again(1, decided(1), policy(MIXED)).outcomes[0].outcome == "relay"
    assert judge_again(1, decided(1), policy(EITHER)).outcomes[0].outcome == "hold"


def test_a_floor_held_it_whatever_the_policy() -> None:
    message = parse(b'From: a@elmroad.example\r\nTo: a@b.example, "c\r\nTo: d@e.example\r\n\r\nx\r\n')
    found = judge(
        observe(message, assumed_envelope(message, None, None), Organisation("x", frozenset({"elmroad.example"}))),
        policy(WATCH),
        AT,
    )
    assert isinstance(found, Verdict)
    fields = found.to_json(content_sha256="00", with_visible=False)
    held = decided_in({"kind": "message_decided", "ref": "r", "at": None, "fields": fields})
    assert held is not None
    record = judge_again(1, held, policy(LIST))
    assert (record.outcomes[0].outcome, record.outcomes[0].rule, record.at) == ("hold", "floor-malformed", None)
