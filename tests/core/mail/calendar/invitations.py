"""Invitations as real programs write them, with invented people on example domains.

Each template keeps what a program really does: the tree of parts, the encodings, the order of properties, the way it
writes names and parameters, its vendor properties, its second copy. `PROGRAMS` names them; `invitation` fills one.
"""

from __future__ import annotations

import base64
import quopri
from collections.abc import Callable, Sequence
from dataclasses import dataclass

ORGANISER = "reception@elmroad.example"
UID = "040000008200E00074C5B7101A82E00800000000D0A1B2C3D4E5F601000000000000000010000000AA"


@dataclass(frozen=True, slots=True)
class Meeting:
    """What goes into a template. extra: content lines that a test plants in the event."""

    attendees: tuple[str, ...]
    method: str = "REQUEST"
    sequence: int = 0
    text: str = "Please come to the question time."
    extra: tuple[str, ...] = ()


def fold(line: str, width: int = 75) -> str:
    """Folded as RFC 5545 section 3.1 says: by octets, in the middle of a character if need be."""
    octets = line.encode("utf-8", "surrogateescape")
    pieces = [octets[:width]]
    for start in range(width, len(octets), width - 1):
        pieces.append(b" " + octets[start : start + width - 1])
    return b"\r\n".join(pieces).decode("utf-8", "surrogateescape")


def encoded(lines: Sequence[str], end: str = "\r\n") -> bytes:
    text = "".join(fold(piece) + "\r\n" for line in lines for piece in line.split("\r\n"))
    return text.encode("utf-8", "surrogateescape").replace(b"\r\n", end.encode())


def name(address: str) -> str:
    return address.partition("@")[0].replace(".", " ").title()


_ZONE = [
    *("BEGIN:VTIMEZONE", "TZID:GMT Standard Time", "BEGIN:STANDARD", "DTSTART:16010101T020000", "TZOFFSETFROM:+0100"),
    *("TZOFFSETTO:+0000", "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10", "END:STANDARD", "BEGIN:DAYLIGHT"),
    *("DTSTART:16010101T010000", "TZOFFSETFROM:+0000", "TZOFFSETTO:+0100"),
    *("RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3", "END:DAYLIGHT", "END:VTIMEZONE"),
]
_TEAMS = (
    "\\n________________________________________________________________________________\\nMicrosoft Teams meeting\\n"
    "Join on your computer\\, mobile app or room device\\n<https://teams.example/l/meetup-join/19%3ameeting_NjI4MjE4M2It"
    "NDUyYS00YWI2LThhNTctZDVkOWFkYWE1MGE2%40thread.v2/0?context=%7b%22Tid%22%3a%2265fd19cf-7402%22%2c%22Oid%22%3a%22f35"
    "5917c-3b2e%22%7d>\\nMeeting ID: 371 234 567 89\\nPasscode: aB3dEf\\nFor organisers: <https://teams.example/meeting"
    "Options/?organizerId=f355917c&threadId=19_meeting_NjI4MjE4M2It@thread.v2&messageId=0&language=en-GB>\\n"
) * 4


def exchange(meeting: Meeting, text: str = "") -> list[str]:
    """As Exchange and Outlook write it: quotes only where needed, an address as the name of whom it does not know."""
    return [
        *(
            "BEGIN:VCALENDAR",
            f"METHOD:{meeting.method}",
            "PRODID:Microsoft Exchange Server 2010",
            "VERSION:2.0",
            *_ZONE,
        ),
        *("BEGIN:VEVENT", f"ORGANIZER;CN=Elm Road Reception:mailto:{ORGANISER}"),
        *(
            f"ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE;CN={address}:mailto:{address}"
            for address in meeting.attendees
        ),
        f"DESCRIPTION;LANGUAGE=en-GB:{meeting.text}{text}\\n",
        *(f"UID:{UID}", "SUMMARY;LANGUAGE=en-GB:Question time"),
        *("DTSTART;TZID=GMT Standard Time:20260319T180000", "DTEND;TZID=GMT Standard Time:20260319T190000"),
        *("CLASS:PUBLIC", "PRIORITY:5", "DTSTAMP:20260312T090000Z", "TRANSP:OPAQUE", "STATUS:CONFIRMED"),
        *(f"SEQUENCE:{meeting.sequence}", "LOCATION;LANGUAGE=en-GB:Microsoft Teams Meeting"),
        *("X-MICROSOFT-CDO-APPT-SEQUENCE:0", "X-MICROSOFT-CDO-OWNERAPPTID:2115993421"),
        *("X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE", "X-MICROSOFT-CDO-INTENDEDSTATUS:BUSY"),
        *("X-MICROSOFT-SKYPETEAMSMEETINGURL:https://teams.example/l/meetup-join/19%3ameeting_Nj%40thread.v2/0",),
        *('X-MICROSOFT-SKYPETEAMSPROPERTIES:{"cid":"19:meeting_NjI4MjE4M2It@thread.v2"\\,"rid":0}',),
        *(*meeting.extra, "X-MICROSOFT-DISALLOW-COUNTER:FALSE"),
        *("BEGIN:VALARM", "DESCRIPTION:REMINDER", "TRIGGER;RELATED=START:-PT15M", "ACTION:DISPLAY", "END:VALARM"),
        *("END:VEVENT", "END:VCALENDAR"),
    ]


