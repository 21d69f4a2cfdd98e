"""Fifty exposures planted in an archive of a year: visible lists, invitations, hidden sheets, split batches. Each is
found at its place, nothing else is; the rate is printed, never asserted. --soak: among 100,000 messages.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mailguard.core.organisation import Organisation
from mailguard.core.policy.model import Policy
from mailguard.replay.archive import open_archive
from mailguard.replay.run import Asked, Replay
from tests.replay.generated import INSIDE, PLANTED, write_mbox
from tests.replay.policies import with_hidden_people, without_inspection

ORGANISATION = Organisation("Elm Road", frozenset({INSIDE}))
RULES = {
    "list": "visible-list",
    "invitation": "visible-list",
    "sheet": "hidden-people",
    "batch": "list-in-several-messages",
}


def replayed(path: Path, policy: Policy) -> tuple[dict[int, str | None], int, str]:
    """By position the rule that stopped it; how many messages; the rate and the processor time of all processes."""
    before = os.times()
    with Replay(Asked(open_archive(path), (policy,), ORGANISATION, None, len(os.sched_getaffinity(0)))) as running:
        records = list(running.records())
        rate = f"{len(records):,} messages, {running.progress.rate:,.0f}/s"
    spent = sum(os.times()[:4]) - sum(before[:4])
    assert not any(each.unreadable for each in records)
    stopped = {each.position: each.outcomes[0].rule for each in records if each.outcomes[0].outcome != "relay"}
    return stopped, len(records), f"{rate}, {spent / len(records) * 1000:.2f} ms of processor a message"


def finds_each(path: Path, count: int, capsys: pytest.CaptureFixture[str]) -> None:
    planted = write_mbox(count, path)
    expected = {position: RULES[kind] for position, kind in planted.items()}
    assert len(expected) == PLANTED
    stopped, messages, with_attachments = replayed(path, with_hidden_people())
    assert stopped == expected
    assert messages == count
    stopped, _, lists = replayed(path, without_inspection())
    assert stopped == {position: rule for position, rule in expected.items() if rule != "hidden-people"}
    with capsys.disabled():
        print(f"\nreplay of {path.stat().st_size / 1e6:,.0f} MB, load {os.getloadavg()[0]:.1f}")
        print(f"  no rule inspects: {lists}\n  attachments inspected: {with_attachments}")


def test_each_of_fifty_exposures_is_found_among_a_thousand_messages(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    finds_each(tmp_path / "sent.mbox", 1_000, capsys)


@pytest.mark.soak
def test_each_of_fifty_exposures_is_found_among_a_hundred_thousand_messages(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    finds_each(tmp_path / "sent.mbox", 100_000, capsys)
