"""A list of 27 people, all of them in Bcc, in every place that can carry one: what the default policy must see.

Each place is a whole message whose header names nobody outside but in that place, as in the one case of which the
press reported a list in a text (incidents.yaml, kanagawa).
"""

from __future__ import annotations

import base64
from urllib.parse import quote

from tests.core.mail.calendar.invitations import ORGANISER, encoded, multipart, part

PEOPLE = tuple(f"listed{number:03}@patients.example" for number in range(27))
COMMAS = ", ".join(PEOPLE)
FIELDS = """
    To Cc Resent-To Resent-Cc Apparently-To Delivered-To X-Delivered-To X-Original-To X-Original-Cc Original-To
    Envelope-To X-Envelope-To X-Rcpt-To X-To X-Cc X400-Recipients Reply-To Mail-Reply-To Mail-Followup-To
    Resent-From Resent-Sender Sender Disposition-Notification-To Return-Receipt-To Errors-To Return-Path
    Original-Recipient Comments Keywords Thread-Topic List-Post List-Owner List-Help List-Unsubscribe
    List-Subscribe List-Archive Received Authentication-Results ARC-Authentication-Results DKIM-Signature
    Received-SPF Autocrypt Autocrypt-Gossip Content-Description X-Anything X-MS-Exchange-Organization-Recipients
    X-MS-Exchange-Organization-BCC X-Forwarded-To X-Forwarded-For X-SMTPAPI X-Mailgun-Variables X-MC-Metadata
    X-Recipients X-BeenThere Organization Approved Newsgroups Expand-To Jabber-ID X-Mailer
    Require-Recipient-Valid-Since In-Reply-To
""".split()  # noqa: SIM905
"""The first list recipients or senders; from Disposition-Notification-To on they are text."""
BREAK, COMMA = "\\n", "\\, "
PROPERTIES = {
    "ATTENDEE": "".join(f"ATTENDEE:mailto:{each}\r\n" for each in PEOPLE),
    "CN": f'ATTENDEE;CN="{COMMAS}":mailto:nurse@elmroad.example\r\n',
    "MEMBER": "ATTENDEE;MEMBER=" + ",".join(f'"mailto:{each}"' for each in PEOPLE) + ":mailto:all@elmroad.example\r\n",
    "DELEGATED-TO": "ATTENDEE;DELEGATED-TO="
    + ",".join(f'"mailto:{each}"' for each in PEOPLE)
    + ":mailto:all@elmroad.example\r\n",
    "DIR": f'ATTENDEE;DIR="ldap://x.example/{COMMAS}":mailto:nurse@elmroad.example\r\n',
    "an X- parameter": f'ORGANIZER;X-GUESTS="{COMMAS}":mailto:{ORGANISER}\r\n',
    "ORGANIZER": "".join(f"ORGANIZER:mailto:{each}\r\n" for each in PEOPLE),
    "DESCRIPTION": f"DESCRIPTION:{BREAK.join(PEOPLE)}\r\n",
    "X-ALT-DESC": f"X-ALT-DESC;FMTTYPE=text/html:<p>{'<br>'.join(PEOPLE)}</p>\r\n",
    "X-ALT-DESC, entities": f"X-ALT-DESC;FMTTYPE=text/html:<p>{'<br>'.join(PEOPLE).replace('@', '&#64;')}</p>\r\n",
    **{
        name: f"{name}:{COMMA.join(PEOPLE)}\r\n"
        for name in (
            *("SUMMARY", "LOCATION", "COMMENT", "CONTACT", "CATEGORIES", "RESOURCES", "REQUEST-STATUS", "URL"),
            *(
                "X-WR-CALDESC",
                "X-VENDOR-GUESTS",
                "STYLED-DESCRIPTION",
                "STRUCTURED-DATA",
                "CONFERENCE",
                "RELATED-TO",
                "UID",
            ),
        )
    },
    "ATTACH": f"ATTACH;VALUE=BINARY;ENCODING=BASE64:{base64.b64encode(COMMAS.encode()).decode()}\r\n",
    "PARTICIPANT": "".join(
        f"BEGIN:PARTICIPANT\r\nUID:{n}\r\nCALENDAR-ADDRESS:mailto:{each}\r\nEND:PARTICIPANT\r\n"
        for n, each in enumerate(PEOPLE)
    ),
    "VALARM": "BEGIN:VALARM\r\nACTION:EMAIL\r\n"
    + "".join(f"ATTENDEE:mailto:{each}\r\n" for each in PEOPLE)
    + "END:VALARM\r\n",
}
CARDS = "".join(f"BEGIN:VCARD\r\nVERSION:4.0\r\nEMAIL:{each}\r\nEND:VCARD\r\n" for each in PEOPLE)
CARD = (
    "BEGIN:VCARD\r\nVERSION:4.0\r\nKIND:group\r\n"
    + "".join(f"MEMBER:mailto:{each}\r\n" for each in PEOPLE)
    + "END:VCARD\r\n"
)
INNER = f"From: x@elmroad.example\r\nTo: {COMMAS}\r\nSubject: Hi\r\nDate: Thu, 12 Mar 2026 08:00:00 +0000\r\n\r\nx\r\n"
BLOCK = f"From: x@elmroad.example\r\nSent: today\r\nTo: {'; '.join(PEOPLE)}\r\nSubject: Hi\r\n"
PAGE = "<br>".join(PEOPLE)
TEXTS: dict[str, tuple[str, str]] = {
    "text/plain": ("text/plain", COMMAS.replace(", ", "\r\n")),
    "a quoted header": ("text/plain", BLOCK),
    "text/html": ("text/html", f"<p>{PAGE}</p>"),
    "hidden in a page": ("text/html", f'<div style="display:none">{PAGE}</div>'),
    "an attribute of a page": ("text/html", f'<img alt="{COMMAS}">'),
    "a comment of a page": ("text/html", f"<!-- {COMMAS} --><p>x</p>"),
    "entities of a page": ("text/html", f"<p>{PAGE.replace('@', '&commat;')}</p>"),
    "a link of a page": ("text/html", f'<a href="mailto:?bcc={quote(COMMAS)}">x</a>'),
    "a script of a page": ("text/html", f"<script>let all = '{COMMAS}'</script>"),
    **{
        kind: (kind, f"X: {COMMAS}\r\n")
        for kind in (
            *(
                "text/enriched",
                "text/rtf",
                "text/markdown",
                "text/css",
                "text/csv",
                "application/json",
                "application/xml",
            ),
            *("application/octet-stream", "application/x-anything", "image/svg+xml", "application/javascript"),
            *("application/pgp-keys", "application/pgp-signature", "application/jscalendar+json", "application/sieve"),
            *("application/calendar+json", "application/calendar+xml", "application/vcard+json", "application/ldif"),
            *("message/delivery-status", "message/disposition-notification", "message/feedback-report"),
        )
    },
    "entities in XML": ("application/xml", f"<all>{COMMAS.replace('@', '&#64;')}</all>"),
    "escapes in JSON": ("application/json", '"' + COMMAS.replace("@", "\\u0040") + '"'),
    "escapes in RTF": ("text/rtf", "{\\rtf1 " + COMMAS.replace("@", "\\'40") + "}"),
    "spelled out": ("text/plain", COMMAS.replace("@", " (at) ")),
    "text/vcard": ("text/vcard", CARDS),
    "members of a group in a vCard": ("text/vcard", CARD),
    "vCards of no type": ("application/octet-stream", CARDS),
    "message/rfc822": ("message/rfc822", INNER),
    "message/rfc822 of no type": ("application/octet-stream", INNER),
    "text/rfc822-headers": ("text/rfc822-headers", INNER.partition("\r\n\r\n")[0] + "\r\n"),
    "application/mbox": ("application/mbox", "From x\r\n" + INNER),
    "message/external-body": ("message/external-body; access-type=x", f"X: {COMMAS}\r\n"),
}
PART_FIELDS = {
    "Content-Description": f"Content-Description: {COMMAS}",
    "a file name": f'Content-Disposition: attachment; filename="{" ".join(PEOPLE)}"',
    "a parameter": f'X-Parameter: x; y="{COMMAS}"',
    "To of a part": f"To: {COMMAS}",
    "HP-Outer": f"HP-Outer: Cc: {COMMAS}",
}


