"""What goes above a message: our Received field, and Date and Message-ID where a signed-in client left them out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.utils import parsedate_to_datetime

import pytest

from mailguard.core.mail.parse import parse
from mailguard.core.rewrite.mark import Marks
from mailguard.core.rewrite.top import IDENTIFIER_OCTETS, Top, top_of
from mailguard.core.session import Session

from .submission import envelope

AT = datetime(2026, 3, 12, 9, 0, 5, tzinfo=UTC)
ANYBODY = Session("s", "192.0.2.7", "pc7.elmroad.example", True, "127.0.0.1:2525", AT)
CLERK = replace(ANYBODY, account="clerk@elmroad.example")
MARKS = Marks("guard.elmroad.example", (b"k" * 32,))
FROM, DATE, IDENTIFIER = b"From: c@elmroad.example\r\n", b"Date: yesterday\r\n", b"Message-ID: 1\r\n"


def top(raw: bytes, session: Session = CLERK, octets: bytes = b"r" * IDENTIFIER_OCTETS) -> Top:
    return top_of(parse(raw + b"\r\n"), session, envelope("a@o.example"), MARKS, "MG-7Q4K-2F", AT, octets)


def test_both_are_added_below_our_received_field() -> None:
    made = top(FROM)
    assert made.changes == ("date-added", "message-id-added")
    read = message_from_bytes(made.octets + FROM + b"\r\n")
    assert read.keys() == ["Received", "Date", "Message-ID", "From"]
    assert parsedate_to_datetime(read["Date"]) == AT
    assert read["Message-ID"] == f"<{(b'r' * IDENTIFIER_OCTETS).hex()}@guard.elmroad.example>"
    assert b"clerk" not in made.octets and max(map(len, made.octets.split(b"\r\n"))) <= 78


@pytest.mark.parametrize(
    ("fields", "changes"),
    [
        (DATE, ("message-id-added",)),
        (IDENTIFIER, ("date-added",)),
        (DATE + IDENTIFIER, ()),
        (b"date : odd\r\nMESSAGE-ID:\r\n", ()),
        (b"Resent-Date: x\r\nResent-Message-ID: <x@y>\r\n", ("date-added", "message-id-added")),
    ],
)
def test_what_is_there_stays_even_if_it_is_odd(fields: bytes, changes: tuple[str, ...]) -> None:
    assert top(FROM + fields).changes == changes


def test_mail_without_sign_in_gets_neither() -> None:
    made = top(FROM, ANYBODY, b"")
    assert made.changes == () and message_from_bytes(made.octets).keys() == ["Received"]


def test_the_same_message_gets_the_same_and_another_another() -> None:
    assert top(FROM) == top(FROM) != top(FROM, octets=b"s" * IDENTIFIER_OCTETS)


def test_too_little_randomness_is_an_error() -> None:
    with pytest.raises(ValueError, match="random"):
        top(FROM, octets=b"r")
