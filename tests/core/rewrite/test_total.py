"""Whatever the message: a rewrite yields copies that keep the promises, or says that it cannot. No other error."""

from __future__ import annotations

import re

from hypothesis import example, given, settings
from hypothesis import strategies as st

from mailguard.core.errors import CannotRewrite
from mailguard.core.mail.parse import parse
from mailguard.core.rewrite.content import Content
from mailguard.core.rewrite.whom import senders

from .submission import ORGANISATION, envelope, hide_bcc, hide_separate, naive

LEAK, OTHER, NURSE = "leak@o.example", "other@p.example", "nurse@elmroad.example"
SAMPLES = [
    *(b"leak@o.example", b"other@p.example", b"nurse@elmroad.example", b"clinic@elmroad.example", b"\xff@o.example"),
    *(
        b"=?utf-8?q?leak=40o.example?=",
        b"Patients: ",
        b";",
        b",",
        b'"',
        b"(",
        b")",
        b"<",
        b">",
        b"\\",
        b"@",
        b":",
        b" ",
    ),
    *(
        b"\r\n ",
        b"\r\n",
        b"\n",
        b"\r",
        b"\t",
        b"\0",
        b"\x0b",
        b"\xc2\x85",
        "＠".encode(),
        b"=?utf-8?b?",
        b"?=",
        b"x" * 990,
    ),
]
NAMES = [
    *(
        b"To",
        b"Cc",
        b"Bcc",
        b"From",
        b"Sender",
        b"Reply-To",
        b"Received",
        b"X-A",
        b"Resent-To",
        b"Delivered-To",
        b"to ",
        b"",
    ),
    *(b"DKIM-Signature", b"Subject", b"References", b"Content-Type", b" Cc", b"ARC-Message-Signature", b"Autocrypt"),
]
LEAKED = re.compile(rb"(?<![\w.+@-])leak@o\.example(?![\w@-]|\.\w)")
_VALUES = st.lists(st.one_of(st.sampled_from(SAMPLES), st.binary(max_size=4)), max_size=7).map(b"".join)
_FIELDS = st.lists(st.tuples(st.sampled_from(NAMES), _VALUES), max_size=6).map(
    lambda fields: b"".join(name + b": " + value + b"\r\n" for name, value in fields)
)
_MESSAGES = st.builds(lambda fields, body: fields + b"\r\n" + body, _FIELDS, st.binary(max_size=20))


@settings(max_examples=600, deadline=None)
@given(st.one_of(_MESSAGES, st.binary(max_size=120)))
@example(b"To: leak@o.example")
@example(b" Cc: \r\n Cc: leak@o.example\r\n\r\n")
@example(b"leak@o.example\r\nTo: other@p.example, leak@o.example\r\n")
def test_any_message(raw: bytes) -> None:
    sends = LEAK in senders(parse(raw), envelope(), ORGANISATION)
    for rewrite in (hide_separate, hide_bcc):
        try:
            rewritten = rewrite(raw, LEAK, OTHER, NURSE)
        except CannotRewrite as error:
            assert str(error).endswith(".") and "@" not in str(error)
            continue
        for copy in rewritten.copies:
            made = Content(raw, copy.edits).to_bytes()
            assert made == naive(raw, copy.edits)
            assert made.endswith(raw[parse(raw).body_start :])
            head = made[: parse(made).body_start].lower()
            if not sends and (rewrite is hide_bcc or OTHER in (each.address for each in copy.recipients)):
                outside_identifiers = b"".join(line for line in head.split(b"\r\n") if b"references" not in line)
                assert not LEAKED.search(outside_identifiers)
            assert not parse(made).named("bcc", "resent-bcc")
