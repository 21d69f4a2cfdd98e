"""One message in which every place that can name somebody names somebody else: a unique address for each place.

HEADER, LISTED, CALENDAR, COPIES and TEXTS say the places that `separate` rewrites; `planted()` is the message that has
them all. Places that stop a rewrite are in untouchable.py. All invented, on example domains.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from itertools import count
from urllib.parse import quote

from tests.core.mail.calendar.invitations import ORGANISER, encoded, multipart, part

NURSE = "nurse@elmroad.example"
WORD = "planted"
"""In the local part of each planted address, with a number of three digits behind it."""


def address(number: int) -> str:
    return f"{WORD}{number:03}@patients.example"


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _entities(text: str) -> str:
    return "".join(f"&#{ord(letter)};" for letter in text)


def _word(text: str, charset: str = "utf-8", coding: str = "B") -> str:
    octets = text.encode(charset)
    if coding == "B":
        return f"=?{charset}?B?{base64.b64encode(octets).decode()}?="
    return f"=?{charset}?Q?{''.join(f'={octet:02X}' for octet in octets)}?="


Spelling = Callable[[str], str]

HEADER: dict[str, Spelling] = {
    "To": lambda a: f"To: {NURSE}, {a}",
    "Cc, with a name": lambda a: f"Cc: Nurse <{NURSE}>, Iris Ito <{a}>",
    "Resent-To": lambda a: f"Resent-To: {NURSE},\r\n {a}",
    "Resent-Cc": lambda a: f"Resent-Cc: {a}, {NURSE}",
    "Apparently-To": lambda a: f"Apparently-To: {a}",
    "Bcc": lambda a: f"Bcc: {a}",
    "Resent-Bcc": lambda a: f"Resent-Bcc: {a}",
    "Reply-To": lambda a: f"Reply-To: {ORGANISER}, {a}",
    "Mail-Followup-To": lambda a: f"Mail-Followup-To: {a}, {NURSE}",
    "Mail-Reply-To": lambda a: f"Mail-Reply-To: {a}",
    "Delivered-To": lambda a: f"Delivered-To: {a}",
    "X-Original-To": lambda a: f"X-Original-To: {a}",
    "Envelope-To": lambda a: f"Envelope-To: {a}",
    "X-Envelope-To": lambda a: f"X-Envelope-To: <{a}>",
    "X-RCPT-TO": lambda a: f"X-RCPT-TO: {a}",
    "Disposition-Notification-To": lambda a: f"Disposition-Notification-To: {a}",
    "Return-Receipt-To": lambda a: f"Return-Receipt-To: <{a}>",
    "Errors-To": lambda a: f"Errors-To: {a}",
    "Return-Path": lambda a: f"Return-Path: <{a}>",
    "List-Unsubscribe": lambda a: f"List-Unsubscribe: <mailto:leave?subject={quote(a)}>, <https://x.example/leave>",
    "List-Post": lambda a: f"List-Post: <mailto:{a}>",
    "Received, for": lambda a: f"Received: from a by b with ESMTP id 1 for <{a}>;\r\n Thu, 12 Mar 2026 08:00:00 +0000",
    "Received, comment": lambda a: f"Received: from a (envelope-to {a}) by b; Thu, 12 Mar 2026 08:00:00 +0000",
    "Original-Recipient": lambda a: f"Original-Recipient: rfc822;{a}",
    "Autocrypt": lambda a: f"Autocrypt: addr={a}; keydata=AAAA",
    "Autocrypt-Gossip": lambda a: f"Autocrypt-Gossip: addr={a}; keydata=AAAA",
    "DKIM-Signature, z=": lambda a: (
        f"DKIM-Signature: v=1; d=elmroad.example; h=from; z=Cc:{a.replace('@', '=40')}; b=AA=="
    ),
    "ARC": lambda a: f"ARC-Authentication-Results: i=1; mx.example; smtp.rcpttodomain={a}",
    "Authentication-Results": lambda a: f"Authentication-Results: mx.example; auth=pass smtp.auth={a}",
    "X-MS-Exchange": lambda a: f"X-MS-Exchange-Organization-Recipients: {a}",
    "X-SMTPAPI, JSON": lambda a: f'X-SMTPAPI: {{"to":["{a}"],"category":"x"}}',
    "X-, percent": lambda a: f"X-Campaign: https://x.example/?who={quote(a)}",
    "X-, twice percent": lambda a: f"X-Link: https://x.example/?u={quote(quote(quote(a)), safe='')}",
    "X-, base64": lambda a: f"X-Token: {_base64('v1;' + a + ';x')}",
    "X-, folded": lambda a: f"X-Folded: {a[:4]}\r\n {a[4:]}",
    "X-, entities": lambda a: f"X-Page: {_entities(a)}",
    "X-, encoded word": lambda a: f"X-Word: {_word(a)}",
    "X-, encoded word in two": lambda a: f"X-Words: {_word(a[:9])}\r\n {_word(a[9:], 'iso-8859-1', 'Q')}",
    "X-, encoded word in UTF-16": lambda a: f"X-Wide: {_word(a, 'utf-16be')}",
    "X-, RFC 2231": lambda a: f"X-Parameter: x; name*0*=utf-8''{quote(a[:5])}; name*1*={quote(a[5:])}",
    "X-, comment": lambda a: f"X-Comment: yes ({a[:10]}(\\{a[10:11]}){a[11:]} {a})",
    "X-Forwarded-To": lambda a: f"X-Forwarded-To: {a}",
    "Comments": lambda a: f"Comments: also sent to {a}",
    "Keywords": lambda a: f"Keywords: clinic, {a}",
    "Thread-Topic": lambda a: f"Thread-Topic: for {a}",
    "In-Reply-To, phrase": lambda a: f"In-Reply-To: your message, {a}, <9@o.example>",
    "Content-Description": lambda a: f"Content-Description: list with {a}",
    "Organization": lambda a: f"Organization: Elm Road ({a})",
}
"""The forms of Cc that another field stands for here: a group, a route, a comment, a folded one; see LISTED."""

LISTED: dict[str, Spelling] = {
    "a group": lambda a: f"Patients: {a}, {NURSE};",
    "a comment behind": lambda a: f"{NURSE} (and {a})",
    "a comment as a name": lambda a: f"{a} (Iris Ito)",
    "folded": lambda a: f"Iris\r\n\tIto\r\n <{a}>",
    "a name that is an address": lambda a: f'"{a}" <{NURSE}>',
    "an encoded name": lambda a: f"{_word('Zoë Ito')} <{a}>",
    "an address as an encoded name": lambda a: f"{_word(a, coding='Q')} <{NURSE}>",
    "in capitals": lambda a: f"<{a.upper()}>",
    "quoted": lambda a: f'"{a.partition("@")[0]}"@{a.partition("@")[2]}',
}
"""Spellings of an item of To, which has them all."""

CALENDAR: dict[str, Spelling] = {
    "ATTENDEE": lambda a: f"ATTENDEE;CN=Iris Ito;RSVP=TRUE:mailto:{a}",
    "ATTENDEE, folded": lambda a: f"ATTENDEE;CN=Iris:mailto:{a[:8]}\r\n {a[8:]}",
    "ATTENDEE, folded name": lambda a: f"ATTEN\r\n DEE:mailto:{a}",
    "ATTENDEE, capitals": lambda a: f"attendee;cn=Iris:MAILTO:{a.upper()}",
    "ATTENDEE, group": lambda a: f"item1.ATTENDEE:mailto:{a}",
    "ATTENDEE, percent": lambda a: f"ATTENDEE:mailto:{quote(a)}",
    "ATTENDEE, EMAIL": lambda a: f"ATTENDEE;EMAIL={a}:urn:uuid:1",
    "EMAIL": lambda a: f"ATTENDEE;EMAIL={a}:mailto:{NURSE}",
    "CN": lambda a: f"ATTENDEE;CN={a}:mailto:{NURSE}",
    "CN, carets": lambda a: f"ATTENDEE;CN=^'{a}^':mailto:{NURSE}",
    "SENT-BY": lambda a: f'ATTENDEE;SENT-BY="mailto:{a}":mailto:{NURSE}',
    "DELEGATED-TO": lambda a: f'ATTENDEE;DELEGATED-TO="mailto:{a}":mailto:{NURSE}',
    "DELEGATED-FROM": lambda a: f'ATTENDEE;DELEGATED-FROM="mailto:{a}":mailto:{NURSE}',
    "MEMBER": lambda a: f'ATTENDEE;MEMBER="mailto:list@elmroad.example","mailto:{a}":mailto:{NURSE}',
    "DIR": lambda a: f'ATTENDEE;DIR="ldap://x.example/{a}":mailto:{NURSE}',
    "an X- parameter": lambda a: f"ATTENDEE;X-WHO={a}:mailto:{NURSE}",
    "ORGANIZER, SENT-BY": lambda a: f'ORGANIZER;SENT-BY="mailto:{a}":mailto:{ORGANISER}',
    "DESCRIPTION": lambda a: f"DESCRIPTION:Guests:\\n{a}\\, and others",
    "DESCRIPTION, folded": lambda a: f"DESCRIPTION:with {a[:6]}\r\n {a[6:]}",
    "DESCRIPTION, percent": lambda a: f"DESCRIPTION:mailto:{quote(a)}",
    "DESCRIPTION, parameter": lambda a: f'DESCRIPTION;ALTREP="cid:{a}":x',
    "X-ALT-DESC": lambda a: f'X-ALT-DESC;FMTTYPE=text/html:<a href="mailto:{a}">write</a>',
    "X-ALT-DESC, entities": lambda a: f"X-ALT-DESC;FMTTYPE=text/html:<p>{_entities(a)}</p>",
    "X-ALT-DESC, split": lambda a: f"X-ALT-DESC;FMTTYPE=text/html:<p>{a.replace('@', '<b>@</b>')}</p>",
    "SUMMARY": lambda a: f"SUMMARY:for {a}",
    "LOCATION": lambda a: f"LOCATION:{a}'s house",
    "COMMENT": lambda a: f"COMMENT:{a} cannot come",
    "CONTACT": lambda a: f"CONTACT:Iris\\, {a}",
    "CATEGORIES": lambda a: f"CATEGORIES:{a}",
    "RESOURCES": lambda a: f"RESOURCES:{a}",
    "URL": lambda a: f"URL:https://x.example/?who={a}",
    "ATTACH": lambda a: f"ATTACH:mailto:{a}",
    "ATTACH, base64": lambda a: f"ATTACH;VALUE=BINARY;ENCODING=BASE64:{_base64('list: ' + a)}",
    "REQUEST-STATUS": lambda a: f"REQUEST-STATUS:3.7;Invalid;ATTENDEE:mailto:{a}",
    "RELATED-TO": lambda a: f"RELATED-TO:{a}",
    "CONFERENCE": lambda a: f"CONFERENCE;LABEL=x:mailto:{a}",
    "a parameter of what must stay": lambda a: f"SEQUENCE;X-WHO={a}:0",
    "STRUCTURED-DATA": lambda a: f'STRUCTURED-DATA;FMTTYPE=application/json;VALUE=TEXT:{{"guest":"{a}"}}',
    "STYLED-DESCRIPTION": lambda a: f"STYLED-DESCRIPTION;FMTTYPE=text/html:<p>{a}</p>",
    "X-MS-OLK-SENDER": lambda a: f'X-MS-OLK-SENDER;CN="Iris":mailto:{a}',
    "X-, a list": lambda a: f"X-VENDOR-PEOPLE:{NURSE};{a}",
    "X-, base64": lambda a: f"X-VENDOR-BLOB:{_base64(a + ' and more')}",
    "X-, JSON": lambda a: f'X-VENDOR-JSON:{{"guests":["{a}"]}}',
    "a line that is none": lambda a: f"{a}",
    "PARTICIPANT": lambda a: f"BEGIN:PARTICIPANT\r\nUID:p\r\nCALENDAR-ADDRESS:mailto:{a}\r\nEND:PARTICIPANT",
    "VALARM": lambda a: f"BEGIN:VALARM\r\nACTION:EMAIL\r\nTRIGGER:-PT1H\r\nATTENDEE:mailto:{a}\r\nEND:VALARM",
}
"""Lines of the event in the first calendar: text/calendar within an alternative, in base64."""

COPIES = (
    "a recurrence override",
    "a second VEVENT",
    "a second VCALENDAR",
    "X-WR-CALNAME",
    "a VTODO",
    "quoted-printable",
    "UTF-16",
    "application/ics",
    "an .ics of an unknown type",
    "Latin-1",
)
"""Other calendars, and other places around the event."""

TEXTS: dict[str, tuple[str, str, Spelling]] = {
    "plain text": ("text/plain; charset=utf-8", "8bit", lambda a: f"Guests – {a}\r\n"),
    "a quoted header": ("text/plain; charset=utf-8", "quoted-printable", lambda a: f"> From: x\r\n> To: {a}\r\n"),
    "a page": ("text/html; charset=utf-8", "base64", lambda a: f'<a href="mailto:{a}">{a}</a>\r\n'),
    "hidden in a page": ("text/html", "quoted-printable", lambda a: f'<p style="display:none">{a}</p>\r\n'),
    "a comment of a page": ("text/html", "7bit", lambda a: f"<p>x</p><!-- {a} -->\r\n"),
}
"""Texts beside the calendar: type, encoding, and what stands in them."""


def places() -> list[str]:
    """All, in the order of the numbers of their addresses."""
    header = [*HEADER, *(f"To, {each}" for each in LISTED)]
    return [*header, *(f"calendar: {each}" for each in (*CALENDAR, *COPIES)), *(f"beside it: {each}" for each in TEXTS)]


def planted() -> tuple[bytes, dict[str, str]]:
    """The message, and the address that stands in each place."""
    numbers = count()
    where = {place: address(next(numbers)) for place in places()}
    taken = iter(where.values())
    fields = [write(next(taken)) for write in HEADER.values()]
    items = ",\r\n ".join(write(next(taken)) for write in LISTED.values())
    fields = [f"{each},\r\n {items}" if each.startswith("To:") else each for each in fields]
    entity = _entity([write(next(taken)) for write in CALENDAR.values()], {copy: next(taken) for copy in COPIES}, taken)
    head = [f"From: Elm Road Reception <{ORGANISER}>", *fields, "Subject: Question time"]
    head += ["Date: Thu, 12 Mar 2026 09:00:00 +0000", "Message-ID: <1@elmroad.example>", "MIME-Version: 1.0"]
    return "".join(f"{line}\r\n" for line in head).encode() + entity, where


def _entity(lines: list[str], copies: dict[str, str], taken: object) -> bytes:
    texts = [
        part(kind, coding, write(next(taken)).encode("utf-16" if "utf-16" in kind else "utf-8"))  # type: ignore[call-overload]
        for kind, coding, write in TEXTS.values()
    ]
    ics = "application/octet-stream; name=meeting.ics"
    event = part("text/calendar; charset=utf-8; method=REQUEST", "base64", _first(lines, copies))
    latin = _small(copies["Latin-1"], "Frühstück").encode("latin-1")
    others = (
        part("text/calendar; method=REQUEST", "quoted-printable", _small(copies["quoted-printable"]).encode()),
        part("text/calendar; charset=utf-16", "base64", _small(copies["UTF-16"]).encode("utf-16")),
        part("application/ics; name=invite.ics", "base64", _small(copies["application/ics"]).encode()),
        part(ics, "base64", _small(copies["an .ics of an unknown type"]).replace("\r\n", "\n").encode()),
        part("text/calendar; charset=iso-8859-1", "quoted-printable", latin),
    )
    return multipart("mixed", "mixed1", multipart("alternative", "alt1", *texts[:3], event), *others, *texts[3:])


def _first(lines: list[str], copies: dict[str, str]) -> bytes:
    times = ("DTSTAMP:20260312T090000Z", "DTSTART:20260319T180000Z", f"ORGANIZER:mailto:{ORGANISER}")
    rest = [line for line in lines if not line.startswith("ORGANIZER")]
    (organiser,) = (line for line in lines if line.startswith("ORGANIZER"))
    text = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//planted//EN", "METHOD:REQUEST"]
    text += [f"X-WR-CALNAME:Guests {copies['X-WR-CALNAME']}"]
    text += ["BEGIN:VEVENT", "UID:1", *times[:2], organiser, *rest, "END:VEVENT"]
    override = f"ATTENDEE:mailto:{copies['a recurrence override']}"
    text += ["BEGIN:VEVENT", "UID:1", "RECURRENCE-ID:20260326T180000Z", *times, override, "END:VEVENT"]
    text += ["BEGIN:VEVENT", "UID:2", *times, f"ATTENDEE:mailto:{copies['a second VEVENT']}", "END:VEVENT"]
    text += ["BEGIN:VTODO", "UID:3", *times[:1], f"ATTENDEE:mailto:{copies['a VTODO']}", "END:VTODO", "END:VCALENDAR"]
    return encoded(text) + _small(copies["a second VCALENDAR"]).encode()


def _small(attendee: str, summary: str = "Question time") -> str:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//planted//EN", "METHOD:REQUEST", "BEGIN:VEVENT", "UID:4"]
    lines += ["DTSTAMP:20260312T090000Z", "DTSTART:20260319T180000Z", f"ORGANIZER:mailto:{ORGANISER}"]
    lines += [f"ATTENDEE:mailto:{attendee}", f"SUMMARY:{summary}", "END:VEVENT", "END:VCALENDAR"]
    return "".join(f"{line}\r\n" for line in lines)