def message(entity: bytes, *fields: str) -> bytes:
    head = [f"From: Elm Road <{ORGANISER}>", *fields, "Subject: News", "Date: Thu, 12 Mar 2026 09:00:00 +0000"]
    return (
        "".join(f"{line}\r\n" for line in [*head, "Message-ID: <l@elmroad.example>", "MIME-Version: 1.0"]).encode()
        + entity
    )


def lists() -> dict[str, bytes]:
    """Place -> message."""
    text, to = part("text/plain", "7bit", b"See you.\r\n"), f"To: {ORGANISER}"
    made = {f"field {name}": message(text, *([to] if name != "To" else []), f"{name}: {COMMAS}") for name in FIELDS}
    made["Subject"] = message(text, to).replace(b"Subject: News", f"Subject: {COMMAS}".encode())
    made["From"] = message(text, to).replace(f"<{ORGANISER}>".encode(), f"<{ORGANISER}>, {COMMAS}".encode(), 1)
    for name, lines in PROPERTIES.items():
        for coding in ("8bit", "base64"):
            made[f"calendar {name}, {coding}"] = message(part("text/calendar", coding, event(lines)), to)
    for name, (kind, body) in TEXTS.items():
        for coding in ("8bit",) if kind.startswith("message/") else ("8bit", "base64", "quoted-printable"):
            made[f"part {name}, {coding}"] = message(
                multipart("mixed", "b", text, part(kind, coding, body.encode())), to
            )
    for name, field in PART_FIELDS.items():
        made[f"part field {name}"] = message(
            multipart("mixed", "b", text, part("application/pdf", "base64", b"%PDF-1.4\n\x01", field)), to
        )
    whole = multipart("mixed", "b", text)
    made["before the first part"] = message(whole.replace(b"--b\r\n", f"{COMMAS}\r\n--b\r\n".encode(), 1), to)
    made["behind the last part"] = message(whole + f"{COMMAS}\r\n".encode(), to)
    return made


def event(lines: str) -> bytes:
    head = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//x//EN",
        "METHOD:REQUEST",
        "BEGIN:VEVENT",
        "DTSTAMP:20260312T090000Z",
    ]
    head += [*(() if lines.startswith("UID") else ("UID:1",)), "DTSTART:20260319T180000Z"]
    head += [] if "ORGANIZER" in lines else [f"ORGANIZER:mailto:{ORGANISER}"]
    head += ["ATTENDEE:mailto:nurse@elmroad.example", *lines.rstrip().split("\r\n"), "END:VEVENT", "END:VCALENDAR"]
    return encoded(head)
