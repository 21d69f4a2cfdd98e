"""A record as a form has it, and a form as a record has it. Pure.

Contract: what a form cannot say is never lost by it. `changes` compares what was typed with what the form showed, so a
field that nobody touched is not sent, and what stands in a record beyond the form stays there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from ..core.moment import MONTHS
from ..core.register.lists import Lists
from ..guard.console.search import read_day
from . import words_incident_fields as said
from .incident_fields import FORM, MOST_ROWS, Ask, Kind, Rows
from .visit import printable

TICKED = "yes"
_EMPTY: Mapping[Kind, Any] = {Kind.TICK: False, Kind.CODES: [], Kind.LINES: {}}
_NEVER_NONE = frozenset({"narrative"})
"""Texts that a record always has."""
_TIME = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?(?::\d{2})?\s*(am|pm)?", re.IGNORECASE)
_SPELT = re.compile(r"(\d{1,2})\s+([A-Za-z]{3,9})\s+(\d{4})(.*)", re.DOTALL)
_BETWEEN = re.compile(r"(?:\s+at\s+|\s*,\s*|\s+|(?<=\d)T(?=\d))", re.IGNORECASE)
_GROUPED = re.compile(r"\d{1,3}(?:[, ]\d{3})+|\d{1,13}")


@dataclass(frozen=True, slots=True)
class Wrong:
    """name: of the field in the form. label: of it."""

    name: str
    label: str
    sentence: str


@dataclass(slots=True)
class Read:
    """fields: of the record, all that the form asks for. places: path in the record -> name in the form, of rows."""

    fields: dict[str, Any] = field(default_factory=dict)
    wrong: list[Wrong] = field(default_factory=list)
    places: dict[str, str] = field(default_factory=dict)


def written(record: Mapping[str, Any], zone: ZoneInfo) -> dict[str, str]:
    """What a form shows of a record (Incident.to_json): of a list as many rows as it has room for."""
    typed: dict[str, str] = {}
    for ask in asks():
        if isinstance(ask, Rows):
            for number, row in enumerate(record.get(ask.path, ())[:MOST_ROWS]):
                for column in ask.columns:
                    name = ask.name(column, number)
                    typed |= _typed(column.kind, name, row.get(name.rpartition(".")[2]), zone)
        else:
            typed |= _typed(ask.kind, ask.path, value_at(record, ask.path), zone)
    return typed


def read(typed: Mapping[str, str], base: Mapping[str, Any], zone: ZoneInfo) -> Read:
    """The fields of a record, and what is wrong with how they are written. base: the record before, whose parts that no
    form asks for stay.
    """
    found = Read()
    for ask in asks():
        if isinstance(ask, Rows):
            rows = base.get(ask.path, ())
            found.fields[ask.path] = [*_read_rows(ask, typed, found, zone, rows), *rows[MOST_ROWS:]]
        else:
            value = _read(ask, ask.path, ask.label, typed, found, _Shown(value_at(base, ask.path), zone))
            _put(found.fields, ask, value, base)
    for name, value in found.fields.items():
        if isinstance(value, dict) and not value and name != "recipients_external":
            found.fields[name] = None
    return found


def changes(
    typed: Mapping[str, str], base: Mapping[str, Any], lists: Lists, zone: ZoneInfo
) -> tuple[dict[str, Any], Read]:
    """The fields that somebody changed in a form that showed `base`, and the whole of what was read."""
    found = read(typed, base, zone)
    before = read(written(base, zone), base, zone).fields
    changed = {name: value for name, value in found.fields.items() if value != before[name]}
    if isinstance(risk := changed.get("risk"), dict):
        changed["risk"] = {**risk, "version": lists.grid.version} if risk.keys() - {"version"} else None
    return changed, found


def merged(
    typed: Mapping[str, str], base: Mapping[str, Any], last: Mapping[str, Any], zone: ZoneInfo
) -> tuple[dict[str, str], list[str]]:
    """A form for the last revision that keeps what somebody typed into one that showed an older. Also the fields that
    they and others both changed.
    """
    mine = read(typed, base, zone).fields
    before, now = written(base, zone), written(last, zone)
    theirs = read(now, last, zone).fields
    shown = read(before, base, zone).fields
    touched = {name for name in mine if mine[name] != shown[name] or _unread(name, typed, before)}
    whole = {name: value for name, value in now.items() if top_of(name) not in touched}
    whole |= {name: value for name, value in typed.items() if top_of(name) in touched}
    return whole, sorted(name for name in touched if theirs[name] != shown[name])


def asks() -> Iterator[Ask | Rows]:
    for part in FORM:
        yield from part.asks


def top_of(name: str) -> str:
    """The field of the record that a field of the form belongs to."""
    return name.partition(".")[0]


def rows_in(ask: Rows, typed: Mapping[str, str]) -> int:
    """How many rows a form needs: those that are filled in, and an empty one for the next."""
    last = max((number for number in range(MOST_ROWS) if _row(ask, typed, number)), default=-1)
    return min(max(ask.least, last + 2), MOST_ROWS)


def place_of(path: str, places: Mapping[str, str]) -> str:
    """Where in the form a path of the record stands: `subjects.0.known` may be in the third row."""
    for known in sorted(places, key=len, reverse=True):
        if path == known or path.startswith(f"{known}."):
            return places[known] + path[len(known) :]
    return path


def label_of(name: str) -> str:
    """What a field of the form is called, with the number of its row."""
    for ask in asks():
        if isinstance(ask, Rows):
            for number in range(MOST_ROWS):
                for column in ask.columns:
                    if ask.name(column, number) == name:
                        title = said.ROW.format(title=ask.label, number=number + 1)
                        return f"{title}, {column.label[:1].lower()}{column.label[1:]}"
    return said.LABELS.get(name) or said.LABELS.get(top_of(name)) or name


def value_at(record: Mapping[str, Any], path: str) -> Any:
    value: Any = record
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def read_moment(text: str) -> str | None:
    """ "28/4/2020 10:00", "28 April 2020 at 4pm", "2020-04-28T10:00", or a day alone: as ISO 8601, without a zone."""
    text = _numbered(" ".join(text.split()))
    parts = _BETWEEN.split(text, maxsplit=1)
    day = read_day(parts[0])
    if day is None:
        return None
    if len(parts) == 1:
        return day.isoformat()
    at = _time(parts[1])
    return datetime.combine(day, at).isoformat() if at is not None else None


def write_moment(text: str, zone: ZoneInfo) -> str:
    """text: ISO 8601 with a zone."""
    here = datetime.fromisoformat(text).astimezone(zone)
    day = f"{here.day}/{here.month}/{here.year}"
    return day if (here.hour, here.minute) == (0, 0) else f"{day} {here:%H:%M}"


def _numbered(text: str) -> str:
    found = _SPELT.fullmatch(text)
    if found is None:
        return text
    months = [each.lower() for each in MONTHS]
    spelt = found[2].lower()
    number = next((place for place, each in enumerate(months, 1) if spelt in (each, each[:3])), None)
    return f"{found[1]}/{number}/{found[3]}{found[4]}" if number else text


def _time(text: str) -> time | None:
    found = _TIME.fullmatch(text.strip())
    if found is None or not (found[2] or found[3]):
        return None
    hour, minute, half = int(found[1]), int(found[2] or 0), (found[3] or "").lower()
    if half and not 1 <= hour <= 12:
        return None
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    return time(hour, minute) if hour < 24 and minute < 60 else None


def _typed(kind: Kind, name: str, value: Any, zone: ZoneInfo) -> dict[str, str]:
    if value is None or (value is False and kind is Kind.TICK):
        return {}
    if kind is Kind.CODES:
        return {f"{name}.{code}": TICKED for code in value}
    if kind is Kind.LINES:
        return {name: "\n".join(f"{each}: {count}" for each, count in value.items())} if value else {}
    if kind in (Kind.TICK, Kind.YES_NO):
        return {name: TICKED if value else "no"}
    if kind is Kind.MOMENT:
        return {name: write_moment(value, zone)}
    if kind is Kind.DAY:
        day = date.fromisoformat(value)
        return {name: f"{day.day}/{day.month}/{day.year}"}
    return {name: str(value)} if value != "" else {}


def _row(ask: Rows, typed: Mapping[str, str], number: int) -> bool:
    return any(typed.get(ask.name(column, number), "").strip() for column in ask.columns)


@dataclass(frozen=True, slots=True)
class _Shown:
    """What a field held when its form was made: a moment is shown to the minute, and whole again where it was left."""

    value: Any
    zone: ZoneInfo

    def moment(self, text: str) -> str | None:
        kept = self.value
        return kept if isinstance(kept, str) and write_moment(kept, self.zone) == text else None


def _read_rows(
    ask: Rows, typed: Mapping[str, str], found: Read, zone: ZoneInfo, base: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for number in range(MOST_ROWS):
        if not _row(ask, typed, number):
            continue
        found.places[f"{ask.path}.{len(rows)}"] = f"{ask.path}.{number}"
        row = {}
        for column in ask.columns:
            name = ask.name(column, number)
            leaf = name.rpartition(".")[2]
            shown = _Shown(base[number].get(leaf) if number < len(base) else None, zone)
            value = _read(column, name, label_of(name), typed, found, shown)
            if value is not None:
                row[leaf] = value
        rows.append(row)
    return rows


def _read(ask: Ask, name: str, label: str, typed: Mapping[str, str], found: Read, shown: _Shown) -> Any:
    """The value; None where nothing was typed, and where it could not be read, which is then in `found.wrong`."""
    kind = ask.kind
    if kind is Kind.CODES:
        return sorted(each.removeprefix(f"{name}.") for each in typed if each.startswith(f"{name}."))
    text = typed.get(name, "").replace("\r\n", "\n").strip()
    if kind is not Kind.AREA and kind is not Kind.LINES:
        text = printable(text)
    if not text:
        return "" if ask.path in _NEVER_NONE else _EMPTY.get(kind)
    try:
        kept = shown.moment(text) if kind is Kind.MOMENT else None
        return kept or _value(kind, text, ask)
    except ValueError as cause:
        found.wrong.append(Wrong(name, label, str(cause)))
        return _EMPTY.get(kind)


def _value(kind: Kind, text: str, ask: Ask) -> Any:
    """ValueError: a sentence for who typed it."""
    if kind is Kind.TICK:
        return True
    if kind is Kind.YES_NO:
        return {"yes": True, "no": False}.get(text)
    if kind is Kind.COUNT:
        return _count(text)
    if kind is Kind.CHOICE:
        return int(text) if ask.top == "risk" and text.isdecimal() and len(text) == 1 else text
    if kind is Kind.LINES:
        return dict(_line(each) for each in text.split("\n") if each.strip())
    if kind is Kind.MOMENT:
        moment = read_moment(text)
        if moment is None:
            raise ValueError(said.NO_MOMENT)
        return moment
    if kind is Kind.DAY:
        day = read_day(_numbered(text))
        if day is None:
            raise ValueError(said.NO_DAY)
        return day.isoformat()
    return text


def _count(text: str) -> int:
    if _GROUPED.fullmatch(text) is None or not text.isascii():
        raise ValueError(said.NO_COUNT)
    return int(text.replace(",", "").replace(" ", ""))


def _line(text: str) -> tuple[str, int]:
    name, colon, count = text.rpartition(":")
    if not colon or not name.strip():
        raise ValueError(said.NO_LINES)
    return name.strip(), _count(count.strip())


def _put(fields: dict[str, Any], ask: Ask, value: Any, base: Mapping[str, Any]) -> None:
    if ask.top == ask.path:
        fields[ask.path] = value
        return
    kept = base.get(ask.top)
    into = fields.setdefault(ask.top, dict(kept) if isinstance(kept, Mapping) else {})
    leaf = ask.path.rpartition(".")[2]
    if value is None or value == []:
        into.pop(leaf, None)
    else:
        into[leaf] = value


def _unread(name: str, typed: Mapping[str, str], before: Mapping[str, str]) -> bool:
    """Whether what was typed into a field differs from what was shown, though it could not be read."""
    now = {each: text.strip() for each, text in typed.items() if top_of(each) == name and text.strip()}
    was = {each: text.strip() for each, text in before.items() if top_of(each) == name and text.strip()}
    return {each: text.replace("\r\n", "\n") for each, text in now.items()} != was
