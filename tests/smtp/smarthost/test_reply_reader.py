"""Replies from bytes: bounded, strict, in any pieces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.core.outcome import SmarthostReply
from mailguard.smtp.reply_reader import MAX_LINE_OCTETS, MAX_TEXT_CHARACTERS, ReplyReader, read_ordinary, read_reply
from mailguard.smtp.troubles import InTrouble, Trouble


def read(*pieces: bytes) -> list[SmarthostReply]:
    reader = ReplyReader()
    return [reply for piece in pieces for reply in reader.feed(piece)]


def test_one_many_and_in_pieces() -> None:
    wire = b"250-2.1.0 one\r\n250 2.1.0 two\r\n550 5.1.1 <a@b.example>: no\r\n354\r\n"
    expected = [
        SmarthostReply(250, "2.1.0", "one\ntwo"),
        SmarthostReply(550, "5.1.1", "<a@b.example>: no"),
        SmarthostReply(354, None, ""),
    ]
    assert read(wire) == expected
    assert read(*(wire[n : n + 1] for n in range(len(wire)))) == expected


def test_a_bare_lf_ends_a_line_too() -> None:
    assert read(b"250 ok\n") == [SmarthostReply(250, None, "ok")]


@pytest.mark.parametrize(
    "octets",
    [b"25 ok\r\n", b"2500 ok\r\n", b"250ok\r\n", b"\r\n", b"abc\r\n", b"250 o\0k\r\n", b"250 o\rk\r\n", b"+25 ok\r\n",
     b"250-a\r\n251 b\r\n", b"\xb2\xb2\xb2 ok\r\n", b" 250 ok\r\n", b"250\tok\r\n"],
)  # fmt: skip
def test_malformed(octets: bytes) -> None:
    with pytest.raises(InTrouble) as caught:
        read(octets)
    assert caught.value.trouble is Trouble.MALFORMED


def test_what_came_before_the_malformed_line_is_given_first() -> None:
    reader, replies = ReplyReader(), []
    with pytest.raises(InTrouble):
        for reply in reader.feed(b"250 ok\r\nrubbish\r\n"):
            replies.append(reply)
    assert [reply.code for reply in replies] == [250]


@pytest.mark.parametrize("octets", [b"2" * 5_000, b"250 " + b"x" * MAX_LINE_OCTETS + b"\r\n", b"250-x\r\n" * 10_000])
def test_too_long(octets: bytes) -> None:
    with pytest.raises(InTrouble) as caught:
        read(octets)
    assert caught.value.trouble is Trouble.TOO_LONG


def test_the_bound_is_for_one_reply_not_for_all() -> None:
    assert len(read(b"250 ok\r\n" * 50_000)) == 50_000


def test_enhanced_codes() -> None:
    assert read_reply(550, "5.1.1 no").status == "5.1.1"
    assert read_reply(550, "4.1.1 no") == SmarthostReply(550, None, "4.1.1 no")
    assert read_reply(550, "5.1.1") == SmarthostReply(550, "5.1.1", "")
    assert read_reply(550, "5.1.1234 no").status is None
    assert read_reply(550, "5.01.001 no").status == "5.1.1"
    assert read_reply(354, "3.1.1 go").status is None


def test_text_is_kept_as_it_came_but_bounded() -> None:
    assert len(read_reply(250, "x" * 30_000).text) == MAX_TEXT_CHARACTERS
    assert read(b"250 \xff\x1b[31m\r\n")[0].text == "\ufffd\x1b[31m"


@given(st.binary(max_size=300), st.integers(1, 20))
def test_any_bytes_give_replies_or_a_trouble(octets: bytes, step: int) -> None:
    try:
        for reply in read(*(octets[n : n + step] for n in range(0, len(octets), step))):
            assert 0 <= reply.code <= 999
    except InTrouble as cause:
        assert cause.trouble in (Trouble.MALFORMED, Trouble.TOO_LONG)


_CODES = [b"250", b"354", b"550", b"150", b"999", b"25"]
_STATUSES = [b"2.1.0", b"5.1.1", b"3.0.0", b"2.01.0", b"4.1.0", b"2.1.1000"]
_TEXTS = [b" ", b"  ", b"-", b"\t", b"Ok", b"ok 2.1.0", b"\xc3\xa9", b"\xff", b"\0", b"\r", b".", b"x" * 1000]
_WORDS = st.sampled_from([*_CODES, *_STATUSES, *_TEXTS])


@given(st.lists(_WORDS, max_size=6).map(b"".join))
def test_the_short_way_through_an_ordinary_line_gives_what_the_long_one_gives(line: bytes) -> None:
    short = read_ordinary(line)
    if short is not None:
        assert short == ReplyReader()._line(line)


@pytest.mark.parametrize(
    "line", [b"250 2.1.0 Ok", b"354 Go on", b"250 2.0.0 Ok: queued as 4D1", b"550 5.1.1 <a@b>", b"250 ok"]
)
def test_ordinary_lines_go_the_short_way(line: bytes) -> None:
    assert read_ordinary(line) is not None
