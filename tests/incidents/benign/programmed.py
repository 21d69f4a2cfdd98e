# ruff: noqa: E501
"""Mail that programs send: newsletters by Bcc, mailing lists, tickets, practice systems, invoices, reports, receipts."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator

from .model import FAX, INSIDE, PDF, VOICE, ZIP, Benign, Person, attached, entity, multipart, page, people, wrapped

DATE = "Date: Thu, 12 Mar 2026 09:00:00 +0000"


def programmed() -> Iterator[Benign]:
    yield from _newsletters()
    yield from _lists()
    yield from _merged()
    yield from _reports()
    yield from _machines()


def _head(sender: str, to: str, subject: str, *fields: str) -> list[str]:
    return [
        f"From: {sender}",
        *([f"To: {to}"] if to else []),
        f"Subject: {subject}",
        DATE,
        *fields,
        "MIME-Version: 1.0",
    ]


def _both(text: str, encoding: str = "quoted-printable") -> str:
    parts = (
        entity(f"{kind}; charset=utf-8", body, encoding)
        for kind, body in (("text/plain", text), ("text/html", page(text)))
    )
    return multipart("alternative", "np1", *parts)


def _newsletters() -> Iterator[Benign]:
    """Everybody is in the envelope alone; the header shows nobody, the sender, or the address of a list."""
    text = f"March at Elm Road\n\nOur new opening times …\n\nWrite to news@{INSIDE}. Leave the list: https://elmroad.example/leave"
    readers = tuple(each.address for each in people(60, 0, ("patients.example", "freemail.example", "webmail.example")))
    for number, (name, to) in enumerate(
        {
            "no To at all": "",
            "undisclosed recipients": "undisclosed-recipients:;",
            "Outlook's undisclosed": '"Undisclosed recipients:" <>',
            "to the sender": f"Elm Road <news@{INSIDE}>",
            "to the address of a list": f"Elm Road News <news@lists.{INSIDE}>",
            "an empty group with a name": "Friends of Elm Road:;",
        }.items()
    ):
        fields = [f"Message-ID: <n{number}@{INSIDE}>", "Precedence: bulk", f"List-Unsubscribe: <mailto:leave@{INSIDE}>"]
        if "<>" in to:
            to = '"Undisclosed recipients:":;'
        raw = wrapped(_head(f"Elm Road <news@{INSIDE}>", to, "March", *fields), _both(text))
        yield Benign("newsletter by Bcc", name, raw, readers, f"news@{INSIDE}")


def _lists() -> Iterator[Benign]:
    """What a list manager inside sends to its subscribers, one transaction for many."""
    subscribers = tuple(each.address for each in people(30, 7))
    author = people(1, 3)[0]
    footer = f"\n_______________________________________________\nCarers mailing list -- carers@lists.{INSIDE}\n"
    footer += f"To unsubscribe send an email to carers-leave@lists.{INSIDE}"
    common = [
        "Message-ID: <m1@charity.example>", "In-Reply-To: <m0@school.example>", "Precedence: list",
        f"List-Id: Carers <carers.lists.{INSIDE}>", f"List-Post: <mailto:carers@lists.{INSIDE}>",
        f"List-Help: <mailto:carers-request@lists.{INSIDE}?subject=help>",
        f"List-Unsubscribe: <mailto:carers-leave@lists.{INSIDE}>", f"List-Owner: <mailto:carers-owner@lists.{INSIDE}>",
        f"Errors-To: carers-bounces@lists.{INSIDE}", f"Sender: carers-bounces@lists.{INSIDE}",
    ]  # fmt: skip
    forms = {
        "Mailman, From kept": (author.written, [f"X-BeenThere: carers@lists.{INSIDE}", "X-Mailman-Version: 3.3.9"]),
        "Mailman, From rewritten": (
            f"{author.name} via Carers <carers@lists.{INSIDE}>",
            [
                f"Reply-To: {author.written}",
                f"X-MailFrom: {author.address}",
                "X-Mailman-Rule-Hits: nonmember-moderation",
            ],
        ),
        "Sympa": (
            author.written,
            [f"X-Loop: carers@lists.{INSIDE}", "X-Sequence: 412", "X-Validation-by: dev@elmroad.example"],
        ),
        "a group of the office suite": (
            f"'{author.name}' via Carers <carers@{INSIDE}>",
            [
                f"X-Original-Sender: {author.address}",
                f"X-Original-Authentication-Results: mx.example; spf=pass smtp.mailfrom={author.address}",
            ],
        ),
    }
    for name, (sender, fields) in forms.items():
        body = entity("text/plain; charset=utf-8; format=flowed", "I agree with Ben.\n" + footer, "8bit")
        raw = wrapped(_head(sender, f"Carers <carers@lists.{INSIDE}>", "[carers] Thursday", *common, *fields), body)
        yield Benign("mailing list", name, raw, subscribers, f"carers-bounces@lists.{INSIDE}")
    digest = [
        f"\nMessage: {n}\nDate: Thu, 12 Mar 2026 08:0{n}:00 +0000\nFrom: {each.written}\nSubject: Re: Thursday\n\nYes."
        for n, each in enumerate(people(6, 11))
    ]
    body = multipart(
        "mixed", "dg1", entity("text/plain; charset=utf-8", "Today's Topics:\n\n   1. Thursday"),
        multipart("digest", "dg2", *digest), entity("text/plain", footer),
    )  # fmt: skip
    raw = wrapped(
        _head(f"carers-request@lists.{INSIDE}", f"carers@lists.{INSIDE}", "Carers Digest, Vol 3", *common), body
    )
    yield Benign("mailing list", "a digest", raw, subscribers, f"carers-bounces@lists.{INSIDE}")


MERGED = {
    "appointment reminder": "Dear {name},\n\nyour appointment is on 19 March at 10.20.\nTo cancel call 01632 960001.",
    "lab result, without the result": "Dear {name},\n\nyour result has arrived. Please sign in to see it.",
    "referral letter to a hospital": "Dear colleague,\n\nplease see the attached referral of our patient.",
    "repeat prescription": "Dear {name},\n\nyour prescription was sent to pharmacy@pharmacy.example.",
    "invoice": "Dear {name},\n\ninvoice 1001 is attached. Questions: accounts@elmroad.example",
    "payslip": "Dear {name},\n\nyour payslip for March is attached.",
    "parking permit": "Dear {name},\n\nyour permit is valid from 1 April.\nparking@council.example",
    "survey": "Dear {name},\n\nhow did we do? https://t.example/s?e={address}&c=7",
    "welcome with a password link": "Hello {name},\n\nuse https://portal.example/start?u={address} within a day.",
    "order confirmation": "Order 4711\n\nDeliver to: {name}\nContact: {address}\nSeller: orders@supplier.example",
    "web form, a copy for the visitor": "You wrote:\n\nName: {name}\nEmail: {address}\nMessage: please call me",
    "ticket, answered": "##- Please type your reply above this line -##\n\nJo (Elm Road)\nIt works again.\n\n{name}\nIt is broken.",
    "ticket, followed by others": "Ticket 88 was updated.\nRequester: {name} <{address}>\nCc: ben.brook@council.example, it@council.example",
    "shared document": "Jo Marsh (jo.marsh@elmroad.example) shared a document with {address}.",
    "calendar of a clinic": "Dear {name},\n\nclinics in April: 2, 9, 16, 23, 30.",
    "bank details changed": "Dear {name},\n\nwe shall never send you new bank details by e-mail.",
}


def _merged() -> Iterator[Benign]:
    """One message for each person, as practice, ticket, billing and survey systems send them."""
    for number, (name, text) in enumerate(MERGED.items()):
        for turn, person in enumerate(people(3, number * 3)):
            written = text.format(name=person.name, address=person.address)
            body = _both(written, ("quoted-printable", "base64", "8bit")[turn])
            extra = _file_of(name, person, f"{number}.{turn}")
            body = multipart("mixed", "mm1", body, attached(*extra)) if extra else body
            fields = [
                f"Message-ID: <{number}.{turn}@app.{INSIDE}>",
                "Auto-Submitted: auto-generated",
                f"X-Job: {number}-{turn}",
            ]
            fields += [f"Feedback-ID: {number}:elmroad:mail", f"Reply-To: Elm Road <office@{INSIDE}>"]
            to = (person.written, person.address, f'"{person.name}" <{person.address}>')[turn]
            raw = wrapped(_head(f"Elm Road <noreply@app.{INSIDE}>", to, name.capitalize(), *fields), body)
            path = f"bounces+{number}-{person.address.replace('@', '=')}@app.{INSIDE}"
            yield Benign("system", name, raw, (person.address,), path)


def _file_of(name: str, person: Person, number: str) -> tuple[str, str, bytes] | None:
    """Each gets a file of their own: the same one to all would be another story."""
    if name == "payslip":
        slip = io.BytesIO()
        with zipfile.ZipFile(slip, "w") as archive:
            archive.writestr(zipfile.ZipInfo("payslip.txt"), f"{person.name}: 1,900.00")
        return "application/zip", "payslip.zip", slip.getvalue()
    named = {"referral": "referral.pdf", "invoice": "1001.pdf"}.get(name.split()[0])
    return ("application/pdf", named, PDF + f"% {number}\n".encode()) if named else None


def _reports() -> Iterator[Benign]:
    """What mail servers and mail programs report; the null path, or that of a postmaster."""
    author = people(1, 5)[0]
    original = (
        f"From: {author.written}\nTo: gone@{INSIDE}, jo.marsh@{INSIDE}\nSubject: Hello\nMessage-ID: <h1@x.example>\n"
    )
    original += "Received: from a by b; Thu, 12 Mar 2026 08:00:00 +0000\n"
    status = f"Reporting-MTA: dns; mx.{INSIDE}\n\nFinal-Recipient: rfc822; gone@{INSIDE}\nAction: {{}}\nStatus: {{}}\n"
    seen = f"Reporting-UA: {INSIDE}; Mail\nFinal-Recipient: rfc822;jo.marsh@{INSIDE}\nOriginal-Message-ID: <h1@x.example>\n"
    feedback = f"Feedback-Type: abuse\nVersion: 1\nUser-Agent: x\nOriginal-Rcpt-To: jo.marsh@{INSIDE}\n"
    reports = {
        "not delivered, with the header": ("delivery-status", status.format("failed", "5.1.1"), "text/rfc822-headers", original),
        "not delivered, with the message": ("delivery-status", status.format("failed", "5.2.2"), "message/rfc822", original + "\nHi"),
        "delayed": ("delivery-status", status.format("delayed", "4.4.1"), "text/rfc822-headers", original),
        "delivered": ("delivery-status", status.format("delivered", "2.0.0"), "text/rfc822-headers", original),
        "read": ("disposition-notification", seen + "Disposition: manual-action/MDN-sent-manually; displayed\n", "", ""),
        "deleted unread": ("disposition-notification", seen + "Disposition: automatic-action/MDN-sent-automatically; deleted\n", "", ""),
        "a complaint": ("feedback-report", feedback, "message/rfc822", original + "\nHi"),
    }  # fmt: skip
    for name, (kind, machine, copied, rest) in reports.items():
        parts = [entity("text/plain; charset=us-ascii", "This is a report."), entity(f"message/{kind}", machine)]
        parts += [entity(copied, rest)] if copied else []
        body = multipart("report", "rp1", *parts, parameters=f" report-type={kind};")
        head = _head(
            f"Mail Delivery System <MAILER-DAEMON@mx.{INSIDE}>", author.address, name, "Auto-Submitted: auto-replied"
        )
        yield Benign("report", name, wrapped([*head, f"Message-ID: <r@{INSIDE}>"], body), (author.address,), "")
    away = entity(
        "text/plain; charset=utf-8", f"I am away. Please ask dev.frost@{INSIDE} or grace.hale@supplier.example."
    )
    for name, fields in {
        "out of office": ["Auto-Submitted: auto-replied"],
        "vacation of Exchange": ["X-Auto-Response-Suppress: All"],
    }.items():
        head = _head(f"Jo Marsh <jo.marsh@{INSIDE}>", author.address, "Automatic reply: Hello", *fields)
        yield Benign("report", name, wrapped([*head, f"Message-ID: <v@{INSIDE}>"], away), (author.address,), "")


def _machines() -> Iterator[Benign]:
    """Scanners, back-ups, monitoring, source control, fax gateways, telephones."""
    to = people(2, 20, ("supplier.example",))
    log = "\n".join(f"09:00:{n:02} from=<bot@{INSIDE}> to=<it@supplier.example> status=sent" for n in range(40))
    commit = f"commit 9f8e7d\nAuthor: Dev Frost <dev.frost@{INSIDE}>\n\n    Fix\n\n--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n-a\n+b\n"
    machines = {
        "scan to mail": multipart("mixed", "sc1", entity("text/plain", ""), attached("application/pdf", "SKM_C250.pdf", PDF)),
        "fax gateway": multipart("mixed", "fx1", entity("text/plain", "1 page"), attached("image/tiff", "fax.tif", FAX)),
        "voice message": multipart("mixed", "vm1", entity("text/plain", "0:12"), attached("audio/x-wav", "msg0001.wav", VOICE)),
        "monitoring": entity("text/plain; charset=utf-8", "[OK] disk on db1 is 41 % full"),
        "cron": entity("text/plain; charset=US-ASCII", log),
        "source control": entity("text/plain; charset=utf-8", commit, "8bit"),
        "figures as CSV": multipart("mixed", "cs1", entity("text/plain", "Figures"), attached("text/csv", "visits.csv", b"month,visits\r\n1,31\r\n")),
        "backup log as a file": multipart("mixed", "lg1", entity("text/plain", "Log"), attached("application/octet-stream", "backup.log", log.encode())),
        "data for a supplier": multipart("mixed", "zp1", entity("text/plain", "Data"), attached("application/zip", "export.zip", ZIP)),
    }  # fmt: skip
    for name, body in machines.items():
        head = _head(
            f"device@{INSIDE}", ", ".join(each.address for each in to), name, f"Message-ID: <d.{len(name)}@device>"
        )
        yield Benign("machine", name, wrapped(head, body), tuple(each.address for each in to), f"device@{INSIDE}")
