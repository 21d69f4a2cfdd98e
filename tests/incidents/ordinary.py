"""Ordinary mail of many makes, invented, on example domains: all of it must pass the default policy untouched."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FILES = Path(__file__).resolve().parents[1] / "fixtures" / "ordinary"
LETTER, WORKBOOK = (base64.encodebytes((FILES / name).read_bytes()).decode() for name in ("letter.pdf", "rota.xlsx"))
SIGNATURE = (FILES / "signature.asc").read_text()
INSIDE = "elmroad.example"
JO = f"jo@{INSIDE}"


@dataclass(frozen=True, slots=True)
class Ordinary:
    id: str
    raw: bytes
    reverse_path: str
    recipients: tuple[str, ...]


PLAIN = ("MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8")


LINES = "Hello,\n\nabout {}: see you on Thursday.\n\nJo"
"""Each says something of its own: the same text to other people is a batch."""


def messages() -> list[Ordinary]:
    """All of them."""
    return [*_people(), *_lists(), *_automatic(), *_structures(), *_spellings()]


def mail(
    name: str,
    *fields: str,
    to: str | tuple[str, ...] = ("anna@council.example",),
    body: str | None = None,
    reverse_path: str = JO,
    sender: str = f"Jo Marsh <{JO}>",
    kind: tuple[str, ...] = PLAIN,
) -> Ordinary:
    """to: the envelope's recipients; what the header shows stands in `fields`."""
    head = [
        f"From: {sender}",
        *fields,
        "Date: Thu, 12 Mar 2026 09:00:00 +0000",
        f"Message-ID: <{name}@{INSIDE}>",
        *kind,
    ]
    text = "\n".join([*head, "", body or LINES.format(name.replace("-", " "))]) + "\n"
    recipients = (to,) if isinstance(to, str) else to
    return Ordinary(name, text.replace("\n", "\r\n").encode("utf-8"), reverse_path, recipients)


def _people() -> Iterator[Ordinary]:
    anna, ben, chloe, dev = "anna@council.example", "ben@council.example", "chloe@hospital.example", f"dev@{INSIDE}"
    yield mail("one-to-one", f"To: Anna Cole <{anna}>", "Subject: Thursday", to=anna)
    yield mail(
        "reply-five-people-three-organisations",
        f"To: Anna Cole <{anna}>, Ben Dunn <{ben}>",
        f"Cc: Chloe Eko <{chloe}>, Dev Frost <{dev}>",
        "Subject: Re: Room for Thursday",
        f"In-Reply-To: <a1@{INSIDE}>",
        f"References: <a0@council.example> <a1@{INSIDE}>",
        to=(anna, ben, chloe, dev),
        body="Fine with me.\n\nOn 11 Mar 2026 at 16:02, Anna Cole wrote:\n> Shall we meet at ten?",
    )
    nine = tuple(f"member{number}@parish.example" for number in range(9))
    yield mail("nine-in-cc", f"To: {anna}", f"Cc: {', '.join(nine[:8])}", "Subject: Minutes", to=(anna, *nine[:8]))
    yield mail(
        "bcc-list",
        "To: undisclosed-recipients:;",
        "Subject: News",
        to=tuple(f"p{n}@patients.example" for n in range(150)),
    )
    yield mail("empty-to-group-quoted", 'To: "Undisclosed recipients":;', "Subject: News", to=nine)
    yield mail("to-self-bcc-list", f"To: {JO}", "Subject: News", to=(JO, *nine))
    yield mail("no-to-field", "Subject: News", to=nine)
    yield mail(
        "four-private-people",
        "To: a@freemail.example, b@freemail.example, c@webmail.example,\n d@webmail.example",
        "Subject: Choir",
    )
    yield mail(
        "same-person-many-times",
        f"To: {', '.join([anna] * 30)}",
        f"Cc: ANNA@Council.Example, <{anna}>",
        "Subject: Hello",
    )
    yield mail("on-behalf-of", f"Sender: dev@{INSIDE}", f"To: {anna}", "Subject: For Jo", reverse_path=dev)
    yield mail("read-receipt", f"To: {anna}", f"Disposition-Notification-To: {JO}", "Subject: Please confirm")
    yield mail("reply-to", f"Reply-To: desk@{INSIDE}", f"To: {anna}", "Subject: Ticket")


