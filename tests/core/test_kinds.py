"""What a part is by type and name, and that judging and rewriting see the same calendars."""

from __future__ import annotations

import pytest

from mailguard.core.envelope import Envelope, Path, Recipient
from mailguard.core.kinds import is_calendar, is_tnef
from mailguard.core.mail.parse import parse
from mailguard.core.observation import observe
from mailguard.core.organisation import Organisation

ELM = Organisation("Elm Road Surgery", frozenset({"elmroad.example"}))
ENVELOPE = Envelope(None, (Recipient(Path(b"a@patients.example", "a@patients.example")),))

CALENDARS = [
    *("text/calendar", "text/x-vcalendar", "text/ics", "application/ics", "application/x-ics"),
    *("application/calendar+xml", "application/calendar+json"),
    *('application/octet-stream; name="invite.ics"', 'text/plain; name="busy.IFB"', 'text/plain; name="old.vcs "'),
    *('application/octet-stream; name="a.ical"', 'application/octet-stream; name="a.icalendar."'),
]
TNEF = [
    *("application/ms-tnef", "application/vnd.ms-tnef", "application/x-ms-tnef"),
    *('application/octet-stream; name="WINMAIL.DAT"', 'application/octet-stream; name="note.tnef"'),
]
OTHERS = ["text/plain", 'application/pdf; name="calendar.pdf"', 'text/plain; name="ics"', "application/calendar"]


def raw(content_type: str) -> bytes:
    return f"From: b@elmroad.example\r\nContent-Type: {content_type}\r\n\r\nx\r\n".encode()


@pytest.mark.parametrize("content_type", [*CALENDARS, *TNEF, *OTHERS])
def test_a_part_is_what_its_type_or_a_name_says(content_type: str) -> None:
    part = parse(raw(content_type)).root
    assert is_calendar(part) == (content_type in CALENDARS)
    assert is_tnef(part) == (content_type in TNEF)


@pytest.mark.parametrize("content_type", [*CALENDARS, *TNEF, *OTHERS])
def test_the_condition_calendar_sees_each_of_them(content_type: str) -> None:
    seen = observe(parse(raw(content_type)), ENVELOPE, ELM)
    assert seen.facts["calendar"] == (content_type in [*CALENDARS, *TNEF])
