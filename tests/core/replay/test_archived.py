"""The envelope, time and name of a message that an archive kept without them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.core.mail.parse import parse
from mailguard.core.replay.archived import archived_envelope, archived_time, reference_of, time_in

DELIVERED = datetime(2025, 3, 1, tzinfo=UTC)


def letter(*fields: str) -> bytes:
    return ("\r\n".join(fields) + "\r\n\r\nHello\r\n").encode()


def sender_and_recipients(*fields: str) -> tuple[str | None, list[str]]:
    envelope = archived_envelope(parse(letter(*fields)))
    path = envelope.reverse_path
    return (path.address if path else None), [each.address for each in envelope.recipients]


def test_the_sender_is_the_return_path_and_the_recipients_are_all_that_are_named() -> None:
    fields = (
        "Return-Path: <bounce@elmroad.example>",
        "X-Original-To: hidden@patients.example",
        "Delivered-To: box@patients.example",
        "From: Jo <jo@elmroad.example>",
        "To: Ada <ada@patients.example>",
        "Cc: ben@patients.example, ada@patients.example",
        "Bcc: cai@patients.example",
    )
    assert sender_and_recipients(*fields) == (
        "bounce@elmroad.example",
        [f"{name}@patients.example" for name in ("hidden", "box", "ada", "ben", "cai")],
    )


def test_without_a_return_path_the_sender_is_in_from() -> None:
    assert sender_and_recipients("From: Jo <jo@elmroad.example>", "To: ada@patients.example") == (
        "jo@elmroad.example",
        ["ada@patients.example"],
    )


def test_an_empty_return_path_is_the_null_path() -> None:
    assert sender_and_recipients("Return-Path: <>", "From: jo@elmroad.example")[0] is None


def test_the_upper_return_path_counts() -> None:
    found = sender_and_recipients("Return-Path: <a@x.example>", "Return-Path: <b@x.example>", "From: c@x.example")
    assert found[0] == "a@x.example"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Fri, 20 Nov 2026 14:02:00 +0100", datetime(2026, 11, 20, 13, 2, tzinfo=UTC)),
        ("20 Nov 26 14:02 GMT", datetime(2026, 11, 20, 14, 2, tzinfo=UTC)),
        ("Tue Mar 12 09:00:00 2026", datetime(2026, 3, 12, 9, 0, tzinfo=UTC)),
        ("Fri, 20 Nov 2026 14:02:00 -0000", datetime(2026, 11, 20, 14, 2, tzinfo=UTC)),
        ("yesterday", None),
        ("", None),
        ("Fri, 20 Nov 1902 14:02:00 +0000", None),
        ("Fri, 99 Nov 2026 14:02:00 +0000", None),
    ],
)
def test_times(written: str, expected: datetime | None) -> None:
    assert time_in(written) == expected


@given(st.text(max_size=80))
def test_no_text_breaks_the_reading_of_a_time(text: str) -> None:
    found = time_in(text)
    assert found is None or found.tzinfo is UTC


def test_the_date_field_comes_before_the_delivery() -> None:
    dated = parse(letter("Date: Fri, 20 Nov 2026 14:02:00 +0000"))
    assert archived_time(dated, DELIVERED) == datetime(2026, 11, 20, 14, 2, tzinfo=UTC)
    assert archived_time(parse(letter("Date: soon")), DELIVERED) == DELIVERED
    assert archived_time(parse(letter("Subject: x")), None) is None


def test_a_name_is_of_the_message_id_and_tells_nothing() -> None:
    one, same, other = (
        parse(letter(f"Message-ID: <{name}@elmroad.example>", f"Subject: {subject}"))
        for name, subject in (("a", "x"), ("a", "y"), ("b", "x"))
    )
    assert reference_of(one) == reference_of(same) != reference_of(other)
    assert len(reference_of(one)) == 12
    assert reference_of(parse(letter("Subject: x"))) != reference_of(parse(letter("Subject: y")))
