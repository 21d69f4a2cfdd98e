"""Delivery status notifications: RFC 3464 as Python's email reads it, NOTIFY, ENVID and ORCPT, and what T71 forbids."""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import replace
from datetime import datetime, timedelta
from email.message import EmailMessage, Message
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.core.envelope import Path, Recipient
from mailguard.core.frame import Frame
from mailguard.core.report import SHOWN, Action, Event, Fate, Report, decode_xtext, delivery_status, wants
from mailguard.core.returned import LONGEST_FIELD, MOST_FIELDS, first_value, returned_fields

LONDON = ZoneInfo("Europe/London")
FRAME = Frame(
    organisation="Elm Road Surgery",
    sender="mailguard@elmroad.example",
    contact="manager@elmroad.example",
    to="jo@elmroad.example",
    at=datetime(2026, 11, 20, 14, 2, 7, tzinfo=LONDON),
    message_id="<4f1a.dsn@elmroad.example>",
    mark="v1 0123456789abcdef",
    boundary="=_0123456789abcdef01234567",
    in_reply_to=b"<flu-clinic.1@elmroad.example>",
)
ORIGINAL = (
    b"Received: from pc7 ([10.0.0.7]) by guard.elmroad.example for <hidden@outside.example>;\r\n"
    b" Fri, 20 Nov 2026 14:00:00 +0000\r\n"
    b"From: Jo Reid <jo@elmroad.example>\r\n"
    b"To: ann@outside.example,\r\n bob@outside.example\r\n"
    b"Cc : carol@outside.example\r\n"
    b"Subject: Flu clinic\r\n"
    b"X-Campaign: autumn-7\r\n"
    b"X-Original-List: ann@outside.example\r\n"
    b"X-Encoded: =?utf-8?q?ann=40outside=2Eexample?=\r\n"
    b"X-Quoted: ann=40outside.example\r\n"
    b"Message-ID: <flu-clinic.1@elmroad.example>\r\n"
    b"\r\n"
    b"The body names patient 943 476 5919.\r\n"
)


def recipient(wire: str, *parameters: bytes) -> Recipient:
    return Recipient(Path(wire.encode(), wire.lower()), parameters)


ANN = recipient("Ann@outside.example", b"NOTIFY=FAILURE", b"ORCPT=rfc822;Ann+2Bflu@outside.example")
FAILED = Fate(ANN, Action.FAILED, 550, "5.1.1", "No such user here")
REPORT = Report(
    fates=(FAILED,),
    subject="Flu clinic",
    arrived_at=datetime(2026, 11, 20, 14, 0, tzinfo=LONDON),
    hostname="guard.elmroad.example",
    ref="MG-7Q4K-2FXB7M3KQW",
    envelope_id=b"QQ314+2B159",
    original=ORIGINAL,
    remote="smarthost.example",
)


