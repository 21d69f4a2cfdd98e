"""Loading: what is refused and where, what is warned about, ids, revisions, and 2,000 rules."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.core.document import Diagnostic, DocumentErrors
from mailguard.core.policy.conditions.operands import MAX_PATTERN_CHARACTERS
from mailguard.core.policy.judge import judge
from mailguard.core.policy.load import load_policy, revision_of

RULE = "id: a, describe: x, when: {calendar: true}, action: hold"


def load(*rules: str) -> Any:
    return load_policy({"p.yaml": "\n".join(["version: 1", "rules:", *(f"  - {{{rule}}}" for rule in rules)]).encode()})


def wrong(*rules: str) -> list[Diagnostic]:
    with pytest.raises(DocumentErrors) as caught:
        load(*rules)
    return list(caught.value.diagnostics)


def when(text: str, more: str = "") -> list[Diagnostic]:
    return wrong(f"id: a, describe: x, when: {text}, action: hold{more}")


@pytest.mark.parametrize(
    ("text", "message", "suggestion"),
    [
        (
            "{visible_external_recipient: {at_least: 1}}",
            'unknown key "visible_external_recipient"',
            '"visible_external_recipients"',
        ),
        ("{visible_external_recipients: {atleast: 1}}", 'unknown key "atleast"', '"at_least"'),
        ("{visible_external_recipients: 10}", "a number needs at_least or at_most", "{at_least: 10}"),
        ("{visible_external_recipients: ten}", 'keys and values expected, not "ten"', None),
        ("{visible_external_recipients: {}}", "one of at_least, at_most is needed", None),
        ("{visible_external_recipients: {at_least: '3'}}", 'a whole number expected, not "3"', None),
        ("{visible_external_recipients: {at_least: 1.5}}", 'a whole number expected, not "1.5"', None),
        ("{visible_external_recipients: {at_least: true}}", "a whole number expected, not true", None),
        ("{visible_external_recipients: {at_least: -1}}", 'a number of at least 0 expected, not "-1"', None),
        (
            "{visible_external_recipients: {at_least: 5, at_most: 4}}",
            "at_least 5 is above at_most 4, which never holds",
            None,
        ),
        ("{calendar: yes}", 'true or false expected, not "yes"', None),
        ("{calendar: }", '"calendar" has no value', None),
        ("{calendar: 1}", 'true or false expected, not "1"', None),
        ("{}", "a condition is needed here", None),
        ("{all: []}", "a list of at least 1 expected, not an empty list", None),
        ("{any: {calendar: true}}", "a list expected, not keys and values", None),
        ("{not: {}}", "a condition is needed here", None),
        ("{sender: elm.example}", '"elm.example" is neither an address nor "@" and a domain', '"@elm.example"'),
        ("{sender: []}", "an empty text or list holds of nothing", None),
        ("{sender: ''}", "an empty text or list holds of nothing", None),
        ("{sender: [7]}", 'text expected, not "7"', None),
        ("{subject: {match: x}}", 'unknown key "match"', '"matches"'),
        ("{subject: {matches: '(a'}}", "not a pattern that RE2 takes: missing ): (a", None),
        ("{subject: {matches: '(a)\\1'}}", "not a pattern that RE2 takes", None),
        ("{subject: {matches: '(?=a)'}}", "not a pattern that RE2 takes", None),
        ("{subject: {matches: '((a{1,100}){1,100}){1,100}'}}", "not a pattern that RE2 takes", None),
        (
            "{subject: {matches: '" + "a" * (MAX_PATTERN_CHARACTERS + 1) + "'}}",
            "a pattern has at most 1,000 characters",
            None,
        ),
        ("{subject: {matches: ''}}", "an empty text or list holds of nothing", None),
        ("{header: {name: x}}", "one of is, ends_with, matches is needed beside name", None),
        ("{header: {is: x}}", '"name" is missing', None),
        ("{finding: {kind: x, counts: {at_least: 1}}}", 'unknown key "counts"', '"count"'),
        ("{recipient_domain: [a b]}", '"a b" is not a domain', None),
    ],
)
def test_refuses_conditions(text: str, message: str, suggestion: str | None) -> None:
    found = [each for each in when(text) if each.message.startswith(message)]
    assert [(each.line, each.suggestion) for each in found] == [(3, suggestion)]


@pytest.mark.parametrize(
    ("rule", "message", "suggestion"),
    [
        (RULE.replace("hold", "hodl"), '"hodl" is not one of "relay", "rewrite", "hold" or "reject"', '"hold"'),
        (RULE.replace("describe: x, ", ""), '"describe" is missing', None),
        (RULE.replace("describe: x", "describe: ''"), "an empty text", None),
        (RULE.replace("id: a", "id: a b"), '"a b" is not an id', None),
        (RULE.replace("id: a", "id: floor-x"), '"floor-x": ids that begin with', None),
        (RULE.replace("when: {calendar: true}, ", ""), '"when" is missing', None),
        (RULE + ", unless: {sender_any: [a@b.example]}", 'unknown key "sender_any"', '"sender"'),
        (RULE + ", unless: {subject: x}", 'unknown key "subject"', None),
        (RULE + ", mode: monitored", '"monitored" is not one of', '"monitor"'),
        (RULE + ", approvals: 3", "a number of at most 2 expected", None),
        (RULE + ", deadline: 4 hours", '"4 hours" is no duration', None),
        (RULE + ", deadline: 0h", 'the duration "0h" is zero', None),
        (RULE + ", sender_may: [release]", '"release" is not one of', None),
        (RULE + ", sender_may: cancel", 'a list expected, not "cancel"', None),
        (RULE + ", delay: 5m, approvals: 2", '"delay" lets the message leave by itself', None),
        (RULE.replace("hold", "reject") + ", delay: 5m", '"delay" makes sense with action hold only', None),
        (RULE + ", rewrite: seperate", '"seperate" is not one of', '"separate"'),
        (RULE + ", lift: [floor-malformed]", 'unknown key "lift"', '"lifts"'),
        (RULE + ", lifts: [floor]", '"floor" is not one of', None),
        (RULE + ", rewrite: bcc", '"bcc" cannot hide the people in an invitation', '"separate"'),
        (RULE.replace("hold", "rewrite") + ", rewrite: bcc", '"bcc" cannot hide the people in an invit', '"separate"'),
        (
            RULE.replace("calendar: true", "not: {any: [{subject: x}, {calendar: false}]}") + ", rewrite: bcc",
            '"bcc" cannot hide the people in an invitation',
            '"separate"',
        ),
        (RULE + ", hide_inside_above: -1", "a number of at least 0 expected", None),
    ],
)
def test_refuses_rules(rule: str, message: str, suggestion: str | None) -> None:
    found = [each for each in wrong(rule) if each.message.startswith(message)]
    assert [(each.line, each.suggestion) for each in found] == [(3, suggestion)]


@pytest.mark.parametrize(
    ("condition", "loads"),
    [
        ("{sender: [jo@elm.example]}", True),
        ("{sender: '@elm.example'}", True),
        ("{recipient_domain: [fax.example]}", True),
        ("{malformed: true, sender: [jo@elm.example]}", True),
        ("{any: [{sender: [a@b.example]}, {recipient_domain: [c.example]}]}", True),
        ("{sender: {matches: '@elm[.]example$'}}", True),
        ("{malformed: true}", False),
        ("{envelope_recipients: {at_least: 0}}", False),
        ("{sender_any: [jo@elm.example]}", False),
        ("{subject: x}", False),
        ("{not: {sender: [jo@elm.example]}}", False),
        ("{any: [{sender: [a@b.example]}, {calendar: true}]}", False),
        ("{sender: {matches: '.'}}", False),
        ("{sender: {matches: '@'}}", False),
        ("{sender: {matches: '^.*$'}}", False),
        ("{recipient_domain: {matches: '[.]'}}", False),
        ("{sender: {ends_with: '.invalid'}}", False),
    ],
)
def test_a_floor_is_never_lifted_for_everybody(condition: str, loads: bool) -> None:
    rule = f"id: a, describe: x, when: {condition}, action: relay, lifts: [floor-malformed]"
    if loads:
        assert load(rule).rules[0].lifts == ("floor-malformed",)
    else:
        assert any("never lifted for everybody" in each.message for each in wrong(rule))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("version: 2\nrules: []", '"2" is not one of 1'),
        ("rules: []", '"version" is missing'),
        ("version: 1", '"rules" is missing'),
        ("version: 1\nrules: []\nrule: []", 'unknown key "rule"'),
        ("version: 1\nrules: {}", "a list expected, not keys and values"),
        ("version: 1\nrules:\n", "a list expected, not nothing"),
        ("- a", "keys and values expected, not a list"),
        ("", "the file is empty"),
    ],
)
def test_refuses_files(text: str, message: str) -> None:
    with pytest.raises(DocumentErrors) as caught:
        load_policy({"p.yaml": text.encode()})
    assert message in [each.message for each in caught.value.diagnostics]


def test_no_file_is_no_policy() -> None:
    with pytest.raises(DocumentErrors):
        load_policy({})


def test_ids_are_unique_across_files_and_within() -> None:
    text = f"version: 1\nrules:\n  - {{{RULE}}}\n".encode()
    with pytest.raises(DocumentErrors) as caught:
        load_policy({"a.yaml": text, "b.yaml": text})
    assert [(each.file, each.line, each.message) for each in caught.value.diagnostics] == [
        ("b.yaml", 3, 'the id "a" is taken by a.yaml:3')
    ]
    assert wrong(RULE, RULE)[0].message == 'the id "a" is taken by p.yaml:3'


def test_errors_of_all_files_come_at_once() -> None:
    with pytest.raises(DocumentErrors) as caught:
        load_policy({"a.yaml": b"", "b.yaml": b"x: [", "c.yaml": b"version: 1\nrules: []\n"})
    assert {each.file for each in caught.value.diagnostics} == {"a.yaml", "b.yaml"}


def test_rules_keep_the_order_of_files() -> None:
    documents = {
        name: f"version: 1\nrules:\n  - {{{RULE.replace('id: a', f'id: {rule}')}}}\n".encode()
        for name, rule in (("10.yaml", "first"), ("20.yaml", "second"))
    }
    assert [(rule.id, rule.file, rule.line) for rule in load_policy(documents).rules] == [
        ("first", "10.yaml", 3),
        ("second", "20.yaml", 3),
    ]


def test_the_revision_depends_on_names_and_texts_only() -> None:
    one, two = {"a": b"x", "b": b"y"}, {"b": b"y", "a": b"x"}
    assert revision_of(one) == revision_of(two)
    different = [
        {"a": b"xb", "": b"y"},
        {"a": b"x", "c": b"y"},
        {"a": b"x"},
        {"a": b"y", "b": b"x"},
        {"ax": b"", "b": b"y"},
    ]
    assert len({revision_of(each) for each in [one, *different]}) == 6
    assert revision_of(one).startswith("sha256:") and len(revision_of(one)) == 71


@pytest.mark.parametrize(
    ("rule", "warning"),
    [
        (RULE.replace("hold", "relay") + ", deadline: 4h", '"deadline" has no effect with action "relay"'),
        (RULE.replace("hold", "reject") + ", approvals: 2", '"approvals" has no effect'),
        (RULE.replace("hold", "reject") + ", rewrite: bcc", '"rewrite" has no effect'),
        (RULE.replace("{calendar: true}", "{not: {sender_any: [a@b.example]}}"), '"sender_any" under `not`'),
        (RULE.replace("{calendar: true}", "{not: {any: [{subject: x}]}}"), '"subject" under `not`'),
        (RULE + ", mode: monitor", "no rule is enforced"),
        (RULE + ", unless: {sender: {matches: '@'}}", '"unless" holds for every sender'),
    ],
)
def test_warns_of_what_is_probably_not_meant(rule: str, warning: str) -> None:
    assert any(each.message.startswith(warning) for each in load(rule).warnings)


def test_two_nots_are_no_exception() -> None:
    assert not load(RULE.replace("{calendar: true}", "{not: {not: {subject: x}}}")).warnings


def test_defaults() -> None:
    (rule,) = load(RULE).rules
    assert (rule.mode, rule.approvals, rule.rewrite, rule.sender_may, rule.lifts) == ("enforce", 1, None, (), ())
    (rewriting,) = load(RULE.replace("hold", "rewrite")).rules
    assert rewriting.rewrite == "separate"


DEFAULT = (Path(__file__).resolve().parents[3] / "policies" / "default.yaml").read_bytes()


@given(st.data())
def test_a_damaged_policy_loads_or_is_refused_with_places(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(DEFAULT)))
    end = data.draw(st.integers(start, min(len(DEFAULT), start + 40)))
    damaged = DEFAULT[:start] + data.draw(st.binary(max_size=8)) + DEFAULT[end:]
    try:
        load_policy({"p.yaml": damaged})
    except DocumentErrors as error:
        assert error.diagnostics
        assert all(each.line >= 1 and each.column >= 1 and each.message and each.render() for each in error.diagnostics)


def many(count: int) -> bytes:
    rules = (
        f"""  - id: rule-{number}
    describe: People outside would see each other's addresses.
    when:
      visible_external_recipients: {{at_least: {number}}}
      any: [{{subject: {{matches: '(?:^|\\W)word{number}(?:\\W|$)'}}}}, {{header: {{name: x-class, is: [a{number}]}}}}]
    unless: {{sender: [news{number}@elm.example]}}
    action: hold
