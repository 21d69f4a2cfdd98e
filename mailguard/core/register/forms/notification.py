"""The notification to the Commissioner, element by element: UK GDPR Article 33(3)(a) to (d), and 33(1) for the times.

What is not known yet is said to be so: Article 33(4) lets it follow in phases.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from .. import in_words
from ..clock import ClockState, clock_of
from ..lists import Lists
from ..revision import Revision
from ..table import Form, Section


def notification(revision: Revision, lists: Lists, zone: ZoneInfo, now: datetime) -> Form:
    record = revision.record
    clock = clock_of(record, now)
    contact, dpo, _ = in_words.contact_of(record, lists)
    late = clock.state in (ClockState.LATE, ClockState.OVERDUE)
    delay = record.delay_reason if late else "Not late"
    asked = dpo or contact
    sections = (
        Section(
            "33(1)",
            "When (Article 33(1))",
            (
                ("organisation", "Organisation", in_words.organisation_of(record, lists)),
                ("occurred", "When it happened", in_words.period(record, zone)),
                ("aware_at", "When the organisation was aware", in_words.moment(record.aware_at, zone)),
                ("deadline", "72 hours end", in_words.moment(clock.deadline, zone)),
                ("notified_at", "When the Commissioner is told", in_words.moment(record.notified_ico_at or now, zone)),
                ("delay_reason", "Reasons for the delay", delay),
            ),
        ),
        Section(
            "33(3)(a)",
            "Nature of the breach (Article 33(3)(a))",
            (
                ("nature", "Nature", f"{lists.nature(record.mechanism)}. {record.narrative}".strip()),
                ("subject_categories", "Categories of people", in_words.people(record, lists)),
                (
                    "subjects",
                    "Approximate number of people",
                    in_words.number(record.known, record.most, record.count_basis),
                ),
                ("data_categories", "Categories of data", lists.data(record.data_categories) or None),
                ("special_category", "Special category data", in_words.yes_no(record.special_category)),
                ("criminal", "Criminal offence data", in_words.yes_no(record.criminal)),
                ("records", "Approximate number of records", in_words.number(record.records_known, record.records_max)),
            ),
        ),
        Section(
            "33(3)(b)",
            "Contact (Article 33(3)(b))",
            (("contact", "Data-protection officer or other contact", (asked and asked.in_words) or None),),
        ),
        Section(
            "33(3)(c)",
            "Likely consequences (Article 33(3)(c))",
            (("consequences", "Likely consequences", record.consequences_likely),),
        ),
        Section(
            "33(3)(d)",
            "Measures taken or proposed (Article 33(3)(d))",
            (
                ("containment", "To deal with the breach", in_words.measures(record.measures_containment)),
                ("mitigation", "To mitigate its effects", in_words.measures(record.measures_mitigation)),
                ("prevention", "So that it does not happen again", in_words.measures(record.measures_prevention)),
            ),
        ),
    )
    notes = ("What is not known yet may follow in phases without undue further delay (Article 33(4)).",)
    title = "Notification of a personal data breach to the Information Commissioner"
    return Form("notification", title, revision.incident, revision.revision, sections, notes)
