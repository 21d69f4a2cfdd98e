"""Whom a message names in what it says and carries: every place and encoding, at any depth, bounded and never cut."""

from __future__ import annotations

import base64
import mmap
import quopri
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.core.carried import walk
from mailguard.core.carried.model import Attached, Carried
from mailguard.core.carried.walk import carried
from mailguard.core.mail import mentions
from mailguard.core.mail.parse import parse

HEAD = "From: jo@elm.example\nTo: anna@x.example\nSubject: Hello\nMIME-Version: 1.0\n"


def message(rest: str | bytes, head: str = HEAD) -> bytes:
    text = rest if isinstance(rest, bytes) else rest.encode()
    return (head.encode() + text).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def read(rest: str | bytes) -> Carried:
    return carried(parse(message(rest)))


def part(kind: str, body: str | bytes, encoding: str = "", name: str = "") -> bytes:
    octets = body if isinstance(body, bytes) else body.encode()
    if encoding == "base64":
        octets = base64.encodebytes(octets)
    elif encoding == "quoted-printable":
        octets = quopri.encodestring(octets)
    fields = [f"Content-Type: {kind}"]
    fields += [f"Content-Transfer-Encoding: {encoding}"] if encoding else []
    fields += [f'Content-Disposition: attachment; filename="{name}"'] if name else []
    return "\n".join(fields).encode() + b"\n\n" + octets


def mixed(*parts: bytes, kind: str = "mixed", boundary: str = "b") -> bytes:
    inner = b"".join(b"--" + boundary.encode() + b"\n" + each + b"\n" for each in parts)
    return f"Content-Type: multipart/{kind}; boundary={boundary}\n\n".encode() + inner + f"--{boundary}--\n".encode()


TEXT = "Hello,\nplease ask ben@y.example.\n"


CHARSETS = (
    ("utf-8", "utf-8"),
    ("us-ascii", "ascii"),
    ("utf-16", "utf-16"),
    ("utf-16le", "utf-16-le"),
    ("utf-16be", "utf-16-be"),
    ("utf-7", "utf-7"),
    ("iso-2022-jp", "iso2022_jp"),
    ("cp037", "cp037"),
    ("utf-8", "utf-16-le"),
    ("utf-16", "ascii"),
    ("x-unknown", "latin-1"),
)
NEED_ENCODING = ("utf-16", "utf-16-le", "utf-16-be", "cp037")


@pytest.mark.parametrize(
    ("charset", "codec", "encoding"),
    [
        (charset, codec, encoding)
        for charset, codec in CHARSETS
        for encoding in ("", "base64", "quoted-printable")
        if encoding or codec not in NEED_ENCODING
    ],
)
def test_a_text_in_any_charset_and_encoding(charset: str, codec: str, encoding: str) -> None:
    octets = TEXT.replace("\n", "\r\n").encode(codec)
    if codec == "utf-7":
        octets = octets.replace(b"@", b"+AEA-")
    raw = parse(HEAD.replace("\n", "\r\n").encode() + _sent(f"text/plain; charset={charset}", octets, encoding))
    assert carried(raw).text == ("ben@y.example",)


def _sent(kind: str, octets: bytes, encoding: str) -> bytes:
    if encoding == "base64":
        octets = base64.encodebytes(octets)
    elif encoding == "quoted-printable":
        octets = quopri.encodestring(octets, quotetabs=True)
    head = f"Content-Type: {kind}\r\nContent-Transfer-Encoding: {encoding or '8bit'}\r\n\r\n"
    return head.encode() + octets


