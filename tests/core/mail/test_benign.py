# ruff: noqa: E501
"""Ordinary mail as real programs write it (invented people): nothing here may hold, and everybody is counted."""

from __future__ import annotations

import pytest

from mailguard.core.mail.parse import parse

DATE = "Date: Mon, 2 Mar 2026 09:00:00 +0000"


def lines(*parts: str) -> str:
    return "\n".join(parts)


TEXT = lines("MIME-Version: 1.0", "Content-Type: text/plain; charset=UTF-8")

HEADERS: dict[str, tuple[str, set[str]]] = {
    "outlook-list": (
        lines(
            'From: "Lee, Ann" <ann.lee@elmroad.example>',
            "To: \"'bob@o.example'\" <bob@o.example>, \"Ray, Cy (IT)\" <cy.ray@p.example>,",
            '\t"Team Inbox" <team@elmroad.example>',
            "CC: Dee Dow <dee@o.example>",
            "Subject: RE: Rota",
            "Thread-Topic: Rota",
            "Thread-Index: AdmUoGx/abc==",
            "X-MS-Has-Attach:",
            "X-MS-TNEF-Correlator:",
            "MIME-Version: 1.0",
            'Content-Type: text/plain; charset="us-ascii"',
            "Content-Transfer-Encoding: 7bit",
        ),
        {"bob@o.example", "cy.ray@p.example", "team@elmroad.example", "dee@o.example"},
    ),
    "gmail-reply": (
        lines(
            "MIME-Version: 1.0",
            "References: <CAB1@mail.o.example>",
            "From: Bob Ray <bob@o.example>",
            "To: Ann Lee <ann@in.example>, cy@p.example",
            "Cc: =?UTF-8?Q?J=C3=B6rg_M=C3=BCller?= <joerg@p.example>",
            'Content-Type: text/plain; charset="UTF-8"',
        ),
        {"ann@in.example", "cy@p.example", "joerg@p.example"},
    ),
    "thunderbird": (
        lines(
            "Message-ID: <1c0-f@in.example>",
            "User-Agent: Mozilla Thunderbird",
            "Content-Language: en-GB",
            "To: bob@o.example, =?UTF-8?B?w4RubmEgw5ZobQ==?= <anna@o.example>",
            "From: Ann <ann@in.example>",
            "Content-Type: text/plain; charset=UTF-8; format=flowed",
            "Content-Transfer-Encoding: 8bit",
        ),
        {"bob@o.example", "anna@o.example"},
    ),
    "exchange-encoded-comma": (
        lines(
            "From: =?iso-8859-1?Q?M=FCller=2C_Hans?= <h@in.example>",
            "To: =?iso-8859-1?Q?J=E4ger=2C_Eva_=28Praxis=29?= <eva@o.example>,",
            " =?iso-8859-1?Q?K=F6nig=2C_?=",
            "\t=?iso-8859-1?Q?Max?= <max@o.example>",
            TEXT,
        ),
        {"eva@o.example", "max@o.example"},
    ),
    "exchange-encoded-same-address": (
        lines("From: a@in.example", "To: =?utf-8?B?Ym9iQG8uZXhhbXBsZQ==?= <bob@o.example>", TEXT),
        {"bob@o.example"},
    ),
    "apple-mail": (
        lines(
            "From: Ann <ann@in.example>",
            "Content-Type: text/plain;",
            "\tcharset=us-ascii",
            "Content-Transfer-Encoding: quoted-printable",
            "Mime-Version: 1.0 (Mac OS X Mail 16.0 \\(3731.700.6\\))",
            "Subject: Hi",
            "To: Bob <bob@o.example>",
            "X-Mailer: Apple Mail (2.3731.700.6)",
        ),
        {"bob@o.example"},
    ),
    "php-mail": (
        lines(
            "To: bob@o.example",
            "Subject: Your order",
            "X-PHP-Originating-Script: 33:order.php",
            "From: Shop <shop@in.example>",
            "Content-type: text/html; charset=utf-8",
        ),
        {"bob@o.example"},
    ),
    "php-raw-utf8": (
        lines("To: Jörg Müller <joerg@o.example>", "Subject: Grüße", "From: Büro <b@in.example>", TEXT),
        {"joerg@o.example"},
    ),
    "phpmailer": (
        lines(
            "Date: Mon, 2 Mar 2026 09:00:00 +0000",
            "To: Bob Ray <bob@o.example>",
            "From: Shop <shop@in.example>",
            "Reply-To: Info <info@in.example>",
            "X-Mailer: PHPMailer 6.9.1 (https://github.com/PHPMailer/PHPMailer)",
            "MIME-Version: 1.0",
            "Content-Type: text/html; charset=iso-8859-1",
        ),
        {"bob@o.example"},
    ),
    "php-semicolon-at-the-end": (lines("To: bob@o.example;", "From: a@in.example"), {"bob@o.example"}),
    "php-comma-at-the-end": (lines("To: bob@o.example, cy@o.example, ", "From: a@in.example"), {"bob@o.example", "cy@o.example"}),
    "php-two-commas": (lines("To: bob@o.example,, cy@o.example", "From: a@in.example"), {"bob@o.example", "cy@o.example"}),
    "empty-cc": (lines("To: bob@o.example", "Cc:", "From: a@in.example"), {"bob@o.example"}),
    "space-cc": (lines("To: bob@o.example", "Cc: ", "Bcc: ", "From: a@in.example"), {"bob@o.example"}),
    "undisclosed": (lines("From: a@in.example", "To: undisclosed-recipients:;", TEXT), set()),
    "undisclosed-capital": (lines("From: a@in.example", "To: Undisclosed recipients: ;", TEXT), set()),
    "unlisted": (lines("From: a@in.example", "To: unlisted-recipients:; (no To-header on input)", TEXT), set()),
    "no-to-at-all": (lines("From: a@in.example", "Subject: Only in the envelope", TEXT), set()),
    "rfc-group": (lines("From: a@in.example", "To: Board: b@o.example, Cy <c@o.example>;", TEXT), {"b@o.example", "c@o.example"}),
    "old-style-comment": (lines("From: a@in.example (Ann Lee)", "To: bob@o.example (Bob Ray), c@o.example (Cy)"), {"bob@o.example", "c@o.example"}),
    "comment-after-bracket": (lines("From: a@in.example", 'To: "Bob" <bob@o.example> (Sales), c@o.example'), {"bob@o.example", "c@o.example"}),
    "unquoted-dot": (lines("From: Dr. A. Lee <a@in.example>", "To: John Q. Public <john@o.example>"), {"john@o.example"}),
    "unquoted-comma": (lines("From: a@in.example", "To: Public, John <john@o.example>"), {"john@o.example"}),
    "unquoted-brackets": (lines("From: a@in.example", "To: [EXT] John Public <john@o.example>"), {"john@o.example"}),
    "unquoted-same-address": (lines("From: a@in.example", "To: john@o.example <john@o.example>"), {"john@o.example"}),
    "quoted-same-address": (lines("From: a@in.example", 'To: "john@o.example" <John@o.example>'), {"john@o.example"}),
    "apostrophes": (lines("From: a@in.example", "To: Sean O'Brien <sean.o'brien@o.example>, o'neil@o.example"), {"sean.o'brien@o.example", "o'neil@o.example"}),
    "plus-and-verp": (
        lines("From: a@in.example", "To: bob+news@o.example, bounce-12=x=p.example@lists.o.example"),
        {"bob+news@o.example", "bounce-12=x=p.example@lists.o.example"},
    ),
    "no-space-after-encoded-word": (lines("From: a@in.example", "To: =?utf-8?Q?J=C3=B6rg?=<j@o.example>"), {"j@o.example"}),
    "comma-in-encoded-word": (lines("From: a@in.example", "To: =?utf-8?Q?Doe,_Jane?= <j@o.example>, b@o.example"), {"j@o.example", "b@o.example"}),
    "space-in-encoded-word": (lines("From: a@in.example", "To: =?utf-8?Q?Jane Doe?= <j@o.example>"), {"j@o.example"}),
    "encoded-word-in-quotes": (lines("From: a@in.example", 'To: "=?utf-8?Q?J=C3=B6rg?=" <j@o.example>'), {"j@o.example"}),
    "unknown-charset": (lines("From: a@in.example", "To: =?x-unknown?Q?J=F6rg?= <j@o.example>", "Subject: =?ks_c_5601-1987?B?vsg=?="), {"j@o.example"}),
    "japanese": (lines("From: a@in.example", "To: =?ISO-2022-JP?B?GyRCOzNFRBsoQg==?= <yamada@o.example>"), {"yamada@o.example"}),
    "docomo-dots": (lines("From: a@in.example", "To: john..doe.@o.example"), {"john..doe.@o.example"}),
    "folded-oddly": (lines("From: a@in.example", "To:", " b@o.example,", "\tc@o.example", "Subject:", " folded at once"), {"b@o.example", "c@o.example"}),
    "folded-in-name": (lines("From: a@in.example", "To: A very long", " name <b@o.example>, \"Another", " one\" <c@o.example>"), {"b@o.example", "c@o.example"}),
    "international": (lines("From: a@in.example", "To: Jörg <jörg@bücher.example>"), {"jörg@xn--bcher-kva.example"}),
    "upper-case-names": (lines("FROM: A@IN.EXAMPLE", "TO: B@O.EXAMPLE", "SUBJECT: SCANNER", "MIME-VERSION: 1.0", "CONTENT-TYPE: TEXT/PLAIN"), {"b@o.example"}),
    "localhost-cron": (lines("From: root (Cron Daemon)", "To: root@localhost", "Subject: Cron <root@db1> /usr/bin/backup", "X-Cron-Env: <SHELL=/bin/sh>"), {"root@localhost"}),
    "delivery-status": (
        lines("From: Mail Delivery System <MAILER-DAEMON@in.example>", "To: ann@in.example", "Auto-Submitted: auto-replied"),
        {"ann@in.example"},
    ),
    "list-mail": (
        lines(
            "Received: from x.o.example (x.o.example [192.0.2.1])\n\tby lists.o.example (Postfix) with ESMTPS id ABC\n\tfor <list@o.example>; Mon, 2 Mar 2026 09:00:00 +0000 (GMT)",
            "Delivered-To: mailing list users@o.example",
            "From: Ann via Users <users@o.example>",
            "To: users@o.example",
            "List-Unsubscribe: <mailto:leave@o.example>, <https://o.example/u?x=1>",
            "List-Id: Users <users.o.example>",
        ),
        {"users@o.example"},
    ),
    "resent": (
        lines(
            "Resent-From: c@in.example", "Resent-To: d@o.example", "Resent-To: e@o.example", "Resent-Date: x",
            "From: a@in.example", "To: b@o.example",
        ),
        {"b@o.example", "d@o.example", "e@o.example"},
    ),
    "long-unfolded-list": (
        "From: a@in.example\nTo: " + ", ".join(f"person.number.{n}@o.example" for n in range(60)),
        {f"person.number.{n}@o.example" for n in range(60)},
    ),
    "doubled-mime-version": (lines("From: a@in.example", "To: b@o.example", TEXT, "MIME-Version: 1.0", "Content-Type: text/plain; charset=UTF-8"), {"b@o.example"}),
    "semicolon-after-charset": (lines("From: a@in.example", "To: b@o.example", "Content-Type: text/plain; charset=utf-8;"), {"b@o.example"}),
    "old-sendmail-type": (lines("From: a@in.example", "To: b@o.example", "Content-Type: text"), {"b@o.example"}),
    "colons-in-header": (lines("From: a@in.example", "To: b@o.example", "Subject: Re: Fwd: a: b; c, d <e@f>", "X-Note: x @ y ("), {"b@o.example"}),
    "latin-1-subject": ("From: a@in.example\nTo: b@o.example\nSubject: Gr\udcfc\udcdfe", {"b@o.example"}),
    "latin-1-name": ("From: a@in.example\nTo: J\udcf6rg <b@o.example>", {"b@o.example"}),
    "domain-literal": (lines("From: a@in.example", "To: scanner@[192.0.2.7]"), {"scanner@[192.0.2.7]"}),
    "dkim-and-arc": (
        lines(
            "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=in.example; s=s1;\n\th=from:to:subject; bh=abc=; b=def\n\tghi=",
            "From: a@in.example", "To: b@o.example",
        ),
        {"b@o.example"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HEADERS)
def test_ordinary_headers_do_not_hold(name: str) -> None:
    header, expected = HEADERS[name]
    raw = f"{header}\n{DATE}\n\nHello there,\nsee you.\n-- \nAnn\n".replace("\n", "\r\n").encode(
        "utf-8", "surrogateescape"
    )
    parsed = parse(raw)
    assert [defect for defect in parsed.defects if defect.holds] == []
    assert {mailbox.address for mailbox in parsed.visible} == expected


def test_there_are_enough_of_them() -> None:
    assert len(HEADERS) >= 40


ALTERNATIVE = """--=_alt
Content-Type: text/plain; charset="utf-8"
Content-Transfer-Encoding: quoted-printable

Hello=20
--=20
Ann
--=_alt
Content-Type: text/html; charset="utf-8"
Content-Transfer-Encoding: base64

PGI+SGVsbG88L2I+PCEtLSBhIC0tPjxicj4=

--=_alt--
"""

BODIES: dict[str, str] = {
    "alternative": f'Content-Type: multipart/alternative; boundary="=_alt"\n\n{ALTERNATIVE}',
    "usual-preamble": f'Content-Type: multipart/alternative;\n boundary="=_alt"\n\nThis is a multi-part message in MIME format.\n{ALTERNATIVE}',
    "smime-preamble": f'Content-Type: multipart/alternative;\n boundary="=_alt"\n\nThis is a cryptographically signed message in MIME format.\n\n{ALTERNATIVE}',
    "list-footer": f'Content-Type: multipart/alternative; boundary="=_alt"\n\n{ALTERNATIVE}\n_______________\nUsers list\nhttps://lists.o.example/\n',
    "dashed-footer": f'Content-Type: multipart/alternative; boundary="=_alt"\n\n{ALTERNATIVE}\n----------------------------\nThis message is confidential.\n',
    "unquoted-boundary": f"Content-Type: multipart/alternative; boundary==_alt\n\n{ALTERNATIVE}",
    "outlook-nested": """Content-Type: multipart/mixed;
\tboundary="_004_LO2P_"

--_004_LO2P_
Content-Type: multipart/related;
\tboundary="_003_LO2P_"; type="multipart/alternative"

--_003_LO2P_
Content-Type: multipart/alternative;
\tboundary="_000_LO2P_"

--_000_LO2P_
Content-Type: text/plain; charset="us-ascii"
Content-Transfer-Encoding: quoted-printable

Hello

--_000_LO2P_
Content-Type: text/html; charset="us-ascii"
Content-Transfer-Encoding: quoted-printable

<p>Hello</p>

--_000_LO2P_--

--_003_LO2P_
Content-Type: image/png; name="image001.png"
Content-Description: image001.png
Content-Disposition: inline; filename="image001.png"; size=5;
\tcreation-date="Mon, 02 Mar 2026 09:00:00 GMT"
Content-ID: <image001.png@01D9>
Content-Transfer-Encoding: base64

QUJD

--_003_LO2P_--

--_004_LO2P_
Content-Type: application/vnd.openxmlformats-officedocument.spreadsheetml.sheet;
\tname="=?utf-8?B?TGlzdGUueGxzeA==?="
Content-Disposition: attachment;
\tfilename*0*=UTF-8''Liste%20f%C3%BCr%20; filename*1*=alle.xlsx
Content-Transfer-Encoding: base64

QUJD
RA==

--_004_LO2P_--
""",
    "truncated-close": "Content-Type: multipart/mixed; boundary=B\n\n--B\nContent-Type: text/plain\n\nHello\n--B\nContent-Type: text/html\n\n<p>Hello\n",
    "inner-close-missing": "Content-Type: multipart/mixed; boundary=B\n\n--B\nContent-Type: multipart/alternative; boundary=C\n\n--C\n\nHello\n--B--\n",
    "part-without-header": "Content-Type: multipart/mixed; boundary=B\n\n--B\n\nHello\n--B--\n",
    "text-with-dashes": "Content-Type: text/plain\n\n-- comment\n--- a/x\n+++ b/x\n--------\n--B\nend\n",
    "misnamed-encoding": "Content-Type: text/plain\nContent-Transfer-Encoding: 8-bit\n\nHello\n",
    "delivery-report": """Content-Type: multipart/report; report-type=delivery-status;
\tboundary="ABC.123/mx.in.example"

This is a MIME-encapsulated message.

--ABC.123/mx.in.example
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

Sorry.

--ABC.123/mx.in.example
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.in.example

Final-Recipient: rfc822; bob@o.example
Action: failed
Status: 5.1.1

--ABC.123/mx.in.example
Content-Description: Undelivered Message
Content-Type: message/rfc822

From: a@in.example
To: bob@o.example

Hi
--ABC.123/mx.in.example--
""",
    "pgp-signed": """Content-Type: multipart/signed; micalg=pgp-sha512;
 protocol="application/pgp-signature"; boundary="------------x0"

This is an OpenPGP/MIME signed message (RFC 4880 and 3156)
--------------x0
Content-Type: text/plain; charset=UTF-8; format=flowed

Hi

--------------x0
Content-Type: application/pgp-signature; name="OpenPGP_signature.asc"
Content-Description: OpenPGP digital signature
Content-Disposition: attachment; filename="OpenPGP_signature"

-----BEGIN PGP SIGNATURE-----

iHUEABYKAB0WIQ==
=abcd
-----END PGP SIGNATURE-----

--------------x0--
""",
    "digest": "Content-Type: multipart/digest; boundary=B\n\n--B\n\nFrom: a@in.example\nTo: b@o.example\n\nHi\n--B--\n",
    "unquoted-name-with-brackets": "Content-Type: application/pdf; name=Report (final).pdf\nContent-Transfer-Encoding: base64\n\nQUJD\n",
}  # fmt: skip


@pytest.mark.parametrize("name", BODIES)
def test_ordinary_bodies_do_not_hold(name: str) -> None:
    text = f"From: a@in.example\nTo: b@o.example\nMIME-Version: 1.0\n{BODIES[name]}"
    parsed = parse(text.replace("\n", "\r\n").encode())
    assert [defect for defect in parsed.defects if defect.holds] == []
