"""What a decision keeps of its conditions leads back to the explanation that was true when it was judged."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.core.envelope import Envelope
from mailguard.core.mail.parse import parse
from mailguard.core.observation import observe
from mailguard.core.organisation import Organisation
from mailguard.core.policy.explain import explain
from mailguard.core.policy.judge import judge
from mailguard.core.policy.load import Policy, load_policy
from mailguard.core.policy.trail import recount, trails
from mailguard.core.policy.trial import envelope_of
from mailguard.core.verdict import Verdict

ELM = Organisation("Elm", frozenset({"elm.example"}))
RAW = b"From: jo@elm.example\r\nTo: a@x.example, b@y.example\r\nSubject: Hello\r\n\r\nx\r\n"
AT = datetime(2026, 3, 12, tzinfo=UTC)
CONDITIONS = (
    "calendar: true",
    "visible_external_recipients: {at_least: 2}",
    "visible_external_recipients: {at_least: 3}",
    "subject: {is: hello}",
    "subject: {is: goodbye}",
    "media_type: text/plain",
    "media_type: image/png",
    "recipient_domain: x.example",
    "sender: jo@elm.example",
)
TREES = st.recursive(
    st.sampled_from(CONDITIONS),
    lambda below: (
        st.tuples(st.sampled_from(["all", "any"]), st.lists(below, min_size=1, max_size=4))
        | st.tuples(st.just("not"), below)
    ),
    max_leaves=12,
)


def as_yaml(tree: Any) -> str:
    if isinstance(tree, str):
        return f"{{{tree}}}"
    kind, below = tree
    return f"{{{kind}: {as_yaml(below) if kind == 'not' else '[' + ', '.join(map(as_yaml, below)) + ']'}}}"


def policy_of(*whens: str) -> Policy:
    rules = "".join(
        f"  - {{id: r{number}, describe: x, when: {when}, action: hold}}\n" for number, when in enumerate(whens)
    )
    return load_policy({"p.yaml": f"version: 1\nrules:\n{rules}".encode()})


def judged(policy: Policy, raw: bytes = RAW) -> tuple[list[Any], dict[str, Any]]:
    """What was explained then, and the decision as the ledger gives it back."""
    seen = observe(parse(raw), envelope_of("jo@elm.example", ["a@x.example", "b@y.example"]), ELM)
    verdict = judge(seen, policy, AT)
    assert isinstance(verdict, Verdict)
    decision = verdict.to_json(content_sha256="", with_visible=False)
    decision["conditions"] = trails(verdict)
    return [trace.to_json() for trace in explain(seen, policy, verdict)], json.loads(json.dumps(decision))


@given(st.lists(TREES, min_size=1, max_size=3))
def test_what_was_recorded_recounts_what_was_explained(trees: list[Any]) -> None:
    policy = policy_of(*map(as_yaml, trees))
    explained, decision = judged(policy)
    assert list(recount(policy, decision)) == explained


def test_values_of_one_condition_that_differ_find_their_way_back() -> None:
    policy = policy_of(
        "{any: [{media_type: image/png}, {media_type: text/plain}, {media_type: image/gif}, {media_type: text/plain}]}"
    )
    explained, decision = judged(policy)
    assert decision["conditions"] == "ft2ft2 - -"
    (rule,) = recount(policy, decision)
    assert [step["value"] for step in rule["steps"]] == [None, 0, 1, 0, 1]
    assert rule == explained[0]


@pytest.mark.parametrize("trail", ["", "t", "ttt", "x", "-", "ft ft"])
def test_a_decision_without_a_fitting_trail_is_not_guessed_at(trail: str) -> None:
    policy = policy_of("{all: [{calendar: true}, {subject: {is: hello}}]}")
    _, decision = judged(policy)
    decision["conditions"] = f"{trail} - -"
    (rule,) = recount(policy, decision)
    assert [(step["key"], step["value"], step["truth"]) for step in rule["steps"]] == [
        ("all", None, ""),
        ("calendar", False, ""),
        ("subject", True, ""),
    ]


def test_a_condition_that_broke_is_recorded_as_an_error() -> None:
    """A field that is too long errs the rule (conditions/content.py)."""
    policy = policy_of("{any: [{header: {name: X-Long, is: a}}, {calendar: true}]}")
    explained, decision = judged(policy, b"From: jo@elm.example\r\nX-Long: " + b"a " * 40_000 + b"\r\n\r\nx\r\n")
    assert decision["conditions"] == "ef - -"
    assert list(recount(policy, decision)) == explained


def test_a_rule_that_is_off_and_one_that_the_decision_does_not_know_have_no_truth() -> None:
    rules = "  - {id: a, describe: x, when: {calendar: true}, action: hold, mode: 'off'}\n"
    rules += "  - {id: b, describe: x, when: {calendar: true}, action: hold}\n"
    policy = load_policy({"p.yaml": f"version: 1\nrules:\n{rules}".encode()})
    off, unknown = recount(policy, {"rules": []})
    assert off["steps"] == [] and [step["truth"] for step in unknown["steps"]] == [""]


def test_a_trail_holds_letters_and_digits_only() -> None:
    seen = observe(parse(RAW), Envelope(None, ()), ELM)
    verdict = judge(seen, policy_of("{all: [{subject: {is: hello}}, {sender: jo@elm.example}]}"), AT)
    assert isinstance(verdict, Verdict)
    assert verdict.rules[0].trail == "tf"
