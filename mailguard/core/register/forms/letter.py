"""The letter to the people affected: UK GDPR Article 34(2), in plain language. A draft that a person finishes."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from .. import in_words
from ..lists import Lists
from ..revision import Revision
from ..table import Form, Section


def letter(revision: Revision, lists: Lists, zone: ZoneInfo, now: datetime) -> Form:
    """It names no numbers and no other people: each gets the same."""
    record = revision.record
    contact, dpo, _ = in_words.contact_of(record, lists)
    asked = dpo or contact
    organisation = in_words.organisation_of(record, lists)
    when = in_words.period(record, zone)
    nature = lists.nature(record.mechanism)
    happened = f"{nature[:1].lower()}{nature[1:]}" if record.mechanism else None
    data = lists.data(record.data_categories)
    told = f"{when}: {happened}. {record.narrative}".strip() if when and happened else record.narrative or None
    sections = (
        Section(
            "opening",
            "Opening",
            (
                ("date", "Date", in_words.moment(now.astimezone(zone).replace(hour=0, minute=0, second=0), zone)),
                ("from", "From", organisation),
                (
                    "opening",
                    "Opening",
                    "We are writing to tell you about a mistake that we made with information about you, and what we "
                    "are doing about it. We are sorry.",
                ),
            ),
        ),
        Section(
            "nature",
            "What happened",
            (("nature", "What happened", told), ("data", "What information it was", data or None)),
        ),
        Section(
            "consequences",
            "What this may mean for you",
            (("consequences", "Likely consequences", record.consequences_likely),),
        ),
        Section(
            "measures",
            "What we have done, and what you can do",
            (
                ("measures", "What we have done", in_words.measures(record.measures_containment)),
                ("mitigation", "What reduces the effects", in_words.measures(record.measures_mitigation)),
            ),
        ),
        Section(
            "contact",
            "Whom to ask",
            (
                ("contact", "Contact", (asked and asked.in_words) or None),
                (
                    "complaint",
                    "Complaints",
                    "You can also complain to the Information Commissioner's Office at ico.org.uk.",
                ),
            ),
        ),
    )
    notes = (
        "A draft (Article 34(2)). Send it to each person alone, never as one message to all.",
        "Read it once more in the eyes of who gets it: plain words, nothing about anybody else.",
    )
    return Form("letter", "Letter to the people affected", revision.incident, revision.revision, sections, notes)