def read(octets: bytes) -> EmailMessage:
    message = email.message_from_bytes(octets, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def parts(octets: bytes) -> list[EmailMessage]:
    return [part for part in read(octets).iter_parts() if isinstance(part, EmailMessage)]


def blocks(octets: bytes) -> list[Message]:
    """The groups of fields of message/delivery-status, as Python's parser sees them."""
    payload = parts(octets)[1].get_payload()
    assert isinstance(payload, list)
    return payload


def text_of(octets: bytes) -> str:
    content: str = parts(octets)[0].get_content()
    return content.replace("\r\n", "\n")


def test_is_a_multipart_report_of_three_parts() -> None:
    octets = delivery_status(REPORT, FRAME)
    message = read(octets)
    assert message.get_content_type() == "multipart/report"
    assert message.get_param("report-type") == "delivery-status"
    assert [part.get_content_type() for part in message.iter_parts()] == [
        "text/plain",
        "message/delivery-status",
        "text/rfc822-headers",
    ]
    assert not any(part.defects for part in message.walk())
    assert message["Auto-Submitted"] == "auto-replied"
    assert message["Subject"] == "Not delivered: Flu clinic"
    assert message["In-Reply-To"] == "<flu-clinic.1@elmroad.example>"
    assert message["X-Mailguard-Notice"] == "v1 0123456789abcdef"
    assert octets.isascii()
    assert re.search(rb"(?<!\r)\n|\r(?!\n)", octets) is None


def test_fields_for_the_message_and_for_each_recipient() -> None:
    bob = Fate(recipient("bob@outside.example"), Action.FAILED, 552, None, "Too big")
    whole, first, second = blocks(delivery_status(replace(REPORT, fates=(FAILED, bob)), FRAME))
    assert dict(whole.items()) == {
        "Original-Envelope-Id": "QQ314+159",
        "Reporting-MTA": "dns; guard.elmroad.example",
        "Arrival-Date": "Fri, 20 Nov 2026 14:00:00 +0000",
    }
    assert dict(first.items()) == {
        "Original-Recipient": "rfc822; Ann+flu@outside.example",
        "Final-Recipient": "rfc822; Ann@outside.example",
        "Action": "failed",
        "Status": "5.1.1",
        "Remote-MTA": "dns; smarthost.example",
        "Diagnostic-Code": "smtp; 550 5.1.1 No such user here",
    }
    assert second["Status"] == "5.0.0"
    assert second["Original-Recipient"] is None


def test_the_text_says_who_why_and_what_to_do() -> None:
    text = text_of(delivery_status(REPORT, FRAME))
    assert "Your email could not be delivered to 1 person." in text
    assert (
        "- Ann@outside.example: this address does not exist or does not take mail. "
        "The mail server said: 550 5.1.1 No such user here" in text
    )
    assert "Check each address for a spelling mistake" in text
    assert "Reference MG-7Q4K-2FXB7M3KQW" in text


def test_many_recipients_are_all_in_the_report_and_some_in_the_text() -> None:
    fates = tuple(replace(FAILED, recipient=recipient(f"p{n}@outside.example")) for n in range(288))
    octets = delivery_status(replace(REPORT, fates=fates), FRAME)
    assert len(blocks(octets)) == 289
    assert text_of(octets).count("@outside.example:") == SHOWN
    assert "and 238 people more" in text_of(octets)


def test_time_is_up_is_4_4_7_and_said_in_words() -> None:
    fate = Fate(ANN, Action.FAILED, 451, "4.7.1", "Greylisted", gave_up=True)
    octets = delivery_status(replace(REPORT, fates=(fate,), tried=timedelta(days=4, seconds=20)), FRAME)
    assert blocks(octets)[1]["Status"] == "4.4.7"
    assert blocks(octets)[1]["Diagnostic-Code"] == "smtp; 451 4.7.1 Greylisted"
    assert "it could not be delivered for 4 days, so we stopped trying." in text_of(octets)


def test_a_silent_server_leaves_no_diagnostic() -> None:
    octets = delivery_status(replace(REPORT, fates=(Fate(ANN, Action.FAILED, gave_up=True),)), FRAME)
    assert blocks(octets)[1]["Diagnostic-Code"] is None
    assert blocks(octets)[1]["Remote-MTA"] is None


def test_delayed_says_until_when() -> None:
    until = datetime(2026, 11, 24, 14, 0, tzinfo=LONDON)
    octets = delivery_status(
        replace(REPORT, fates=(Fate(ANN, Action.DELAYED, 451, "4.2.1", "Later"),), until=until), FRAME
    )
    assert blocks(octets)[1]["Action"] == "delayed"
    assert blocks(octets)[1]["Status"] == "4.2.1"
    assert blocks(octets)[1]["Will-Retry-Until"] == "Tue, 24 Nov 2026 14:00:00 +0000"
    assert read(octets)["Subject"] == "Not delivered yet: Flu clinic"
    assert "by 2pm on Tuesday 24 November 2026" in text_of(octets)


@pytest.mark.parametrize("action", [Action.RELAYED, Action.EXPANDED])
def test_passed_on(action: Action) -> None:
    octets = delivery_status(replace(REPORT, fates=(Fate(ANN, action, 250, "2.1.5", "OK"),)), FRAME)
    assert blocks(octets)[1]["Action"] == action.value
    assert blocks(octets)[1]["Status"] == "2.1.5"
    assert read(octets)["Subject"] == "Passed on: Flu clinic"


def test_a_status_that_contradicts_the_action_is_not_used() -> None:
    octets = delivery_status(replace(REPORT, fates=(replace(FAILED, status="2.0.0"),)), FRAME)
    assert blocks(octets)[1]["Status"] == "5.0.0"


def test_t71_returns_header_fields_without_recipients_and_never_the_body() -> None:
    octets = delivery_status(REPORT, FRAME)
    returned = parts(octets)[2].get_payload(decode=True)
    assert isinstance(returned, bytes)
    names = [line.partition(b":")[0] for line in returned.split(b"\r\n") if line and not line.startswith(b" ")]
    assert names == [b"From", b"Subject", b"X-Campaign", b"Message-ID"]
    assert b"943 476" not in octets
    for address in (b"bob@", b"carol@", b"hidden@"):
        assert address not in octets


def test_beyond_ascii_goes_in_xtext_form_to_a_sender_who_may_not_read_utf8() -> None:
    fate = replace(FAILED, recipient=recipient("jörg@exämple.example", b"ORCPT=utf-8;j\\x{F6}rg@x.example"))
    octets = delivery_status(replace(REPORT, fates=(fate,)), FRAME)
    assert octets.isascii()
    assert blocks(octets)[1]["Final-Recipient"] == "utf-8; j\\x{F6}rg@ex\\x{E4}mple.example"
    assert blocks(octets)[1]["Original-Recipient"] == "utf-8; j\\x{F6}rg@x.example"


def test_rfc_6533_variant_for_a_sender_who_reads_utf8() -> None:
    fate = replace(FAILED, recipient=recipient("jörg@exämple.example"))
    report = replace(REPORT, fates=(fate,), original="From: Jörg <jörg@elmroad.example>\r\n\r\n".encode())
    octets = delivery_status(report, replace(FRAME, to="jörg@elmroad.example", international=True))
    assert b"Content-Type: message/global-delivery-status\r\nContent-Transfer-Encoding: 8bit\r\n" in octets
    assert b"Content-Type: message/global-headers\r\nContent-Transfer-Encoding: 8bit\r\n" in octets
    assert "Final-Recipient: utf-8; jörg@exämple.example\r\n".encode() in octets
    assert "To: jörg@elmroad.example\r\n".encode() in octets


def test_eight_bit_and_overlong_header_fields_are_quoted_printable() -> None:
    for field in ("Subject: Grüße\r\n".encode("latin-1"), b"Subject: " + b"x" * 2_000 + b"\r\n"):
        octets = delivery_status(replace(REPORT, original=field + b"\r\n"), FRAME)
        assert octets.isascii()
        assert max(len(line) for line in octets.split(b"\r\n")) <= 998
        assert parts(octets)[2].get_payload(decode=True) == field


def test_a_report_needs_a_recipient() -> None:
    with pytest.raises(ValueError, match="needs a recipient"):
        delivery_status(replace(REPORT, fates=()), FRAME)


def test_one_made_without_the_original() -> None:
    octets = delivery_status(replace(REPORT, original=b"", envelope_id=None), FRAME)
    assert [part.get_content_type() for part in parts(octets)][2] == "text/rfc822-headers"
    assert "Original-Envelope-Id" not in blocks(octets)[0]


# NOTIFY, xtext.


@pytest.mark.parametrize(
    ("parameters", "success", "failure", "delay"),
    [
        ((), False, True, False),
        ((b"NOTIFY=NEVER",), False, False, False),
        ((b"notify=never",), False, False, False),
        ((b"NOTIFY=FAILURE",), False, True, False),
        ((b"NOTIFY=SUCCESS,DELAY",), True, False, True),
        ((b"NOTIFY=success,failure,delay",), True, True, True),
        ((b"NOTIFY=",), False, True, False),
        ((b"NOTIFY",), False, True, False),
        ((b"NOTIFY=NEVER,SUCCESS",), False, True, False),
        ((b"NOTIFY=OFTEN",), False, True, False),
        ((b"ORCPT=rfc822;a@b.example", b"NOTIFY=DELAY"), False, False, True),
    ],
)
def test_notify(parameters: tuple[bytes, ...], success: bool, failure: bool, delay: bool) -> None:
    asked = recipient("a@b.example", *parameters)
    assert [wants(asked, event) for event in (Event.SUCCESS, Event.FAILURE, Event.DELAY)] == [success, failure, delay]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"QQ314159", "QQ314159"),
        (b"a+2Bb+3Dc", "a+b=c"),
        (b"a+20b", "a b"),
        (b"", None),
        (b"a+0D+0ABcc:x", None),
        (b"a+FF", None),
        (b"a+2", None),
        (b"a=b", None),
        (b"a b", None),
        (b"x" * 501, None),
    ],
)
def test_xtext(value: bytes, text: str | None) -> None:
    assert decode_xtext(value) == text