def test_every_text_part_counts_once() -> None:
    alternative = mixed(
        part("text/plain", "ben@y.example cy@y.example"),
        part("text/html", "<p>ben@y.example</p><p style='display:none'>dee@y.example</p>", "base64"),
        kind="alternative",
        boundary="alt",
    )
    found = read(
        mixed(
            alternative,
            part("text/plain", "eve@y.example", name="note.txt"),
            part("application/octet-stream", "fay@y.example", "base64", "note.txt"),
            part("application/octet-stream", "<b>gus@y.example</b>", "base64", "page.html"),
            part("text/rtf", r"{\rtf1 hal@y.example}", "base64"),
            part("application/json", '{"mail": "ida@y.example"}', "base64"),
            part("application/octet-stream", "<mail>jan@y.example</mail>", "base64", "export.xml"),
            part("application/octet-stream", "kim@y.example", "base64"),
            part("image/svg+xml", "<svg><text>lea@y.example</text></svg>"),
            part("application/jscalendar+json", '{"participants": {"1": {"email": "max@y.example"}}}', "base64"),
            part("application/x-list", "ned@y.example".encode("utf-16"), "base64"),
            part("application/x-list", "oda@y.example".encode("utf-16-le"), "base64"),
            part("application/pdf", b"%PDF-1.7\n1 0 obj << >> stream\n\x01\x02 nobody@y.example", "base64", "a.pdf"),
        )
    )
    names = "ben cy dee eve fay gus hal ida jan kim lea max ned oda"
    assert found == Carried(text=tuple(f"{name}@y.example" for name in names.split()))


def test_flowed_text_that_deletes_its_spaces() -> None:
    assert "ben@y.example" in read("Content-Type: text/plain; format=flowed; delsp=yes\n\nben@y. \nexample\n").text


def test_around_the_parts() -> None:
    raw = mixed(part("text/plain", "Hello")).replace(b"\n\n--b\n", b"\n\nben@y.example\n--b\n", 1) + b"cy@y.example\n"
    assert read(raw).text == ("ben@y.example", "cy@y.example")


NESTED = b"From: cy@y.example\nTo: ben@y.example\nCc: dee@y.example\nBcc: eve@y.example\nSubject: Hi\n\nfay@y.example\n"
ATTACHED = Attached(("cy@y.example",), ("ben@y.example", "dee@y.example", "eve@y.example"))
FORWARDS = {
    "rfc822": part("message/rfc822", NESTED),
    "global": part("message/global", NESTED, "base64"),
    "eml": part("application/octet-stream", NESTED, "base64", "Hi.eml"),
    "eml-typed": part("message/rfc822", NESTED, "", "Hi.eml"),
    "eml-quoted": part("application/octet-stream", NESTED, "quoted-printable", "HI.EML"),
    "eml-as-text": part("text/plain", NESTED, "", "Hi.eml"),
    "by-content": part("application/octet-stream", NESTED, "base64", "Hi.bin"),
    "emlx": part("application/octet-stream", b"%d\n" % len(NESTED) + NESTED, "base64", "1.emlx"),
    "mbox": part("application/mbox", b"From cy Thu Mar 12\n" + NESTED, "base64", "in.mbox"),
}


@pytest.mark.parametrize("form", FORWARDS)
def test_t44_an_attached_message_in_any_form(form: str) -> None:
    found = read(mixed(part("text/plain", "See below"), FORWARDS[form]))
    assert found.attached == (ATTACHED,)
    assert found.text == ("fay@y.example",)
    assert not found.unread


def test_the_headers_of_a_message_alone() -> None:
    found = read(mixed(part("text/plain", "Returned"), part("text/rfc822-headers", NESTED.partition(b"\n\n")[0])))
    assert found.attached == (ATTACHED,) and not found.text


def test_a_mailbox_file_holds_several() -> None:
    other = NESTED.replace(b"ben@", b"zoe@")
    found = read(part("application/mbox", b"From x\n" + NESTED + b"\nFrom y\n" + other, "base64"))
    assert [each.recipients[0] for each in found.attached] == ["ben@y.example", "zoe@y.example"]


def nested(depth: int, encoding: str = "") -> bytes:
    inner = NESTED
    for _ in range(depth):
        kind = "application/octet-stream" if encoding else "message/rfc822"
        inner = b"From: a@y.example\nTo: b@y.example\n" + part(kind, inner, encoding, "a.eml")
    return inner


@pytest.mark.parametrize("encoding", ["", "base64"])
def test_t44_a_message_at_any_depth(encoding: str) -> None:
    found = read(part("application/octet-stream", nested(8, encoding), "base64", "a.eml"))
    assert found.attached[-1] == ATTACHED and len(found.attached) == 9 and not found.unread


