"""Places that no rewrite reaches: each is a message to a dozen people, one of whom is named where nobody can go.

Under a rule that would rewrite it, each is held instead, whether or not the list in its header could be hidden.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass

from tests.core.mail.calendar.invitations import ORGANISER, encoded, multipart, part

LEAK = "leak@patients.example"
PEOPLE = (LEAK, *(f"other{number}@patients.example" for number in range(11)))


@dataclass(frozen=True, slots=True)
class Held:
    """One message. fields: of its header, beside To, which lists PEOPLE."""

    entity: bytes
    fields: tuple[str, ...] = ()
    sender: str = f"From: Elm Road <{ORGANISER}>"
    to: str = ", ".join(PEOPLE)

    @property
    def raw(self) -> bytes:
        head = [self.sender, f"To: {self.to}", *self.fields, "Date: Thu, 12 Mar 2026 09:00:00 +0000"]
        head += ["Message-ID: <held@elmroad.example>", "MIME-Version: 1.0"]
        return "".join(f"{line}\r\n" for line in head).encode() + self.entity


TEXT = part("text/plain; charset=utf-8", "8bit", b"See you on Thursday.\r\n")
EVENT = [
    *("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//EN", "METHOD:REQUEST", "BEGIN:VEVENT", "UID:1"),
    *("DTSTAMP:20260312T090000Z", "DTSTART:20260319T180000Z", f"ORGANIZER:mailto:{ORGANISER}"),
    *(*(f"ATTENDEE:mailto:{each}" for each in PEOPLE), "END:VEVENT", "END:VCALENDAR"),
]
INNER = (
    f"From: x@elmroad.example\r\nTo: {LEAK}\r\nSubject: Hi\r\nDate: Thu, 12 Mar 2026 08:00:00 +0000\r\n\r\nHello\r\n"
)
SIGNATURE = part("application/pgp-signature; name=s.asc", "7bit", b"-----BEGIN PGP SIGNATURE-----\r\n\r\niQ==\r\n")
CARD = f"BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Iris\r\nEMAIL:{LEAK}\r\nEND:VCARD\r\n".encode()
DSN = f"Reporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; {LEAK}\r\nAction: failed\r\nStatus: 5.1.1\r\n"


def _with(*parts: bytes) -> Held:
    return Held(multipart("mixed", "b", TEXT, *parts))


def _invitation(*lines: str, beside: bytes = b"") -> Held:
    event = part("text/calendar; method=REQUEST", "8bit", encoded([*EVENT[:9], *lines, *EVENT[9:]]))
    return Held(multipart("mixed", "b", event, *([beside] if beside else [])))


def _attachment(kind: str, name: str, octets: bytes) -> bytes:
    return part(kind, "base64", octets, f'Content-Disposition: attachment; filename="{name}"')


UNTOUCHABLE: dict[str, Callable[[], Held]] = {
    "From, display name": lambda: Held(TEXT, sender=f'From: "for {LEAK}" <{ORGANISER}>'),
    "Sender": lambda: Held(TEXT, (f'Sender: "{LEAK}" <{ORGANISER}>',)),
    "Subject": lambda: Held(TEXT, (f"Subject: for {LEAK}",)),
    "Date, comment": lambda: Held(TEXT, (f"Resent-Date: Thu, 12 Mar 2026 09:00:00 +0000 ({LEAK})",)),
    "To, a route": lambda: Held(TEXT, to=f"<@relay.example:{LEAK}>, {', '.join(PEOPLE[1:])}"),
    "To, old white space": lambda: Held(TEXT, to=f"{LEAK.replace('@', ' @ ')}, {', '.join(PEOPLE[1:])}"),
    "To, a comment inside": lambda: Held(TEXT, to=f"{LEAK.replace('@', '(x)@(y)')}, {', '.join(PEOPLE[1:])}"),
    "To, an encoded list": lambda: Held(
        TEXT, to=f"=?utf-8?B?{base64.b64encode(', '.join(PEOPLE).encode()).decode()}?="
    ),
    "text": lambda: Held(part("text/plain", "8bit", f"Ask {LEAK}\r\n".encode())),
    "text, quoted-printable": lambda: Held(part("text/plain", "quoted-printable", f"Ask {LEAK}\r\n".encode())),
    "text, base64 in UTF-16": lambda: Held(part("text/plain; charset=utf-16", "base64", LEAK.encode("utf-16"))),
    "text, flowed in two": lambda: Held(
        part("text/plain; format=flowed; delsp=yes", "7bit", LEAK.replace("@", "@ \r\n").encode() + b"\r\n")
    ),
    "a page": lambda: Held(part("text/html", "7bit", f"<p>Ask {LEAK}</p>\r\n".encode())),
    "a page, hidden": lambda: Held(part("text/html", "7bit", f'<p style="display:none">{LEAK}</p>\r\n'.encode())),
    "a page, entities": lambda: Held(part("text/html", "7bit", f"<p>{LEAK.replace('@', '&#64;')}</p>\r\n".encode())),
    "a page, a link": lambda: Held(
        part("text/html", "7bit", f'<a href="https://x.example/?u={LEAK.replace("@", "%2540")}">x</a>\r\n'.encode())
    ),
    "a page, split by tags": lambda: Held(
        part("text/html", "7bit", f"<p>{LEAK.replace('@', '<b>@</b>')}</p>\r\n".encode())
    ),
    "a page, a comment": lambda: Held(part("text/html", "7bit", f"<!-- {LEAK} --><p>x</p>\r\n".encode())),
    "before the first part": lambda: Held(
        multipart("mixed", "b", TEXT).replace(b"--b\r\n", f"{LEAK}\r\n--b\r\n".encode(), 1)
    ),
    "behind the last part": lambda: Held(multipart("mixed", "b", TEXT) + f"{LEAK}\r\n".encode()),
    "message/rfc822": lambda: _with(part("message/rfc822", "7bit", INNER.encode())),
    "an .eml file": lambda: _with(_attachment("application/octet-stream", "hi.eml", INNER.encode())),
    "a message of no type": lambda: _with(part("application/octet-stream", "base64", INNER.encode())),
    "message/global": lambda: _with(part("message/global", "8bit", INNER.encode())),
    "text/rfc822-headers": lambda: _with(part("text/rfc822-headers", "7bit", INNER.partition("\r\n\r\n")[0].encode())),
    "an .mbox file": lambda: _with(_attachment("application/mbox", "a.mbox", b"From x\r\n" + INNER.encode())),
    "a digest": lambda: _with(multipart("digest", "d", b"\r\n" + INNER.encode())),
    "message/delivery-status": lambda: _with(part("message/delivery-status", "7bit", DSN.encode())),
    "a vCard": lambda: _with(_attachment("text/vcard", "iris.vcf", CARD)),
    "a vCard of no type": lambda: _with(part("application/octet-stream", "base64", CARD)),
    "a list in CSV": lambda: _with(_attachment("text/csv", "list.csv", f"Iris,{LEAK}\r\n".encode())),
    "a list of no type": lambda: _with(_attachment("application/octet-stream", "list", f"Iris {LEAK}\r\n".encode())),
    "a picture of text": lambda: _with(_attachment("image/svg+xml", "a.svg", f"<text>{LEAK}</text>".encode())),
    "winmail.dat": lambda: _with(_attachment("application/ms-tnef", "winmail.dat", b"\x78\x9f\x3e\x22" + bytes(40))),
    "an .msg file": lambda: _with(_attachment("application/octet-stream", "a.msg", b"\xd0\xcf\x11\xe0" + bytes(40))),
    "the name of a part": lambda: _with(_attachment("application/pdf", f"{LEAK}.pdf", b"%PDF-1.4\n\x01\x02")),
    "Content-Description of a part": lambda: _with(
        part("application/pdf", "base64", b"%PDF-1.4\n\x01\x02", f"Content-Description: for {LEAK}")
    ),
    "a part that repeats To": lambda: _with(part("text/plain", "7bit", b"x\r\n", f"To: {LEAK}")),
    "protected headers": lambda: Held(
        multipart("signed", "s", part(f'text/plain; hp="clear"\r\nTo: {LEAK}', "7bit", b"x\r\n"), SIGNATURE)
    ),
    "protected headers, drafts": lambda: Held(
        multipart("signed", "s", part(f'text/plain; protected-headers="v1"\r\nTo: {LEAK}', "7bit", b"x\r\n"), SIGNATURE)
    ),
    "HP-Outer": lambda: Held(
        multipart("mixed", "s", part(f'text/plain; hp="cipher"\r\nHP-Outer: Cc: {LEAK}', "7bit", b"x\r\n"))
    ),
    "signed text": lambda: Held(
        multipart("signed", "s", part("text/plain", "7bit", f"Ask {LEAK}\r\n".encode()), SIGNATURE)
    ),
    "a signed invitation": lambda: Held(
        multipart("signed", "s", part("text/calendar; method=REQUEST", "7bit", encoded(EVENT)), SIGNATURE)
    ),
    "UID": lambda: _invitation(f"X-A:b\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:{LEAK}"),
    "RECURRENCE-ID": lambda: _invitation(f"RECURRENCE-ID:{LEAK}"),
    "STATUS": lambda: _invitation(f"STATUS:{LEAK}"),
    "text in UTF-16 beside an invitation": lambda: _invitation(
        beside=part("text/plain; charset=utf-16", "base64", LEAK.encode("utf-16"))
    ),
    "a file beside an invitation": lambda: _invitation(beside=_attachment("application/x-list", "l", LEAK.encode())),
    "a message beside an invitation": lambda: _invitation(beside=part("message/rfc822", "7bit", INNER.encode())),
    "a calendar in JSON": lambda: _with(part("application/calendar+json", "8bit", f'["{LEAK}"]'.encode())),
    "a calendar in XML": lambda: _with(part("application/calendar+xml", "8bit", f"<text>{LEAK}</text>".encode())),
    "JSCalendar": lambda: _with(part("application/jscalendar+json", "8bit", f'{{"email":"{LEAK}"}}'.encode())),
}