@pytest.mark.parametrize(
    "orcpt", [b"rfc822;a+0D+0ABcc:x@y", b"rfc822;", b"nothing", b"r f;a@b", b"utf-8;j\xc3\xb6@b.example"]
)
def test_an_orcpt_that_cannot_be_shown_is_left_out(orcpt: bytes) -> None:
    fate = replace(FAILED, recipient=recipient("a@b.example", b"ORCPT=" + orcpt))
    assert blocks(delivery_status(replace(REPORT, fates=(fate,)), FRAME))[1]["Original-Recipient"] is None


# Whatever comes in.


@settings(max_examples=60)
@given(
    text=st.text(max_size=400),
    status=st.one_of(st.none(), st.text(max_size=20)),
    code=st.integers(400, 599),
    wire=st.binary(max_size=80),
    envelope_id=st.binary(max_size=60),
    orcpt=st.binary(max_size=60),
    subject=st.text(max_size=100),
    original=st.binary(max_size=400),
)
def test_nothing_from_outside_breaks_out_of_its_field(
    text: str,
    status: str | None,
    code: int,
    wire: bytes,
    envelope_id: bytes,
    orcpt: bytes,
    subject: str,
    original: bytes,
) -> None:
    hostile = Recipient(Path(wire, "a@b.example"), (b"ORCPT=rfc822;" + orcpt,))
    fate = Fate(hostile, Action.FAILED, code, status, text)
    report = replace(REPORT, fates=(fate,), envelope_id=envelope_id, subject=subject, original=original)
    octets = delivery_status(report, FRAME)
    assert octets.isascii()
    assert re.search(rb"(?<!\r)\n|\r(?!\n)|\0", octets) is None
    assert max(len(line) for line in octets.split(b"\r\n")) <= 998
    message = read(octets)
    assert [part.get_content_type() for part in message.iter_parts()] == [
        "text/plain",
        "message/delivery-status",
        "text/rfc822-headers",
    ]
    assert len(blocks(octets)) == 2
    allowed = {"Original-Recipient", "Final-Recipient", "Action", "Status", "Remote-MTA", "Diagnostic-Code"}
    assert set(blocks(octets)[1].keys()) <= allowed
    assert message.keys() == read(delivery_status(REPORT, FRAME)).keys()


