# ruff: noqa: E501
"""Reading contents is linear in whatever is repeated in them: the curve is printed (`-s`) and bounded."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest

from mailguard.core.carried.walk import carried
from mailguard.core.mail.mentions import SEAM
from mailguard.core.mail.parse import parse
from tests.bench.test_parser_curve import HEAD, assert_linear, seconds

TEXTS: dict[str, Callable[[int], bytes]] = {
    "words": lambda n: b"Lorem ipsum dolor sit amet.\n" * n + b"@",
    "addresses": lambda n: b"".join(b"person%d@dom%d.example, " % (i, i % 97) for i in range(n)),
    "joined": lambda n: b"a@b.cc" * n,
    "at-signs": lambda n: b"@" * n * 8,
    "at-words": lambda n: b"a@" * n * 4,
    "letters": lambda n: b"a" * n * 8 + b"@b.example",
    "wide": lambda n: "é＠".encode() * n,
    "dots": lambda n: b"a@" + b"b." * n * 4,
    "labels": lambda n: b"a@" + b"b" * n * 8 + b".example",
    "percent": lambda n: b"%40" * n * 4,
    "percent-twice": lambda n: b"%2525" * n * 4 + b"@",
    "spelled": lambda n: b"a (at) b " * n,
    "brackets": lambda n: b"[ ( { " * n + b"at]",
    "identifiers": lambda n: b"References:" + b"\n <a@b.c>" * n,
    "identifier-fields": lambda n: b"References:\n" * n + b"@",
    "identifiers-open": lambda n: b"In-Reply-To: <a@b.c>\n \n" * n,
    "from-lines": lambda n: b"From: a@x.example\nTo: b@x.example\n\nHello\n" * n,
    "to-lines": lambda n: b"To: a,\n" + b"b,\n" * n + b"@",
    "headers-alone": lambda n: b"To:\n" * n + b"@",
    "marks": lambda n: b"> " * n * 4 + b"@",
    "lines": lambda n: b"\n" * n * 8 + b"@",
    "colons": lambda n: b"a:" * n * 4 + b"@",
    "seams": lambda n: SEAM.encode() * n * 4 + b"@",
    "open-tags": lambda n: b"<" * n * 4 + b"@",
    "close-tags": lambda n: b">" * n * 4 + b"@",
    "tags": lambda n: b"<b>a@x.example</b>" * n,
    "comments": lambda n: b"<!-- " * n + b"@",
    "attributes": lambda n: b'<a title="@">' * n,
    "entities": lambda n: b"&#64;" * n,
    "ampersands": lambda n: b"&" * n * 4 + b"@",
    "armour": lambda n: b"-----BEGIN PGP MESSAGE-----x\n" * n,
}  # fmt: skip
VCARD = b"BEGIN:VCARD\nEMAIL:p%d@x.example\nEND:VCARD\n"
WHOLES: dict[str, Callable[[int], bytes]] = {
    "contacts": lambda n: b"text/vcard\r\n\r\n" + b"".join(VCARD % i for i in range(n)),
    "contact-folds": lambda n: b"text/vcard\r\n\r\nBEGIN:VCARD\nEMAIL:a=40" + b"\n x=\n" * n,
    "ldif": lambda n: b"text/ldif\r\n\r\ndn: x\n" + b"mail:: YUBiLmNj\n" * n,
    "mailbox": lambda n: b"application/mbox\r\n\r\n" + b"From x\nFrom: a@x.example\n\nHello\n" * n,
    "count-line": lambda n: b"message/rfc822; name=a.emlx\r\n\r\n" + b"1" * n * 8,
    "base64-html": lambda n: b"text/html\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    + base64.encodebytes(b"<p>a@x.example</p>" * n),
    "nested": lambda n: b"message/rfc822\r\n\r\n"
    + b"From: a@x.example\r\nContent-Type: message/rfc822\r\n\r\n" * 19
    + b"Hello a@x.example\r\n" * n,
    "many-nested": lambda n: b"multipart/mixed; boundary=B\r\n\r\n"
    + b"--B\r\nContent-Type: message/rfc822\r\n\r\nTo: a@x.example\r\n\r\nHello\r\n" * min(n, 999)
    + b"x\r\n" * n,
}  # fmt: skip


@pytest.mark.parametrize("kind", ["plain", "html"])
@pytest.mark.parametrize("name", TEXTS)
def test_texts_are_read_linearly(name: str, kind: str) -> None:
    head = HEAD + b"Content-Type: text/" + kind.encode() + b"; charset=utf-8\r\n\r\n"
    assert_linear(f"{name} {kind}", lambda n: head + TEXTS[name](n), lambda raw: carried(parse(raw)))


@pytest.mark.parametrize("name", WHOLES)
def test_parts_are_read_linearly(name: str) -> None:
    assert_linear(name, lambda n: HEAD + b"Content-Type: " + WHOLES[name](n), lambda raw: carried(parse(raw)))


def test_a_megabyte_of_text() -> None:
    """Printed, not asserted: tens of milliseconds are the aim."""
    texts = {
        "plain text": (b"text/plain", b"Lorem ipsum dolor sit amet, consectetur adipiscing elit.\r\n" * 18_000 + b"a@x.example"),
        "plain, one line": (b"text/plain", b"Lorem ipsum dolor sit amet, " * 37_000 + b"a@x.example"),
        "html": (b"text/html", b"<p>Hello <b>there</b>&nbsp;and so on, it goes on and on.</p>\r\n" * 17_000 + b"a@x.example"),
        "html table of 9,000": (
            b"text/html",
            b"".join(b'<tr><td>P %d</td><td><a href="mailto:p%d@d.example">p%d@d.example</a></td></tr>\r\n' % (i, i, i) for i in range(9_000)),
        ),
        "19,000 addresses": (b"text/plain", b"".join(b"person%d@some-domain%d.example, a few more words\r\n" % (i, i) for i in range(19_000))),
    }  # fmt: skip
    for name, (kind, text) in texts.items():
        message = parse(HEAD + b"Content-Type: " + kind + b"; charset=utf-8\r\n\r\n" + text)
        taken = seconds(lambda message=message: carried(message))  # type: ignore[misc]
        print(f"{name:24} {len(text) / 1e6:.2f} MB: {taken * 1000:6.0f} ms")
