"""The sheet for the regulator's form and telephone line: what happened, when and how it was found, who is affected,
what is done, who was told. It holds no personal data of those affected, as the form asks.

Words are those of the ICO's glossary (data security incident trends), as far as they were seen; the names of the online
form's own fields were not.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from .. import in_words
from ..clock import ClockState, clock_of
from ..lists import Lists
from ..record import Incident
from ..revision import Revision
from ..table import Form, Section

FOUND = {
    "rule": "a rule of the mail guard",
    "sender": "the sender noticed",
    "recipient": "a recipient said so",
    "complaint": "a complaint",
    "look_back": "a look back at past mail",
    "other": "otherwise",
}


def regulator(revision: Revision, lists: Lists, zone: ZoneInfo, now: datetime) -> Form:
    record = revision.record
    clock = clock_of(record, now)
    contact, dpo, _ = in_words.contact_of(record, lists)
    hours = f"{clock.hours_to_report:g}" if clock.hours_to_report is not None else None
    delay = record.delay_reason if clock.state in (ClockState.LATE, ClockState.OVERDUE) else "Not late"
    sections = (
        Section(
            "about",
            "About the organisation",
            (
                ("organisation", "Organisation", in_words.organisation_of(record, lists)),
                ("sector", "Sector", _sector(record, lists)),
                ("contact", "Whom to contact", (contact and contact.in_words) or None),
                ("dpo", "Data-protection officer", (dpo and dpo.in_words) or None),
            ),
        ),
        Section(
            "happened",
            "What happened",
            (
                ("category", "Incident category", "cyber" if is_cyber(record, lists) else "non-cyber"),
                ("type", "Incident type", incident_types(record, lists) or None),
                ("what", "What happened", record.narrative or None),
                ("when", "When it happened", in_words.period(record, zone)),
                ("found_at", "When it was found", in_words.moment(record.detected_at, zone)),
                ("found_how", "How it was found", FOUND.get(record.detected_how or "")),
                ("aware_at", "When the organisation was aware", in_words.moment(record.aware_at, zone)),
                ("hours", "Hours taken to report", hours),
                ("delay", "Reasons for the delay", delay),
            ),
        ),
        Section(
            "people",
            "People and data",
            (
                ("subject_types", "Types of data subject", in_words.people(record, lists)),
                ("most", "Number of people affected (the most)", in_words.number(None, record.most)),
                ("data_types", "Types of data", lists.data(record.data_categories) or None),
                ("special", "Special category data", in_words.yes_no(record.special_category)),
                ("criminal", "Criminal offence data", in_words.yes_no(record.criminal)),
                ("consequences", "Likely consequences", record.consequences_likely),
            ),
        ),
        Section(
            "doing",
            "What is done",
            (
                ("measures", "Measures", in_words.all_measures(record)),
                ("told", "Whether the people were told", in_words.told(record, zone)),
                ("others", "Who else was told", in_words.others(record, zone)),
                ("advice", "Advice taken", record.advice_taken),
            ),
        ),
    )
    notes = ("The number of people is the most that may be affected; wrong recipients are not counted among them.",)
    return Form("regulator", "Sheet for the regulator's form", revision.incident, revision.revision, sections, notes)


def is_cyber(record: Incident, lists: Lists) -> bool:
    return record.cyber or any(lists.mechanisms[code].cyber for code in record.mechanism if code in lists.mechanisms)


def incident_types(record: Incident, lists: Lists) -> str:
    """The regulator's incident types, each once."""
    known = (lists.mechanisms[code].ico for code in record.mechanism if code in lists.mechanisms)
    return "; ".join(dict.fromkeys(known))


def _sector(record: Incident, lists: Lists) -> str | None:
    return (record.organisation.sector if record.organisation else None) or lists.organisation.sector
