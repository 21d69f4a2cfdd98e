"""Where what programs usually write is read in a quick way, it is read as the general way reads it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from ipaddress import IPv4Address
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailguard.core.carried import kind, walk
from mailguard.core.carried.model import Carried
from mailguard.core.earlier import words
from mailguard.core.envelope import Envelope, Path, Recipient
from mailguard.core.mail import address, header, markup, parameters, search, text
from mailguard.core.mail.header import Defects, read_header
from mailguard.core.mail.message import Field, Message
from mailguard.core.mail.parse import parse
from mailguard.core.moment import header_date
from mailguard.core.observation import changed, observe
from mailguard.core.organisation import Organisation
from mailguard.core.rewrite.received import address_literal
from mailguard.core.sides import Sides

NEVER = re.compile(rb"(?!)")
ELM = Organisation("Elm", frozenset({"elm.example"}), frozenset({"us@shared.example"}), frozenset({"trust.example"}))


@contextmanager
def without(*ways: tuple[Any, str, Any]) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for owner, name, instead in ways:
            patch.setattr(owner, name, instead)
        yield


NAMES = st.sampled_from(
    ["To", "Cc", "From", "Subject", "Date", "Message-ID", "Content-Type", "Received", "X-A", "X A", ""]
)
VALUES = st.text('ab@.,<> \t()=?;:"\\é', max_size=20)
ENDS = st.sampled_from(
    ["\r\n"] * 12 + ["\r\n ", "\r\n\t", "\n", "\r", "\r\n \r\n", " \r\n", "\x0bTo: a@b.example\r\n", "\r\n\r\n"]
)
FIELDS = st.lists(st.tuples(NAMES, st.sampled_from([":", ":", ": ", " :", ""]), VALUES, ENDS).map("".join), max_size=6)
HEADERS = FIELDS.map(lambda fields: "".join(fields).encode("utf-8"))


@given(HEADERS, st.booleans(), st.sampled_from([b"", b"\r\nbody", b"\r\n", b"\n\n"]))
@example(b"A: b\r\n c\r\n", False, b"\r\nx")
def test_a_header_is_split_alike(octets: bytes, part: bool, rest: bytes) -> None:
    raw, where = b"--x\r\n" + octets + rest, "part 1" if part else ""

    def read() -> tuple[Any, Any]:
        defects = Defects()
        return read_header(raw, 5, len(raw), where, defects), defects.all()

    quick = read()
    with without((header, "_is_usual", lambda octets: False), (header, "_usual_end", lambda *where: None)):
        assert quick == read()


ITEMS = st.sampled_from(
    [
        *("a@b.example", "Ann <a@b.example>", '"Ann, B" <a@b.example>', "<A@B.example>", "Undisclosed recipients:;"),
        *(
            "Ann",
            "",
            "=?utf-8?q?An=40n?= <a@b.example>",
            "group: a@b.example;",
            "a@b.example (c@d.example)",
            "a @ b.example",
        ),
    ]
)


@given(st.lists(st.tuples(ITEMS, st.sampled_from([",", ", ", ",\r\n ", ";"])).map("".join), max_size=5), ITEMS)
def test_a_list_is_read_alike(items: list[str], last: str) -> None:
    octets = f"To:{''.join(items)}{last}\r\n".encode()
    field = Field("to", 100, 103, 100 + len(octets))
    reader = address._Reader(octets, field, 100)
    reader.read([], reader.position)
    assert address.list_mailboxes(octets, field, 100) == (tuple(reader.mailboxes), reader.defects.all())


@given(
    st.text("ab@.<> \t()=?\"%+-_'|!é\r\n,", max_size=24), st.sampled_from(["", "Ann <", '"Ann B." <', "a.b@c.example"])
)
@example("a+b@c-d.example> \r\n", " Ann <")
@example("a@b..example", "")
def test_addresses_are_found_alike(value: str, before: str) -> None:
    octets = (before + value).encode()
    quick = search.find_addresses(octets)
    with without((search, "_USUAL", NEVER)):
        assert quick == search.find_addresses(octets)


PARAMETERS = st.sampled_from(
    [
        *(' charset="utf-8"', " charset=utf-8", ' name="a b.txt"', " name=a b.txt", ' name=" a"', " boundary==_x", "x"),
        *(
            " name*=utf-8''a%20b",
            ' name="a;b"',
            "",
            ' boundary="----=_Part_1"',
            ' name="=?utf-8?q?a?="',
            " a = b",
            ' a="b" c',
        ),
    ]
)


@given(st.sampled_from(["text/plain", "Text/HTML ", "attachment", "", "a (b)"]), st.lists(PARAMETERS, max_size=4))
def test_parameters_are_read_alike(head: str, segments: list[str]) -> None:
    octets = ";".join([head, *segments]).encode()
    quick = parameters.read_parameterised(octets)
    with without((parameters, "_read_usual", lambda text: None)):
        assert quick == parameters.read_parameterised(octets)


@given(st.binary(max_size=30) | st.text("a=?\r\n é", max_size=20).map(str.encode))
def test_the_text_of_a_field_is_decoded_alike(value: bytes) -> None:
    assert text.decode_text(value) == text.decode_charset(text.decode_words(text.unfold(value)).text, "unknown")


def test_charsets_are_known_alike() -> None:
    for name in (*text._AS_USUAL, "Utf-8", "latin1", "x-none"):
        assert text.codec_named(name) == text._KNOWN.get(text._key(name))


WORDS = st.sampled_from(
    [
        *(
            "Good morning",
            "we begin today",
            "begin 644 a.txt\nab",
            "=ybegin line=1",
            "(done)",
            "write (at) x.example",
            "100 %",
        ),
        *(
            "-----BEGIN PGP MESSAGE-----",
            "a@b.example",
            "a&#64;b.example",
            "From: a@b.example\nTo: c@d.example",
            "é",
            "\0",
            "?",
        ),
        *(
            "a (at) b.example",
            "a[AT]b.example",
            "BEGIN:VCARD\r\nEMAIL:a@b.example",
            "=?",
            "=40",
            "(This file must be converted with BinHex",
        ),
    ]
)
IDENTIFIERS = st.sampled_from(
    [
        "<a@b.example>",
        "<a@b.example>\r\n <c@d.example>",
        "a@b.example",
        "<a%0ab@c.example>",
        "<a@b.example> c@d.example",
        "",
        "<a@b>x",
    ]
)
TYPES = st.sampled_from(
    [
        *(
            "text/plain",
            "text/plain; charset=utf-16",
            "text/plain; charset=us-ascii; delsp=yes",
            "text/html",
            "text/plain; name=a.csv",
        ),
        *(
            "text/csv",
            "text/plain\r\nContent-Transfer-Encoding: base64",
            "text/plain\r\nContent-Transfer-Encoding: quoted-printable",
        ),
    ]
)
FIELD_NAMES = st.sampled_from(
    ["Message-ID", "References", "In-Reply-To", "X-Message-ID", "Message -ID", "Comments", "Content-ID"]
)


@st.composite
def messages(draw: st.DrawFn) -> bytes:
    fields = [f"{draw(FIELD_NAMES)}: {draw(IDENTIFIERS)}" for _ in range(draw(st.integers(0, 3)))]
    lines = "\r\n".join(draw(st.lists(WORDS, max_size=4)))
    who = draw(
        st.sampled_from(["us@elm.example", "us@shared.example", "x@trust.example", "y@other.example, z@other.example"])
    )
    head = ["From: Ann <ann@elm.example>", f"To: {who}", *fields, f"Content-Type: {draw(TYPES)}"]
    return ("\r\n".join(head) + "\r\n\r\n" + lines + draw(st.sampled_from(["", "\r\n", "\r"]))).encode()


@given(messages())
def test_whom_a_message_names_is_read_alike(raw: bytes) -> None:
    message = parse(raw)

    def read() -> tuple[Carried, Any]:
        found = walk.carried(message)
        return found, found.parts

    quick = read()
    slow = (
        (walk, "_names_nobody", lambda *part: False),
        (walk, "is_usual", lambda part: False),
        (kind, "is_usual", lambda part: False),
        (walk, "_IDENTIFIERS", NEVER),
        (walk, "_may_name", lambda value: True),
    )
    with without(*slow):
        assert quick == read()


SIGNS = ("@", "%40", "%2540", "&#", "&c", "\uff20", "\ufe6b", "at]", "at)", "at}", "pgp message")


@given(st.lists(st.sampled_from([*SIGNS, *"%4025&#cat]b)}p ", "pgp "]), max_size=6).map("".join))
def test_a_page_may_tell_something_where_a_sign_is_in_it(source: str) -> None:
    assert markup._may_tell(source) is any(sign in source for sign in SIGNS)


@given(messages())
def test_fields_are_found_by_name_in_their_order(raw: bytes) -> None:
    message = parse(raw)
    for names in (("from",), ("references", "in-reply-to", "message-id"), ("to", "to"), ("none",), ("from", "none")):
        assert message.named(*names) == [each for each in message.fields if each.name in names]
    assert list(message.leaves) == [part for part in message.root.walk() if not part.children]


def test_an_observation_is_changed_as_any_value_is() -> None:
    raw = b"From: ann@elm.example\r\nTo: y@other.example\r\n\r\nHello\r\n"
    seen = observe(_message(raw), _envelope("y@other.example"), ELM)
    assert changed(seen, history=None, bodies=("1",)) == replace(seen, history=None, bodies=("1",))
    assert seen.bodies == ("",)
    with pytest.raises(AttributeError):
        seen.bodies = ()  # type: ignore[misc]


@given(st.sampled_from(["us", "ann"]), st.sampled_from(["elm", "a.elm", "shared", "trust", "other", "notelm"]))
def test_addresses_count_alike(local: str, domain: str) -> None:
    sides, each = Sides(ELM), f"{local}@{domain}.example"
    side = sides.of(each)
    assert side is sides.of(each)
    assert (side.inside, side.counts) == (ELM.is_inside(each), ELM.counts(each))


CLOSINGS = """
Kind regards|With best wishes,|Thanks|thank you very truly|Yours faithfully|Cheers!|Mit freundlichen Grüßen|cordialement
bien à vous|Meilleures salutations|un cordial saludo|Atentamente|distinti saluti|Met vriendelijke groet|atenciosamente
pozdrawiam|Cofion cynnes|gyda diolch|Thanks for the letter|wisheſ|beſt wiſhes|many thanKs|Hello|vielen dank
"""


@pytest.mark.parametrize("line", CLOSINGS.strip().replace("\n", "|").split("|"))
def test_a_closing_is_known_alike(line: str) -> None:
    assert words._closes(line) is (words._CLOSING.fullmatch(line) is not None)


@given(st.integers(0, 2**32 - 1))
def test_an_address_of_a_client_is_written_alike(number: int) -> None:
    peer = str(IPv4Address(number))
    assert address_literal(peer) == f"[{peer}]"


@pytest.mark.parametrize(
    "peer", ["1.2.3.04", "1.2.3", "1.2.3.256", "1.2.3.4.5", " 1.2.3.4", "1.2.3.4\n", "", "١.2.3.4"]
)
def test_what_is_no_address_is_none(peer: str) -> None:
    assert address_literal(peer) == "unknown"


@given(st.datetimes(datetime(1000, 1, 1), datetime(9998, 1, 1)), st.integers(-720, 720))
def test_a_date_is_written_as_strftime_writes_its_time(at: datetime, minutes: int) -> None:
    moment = at.replace(tzinfo=UTC).astimezone(timezone(timedelta(minutes=minutes)))
    assert f" {moment:%H:%M:%S} " in header_date(moment)


def _message(raw: bytes) -> Message:
    return parse(raw)


def _envelope(*recipients: str) -> Envelope:
    to = tuple(Recipient(Path(each.encode(), each)) for each in recipients)
    return Envelope(Path(b"ann@elm.example", "ann@elm.example"), to)


def test_ordinary_mail_goes_the_quick_ways() -> None:
    to = b"To: y@other.example,\r\n z@other.example\r\n"
    raw = b"From: Ann B <ann@elm.example>\r\n" + to + b"Date: x\r\n\r\nGood morning, all.\r\n"
    message = parse(raw)
    octets = bytes(raw[: message.body_start - 2])
    assert header._is_usual(octets)
    assert header._split_usual(header.Header(octets, 0, message.body_start))
    assert header._usual_end(raw, 0, len(raw)) == message.body_start - 4
    assert search._USUAL.fullmatch(message.value(message.fields[0]))
    assert walk._names_nobody(message, message.root)
    assert walk._IDENTIFIERS.fullmatch(b"References: <a@b.example>\r\n <c@d.example>\r\n")
    assert parameters._read_usual(b'text/plain; charset="utf-8"; format=flowed')
