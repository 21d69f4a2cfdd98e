"""Combinations of conditions mean what logic says, and the explanation shows the same."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.core.envelope import Envelope
from mailguard.core.mail.parse import parse
from mailguard.core.observation import observe
from mailguard.core.organisation import Organisation
from mailguard.core.policy.conditions.vocabulary import BY_KEY
from mailguard.core.policy.explain import explain, written
from mailguard.core.policy.judge import judge
from mailguard.core.policy.load import load_policy
from mailguard.core.policy.tree import Every, Node, Not, Question, Some, Truth, evaluate
from mailguard.core.verdict import Verdict

SEEN = observe(
    parse(b"From: jo@elm.example\r\n\r\n"), Envelope(None, ()), Organisation("Elm", frozenset({"elm.example"}))
)
LEAVES = {True: Question(BY_KEY["calendar"], False), False: Question(BY_KEY["calendar"], True)}
TREES = st.recursive(
    st.booleans(),
    lambda children: (
        st.tuples(st.sampled_from(["all", "any"]), st.lists(children, min_size=1, max_size=4))
        | st.tuples(st.just("not"), children)
    ),
    max_leaves=20,
)


def node(tree: Any) -> Node:
    if isinstance(tree, bool):
        return LEAVES[tree]
    kind, below = tree
    if kind == "not":
        return Not(node(below))
    return (Every if kind == "all" else Some)(tuple(map(node, below)))


def meant(tree: Any) -> bool:
    if isinstance(tree, bool):
        return tree
    kind, below = tree
    return not meant(below) if kind == "not" else (all if kind == "all" else any)(map(meant, below))


def as_yaml(tree: Any) -> str:
    if isinstance(tree, bool):
        return f"{{calendar: {str(not tree).lower()}}}"
    kind, below = tree
    return f"{{{kind}: {as_yaml(below) if kind == 'not' else '[' + ', '.join(map(as_yaml, below)) + ']'}}}"


@given(TREES)
def test_a_tree_means_what_logic_says(tree: Any) -> None:
    assert (evaluate(node(tree), SEEN).truth is Truth.TRUE) is meant(tree)


@given(TREES)
def test_what_is_written_is_judged_and_explained_alike(tree: Any) -> None:
    text = f"version: 1\nrules:\n  - {{id: a, describe: x, when: {as_yaml(tree)}, action: hold}}\n"
    policy = load_policy({"p": text.encode()})
    verdict = judge(SEEN, policy, datetime(2026, 3, 12, tzinfo=UTC))
    assert isinstance(verdict, Verdict)
    (trace,) = explain(SEEN, policy, verdict)
    assert verdict.rules[0].matched is meant(tree)
    assert trace.steps[0].truth == ("true" if meant(tree) else "false")
    assert trace.outcome == verdict.rules[0]


@pytest.mark.parametrize(
    "operand",
    [
        "visible_external_recipients: {at_least: 10}",
        "sender: [jo@elm.example, '@lists.example']",
        "subject: {matches: ^draft, ends_with: [a, b]}",
        "header: {name: X-Class, is: [a]}",
        "finding: {kind: [nhs_number], count: {at_least: 5}, hidden: true}",
        "calendar: true",
    ],
)
def test_operands_are_shown_as_they_are_written(world: Any, operand: str) -> None:
    (rule,) = world.policy(f"when: {{{operand}}}, action: hold").rules
    shown = f"{rule.when.condition.key}: {written(rule.when.operand)}"
    (again,) = world.policy(
        f"when: {{{shown.replace('@lists.example', chr(39) + '@lists.example' + chr(39))}}}, action: hold"
    ).rules
    assert again.when == rule.when


def test_a_rule_that_is_off_has_no_steps(world: Any) -> None:
    policy = world.policy("when: {calendar: true}, action: hold, mode: 'off'")
    verdict = judge(SEEN, policy, datetime(2026, 3, 12, tzinfo=UTC))
    assert isinstance(verdict, Verdict)
    assert explain(SEEN, policy, verdict)[0].steps == ()
