"""Fifty exposures planted in an archive of a year: visible lists, invitations, hidden sheets, split batches. Each is
found at its place, nothing else is; the rate is printed, never asserted. --soak: among 100,000 messages.
"""

from __future__ import annotations

import faulthandler
import os
from pathlib import Path

import pytest

from mailguard.core.organisation import Organisation
from mailguard.core.policy.model import Policy
from mailguard.replay.archive import open_archive
from mailguard.replay.run import Asked, Replay
from tests.replay.generated import INSIDE, PLANTED, write_mbox
from tests.replay.policies import with_hidden_people, without_inspection

SOAK_SECONDS = 7_200
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
    lists = {position: rule for position, rule in expected.items() if rule != "hidden-people"}
    passes = (
        ("no rule inspects", without_inspection(), lists),
        ("attachments inspected", with_hidden_people(), expected),
    )
    for name, policy, found in passes:
        stopped, messages, rate = replayed(path, policy)
        with capsys.disabled():
            print(f"\n{path.stat().st_size / 1e6:,.0f} MB, {name}: {rate}; load {os.getloadavg()[0]:.1f}")
        assert stopped == found
        assert messages == count


def test_each_of_fifty_exposures_is_found_among_a_thousand_messages(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    finds_each(tmp_path / "sent.mbox", 1_000, capsys)


@pytest.mark.soak
def test_each_of_fifty_exposures_is_found_among_a_hundred_thousand_messages(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    faulthandler.dump_traceback_later(SOAK_SECONDS, exit=True)  # longer than the tests of an ordinary run
    finds_each(tmp_path / "sent.mbox", 100_000, capsys)
