"""Of which message a file is a copy: by hashes, whatever its line ends, and whatever servers put above it."""

from __future__ import annotations

import hashlib

import pytest

from mailguard.core.mail.parse import parse
from mailguard.core.packs.from_file import MOST_ABOVE, contents_of, is_mail

SENT = b"From: jo@elmroad.example\r\nTo: ada@patients.example\r\n and@patients.example\r\n\r\nHello\r\n.\r\n"
JUDGED = hashlib.sha256(SENT).hexdigest()
TRACE = b"Return-Path: <jo@elmroad.example>\r\nReceived: from a.example\r\n\tby b.example; now\r\n"


@pytest.mark.parametrize(
    "file",
    [
        SENT,
        SENT.replace(b"\r\n", b"\n"),
        SENT.replace(b"\r\n", b"\n", 2),
        SENT.removesuffix(b"\r\n"),
        TRACE + SENT,
        (TRACE + SENT).replace(b"\r\n", b"\n"),
    ],
)
def test_a_copy_as_it_was_sent_or_as_it_arrived_is_that_message(file: bytes) -> None:
    found = contents_of(file)
    assert bytes(found[JUDGED]) == SENT


@pytest.mark.parametrize(
    "file",
    [b"", SENT.replace(b"ada", b"bob"), SENT + b"more\r\n", b"\r\n" + SENT, b"X: y\r\n" * (MOST_ABOVE + 1) + SENT],
)
def test_another_content_is_another_message(file: bytes) -> None:
    found = contents_of(file)
    assert JUDGED not in found and len(found) <= MOST_ABOVE + 2


def test_a_file_as_it_is_counts_too_and_its_content_by_the_rules_of_smtp_comes_first() -> None:
    bare = SENT.replace(b"\r\n", b"\n")
    found = contents_of(bare)
    assert next(iter(found)) == JUDGED and hashlib.sha256(bare).hexdigest() in found


def test_what_names_neither_a_sender_nor_a_recipient_is_no_message() -> None:
    assert is_mail(parse(SENT)) and is_mail(parse(b"Bcc: ada@patients.example\r\n\r\n"))
    for file in (b"", b"\r\n", b"version: 1\r\nrules:\r\n  - id: visible-list\r\n", b"\x00\x01"):
        assert not is_mail(parse(file))
