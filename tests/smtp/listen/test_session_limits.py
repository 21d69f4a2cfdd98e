"""Counting connections."""

from __future__ import annotations

from mailguard.smtp.listen_settings import Limits
from mailguard.smtp.session_limits import ConnectionLimits


def test_in_all_and_per_client() -> None:
    limits = ConnectionLimits(Limits(connections=3, connections_per_client=2))
    assert [limits.enter(peer) for peer in ("a", "a", "a", "b", "c")] == [True, True, False, True, False]
    limits.leave("a")
    assert limits.enter("c") and not limits.enter("d")
    for peer in ("a", "b", "c"):
        limits.leave(peer)
    assert limits.open == 0 and not limits._by_client


def test_busy_from_four_fifths_on() -> None:
    limits = ConnectionLimits(Limits(connections=10))
    for _ in range(8):
        limits.enter("a")
    assert not limits.busy
    limits.enter("a")
    assert limits.busy