@pytest.mark.parametrize("encoding", ["", "base64", "quoted-printable"])
@pytest.mark.parametrize("view", [bytes, memoryview], ids=lambda view: view.__name__)
def test_a_long_attached_message(encoding: str, view: type) -> None:
    inner = NESTED + b"A long letter.\n" * 80_000 + b"gus@y.example\n"
    raw = message(mixed(part("text/plain", "See below"), part("application/octet-stream", inner, encoding, "a.eml")))
    found = carried(parse(view(raw)))
    assert found.attached == (ATTACHED,)
    assert found.text == ("fay@y.example", "gus@y.example") and not found.unread


def test_a_mapped_file_can_be_closed_afterwards(tmp_path: Path) -> None:
    inner = NESTED + b"A long letter.\n" * 80_000
    (tmp_path / "raw").write_bytes(message(mixed(part("message/rfc822", inner), part("text/plain", b"x\n" * 800_000))))
    with (tmp_path / "raw").open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as raw:
        assert carried(parse(raw)).attached == (ATTACHED,)


def test_deeper_than_anybody_sends_is_unread_and_said_so() -> None:
    found = read(mixed(part("text/plain", "x"), part("message/rfc822", nested(walk.MAX_DEPTH + 5))))
    assert found.unread == ("2",)


def test_more_than_the_message_could_hold_is_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "MAX_MESSAGES", 3)
    found = read(mixed(*(part("message/rfc822", NESTED) for _ in range(4))))
    assert found.unread == ("4",) and len(found.attached) == 3
    monkeypatch.setattr(walk, "MAX_GROWTH", 0)
    assert read(part("message/rfc822", NESTED)).unread == ("",)


def test_an_attached_message_that_cannot_be_read_to_its_end() -> None:
    broken = b"From: a@y.example\nTo: b@y.example\nContent-Type: multipart/mixed\n\nx\n"
    assert read(mixed(part("message/rfc822", broken))).unread == ("1",)
    odd = b"From: a@y.example\nTo: b@y.example c@y.example\n\nx\n"
    found = read(mixed(part("message/rfc822", odd)))
    assert not found.unread and found.attached[0].recipients == ("b@y.example", "c@y.example")


def test_too_many_mentions_are_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mentions, "MOST_MENTIONS", 5)
    monkeypatch.setattr(walk, "MOST_MENTIONS", 5)
    people = " ".join(f"p{number}@y.example" for number in range(4))
    others = people.replace("p", "q")
    assert not read(mixed(part("text/plain", people))).unread
    assert read(mixed(part("text/plain", people), part("text/plain", others))).unread == ("2",)
    both = read(mixed(part("text/plain", people + " " + others)))
    assert both.unread == ("1",) and len(both.text) > 5, "those that were read count all the same"


def test_more_work_than_a_message_is_worth_is_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "MOST_SIGNS", 5)
    assert not read(part("text/plain", "ben@y.example " * 5)).unread
    assert read(mixed(part("text/plain", "ben@y.example " * 3), part("text/plain", "@ " * 3))).unread == ("2",)
    monkeypatch.setattr(walk, "MOST_SIGNS", 100)
    monkeypatch.setattr(walk, "MOST_BLOCKS", 2)
    block = "From: ben@y.example\nTo: cy@y.example\n\nHello\n"
    assert not read(part("text/plain", block * 2)).unread
    found = read(part("text/plain", block * 3))
    assert found.unread == ("",) and len(found.quoted) == 1


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("application/ms-tnef", "winmail.dat"),
        ("application/octet-stream", "winmail.dat"),
        ("application/vnd.ms-outlook", "x"),
        ("application/octet-stream", "Hello.MSG"),
        ("application/octet-stream", "Hello.msg "),
    ],
)
def test_t46_what_nobody_here_reads_is_unread(kind: str, name: str) -> None:
    found = read(mixed(part("text/plain", "x"), part(kind, b"\x78\x9f\x3e\x22", "base64", name)))
    assert found.unread == ("2",)
    inside = part("message/rfc822", b"From: a@y.example\n" + mixed(part(kind, b"\x01", "base64", name), boundary="i"))
    assert read(mixed(part("text/plain", "x"), inside)).unread == ("2",)