"""
        for number in range(count)
    )
    return ("version: 1\nrules:\n" + "".join(rules)).encode()


def test_two_thousand_rules_load_and_judge_linearly(world: Any) -> None:
    seen = world.observation(f"Cc: {world.many(50)}", "Subject: word7 and others")
    rounds: dict[int, list[tuple[float, float]]] = {500: [], 2000: []}
    for _ in range(5):
        for count, taken in rounds.items():  # side by side, so that what else the machine does meets both
            started = time.process_time()
            policy = load_policy({"p.yaml": many(count)})
            loaded = time.process_time()
            judge(seen, policy, datetime(2026, 3, 12, tzinfo=UTC))
            taken.append((loaded - started, time.process_time() - loaded))
    times = {count: (min(each[0] for each in taken), min(each[1] for each in taken)) for count, taken in rounds.items()}
    print({count: [round(each * 1000, 1) for each in pair] for count, pair in times.items()}, "ms to load, to judge")
    assert len(policy.rules) == 2000
    assert all(times[2000][place] < 4 * 2.5 * times[500][place] for place in (0, 1)), times


@pytest.mark.parametrize(
    "rule",
    [
        RULE + ", rewrite: separate",
        RULE.replace("calendar: true", "calendar: false") + ", rewrite: bcc",
        RULE.replace("calendar: true", "not: {calendar: true}") + ", rewrite: bcc",
    ],
)
def test_bcc_is_refused_for_invitations_alone(rule: str) -> None:
    assert load(rule).rules
