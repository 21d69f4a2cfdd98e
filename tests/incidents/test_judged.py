"""No incident that counting can stop leaves as it was under the policy that mailguard comes with."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path as File
from typing import Any

import pytest

from mailguard.core.envelope import Envelope, Path, Recipient
from mailguard.core.mail.parse import parse
from mailguard.core.observation import Observation, observe
from mailguard.core.organisation import Organisation
from mailguard.core.policy.load import load_policy
from mailguard.core.verdict import Disposition, Verdict
from tests.incidents import build, ordinary
from tests.judging import judged_with_contents

ROOT = File(__file__).resolve().parents[2]
NOW = datetime(2026, 3, 12, 9, tzinfo=UTC)


POLICY = load_policy({"default.yaml": (ROOT / "policies" / "default.yaml").read_bytes()})
ELM_ROAD = Organisation("Elm Road", frozenset({build.INSIDE}))


def judged(raw: bytes, reverse_path: str, recipients: tuple[str, ...]) -> tuple[Observation, Verdict]:
    envelope = Envelope(
        Path(reverse_path.encode(), reverse_path) if reverse_path else None,
        tuple(Recipient(Path(each.encode(), each)) for each in recipients),
    )
    return judged_with_contents(observe(parse(raw), envelope, ELM_ROAD), POLICY, NOW)


@pytest.mark.parametrize("case", build.cases(), ids=lambda case: case.id)
def test_does_not_leave_as_it_was(case: Any) -> None:
    observation, verdict = judged(case.raw, case.reverse_path, case.recipients)
    assert verdict.disposition in (Disposition.HOLD, Disposition.REJECT) or verdict.rewrite
    assert set(case.people) <= set(observation.visible)
    assert verdict.reason
    assert not verdict.errors


@pytest.mark.parametrize("case", [each for each in build.cases() if each.form == "reported"], ids=lambda case: case.id)
def test_counts_exactly_who_is_shown(case: Any) -> None:
    observation, verdict = judged(case.raw, case.reverse_path, case.recipients)
    assert observation.facts["visible_external_recipients"] == len(case.people)
    assert observation.facts["visible_internal_recipients"] == len(case.staff)
    assert not verdict.facts["malformed"]
    assert verdict.rewrite is not None, "a reviewer is offered separate copies"


@pytest.mark.parametrize("case", build.further_cases(), ids=lambda case: case.id)
def test_what_needs_more_is_stopped_where_it_shows_people(case: Any) -> None:
    """Batches, recalls and the like need more, but a message of theirs that shows a list is stopped already."""
    _, verdict = judged(case.raw, case.reverse_path, case.recipients)
    assert verdict.disposition is Disposition.HOLD


def test_a_list_in_the_text_is_counted() -> None:
    """Kanagawa: everybody was in Bcc, and the text still held the addresses."""
    (case,) = [each for each in build.further_cases() if each.incident == "kanagawa"]
    observation, verdict = judged(case.raw, case.reverse_path, case.recipients)
    assert observation.facts["body_external_addresses"] == 27
    assert (verdict.deciding, verdict.rewrite) == ("list-in-the-text", None)


def test_every_incident_comes_in_every_form() -> None:
    listed = build.incidents()
    assert len(listed) == 21
    assert {case.incident for case in build.cases()} | {case.incident for case in build.further_cases()} == {
        incident["id"] for incident in listed
    }
    without = {incident["id"] for incident in listed if "needs" not in incident}
    assert {(case.incident, case.form) for case in build.cases()} >= {
        (name, form) for name in without for form in build.FORMS
    }


@pytest.mark.parametrize("message", ordinary.messages(), ids=lambda message: message.id)
def test_ordinary_mail_passes(message: Any) -> None:
    _, verdict = judged(message.raw, message.reverse_path, message.recipients)
    assert verdict.defects == () or not any(defect.holds for defect in verdict.defects), verdict.defects
    assert (verdict.disposition, verdict.rewrite) == (Disposition.RELAY, None), verdict.reason


def test_there_is_enough_ordinary_mail() -> None:
    messages = ordinary.messages()
    assert len(messages) >= 40
    assert len({message.id for message in messages}) == len(messages)
