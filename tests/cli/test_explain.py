"""mailguard explain: how what happened is said to a person."""

from __future__ import annotations

import pytest

from mailguard.cli import output
from mailguard.cli.explain import _details, _forms
from mailguard.cli.not_told import WHY_NOT_TOLD
from mailguard.guard.told import Reason


@pytest.mark.parametrize("reason", Reason)
def test_why_a_sender_was_not_told_is_said_in_words(reason: Reason) -> None:
    entry = {"kind": "sender_not_told", "ref": "MG-7Q4K-2F", "reason": reason.value, "instead": 0}
    assert _details(entry) == [WHY_NOT_TOLD[reason]] and " " in WHY_NOT_TOLD[reason]
    assert _details(entry | {"instead": 1})[1:] == ["the contact was told instead"]


def test_a_reason_of_another_version_is_shown_as_it_is() -> None:
    assert _details({"kind": "sender_not_told", "reason": "new-reason"}) == ["new-reason"]


@pytest.mark.parametrize(
    ("decision", "said"),
    [
        ({"disposition": "hold", "release_as": ["separate", "bcc"]}, "separate, bcc"),
        ({"disposition": "hold", "release_as": []}, "nothing"),
        ({"disposition": "hold"}, None),
        ({"disposition": "relay", "release_as": ["separate"]}, None),
    ],
)
def test_in_which_forms_a_hold_may_leave(decision: dict[str, object], said: str | None) -> None:
    assert _forms(decision) == said


def test_what_happened_names_times_as_people_read_them_and_nothing_twice() -> None:
    due = "2026-03-12T09:00:00.123456+00:00"
    told = _details({"kind": "message_held", "at": due, "due_at": due, "state": "held"})
    assert told == [f"due at {output.when(due)}", "state held"]
    assert _details({"kind": "notice_queued", "notice": "notice", "to": "sender"}) == ["notice", "to sender"]