VCARD = "BEGIN:VCARD\nVERSION:3.0\nFN:Ben\nEMAIL;TYPE=INTERNET:ben@y.exam\n ple\nEND:VCARD\n"
CONTACTS = {
    "vcard": part("text/vcard", VCARD),
    "x-vcard": part("text/x-vcard; charset=utf-8", VCARD, "base64", "all.vcf"),
    "directory": part("text/directory; profile=vcard", VCARD),
    "by-name": part("application/octet-stream", VCARD, "base64", "ALL.VCF"),
    "by-content": part("application/octet-stream", VCARD, "base64", "all.dat"),
    "several": part("text/vcard", VCARD * 3),
    "vcard-2.1": part(
        "text/x-vcard", "BEGIN:VCARD\nVERSION:2.1\nEMAIL;ENCODING=QUOTED-PRINTABLE:ben=40y.exam=\nple\nEND:VCARD\n"
    ),
    "csv": part("text/csv", "Name,Email\nBen,ben@y.example\n"),
    "csv-quoted": part("application/octet-stream", 'Name;"ben@y.example";1\n', "base64", "list.csv"),
    "csv-utf-16": part("text/csv", "Ben\tben@y.example\n".encode("utf-16"), "base64"),
    "csv-as-excel": part("application/vnd.ms-excel", "Ben,ben@y.example\n", "base64", "list.csv"),
    "tsv": part("text/tab-separated-values", "Ben\tben@y.example\n"),
    "ldif": part("application/octet-stream", "dn: cn=Ben\nmail: ben@y.\n example\n", "base64", "list.ldif"),
    "ldif-encoded": part("application/octet-stream", "dn: cn=Ben\nmail:: YmVuQHkuZXhhbXBsZQ==\n", "base64", "l.ldif"),
}


@pytest.mark.parametrize("form", CONTACTS)
def test_t45_a_contact_list_in_any_form(form: str) -> None:
    found = read(mixed(part("text/plain", "Our list"), CONTACTS[form]))
    assert found.contacts == ("ben@y.example",)
    assert not found.text


@pytest.mark.parametrize(
    "text",
    [
        "See:\nbegin 644 list.csv\n#86)C\n`\nend",
        "begin-base64 644 list.csv\nYUBiLmNj\n====",
        "=ybegin line=128 size=9 name=list.csv\nx",
        "(This file must be converted with BinHex 4.0)\n:x:",
    ],
)
def test_a_file_within_a_text_is_unread(text: str) -> None:
    assert read(mixed(part("text/plain", "x"), part("text/plain", text))).unread == ("2",)
    assert not read(part("text/plain", "begin 644 words of this text\n")).unread
    assert not read(part("text/plain", "to begin 644 x\nfoo\n")).unread


@pytest.mark.parametrize("field", ["Subject", "Comments", "Keywords", "Thread-Topic"])
def test_a_list_pasted_into_a_field_of_free_text(field: str) -> None:
    head = HEAD.replace("Subject: Hello\n", f"{field}: ben@y.example,\n =?utf-8?q?cy=40y.example?=\n")
    assert carried(parse(message("\nHello", head))).text == ("ben@y.example", "cy@y.example")


@pytest.mark.parametrize(
    "field", ["X-Anything", "Errors-To", "Return-Receipt-To", "List-Post", "X-SMTPAPI", "Content-Description"]
)
def test_a_list_in_any_other_field_is_text(field: str) -> None:
    head = HEAD.replace("Subject: Hello\n", f"{field}: ben@y.example,\n =?utf-8?q?cy=40y.example?=\n")
    assert carried(parse(message("\nHello", head))).text == ("ben@y.example", "cy@y.example")


@pytest.mark.parametrize(
    "field", ["Message-ID", "References", "In-Reply-To", "X-Other-Message-Id", "Bcc", "Resent-Bcc"]
)
def test_identifiers_and_blind_fields_are_no_text(field: str) -> None:
    head = HEAD.replace("Subject: Hello\n", f"{field}: <ben@y.example>\n <cy@y.example>\n")
    assert carried(parse(message("\nHello", head))).text == ()


def test_fields_of_a_part_are_text() -> None:
    named = "Content-Disposition: attachment; filename*=utf-8''dee%40y.example.pdf"
    found = read(mixed(f"Content-Description: ben@y.example\nX-Any: cy@y.example\n{named}\n\nx".encode()))
    assert found.text == ("ben@y.example", "cy@y.example", "dee@y.example.pdf")


