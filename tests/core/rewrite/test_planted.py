"""An address planted anywhere in a header reaches nobody but its owner and those inside, in either rewrite."""

from __future__ import annotations

import email
import email.header
import re
from email import policy
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.core.errors import CannotRewrite
from mailguard.core.rewrite.content import Content
from mailguard.core.rewrite.fields import IDENTIFIERS

from .submission import BODY, contents, header, hide_bcc, hide_separate, letter, naive
from .test_search import SPELLINGS

LEAK, OTHER, NURSE = "leak@o.example", "other@p.example", "nurse@elmroad.example"

PLACES = {
    "To": b"To: other@p.example, %s, nurse@elmroad.example",
    "Cc": b"Cc: %s",
    "Cc with space": b"Cc : nurse@elmroad.example, %s",
    "group": b"Cc: Patients: %s, nurse@elmroad.example;",
    "Resent-To": b"Resent-To: %s",
    "Resent-Cc": b"Resent-Cc: %s, nurse@elmroad.example",
    "Apparently-To": b"Apparently-To: %s",
    "Bcc": b"Bcc: %s",
    "Resent-Bcc": b"Resent-Bcc: %s",
    "Reply-To": b"Reply-To: clinic@elmroad.example, %s",
    "Mail-Followup-To": b"Mail-Followup-To: %s, nurse@elmroad.example",
    "Mail-Reply-To": b"Mail-Reply-To: %s",
    "Delivered-To": b"Delivered-To: %s",
    "X-Original-To": b"X-Original-To: %s",
    "Envelope-To": b"Envelope-To: %s",
    "X-Envelope-To": b"X-Envelope-To: %s",
    "Disposition-Notification-To": b"Disposition-Notification-To: %s",
    "Return-Receipt-To": b"Return-Receipt-To: %s",
    "Errors-To": b"Errors-To: %s",
    "Return-Path": b"Return-Path: <%s>",
    "List-Unsubscribe": b"List-Unsubscribe: <mailto:leave?subject=%s>, <https://x.example/u>",
    "List-Post": b"List-Post: <mailto:%s>",
    "Received for": b"Received: from a by b with ESMTP id 1 for <%s>; Thu, 12 Mar 2026 08:00:00 +0000",
    "Received comment": b"Received: from a (envelope-to %s) by b; Thu, 12 Mar 2026 08:00:00 +0000",
    "Autocrypt": b"Autocrypt: addr=clinic@elmroad.example; keydata=AAAA; x=%s",
    "DKIM-Signature": b"DKIM-Signature: v=1; d=elmroad.example; h=from; z=To:%s; b=AA==",
    "ARC": b"ARC-Authentication-Results: i=1; mx.example; smtp.rcpttodomain=%s",
    "Authentication-Results": b"Authentication-Results: mx.example; auth=pass smtp.auth=%s",
    "X-MS-Exchange": b"X-MS-Exchange-Organization-Recipients: %s",
    "X-JSON": b'X-SMTPAPI: {"to":["%s"],"x":1}',
    "X-Anything": b"X-Anything: somebody told %s about it",
    "Comments": b"Comments: also sent to %s",
    "Keywords": b"Keywords: clinic, %s",
    "Thread-Topic": b"Thread-Topic: for %s",
    "Subject": b"Subject: for %s",
    "Sender": b"Sender: %s via <clinic@elmroad.example>",
    "From": b"From: %s via <clinic@elmroad.example>",
    "In-Reply-To": b"In-Reply-To: your message, %s, <9@o.example>",
    "Content-Description": b"Content-Description: list with %s",
    "Content-Type": b'Content-Type: text/plain; name="%s"',
    "Content-Disposition": b'Content-Disposition: attachment; filename="%s"',
    "Date": b"Date: Thu, 12 Mar 2026 09:00:00 +0000 (%s)",
}


def readable(content: bytes) -> str:
    """What a person could read in a header, by other means than ours: the standard library's."""
    lines = [re.sub(rb"\r\n[ \t]+", join, header(content)) for join in (b" ", b"")]
    texts = [line.decode("utf-8", "replace") for line in lines]
    parsed = email.message_from_bytes(header(content), policy=policy.compat32)
    for name, value in parsed.items():
        if name.lower() not in IDENTIFIERS:
            decoded = email.header.decode_header(str(value))
            texts.append(
                "".join(
                    part if isinstance(part, str) else part.decode(charset or "latin-1", "replace")
                    for part, charset in decoded
                )
            )
    joined = "\n".join(texts)
    return re.sub(r"""["'\\]|\([^()]*\)|\s(?=[@.])|(?<=[@.])\s""", "", joined + unquote(joined)).lower()


def leaks(content: bytes) -> bool:
    return "leak@o.example" in readable(content)


