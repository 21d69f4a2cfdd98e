"""Fields as spans, and defects that say where without saying what."""

from __future__ import annotations

import pytest

from mailguard.core.mail.header import has_long_line
from mailguard.core.mail.parse import parse

RAW = b"From: a@in.example\r\nSUBJECT: one\r\n two\r\nX-Empty:\r\n\r\nbody: no field\r\n"


def test_fields_are_spans() -> None:
    parsed = parse(RAW)
    assert [(field.name, RAW[field.start : field.end]) for field in parsed.fields] == [
        ("from", b"From: a@in.example\r\n"),
        ("subject", b"SUBJECT: one\r\n two\r\n"),
        ("x-empty", b"X-Empty:\r\n"),
    ]
    assert [parsed.value(field) for field in parsed.fields] == [b" a@in.example\r\n", b" one\r\n two\r\n", b"\r\n"]
    assert RAW[parsed.body_start :] == b"body: no field\r\n"


@pytest.mark.parametrize("raw", [b"From: a@in.example", b"From: a@in.example\r\n", b"From: a@in.example\r\n\r\n"])
def test_a_message_may_have_no_body(raw: bytes) -> None:
    parsed = parse(raw)
    assert parsed.body_start == len(raw)
    assert parsed.originators == ("a@in.example",)
    assert not parsed.defects


@pytest.mark.parametrize(
    ("raw", "holds"),
    [(b"", False), (b"\r\n", False), (b"\r\nHello there", False), (b"\r\n\r\nCc: x@o.example\r\n", True)],
)
def test_a_message_without_header_holds_where_one_may_follow(raw: bytes, holds: bool) -> None:
    assert [(defect.kind, defect.holds) for defect in parse(raw).defects] == [("no-header", holds)]


def test_line_feeds_alone_are_read_and_hold() -> None:
    parsed = parse(RAW.replace(b"\r\n", b"\n"))
    assert [field.name for field in parsed.fields] == ["from", "subject", "x-empty"]
    assert {(defect.kind, defect.holds) for defect in parsed.defects} == {("bare-lf", True)}


def test_a_defect_never_quotes_the_message() -> None:
    parsed = parse(b"leak@o.example : x\r\nBob Ray: x\r\nx-leak@o.example: \x01\r\n\r\n")
    assert {defect.where for defect in parsed.defects} == {"header"}


def test_reply_to_and_other_fields_are_not_recipients() -> None:
    assert parse(b"Reply-To: a@o.example\r\nX-Foo: b@o.example\r\n\r\n").visible == ()


def test_obsolete_and_vendor_fields_list_recipients() -> None:
    raw = b"Apparently-To: a@o.example\r\nX-Original-To: b@o.example\r\nEnvelope-To: c@o.example, d@o.example\r\n\r\n"
    assert [mailbox.address for mailbox in parse(raw).visible] == [f"{name}@o.example" for name in "abcd"]


def test_vendor_fields_have_no_grammar_to_hold_for() -> None:
    parsed = parse(b"To: a@o.example\r\nDelivered-To: mailing list b@o.example\r\nX-To: Bob Ray\r\n\r\n")
    assert len(parsed.visible) == 2
    assert not any(defect.holds for defect in parsed.defects)


@pytest.mark.parametrize(("length", "long"), [(998, False), (999, True), (5000, True)])
def test_long_lines(length: int, long: bool) -> None:
    for raw in (
        b"x" * length + b"\r\n",
        b"a\r\n" + b"x" * length + b"\r\nb\r\n",
        b"y\r\n" * 700 + b"x" * length + b"\r\n",
    ):
        assert has_long_line(raw, 0, len(raw)) is long


def test_the_obsolete_example_of_rfc_2822_is_read_and_held() -> None:
    """RFC 2822 appendix A.6.3, for which the standard library finds no header at all (addresses invented)."""
    raw = (
        b"From  : Jo Doe <jo@machine(comment).  example>\r\nTo    : Mary Smith\r\n  \r\n          <mary@o.example>\r\n"
        b"Subject     : Saying Hello\r\nDate  : Fri, 21 Nov 1997 09(comment):   55  :  06 -0600\r\n\r\nHi\r\n"
    )
    parsed = parse(raw)
    assert [field.name for field in parsed.fields] == ["from", "to", "subject", "date"]
    assert [mailbox.address for mailbox in parsed.visible] == ["mary@o.example"]
    assert any(defect.holds for defect in parsed.defects)
