"""The mark of our Received field: ours is known when it comes back, nobody else can make one, others' fields stay."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.core.mail.parse import parse
from mailguard.core.rewrite.content import Content
from mailguard.core.rewrite.hide import bcc, separate
from mailguard.core.rewrite.mark import Arrival, Marks
from mailguard.core.rewrite.received import received_field
from mailguard.core.rewrite.relay import relay
from mailguard.core.session import Session

from .submission import ORGANISATION, RECEIVED, contents, envelope, letter, naive

AT = datetime(2026, 3, 12, 9, 0, 5, tzinfo=UTC)
REF = "MG-7Q4K-2FXB7M3KQW"
OURS = Marks("guard.elmroad.example", (b"new" * 8, b"old" * 8))
REST = b"From: jo@elmroad.example\r\nTo: a@o.example\r\n\r\nHi\r\n"
SESSION = Session("s", "192.0.2.7", "pc7.elmroad.example", True, "127.0.0.1:2525", AT)


def made(marks: Marks = OURS, session: Session = SESSION, ref: str = REF) -> bytes:
    return received_field(session, marks, ref, AT, envelope("a@o.example"))


def examined(raw: bytes, marks: Marks = OURS) -> Arrival:
    return marks.examine(parse(raw))


def test_our_own_field_is_known_when_it_comes_back() -> None:
    hop = b"Received: from guard.elmroad.example by relay.example with ESMTP id 7; Thu, 12 Mar 2026 09:01:00 +0000\r\n"
    assert examined(made() + REST).came_back
    assert examined(hop + made() + hop + REST).came_back


@pytest.mark.parametrize("hostname", ["guard", "GUARD.Elmroad.example", "odd name (x); y", "gärd.example", "a" * 300])
def test_whatever_our_name_is(hostname: str) -> None:
    marks = replace(OURS, hostname=hostname)
    field = made(marks)
    assert examined(field + REST, marks).came_back and field.isascii()


@given(st.text(max_size=120))
def test_whatever_the_client_greets_with(greeting: str) -> None:
    assert examined(made(session=replace(SESSION, greeting=greeting)) + REST).came_back


def test_however_another_server_folds_it() -> None:
    words = made().removesuffix(b"\r\n").split()
    assert examined(b" ".join(words) + b"\r\n" + REST).came_back
    assert examined(b"\r\n  ".join(words) + b"\r\n" + REST).came_back


def test_a_mark_of_a_key_that_is_still_known() -> None:
    older = Marks("an.older.name.example", OURS.keys[1:])
    assert examined(made(older) + REST).came_back


def test_another_guard_with_other_keys_is_somebody_else() -> None:
    theirs = made(Marks("guard.partner.example", (b"t" * 32,)))
    assert examined(theirs + REST) == Arrival(False)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"by guard.elmroad.example", b"by guard.elmroad.exampl"),
        (REF.encode(), b"MG-7Q4K-2FXB7M3KQX"),
        (b"09:00:05", b"09:00:06"),
        (b"(mark 1.", b"(mark 2."),
        (b"with ESMTP", b"with ESMTP for <x@y.example>"),
    ],
)
def test_a_mark_fits_one_field_alone(old: bytes, new: bytes) -> None:
    assert old in made()
    assert not examined(made().replace(old, new) + REST).came_back


@given(st.integers(0, 10_000), st.binary(min_size=1, max_size=3))
def test_no_changed_octet_of_name_id_mark_or_date_fits(place: int, octets: bytes) -> None:
    field = made()
    start, end = field.index(b"guard.elm"), len(field) - 2
    at = start + place % (end - start)
    changed = field[:at] + octets + field[at + len(octets) :]
    same = [re.sub(rb"with \S+|[ \t\r\n]+", b" ", each).strip() for each in (field, changed)]
    if same[0].lower() != same[1].lower():
        assert not examined(changed + REST).came_back


FORGED = [
    b"Received: from x by guard.elmroad.example with ESMTP id MG-7Q4K-2F\r\n\t(mark 1.AAAAAAAAAAAAAAAAAAAAAA); "
    b"Thu, 12 Mar 2026 09:00:05 +0000\r\n",
    b"RECEIVED : from x by GUARD.ELMROAD.EXAMPLE. (mark 1.) with SMTP; yesterday\r\n",
    b"Received: by guard.elmroad.example;(mark 7.x)\r\n",
    b"Received: from a@patients.example by guard.elmroad.example for <b@patients.example> (MARK 1.x);\r\n",
]


@pytest.mark.parametrize("field", FORGED)
def test_a_forged_one_goes_and_nothing_else(field: bytes) -> None:
    other = made(Marks("guard.partner.example", (b"t" * 32,)))
    raw = other + field + b"Received: by guard.elmroad.example; x\r\n" + REST
    message = parse(raw)
    arrival = OURS.examine(message)
    assert not arrival.came_back and [each.start for each in arrival.forged] == [len(other)]
    assert Content(raw, relay(message, RECEIVED, arrival.forged)).to_bytes() == RECEIVED + raw.replace(field, b"")


@pytest.mark.parametrize(
    "field",
    [
        b"Received: from x by guard.elmroad.example with ESMTP id 1; Thu, 12 Mar 2026 09:00:05 +0000\r\n",
        b"Received: from x by guard.elmroad.example.evil.example (mark 1.x); x\r\n",
        b"Received: from x by notguard.elmroad.example (mark 1.x); x\r\n",
        b"Received: from guard.elmroad.example by y (mark 1.x); x\r\n",
        b"X-Received: by guard.elmroad.example (mark 1.x); x\r\n",
        b"Received: by guard.elmroad.example (remark 1.x); x\r\n",
    ],
)
def test_fields_of_others_stay(field: bytes) -> None:
    assert examined(field + REST) == Arrival(False)


@pytest.mark.parametrize("field", FORGED)
@pytest.mark.parametrize("rewrite", [bcc, separate])
def test_a_forged_one_goes_under_a_rewrite_too(rewrite: object, field: bytes) -> None:
    people = ["a@patients.example", "b@patients.example", "c@elmroad.example"]
    signature = b"DKIM-Signature: v=1; d=elmroad.example; h=received:subject; b=AA=="
    raw = field + letter(signature, b"To: " + ", ".join(people).encode())
    message = parse(raw)
    forged = OURS.examine(message).forged
    assert len(forged) == 1
    rewritten = rewrite(  # type: ignore[operator]
        message, envelope(*people), ORGANISATION, hide_inside_above=None, top=RECEIVED, forged=forged
    )
    assert {"forged-received-removed", "dkim-signature-removed", "to"} <= set(rewritten.changes)
    assert "received" not in rewritten.changes, "it is removed, not spliced"
    for content in contents(raw, rewritten).values():
        assert b"mark" not in content.lower().partition(b"\r\n\r\n")[0] and content.count(b"Received: from x by y") == 1
    for copy in rewritten.copies:
        assert Content(raw, copy.edits).to_bytes() == naive(raw, copy.edits)


@given(st.binary(max_size=300))
def test_any_received_field_is_examined(value: bytes) -> None:
    for field in (value, b"by guard.elmroad.example (mark 1." + value, b"(mark 1.x)" + value + b"(mark 1.y)"):
        arrival = examined(b"Received: " + field + b"\r\n" + REST)
        assert not arrival.came_back


def test_a_key_is_needed() -> None:
    for keys in ((), (b"short",)):
        with pytest.raises(ValueError, match="key"):
            Marks("guard.example", keys)
    assert "new" not in repr(OURS)
