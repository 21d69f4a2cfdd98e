# ruff: noqa: E501
"""More invitations as real programs write them: those that name the guests once more in the text, series, servers.

As in invitations.py: the structure of each, with invented people, and no text of theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .invitations import ORGANISER, UID, Meeting, encoded, exchange, google, message, multipart, name, part

TEXT = "text/plain; charset=utf-8"
PAGE = "text/html; charset=utf-8"


def _google_with_guests(meeting: Meeting) -> bytes:
    """Google names every guest in the text and, with links, in the page; and attaches the calendar once more."""
    listed = "\n".join([f"{ORGANISER} - organiser", *meeting.attendees])
    guests = "".join(f'<td><a href="mailto:{each}">{each}</a></td>' for each in meeting.attendees)
    text = f"Question time\nThursday 19 March 2026, 18:00\n\nGuests\n{listed}\nView all guest info https://calendar.example/r"
    page = f"<html><body><h2>Question time</h2><table><tr>{guests}</tr></table></body></html>\r\n"
    octets = encoded(google(meeting))
    alternative = multipart(
        "alternative",
        "0000000000001c2d",
        part('text/plain; charset="UTF-8"; format=flowed; delsp=yes', "base64", text.replace("\n", "\r\n").encode()),
        part('text/html; charset="UTF-8"', "quoted-printable", page.encode()),
        part(f'text/calendar; charset="UTF-8"; method={meeting.method}', "7bit", octets),
    )
    file = part(
        'application/ics; name="invite.ics"', "base64", octets, 'Content-Disposition: attachment; filename="invite.ics"'
    )
    return multipart("mixed", "0000000000001c2e", alternative, file)


def _zimbra(meeting: Meeting) -> bytes:
    """Zimbra begins the text with who is invited, semicolons between them, and writes the page in the same way."""
    invitees = "; ".join(f'"{name(each)}" <{each}>' for each in meeting.attendees)
    shown = invitees.replace("<", "&lt;").replace(">", "&gt;")
    text = f'The following is a new meeting request:\r\n\r\nOrganizer: "Elm Road" <{ORGANISER}>\r\n\r\nInvitees: {invitees}\r\n\r\n*~*~*~*\r\n'
    page = f"<html><body><table><tr><th>Invitees:</th><td>{shown}</td></tr></table></body></html>\r\n"
    lines = [
        *("BEGIN:VCALENDAR", "PRODID:Zimbra-Calendar-Provider", "VERSION:2.0", f"METHOD:{meeting.method}"),
        *("BEGIN:VEVENT", "UID:6f7c1a2b-zimbra", "SUMMARY:Question time", "DESCRIPTION:" + text.replace("\r\n", "\\n")),
        *(f"X-ALT-DESC;FMTTYPE=text/html:{page.strip()}", "LOCATION:Room 1"),
        *(
            f'ATTENDEE;CN="{name(each)}";ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:{each}'
            for each in meeting.attendees
        ),
        *("PRIORITY:5", "X-MICROSOFT-CDO-IMPORTANCE:1", f'ORGANIZER;CN="Elm Road":mailto:{ORGANISER}'),
        *("DTSTART:20260319T180000Z", "DTEND:20260319T190000Z", "STATUS:CONFIRMED", "CLASS:PUBLIC"),
        *(
            "X-MICROSOFT-CDO-INTENDEDSTATUS:BUSY",
            "TRANSP:OPAQUE",
            "DTSTAMP:20260312T090000Z",
            f"SEQUENCE:{meeting.sequence}",
        ),
        *(*meeting.extra, "END:VEVENT", "END:VCALENDAR"),
    ]
    kind = f"text/calendar; charset=utf-8; method={meeting.method}; name=meeting.ics"
    return multipart(
        "alternative",
        "=_zimbra1",
        part(TEXT, "quoted-printable", text.encode()),
        part(PAGE, "quoted-printable", page.encode()),
        part(kind, "7bit", encoded(lines)),
    )


def _nextcloud(meeting: Meeting) -> bytes:
    """A server that sends for its users: one calendar, attached beside the alternative, and the organiser in Reply-To."""
    lines = [
        *("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Sabre//Sabre VObject 4.5.4//EN", "CALSCALE:GREGORIAN"),
        *(f"METHOD:{meeting.method}", "BEGIN:VEVENT", "CREATED:20260312T085900Z", "DTSTAMP:20260312T090000Z"),
        *("LAST-MODIFIED:20260312T090000Z", f"SEQUENCE:{meeting.sequence}", "UID:0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"),
        *(
            "DTSTART;TZID=Europe/Berlin:20260319T190000",
            "DTEND;TZID=Europe/Berlin:20260319T200000",
            "SUMMARY:Fragestunde",
        ),
        f"ORGANIZER;CN=Elm Road:mailto:{ORGANISER}",
        *(
            f"ATTENDEE;CN={name(each)};CUTYPE=INDIVIDUAL;PARTSTAT=NEEDS-ACTION;ROLE=REQ-PARTICIPANT;RSVP=TRUE"
            f";LANGUAGE=de;SCHEDULE-STATUS=1.1:mailto:{each}"
            for each in meeting.attendees
        ),
        *(*meeting.extra, "END:VEVENT", "END:VCALENDAR"),
    ]
    alternative = multipart(
        "alternative", "_=_swift_1", part(TEXT, "quoted-printable", "Fragestunde – Einladung\r\n".encode()),
        part(PAGE, "quoted-printable", b"<p>Fragestunde</p>\r\n"),
    )  # fmt: skip
    file = part(f"text/calendar; method={meeting.method}; name=event.ics", "base64", encoded(lines))
    return multipart("mixed", "_=_swift_2", alternative, file)


def _exchange_series(meeting: Meeting) -> bytes:
    """A weekly meeting with one moved instance, whose attendees stand there again."""
    lines = exchange(meeting)
    start, end = lines.index("BEGIN:VEVENT"), lines.index("END:VEVENT") + 1
    event = [line for line in lines[start:end] if line not in meeting.extra]
    moved = [
        f"{line}\r\nRECURRENCE-ID;TZID=GMT Standard Time:20260326T180000" if line == f"UID:{UID}" else line
        for line in event
    ]
    weekly = [*lines[start : end - 1], "RRULE:FREQ=WEEKLY;COUNT=8;INTERVAL=1;BYDAY=TH;WKST=MO", "END:VEVENT"]
    octets = encoded([*lines[:start], *weekly, *moved, *lines[end:]])
    return multipart(
        "alternative",
        "_000_series_",
        part('text/plain; charset="utf-8"', "base64", b"Every Thursday.\r\n"),
        part('text/html; charset="utf-8"', "base64", b"<p>Every Thursday.</p>\r\n"),
        part(f'text/calendar; charset="utf-8"; method={meeting.method}', "base64", octets),
    )


def _booking(meeting: Meeting) -> bytes:
    """A booking page: a letter that lists who booked, and a bare .ics whose type says nothing."""
    listed = "\r\n".join(f"{name(each)}: {each}" for each in meeting.attendees)
    lines = [
        *(
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "PRODID:-//booking.example//EN",
            f"METHOD:{meeting.method}",
            "BEGIN:VEVENT",
        ),
        *("UID:booking-8f7e6d", f"SEQUENCE:{meeting.sequence}", "DTSTAMP:20260312T090000Z", "DTSTART:20260319T180000Z"),
        *("DURATION:PT30M", "SUMMARY:Question time", f"ORGANIZER;CN=Elm Road:MAILTO:{ORGANISER}"),
        *(f"ATTENDEE;CN={name(each)};PARTSTAT=ACCEPTED:MAILTO:{each}" for each in meeting.attendees),
        *("URL:https://booking.example/8f7e6d", *meeting.extra, "END:VEVENT", "END:VCALENDAR"),
    ]
    file = part("application/octet-stream; name=booking.ics", "base64", encoded(lines, "\n"))
    return multipart("mixed", "bk1", part(TEXT, "8bit", f"Booked by\r\n{listed}\r\n".encode()), file)


FURTHER_PROGRAMS: dict[str, Callable[[Meeting], bytes]] = {
    "google, with guests": _google_with_guests,
    "zimbra": _zimbra,
    "nextcloud": _nextcloud,
    "exchange, a series": _exchange_series,
    "a booking page": _booking,
}


def further_invitation(
    program: str, *attendees: str, to: Sequence[str] = (), method: str = "REQUEST", sequence: int = 0
) -> bytes:
    return message(FURTHER_PROGRAMS[program](Meeting(attendees, method=method, sequence=sequence)), to)