def google(meeting: Meeting) -> list[str]:
    return [
        *("BEGIN:VCALENDAR", "PRODID:-//Google Inc//Google Calendar 70.9054//EN", "VERSION:2.0", "CALSCALE:GREGORIAN"),
        *(f"METHOD:{meeting.method}", "BEGIN:VEVENT", "DTSTART:20260319T180000Z", "DTEND:20260319T190000Z"),
        *(
            "DTSTAMP:20260312T090000Z",
            f"ORGANIZER;CN=Elm Road Reception:mailto:{ORGANISER}",
            "UID:5t1abc@google.example",
        ),
        *(
            "ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP="
            f"TRUE;CN={address};X-NUM-GUESTS=0:mailto:{address}"
            for address in meeting.attendees
        ),
        f"ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;RSVP=TRUE;CN=Reception:mailto:{ORGANISER}",
        *("X-GOOGLE-CONFERENCE:https://meet.example/abc-defg-hij", "X-MICROSOFT-CDO-OWNERAPPTID:1234567"),
        *("CREATED:20260312T085900Z", f"DESCRIPTION:{meeting.text}\\n\\n-::~:~::~:~:~:~:~:~:~:~:~:~::~:~::-"),
        *("LAST-MODIFIED:20260312T090000Z", "LOCATION:", f"SEQUENCE:{meeting.sequence}", "STATUS:CONFIRMED"),
        *("SUMMARY:Question time", "TRANSP:OPAQUE", *meeting.extra, "END:VEVENT", "END:VCALENDAR"),
    ]


def apple(meeting: Meeting) -> list[str]:
    return [
        *("BEGIN:VCALENDAR", "CALSCALE:GREGORIAN", f"METHOD:{meeting.method}", "PRODID:-//Apple Inc.//macOS 14.5//EN"),
        *("VERSION:2.0", "BEGIN:VEVENT", "CREATED:20260312T085900Z", "UID:7A2B1C3D-1111-4E5F-8A9B-0C1D2E3F4A5B"),
        *(
            f'ATTENDEE;CN="{name(address)}";CUTYPE=INDIVIDUAL;EMAIL="{address}";PARTSTAT=NEEDS-ACTION;ROLE=REQ-PARTICIPANT'
            f";RSVP=TRUE;SCHEDULE-STATUS=1.1:mailto:{address}"
            for address in meeting.attendees
        ),
        f'ORGANIZER;CN="Elm Road Reception";EMAIL="{ORGANISER}":mailto:{ORGANISER}',
        *("DTEND;TZID=Europe/London:20260319T190000", "SUMMARY:Question time – with tea", "DTSTAMP:20260312T090000Z"),
        *("DTSTART;TZID=Europe/London:20260319T180000", f"SEQUENCE:{meeting.sequence}", f"DESCRIPTION:{meeting.text}"),
        *("X-APPLE-TRAVEL-ADVISORY-BEHAVIOR:AUTOMATIC", "LAST-MODIFIED:20260312T090000Z", *meeting.extra),
        *("BEGIN:VALARM", "X-WR-ALARMUID:1C2D", "UID:1C2D", "TRIGGER:-PT15M", "ATTACH;VALUE=URI:Chord", "ACTION:AUDIO"),
        *("END:VALARM", "END:VEVENT", "END:VCALENDAR"),
    ]


