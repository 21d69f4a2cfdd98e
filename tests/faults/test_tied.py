"""What counts duplicates can itself tell one that may be from one that may not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.faults.tied import Fault, Passage, repeated

ONE, TWO = "guard-1", "guard-2"
KILL = Fault(100.0, 100.1, of=ONE)


def sent(at: float, by: str = ONE, sha256: str = "a", way: str = "s") -> Passage:
    return Passage(sha256, way, at, by)


def recorded(at: float, sha256: str = "a") -> dict[str, Any]:
    return {"kind": "copy_delivered", "sent_sha256": sha256, "at": datetime.fromtimestamp(at, UTC).isoformat()}


def test_once_for_a_copy_that_was_open_when_its_guard_died() -> None:
    passages = [sent(99.9), sent(146.0, by=TWO), sent(90.0, sha256="b")]
    assert repeated(passages, [recorded(146.1), recorded(90.1, "b")], [KILL]) == {"a": 1}


@pytest.mark.parametrize(
    ("passages", "entries", "faults"),
    [
        pytest.param([sent(99.9), sent(146.0, by=TWO)], [recorded(146.1)], [], id="no-fault"),
        pytest.param([sent(110.0), sent(146.0, by=TWO)], [recorded(146.1)], [KILL], id="begun-after-the-fault"),
        pytest.param([sent(90.0), sent(95.0)], [recorded(95.1)], [KILL], id="over-before-the-fault"),
        pytest.param([sent(99.9, by=TWO), sent(146.0)], [recorded(146.1)], [KILL], id="of-another-guard"),
        pytest.param([sent(99.0), sent(146.0, by=TWO)], [recorded(99.2)], [KILL], id="its-outcome-was-recorded"),
        pytest.param([sent(99.9), sent(146.0, by=TWO), sent(147.5, by=TWO)], [recorded(148.0)], [KILL], id="twice"),
        pytest.param([sent(99.9), sent(146.0, by=TWO)], [recorded(146.1)] * 2, [KILL], id="recorded-twice"),
        pytest.param([sent(99.9, way="p"), sent(146.0, by=TWO, way="p")], [], [KILL], id="a-message-that-passes"),
    ],
)
def test_no_other_one(passages: Sequence[Passage], entries: Sequence[dict[str, Any]], faults: Sequence[Fault]) -> None:
    with pytest.raises(AssertionError):
        repeated(passages, entries, faults)
