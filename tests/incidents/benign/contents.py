# ruff: noqa: E501
"""What letters carry: attached messages and cards, documents, signatures, protected headers, ciphertext, odd charsets."""

from __future__ import annotations

from collections.abc import Iterator

from .model import (
    FILES,
    INSIDE,
    JO,
    PHOTO,
    Benign,
    Person,
    addresses,
    attached,
    colleagues,
    entity,
    multipart,
    people,
    wrapped,
)

DATE = "Date: Thu, 12 Mar 2026 09:00:00 +0000"
DRAWING = b"<svg xmlns='http://www.w3.org/2000/svg'><text>Elm Road</text></svg>"
SIGNATURE = (FILES / "signature.asc").read_text()


def contents() -> Iterator[Benign]:
    for maker in (_attached, _protected, _documents, _spelled, _visible, _held):
        yield from maker()


def letter(
    dimension: str, structure: str, to: list[Person], body: str | bytes, *fields: str, cc: list[Person] | None = None
) -> Benign:
    copied = cc or []
    head = [f"From: {JO.written}", "To: " + ",\n ".join(each.written for each in to)]
    head += ["Cc: " + ",\n ".join(each.written for each in copied)] if copied else []
    head += [
        f"Subject: {structure.capitalize()}",
        DATE,
        f"Message-ID: <c.{len(structure)}@{INSIDE}>",
        *fields,
        "MIME-Version: 1.0",
    ]
    return Benign(dimension, structure, wrapped(head, body), addresses(to, copied), JO.address)


def _attached() -> Iterator[Benign]:
    anna, ben, *others = people(9, 2)
    text = entity("text/plain; charset=utf-8", "See attached.\n\nJo")
    inner = (
        f"From: {anna.written}\nTo: {JO.written}\nCc: {', '.join(each.written for each in others[:4])}\nSubject: Room\n"
    )
    inner += "Date: Wed, 11 Mar 2026 09:00:00 +0000\nMessage-ID: <i1@x.example>\nReceived: from a by b; Wed, 11 Mar 2026 09:00:00 +0000\n\nHi\n"
    card = "BEGIN:VCARD\nVERSION:{}\nFN:Jo Marsh\nN:Marsh;Jo;;;\nORG:Elm Road Surgery\nEMAIL;TYPE=work:jo.marsh@elmroad.example\nTEL:+44\nEND:VCARD\n"
    team = "".join(
        f"BEGIN:VCARD\nVERSION:3.0\nFN:{each.name}\nEMAIL:{each.address}\nEND:VCARD\n" for each in others[:5]
    )
    parts = {
        "message/rfc822": entity("message/rfc822", inner),
        "an .eml file": entity("message/rfc822; name=Room.eml", inner, "7bit", "Content-Disposition: attachment"),
        "an .eml file of no type": attached("application/octet-stream", "Room.eml", inner.encode()),
        "an .eml of Apple Mail": entity(
            "message/rfc822", inner, "", "Content-Disposition: attachment; filename=Room.eml"
        ),
        "own card, 2.1": attached("text/x-vcard", "jo.vcf", card.format("2.1").encode()),
        "own card, 3.0": entity(
            'text/x-vcard; charset=utf-8; name="jo.vcf"', card.format("3.0"), "", "Content-Disposition: inline"
        ),
        "own card, 4.0": attached("text/vcard", "jo.vcf", card.format("4.0").encode()),
        "cards of a small team": attached("text/vcard", "team.vcf", team.encode()),
        "a CSV of five contacts": attached(
            "text/csv", "team.csv", "".join(f"{e.name},{e.address}\r\n" for e in others[:5]).encode()
        ),
        "a saved page": attached(
            "text/html", "page.html", b"<html><body><p>Write to info@council.example</p></body></html>"
        ),
        "a text file": attached(
            "text/plain", "notes.txt", b"Agenda\n1. Rooms\n2. Money (ask ben.brook@council.example)\n"
        ),
    }
    for name, part in parts.items():
        yield letter("attachment", name, [anna, ben], multipart("mixed", "at1", text, part))
    deep = inner
    for level in range(4):
        deep = f"From: {(ben, anna)[level % 2].written}\nTo: {JO.written}\nSubject: Fwd\n" + multipart(
            "mixed", f"l{level}", text, entity("message/rfc822", deep)
        )
    yield letter(
        "attachment", "sent on five times", [anna], multipart("mixed", "at2", text, entity("message/rfc822", deep))
    )


