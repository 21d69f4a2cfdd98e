"""What is wrong with a record that somebody wants to save, in sentences for that person. Pure.

INVARIANT: what is free text holds no personal data; contact details of the organisation's own people have fields of
their own. INVARIANT: a fault names the field and the kind of thing, never the value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel

from .clock import ClockState, clock_of
from .lists import Lists, Organisation, Person
from .record import BREACHES, Guard, Incident, LedgerEntry, MessageRefs


@dataclass(frozen=True, slots=True)
class Spotted:
    """Personal data in a text. noun: what such values are called, in the plural. at: characters before it."""

    noun: str
    at: int


FindPersonalData = Callable[[str], Sequence[Spotted]]
"""The port: mailguard/inspection/find/screen.py implements it."""


@dataclass(frozen=True, slots=True)
class Fault:
    """field: its path in the record, as measures_containment.0.what."""

    field: str
    text: str

    def __str__(self) -> str:
        return f"{self.field}: {self.text}"


def faults_of(record: Incident, lists: Lists, find: FindPersonalData, now: datetime) -> list[Fault]:
    """All of them; an empty list for a record that may be saved."""
    if years := list(_years(record)):
        # With such a time nothing else can be calculated.
        return years
    return [
        *_codes(record, lists),
        *_numbers(record),
        *_times(record, now),
        *_decision(record, now),
        *_closed(record),
        *personal_data(record, find),
    ]


def personal_data(record: Incident, find: FindPersonalData) -> Iterator[Fault]:
    """Where free text holds addresses, identifiers and the like."""
    for field, text in texts_of(record):
        for spotted in find(text):
            yield Fault(field, f"it holds {spotted.noun} (at character {spotted.at + 1}); write it without")


def texts_of(record: Incident) -> Iterator[tuple[str, str]]:
    """Every text that a person wrote, with the path of its field. Not: whom to ask, and what identifies the message."""
    yield from _texts("", record)


_YEARS = range(1900, 2200)
"""Of any time of a record. One at an end of the calendar has no date in other time zones: no report could be made."""
_NO_TEXT = (Person, Organisation, MessageRefs, LedgerEntry, Guard)
_LINKS = frozenset({"output_url", "published_statement_url", "public_notice_url"})


def _texts(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Guard):
        # The rest is the policy's and the guard's own; this a person wrote when the message was released.
        yield from _texts(f"{path}.release_reason", value.release_reason)
    elif isinstance(value, _NO_TEXT):
        return
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            if name not in _LINKS:
                yield from _texts(f"{path}.{name}" if path else name, getattr(value, name))
    elif isinstance(value, dict):
        for name in value:
            yield path, str(name)
    elif isinstance(value, tuple):
        for number, each in enumerate(value):
            yield from _texts(f"{path}.{number}", each)
    elif isinstance(value, str) and value:
        yield path, value


def _codes(record: Incident, lists: Lists) -> Iterator[Fault]:
    types = tuple(each.type for each in record.subjects)
    codes = record.statistics.codes if record.statistics else ()
    for field, given, known in (
        ("mechanism", record.mechanism, lists.mechanisms),
        ("data_categories", record.data_categories, lists.data_categories),
        ("subjects", types, lists.subject_types),
        ("statistics.codes", codes, lists.statistics_code.codes),
    ):
        for each in given:
            if each not in known:
                yield Fault(field, f'"{each}" is not in the list; the codes are: {", ".join(known)}')
    for each in sorted({each for each in types if types.count(each) > 1}):
        yield Fault("subjects", f'"{each}" is there twice')


def _numbers(record: Incident) -> Iterator[Fault]:
    pairs = [
        ("subjects_known", record.subjects_known, record.subjects_max),
        ("records_known", record.records_known, record.records_max),
        *((f"subjects.{number}.known", each.known, each.max) for number, each in enumerate(record.subjects)),
    ]
    for field, known, most in pairs:
        if known is not None and most is not None and known > most:
            yield Fault(field, f"{known:,} are known, but at most {most:,} may be")
    if record.known is not None and record.most is not None and record.known > record.most:
        yield Fault("subjects_max", f"the known people come to {record.known:,}, but at most {record.most:,} may be")


def _times(record: Incident, now: datetime) -> Iterator[Fault]:
    for field in ("occurred_from", "occurred_to", "detected_at", "aware_at", "notified_ico_at", "decision_at"):
        moment = getattr(record, field)
        if moment is not None and moment > now:
            yield Fault(field, "it is in the future")
    begun, ended = record.occurred_from, record.occurred_to
    if ended is not None and (begun is None or ended < begun):
        yield Fault("occurred_to", "it ended before it began" if begun else "occurred_from is missing")
    if record.kind in BREACHES and record.aware_at is None:
        yield Fault("aware_at", "the 72 hours count from it, so a breach needs it")
    if record.kind in BREACHES and record.aware_at and begun and _end(record.aware_at) < begun:
        yield Fault("aware_at", "nobody is aware of it before it happens: it is before occurred_from")
    if record.notified_ico_at and record.aware_at and record.notified_ico_at < record.aware_at:
        yield Fault("notified_ico_at", "nobody tells the Commissioner before being aware")


def _end(moment: datetime) -> datetime:
    """The last that may be meant: a day alone stands as its first moment."""
    midnight = moment.hour == moment.minute == moment.second == moment.microsecond == 0
    return moment + timedelta(days=1) if midnight else moment


def _years(record: Incident) -> Iterator[Fault]:
    for field, moment in _moments("", record):
        if moment.year not in _YEARS:
            yield Fault(field, f"the year is not between {_YEARS.start} and {_YEARS.stop - 1}")


def _moments(path: str, value: Any) -> Iterator[tuple[str, datetime]]:
    if isinstance(value, datetime):
        yield path, value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _moments(f"{path}.{name}" if path else name, getattr(value, name))
    elif isinstance(value, tuple):
        for number, each in enumerate(value):
            yield from _moments(f"{path}.{number}", each)


def _decision(record: Incident, now: datetime) -> Iterator[Fault]:
    if record.decision_ico is not None:
        for field in ("decision_by", "decision_at"):
            if not getattr(record, field):
                yield Fault(field, "a decision says who took it and when")
    if (
        record.kind in BREACHES
        and record.decision_at
        and record.aware_at
        and _end(record.decision_at) < record.aware_at
    ):
        yield Fault("decision_at", "nobody decides about a breach before being aware of it: it is before aware_at")
    if record.decision_ico == "not_report" and not (record.decision_reason or "").strip():
        yield Fault("decision_reason", "a decision not to report needs its reason")
    if record.decision_ico == "not_report" and record.notified_ico_at is not None:
        yield Fault("decision_ico", "the Commissioner was told, so the decision was to report")
    if clock_of(record, now).state is ClockState.LATE and not (record.delay_reason or "").strip():
        yield Fault("delay_reason", "the Commissioner was told after the 72 hours; Article 33(1) asks for the reasons")


def _closed(record: Incident) -> Iterator[Fault]:
    if record.status == "closed" and record.closed_at is None:
        yield Fault("closed_at", "a closed record says since when")
    if record.status == "open" and record.closed_at is not None:
        yield Fault("closed_at", "the record is open")
    if record.status == "closed" and record.kind == "breach":
        if record.decision_ico is None:
            yield Fault("decision_ico", "decide whether to report a breach before closing it")
        elif record.decision_ico == "report" and record.notified_ico_at is None:
            yield Fault("notified_ico_at", "it was to be reported, but does not say when it was")
