"""Ordinary mail in which many addresses are written, invented, on example domains: all of it must pass.

Made by structure: threads between the same few people as mail programs quote them, in several languages and formats;
newsletters, signatures, list footers, invoices, directories, tickets, reports, forwards and bounces as attachments.
"""

from __future__ import annotations

import base64
import quopri
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SIGNATURE = (Path(__file__).resolve().parents[1] / "fixtures" / "ordinary" / "signature.asc").read_text()
INSIDE = "elmroad.example"
JO = f"jo@{INSIDE}"
CRLF = "\r\n"
FIRST = "Anna Ben Chloe Dev Ewa Femi Grace Hari".split()  # noqa: SIM905
ORGANISATIONS = ("council.example", "hospital.example", "charity.example")


@dataclass(frozen=True, slots=True)
class Written:
    """structure: what kind of mail it is, for the table of the corpus."""

    id: str
    structure: str
    raw: bytes
    recipients: tuple[str, ...]
    reverse_path: str = JO


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    address: str

    @property
    def written(self) -> str:
        return f"{self.name} <{self.address}>"


def people(count: int) -> list[Person]:
    return [
        Person(f"{FIRST[n % 8]} Cole", f"{FIRST[n % 8].lower()}{n // 8 or ''}@{ORGANISATIONS[n % 3]}")
        for n in range(count)
    ]


HEADERS = {
    "en": ("From", "Sent", "To", "Cc", "Subject"),
    "de": ("Von", "Gesendet", "An", "Cc", "Betreff"),
    "fr": ("De", "Envoyé", "À", "Cc", "Objet"),
    "cy": ("Oddi wrth", "Anfonwyd", "At", "Copi", "Pwnc"),
    "es": ("De", "Enviado", "Para", "CC", "Asunto"),
    "it": ("Da", "Inviato", "A", "Cc", "Oggetto"),
    "pl": ("Od", "Wysłano", "Do", "DW", "Temat"),
    "nl": ("Van", "Verzonden", "Aan", "CC", "Onderwerp"),
    "pt": ("De", "Enviada em", "Para", "Cc", "Assunto"),
}
FORMATS = ("text", "html", "alternative", "quoted-printable", "base64")


def conversations() -> list[Written]:
    """All of them."""
    made = (_threads(), _gmail_threads(), _dropped(), _singles(), _attached(), _returned(), _signed(), _inside())
    return [message for each in made for message in each]


def _mail(
    name: str, structure: str, to: list[Person] | tuple[str, ...], content: str, *, cc: tuple[str, ...] = (),
    subject: str = "Thursday", reverse_path: str = JO, sender: str = f"Jo Marsh <{JO}>", fields: tuple[str, ...] = (),
) -> Written:  # fmt: skip
    shown = [each.written if isinstance(each, Person) else each for each in to]
    addresses = [each.address if isinstance(each, Person) else each for each in to] + list(cc)
    head = [f"From: {sender}", "To: " + ", ".join(shown), *([f"Cc: {', '.join(cc)}"] if cc else []), *fields]
    head += [f"Subject: {subject}", "Date: Thu, 12 Mar 2026 09:00:00 +0000", f"Message-ID: <{name}@{INSIDE}>"]
    text = "\n".join([*head, "MIME-Version: 1.0", content])
    recipients = tuple(dict.fromkeys(addresses))
    return Written(name, structure, text.replace("\n", CRLF).encode(), recipients, reverse_path)


def _content(form: str, text: str) -> str:
    html = "<html><body>" + text.replace("<", "&lt;").replace(">", "&gt;").replace("\n", "<br>\n") + "</body></html>"
    if form == "text":
        return f"Content-Type: text/plain; charset=utf-8; format=flowed\nContent-Transfer-Encoding: 8bit\n\n{text}\n"
    if form == "html":
        return f"Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{html}\n"
    if form == "quoted-printable":
        encoded = quopri.encodestring(text.encode()).decode()
        return f"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n{encoded}\n"
    if form == "base64":
        encoded = base64.encodebytes(html.encode()).decode()
        return f"Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: base64\n\n{encoded}"
    return _parts("alternative", _content("text", text), _content("html", html))


def _parts(kind: str, *parts: str) -> str:
    boundary = f"=_{kind}"
    body = "".join(f"--{boundary}\n{part}\n" for part in parts)
    return f'Content-Type: multipart/{kind}; boundary="{boundary}"\n\n{body}--{boundary}--\n'


def _block(language: str, author: Person, to: list[Person], cc: list[Person]) -> str:
    names = HEADERS[language]
    values = (author.written, "12.03.2026 09:00", "; ".join(each.written for each in to))
    values += ("; ".join(each.written for each in cc), "Thursday")
    return "\n".join(f"{name}: {value}" for name, value in zip(names, values, strict=True) if value)


