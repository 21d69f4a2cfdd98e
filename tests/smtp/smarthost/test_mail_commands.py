"""What is said of an envelope to a smarthost that announces this or that."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailguard.core.envelope import Envelope, Path, Recipient
from mailguard.core.rewrite.content import Content
from mailguard.smtp.mail_commands import (
    BAD_RECIPIENT,
    BAD_SENDER,
    EIGHT_BIT_NOT_TAKEN,
    UTF8_NOT_TAKEN,
    leaves_out_dsn,
    mail_command,
    recipient_command,
    why_refused,
)
from mailguard.smtp.smarthost_capabilities import NOTHING_ANNOUNCED, SmarthostCapabilities, read_capabilities

from .samples import envelope, path

ALL = SmarthostCapabilities(True, True, True, True, True, True, 1_000, True, ("PLAIN",))
PARAMETERS = (b"SIZE=7", b"BODY=8BITMIME", b"SMTPUTF8", b"RET=HDRS", b"ENVID=QQ+2B1", b"AUTH=<>")
ASCII = Content(b"Subject: x\r\n\r\nx\r\n")


def test_everything_announced_goes_on_in_wire_form() -> None:
    line = mail_command(envelope(1, *PARAMETERS), 1234, ALL)
    expected = b"MAIL FROM:<a@elmroad.example> SIZE=1234 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=QQ+2B1 AUTH=<>\r\n"
    assert line == expected


def test_nothing_announced_says_the_address_alone() -> None:
    assert mail_command(envelope(1, *PARAMETERS), 1234, NOTHING_ANNOUNCED) == b"MAIL FROM:<a@elmroad.example>\r\n"


def test_the_null_path() -> None:
    assert mail_command(envelope(1, sender=None), 9, NOTHING_ANNOUNCED) == b"MAIL FROM:<>\r\n"


def test_an_identity_that_nobody_vouches_for_is_not_passed_on() -> None:
    """RFC 4954 section 5."""
    assert b" AUTH=<>\r\n" in mail_command(envelope(1, b"AUTH=e+3Dmc2@example.com"), 9, ALL)


def test_wire_form_of_addresses() -> None:
    odd = Path(b'"J. \\"O\' Doe"@Council.EXAMPLE', '"j. o doe"@council.example')
    recipient = Recipient(odd, (b"NOTIFY=FAILURE,DELAY", b"ORCPT=rfc822;J+2BO@Council.EXAMPLE"))
    expected = b'RCPT TO:<"J. \\"O\' Doe"@Council.EXAMPLE> NOTIFY=FAILURE,DELAY ORCPT=rfc822;J+2BO@Council.EXAMPLE\r\n'
    assert recipient_command(recipient, ALL) == expected
    assert recipient_command(recipient, NOTHING_ANNOUNCED) == b'RCPT TO:<"J. \\"O\' Doe"@Council.EXAMPLE>\r\n'


def test_dsn_left_out_is_reported() -> None:
    asked = Envelope(None, (Recipient(path("b@council.example"), (b"notify=NEVER",)),))
    assert leaves_out_dsn(asked, NOTHING_ANNOUNCED) and not leaves_out_dsn(asked, ALL)
    assert leaves_out_dsn(envelope(1, b"RET=FULL"), NOTHING_ANNOUNCED)
    assert not leaves_out_dsn(envelope(1, b"BODY=7BIT"), NOTHING_ANNOUNCED)


@pytest.mark.parametrize(
    ("sent", "content", "announced", "refusal"),
    [
        (envelope(), b"caf\xc3\xa9\r\n", replace(ALL, eight_bit=False), EIGHT_BIT_NOT_TAKEN),
        (envelope(1, b"BODY=8BITMIME"), b"ascii\r\n", replace(ALL, eight_bit=False), None),
        (envelope(1, b"BODY=8BITMIME"), b"caf\xc3\xa9\r\n", ALL, None),
        (envelope(1, b"SMTPUTF8"), b"x\r\n", replace(ALL, smtputf8=False), UTF8_NOT_TAKEN),
        (envelope(1, b"SMTPUTF8"), b"x\r\n", replace(ALL, eight_bit=False), UTF8_NOT_TAKEN),
        (envelope(1, b"SMTPUTF8"), b"x\r\n", ALL, None),
        (Envelope(None, (Recipient(path("bö@council.example")),)), b"x\r\n", ALL, UTF8_NOT_TAKEN),
        (Envelope(None, (Recipient(path("bö@council.example")),), (b"SMTPUTF8",)), b"x\r\n", ALL, None),
        (Envelope(None, (Recipient(Path(b"b@in.example>\r\nDATA", "x@in.example")),)), b"x\r\n", ALL, BAD_RECIPIENT),
        (Envelope(None, (Recipient(path("b@in.example"), (b"ORCPT=x y",)),)), b"x\r\n", ALL, BAD_RECIPIENT),
        (Envelope(Path(b"a\n@in.example", "a@in.example"), ()), b"x\r\n", ALL, BAD_SENDER),
        (Envelope(path("a@in.example"), (), (b"ENVID=x\r\nRSET",)), b"x\r\n", ALL, BAD_SENDER),
    ],
)
def test_never_downgraded_never_injected(
    sent: Envelope, content: bytes, announced: SmarthostCapabilities, refusal: object
) -> None:
    """T12, and T6 seen from the other side."""
    assert why_refused(sent, Content(content), announced) is refusal


def test_capabilities_are_read_in_any_case() -> None:
    extensions = {
        "pipelining": "",
        "size": "1000",
        "8bitmime": "",
        "auth": "plain LOGIN",
        "smtputf8": "",
        "starttls": "",
    }
    found = read_capabilities(extensions)
    assert found == SmarthostCapabilities(True, True, True, False, False, True, 1000, True, ("PLAIN", "LOGIN"))


@pytest.mark.parametrize(("value", "limit"), [("", None), ("0", None), ("x", None), ("1" * 30, None), ("²", None)])
def test_a_size_that_says_nothing(value: str, limit: int | None) -> None:
    found = read_capabilities({"SIZE": value})
    assert found.size and found.size_limit == limit
