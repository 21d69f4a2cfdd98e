"""Automatic mail, list mail, and addresses that nobody reads (THREATS.md T70)."""

from __future__ import annotations

import re

import pytest

from mailguard.core.automatic import is_automatic, is_unread
from mailguard.core.mail.message import Field, Message, Part


def message(header: str, media_type: str = "text/plain") -> Message:
    raw = header.encode() + b"\r\n"
    fields = tuple(
        Field(each[1].decode().lower(), each.start(), each.start(2), each.end())
        for each in re.finditer(rb"(?m)^([^:\r\n \t]+):((?:.|\r\n[ \t])*\r\n)", raw)
    )
    root = Part("", 0, len(raw), len(raw), fields, media_type, {}, "7bit", None, ())
    return Message(raw, fields, len(raw), root, (), (), ())


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: auto-generated\r\n",
        "Auto-Submitted: auto-replied; owner=x\r\n",
        "auto-submitted:\r\n AUTO-NOTIFIED (by cron)\r\n",
        "Auto-Submitted: no\r\nAuto-Submitted: auto-generated\r\n",
        "Auto-Submitted: whatever\r\n",
        "Auto-Submitted:\r\n",
        "Precedence: bulk\r\n",
        "Precedence: LIST\r\n",
        "Precedence: junk (why)\r\n",
        "List-Id: Flu <flu.elmroad.example>\r\n",
        "List-Unsubscribe: <mailto:leave@elmroad.example>\r\n",
        "List-Post: NO\r\n",
    ],
)
def test_t70_automatic(header: str) -> None:
    assert is_automatic(message(header))


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Auto-Submitted: no\r\n",
        "Auto-Submitted: No (a person wrote this)\r\n",
        "Precedence: first-class\r\n",
        "X-Auto-Response-Suppress: OOF\r\n",
        "Listening: yes\r\n",
    ],
)
def test_written_by_a_person(header: str) -> None:
    assert not is_automatic(message(header))


def test_a_report_is_automatic() -> None:
    assert is_automatic(message("", "multipart/report"))


@pytest.mark.parametrize(
    ("local", "unread"),
    [
        ("mailer-daemon", True),
        ("no-reply", True),
        ("noreply+flu", True),
        ("donotreply", True),
        ("owner-flu", True),
        ("flu-request", True),
        ("flu-bounces", True),
        ('"no-reply"', True),
        ("jo", False),
        ("noreen.plymouth", False),
        ("reception", False),
        ("owner", False),
        ("postmaster", False),
    ],
)
def test_addresses_that_nobody_reads(local: str, unread: bool) -> None:
    assert is_unread(f"{local}@elmroad.example") is unread