def _protected() -> Iterator[Benign]:
    anna, ben = people(2)
    plain = entity("text/plain; charset=utf-8", "Hello\n\nJo", "quoted-printable")
    repeated = f"text/plain; charset=utf-8; {{}}\nFrom: {JO.written}\nTo: {anna.written}\nSubject: Hello\n"
    pgp = entity(
        "application/pgp-signature; name=signature.asc", SIGNATURE, "", "Content-Description: OpenPGP digital signature"
    )
    smime = attached("application/pkcs7-signature", "smime.p7s", (FILES / "smime.p7s").read_bytes())
    key = (FILES / "key.asc").read_text()
    cipher = entity(
        "application/octet-stream; name=encrypted.asc",
        (FILES / "encrypted.asc").read_text(),
    )
    signed = {
        "PGP signed": multipart("signed", "s1", plain, pgp, parameters=' micalg=pgp-sha512; protocol="application/pgp-signature";'),
        "PGP signed with a key": multipart("signed", "s2", multipart("mixed", "s3", plain, entity("application/pgp-keys; name=0xAB.asc", key)), pgp, parameters=' protocol="application/pgp-signature";'),
        "S/MIME signed": multipart("signed", "s4", plain, smime, parameters=' protocol="application/pkcs7-signature"; micalg=sha-256;', preamble="This is an S/MIME signed message\n\n"),
        "protected headers, drafts": multipart("signed", "s5", entity(repeated.format('protected-headers="v1"').rstrip(), "Hello"), pgp, parameters=' protocol="application/pgp-signature";'),
        "protected headers, RFC 9788": multipart("signed", "s6", entity(repeated.format('hp="clear"').rstrip(), "Hello"), smime, parameters=' protocol="application/pkcs7-signature";'),
        "PGP in the text": entity("text/plain; charset=utf-8", "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nHello\n" + SIGNATURE),
        "PGP encrypted": multipart("encrypted", "e1", entity("application/pgp-encrypted", "Version: 1\n"), cipher, parameters=' protocol="application/pgp-encrypted";'),
        "PGP encrypted in the text": entity("text/plain", (FILES / "encrypted.asc").read_text()),
    }  # fmt: skip
    for name, body in signed.items():
        yield letter("signature", name, [anna], body)
        yield letter(
            "signature",
            name,
            [anna, ben],
            body,
            "Autocrypt: addr=jo.marsh@elmroad.example; prefer-encrypt=mutual; keydata=xsBN",
        )


def _documents() -> Iterator[Benign]:
    to = people(2, 9)
    text = entity("text/plain; charset=utf-8", "As discussed.\n\nJo", "8bit")
    office = "application/vnd.openxmlformats-officedocument."
    for name, kind, file in (
        ("form.pdf", "application/pdf", "letter.pdf"),
        ("scan.tiff", "image/tiff", "fax.tif"),
        ("photo.HEIC", "image/heic", "photo.heic"),
        ("letter.docx", f"{office}wordprocessingml.document", "letter.docx"),
        ("rota.xlsx", f"{office}spreadsheetml.sheet", "rota.xlsx"),
        ("talk.pptx", f"{office}presentationml.presentation", "talk.pptx"),
        ("old.doc", "application/msword", "letter.doc"),
        ("plan.odt", "application/vnd.oasis.opendocument.text", "letter.odt"),
        ("all.zip", "application/x-zip-compressed", "all.zip"),
        ("drawing.svg", "image/svg+xml", ""),
    ):
        octets = (FILES / file).read_bytes() if file else DRAWING
        yield letter("document", name, to, multipart("mixed", "do1", text, attached(kind, name, octets)))
    several = [attached("image/jpeg", f"IMG_{n}.JPG", PHOTO) for n in range(8)]
    yield letter("document", "eight pictures", to, multipart("mixed", "do2", text, *several))


