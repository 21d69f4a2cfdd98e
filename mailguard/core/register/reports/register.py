"""The internal register of UK GDPR Article 33(5): every breach, notified or not, with its facts, effects and remedial
action, so that the Commissioner can verify. And the same breaches in the words of the regulator's statistics.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from .. import in_words
from ..clock import clock_of
from ..forms.regulator import FOUND, incident_types, is_cyber
from ..lists import Lists
from ..record import MessageRefs
from ..revision import Revision
from ..table import Table

_COLUMNS = (
    ("incident", "Incident"), ("revision", "Revision"), ("kind", "Kind"), ("status", "Status"),
    ("organisation", "Organisation"), ("occurred_from", "Occurred from"), ("occurred_to", "Occurred to"),
    ("detected_at", "Found"), ("detected_how", "How found"), ("aware_at", "Aware"), ("deadline", "72 hours end"),
    ("notified_ico_at", "Commissioner told"), ("hours_to_report", "Hours to report"),
    ("delay_reason", "Reasons for delay"),
    ("nature", "Nature"), ("narrative", "Facts"), ("subjects", "People by type"), ("subjects_known", "People known"),
    ("subjects_max", "People at most"), ("count_basis", "How counted"), ("data", "Data"),
    ("special_category", "Special category"), ("criminal", "Criminal offence data"), ("records_known", "Records known"),
    ("records_max", "Records at most"), ("consequences_likely", "Likely consequences"), ("effects", "Effects"),
    ("decision", "Decision"), ("decision_by", "Decided by"), ("decision_at", "Decided"), ("decision_reason", "Reason"),
    ("advice", "Advice taken"), ("containment", "Containment"), ("mitigation", "Mitigation"),
    ("prevention", "Prevention"),
    ("people_told", "People told"), ("others_told", "Others told"), ("outcome", "Outcome"),
    ("outcome_date", "Outcome date"), ("closed_at", "Closed"), ("message", "Message"),
    ("evidence", "Ledger entries"),
)  # fmt: skip


def register(records: Sequence[Revision], lists: Lists, zone: ZoneInfo, now: datetime) -> Table:
    keys, headings = zip(*_COLUMNS, strict=True)
    rows = tuple(_row(each, lists, zone, now) for each in records)
    notes = (f"Breaches: {len(rows):,}. Every revision of each is kept.",)
    return Table("register", "Register of personal data breaches (Article 33(5))", keys, headings, rows, notes)


def _row(revision: Revision, lists: Lists, zone: ZoneInfo, now: datetime) -> tuple[str, ...]:
    record, clock = revision.record, clock_of(revision.record, now)
    message = record.message or MessageRefs()
    hours = f"{clock.hours_to_report:g}" if clock.hours_to_report is not None else ""
    cells = (
        revision.incident,
        str(revision.revision),
        record.kind,
        record.status,
        in_words.organisation_of(record, lists),
        in_words.minute(record.occurred_from, zone),
        in_words.minute(record.occurred_to, zone),
        in_words.minute(record.detected_at, zone),
        FOUND.get(record.detected_how or ""),
        in_words.minute(record.aware_at, zone),
        in_words.minute(clock.deadline, zone),
        in_words.minute(record.notified_ico_at, zone),
        hours,
        record.delay_reason,
        lists.nature(record.mechanism),
        record.narrative,
        in_words.people(record, lists),
        _number(record.known),
        _number(record.most),
        record.count_basis,
        lists.data(record.data_categories),
        in_words.yes_no(record.special_category),
        in_words.yes_no(record.criminal),
        _number(record.records_known),
        _number(record.records_max),
        record.consequences_likely,
        record.consequences_actual,
        in_words.decision(record),
        record.decision_by,
        in_words.minute(record.decision_at, zone),
        record.decision_reason,
        record.advice_taken,
        in_words.measures(record.measures_containment),
        in_words.measures(record.measures_mitigation),
        in_words.measures(record.measures_prevention),
        in_words.told(record, zone),
        in_words.others(record, zone),
        in_words.outcome(record),
        record.outcome_date.isoformat() if record.outcome_date else "",
        in_words.minute(record.closed_at, zone),
        message.ref,
        " ".join(f"{each.ledger}:{each.sequence}" for each in record.entries),
    )
    return tuple(each or "" for each in cells)


_REGULATORS = (
    ("incident", "Incident"), ("date", "Date of incident"), ("category", "Incident category"),
    ("type", "Incident type"), ("subject_types", "Types of data subject"), ("data_types", "Types of data"),
    ("affected", "People affected (the most)"), ("sector", "Sector"), ("aware", "Aware"),
    ("notified", "Commissioner told"), ("hours", "Hours taken to report"), ("clock", "72 hours"),
    ("decision", "Decision"), ("reason", "Reason"), ("outcome", "Outcome"),
)  # fmt: skip


def regulators(records: Sequence[Revision], lists: Lists, zone: ZoneInfo, now: datetime) -> Table:
    keys, headings = zip(*_REGULATORS, strict=True)
    rows = tuple(_regulators_row(each, lists, zone, now) for each in records)
    return Table("ico", "Breaches in the words of the regulator", keys, headings, rows)


def _regulators_row(revision: Revision, lists: Lists, zone: ZoneInfo, now: datetime) -> tuple[str, ...]:
    record, clock = revision.record, clock_of(revision.record, now)
    sector = (record.organisation.sector if record.organisation else None) or lists.organisation.sector
    cells = (
        revision.incident,
        in_words.day(record.occurred_from, zone),
        "cyber" if is_cyber(record, lists) else "non-cyber",
        incident_types(record, lists),
        "; ".join(lists.subject_types.get(each.type, each.type) for each in record.subjects),
        lists.data(record.data_categories),
        _number(record.most),
        sector,
        in_words.minute(record.aware_at, zone),
        in_words.minute(record.notified_ico_at, zone),
        f"{clock.hours_to_report:g}" if clock.hours_to_report is not None else "",
        clock.state.value.replace("_", " "),
        in_words.decision(record),
        record.decision_reason,
        in_words.outcome(record),
    )
    return tuple(each or "" for each in cells)


def _number(count: int | None) -> str:
    return "" if count is None else str(count)