def test_a_list_in_a_field_of_an_attached_message_is_text_and_its_trace_is_not() -> None:
    trace = "From: a@y.example\nReceived: from b by c for <cy@y.example>\nReceived-SPF: pass envelope-from=d@y.example"
    inner = f"Content-Type: message/rfc822\n\n{trace}\nX-List: ed@y.example, flo@y.example, gil@y.example\n\nx"
    assert read(mixed(inner.encode())).text == ("ed@y.example", "flo@y.example", "gil@y.example")


CALENDAR_LINES = {
    "text": "DESCRIPTION:with be\n n@y.example\\, cy@y.example\\nand others",
    "page": "X-ALT-DESC;FMTTYPE=text/html:<p>ben<b>@</b>y.example</p><p>cy&#64;y.example</p>",
    "contact": "CONTACT:Ben\\, ben@y.example; cy@y.example",
    "vendor": "X-VENDOR-PEOPLE:ben@y.example;cy@y.example",
    "parameter": 'SUMMARY;ALTREP="https://x.example/?ben%40y.example,cy%40y.example":Hello',
    "file": f"ATTACH;VALUE=BINARY;ENCODING=BASE64:{base64.b64encode(b'ben@y.example,cy@y.example').decode()}",
    "escapes of JSON": 'X-GUESTS:{"a":"ben\\u0040y.example","b":"cy\\u0040y.example"}',
    "entities": "X-GUESTS:ben&#64;y.example cy&commat;y.example",
    "vCalendar 1.0": "DESCRIPTION;ENCODING=QUOTED-PRINTABLE:ben=40y.example cy=40y.example",
    "other parameters": 'ATTENDEE;CN="x@y.example";DIR="ldap://h/ben@y.example";X-WHO="cy@y.example":mailto:z@y.example',
    "identifiers": "UID:ben@y.example,cy@y.example",
}


@pytest.mark.parametrize("form", CALENDAR_LINES)
def test_a_list_in_the_lines_of_a_calendar_is_text(form: str) -> None:
    lines = f"BEGIN:VCALENDAR\nBEGIN:VEVENT\n{CALENDAR_LINES[form]}\nEND:VEVENT\nEND:VCALENDAR\n"
    for encoding in ("", "base64", "quoted-printable"):
        assert set(read(mixed(part("text/calendar", lines, encoding))).text) == {"ben@y.example", "cy@y.example"}


def test_identifiers_of_a_calendar_are_nobody() -> None:
    lines = "BEGIN:VCALENDAR\nX-WR-RELCALID:a@y.example\nBEGIN:VEVENT\nUID:b@y.example\nRELATED-TO:c@y.example\n"
    lines += "ATTACH;ENCODING=BASE64;VALUE=BINARY:" + base64.b64encode(bytes(range(256)) + b"d@y.example").decode()
    assert read(part("text/calendar", lines + "\nEND:VEVENT\nEND:VCALENDAR\n")) == Carried()


def test_a_calendar_under_an_opaque_signature_is_a_list() -> None:
    entity = b"Content-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR\r\nATTENDEE:mailto:ben@y.example\r\nEND:VCALENDAR\r\n"
    found = read(part("application/pkcs7-mime; smime-type=signed-data", cms(SIGNED, entity), "base64", "smime.p7m"))
    assert found.contacts == ("ben@y.example",)


def test_a_calendar_part_is_not_ours_but_one_in_an_attached_message_is_a_list() -> None:
    invitation = part("text/calendar", "BEGIN:VCALENDAR\nATTENDEE:mailto:ben@y.exam\n ple\nEND:VCALENDAR\n")
    assert read(mixed(invitation)) == Carried()
    assert read(mixed(part("message/rfc822", b"From: a@y.example\n" + invitation))).contacts == ("ben@y.example",)


