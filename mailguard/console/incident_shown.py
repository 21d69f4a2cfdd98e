"""A record as people read it: its parts with what they say, how its 72 hours stand, what a revision changed. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from ..core.legible import legible, legible_lines
from ..core.moment import date_in_words, moment_in_words
from ..core.register import in_words
from ..core.register.clock import ClockState, NotificationClock
from ..core.register.lists import Lists
from ..core.register.record import BREACHES, Incident
from ..core.register.revision import Revision
from . import words_incident_fields as names
from . import words_incidents as said
from .entry_words import number
from .incident_fields import PARTS, Ask, Kind, Rows, options_of
from .incident_form import value_at

LONGEST = 20_000
SHORT = 300
_APART = frozenset({"message.ref", "entries", "kind", "status"})
"""Shown in words or links of their own."""


@dataclass(frozen=True, slots=True)
class Said:
    """One field: what it is called, and what it says, a line each."""

    label: str
    lines: Sequence[str]


@dataclass(frozen=True, slots=True)
class ShownPart:
    key: str
    title: str
    form: bool
    rows: Sequence[Said]


def parts_of(record: Incident, lists: Lists, zone: ZoneInfo) -> list[ShownPart]:
    """Every part with the fields that say something."""
    values = record.to_json()
    found = []
    for part in PARTS:
        rows = [
            Said(ask.label, lines)
            for ask in part.asks
            if ask.path not in _APART and (lines := lines_of(ask, values, lists, zone))
        ]
        found.append(ShownPart(part.key, part.title, part.form, rows))
    return found


def lines_of(ask: Ask | Rows, record: Mapping[str, Any], lists: Lists, zone: ZoneInfo) -> list[str]:
    """What a record (Incident.to_json) says there; nothing where it says nothing."""
    if isinstance(ask, Rows):
        return [line for row in record.get(ask.path, ()) if (line := _row(ask, row, lists, zone))]
    if ask.path == "entries":
        count = len(record.get("entries", ()))
        return [number(names.LINKED, count)] if count else []
    if ask.path == "hidden_inventory":
        return [
            names.HIDDEN.format(count=each.get("count"), kind=legible(" ".join(_words(each))))
            for each in record.get(ask.path, ())
        ]
    return _lines(ask, value_at(record, ask.path), lists, zone)


def changed(before: Revision | None, after: Revision, lists: Lists, zone: ZoneInfo) -> list[str]:
    """What a revision changed, a sentence for each field."""
    now = after.record.to_json()
    if before is None:
        labels = [ask.label for ask in _all() if ask.path != "status" and lines_of(ask, now, lists, zone)]
        return [said.SET_FIRST.format(labels=", ".join(labels))] if labels else []
    was = before.record.to_json()
    found = []
    for ask in _all():
        old, new = lines_of(ask, was, lists, zone), lines_of(ask, now, lists, zone)
        if old != new:
            found.append(_change(ask.label, "; ".join(old), "; ".join(new)))
    return found


def clock_in_words(record: Incident, clock: NotificationClock, now: datetime, zone: ZoneInfo) -> str | None:
    """One sentence; None for what has no 72 hours."""
    deadline = moment_in_words(clock.deadline.astimezone(zone)) if clock.deadline else ""
    if clock.state is ClockState.RUNNING and clock.deadline is not None:
        form = said.CLOCK_RUNNING_REPORT if record.decision_ico == "report" else said.CLOCK_RUNNING
        left = span(int((clock.deadline - now).total_seconds()))
        # A sentence begins with the number; "It is to be reported: ..." goes on with it.
        return form.format(left=left, deadline=deadline)
    if clock.state is ClockState.OVERDUE and clock.deadline is not None:
        return said.CLOCK_OVER.format(left=span(int((now - clock.deadline).total_seconds())), deadline=deadline)
    if clock.state in (ClockState.IN_TIME, ClockState.LATE) and clock.hours_to_report is not None:
        form = said.CLOCK_IN_TIME if clock.state is ClockState.IN_TIME else said.CLOCK_LATE
        return form.format(hours=span(int(clock.hours_to_report * 3600)))
    return {
        ClockState.NOT_AWARE: said.CLOCK_NOT_AWARE,
        ClockState.NOT_REPORTED: said.CLOCK_NOT_REPORTED,
    }.get(clock.state)


def what_to_do(record: Incident, clock: NotificationClock) -> str | None:
    if clock.state is ClockState.OVERDUE:
        return said.CLOCK_OVER_DO
    return said.CLOCK_RUNNING_DO if clock.state is ClockState.RUNNING and record.decision_ico is None else None


def span(seconds: int) -> str:
    """In the unit that people would use: minutes below an hour, hours below four days, then days."""
    minutes = max(seconds, 0) // 60
    if minutes < 60:
        return number(said.MINUTES, minutes)
    hours = minutes // 60
    return number(said.HOURS, hours) if hours < 96 else number(said.DAYS, hours // 24)


def people_in_words(record: Incident) -> str:
    most = record.most
    if most is None:
        return said.PEOPLE_UNKNOWN
    if record.kind == "near_miss":
        return number(said.PEOPLE_SAVED, most)
    exact = record.known is not None and record.known == most
    return number(said.PEOPLE if exact else said.PEOPLE_MOST, most)


def title_of(record: Incident, lists: Lists) -> str:
    """What it is and how it happened, in words that name nobody."""
    kind = names.KIND_NAMES[record.kind]
    return said.RECORD_TITLE.format(kind=kind, nature=lists.nature(record.mechanism)) if record.mechanism else kind


def is_breach(record: Incident) -> bool:
    return record.kind in BREACHES


def _all() -> Iterator[Ask | Rows]:
    for part in PARTS:
        yield from part.asks


def _change(label: str, was: str, now: str) -> str:
    was, now = legible(was, SHORT), legible(now, SHORT)
    if not was:
        return said.WAS_NOTHING.format(label=label, now=now)
    form = said.WAS_NOW if now else said.NOW_NOTHING
    return form.format(label=label, was=was, now=now)


def _row(ask: Rows, row: Mapping[str, Any], lists: Lists, zone: ZoneInfo) -> str:
    """ "A letter was sent, who sees to it: Pat Moss, due: 30 June 2020"."""
    cells = []
    for column in ask.columns:
        value = row.get(column.path.rpartition(".")[2])
        text = "; ".join(_lines(column, value, lists, zone))
        if text:
            first = column is ask.columns[0]
            cells.append(text if first else f"{column.label[:1].lower()}{column.label[1:]}: {text}")
    return ", ".join(cells)


def _lines(ask: Ask, value: Any, lists: Lists, zone: ZoneInfo) -> list[str]:
    if value in (None, "", [], {}) or (value is False and ask.kind is Kind.TICK):
        return []
    if ask.kind is Kind.CHOICE:
        options = options_of("kind_names" if ask.options == "kinds" else ask.options, lists)
        return [legible(options.get(str(value), str(value)))]
    if ask.kind is Kind.CODES:
        options = options_of(ask.options, lists)
        return [legible(options.get(each, each)) for each in value]
    if ask.kind in (Kind.YES_NO, Kind.TICK):
        return [names.YES_NO["yes" if value else "no"]]
    if ask.kind is Kind.MOMENT:
        return [in_words.moment(datetime.fromisoformat(value), zone) or ""]
    if ask.kind is Kind.DAY:
        return [date_in_words(datetime.combine(date.fromisoformat(value), datetime.min.time()))]
    if ask.kind is Kind.COUNT:
        return [f"{value:,}"]
    if ask.kind is Kind.LINES:
        return [f"{legible(each)}: {count:,}" for each, count in value.items()]
    if isinstance(value, list):
        return [legible(str(each)) for each in value]
    return list(legible_lines(str(value), LONGEST))


def _words(hidden: Mapping[str, Any]) -> list[str]:
    return [str(each) for each in (hidden.get("kind"), hidden.get("state")) if each]
