"""Whether what was sent reached nobody at all: what people have to look at then is no message that "was sent"."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailguard.core.lifecycle import State
from tests.guard.noticed import HELD


@pytest.mark.parametrize(
    "state, delivery, nobody",
    [
        (State.RELEASED, {"refused": 2}, True),
        (State.RELEASED, {"refused": 2, "deferred": 1}, True),
        (State.RELEASED, {"refused": 2, "accepted": 1}, False),
        (State.RELEASED, {"refused": 2, "uncertain": 1}, False),
        (State.RELEASED, {"accepted": 3}, False),
        (State.RELEASED, {}, False),
        (State.RELEASING, {"refused": 2}, False),
    ],
)
def test_refused_for_everybody_is_not_sent(state: State, delivery: dict[str, int], nobody: bool) -> None:
    assert replace(HELD, state=state, delivery=delivery).reached_nobody is nobody
