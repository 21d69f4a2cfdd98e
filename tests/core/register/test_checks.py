"""What may not be saved: unknown codes, numbers that cannot be, a late report without its reason, personal data."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from mailguard.core.register.checks import faults_of
from mailguard.core.register.clock import ClockState, clock_of
from mailguard.core.register.record import Incident, localised
from mailguard.core.register.revision import changed_fields
from mailguard.inspection.find.screen import personal_data_in
from tests.core.register.records import NOW, ZONE, breach, lists, ombudsman, read, written

AWARE = datetime(2026, 3, 5, 10, tzinfo=UTC)


def faults(record: Incident) -> list[str]:
    return [each.field for each in faults_of(record, lists(), personal_data_in, NOW)]


def test_the_cases_are_in_order() -> None:
    assert faults(ombudsman()) == []
    assert faults(read(written("statistics.yaml"))) == []


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"mechanism": ["magic"]}, "mechanism"),
        ({"data_categories": ["shoes"]}, "data_categories"),
        ({"subjects": [{"type": "martians"}]}, "subjects"),
        ({"subjects": [{"type": "patients"}, {"type": "patients"}]}, "subjects"),
        ({"statistics": {"codes": ["9.9"]}}, "statistics.codes"),
        ({"subjects_known": 9, "subjects_max": 8}, "subjects_known"),
        ({"records_known": 9, "records_max": 8}, "records_known"),
        ({"subjects": [{"type": "patients", "known": 9, "max": 8}]}, "subjects.0.known"),
        ({"subjects": [{"type": "patients", "known": 9}], "subjects_max": 8}, "subjects_max"),
        ({"aware_at": None}, "aware_at"),
        ({"aware_at": "2030-01-01"}, "aware_at"),
        ({"occurred_to": "2026-03-04"}, "occurred_to"),
        ({"notified_ico_at": "2026-03-05T09:00"}, "notified_ico_at"),
        ({"occurred_from": "2026-03-05T10:01"}, "aware_at"),
        ({"occurred_from": "2026-03-07", "aware_at": "2026-03-05"}, "aware_at"),
        ({"decision_ico": "report", "decision_by": "x", "decision_at": "2026-03-05T09:59"}, "decision_at"),
        ({"decision_ico": "report", "decision_by": "x", "decision_at": "2020-01-01"}, "decision_at"),
        ({"notified_ico_at": "2026-03-08T10:01"}, "delay_reason"),
        ({"decision_ico": "report"}, "decision_by"),
        ({"decision_ico": "not_report", "decision_by": "x", "decision_at": "2026-03-06"}, "decision_reason"),
        ({"status": "closed"}, "closed_at"),
        ({"status": "closed", "closed_at": "2026-04-01"}, "decision_ico"),
        ({"closed_at": "2026-04-01"}, "closed_at"),
    ],
)
def test_what_cannot_be_is_refused_with_its_field(fields: dict[str, Any], field: str) -> None:
    assert field in faults(breach(**fields))


@pytest.mark.parametrize(
    "fields",
    [
        {"occurred_from": "2026-03-01", "occurred_to": "2026-03-31"},
        {"occurred_from": "2026-03-05T10:00"},
        {"occurred_from": "2026-03-05T15:00", "aware_at": "2026-03-05"},
        {"decision_ico": "report", "decision_by": "x", "decision_at": "2026-03-05"},
        {"decision_ico": "report", "decision_by": "x", "decision_at": "2026-03-05T10:00"},
    ],
)
def test_what_goes_on_after_it_is_known_and_a_day_alone_are_no_contradiction(fields: dict[str, Any]) -> None:
    assert faults(breach(**fields)) == []


MOMENTS = (
    *("occurred_from", "occurred_to", "detected_at", "aware_at", "notified_ico_at", "decision_at", "closed_at"),
    *("subjects_told.at", "others_told.0.at", "statistics.release_at"),
)
DAYS = ("measures_containment.0.due", "measures_prevention.0.done", "outcome_date")


def with_value(path: str, value: object) -> dict[str, Any]:
    top, _, rest = path.partition(".")
    if rest.startswith("0."):
        return {top: [{"what" if "measures" in top else "who": "x", rest[2:]: value}]}
    if rest:
        return {top: {rest: value, **({"told": True} if top == "subjects_told" else {})}}
    return {top: value}


@pytest.mark.parametrize("value", [2026, 20261120, "2026", "1764201600", "-1", "1e9", 2026.5, True, "2026-11"])
@pytest.mark.parametrize("field", [*MOMENTS, *DAYS])
def test_a_number_is_no_time(field: str, value: object) -> None:
    """pydantic alone reads it as seconds since 1970: a record of this year would be in no report of it."""
    with pytest.raises(ValidationError) as refused:
        breach(**with_value(field, value))
    (error,) = refused.value.errors()
    assert ".".join(map(str, error["loc"])) == field
    assert "is written as 2026-03-05" in error["msg"] and "Value error" not in error["msg"]


@pytest.mark.parametrize("field", MOMENTS)
@pytest.mark.parametrize("written", ["0001-01-01", "9999-12-31T23:59-05:00"])
def test_a_year_at_an_end_of_the_calendar_is_refused(field: str, written: str) -> None:
    assert field in faults(breach(**with_value(field, written)))


@pytest.mark.parametrize("field", MOMENTS)
@pytest.mark.parametrize("written", ["2026-03-05", "2026-03-05T10", "2026-03-05T10:00+01:00", "2026-03-05T10:00:00Z"])
def test_a_time_as_iso_8601_has_it_is_read_and_kept(field: str, written: str) -> None:
    record = breach(**with_value(field, written))
    assert "2026-03-05T" in str(record.to_json()) and Incident.model_validate(record.to_json()) == record


@pytest.mark.parametrize(
    "text",
    [
        "NHS 999 339 5633",
        "of 9993395633 only",
        "call 07911 123456",
        "AB 12 34 56 C",
        "ab123456c",
        "lives at SW1A 1AA",
        "sw1a 1aa",
        "jo@patients.example",
        "jo＠patients.example",
        "reception@elmroad.example",
        "12-34-56 12345678",
    ],
)
@pytest.mark.parametrize(
    "field", ["narrative", "consequences_likely", "decision_reason", "outcome_regulator", "aware_by"]
)
def test_personal_data_in_any_text_is_refused_and_not_repeated(text: str, field: str) -> None:
    found = faults_of(breach(**{field: text}), lists(), personal_data_in, NOW)
    assert [each.field for each in found] == [field]
    assert not any(word in str(found[0]) for word in text.split() if any(map(str.isdigit, word)))


def test_personal_data_deep_in_a_record_is_found_as_well() -> None:
    record = breach(
        measures_containment=[{"what": "Asked 07911 123456 to delete it"}],
        others_told=[{"who": "jo@patients.example"}],
        subjects_told={"told": True, "how": "to SW1A 1AA"},
        recipients_external={"x@y.example": 1},
        guard={"release_reason": "for 9993395633"},
    )
    assert set(faults(record)) == {
        "measures_containment.0.what",
        "others_told.0.who",
        "subjects_told.how",
        "recipients_external",
        "guard.release_reason",
    }


def test_what_an_incident_has_to_say_is_no_personal_data() -> None:
    text = (
        "On 5 March 2020 at 10:05 a file with 5,305 and 197 rows left, in 13, 55 and 245 messages, 33,345 rows of "
        "9,483 staff; reference IR-7Q4K-2FXB7M, case IC-45123-X1Y2, sha256 0f343b0931126a20f133d67c2b018a3b, "
        "fine 750,000 GBP, section 33(3)(a), release 9.30am, £18.50, 99.9 %."
    )
    assert personal_data_in(text) == []


def test_the_clock_counts_72_plain_hours_over_a_weekend_and_a_change_of_the_clocks() -> None:
    record = breach(aware_at="2026-03-27T10:00")
    clock = clock_of(record, datetime(2026, 3, 30, 8, tzinfo=UTC))
    assert clock.deadline == datetime(2026, 3, 30, 10, tzinfo=UTC)
    assert (clock.state, clock.hours_left) == (ClockState.RUNNING, 2.0)


@pytest.mark.parametrize(
    ("fields", "after", "state"),
    [
        ({}, timedelta(hours=72), ClockState.RUNNING),
        ({}, timedelta(hours=72, seconds=1), ClockState.OVERDUE),
        ({"notified_ico_at": "2026-03-08T10:00"}, timedelta(days=9), ClockState.IN_TIME),
        ({"notified_ico_at": "2026-03-08T10:01"}, timedelta(days=9), ClockState.LATE),
        ({"decision_ico": "not_report"}, timedelta(days=9), ClockState.NOT_REPORTED),
        ({"decision_ico": "report"}, timedelta(days=9), ClockState.OVERDUE),
        ({"aware_at": None}, timedelta(days=9), ClockState.NOT_AWARE),
        ({"kind": "near_miss"}, timedelta(days=9), ClockState.NONE),
    ],
)
def test_how_the_clock_stands(fields: dict[str, Any], after: timedelta, state: ClockState) -> None:
    assert clock_of(breach(**fields), AWARE + after).state is state


def test_times_without_a_zone_are_the_organisations_and_a_day_begins_at_its_midnight() -> None:
    record = breach(occurred_from="2026-07-01", others_told=[{"who": "police", "at": "2026-07-02T10:00"}])
    assert record.occurred_from == datetime(2026, 6, 30, 23, tzinfo=UTC)
    assert record.others_told[0].at == datetime(2026, 7, 2, 9, tzinfo=UTC)
    assert localised({"aware_at": "soon", "narrative": "2026-07-01"}, ZONE) == {
        "aware_at": "soon",
        "narrative": "2026-07-01",
    }


def test_a_record_comes_back_as_it_was() -> None:
    record = ombudsman()
    assert Incident.model_validate(record.to_json()) == record


def test_changed_fields_are_named_without_what_stands_in_them() -> None:
    before = breach()
    after = before.model_copy(update={"narrative": "text", "subjects_max": 5})
    assert changed_fields(before, after) == ["narrative", "subjects_max"]
    assert changed_fields(None, before) == ["aware_at", "kind", "occurred_from", "status"]