def _lists() -> Iterator[Ordinary]:
    staff = tuple(f"staff{number}@{INSIDE}" for number in range(400))
    yield mail("all-staff", "To: " + ",\n ".join(staff), "Subject: Fire drill", to=staff)
    yield mail(
        "all-staff-subdomain",
        "To: " + ",\n ".join(f"s{n}@site{n % 5}.{INSIDE}" for n in range(60)),
        "Subject: Rota",
        to=tuple(f"s{n}@site{n % 5}.{INSIDE}" for n in range(60)),
    )
    yield mail(
        "twenty-staff-and-one-outsider", "To: " + ", ".join(staff[:20]), "Cc: anna@council.example", "Subject: Visit"
    )
    yield mail(
        "newsletter-to-list-address",
        "To: Elm Road News <news@lists.elmroad.example>",
        "Subject: March news",
        "List-Id: Elm Road News <news.lists.elmroad.example>",
        "List-Unsubscribe: <mailto:leave@lists.elmroad.example>, <https://lists.elmroad.example/leave>",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        "Precedence: bulk",
        to=tuple(f"reader{number}@patients.example" for number in range(300)),
        reverse_path="news-bounces@lists.elmroad.example",
    )
    yield mail(
        "verp-sender",
        "To: anna@council.example",
        "Subject: Your appointment",
        reverse_path=f"bounces+83412-anna=council.example@{INSIDE}",
    )
    yield mail(
        "verp-with-other-domain", "To: anna@council.example", "Subject: Survey", reverse_path="b-7f3a@mailer.example"
    )
    yield mail(
        "discussion-list",
        "To: gp-talk@lists.example",
        "Subject: [gp-talk] Vaccines",
        "List-Post: <mailto:gp-talk@lists.example>",
        to="gp-talk@lists.example",
    )


def _automatic() -> Iterator[Ordinary]:
    boundary = "=_dsn_1"
    yield mail(
        "dsn",
        f"To: <{JO}>",
        "Subject: Undelivered Mail Returned to Sender",
        "Auto-Submitted: auto-replied",
        to="anna@council.example",
        sender=f"Mail Delivery System <MAILER-DAEMON@{INSIDE}>",
        reverse_path="",
        kind=(
            "MIME-Version: 1.0",
            f'Content-Type: multipart/report; report-type=delivery-status;\n boundary="{boundary}"',
        ),
        body=f"--{boundary}\nContent-Type: text/plain; charset=us-ascii\n\nYour message could not be delivered.\n\n"
        f"--{boundary}\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.{INSIDE}\n\n"
        "Final-Recipient: rfc822; nobody@council.example\nAction: failed\nStatus: 5.1.1\n\n"
        f"--{boundary}\nContent-Type: text/rfc822-headers\n\nSubject: Hello\n"
        f"To: nobody@council.example\n\n--{boundary}--",
    )
    yield mail(
        "out-of-office",
        "To: anna@council.example",
        "Subject: Automatic reply: Thursday",
        "Auto-Submitted: auto-replied",
        "X-Auto-Response-Suppress: All",
        reverse_path="",
    )
    yield mail(
        "monitoring",
        "To: ops@council.example",
        "Subject: [OK] disk",
        "Auto-Submitted: auto-generated",
        sender=f"root <root@{INSIDE}>",
        reverse_path=f"root@{INSIDE}",
    )
    yield mail(
        "scan-to-mail",
        "To: anna@council.example",
        "Subject: Scan",
        "X-Mailer: Copier 9",
        sender=f"copier@{INSIDE}",
        reverse_path=f"copier@{INSIDE}",
    )
    yield mail(
        "read-notification",
        "To: anna@council.example",
        "Subject: Read: Thursday",
        kind=(
            "MIME-Version: 1.0",
            'Content-Type: multipart/report; report-type=disposition-notification; boundary="m1"',
        ),
        body="--m1\nContent-Type: text/plain\n\nRead.\n--m1\n"
        "Content-Type: message/disposition-notification\n\n"
        "Final-Recipient: rfc822;jo@elmroad.example\n"
        "Disposition: manual-action/MDN-sent-manually; displayed\n\n--m1--",
    )


