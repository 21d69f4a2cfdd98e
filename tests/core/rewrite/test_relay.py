"""Under relay nothing changes but our Received field and a Bcc field, which is never relayed (promise 3)."""

from __future__ import annotations

import mmap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.core.errors import CannotRewrite
from mailguard.core.mail.parse import parse
from mailguard.core.rewrite.content import Content
from mailguard.core.rewrite.relay import relay

RECEIVED = b"Received: from x by y; Thu, 12 Mar 2026 09:00:05 +0000\r\n"


def relayed(raw: bytes) -> bytes:
    return Content(raw, relay(parse(raw), RECEIVED)).to_bytes()


def test_received_on_top_and_nothing_else() -> None:
    raw = b"To: a@o.example\r\nX-Odd :  \xff\r\n\tfolded\r\n\r\nbody\r\n"
    assert relayed(raw) == RECEIVED + raw


@pytest.mark.parametrize(
    "field",
    [
        b"Bcc: leak@o.example\r\n",
        b"BCC:leak@o.example,\r\n\tmore@o.example\r\n",
        b"Bcc : leak@o.example\r\n",
        b"bcc\t:\r\n leak@o.example\r\n",
        b"Resent-Bcc: leak@o.example\r\n",
        b"Bcc:\r\n",
    ],
)
def test_blind_fields_go_whole(field: bytes) -> None:
    before, after = b"From: a@in.example\r\nTo: b@o.example\r\n", b"Subject: x\r\n\r\nBcc: in the body stays\r\n"
    assert relayed(before + field + after) == RECEIVED + before + after


def test_every_blind_field_goes() -> None:
    raw = b"Bcc: a@o.example\r\nTo: b@o.example\r\nBCC: c@o.example\r\nbcc: d@o.example\r\n\r\n"
    assert relayed(raw) == RECEIVED + b"To: b@o.example\r\n\r\n"


@pytest.mark.parametrize("line", [b"From a@o.example Thu Mar 12 09:00:05 2026\r\n", b">From x\r\n", b" continued\r\n"])
def test_an_odd_first_line_stays_first(line: bytes) -> None:
    rest = b"To: b@o.example\r\n\r\nbody\r\n"
    assert relayed(line + rest) == line + RECEIVED + rest


@pytest.mark.parametrize("name", [b"Bcc", b"Cc"])
def test_an_odd_first_field_stays_whole(name: bytes) -> None:
    first, rest = b" " + name + b": a@o.example,\r\n b@o.example\r\n", b"To: b@o.example\r\n\r\nbody\r\n"
    assert relayed(first + rest) == (first if name == b"Cc" else b"") + RECEIVED + rest


def test_other_buffers() -> None:
    raw = b"From x\r\nTo: b@o.example\r\nBcc: c@o.example\r\n\r\nbody\r\n"
    mapped = mmap.mmap(-1, len(raw))
    mapped[:] = raw
    for buffer in (memoryview(raw), mapped):
        message = parse(buffer)
        assert Content(buffer, relay(message, RECEIVED)).to_bytes() == relayed(raw)


def test_a_message_without_header_or_content() -> None:
    assert relayed(b"\r\nbody\r\n") == RECEIVED + b"\r\nbody\r\n"
    assert relayed(b"") == RECEIVED


_LINES = st.lists(
    st.one_of(
        st.sampled_from([b"Bcc: leak@o.example\r\n", b"BCC :x\r\n y\r\n", b"Resent-Bcc: a@b\r\n"]),
        st.builds(
            lambda name, value: name + b": " + value + b"\r\n",
            *[st.from_regex(rb"[A-Za-z0-9-]{1,9}", fullmatch=True)] * 2,
        ),
    ),
    max_size=12,
)


@given(_LINES, st.binary(max_size=60))
def test_rewriting_nothing_is_the_identity(lines: list[bytes], body: bytes) -> None:
    raw = b"".join(lines) + b"\r\n" + body
    message = parse(raw)
    edits = [edit for edit in relay(message, b"") if edit.start != edit.end or edit.replacement]
    kept = b"".join(line for line in lines if not line.lower().startswith((b"bcc", b"resent-bcc"))) + b"\r\n" + body
    assert Content(raw, tuple(edits)).to_bytes() == kept
    assert Content(raw).to_bytes() is not None and Content(raw).to_bytes() == raw


@pytest.mark.parametrize("separator", ["\x0b", "\x0c", "\x85", "\u2028"])
def test_a_bcc_that_hides_inside_another_field_is_not_relayed(separator: str) -> None:
    raw = f"From: jo@elmroad.example\r\nSubject: x{separator}Bcc: leak@o.example\r\n\r\nHi\r\n".encode()
    with pytest.raises(CannotRewrite):
        relay(parse(raw), b"Received: x\r\n")