def planted(place: str, spelling: bytes) -> bytes:
    field = PLACES[place].replace(b"%s", spelling)
    others = [] if place in ("To", "From") else [b"To: other@p.example, nurse@elmroad.example"]
    raw = letter(*others, field, b"X-After: stays")
    return raw if place != "From" else raw.replace(b"From: Clinic <clinic@elmroad.example>\r\n", b"", 1)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", SPELLINGS)
def test_in_no_copy_of_anybody_else(place: str, name: str) -> None:
    if place == "In-Reply-To" and name in ("angle", "mailto"):
        return  # what stands in angle brackets there is a message identifier
    raw = planted(place, SPELLINGS[name])
    for rewrite in (hide_separate, hide_bcc):
        try:
            rewritten = rewrite(raw, OTHER, LEAK, NURSE)
        except CannotRewrite:
            continue
        for address, content in contents(raw, rewritten).items():
            assert content.endswith(b"\r\n\r\n" + BODY) and b"\r\nX-After: stays\r\n" in content
            if address == OTHER or rewrite is hide_bcc:
                assert not leaks(content), header(content).decode("utf-8", "replace")


REWRITTEN_WHEN_PLAIN = [
    place
    for place in PLACES
    if place not in ("From", "Sender", "Subject", "Date", "Content-Type", "Content-Disposition", "Cc with space")
]


@pytest.mark.parametrize("place", REWRITTEN_WHEN_PLAIN)
def test_plain_addresses_are_taken_out_rather_than_held(place: str) -> None:
    raw = planted(place, b"leak@o.example")
    hide_bcc(raw, OTHER, LEAK, NURSE)
    made = contents(raw, hide_separate(raw, OTHER, LEAK, NURSE))
    assert not leaks(made[OTHER]) and leaks(made[LEAK])


@pytest.mark.parametrize("place", [place for place in PLACES if place not in REWRITTEN_WHEN_PLAIN])
def test_fixed_fields_stop_the_rewrite(place: str) -> None:
    with pytest.raises(CannotRewrite):
        hide_separate(planted(place, b"leak@o.example"), OTHER, LEAK, NURSE)


def test_in_a_field_name() -> None:
    raw = letter(b"To: other@p.example", b"leak@o.example: yes")
    try:
        made = contents(raw, hide_separate(raw, OTHER, LEAK))
    except CannotRewrite:
        return
    assert not leaks(made[OTHER])


@pytest.mark.parametrize("name", ["Message-ID", "References", "In-Reply-To", "Resent-Message-ID"])
def test_message_identifiers_are_not_addresses(name: str) -> None:
    field = name.encode() + b": <leak@o.example>"
    raw = letter(b"To: other@p.example, leak@o.example").replace(b"Message-ID: <1@elmroad.example>", field)
    assert field in contents(raw, hide_separate(raw, OTHER, LEAK))[OTHER]


_NAMES = st.text(
    st.characters(codec="utf-8", exclude_characters='"\\\r\n\0', exclude_categories=["Cc", "Cs"]), max_size=12
)
_MAILBOXES = st.builds(
    lambda name, local, domain: (f'"{name}" <{local}@{domain}>' if name.strip() else f"{local}@{domain}").encode(),
    _NAMES,
    st.from_regex(r"[a-z]{1,8}", fullmatch=True),
    st.sampled_from(["o.example", "p.example", "elmroad.example"]),
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(_MAILBOXES, max_size=6),
    st.lists(_MAILBOXES, max_size=6),
    st.sampled_from([place for place in PLACES if place != "In-Reply-To"]),
    st.data(),
)
def test_any_lists(to: list[bytes], cc: list[bytes], place: str, data: st.DataObject) -> None:
    extra = PLACES[place].replace(b"%s", data.draw(_MAILBOXES))
    fields = [b"To: " + b", ".join(to)] * bool(to) + [b"Cc: " + b",\r\n ".join(cc)] * bool(cc) + [extra]
    raw = letter(*fields)
    recipients = sorted({LEAK, *(re.search(rb"[a-z]+@[a-z.]+\Z", each.strip(b'>"'))[0].decode() for each in to + cc)})  # type: ignore[index]
    for rewrite in (hide_separate, hide_bcc):
        try:
            rewritten = rewrite(raw, *recipients)
        except CannotRewrite:
            continue
        assert sorted(each.address for copy in rewritten.copies for each in copy.recipients) == recipients
        for copy in rewritten.copies:
            made = Content(raw, copy.edits).to_bytes()
            assert made == naive(raw, copy.edits) and made.endswith(b"\r\n\r\n" + BODY)
            own = {each.address for each in copy.recipients}
            if rewrite is hide_separate and all(each.endswith("@elmroad.example") for each in own):
                continue
            for other in set(recipients) - (own if rewrite is hide_separate else set()):
                if not other.endswith("@elmroad.example"):
                    assert not re.search(rf"(?<![\w.+-]){re.escape(other)}(?![\w-])", readable(made))