def _structures() -> Iterator[Ordinary]:
    to = "To: anna@council.example"
    html = "<html><body><p>Hello</p></body></html>"
    yield mail(
        "html-only",
        to,
        "Subject: Hello",
        kind=("MIME-Version: 1.0", "Content-Type: text/html; charset=utf-8"),
        body=html,
    )
    yield mail(
        "quoted-printable",
        to,
        "Subject: Hello",
        kind=(
            "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: quoted-printable",
        ),
        body="Gr=C3=BC=C3=9Fe =\nfrom here",
    )
    yield mail(
        "base64-text",
        to,
        "Subject: Hello",
        kind=("MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: base64"),
        body="SGVsbG8gZnJvbSBoZXJlCg==",
    )
    yield mail(
        "alternative",
        to,
        "Subject: Hello",
        kind=_multipart("alternative", "a1"),
        body=_parts("a1", ("text/plain", "Hello"), ("text/html", html)),
    )
    yield mail(
        "mixed-alternative-pdf",
        to,
        "Subject: Form",
        kind=_multipart("mixed", "m1"),
        body="This is a multi-part message in MIME format.\n"
        + _parts(
            "m1", ('multipart/alternative; boundary="a2"', _parts("a2", ("text/plain", "Hello"), ("text/html", html)))
        ).removesuffix("--m1--")
        + '--m1\nContent-Type: application/pdf; name="form.pdf"\nContent-Transfer-Encoding: base64\n'
        'Content-Disposition: attachment; filename="form.pdf"\n\n' + LETTER + "--m1--",
    )
    yield mail(
        "related-inline-picture",
        to,
        "Subject: Logo",
        kind=_multipart("related", "r1"),
        body=_parts("r1", ("text/html", '<img src="cid:logo@elmroad.example">')).removesuffix("--r1--")
        + "--r1\nContent-Type: image/png; name=logo.png\nContent-ID: <logo@elmroad.example>\n"
        "Content-Disposition: inline; filename=logo.png\nContent-Transfer-Encoding: base64\n\niVBORw0KGgo=\n--r1--",
    )
    yield mail(
        "attachment-rfc2231-name",
        to,
        "Subject: Form",
        kind=_multipart("mixed", "m2"),
        body=_parts("m2", ("text/plain", "Hello")).removesuffix("--m2--")
        + "--m2\nContent-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n"
        "Content-Disposition: attachment; filename*=UTF-8''%C3%9Cbersicht.pdf\n\n" + LETTER + "--m2--",
    )
    yield mail(
        "signed-pgp",
        to,
        "Subject: Signed",
        kind=(
            "MIME-Version: 1.0",
            'Content-Type: multipart/signed; micalg=pgp-sha256; protocol="application/pgp-signature"; boundary="s1"',
        ),
        body="--s1\nContent-Type: text/plain\n\nHello\n\n--s1\n"
        "Content-Type: application/pgp-signature; name=signature.asc\n\n" + SIGNATURE + "\n--s1--",
    )
    yield mail(
        "forwarded-as-attachment",
        to,
        "Subject: Fwd: Hello",
        kind=_multipart("mixed", "f1"),
        body=_parts(
            "f1",
            ("text/plain", "See below"),
            (
                "message/rfc822",
                "From: anna@council.example\nTo: jo@elmroad.example\nSubject: Hello\nMIME-Version: 1.0\n"
                "Content-Type: text/plain\n\nHello",
            ),
        ),
    )
    yield mail(
        "forwarded-inline",
        to,
        "Subject: Fwd: Hello",
        body="-------- Forwarded message --------\nFrom: Ben <ben@council.example>\n"
        "To: jo@elmroad.example, dev@elmroad.example\nSubject: Hello\n\nHello all",
    )
    yield mail(
        "invitation-to-one",
        to,
        "Subject: Invitation",
        kind=("MIME-Version: 1.0", "Content-Type: text/calendar; method=REQUEST; charset=utf-8"),
        body="BEGIN:VCALENDAR\nVERSION:2.0\nMETHOD:REQUEST\nBEGIN:VEVENT\nUID:1@elmroad.example\n"
        "ORGANIZER:mailto:jo@elmroad.example\nATTENDEE:mailto:anna@council.example\nEND:VEVENT\n"
        "END:VCALENDAR",
    )
    yield mail("delivered-without-mime", to, "Subject: Hello", kind=())
    yield mail("empty-body", to, "Subject: Hello", body="")
    yield mail(
        "long-body-line",
        to,
        "Subject: Hello",
        kind=("MIME-Version: 1.0", "Content-Type: text/html; charset=utf-8"),
        body=f"<p>{'word ' * 1000}</p>",
    )
    yield mail(
        "eight-bit-body",
        to,
        "Subject: Hello",
        kind=(*PLAIN, "Content-Transfer-Encoding: 8bit"),
        body="Grüße aus Köln, £5",
    )
    yield mail("body-with-dots-and-from", to, "Subject: Hello", body=".\n..\nFrom here on it is dotted.\n.")
    yield mail(
        "addresses-in-text", to, "Subject: Contacts", body="Write to ben@council.example or chloe@hospital.example."
    )
    yield mail(
        "spreadsheet",
        to,
        "Subject: Figures",
        kind=_multipart("mixed", "x1"),
        body=_parts("x1", ("text/plain", "Figures attached")).removesuffix("--x1--")
        + "--x1\nContent-Type: application/vnd.openxmlformats-officedocument.spreadsheetml.sheet;\n"
        '\tname="figures.xlsx"\nContent-Description: figures.xlsx\n'
        'Content-Disposition: attachment; filename="figures.xlsx"; size=4;\n'
        '\tcreation-date="Thu, 12 Mar 2026 09:00:00 GMT"\nContent-Transfer-Encoding: base64\n\n' + WORKBOOK + "--x1--",
    )


