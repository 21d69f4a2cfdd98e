"""What a record says, as forms and reports write it: times, numbers, measures, who was told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from ..moment import date_in_words, moment_in_words
from .lists import Lists, Person
from .record import Incident, Measure

NOT_YET = "Not known yet"


def moment(at: datetime | None, zone: ZoneInfo) -> str | None:
    """For example "10am on Tuesday 28 April 2020"; a day alone where no time of the day was written."""
    if at is None:
        return None
    here = at.astimezone(zone)
    return date_in_words(here) if _is_day(here) else moment_in_words(here)


def day(at: datetime | None, zone: ZoneInfo) -> str:
    """As 2020-03-05, "" where it is not known: for tables."""
    return "" if at is None else at.astimezone(zone).date().isoformat()


def minute(at: datetime | None, zone: ZoneInfo) -> str:
    """As 2020-04-28T10:00+01:00, or the day alone: for tables."""
    if at is None:
        return ""
    here = at.astimezone(zone)
    return here.date().isoformat() if _is_day(here) else here.isoformat(timespec="minutes")


def period(record: Incident, zone: ZoneInfo) -> str | None:
    begun, ended = moment(record.occurred_from, zone), moment(record.occurred_to, zone)
    return begun if ended in (None, begun) else f"{begun} to {ended}"


def number(known: int | None, most: int | None, basis: str | None = None) -> str | None:
    """ "5,502", "197 known, at most 250 (estimated)"."""
    if known is None and most is None:
        return "unknown" if basis == "unknown" else None
    if known is None or known == most or most is None:
        text = f"{(most if most is not None else known):,}"
    else:
        text = f"{known:,} known, at most {most:,}"
    return f"{text} ({basis})" if basis and basis != "counted" else text


def people(record: Incident, lists: Lists) -> str | None:
    """Categories of people with their numbers."""
    said = [
        f"{lists.subject_types.get(each.type, each.type)}: {number(each.known, each.max) or 'number not known'}"
        for each in record.subjects
    ]
    return "; ".join(said) or None


def measures(given: Sequence[Measure]) -> str | None:
    return "; ".join(map(_measure, given)) or None


def all_measures(record: Incident) -> str | None:
    return measures((*record.measures_containment, *record.measures_mitigation, *record.measures_prevention))


def yes_no(value: bool | None) -> str | None:
    return None if value is None else "yes" if value else "no"


def told(record: Incident, zone: ZoneInfo) -> str | None:
    """Whether and how the people were told."""
    said = record.subjects_told
    if said is None:
        return None
    if not said.told:
        return f"not told; {said.exception}" if said.exception else "not told"
    parts = [
        moment(said.at, zone),
        said.how,
        f"{said.individually:,} individually" if said.individually is not None else None,
        said.public_notice_url,
    ]
    return ", ".join(["told", *(each for each in parts if each)])


def others(record: Incident, zone: ZoneInfo) -> str | None:
    said = [
        " ".join(each for each in (other.who, f"({moment(other.at, zone)})" if other.at else "", other.note) if each)
        for other in record.others_told
    ]
    return "; ".join(said) or None


def decision(record: Incident) -> str:
    """What was decided about telling the Commissioner."""
    return {"report": "report", "not_report": "do not report", None: "not decided"}[record.decision_ico]


def contact_of(record: Incident, lists: Lists) -> tuple[Person | None, Person | None, Person | None]:
    """Contact, data-protection officer, head of profession: the record's, else the organisation's."""
    return (
        record.contact or lists.contact,
        record.dpo or lists.dpo,
        record.head_of_profession or lists.head_of_profession,
    )


def organisation_of(record: Incident, lists: Lists) -> str | None:
    return (record.organisation.name if record.organisation else None) or lists.organisation.name


def outcome(record: Incident) -> str:
    fine = f"fine {record.fine:,} {record.currency or ''}".strip() if record.fine is not None else ""
    return "; ".join(each for each in (record.outcome_regulator, fine) if each)


def _measure(measure: Measure) -> str:
    confirmed = f"{measure.confirmed or 0} of {measure.asked} confirmed" if measure.asked is not None else ""
    parts = [
        measure.owner and f"owner {measure.owner}",
        measure.due and not measure.done and f"due {measure.due.isoformat()}",
        measure.done and f"done {measure.done.isoformat()}",
        confirmed,
    ]
    said = ", ".join(str(each) for each in parts if each)
    return f"{measure.what} ({said})" if said else measure.what


def _is_day(here: datetime) -> bool:
    return here.hour == here.minute == here.second == 0
