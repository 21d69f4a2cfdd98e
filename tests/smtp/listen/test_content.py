"""Octets after DATA -> content. The reference is a machine that looks at one octet after the other."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mailguard.smtp.content import ContentReader, Fault, header_fault
from mailguard.smtp.spool import Spool

OCTETS = st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b".", b"\r\n.", b"\0", b"x", b"\xff"]), max_size=40).map(
    b"".join
)

T1 = [
    b"\n.\n",
    b"\n.\r",
    b"\r.\n",
    b"\r.\r",
    b"\n.\r\n",
    b"\r.\r\n",
    b"\r\n.\n",
    b"\r\n.\r",
    b"\r\n.\r\r\n",
    b"\r\r\n.\r\r\n",
    b"\r\n\0.\r\n",
    b"\r\n.\0\r\n",
]


def reader(max_bytes: int = 10_000, *, normalise: bool = False, above: int = 1_000_000) -> ContentReader:
    return ContentReader(Spool(above), max_bytes, normalise=normalise)


def feed(into: ContentReader, chunks: list[bytes]) -> bytes | None:
    """What followed the end, None if it did not come."""
    for at, chunk in enumerate(chunks):
        rest = into.feed(chunk)
        if rest is not None:
            return rest + b"".join(chunks[at + 1 :])
    return None


def finish(into: ContentReader) -> bytes | None:
    content = into.finish(100_000, 10_000)
    return None if content is None else bytes(content)


def reference(octets: bytes, *, normalise: bool) -> tuple[bytes | None, bytes] | None:
    """(content or None where it is refused, rest), None without end: line by line, as RFC 5321 section 4.5.2 says."""
    lines: list[bytes] = []
    while True:
        at = octets.find(b"\r\n")
        if at < 0:
            return None
        line, octets = octets[:at], octets[at + 2 :]
        if line == b".":
            break
        lines.append(line)
    whole = b"".join(line.removeprefix(b".") + b"\r\n" for line in lines)
    raw = b"".join(line + b"\r\n" for line in lines)
    if b"\0" in raw:
        return None, octets
    if not any(b"\r" in line or b"\n" in line for line in lines):
        return whole, octets
    if not normalise:
        return None, octets
    out = bytearray()
    previous = 0
    for octet in whole:
        if octet == 13:
            out += b"\r\n"
        elif octet != 10:
            out.append(octet)
        elif previous != 13:
            out += b"\r\n"
        previous = octet
    return bytes(out), octets


@settings(max_examples=400)
@given(OCTETS, st.lists(st.integers(1, 7), min_size=1, max_size=8), st.booleans())
@example(b"\r\n.\r\n.\r\n", [1], False)
@example(b".\r\n", [1], False)
def test_agrees_with_the_reference_whatever_the_chunks(octets: bytes, sizes: list[int], normalise: bool) -> None:
    chunks, at, turn = [], 0, 0
    while at < len(octets):
        size = sizes[turn % len(sizes)]
        chunks.append(octets[at : at + size])
        at, turn = at + size, turn + 1
    into = reader(normalise=normalise)
    rest, expected = feed(into, chunks), reference(octets, normalise=normalise)
    if expected is None:
        assert rest is None
    else:
        assert rest == expected[1]
        assert finish(into) == expected[0]


@settings(max_examples=200)
@given(
    st.lists(st.binary(max_size=30).map(lambda line: line.translate(None, b"\r\n\0")), max_size=20), st.integers(1, 50)
)
def test_what_a_client_stuffs_arrives_as_it_was(lines: list[bytes], size: int) -> None:
    content = b"".join(line + b"\r\n" for line in lines)
    wire = b"".join((b"." if line.startswith(b".") else b"") + line + b"\r\n" for line in lines) + b".\r\nQUIT\r\n"
    into = reader()
    assert feed(into, [wire[at : at + size] for at in range(0, len(wire), size)]) == b"QUIT\r\n"
    assert finish(into) == content
    assert into.eight_bit == (not content.isascii())


@pytest.mark.parametrize("normalise", [False, True])
@pytest.mark.parametrize("variant", T1, ids=repr)
@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_t1_no_variant_ends_the_data(variant: bytes, normalise: bool, size: int) -> None:
    wire = b"Subject: x\r\n\r\nbody" + variant + b"MAIL FROM:<evil@in.example>\r\n"
    into = reader(normalise=normalise)
    assert feed(into, [wire[at : at + size] for at in range(0, len(wire), size)]) is None
    assert into.feed(b".\r\nNEXT") == b"NEXT"
    content = finish(into)
    if b"\0" in variant:
        assert into.fault is Fault.NUL
    elif not normalise:
        assert into.fault is Fault.BARE_LINE_END
    else:
        assert content is not None and content.count(b"\r\n") == content.count(b"\r") == content.count(b"\n")


def test_too_large_is_told_after_the_end_and_keeps_nothing() -> None:
    exact = reader(max_bytes=10)
    assert feed(exact, [b"12345678\r\n.\r\n"]) == b"" and finish(exact) == b"12345678\r\n"
    into = reader(max_bytes=10)
    assert feed(into, [b"123456789\r\n", b"x" * 10_000, b"\r\n.\r\n"]) == b""
    assert into.fault is Fault.TOO_LARGE and into._spool.size <= 10 and finish(into) is None


def test_stuffing_does_not_count_towards_the_size() -> None:
    into = reader(max_bytes=9)
    assert feed(into, [b"..\r\n..\r\n..\r\n.\r\n"]) == b""
    assert finish(into) == b".\r\n" * 3


def test_normalising_counts_what_it_adds() -> None:
    into = reader(max_bytes=10, normalise=True)
    feed(into, [b"\n" * 6 + b"\r\n.\r\n"])
    assert into.fault is Fault.TOO_LARGE


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"A: 1\r\nB: 2\r\n\r\nx", None),
        (b"A: 1\r\n folded\r\n\tmore\r\nB: 2\r\n\r\nx", None),
        (b"A: 1\r\nB: 2\r\nC: 3\r\n\r\nx", Fault.TOO_MANY_FIELDS),
        (b"A: 1\r\nB: 2\r\nC: 3\r\n", Fault.TOO_MANY_FIELDS),
        (b"\r\nA: 1\r\nB: 2\r\nC: 3\r\n", None),
        (b"", None),
        (b"A: " + b"x" * 95 + b"\r\n\r\nbody", None),
        (b"A: " + b"x" * 96 + b"\r\n\r\nbody", Fault.HEADER_TOO_LARGE),
        (b"A: " + b"x" * 500 + b"\r\n\r\n", Fault.HEADER_TOO_LARGE),
        (b"x" * 200, Fault.HEADER_TOO_LARGE),
    ],
)
def test_t33_header_limits(content: bytes, fault: Fault | None) -> None:
    assert header_fault(content, 100, 2) is fault


def test_disk_trouble_is_a_fault_and_the_end_is_still_found(tmp_path: object) -> None:
    into = ContentReader(Spool(10, directory=__import__("pathlib").Path("/proc")), 10_000, normalise=False)
    assert feed(into, [b"x" * 100, b"\r\n.\r\nrest"]) == b"rest"
    assert into.fault is Fault.NOT_KEPT and isinstance(into.cause, OSError) and finish(into) is None


@pytest.mark.parametrize("pattern", [b"\r\n.", b"\r\n", b"\r", b".", b"\n", b"\r\n.\r", b"x"], ids=repr)
def test_hostile_repetition_stays_linear(pattern: bytes) -> None:
    def seconds(count: int) -> float:
        chunk = (pattern * 65536)[:65536]
        into = reader(max_bytes=1 << 30, normalise=True, above=1)
        started = time.process_time()
        for _ in range(count):
            into.feed(chunk)
        into.discard()
        return time.process_time() - started

    seconds(2)
    assert min(seconds(32) for _ in range(3)) < 40 * max(1e-4, min(seconds(4) for _ in range(3)))
