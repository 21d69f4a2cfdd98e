"""The condition same_attachment: who has the file already, and how many people are in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from mailguard.core.document import DocumentErrors
from mailguard.core.earlier.past import Past, Reached, SameFile
from mailguard.core.observation import Observation, inspected
from mailguard.core.verdict import Finding, Inspection

FIELDS = ("MIME-Version: 1.0", "Content-Type: multipart/mixed; boundary=b")
BODY = "\r\n".join(
    [
        "--b",
        "",
        "Hello",
        *('--b\r\nContent-Disposition: attachment; filename="a.csv"\r\n\r\nname' for _ in "23"),
        "--b--",
    ]
)
RULE = "when: {same_attachment: {already_sent_to: {at_least: 2}, people: {at_least: 10}}}, action: hold"


def others(count: int, days: int = 1) -> tuple[Reached, ...]:
    return tuple(Reached(frozenset({number.to_bytes(8)}), timedelta(days=days)) for number in range(count))


def seen(world: Any, count: int, second: int = 0, days: int = 1) -> Observation:
    """Two files; so many others have the first and the second."""
    files = (SameFile("2", others(count, days)), SameFile("3", others(second, days)))
    return replace(world.observation(*FIELDS, body=BODY), past=Past(files=files))


def found(part: str, *counts: int, kind: str = "people_rows") -> dict[str, Inspection]:
    return {part: Inspection(part, tuple(Finding("people", kind, "", count, "") for count in counts))}


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("already_sent_to: {at_least: 3}", True),
        ("already_sent_to: {at_least: 4}", False),
        ("already_sent_to: {at_least: 1, at_most: 2}", False),
        ("already_sent_to: {at_least: 3}, within: 3d", True),
        ("already_sent_to: {at_least: 3}, within: 2d", False),
    ],
)
def test_how_many_have_it(world: Any, condition: str, holds: bool) -> None:
    assert world.holds(f"same_attachment: {{{condition}}}", seen(world, 3, days=3)) is holds


def test_only_the_file_that_others_have_is_read_and_only_then(world: Any) -> None:
    assert not world.judge(seen(world, 1, 1), RULE).rules[0].matched
    assert world.needs(seen(world, 2, 1), RULE) == ("2",)
    assert world.needs(seen(world, 2, 3), RULE) == ("2", "3")


@pytest.mark.parametrize(("counts", "holds"), [((10,), True), ((9,), False), ((6, 4), True), ((), False)])
def test_how_many_people_are_in_it(world: Any, counts: tuple[int, ...], holds: bool) -> None:
    verdict = world.judge(inspected(seen(world, 2), found("2", *counts)), RULE)
    assert verdict.rules[0].matched is holds and verdict.rules[0].values == {"same_attachment": 2}


def test_people_in_another_file_and_other_findings_do_not_count(world: Any) -> None:
    both = found("2", 40, kind="postcode") | found("3", 40)
    assert not world.judge(inspected(seen(world, 2), both), RULE).rules[0].matched


def test_what_cannot_be_read_is_held_by_the_floor_once_others_have_it(world: Any) -> None:
    closed = {"2": Inspection("2", uninspectable="it is encrypted")}
    assert world.judge(inspected(seen(world, 2), closed), RULE).deciding == "floor-uninspectable"
    assert world.judge(seen(world, 1), RULE).deciding is None


def test_the_reason_says_how_many_had_left(world: Any) -> None:
    verdict = world.judge(inspected(seen(world, 2), found("2", 300)), RULE)
    assert verdict.reason == (
        "the same file with 300 people in it has already gone to 2 other people outside in messages of their own; "
        "this one and those that follow it are stopped"
    )
    one = world.judge(seen(world, 1), "when: {same_attachment: {already_sent_to: {at_least: 1}}}, action: hold")
    assert one.reason.startswith("the same file has already gone to 1 other person outside in messages of their own;")


def test_without_a_memory_nobody_has_it(world: Any) -> None:
    verdict = world.judge(world.observation(*FIELDS, body=BODY), RULE)
    assert not verdict.rules[0].matched and verdict.rules[0].values == {"same_attachment": 0}


def test_how_far_a_policy_looks_back_for_files(world: Any) -> None:
    other = "when: {batch_external_recipients: {at_least: 10, within: 30d}}, action: hold"
    assert (world.policy(other).looks_back, world.policy(other).files_look_back) == (timedelta(days=30), None)
    assert (world.policy(RULE).looks_back, world.policy(RULE).files_look_back) == (None, timedelta(days=14))
    assert world.policy(f"{RULE}, mode: off").files_look_back is None


@pytest.mark.parametrize(
    ("operand", "problem"),
    [
        ("{people: {at_least: 10}}", "already_sent_to"),
        ("{already_sent_to: {at_most: 3}}", "from 1 to 100"),
        ("{already_sent_to: {at_least: 0}}", "from 1 to 100"),
        ("{already_sent_to: {at_least: 101}}", "from 1 to 100"),
        ("{already_sent_to: {at_least: 2}, within: 91d}", "at most 90d"),
    ],
)
def test_operands_that_make_no_sense(world: Any, operand: str, problem: str) -> None:
    with pytest.raises(DocumentErrors) as raised:
        world.policy(f"when: {{same_attachment: {operand}}}, action: hold")
    assert problem in str(raised.value)
