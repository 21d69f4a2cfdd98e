"""Whom a rule would have spared, by the evidence: as the judgement spares, and untold where it does not say."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from mailguard.core.mail.parse import parse
from mailguard.core.observation import observe
from mailguard.core.policy.conditions.originators import sent_by
from mailguard.core.policy.load import load_policy
from mailguard.core.policy.model import Rule
from mailguard.core.policy.trial import assumed_envelope
from mailguard.core.quality.senders import Senders, in_doubt, senders_of, spared
from tests.core.replay.test_memory import ORGANISATION

AT = datetime(2026, 3, 12, 9, tzinfo=UTC)
JO, SAM = "jo@elmroad.example", "sam@elmroad.example"
UNLESS = {"unless": {"sender": [JO]}}
BOARD = {"id": "board", "owner": "Pat", "reason": "They know each other", "added": "2026-01-05", "sender": [JO]}
EXCEPTION = {"exceptions": [BOARD]}
TO_SOME = {"exceptions": [{**BOARD, "recipients": ["ann@board.example"]}]}


def rule(*more: dict[str, Any], expires: str = "2026-12-31") -> Rule:
    asked: dict[str, Any] = {"id": "list", "describe": "x", "when": {"size_bytes": {"at_least": 1}}, "action": "hold"}
    for each in more:
        asked |= each
    if "exceptions" in asked:
        asked["exceptions"] = [{**each, "expires": expires} for each in asked["exceptions"]]
    return load_policy({"p.yaml": json.dumps({"version": 1, "rules": [asked]}).encode()}).rules[0]


@pytest.mark.parametrize("sender", [JO, SAM, None])
@pytest.mark.parametrize("head", [f"From: {JO}", f"From: {JO}, {SAM}", f"From: {JO}\r\nSender: {SAM}", "Subject: x"])
def test_unless_spares_whom_the_judgement_spares(sender: str | None, head: str) -> None:
    message = parse(f"{head}\r\nTo: a@outside.example\r\n\r\nHello\r\n".encode())
    seen = observe(message, assumed_envelope(message, sender, None), ORGANISATION)
    defects = [{"kind": each.kind, "where": each.where} for each in seen.defects]
    evidence = {"sender": seen.reverse_path, "originators": list(seen.originators)}
    asked = rule(UNLESS)
    assert asked.unless is not None
    found = spared(asked, senders_of(evidence, in_doubt({"defects": defects})), AT)
    assert found is sent_by(seen, asked.unless) or (found is None and not seen.originators_clear)


def test_a_doubt_about_who_sent_it_is_told_only_where_it_makes_no_difference() -> None:
    assert in_doubt({"defects": [{"kind": "any", "where": "from"}]}) and not in_doubt({"defects": []})
    assert spared(rule(UNLESS), Senders(JO, (JO,), is_clear=False), AT) is None
    assert spared(rule(UNLESS), Senders(JO, (SAM,), is_clear=False), AT) is False
    assert spared(rule(UNLESS), Senders(None, (JO,), is_clear=True), AT) is False


@pytest.mark.parametrize(
    ("evidence", "told"),
    [({"erased": True}, None), ({"sender": JO}, None), ({"sender": JO, "originators": [JO]}, True)],
)
def test_erased_evidence_tells_nothing(evidence: dict[str, Any], told: bool | None) -> None:
    assert spared(rule(UNLESS), senders_of(evidence, False), AT) is told
    assert spared(rule(), senders_of(evidence, False), AT) is False, "nobody is spared by it"


@pytest.mark.parametrize(
    ("exceptions", "expires", "sender", "told"),
    [
        (EXCEPTION, "2026-12-31", JO, True),
        (EXCEPTION, "2026-12-31", SAM, False),
        (EXCEPTION, "2026-02-01", JO, False),
        (TO_SOME, "2026-12-31", JO, None),
        (TO_SOME, "2026-12-31", SAM, False),
        (TO_SOME, "2026-02-01", JO, False),
    ],
)
def test_an_exception_is_told_by_its_days_and_its_sender_not_by_its_recipients(
    exceptions: dict[str, Any], expires: str, sender: str, told: bool | None
) -> None:
    assert spared(rule(exceptions, expires=expires), Senders(sender, (sender,), is_clear=True), AT) is told
    if told is None:
        assert spared(rule(exceptions, UNLESS), Senders(sender, (sender,), is_clear=True), AT) is True
