"""Which decisions are near misses: those of real incidents under mailguard's own policy, and no others."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from mailguard.core.policy.conditions.vocabulary import BY_KEY
from mailguard.core.reference import long_reference, short_reference
from mailguard.core.register.checks import faults_of
from mailguard.core.register.near_miss import MECHANISMS, near_miss_of, with_outcome
from mailguard.core.register.record import LedgerEntry
from mailguard.core.register.reference import incident_of_message, is_incident, new_incident
from mailguard.guard.entries import without_text
from mailguard.inspection.find.screen import personal_data_in
from tests.core.register.records import NOW, lists
from tests.incidents import build, carried
from tests.incidents.test_judged import judged

AT = datetime(2026, 3, 12, 9, tzinfo=UTC)
ENTRY = LedgerEntry(ledger="main", sequence=7, hash="ab", kind="message_decided")


CASES = [each for each in build.cases() if each.form == "reported" and len(each.people) < 300]
"""Longer lists cost a second each and are counted by tests/incidents."""


def fields(raw: bytes, reverse_path: str, recipients: tuple[str, ...]) -> dict[str, Any]:
    """As they stand in the ledger."""
    _, verdict = judged(raw, reverse_path, recipients)
    return without_text(verdict.to_json(content_sha256="c" * 64, with_visible=False))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_stopped_list_is_a_near_miss_of_so_many_people(case: Any) -> None:
    record = near_miss_of(fields(case.raw, case.reverse_path, case.recipients), "MG-7Q4K-2F", AT, ENTRY)
    assert record is not None and record.kind == "near_miss"
    assert record.most is not None and record.most >= len(case.people)
    assert {"to_cc_exposure"} <= set(record.mechanism)
    assert record.message is not None and record.message.ref == "MG-7Q4K-2F" and record.entries == (ENTRY,)
    assert record.guard is not None and record.guard.action in ("hold", "reject") and record.guard.rules
    assert record.exposure is not None and record.exposure.visible_external_count == len(case.people)
    assert faults_of(record, lists(), personal_data_in, NOW) == []
    assert not any(address in str(record.to_json()) for address in case.people)


def test_an_invitation_and_a_hidden_sheet_say_how_it_would_have_happened() -> None:
    case = next(each for each in build.further_cases() if each.incident == "reading-gp")
    record = near_miss_of(fields(case.raw, case.reverse_path, case.recipients), "MG-7Q4K-2F", AT, ENTRY)
    assert record is not None and record.mechanism[0] == "calendar_attendees"
    sheet = carried.carried("phso")
    found = near_miss_of(fields(sheet.raw, build.SENDER, tuple(sheet.recipients)), "MG-7Q4K-2G", AT, ENTRY)
    assert found is not None and found.mechanism == ("hidden_rows_cols",)
    assert found.most == pytest.approx(sheet.shown, rel=0.03)
    assert sum(each.count for each in found.hidden_inventory if each.kind == "people_rows") == found.most


def decision(**changes: Any) -> dict[str, Any]:
    rule = {
        "id": "visible-list",
        "mode": "enforce",
        "action": "hold",
        "matched": True,
        "reason": "20 people in To would see each other's addresses",
        "values": {"visible_external_recipients": 20},
        **changes,
    }
    return {"disposition": "hold", "rewrite": None, "rules": [rule], "facts": {}, "findings": []}


@pytest.mark.parametrize(
    "fields",
    [
        decision(mode="monitor"),
        decision(matched=False),
        decision(action="relay"),
        decision(values={"sender": True}),
        decision(values={"size_bytes": 9_000_000}),
        decision(id="floor-malformed", values={"malformed": True}),
        decision(id="floor-uninspectable", values={"uninspectable": True}),
        {**decision(), "disposition": "relay", "rewrite": None},
        {},
    ],
)
def test_what_stopped_no_exposure_is_no_near_miss(fields: dict[str, Any]) -> None:
    assert near_miss_of(fields, "MG-7Q4K-2F", AT, ENTRY) is None


@pytest.mark.parametrize(("disposition", "rewrite"), [("hold", None), ("reject", None), ("relay", "separate")])
def test_held_refused_and_rewritten_alike(disposition: str, rewrite: str | None) -> None:
    fields = {**decision(), "disposition": disposition, "rewrite": rewrite}
    record = near_miss_of(fields, "MG-7Q4K-2F", AT, ENTRY)
    assert record is not None and record.most == 20


def test_what_became_of_it_is_added_once() -> None:
    record = near_miss_of(decision(), "MG-7Q4K-2F", AT, ENTRY)
    assert record is not None
    later = LedgerEntry(ledger="main", sequence=9, hash="cd", kind="message_released")
    released = with_outcome(record, "message_released", {"form": "original"}, later)
    assert released is not None and released.guard is not None
    assert (released.guard.outcome, released.guard.form) == ("released", "original")
    assert released.kind == "near_miss" and released.entries == (ENTRY, later)
    # Nothing of it had been delivered; of what left, nobody knows yet how much was.
    assert record.exposure is not None and record.exposure.delivered_count == 0
    assert released.exposure is not None and released.exposure.delivered_count is None
    cancelled = with_outcome(record, "hold_cancelled", {}, later)
    assert cancelled is not None and cancelled.exposure == record.exposure
    assert with_outcome(released, "message_released", {"form": "original"}, later) is None
    assert with_outcome(record, "message_held", {}, later) is None


def test_every_condition_that_makes_one_exists_and_every_mechanism_is_in_the_list() -> None:
    assert MECHANISMS.keys() <= BY_KEY.keys()
    assert set(MECHANISMS.values()) | {"calendar_attendees", "hidden_rows_cols"} <= lists().mechanisms.keys()


def test_a_persons_record_never_takes_the_reference_of_a_message() -> None:
    octets = bytes(range(14))
    of_messages = {incident_of_message(short_reference(octets)), incident_of_message(long_reference(octets))}
    own = new_incident(octets)
    assert own not in of_messages and len({len(each) for each in {own, *of_messages}}) == 3
    assert all(map(is_incident, {own, *of_messages})) and not is_incident("MG-7Q4K-2F")
