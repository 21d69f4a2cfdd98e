"""Content on the wire: dots doubled over every border, nothing else changed, stray line ends never leave (T1, T2)."""

from __future__ import annotations

import re
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.core.rewrite.content import Content, Edit
from mailguard.smtp.dot_stuffing import PIECE_OCTETS, DotStuffing, stuffed_pieces
from mailguard.smtp.troubles import InTrouble, Trouble

LINES = st.lists(st.sampled_from([b"", b".", b"..", b".x", b"x", b"x.", b"...y"]), max_size=12)


def reference(content: bytes) -> bytes:
    """RFC 5321 section 4.5.2, line by line."""
    complete = content if not content or content.endswith(b"\r\n") else content + b"\r\n"
    lines = complete.split(b"\r\n")[:-1]
    return b"".join((b"." if line.startswith(b".") else b"") + line + b"\r\n" for line in lines) + b".\r\n"


@given(lines=LINES, ending=st.booleans(), cuts=st.lists(st.integers(0, 80), max_size=8))
def test_any_borders_give_what_a_line_reader_gives(lines: list[bytes], ending: bool, cuts: list[int]) -> None:
    content = b"\r\n".join(lines) + (b"\r\n" if ending else b"")
    places = sorted({0, len(content), *(cut for cut in cuts if cut < len(content))})
    stuffing = DotStuffing()
    pieces = [stuffing.feed(content[start:end]) for start, end in pairwise(places)]
    assert b"".join(pieces) + stuffing.end() == reference(content)


@given(lines=LINES, place=st.integers(0, 60), stray=st.sampled_from([b"\r", b"\n", b"\n.\n", b"\r.\r", b"\n.\r\n"]))
def test_a_stray_line_end_never_leaves(lines: list[bytes], place: int, stray: bytes) -> None:
    content = b"\r\n".join(lines) + b"x\r\n"
    content = content[:place] + stray + content[place:]
    strays = re.search(rb"\r(?!\n)|(?<!\r)\n", content)
    try:
        wire = b"".join(octets for octets, _ in stuffed_pieces(Content(content)))
    except InTrouble as cause:
        assert strays and cause.trouble is Trouble.NOT_CANONICAL
    else:
        assert not strays and wire == reference(content)


@pytest.mark.parametrize("end", [b"\r", b"\n", b"x\r"])
def test_a_stray_line_end_at_the_very_end(end: bytes) -> None:
    with pytest.raises(InTrouble):
        list(stuffed_pieces(Content(b"Subject: x\r\n\r\n" + end)))


def test_the_only_end_of_data_is_ours() -> None:
    wire = b"".join(octets for octets, _ in stuffed_pieces(Content(b".\r\n.\r\n\r\n.\r\n..\r\n")))
    assert wire.count(b"\r\n.\r\n") == 1 and wire.endswith(b"\r\n.\r\n")


def test_borders_of_segments_lie_between_cr_and_lf() -> None:
    raw = b"Subject: x\r\n.\r\nbody\r\n"
    edits = (Edit(11, 11, b""), Edit(12, 12, b".inserted\r\n"))
    content = Content(raw, edits)
    assert b"".join(octets for octets, _ in stuffed_pieces(content)) == reference(content.to_bytes())


def test_small_segments_are_one_write_and_large_ones_many() -> None:
    raw = b"x" * 99 + b"\r\n"
    many = Content(raw, tuple(Edit(n, n, b"y") for n in range(90)))
    assert [last for _, last in stuffed_pieces(many)] == [True]
    pieces = list(stuffed_pieces(Content(raw * 20_000)))
    assert len(pieces) > 10 and max(len(octets) for octets, _ in pieces) < 3 * PIECE_OCTETS
    assert [last for _, last in pieces].count(True) == 1


def test_empty_content_is_a_lone_dot() -> None:
    assert list(stuffed_pieces(Content(b""))) == [(b".\r\n", True)]


def test_dots_alone_stay_linear() -> None:
    content = Content(b".\r\n" * 1_000_000)
    begun = time.process_time()
    assert sum(len(octets) for octets, _ in stuffed_pieces(content)) == 4_000_003
    assert time.process_time() - begun < 1.0
