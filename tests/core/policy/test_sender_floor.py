"""The floor under accounts that may send only as themselves (docs/policy.md "The floors")."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mailguard.core.policy.model import FLOOR_SENDER
from mailguard.core.policy.sentences import another_sender
from mailguard.core.verdict import Disposition

ALWAYS = "when: {envelope_recipients: {at_least: 0}}"
LIFT = "when: {sender: [jo@elm.example]}, action: relay, lifts: [floor-sender]"


def observed(world: Any, *places: str) -> Any:
    return replace(world.observation(), claims_of_others=places)


@pytest.mark.parametrize(
    "rules",
    [
        (),
        (f"{ALWAYS}, action: relay",),
        (f"{ALWAYS}, action: rewrite",),
        (f"{ALWAYS}, action: hold, mode: monitor",),
        (LIFT + ", mode: monitor",),
        (LIFT.replace("jo@", "amira@"),),
        (LIFT.replace("floor-sender", "floor-malformed"),),
    ],
)
def test_it_holds_whatever_the_policy_says(world: Any, rules: tuple[str, ...]) -> None:
    verdict = world.judge(observed(world, "reverse-path", "from"), *rules)
    assert (verdict.disposition, verdict.deciding) == (Disposition.HOLD, FLOOR_SENDER)
    assert verdict.reason == (
        "the account that signed in may send only as itself, and the return address and From name another sender"
    )
    assert verdict.rules[-1].values == {"reverse-path": True, "from": True}
    assert verdict.delay is None and verdict.sender_may == () and verdict.rewrite is None


def test_it_is_lifted_by_name(world: Any) -> None:
    verdict = world.judge(observed(world, "from"), LIFT)
    assert verdict.disposition == Disposition.RELAY
    assert not verdict.rules[-1].matched and verdict.rules[-1].values == {"from": True, "lifted_by": "r1"}


def test_it_holds_nobody_who_sends_as_themselves_or_as_anybody(world: Any) -> None:
    own, anybody = world.judge(observed(world)), world.judge(world.observation())
    assert own.disposition == anybody.disposition == Disposition.RELAY
    assert (own.rules[-1].id, own.rules[-1].matched, own.rules[-1].reason) == (FLOOR_SENDER, False, "")
    assert FLOOR_SENDER not in [rule.id for rule in anybody.rules]


def test_a_reject_is_still_stricter(world: Any) -> None:
    assert world.judge(observed(world, "from"), f"{ALWAYS}, action: reject").disposition == Disposition.REJECT


def test_sentences() -> None:
    assert another_sender(["resent-from"]).endswith("and Resent-From names another sender")
    assert another_sender(["second-from"]).endswith("and a second From field names another sender")
