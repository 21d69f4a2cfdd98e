"""What became of holds, by rule: out of entries as the stories write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mailguard.core.review_report.holds import By, End, Life, Lives, holding_rules
from mailguard.core.review_report.rule_quality import rule_quality

AT = datetime(2026, 11, 2, 9, tzinfo=UTC)
REVIEWER = {"account": "k4h", "via": "console"}
SHELL = {"actor": "Amira", "system_user": "amira"}
BY_LINK = {"actor": "sender"}
GUARD = {"actor": "mailguard", "system_user": "mailguard"}


def decision(*rules: tuple[str, str], disposition: str = "hold", mode: str = "enforce") -> dict[str, Any]:
    made = [{"id": rule, "mode": mode, "action": action, "matched": True, "error": None} for rule, action in rules]
    return {"disposition": disposition, "rewrite": None, "rules": made}


def life(*steps: tuple[str, dict[str, Any]], state: str = "held", decided: dict[str, Any] | None = None) -> Life:
    lives = Lives()
    lives.take("message_decided", "MG-1", AT, decided or decision(("list", "hold")))
    lives.take("message_held", "MG-1", AT, {"state": state})
    for minute, (kind, fields) in enumerate(steps, 1):
        lives.take(kind, "MG-1", AT + timedelta(minutes=minute), fields)
    (found,) = lives.lives()
    return found


@pytest.mark.parametrize(
    ("steps", "end", "by", "minutes"),
    [
        ([("message_released", {**SHELL, "form": "separate"})], End.CHANGED, By.REVIEWER, 1),
        ([("message_released", {**SHELL, "form": "original"})], End.SENT, By.REVIEWER, 1),
        ([("release_rejected", REVIEWER)], End.REJECTED, By.REVIEWER, 1),
        ([("hold_cancelled", BY_LINK)], End.CANCELLED, By.SENDER, 1),
        ([("hold_expired", {})], End.EXPIRED, By.NOBODY, None),
        # The console gives time to stop it: the decision counts, not the moment at which it left.
        ([("release_decided", {**REVIEWER, "form": "bcc"}), ("message_released", {**GUARD, "form": "bcc"})],
         End.CHANGED, By.REVIEWER, 1),
        ([("release_decided", {**REVIEWER, "form": "original"})], End.SENT, By.REVIEWER, 1),
        ([("release_decided", {**REVIEWER, "form": "original"}), ("release_stopped", REVIEWER)],
         End.OPEN, By.NOBODY, None),
        ([("release_decided", {**REVIEWER, "form": "original"}), ("release_stopped", REVIEWER),
          ("release_rejected", SHELL)], End.REJECTED, By.REVIEWER, 3),
        ([], End.OPEN, By.NOBODY, None),
    ],
)  # fmt: skip
def test_what_became_of_a_hold(steps: list[tuple[str, dict[str, Any]]], end: End, by: By, minutes: int | None) -> None:
    found = life(*steps)
    assert (found.end, found.by) == (end, by)
    assert found.taken == (None if minutes is None else timedelta(minutes=minutes))
    assert (found.reviewer is not None) == (by is By.REVIEWER)


def test_what_only_had_to_wait_was_nobodys_decision() -> None:
    left = ("message_released", {**GUARD, "form": "original"})
    assert life(left, state="waiting").end is End.BY_ITSELF
    assert life(("message_released", {**BY_LINK, "form": "original"}), state="waiting").by is By.SENDER
    # It could not be made in its form when its time was over, so that somebody had to decide.
    assert life(("release_stopped", GUARD), ("hold_expired", {}), state="waiting").end is End.EXPIRED


def test_rules_that_hold_are_those_that_are_enforced_and_ask_for_it() -> None:
    fields = decision(("seen", "relay"), ("list", "hold"), ("copies", "rewrite"))
    fields["rules"] += decision(("trial", "hold"), mode="monitor")["rules"]
    fields["rules"].append({"id": "broken", "mode": "enforce", "action": "relay", "matched": False, "error": "slow"})
    assert holding_rules(fields) == ("list", "broken")


def test_what_cannot_be_rewritten_is_held_by_the_rule_that_would_have_rewritten_it() -> None:
    found = life(decided=decision(("copies", "rewrite"), ("seen", "relay"), disposition="relay"))
    assert (found.rules, found.end) == (("copies",), End.OPEN)


def test_another_guard_may_end_a_hold_and_its_ledger_be_read_first() -> None:
    lives = Lives()
    lives.take("release_rejected", "MG-1", AT + timedelta(hours=2), SHELL)
    lives.take("message_decided", "MG-1", AT, decision(("list", "hold")))
    lives.take("message_held", "MG-1", AT, {"state": "held"})
    assert [each.taken for each in lives.lives()] == [timedelta(hours=2)]


def test_the_end_of_a_message_of_another_time_is_nothing() -> None:
    lives = Lives()
    lives.take("hold_expired", "MG-0", AT, {})
    lives.take("message_decided", "MG-2", AT, decision(disposition="relay"))
    assert lives.lives() == []


def test_shares_are_of_holds_that_ended_and_stand_for_each_rule() -> None:
    ends = [End.SENT, End.SENT, End.CHANGED, End.REJECTED, End.CANCELLED, End.EXPIRED, End.OPEN, End.BY_ITSELF]
    lives = [Life(f"MG-{number}", AT, ("list",), end) for number, end in enumerate(ends)]
    lives.append(Life("MG-8", AT, ("list", "hidden"), End.CHANGED))
    found = rule_quality(lives)
    assert list(found) == ["hidden", "list"]
    quality = found["list"]
    assert (quality.held, quality.ended, quality.open, quality.by_itself) == (9, 7, 1, 1)
    assert (quality.sent_share, quality.changed_share, quality.stopped_share) == (2 / 7, 2 / 7, 3 / 7)
    assert found["hidden"].sent_share == 0.0


def test_a_rule_whose_holds_are_all_open_has_no_share() -> None:
    assert rule_quality([Life("MG-1", AT, ("list",), End.OPEN)])["list"].sent_share is None
