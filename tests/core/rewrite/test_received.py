"""Our trace field (RFC 5321 section 4.4): what it says, and that the client's words cannot break out of it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email import message_from_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.core.envelope import Envelope
from mailguard.core.mail.parse import parse
from mailguard.core.rewrite.mark import Marks
from mailguard.core.rewrite.received import address_literal, protocol, received_field
from mailguard.core.session import Session

AT = datetime(2026, 3, 12, 9, 0, 5, tzinfo=UTC)
REF = "MG-7Q4K-2FXB7M3KQW"


def ours(hostname: str = "guard.example") -> Marks:
    return Marks(hostname, (b"k" * 32,))


def session(**changes: object) -> Session:
    values: dict[str, object] = {
        "identifier": "s",
        "peer": "192.0.2.7",
        "greeting": "pc7.elmroad.example",
        "extended": True,
        "listener": "127.0.0.1:2525",
        "started_at": AT,
    }
    return Session(**(values | changes))  # type: ignore[arg-type]


def envelope(*parameters: bytes) -> Envelope:
    return Envelope(None, (), parameters)


def test_it_names_greeting_peer_host_protocol_reference_and_time() -> None:
    made = received_field(session(), ours("guard.elmroad.example"), REF, AT, envelope())
    assert made == (
        b"Received: from pc7.elmroad.example ([192.0.2.7])\r\n"
        b"\tby guard.elmroad.example with ESMTP\r\n"
        b"\tid MG-7Q4K-2FXB7M3KQW\r\n"
        b"\t(mark 1.egCNwIy2phxCA2rHAbimqg); Thu, 12 Mar 2026 09:00:05 +0000\r\n"
    )


@pytest.mark.parametrize(
    ("changes", "parameters", "word"),
    [
        ({"extended": False}, (), "SMTP"),
        ({}, (), "ESMTP"),
        ({"secure": True}, (), "ESMTPS"),
        ({"account": "a"}, (), "ESMTPA"),
        ({"secure": True, "account": "a"}, (), "ESMTPSA"),
        ({}, (b"SMTPUTF8",), "UTF8SMTP"),
        ({"secure": True, "account": "a"}, (b"SMTPUTF8",), "UTF8SMTPSA"),
    ],
)
def test_protocol_names_of_rfc_3848_and_6531(
    changes: dict[str, object], parameters: tuple[bytes, ...], word: str
) -> None:
    assert protocol(session(**changes), envelope(*parameters)) == word


@pytest.mark.parametrize(
    ("peer", "literal"),
    [
        ("127.0.0.1", "[127.0.0.1]"),
        ("2001:db8::1", "[IPv6:2001:db8::1]"),
        ("fe80::1%eth0", "[IPv6:fe80::1]"),
        ("::ffff:192.0.2.1", "[192.0.2.1]"),
        ("/run/socket", "unknown"),
    ],
)
def test_peer_as_address_literal(peer: str, literal: str) -> None:
    assert address_literal(peer) == literal


def test_it_has_no_for_clause_and_no_account() -> None:
    made = received_field(session(account="clerk"), ours(), REF, AT, envelope())
    assert not re.search(rb"\sfor\s|clerk", made)


@given(st.text(max_size=400))
def test_no_greeting_breaks_out(greeting: str) -> None:
    made = received_field(session(greeting=greeting), ours(), REF, AT, envelope())
    message = parse(made + b"To: a@o.example\r\n\r\n")
    assert [field.name for field in message.fields] == ["received", "to"]
    assert made.count(b"(") == made.count(b")") and made.isascii() and b"@" not in made
    assert made.endswith(b"+0000\r\n") and all(len(line) <= 300 for line in made.split(b"\r\n"))
    assert message_from_bytes(made + b"\r\n").keys() == ["Received"]


def test_lines_are_short() -> None:
    made = received_field(
        session(peer="2001:db8:1111:2222:3333:4444:5555:6666"), ours("guard.elmroad.example"), REF, AT, envelope()
    )
    assert max(map(len, made.split(b"\r\n"))) <= 78