def thunderbird(meeting: Meeting) -> list[str]:
    return [
        *("BEGIN:VCALENDAR", "PRODID:-//Mozilla.org/NONSGML Mozilla Calendar V1.1//EN", "VERSION:2.0"),
        *(f"METHOD:{meeting.method}", "BEGIN:VEVENT", "CREATED:20260312T085900Z", "LAST-MODIFIED:20260312T090000Z"),
        *("DTSTAMP:20260312T090000Z", "UID:b1c2d3e4-5f60-4711-8899-aabbccddeeff", "SUMMARY:Frühstück und Fragen"),
        f"ORGANIZER;CN=Elm Road Reception;PARTSTAT=ACCEPTED;ROLE=CHAIR:mailto:{ORGANISER}",
        *(
            f"ATTENDEE;CN={name(address)};RSVP=TRUE;PARTSTAT=NEEDS-ACTION;ROLE=REQ-PARTICIPANT;CUTYPE=INDIVIDUAL:mailto:{address}"
            for address in meeting.attendees
        ),
        *("X-MOZ-RECEIVED-SEQUENCE:0", "X-MOZ-RECEIVED-DTSTAMP:20260312T090000Z", f"DESCRIPTION:{meeting.text}"),
        *("DTSTART:20260319T180000Z", "DTEND:20260319T190000Z", f"SEQUENCE:{meeting.sequence}", *meeting.extra),
        *("TRANSP:OPAQUE", "END:VEVENT", "END:VCALENDAR"),
    ]


def zoom(meeting: Meeting) -> list[str]:
    return [
        *("BEGIN:VCALENDAR", "PRODID:-//zoom.example//iCalendar Event//EN", "VERSION:2.0", "CALSCALE:GREGORIAN"),
        *(f"METHOD:{meeting.method}", "CLASS:PUBLIC", "BEGIN:VEVENT", "DTSTAMP:20260312T090000Z"),
        *(
            "DTSTART;TZID=Europe/London:20260319T180000",
            "DTEND;TZID=Europe/London:20260319T190000",
            "SUMMARY:Question time",
        ),
        *("UID:ZOOM89012345678", "TZID:Europe/London", f"ORGANIZER;CN=Elm Road:mailto:{ORGANISER}"),
        *(f"ATTENDEE;RSVP=TRUE;ROLE=REQ-PARTICIPANT:mailto:{address}" for address in meeting.attendees),
        f"DESCRIPTION:{meeting.text}\\n\\nJoin Zoom Meeting\\nhttps://zoom.example/j/89012345678?pwd=aB3dEf.1\\n",
        *("LOCATION:https://zoom.example/j/89012345678", f"SEQUENCE:{meeting.sequence}", *meeting.extra),
        *("BEGIN:VALARM", "TRIGGER:-PT10M", "ACTION:DISPLAY", "DESCRIPTION:Reminder", "END:VALARM"),
        *("END:VEVENT", "END:VCALENDAR"),
    ]


def base64_lines(octets: bytes, width: int = 76) -> bytes:
    text = base64.b64encode(octets)
    return b"".join(text[start : start + width] + b"\r\n" for start in range(0, len(text), width))


def quoted(octets: bytes) -> bytes:
    """As mail programs do: line ends stay line ends."""
    text = quopri.encodestring(octets.replace(b"\r\n", b"\n"))
    return text.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def transferred(octets: bytes, encoding: str) -> bytes:
    return {"base64": base64_lines, "quoted-printable": quoted}.get(encoding, bytes)(octets)


def part(content_type: str, encoding: str, octets: bytes, *fields: str) -> bytes:
    head = [f"Content-Type: {content_type}", f"Content-Transfer-Encoding: {encoding}", *fields]
    return "".join(line + "\r\n" for line in head).encode() + b"\r\n" + transferred(octets, encoding)


def multipart(kind: str, boundary: str, *parts: bytes) -> bytes:
    body = b"".join(f"--{boundary}\r\n".encode() + each + b"\r\n" for each in parts)
    return (
        f'Content-Type: multipart/{kind}; boundary="{boundary}"\r\n\r\n'.encode()
        + body
        + f"--{boundary}--\r\n".encode()
    )


