"""What is wrong in what arrives is found, wherever in a copy it stands and however it is encoded."""

from __future__ import annotations

import base64
import dataclasses
import html
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from mailguard.core.canary.compare import Arrival, compare
from mailguard.core.canary.plant import SEED_OCTETS, Kind, Planted, plant
from mailguard.core.canary.problems import SENTENCES, Problem, sentence
from mailguard.core.mail.parse import parse
from mailguard.core.rewrite.content import Content
from mailguard.core.rewrite.hide import bcc, separate
from mailguard.core.verdict import Rewrite
from tests.core.rewrite.submission import ORGANISATION, RECEIVED

SENDER = "mailguard@elmroad.example"
PLANTED = {
    kind: plant(kind, bytes(range(SEED_OCTETS)), 12, SENDER, datetime(2026, 11, 26, tzinfo=UTC)) for kind in Kind
}


def arrivals(planted: Planted, form: Rewrite = Rewrite.SEPARATE) -> list[Arrival]:
    """What the guard's own rewrite makes of it."""
    rewrite = separate if form is Rewrite.SEPARATE else bcc
    made = rewrite(parse(planted.raw), planted.envelope, ORGANISATION, hide_inside_above=None, top=RECEIVED, forged=())
    return [
        Arrival(tuple(each.address for each in copy.recipients), Content(planted.raw, copy.edits).to_bytes())
        for copy in made.copies
    ]


@pytest.mark.parametrize("kind", list(Kind))
def test_what_the_guard_makes_passes(kind: Kind) -> None:
    found = arrivals(PLANTED[kind])
    assert len(found) == 12
    assert compare(PLANTED[kind], found, Rewrite.SEPARATE) is None


def test_hidden_in_the_envelope_alone_passes_as_bcc_and_not_as_separate() -> None:
    found = arrivals(PLANTED[Kind.LIST], Rewrite.BCC)
    assert len(found) == 1 and len(found[0].recipients) == 12
    assert compare(PLANTED[Kind.LIST], found, Rewrite.BCC) is None
    assert compare(PLANTED[Kind.LIST], found, Rewrite.SEPARATE) is Problem.CHANGED


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("form", list(Rewrite))
def test_as_written_everybody_is_shown(kind: Kind, form: Rewrite) -> None:
    planted = PLANTED[kind]
    everybody = Arrival(tuple(each.address for each in planted.people), planted.raw)
    assert compare(planted, [everybody], form) is Problem.SHOWN


def in_field(token: str, raw: bytes) -> bytes:
    return b"X-Other: " + token.encode() + b"\r\n" + raw


def in_encoded_word(token: str, raw: bytes) -> bytes:
    return b"X-Other: =?utf-8?B?" + base64.b64encode(token.encode()) + b"?=\r\n" + raw


def folded(token: str, raw: bytes) -> bytes:
    return f"X-Other: {token[:5]}\r\n {token[5:]}\r\n".encode() + raw


def in_capitals(token: str, raw: bytes) -> bytes:
    return in_field(token.upper(), raw)


def at_the_end(token: str, raw: bytes) -> bytes:
    return raw + token.encode()


def as_entities(token: str, raw: bytes) -> bytes:
    return raw + "".join(f"&#{ord(letter)};" for letter in token).encode()


def _part(token: str, encoding: str, body: bytes, charset: str = "utf-8") -> Callable[[bytes], bytes]:
    head = f"Content-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode()

    def put(raw: bytes) -> bytes:
        header, _, _ = raw.partition(b"\r\n\r\n")
        fields = [line for line in header.split(b"\r\n") if not line.lower().startswith(b"content-")]
        return b"\r\n".join(fields) + b"\r\n" + head + body

    return put


def in_base64(token: str, raw: bytes) -> bytes:
    return _part(token, "base64", base64.encodebytes(f"so {token} so".encode()))(raw)


def in_utf_16(token: str, raw: bytes) -> bytes:
    return _part(token, "base64", base64.encodebytes(token.encode("utf-16")), "utf-16")(raw)


def in_quoted_printable(token: str, raw: bytes) -> bytes:
    return _part(token, "quoted-printable", "".join(f"={ord(letter):02X}" for letter in token).encode())(raw)


PLACES = [
    in_field,
    in_encoded_word,
    folded,
    in_capitals,
    at_the_end,
    as_entities,
    in_base64,
    in_utf_16,
    in_quoted_printable,
]


