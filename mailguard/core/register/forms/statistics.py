"""The breach report of the Code of Practice for Statistics, in its four sections."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from .. import in_words
from ..lists import Lists
from ..record import Statistics
from ..revision import Revision
from ..table import Form, Section


def statistics(revision: Revision, lists: Lists, zone: ZoneInfo, now: datetime) -> Form:
    record = revision.record
    output = record.statistics or Statistics()
    contact, _, head = in_words.contact_of(record, lists)
    known = lists.statistics_code.codes
    practices = "; ".join(f"{code} {known[code]}" if code in known else code for code in output.codes)
    version = output.code_version or lists.statistics_code.version
    impact = [record.consequences_actual, record.consequences_likely]
    title = " ".join(each for each in (output.output_title, output.output_url) if each)
    sections = (
        Section(
            "1",
            "1. Core information",
            (
                ("output", "Title and link to statistical output", title or None),
                ("producer", "Name of producer organisation", in_words.organisation_of(record, lists)),
                (
                    "contact",
                    "Name and contact details of the person dealing with this report",
                    (contact and contact.in_words) or None,
                ),
                ("head", "Head of profession or lead official", (head and head.in_words) or None),
                ("statement", "Link to published statement", output.published_statement_url),
                (
                    "date",
                    "Date of report",
                    in_words.moment(now.astimezone(zone).replace(hour=0, minute=0, second=0), zone),
                ),
            ),
        ),
        Section(
            "2",
            "2. Circumstances of breach",
            (
                ("practices", f"Relevant principles and practices ({version})", practices or None),
                ("occurred", "Date of occurrence of breach", in_words.period(record, zone)),
                ("release", "Release time", in_words.moment(output.release_at, zone)),
                ("narrative", "Full account of the circumstances", record.narrative or None),
            ),
        ),
        Section(
            "3",
            "3. Impact of the breach",
            (("impact", "Impact", " ".join(each for each in impact if each) or None),),
        ),
        Section(
            "4",
            "4. Corrective actions taken or planned",
            (
                ("taken", "To deal with it", _together(record.measures_containment + record.measures_mitigation)),
                ("planned", "So that it does not happen again", _together(record.measures_prevention)),
                ("told", "Who was told", in_words.others(record, zone)),
            ),
        ),
    )
    return Form(
        "statistics",
        "Breach of the Code of Practice for Statistics: report",
        revision.incident,
        revision.revision,
        sections,
    )


_together = in_words.measures