def _thread(language: str, group: list[Person], turns: int, mark: str) -> str:
    """The same people write in turn; each turn quotes all before it."""
    text = "Fine with me.\n\nJo Marsh\nElm Road Surgery\n" + f"{JO}\n"
    for turn in range(turns):
        author = group[turn % len(group)]
        others = [each for each in (*group, Person("Jo Marsh", JO)) if each is not author]
        before = mark * (turn + 1)
        quoted = f"{_block(language, author, others[:2], others[2:])}\n\nI would say {turn + 9} o'clock.\n{author.name}"
        text += "\n" + "\n".join(f"{before}{line}" for line in quoted.split("\n")) + "\n"
    return text


def _threads() -> Iterator[Written]:
    for number, language in enumerate(HEADERS):
        for form in FORMATS:
            group = people(2 + number % 7)
            text = _thread(language, group, turns=12, mark="> " if form in ("text", "quoted-printable") else "")
            yield _mail(
                f"thread-{language}-{form}", f"thread, {form}", group, _content(form, text), subject="Re: Thursday"
            )


def _gmail_threads() -> Iterator[Written]:
    for size in range(1, 9):
        group = people(size)
        lines = [f"On Thu, 12 Mar 2026 at 09:0{turn % 10}, {group[turn % size].written} wrote:" for turn in range(20)]
        text = "Yes.\n\n" + "\n".join(
            f"{'> ' * turn}{line}\n{'> ' * turn}> Shall we?" for turn, line in enumerate(lines)
        )
        yield _mail(f"attribution-{size}", "thread, attributions", group, _content("alternative", text))


def _dropped() -> Iterator[Written]:
    """Somebody answers only one of those who were addressed before."""
    for size in range(2, 9):
        group = people(size)
        text = _thread("en", group, turns=6, mark="> ")
        yield _mail(f"answer-to-one-{size}", "thread, fewer people", group[:1], _content("text", text))
    many = [Person(f"Member {n}", f"member{n}@parish.example") for n in range(30)]
    author = many[0]
    text = "Thank you.\n\n" + _block("en", author, many[1:15], many[15:])
    yield _mail("answer-to-the-author-of-a-long-list", "answer to an author", [author], _content("html", text))


def _singles() -> Iterator[Written]:
    to = people(1)
    footer = "_______________________________________________\nUsers mailing list\nusers@lists.example\n"
    footer += "To leave: users-leave@lists.example, help: users-request@lists.example\n"
    clinic = f"Reception: reception@{INSIDE}, Pharmacy: hello@pharmacy.example, Out of hours: desk@hospital.example"
    legal = "This message is confidential. If it is not for you tell postmaster@elmroad.example and info@dpo.example.\n"
    contacts = "\n".join(
        f"{name}: {name.lower()}@council.example" for name in ("Housing", "Benefits", "Parking", "Waste")
    )
    invoice = "Invoice 1001\nPay to: Elm Road\nQuestions: accounts@supplier.example or billing@elmroad.example\n" * 3
    identifiers = "\n ".join(f"<CAB{n}.{n * 7}@mail{n}.example>" for n in range(40))
    pictures = "".join(
        f'<img src="cid:image{n:03}.png@01DA73B1.{n:04X}ABCD"><img src="logo@{n}x.png">' for n in range(30)
    )
    links = "".join(f'<a href="https://t.example/c/{n}?u=anna%40council.example">more</a> ' for n in range(40))
    staff = "\n".join(f"Person {n}: p{n}@{INSIDE}" for n in range(60))
    handles = " ".join(f"@member{n} @member{n}@social.example" for n in range(50))
    packages = "\n".join(f"npm install pack{n}@1.{n}.0" for n in range(40))
    singles = {
        "newsletter": f"March news\n\nWrite to news@{INSIDE}.\n" + footer,
        "signatures": f"Regards\nJo\n{JO}\n\nAnna Cole\nanna@council.example | press@council.example\n{legal}" * 4,
        "list-footer": "Hello\n\n" + footer * 12,
        "directory": f"Useful contacts\n{contacts}\n{clinic}\n",
        "invoice": invoice,
        "useful-contacts": "\n".join(f"Organisation {n}: info@organisation{n}.example" for n in range(25)),
        "disclaimers": legal * 15,
        "staff-directory": staff,
        "source-of-a-message": f"Message-ID: <1@mail.example>\nReferences: {identifiers}\n\nHi",
        "handles": handles,
        "packages": packages,
        "cron": "\n".join(f"Mar 12 09:00:{n:02} db1 cron[1]: (root@localhost) CMD run" for n in range(60)),
        "web-form": "Name: Eve Dunn\nEmail: eve@freemail.example\nMessage: please call me\n",
        "minutes": "Present: Anna, Ben, Chloe\nApologies: Dev (dev@council.example)\nNext: Thursday @ 10.30\n",
        "one-to-one": "Can you forward this to ben@charity.example?",
        "job-advert": "Apply to jobs@council.example by Friday. Questions: hr@council.example",
        "consumer-contacts": "\n".join(f"{name.lower()}.cole@freemail.example" for name in FIRST[:4]),
    }
    for name, text in singles.items():
        for form in ("text", "html", "alternative"):
            yield _mail(f"{name}-{form}", name, to, _content(form, text))
    for name, html in {"pictures": pictures, "tracking-links": links}.items():
        source = f"<html><body><p>Hello</p>{html}</body></html>"
        yield _mail(name, name, to, f"Content-Type: text/html; charset=utf-8\n\n{source}\n")