def message(entity: bytes, to: Sequence[str] = ()) -> bytes:
    head = [
        f"From: Elm Road Reception <{ORGANISER}>",
        *([f"To: {','.join(chr(13) + chr(10) + ' ' + each for each in to).lstrip()}"] if to else []),
        "Subject: Question time",
        "Date: Thu, 12 Mar 2026 09:00:00 +0000",
        "Message-ID: <invitation@elmroad.example>",
        "MIME-Version: 1.0",
    ]
    return "".join(line + "\r\n" for line in head).encode() + entity


_TEXT = "Please come to the question time – bring a friend.\r\n".encode()
_HTML = b"<html><body><p>Please come to the <b>question time</b>.</p></body></html>\r\n"


def _outlook(meeting: Meeting, text: str = "") -> bytes:
    return multipart(
        "alternative",
        "_000_AM0PR01MB1234_",
        part('text/plain; charset="utf-8"', "base64", _TEXT),
        part('text/html; charset="utf-8"', "base64", _HTML),
        part(f'text/calendar; charset="utf-8"; method={meeting.method}', "base64", encoded(exchange(meeting, text))),
    )


def _gmail(meeting: Meeting) -> bytes:
    octets = encoded(google(meeting))
    return multipart(
        "mixed",
        "000000000000a1b2c305e9",
        multipart(
            "alternative",
            "000000000000a1b2c105e9",
            part('text/plain; charset="UTF-8"; format=flowed; delsp=yes', "base64", _TEXT),
            part('text/html; charset="UTF-8"', "quoted-printable", _HTML),
            part(f'text/calendar; charset="UTF-8"; method={meeting.method}', "7bit", octets),
        ),
        part(
            'application/ics; name="invite.ics"',
            "base64",
            octets,
            'Content-Disposition: attachment; filename="invite.ics"',
        ),
    )


def _icloud(meeting: Meeting) -> bytes:
    return multipart(
        "alternative",
        "----=_Part_1_2.3",
        part("text/plain; charset=UTF-8", "quoted-printable", _TEXT),
        multipart(
            "mixed",
            "----=_Part_2_3.4",
            part("text/html; charset=UTF-8", "quoted-printable", _HTML),
            part(
                f"text/calendar; method={meeting.method}; charset=UTF-8; name=iCal-20260312.ics",
                "quoted-printable",
                encoded(apple(meeting)),
                "Content-Disposition: attachment; filename=iCal-20260312.ics",
            ),
        ),
    )


def _lightning(meeting: Meeting) -> bytes:
    octets = encoded(thunderbird(meeting))
    return multipart(
        "mixed",
        "------------a1b2c3",
        multipart(
            "alternative",
            "------------d4e5f6",
            part("text/plain; charset=UTF-8; format=flowed", "8bit", _TEXT),
            part(f"text/calendar; method={meeting.method}; charset=UTF-8", "8bit", octets),
        ),
        part(
            "application/ics; name=invite.ics", "8bit", octets, "Content-Disposition: attachment; filename=invite.ics"
        ),
    )


def _zoomed(meeting: Meeting) -> bytes:
    return multipart(
        "mixed",
        "b1_zoom",
        part("text/html; charset=utf-8", "7bit", _HTML),
        part(
            'text/calendar; name="meeting.ics"',
            "base64",
            encoded(zoom(meeting), "\n"),
            "Content-Disposition: attachment",
        ),
    )


PROGRAMS: dict[str, Callable[[Meeting], bytes]] = {
    "outlook": _outlook,
    "teams": lambda meeting: _outlook(meeting, _TEAMS),
    "google": _gmail,
    "apple": _icloud,
    "thunderbird": _lightning,
    "zoom": _zoomed,
}


def invitation(program: str, *attendees: str, to: Sequence[str] = (), **details: object) -> bytes:
    """A whole message of that program. details: of Meeting."""
    return message(PROGRAMS[program](Meeting(attendees, **details)), to)  # type: ignore[arg-type]


def patients(count: int, domain: str = "patients.example") -> tuple[str, ...]:
    return tuple(f"person.number{number}@{domain}" for number in range(1, count + 1))