@pytest.mark.parametrize("put", PLACES)
@pytest.mark.parametrize("which", [0, 1])
def test_one_token_in_one_copy_is_found(put: Callable[[str, bytes], bytes], which: int) -> None:
    """which: of the address, or of the name."""
    planted = PLANTED[Kind.LIST]
    found = arrivals(planted)
    owner = found[7].recipients[0]
    other = next(each for each in planted.people if each.address != owner)
    found[7] = dataclasses.replace(found[7], raw=put(other.tokens[which], found[7].raw))
    assert compare(planted, found, Rewrite.SEPARATE) is Problem.SHOWN


def test_entities_are_what_the_test_takes_them_for() -> None:
    assert html.unescape("&#99;") == "c"


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda found: found[:-1], Problem.MISSING),
        (lambda found: [], Problem.MISSING),
        (lambda found: [*found, found[0]], Problem.TWICE),
        (lambda found: [*found[:-1], dataclasses.replace(found[-1], recipients=("x@y.example",))], Problem.STRANGER),
        (lambda found: [dataclasses.replace(each, recorded=False) for each in found], Problem.NOT_RECORDED),
        (lambda found: [*found[:-1], dataclasses.replace(found[-1], raw=b"")], Problem.CHANGED),
        (
            lambda found: [
                *found[:-2],
                dataclasses.replace(found[-1], raw=found[-2].raw),
                dataclasses.replace(found[-2], raw=found[-1].raw),
            ],
            Problem.SHOWN,
        ),
    ],
)
def test_a_wrong_number_or_a_wrong_copy(
    kind: Kind, change: Callable[[list[Arrival]], list[Arrival]], problem: Problem
) -> None:
    assert compare(PLANTED[kind], change(arrivals(PLANTED[kind])), Rewrite.SEPARATE) is problem


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        (Kind.LIST, b"Subject: mailguard", b"Subject: railguard"),
        (Kind.LIST, b"Message-ID: <c", b"Message-ID: <d"),
        (Kind.LIST, PLANTED[Kind.LIST].text[2].encode(), b"something else"),
        (Kind.INVITATION, b"To: ", b"X-To: "),
        (Kind.INVITATION, PLANTED[Kind.INVITATION].text[-1].encode(), b""),
    ],
)
def test_what_should_have_stayed_as_it_was(kind: Kind, before: bytes, after: bytes) -> None:
    found = arrivals(PLANTED[kind])
    found[3] = dataclasses.replace(found[3], raw=found[3].raw.replace(before, after))
    assert compare(PLANTED[kind], found, Rewrite.SEPARATE) is Problem.CHANGED


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("SEQUENCE:0", "SEQUENCE:1"),
        ("UID:", "UID:x"),
        ("ORGANIZER:", "X-ORGANIZER:"),
        ("ATTENDEE", "X-ATTENDEE"),
        ("END:VEVENT", "ATTENDEE:mailto:somebody@else.example\r\nEND:VEVENT"),
    ],
)
def test_a_calendar_of_which_a_line_was_changed(before: str, after: str) -> None:
    planted = PLANTED[Kind.INVITATION]
    found = arrivals(planted)
    opening, mark, rest = found[0].raw.partition(b"base64\r\n\r\n")
    encoded, end, closing = rest.partition(b"\r\n--")
    calendar = base64.b64decode(encoded).decode()
    assert before in calendar
    changed = base64.encodebytes(calendar.replace(before, after, 1).encode()).replace(b"\n", b"\r\n")
    found[0] = dataclasses.replace(found[0], raw=opening + mark + changed + end + closing)
    assert compare(planted, found, Rewrite.SEPARATE) is Problem.CHANGED


def test_the_worst_is_told_first() -> None:
    planted = PLANTED[Kind.LIST]
    found = arrivals(planted)[1:]
    found[0] = dataclasses.replace(found[0], raw=planted.raw)
    assert compare(planted, found, Rewrite.SEPARATE) is Problem.SHOWN


@pytest.mark.parametrize(
    "raw", [b"", b"\xff" * 100, b"Content-Type: text/plain; charset=nonsense\r\n\r\n\xff", b"=??="]
)
def test_nothing_that_arrives_makes_it_raise(raw: bytes) -> None:
    planted = PLANTED[Kind.LIST]
    found = [Arrival((planted.people[0].address,), raw)]
    assert compare(planted, found, Rewrite.SEPARATE) is Problem.CHANGED


def test_every_problem_has_its_sentence() -> None:
    assert set(SENTENCES) == set(Problem)
    for problem in Problem:
        text = sentence(problem, 12)
        assert text[0].isupper() and text.endswith(".") and "{" not in text