def _spelled() -> Iterator[Benign]:
    anna = people(1)
    for name, body, fields in (
        ("no MIME at all", "\nHello,\n\nsee you.\n", ()),
        ("text in ISO-2022-JP", b"Content-Type: text/plain; charset=ISO-2022-JP\n\n\x1b$B$3$s$K$A$O\x1b(B\n", ()),
        ("text in windows-1252", b"Content-Type: text/plain; charset=windows-1252\nContent-Transfer-Encoding: 8bit\n\nGr\xfc\xdfe, \x8020\n", ()),
        ("text in UTF-16", entity("text/plain; charset=utf-16", "Hello".encode("utf-16"), "base64"), ()),
        ("text that flows", entity("text/plain; charset=utf-8; format=flowed; delsp=yes", "A long line that \nflows on.", "8bit"), ()),
        ("a page alone", entity("text/html; charset=utf-8", "<p>Hello &ndash; Jo</p>", "quoted-printable"), ()),
        ("text, page and watch", multipart("alternative", "w1", *(entity(kind, "Hello") for kind in ("text/plain", "text/watch-html", "text/html"))), ()),
        ("a page for AMP", multipart("alternative", "w2", *(entity(kind, "Hello") for kind in ("text/plain", "text/x-amp-html", "text/html"))), ()),
        ("an epilogue", multipart("mixed", "w3", entity("text/plain", "Hello")) + "\nSent by x\n", ()),
        ("a receipt is asked for", entity("text/plain", "Hello"), (f"Disposition-Notification-To: {JO.written}", f"Return-Receipt-To: <{JO.address}>")),
        ("sent again", entity("text/plain", "Hello"), ("Resent-From: dev.frost@elmroad.example", f"Resent-To: {anna[0].address}", f"Resent-Date: {DATE[6:]}")),
        ("an answer to elsewhere", entity("text/plain", "Hello"), (f"Reply-To: Desk <desk@{INSIDE}>",)),
        ("on behalf of", entity("text/plain", "Hello"), ("Sender: Dev Frost <dev.frost@elmroad.example>",)),
        ("tracked by a mailer", entity("text/html", '<img src="https://t.example/o?m=anna.adler%40council.example">'), ("X-Mailgun-Variables: {}", "X-SMTPAPI: {}")),
        ("filtered on its way", entity("text/plain", "Hello"), ("X-Spam-Status: No, score=-1.0\n\ttests=ALL_TRUSTED", f"Received: from pc by mx.{INSIDE} for <{anna[0].address}>; {DATE[6:]}")),
    ):  # fmt: skip
        yield letter("spelling", name, anna, body, *fields)
    accented = wrapped(
        [
            "From: Jo Mársh <jo.marsh@elmroad.example>",
            f"To: Zoë Ådler <{anna[0].address}>",
            "Subject: Grüße",
            DATE,
            "MIME-Version: 1.0",
        ],
        entity("text/plain; charset=utf-8", "Grüße", "8bit"),
    )
    yield Benign("spelling", "a header in UTF-8", accented, (anna[0].address,), JO.address)


def _visible() -> Iterator[Benign]:
    """People who work with each other see each other: up to nine outside, few of them at consumer providers."""
    work = ("council.example", "hospital.example", "charity.example", "school.example", "housing.example")
    plain = entity("text/plain; charset=utf-8", "Minutes attached.\n\nJo")
    for size in (3, 4, 5, 6, 7, 8, 9):
        group = people(size, size, work)
        yield letter("visible people", f"{size} in To", group, plain)
        yield letter("visible people", f"{size} in Cc", group[:1], plain, cc=[*group[1:], *colleagues(3)])
    family = people(4, 0, ("freemail.example", "webmail.example"))
    yield letter("visible people", "a family of four", family, plain)
    yield letter("visible people", "staff and one outside", [*colleagues(18)], plain, cc=people(1))
    yield letter("visible people", "the whole staff", colleagues(90), plain)
    signatures = "\n".join(f"--\n{each.name}\n{each.address}\n" for each in people(6, 3))
    yield letter("visible people", "signatures of six", people(2), entity("text/plain", f"Yes.\n\n{signatures}"))


def _held() -> Iterator[Benign]:
    """What a person would have meant well and the policy holds; docs/places.md says why for each."""
    work = ("council.example", "hospital.example", "charity.example", "school.example", "housing.example")
    plain = entity("text/plain; charset=utf-8", "The agenda of our network.\n\nJo")
    yield letter("held", "a network of eleven in Cc", people(1, 0, work), plain, cc=people(10, 1, work))
    tnef = attached("application/ms-tnef", "winmail.dat", b"\x78\x9f\x3e\x22" + bytes(80))
    inner = b"From: ben.brook@council.example\nTo: jo.marsh@elmroad.example\nSubject: Room\n\nHi\n"
    eml = attached("message/rfc822", "Room.eml", inner)
    yield letter("held", "a message in base64", people(1), multipart("mixed", "h2", plain, eml))
    yield letter("held", "rich text of Outlook", people(1), multipart("mixed", "h1", plain, tnef))