REPEATED = {
    "hp": part('text/plain; hp="clear"\nFrom: jo@elm.example\nTo: ben@y.example', "x"),
    "draft": part('text/plain; protected-headers="v1"\nTo: ben@y.example', "x"),
    "draft-mixed": mixed(part("text/plain", "x"), boundary="p").replace(
        b"\n", b"; protected-headers=v1\nCc: ben@y.example\n", 1
    ),
    "hp-outer": part('text/plain; hp="cipher"\nHP-Outer: Subject: [...]\nHP-Outer: Cc: ben@y.example', "x"),
    "bcc": part("text/plain\nBcc: ben@y.example", "x"),
    "wrapped": part("message/rfc822; forwarded=no", b"From: jo@elm.example\nTo: ben@y.example\n\nx\n"),
}


@pytest.mark.parametrize("form", REPEATED)
def test_t47_fields_that_a_signed_part_repeats_are_visible(form: str) -> None:
    signature = part("application/pgp-signature; name=signature.asc", "-----BEGIN PGP SIGNATURE-----")
    found = read(mixed(REPEATED[form], signature, kind="signed"))
    assert [mailbox.address for mailbox in found.repeated] == ["ben@y.example"]
    assert not found.attached and not found.encrypted


def test_t47_an_opaque_signature_hides_nothing() -> None:
    entity = b"Content-Type: text/plain\r\nTo: dee@y.example\r\n\r\nben@y.example\r\n"
    found = read(part("application/pkcs7-mime; smime-type=signed-data", cms(SIGNED, entity), "base64", "smime.p7m"))
    assert found.text == ("ben@y.example",) and not found.encrypted and not found.unread
    assert [mailbox.address for mailbox in found.repeated] == ["dee@y.example"]


SIGNED, ENVELOPED = bytes.fromhex("2a864886f70d010702"), bytes.fromhex("2a864886f70d010703")


def der(tag: int, content: bytes) -> bytes:
    length = len(content)
    return bytes([tag, length]) + content if length < 128 else bytes([tag, 0x82]) + length.to_bytes(2, "big") + content


def cms(oid: bytes, content: bytes) -> bytes:
    """As much of signed-data as a reader needs: version, no digests, the content."""
    data = der(0x30, der(0x06, bytes.fromhex("2a864886f70d010701")) + der(0xA0, der(0x04, content)))
    return der(0x30, der(0x06, oid) + der(0xA0, der(0x30, der(0x02, b"\1") + der(0x31, b"") + data)))


ENCRYPTED = {
    "smime": part("application/pkcs7-mime; smime-type=enveloped-data", cms(ENVELOPED, b"?"), "base64", "smime.p7m"),
    "smime-x": part("application/x-pkcs7-mime", cms(ENVELOPED, b"?"), "base64"),
    "smime-by-name": part("application/octet-stream", cms(ENVELOPED, b"?"), "base64", "smime.p7m"),
    "pgp-mime": mixed(
        part("application/pgp-encrypted", "Version: 1"), part("application/octet-stream", "x"), kind="encrypted"
    ),
    "pgp-inline": part("text/plain", "Hello\n-----BEGIN PGP MESSAGE-----\n\nhQ==\n-----END PGP MESSAGE-----\n"),
    "pgp-html": part("text/html", "<pre>-----BEGIN PGP MESSAGE-----\n\nhQ==\n</pre>"),
    "within": mixed(part("text/plain", "x"), part("application/pgp-encrypted", "Version: 1"), boundary="o"),
}


@pytest.mark.parametrize("form", ENCRYPTED)
def test_t47_what_is_encrypted_is_said_to_be(form: str) -> None:
    found = read(ENCRYPTED[form])
    assert found.encrypted and not found.unread


def test_what_is_not_encrypted() -> None:
    assert not read(part("text/plain", "-----BEGIN PGP SIGNED MESSAGE-----\n\nx\n")).encrypted
    assert not read(part("text/plain", "> see -----BEGIN PGP MESSAGE----- in the text")).encrypted
    assert read(part("application/pkcs7-mime", b"no CMS", "base64")).unread == ("",)


@settings(max_examples=200)
@given(
    st.binary(max_size=300), st.sampled_from(sorted([*FORWARDS, *CONTACTS, *REPEATED, *ENCRYPTED])), st.integers(0, 400)
)
def test_total(octets: bytes, form: str, at: int) -> None:
    every = FORWARDS | CONTACTS | REPEATED | ENCRYPTED
    raw = message(mixed(part("text/html", octets), every[form]))
    carried(parse(raw[:at] + octets + raw[at:]))