def _attached() -> Iterator[Written]:
    for size in (1, 4, 8):
        group = people(size)
        inner = (
            f"From: {group[0].written}\nTo: {JO}\nCc: {', '.join(each.written for each in group)}\nSubject: Hi\n\nHello"
        )
        for form in ("message/rfc822", "eml"):
            kind = "message/rfc822" if form == "message/rfc822" else "application/octet-stream; name=Hi.eml"
            code = "" if form == "message/rfc822" else "Content-Transfer-Encoding: base64\n"
            body = inner if not code else base64.encodebytes(inner.encode()).decode()
            content = _parts("mixed", _content("text", "See attached."), f"Content-Type: {kind}\n{code}\n{body}")
            yield _mail(f"forwarded-{size}-{form}", "forward as attachment", people(1), content)
    digest = "".join(
        f"--=_digest\n\nFrom: reader{n}@lists.example\nTo: users@lists.example\nSubject: {n}\n\nHello\n"
        for n in range(9)
    )
    body = f'Content-Type: multipart/digest; boundary="=_digest"\n\n{digest}--=_digest--\n'
    yield _mail("digest", "digest", ("users@lists.example",), body)
    card = "BEGIN:VCARD\nVERSION:3.0\nFN:{0}\nEMAIL:{1}\nEND:VCARD\n"
    for count in (1, 5):
        cards = "".join(card.format(each.name, each.address) for each in people(count))
        content = _parts("mixed", _content("text", "My card"), f"Content-Type: text/vcard; name=card.vcf\n\n{cards}")
        yield _mail(f"cards-{count}", "vCard", people(1), content)
    figures = "Month,Visits\n" + "\n".join(f"{n},{n * 31}" for n in range(1, 300))
    table = _parts("mixed", _content("text", "Figures"), f"Content-Type: text/csv; name=figures.csv\n\n{figures}")
    yield _mail("figures", "CSV", people(1), table)
    log = "\n".join(f"09:00:{n:02} from=<bot@{INSIDE}> to=<anna@council.example> status=sent" for n in range(60))
    yield _mail(
        "log",
        "log",
        people(1),
        _parts("mixed", _content("text", "Log"), f"Content-Type: text/x-log; name=a.log\n\n{log}"),
    )


def _returned() -> Iterator[Written]:
    author = Person("Anna Cole", "anna@council.example")
    listed = ", ".join(f"member{n}@parish.example" for n in range(20))
    for kind, rest in (("message/rfc822", "\n\nHello"), ("text/rfc822-headers", "")):
        report = "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.elmroad.example\n\n"
        report += f"Final-Recipient: rfc822; gone@{INSIDE}\nAction: failed\nStatus: 5.1.1\n"
        original = f"Content-Type: {kind}\n\nFrom: {author.written}\nTo: gone@{INSIDE}\nCc: {listed}\nSubject: Hi{rest}"
        content = _parts("report", _content("text", "It could not be delivered."), report, original)
        yield _mail(
            f"bounce-{kind.replace('/', '-')}", "bounce", [author], content, reverse_path="",
            sender=f"Mail Delivery System <MAILER-DAEMON@{INSIDE}>",
        )  # fmt: skip


def _signed() -> Iterator[Written]:
    group = people(3)
    repeated = "".join(
        f"{name}: {value}\n" for name, value in (("From", JO), ("To", ", ".join(e.address for e in group)))
    )
    entity = f'Content-Type: text/plain; charset=utf-8; protected-headers="v1"\n{repeated}\nHello'
    signature = f"Content-Type: application/pgp-signature; name=signature.asc\n\n{SIGNATURE}"
    yield _mail("protected-headers", "signed", group, _parts("signed", entity, signature))
    armour = "-----BEGIN PGP MESSAGE-----\n\nhQ==\n-----END PGP MESSAGE-----"
    yield _mail("pgp-inline", "encrypted", group, _content("text", armour))


def _inside() -> Iterator[Written]:
    """Staff may write to each other about as many people outside as they have to."""
    patients = "\n".join(f"Patient {n}: p{n}@patients.example" for n in range(40))
    yield _mail("list-among-staff", "inside", (f"dev@{INSIDE}",), _content("text", patients))
    thread = _thread("en", [Person(f"Member {n}", f"m{n}@parish.example") for n in range(20)], 20, "> ")
    yield _mail("chain-among-staff", "inside", (f"dev@{INSIDE}", f"eve@{INSIDE}"), _content("html", thread))
