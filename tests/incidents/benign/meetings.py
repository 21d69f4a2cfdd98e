"""Invitations, answers to them, updates and cancellations among two to five people, by the programs that write them."""

from __future__ import annotations

from collections.abc import Iterator

from tests.core.mail.calendar.invitations import ORGANISER, PROGRAMS, invitation

from .model import JO, Benign, entity, multipart, people, wrapped


def meetings() -> Iterator[Benign]:
    for number, program in enumerate(PROGRAMS):
        for count, method in ((1, "REQUEST"), (2 + number % 4, "REQUEST"), (2, "CANCEL"), (1, "REPLY")):
            who = [each.address for each in people(count, number * 4)]
            raw = invitation(program, *who, "nurse@elmroad.example", to=who, method=method, sequence=number % 3)
            yield Benign("meeting", f"{method}, {program}", raw, tuple(who), ORGANISER)
    yield from _others()


def _others() -> Iterator[Benign]:
    anna, ben = people(2)
    for kind, lines in {
        "dates to subscribe": ["METHOD:PUBLISH", *_events(12)],
        "an appointment": _events(1),
        "busy times": [
            "METHOD:REPLY",
            *(
                "BEGIN:VFREEBUSY",
                "UID:f1@elmroad.example",
                "DTSTAMP:20260312T090000Z",
                f"ORGANIZER:mailto:{anna.address}",
            ),
            *(f"ATTENDEE:mailto:{JO.address}", "FREEBUSY:20260313T090000Z/PT1H", "END:VFREEBUSY"),
        ],
        "a task": [
            "METHOD:REQUEST",
            *("BEGIN:VTODO", "UID:t1@elmroad.example", "DTSTAMP:20260312T090000Z", f"ORGANIZER:mailto:{JO.address}"),
            *(f"ATTENDEE:mailto:{anna.address}", "SUMMARY:Sign the form", "END:VTODO"),
        ],
    }.items():
        text = "\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Elm Road//EN", *lines, "END:VCALENDAR", ""])
        part = entity("text/calendar; charset=utf-8; name=dates.ics", text, "", "Content-Disposition: attachment")
        fields = [f"From: {JO.written}", f"To: {anna.written}, {ben.written}", f"Subject: {kind}", "MIME-Version: 1.0"]
        fields += ["Date: Thu, 12 Mar 2026 09:00:00 +0000", "Message-ID: <dates@elmroad.example>"]
        body = multipart("mixed", "d1", entity("text/plain; charset=utf-8", "See the attached dates."), part)
        yield Benign("meeting", kind, wrapped(fields, body), (anna.address, ben.address), JO.address)


def _events(count: int) -> list[str]:
    made = []
    for number in range(1, count + 1):
        made += ["BEGIN:VEVENT", f"UID:clinic-{number}@elmroad.example", "DTSTAMP:20260312T090000Z"]
        made += [f"DTSTART:202604{number:02}T090000Z", "SUMMARY:Flu clinic", "LOCATION:Elm Road Surgery"]
        made += [
            "ORGANIZER;CN=Elm Road:mailto:reception@elmroad.example",
            "CONTACT:reception@elmroad.example",
            "END:VEVENT",
        ]
    return made
