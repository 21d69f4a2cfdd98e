"""What a policy remembers of other messages changes nothing that it says of this one."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mailguard.core.earlier.past import Earlier, Past, SameFile, Trace
from mailguard.core.envelope import Envelope
from mailguard.core.mail.parse import parse
from mailguard.core.observation import Observation, observe
from mailguard.core.organisation import Organisation, Team
from mailguard.core.policy import glance as glance_module
from mailguard.core.policy.conditions.vocabulary import BY_KEY, CONDITIONS
from mailguard.core.policy.glance import Glance
from mailguard.core.policy.judge import judge, judge_anew
from mailguard.core.policy.load import Policy, load_policy
from mailguard.core.policy.trial import envelope_of
from mailguard.core.verdict import Finding, Inspection, Needs, Verdict

NOW = datetime(2026, 3, 12, 9, tzinfo=UTC)
DEFAULT = Path(__file__).parents[3] / "policies" / "default.yaml"
ELM = Organisation(
    "Elm",
    frozenset({"elm.example"}),
    trusted_domains=frozenset({"partner.example"}),
    teams=(Team("hiv", frozenset({"hiv@elm.example"}), sensitive=True),),
)
OPERANDS = (
    ("visible_external_recipients", {"at_least": 1}),
    ("visible_external_recipients", {"at_least": 3, "at_most": 4}),
    ("envelope_external_recipients", {"at_least": 1}),
    ("size_bytes", {"at_least": 260}),
    ("body_external_addresses", {"at_least": 1}),
    ("finding", {"kind": "nhs_number", "count": {"at_least": 2}}),
    ("finding", {"hidden": True}),
    ("subject", {"matches": "^Recall"}),
    ("sender", {"is": "jo@elm.example"}),
    ("media_type", {"ends_with": "csv"}),
)


@cache
def policy() -> Policy:
    """Each condition with its example, alone, turned round and combined; one for all messages of this file."""
    asked = [(each.key, yaml.safe_load(each.example)) for each in CONDITIONS] + list(OPERANDS)
    rules: list[dict[str, Any]] = []

    def rule(when: dict[str, Any], action: str, **more: Any) -> None:
        rules.append({"id": f"r{len(rules)}", "describe": "As it is.", "when": when, "action": action, **more})

    for number, (key, operand) in enumerate(asked):
        rule({key: operand}, ("relay", "hold", "rewrite", "reject")[number % 4])
        rule({"not": {key: operand}}, "relay", mode="monitor")
        other, another = asked[number - 1]
        rule({"any": [{key: operand}, {"all": [{other: another}, {"calendar": True}]}]}, "relay", mode="monitor")
        rule({key: operand}, "hold", unless={"sender": ["jo@elm.example"]})
    spared = {"id": "e", "sender": ["jo@elm.example"], "owner": "o", "reason": "r", "added": "2026-01-01"}
    rule({"visible_external_recipients": {"at_least": 2}}, "hold", exceptions=[spared])
    rule({"visible_external_recipients": {"at_least": 2}}, "hold", mode="off")
    return load_policy({"p.yaml": json.dumps({"version": 1, "rules": rules}).encode()})


PEOPLE = st.lists(
    st.sampled_from(
        [
            "a@x.example",
            "b@x.example",
            "c@gmail.com",
            "d@partner.example",
            "e@elm.example",
            "f@y.example",
            "g@z.example",
        ]
    ),
    max_size=6,
    unique=True,
)
BODIES = st.sampled_from(
    [
        ("text/plain", "Hello"),
        ("text/plain", "Write to kim@x.example and lee@gmail.com"),
        ("text/plain", "> To: kim@x.example, lee@gmail.com\r\n\r\nRecall"),
        ("text/html", "<p>Hello"),
        ("text/csv", "name,mail\r\nkim,kim@x.example\r\nlee,lee@x.example"),
        ("application/octet-stream", "x"),
        ("application/ms-tnef", "x"),
        ("message/rfc822", "From: a@x.example\r\nTo: kim@x.example, lee@x.example\r\n\r\nx"),
        ("text/calendar; method=REQUEST", "BEGIN:VCALENDAR\r\nATTENDEE:mailto:kim@x.example\r\nEND:VCALENDAR"),
    ]
)
SUBJECTS = st.sampled_from(["Hello", "Recall: Clinic", "=?bad"])
SENDERS = st.sampled_from(["jo@elm.example", "hiv@elm.example", "kim@x.example", "jo@elm.example, al@elm.example"])
FINDINGS = st.lists(
    st.builds(
        Finding,
        st.just("numbers"),
        st.sampled_from(["nhs_number", "people_rows"]),
        st.just("the text"),
        st.integers(1, 12),
        st.just("found"),
        st.booleans(),
    ),
    max_size=2,
).map(tuple)
READ = st.builds(Inspection, st.just(""), FINDINGS, st.sampled_from([None, None, "it is encrypted"]))
SHOWN = st.frozensets(st.sampled_from([b"1", b"2", b"3"]), max_size=3)
TRACES = st.builds(Trace, SHOWN, SHOWN, st.just(frozenset()), st.just(b"text"))


@st.composite
def observations(draw: st.DrawFn) -> Observation:
    media_type, body = draw(BODIES)
    cc = draw(PEOPLE)
    lines = [f"From: {draw(SENDERS)}", f"Subject: {draw(SUBJECTS)}", f"Content-Type: {media_type}"]
    lines += [f"Cc: {', '.join(cc)}"] if cc else []
    lines += draw(st.sampled_from([[], ["From: second@elm.example"], ["Bad Field: x"]]))
    message = parse("\r\n".join([*lines, "", body, ""]).encode())
    envelope: Envelope = envelope_of(draw(st.sampled_from(["jo@elm.example", "hiv@elm.example", ""])), draw(PEOPLE))
    may_send_as = draw(st.sampled_from([None, frozenset({"jo@elm.example"})]))
    history = draw(st.sampled_from([None, {}]))
    seen = observe(message, envelope, ELM, None, may_send_as, history)
    read = {
        path: dataclasses.replace(draw(READ), part=path) for path in (*seen.bodies, *seen.inspectable, *seen.closed)
    }
    if draw(st.booleans()):
        seen = observe(message, envelope, ELM, read, may_send_as, history)
    if draw(st.booleans()):
        own, trace = draw(TRACES), draw(TRACES)
        earlier = (Earlier(own=own, trace=trace, age=timedelta(days=1), by_sender=True, answered=draw(st.booleans())),)
        past = Past(own, draw(st.booleans()), draw(st.sampled_from([(), earlier])))
        seen = dataclasses.replace(seen, past=past)
    if draw(st.booleans()) and seen.inspectable:
        seen = dataclasses.replace(
            seen, past=dataclasses.replace(seen.past, files=(SameFile(seen.inspectable[0], ()),))
        )
    return seen


def published(found: Verdict | Needs) -> object:
    if isinstance(found, Needs):
        return found
    return found, json.dumps(found.to_json(content_sha256="x", with_visible=True)), [each.trail for each in found.rules]


@given(st.lists(observations(), min_size=1, max_size=3))
def test_what_is_remembered_is_what_would_be_found_anew(seen: list[Observation]) -> None:
    for each in (*seen, *seen):
        assert published(judge(each, policy(), NOW)) == published(judge_anew(each, policy(), NOW))


def test_of_ordinary_mail_everything_is_remembered() -> None:
    """Or the quick way would be quick for nobody."""
    ordinary = load_policy({"default.yaml": DEFAULT.read_bytes()})
    message = parse(b"From: jo@elm.example\r\nTo: a@x.example\r\nSubject: Hello\r\n\r\nHello\r\n")
    seen = observe(message, envelope_of("jo@elm.example", ["a@x.example"]), ELM)
    read = observe(message, envelope_of("jo@elm.example", ["a@x.example"]), ELM, {"": Inspection("")})
    assert ordinary.glance.recall(ordinary.glance.at(read)).count(None) == len(ordinary.rules)
    assert isinstance(judge(seen, ordinary, NOW), Needs) and isinstance(judge(read, ordinary, NOW), Verdict)
    assert None not in ordinary.glance.recall(ordinary.glance.at(read))
    again = judge(read, ordinary, NOW)
    assert isinstance(again, Verdict)
    assert all(one is other for one, other in zip(again.rules, judge(read, ordinary, NOW).rules, strict=True))  # type: ignore[union-attr]


def test_a_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glance_module, "MOST_REMEMBERED", 3)
    memory: Glance[int] = Glance([None])
    for number in range(10):
        memory.remember(0, (number,), number)
    assert memory.recall([(9,)]) == [9] and memory.recall([(0,)]) == [None]


def test_no_glimpse_has_words_of_the_message() -> None:
    """Only counts, truths, and the names of fields that show recipients."""
    raw = b"From: jo@elm.example\r\nTo: a@x.example, b@x.example\r\nSubject: Recall: secret\r\n\r\nsecret\r\n"
    seen = observe(parse(raw), envelope_of("jo@elm.example", ["a@x.example"]), ELM)
    allowed = {"To", "Cc"}

    def words(value: object) -> set[str]:
        if isinstance(value, tuple):
            return set().union(*map(words, value))
        return {value} if isinstance(value, str) else set()

    for each in policy().glance.at(seen):
        assert words(each or ()) <= allowed


@pytest.mark.parametrize("breaks", [("glimpse",), ("glimpse", "look")])
def test_a_glimpse_that_raises_leaves_it_to_the_rules(breaks: tuple[str, ...]) -> None:
    """And a condition that cannot look either holds the message, however often it was seen before."""

    def broken(*_: object) -> Any:
        raise RuntimeError("broken")

    recall = BY_KEY["recall"]
    whole = {name: getattr(recall, name) for name in breaks}
    message = parse(b"From: jo@elm.example\r\nTo: a@x.example\r\nSubject: Hello\r\n\r\nHello\r\n")
    seen = observe(message, envelope_of("jo@elm.example", ["a@x.example"]), ELM)
    rules = [{"id": "r", "describe": "As it is.", "when": {"recall": True}, "action": "rewrite"}]
    text = json.dumps({"version": 1, "rules": rules}).encode()
    try:
        for name in breaks:
            object.__setattr__(recall, name, broken)
        of_the_broken = load_policy({"p.yaml": text})
        for _ in range(3):
            found = judge(seen, of_the_broken, NOW)
            assert published(found) == published(judge_anew(seen, of_the_broken, NOW))
            assert isinstance(found, Verdict) and found.disposition == ("hold" if "look" in breaks else "relay")
    finally:
        for name, value in whole.items():
            object.__setattr__(recall, name, value)