LINES = st.sampled_from(
    [b"To: leak@o.example\r\n", b"X-A: b\r\n", b" leak@o.example\r\n", b"\tfolded\r\n", b"no colon leak@o.example\r\n",
     b"Cc : leak@o.example\r\n", b"Resent-Cc:leak@o.example\r\n", b"From jo Fri\r\n", b"Date: today\r\n", b"X-B:\r\n",
     b"T\xc3\xb6: leak@o.example\r\n", b"X-C: a\rTo: leak@o.example\r\n", b"X-D: leak%40o.example\r\n"]
)  # fmt: skip


@given(st.lists(LINES, max_size=12))
def test_t71_no_address_comes_back_however_the_header_is_broken(lines: list[bytes]) -> None:
    assert b"leak" not in returned_fields(b"".join(lines) + b"\r\nleak@o.example\r\n")


@given(st.binary(max_size=300))
def test_returned_fields_is_total_and_yields_whole_fields(octets: bytes) -> None:
    fields = returned_fields(octets)
    assert fields == b"" or fields.endswith(b"\r\n")
    assert re.search(rb"(?<!\r)\n|\r(?!\n)", fields) is None


def test_returned_fields_are_bounded_and_linear() -> None:
    many = b"".join(b"X-%d: y\r\n" % n for n in range(50_000))
    assert returned_fields(many).count(b"\r\n") == MOST_FIELDS
    assert returned_fields(b"X-Long: " + b"y" * LONGEST_FIELD + b"\r\n") == b""
    assert returned_fields(b"X-Folded: y\r\n" + b" z\r\n" * 60_000) == b""


@pytest.mark.parametrize("field", [b"To: Flu patients:;\r\n", b"Bcc: Ann Example\r\n", b"Reply-To: team\r\n"])
def test_t71_a_recipient_field_never_comes_back_even_without_an_address(field: bytes) -> None:
    assert returned_fields(field + b"X-Campaign: autumn\r\n\r\n") == b"X-Campaign: autumn\r\n"


def test_first_value() -> None:
    assert first_value(ORIGINAL, b"message-id") == b"<flu-clinic.1@elmroad.example>"
    assert first_value(b"Subject: a\r\n b\r\nSubject: c\r\n\r\n", b"subject") == b"a b"
    assert first_value(b"\r\nSubject: in the body\r\n", b"subject") is None
