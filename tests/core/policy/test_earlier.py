"""Conditions on this message beside earlier ones: batch_external_recipients, reshown_external_recipients, recall."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from mailguard.core.document import DocumentErrors
from mailguard.core.earlier.past import Earlier, Past
from mailguard.core.earlier.trace import Trace
from mailguard.core.observation import Observation

TO = "To: anna@outside.example, ben@outside.example, cy@outside.example, dee@outside.example"


def digests(count: int, first: int = 0) -> frozenset[bytes]:
    return frozenset(number.to_bytes(8) for number in range(first, first + count))


def beside(world: Any, shown: int, hidden: int = 0, days: int = 3) -> Observation:
    """Four people in To, and an earlier message of the same subject; its first hidden people are those four."""
    subject = digests(3, 1_000)
    own = Trace(digests(4), frozenset(), subject, b"")
    trace = Trace(digests(shown, 100), digests(hidden), subject, b"")
    earlier = Earlier(own, trace, timedelta(days=days), by_sender=True, answered=False)
    return replace(world.observation(TO), past=Past(own, False, (earlier,)))


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("batch_external_recipients: {at_least: 12}", True),
        ("batch_external_recipients: {at_least: 13}", False),
        ("batch_external_recipients: {at_least: 12, within: 3d}", True),
        ("batch_external_recipients: {at_least: 12, within: 2d}", False),
        ("batch_external_recipients: {at_most: 4, within: 2d}", True),
    ],
)
def test_people_of_a_batch(world: Any, condition: str, holds: bool) -> None:
    assert world.holds(condition, beside(world, 8)) is holds


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("reshown_external_recipients: {at_least: 3}", True),
        ("reshown_external_recipients: {at_least: 4}", False),
        ("reshown_external_recipients: {at_least: 3, within: 1d}", False),
    ],
)
def test_people_shown_again(world: Any, condition: str, holds: bool) -> None:
    assert world.holds(condition, beside(world, 0, hidden=3)) is holds


def test_a_recall(world: Any) -> None:
    assert world.holds("recall: true", world.observation(TO, "Subject: Recall: Flu clinic"))
    assert world.holds("recall: false", world.observation(TO, "Subject: Flu clinic"))


def test_a_recall_that_only_outlook_marks(world: Any) -> None:
    seen = world.observation(TO, "Subject: Flu clinic")
    assert world.holds("recall: true", replace(seen, classes=("ipm.outlook.recall",)))
    assert not world.holds("recall: true", replace(seen, classes=("ipm.note",)))


def test_the_reason_tells_the_count(world: Any) -> None:
    rule = "when: {batch_external_recipients: {at_least: 12}}, action: hold, rewrite: separate"
    verdict = world.judge(beside(world, 8), rule)
    assert "12 people" in verdict.reason and verdict.rules[0].values == {"batch_external_recipients": 12}


def test_how_far_a_policy_looks_back(world: Any) -> None:
    batch = "when: {{batch_external_recipients: {{at_least: 9{}}}}}, action: hold"
    assert world.policy("when: {calendar: true}, action: hold").looks_back is None
    assert world.policy(batch.format("")).looks_back == timedelta(days=14)
    assert world.policy(batch.format(""), batch.format(", within: 30d")).looks_back == timedelta(days=30)
    assert world.policy(batch.format("") + ", mode: off").looks_back is None
    nested = "when: {any: [{not: {reshown_external_recipients: {at_least: 3, within: 2d}}}]}, action: hold"
    assert world.policy(nested).looks_back == timedelta(days=2)


@pytest.mark.parametrize("operand", ["{within: 14d}", "{at_least: 3, within: 91d}", "{at_least: 3, within: soon}", "3"])
def test_wrong_operands_are_refused(world: Any, operand: str) -> None:
    with pytest.raises(DocumentErrors):
        world.policy(f"when: {{batch_external_recipients: {operand}}}, action: hold")