def _spellings() -> Iterator[Ordinary]:
    yield mail("quoted-display-name-with-comma", 'To: "Cole, Anna (Housing)" <anna@council.example>', "Subject: Hello")
    yield mail("display-name-is-address", 'To: "anna@council.example" <anna@council.example>', "Subject: Hello")
    yield mail(
        "outlook-quotes",
        "To: 'Anna Cole' <anna@council.example>",
        "Subject: Hello",
        "Thread-Topic: Hello",
        "X-MS-Has-Attach:",
        "Accept-Language: en-GB",
    )
    yield mail(
        "encoded-display-name",
        "To: =?utf-8?B?QW5uYSBLw7ZsZQ==?= <anna@council.example>",
        "Subject: =?iso-8859-1?Q?Gr=FC=DFe?=",
    )
    yield mail("comment-after-address", "To: anna@council.example (Anna Cole)", "Subject: Hello")
    yield mail("upper-case-names", "TO: anna@council.example", "SUBJECT: Hello", "cc: ben@council.example")
    yield mail(
        "folded-with-tab",
        "To: Anna Cole <anna@council.example>,\n\tBen Dunn <ben@council.example>",
        "Subject: A subject that is folded over\n two lines",
    )
    yield mail("no-space-after-colon", "To:anna@council.example", "Subject:Hello")
    yield mail("plus-and-dots", "To: anna.k.cole+housing@council.example", "Subject: Hello")
    yield mail(
        "idn-recipient",
        "To: info@b=C3=BCcher.example".replace("b=C3=BCcher", "xn--bcher-kva"),
        "Subject: Hello",
        to="info@xn--bcher-kva.example",
    )
    yield mail("trailing-space-subject", "To: anna@council.example", "Subject: Hello  ")
    yield mail(
        "dkim-signed",
        "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=elmroad.example; s=k1;\n"
        "\th=from:to:subject:date; bh=abc=; b=def=",
        "To: anna@council.example",
        "Subject: Hello",
    )
    yield mail(
        "received-trace",
        "Received: from pc (pc.elmroad.example [192.0.2.7])\n"
        "\tby mx.elmroad.example with ESMTPSA id 1 for <anna@council.example>;\n"
        "\tThu, 12 Mar 2026 09:00:00 +0000",
        "To: anna@council.example",
        "Subject: Hello",
    )
    yield mail(
        "priority-fields",
        "To: anna@council.example",
        "Subject: Hello",
        "X-Priority: 1",
        "Importance: high",
        "User-Agent: Invented 1.0",
    )


def _multipart(kind: str, boundary: str) -> tuple[str, ...]:
    return ("MIME-Version: 1.0", f'Content-Type: multipart/{kind}; boundary="{boundary}"')


def _parts(boundary: str, *parts: tuple[str, str]) -> str:
    return "".join(f"--{boundary}\nContent-Type: {kind}\n\n{body}\n\n" for kind, body in parts) + f"--{boundary}--"
