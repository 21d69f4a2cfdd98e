"""How mail programs write an ordinary letter: the order and form of fields, the tree of parts, and how they quote."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .model import PDF, PNG, Person, attached, entity, multipart, page, wrapped


@dataclass(frozen=True, slots=True)
class Letter:
    """What somebody writes. quoted: the message that is answered or sent on, as (author, to, cc, text)."""

    author: Person
    to: Sequence[Person]
    cc: Sequence[Person] = ()
    subject: str = "Thursday"
    text: str = "Hello,\n\nsee you on Thursday.\n\nJo"
    quoted: tuple[Person, Sequence[Person], Sequence[Person], str] | None = None
    forward: bool = False
    file: tuple[str, str, bytes] | None = None
    picture: bool = False


def _names(listed: Sequence[Person], separator: str = ", ") -> str:
    return separator.join(each.written for each in listed)


def _folded(name: str, listed: Sequence[Person]) -> list[str]:
    return [f"{name}: " + ",\n\t".join(each.written for each in listed)] if listed else []


def _subject(letter: Letter, answer: str = "Re: ", forward: str = "Fwd: ") -> str:
    return f"Subject: {(forward if letter.forward else answer) if letter.quoted else ''}{letter.subject}"


def _block(letter: Letter, names: Sequence[str], rule: str, separator: str = "; ") -> str:
    """The header of the quoted message as Outlook and its like write it."""
    if letter.quoted is None:
        return letter.text
    author, to, cc, text = letter.quoted
    values = (author.written, "11 March 2026 16:02", _names(to, separator), _names(cc, separator), letter.subject)
    lines = [f"{name}: {value}" for name, value in zip(names, values, strict=True) if value]
    return "\n".join([letter.text, "", rule, *lines, "", text])


def _marked(letter: Letter, attribution: str) -> str:
    """Quoted with `>` under a line that says who wrote, or as a forwarded message."""
    if letter.quoted is None:
        return letter.text
    if letter.forward:
        return _block(letter, ("From", "Date", "To", "Cc", "Subject"), "---------- Forwarded message ---------", ", ")
    author, _, _, text = letter.quoted
    lines = "\n".join(f"> {line}".rstrip() for line in text.split("\n"))
    return f"{letter.text}\n\n{attribution.format(author.written)}\n\n{lines}"


def _bodies(letter: Letter, plain: str, kind: str, encoding: str, head: str = "") -> str:
    """An alternative, with a picture in the page and a file beside it where there are some."""
    picture = '<img src="cid:image001.png@01DA73B1.4C0E5D20" width="120">' if letter.picture else ""
    html = entity(f"text/html; charset={kind}", page(plain, head).replace("</body>", f"{picture}</body>"), encoding)
    if letter.picture:
        image = entity("image/png; name=image001.png", PNG, "base64", "Content-ID: <image001.png@01DA73B1.4C0E5D20>")
        html = multipart("related", "_rel_01", html, image)
    body = multipart("alternative", "_alt_01", entity(f"text/plain; charset={kind}", plain, encoding), html)
    return multipart("mixed", "_mix_01", body, attached(*letter.file)) if letter.file else body


def _ids(letter: Letter, host: str) -> list[str]:
    made = [f"Message-ID: <a1b2c3.{len(letter.text)}@{host}>"]
    if letter.quoted and not letter.forward:
        made += [
            "In-Reply-To: <f0e1d2@mail.council.example>",
            "References: <aa11@x.example> <f0e1d2@mail.council.example>",
        ]
    return made


def outlook(letter: Letter) -> bytes:
    """Outlook for Windows over Exchange: From first, semicolons in the quoted block, a page that Word wrote."""
    plain = _block(letter, ("From", "Sent", "To", "Cc", "Subject"), "_" * 32)
    fields = [f"From: {letter.author.written}", *_folded("To", letter.to), *_folded("CC", letter.cc)]
    fields += [_subject(letter, "RE: ", "FW: "), "Thread-Topic: Thursday", "Thread-Index: Adp1c2V4ZXJjaXNlMDAwMQ=="]
    fields += ["Date: Thu, 12 Mar 2026 09:00:00 +0000", *_ids(letter, "AM0PR01MB1234.eurprd01.prod.exchange.example")]
    fields += ["Accept-Language: en-GB, en-US", "Content-Language: en-GB", "X-MS-Has-Attach:", "X-MS-TNEF-Correlator:"]
    fields += ["x-ms-exchange-messagesentrepresentingtype: 1", "MIME-Version: 1.0"]
    return wrapped(fields, _bodies(letter, plain, '"utf-8"', "base64", "<style>p.MsoNormal {margin:0cm}</style>"))


def outlook_german(letter: Letter) -> bytes:
    plain = _block(letter, ("Von", "Gesendet", "An", "Cc", "Betreff"), "")
    fields = [f'From: "{letter.author.name}" <{letter.author.address}>', *_folded("To", letter.to)]
    fields += [*_folded("Cc", letter.cc), _subject(letter, "AW: ", "WG: "), "Date: Thu, 12 Mar 2026 10:00:00 +0100"]
    fields += [*_ids(letter, "elmroad.example"), "MIME-Version: 1.0", "X-Mailer: Microsoft Outlook 16.0"]
    return wrapped(fields, _bodies(letter, f"{plain}\nGrüße", '"utf-8"', "quoted-printable"))


def exchange_online(letter: Letter) -> bytes:
    """The web form: Cc after To in capitals, ARC and authentication fields of its own tenant."""
    fields = ["ARC-Seal: i=1; a=rsa-sha256; s=arcselector1; d=exchange.example; cv=none; b=abc="]
    fields += [
        "ARC-Authentication-Results: i=1; mx.exchange.example 1; spf=pass smtp.mailfrom=elmroad.example; dkim=pass"
    ]
    fields += ["Authentication-Results: dkim=none (message not signed) header.d=none;dmarc=none action=none;"]
    plain = _block(letter, ("From", "Sent", "To", "Cc", "Subject"), "________________________________")
    fields += [f"From: {letter.author.written}", *_folded("To", letter.to), *_folded("CC", letter.cc)]
    fields += [
        _subject(letter, "Re: ", "Fw: "),
        "Date: Thu, 12 Mar 2026 09:00:00 +0000",
        *_ids(letter, "exchange.example"),
    ]
    fields += ["X-MS-PublicTrafficType: Email", "X-MS-Exchange-SenderADCheck: 1", "MIME-Version: 1.0"]
    return wrapped(fields, _bodies(letter, plain, '"us-ascii"', "quoted-printable", '<meta name="Generator">'))


def gmail(letter: Letter) -> bytes:
    plain = _marked(letter, "On Wed, 11 Mar 2026 at 16:02, {} wrote:")
    fields = ["MIME-Version: 1.0", *_ids(letter, "mail.gmail.example"), f"From: {letter.author.written}"]
    fields += ["Date: Thu, 12 Mar 2026 09:00:00 +0000", _subject(letter), f"To: {_names(letter.to)}"]
    fields += [f"Cc: {_names(letter.cc)}"] if letter.cc else []
    return wrapped(fields, _bodies(letter, plain, '"UTF-8"', "quoted-printable"))


def apple_mail(letter: Letter) -> bytes:
    plain = _marked(letter, "On 11 Mar 2026, at 16:02, {} wrote:")
    fields = [f"From: {letter.author.written}", "Mime-Version: 1.0 (Mac OS X Mail 16.0 \\(3774.500.171.1.1\\))"]
    fields += [_subject(letter), "Date: Thu, 12 Mar 2026 09:00:00 +0000", *_folded("Cc", letter.cc)]
    fields += [*_folded("To", letter.to), *_ids(letter, "elmroad.example"), "X-Mailer: Apple Mail (2.3774.500.171.1.1)"]
    return wrapped(fields, _bodies(letter, plain, "utf-8", "quoted-printable"))


def iphone(letter: Letter) -> bytes:
    plain = _marked(letter, "> On 11 Mar 2026, at 16:02, {} wrote:") + "\n\nSent from my iPhone"
    fields = [f"From: {letter.author.written}", "Mime-Version: 1.0 (1.0)", *_folded("To", letter.to)]
    fields += [*_folded("Cc", letter.cc), _subject(letter), *_ids(letter, "elmroad.example")]
    fields += ["Date: Thu, 12 Mar 2026 09:00:00 +0000", "X-Mailer: iPhone Mail (21E236)"]
    body = entity("text/plain;\n\tcharset=utf-8", plain, "quoted-printable")
    return wrapped(fields, multipart("mixed", "Apple-Mail-1", body, attached(*letter.file)) if letter.file else body)


def thunderbird(letter: Letter) -> bytes:
    plain = _marked(letter, "On 11/03/2026 16:02, {} wrote:")
    fields = [*_ids(letter, "elmroad.example"), "Date: Thu, 12 Mar 2026 09:00:00 +0000", "MIME-Version: 1.0"]
    fields += [
        "User-Agent: Mozilla Thunderbird",
        _subject(letter),
        *_folded("To", letter.to),
        *_folded("Cc", letter.cc),
    ]
    fields += ["Content-Language: en-GB", f"From: {letter.author.written}", "Organization: Elm Road Surgery"]
    fields += ["Autocrypt: addr=jo.marsh@elmroad.example; keydata=xsBNBGABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"]
    body = entity("text/plain; charset=UTF-8; format=flowed", f"{plain}\n\n– \nJo", "8bit")
    return wrapped(fields, multipart("mixed", "------------b1", body, attached(*letter.file)) if letter.file else body)


def roundcube(letter: Letter) -> bytes:
    plain = _marked(letter, "On 2026-03-11 16:02, {} wrote:")
    fields = ["MIME-Version: 1.0", "Date: Thu, 12 Mar 2026 09:00:00 +0000", f"From: {letter.author.written}"]
    fields += [f"To: {_names(letter.to)}", *([f"Cc: {_names(letter.cc)}"] if letter.cc else []), _subject(letter)]
    fields += ["User-Agent: Roundcube Webmail/1.6.6", *_ids(letter, "elmroad.example")]
    fields += [f"X-Sender: {letter.author.address}"]
    body = entity("text/plain; charset=UTF-8;\n format=flowed", plain, "8bit")
    return wrapped(fields, multipart("mixed", "=_b1", body, attached(*letter.file)) if letter.file else body)


def zimbra(letter: Letter) -> bytes:
    plain = _block(letter, ("From", "Sent", "To", "Cc", "Subject"), "----- Original Message -----", ", ")
    fields = [
        "Date: Thu, 12 Mar 2026 09:00:00 +0000 (GMT)",
        f"From: {letter.author.written}",
        f"To: {_names(letter.to, ', ')}",
    ]
    fields += [
        *([f"Cc: {_names(letter.cc)}"] if letter.cc else []),
        *_ids(letter, "zimbra.elmroad.example"),
        _subject(letter),
    ]
    fields += ["MIME-Version: 1.0", "X-Originating-IP: [192.0.2.7]", "X-Mailer: Zimbra 9.0.0_GA (ZimbraWebClient)"]
    return wrapped(fields, _bodies(letter, plain, "utf-8", "quoted-printable"))


def samsung(letter: Letter) -> bytes:
    """A phone: pages alone, an original message in a div."""
    plain = _block(letter, ("From", "Date", "To", "Cc", "Subject"), "-------- Original message --------", ", ")
    fields = ["Date: Thu, 12 Mar 2026 09:00:00 +0000", _subject(letter), *_ids(letter, "email.android.example")]
    fields += [
        "Importance: normal",
        f"From: {letter.author.written}",
        *_folded("To", letter.to),
        *_folded("Cc", letter.cc),
    ]
    body = entity("text/html; charset=utf-8", page(plain), "base64")
    body = multipart("mixed", "--_com.android_", body, attached(*letter.file)) if letter.file else body
    return wrapped([*fields, "MIME-Version: 1.0"], body)


def french_webmail(letter: Letter) -> bytes:
    plain = _block(letter, ("De", "Envoyé", "À", "Cc", "Objet"), "", ", ")
    fields = [
        "MIME-Version: 1.0",
        f"From: =?UTF-8?Q?{letter.author.name.replace(' ', '_')}?= <{letter.author.address}>",
    ]
    fields += [f"To: {_names(letter.to)}", *([f"Cc: {_names(letter.cc)}"] if letter.cc else [])]
    fields += [
        "Subject: =?UTF-8?Q?R=C3=A9union?=",
        "Date: Thu, 12 Mar 2026 10:00:00 +0100",
        *_ids(letter, "webmail.example"),
    ]
    return wrapped(fields, _bodies(letter, plain, "utf-8", "8bit"))


def notes(letter: Letter) -> bytes:
    """HCL Notes: a table of who was addressed above what is answered."""
    plain = _block(letter, ("From", "Date", "To", "Cc", "Subject"), "", ", ")
    fields = [*_folded("To", letter.to), *_folded("Cc", letter.cc), "MIME-Version: 1.0", _subject(letter)]
    fields += [
        "X-KeepSent: 12345678:9ABCDEF0-80258D5A:0031",
        "X-Mailer: HCL Notes Release 12.0.2",
        *_ids(letter, "LocalDomain"),
    ]
    fields += [f"From: {letter.author.written}", "Date: Thu, 12 Mar 2026 09:00:00 +0000"]
    return wrapped(fields, _bodies(letter, plain, "US-ASCII", "base64"))


def mutt(letter: Letter) -> bytes:
    fields = ["Date: Thu, 12 Mar 2026 09:00:00 +0000", f"From: {letter.author.written}", *_folded("To", letter.to)]
    fields += [*_folded("Cc", letter.cc), _subject(letter), *_ids(letter, "elmroad.example"), "MIME-Version: 1.0"]
    body = entity("text/plain; charset=us-ascii", _marked(letter, "On Wed, Mar 11, 2026 at 04:02:00PM, {} wrote:"))
    return wrapped(
        [*fields, "Content-Disposition: inline", "User-Agent: Mutt/2.2.12"],
        multipart("mixed", "W/nzBZO5zC0uMSeA", body, attached(*letter.file)) if letter.file else body,
    )


PROGRAMS: dict[str, Callable[[Letter], bytes]] = {
    "Outlook": outlook,
    "Outlook in German": outlook_german,
    "Exchange on the web": exchange_online,
    "Gmail": gmail,
    "Apple Mail": apple_mail,
    "iPhone": iphone,
    "Thunderbird": thunderbird,
    "Roundcube": roundcube,
    "Zimbra": zimbra,
    "an Android phone": samsung,
    "a French webmail": french_webmail,
    "Notes": notes,
    "Mutt": mutt,
}
FORM = ("application/pdf", "form.pdf", PDF)
