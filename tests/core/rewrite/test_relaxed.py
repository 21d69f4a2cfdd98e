"""The canonical forms beside dkimpy's: any field, any body, in whatever pieces the body comes."""

from __future__ import annotations

import hashlib
import itertools

import dkim.canonicalization as second
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.core.rewrite import relaxed
from mailguard.core.rewrite.relaxed import relaxed_body_sha256, relaxed_field

PIECE = st.sampled_from([b" ", b"\t", b"\r\n", b"\r\n\r\n", b"a", b".", b" \r\n", b"\t \r\n ", b"\xff", b"word"])
BODIES = st.lists(PIECE, max_size=40).map(b"".join)


def hashed(body: bytes) -> bytes:
    """As it is on the wire, where the last line always ends (dkimpy keeps white space behind the last line end)."""
    body += b"" if not body or body.endswith(b"\r\n") else b"\r\n"
    return hashlib.sha256(second.Relaxed.canonicalize_body(body)).digest()


@pytest.mark.parametrize(
    ("body", "canonical"),
    [
        (b"", b""),
        (b"\r\n", b""),
        (b"\r\n\r\n \r\n", b""),
        (b"a", b"a\r\n"),
        (b"a \t", b"a\r\n"),
        (b"a\r\n\t", b"a\r\n"),
        (b" C \r\nD \t E\r\n\r\n\r\n", b" C\r\nD E\r\n"),
    ],
)
def test_body(body: bytes, canonical: bytes) -> None:
    """The last is the example of RFC 6376 section 3.4.5."""
    assert relaxed_body_sha256([body]) == hashlib.sha256(canonical).digest() == hashed(body)


@given(BODIES, st.lists(st.integers(0, 120), max_size=6), st.integers(1, 7))
def test_any_body_in_any_pieces(body: bytes, cuts: list[int], octets: int) -> None:
    places = [0, *sorted(min(cut, len(body)) for cut in cuts), len(body)]
    segments = [memoryview(body)[start:end] for start, end in itertools.pairwise(places)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(relaxed, "_PIECE_OCTETS", octets)
        assert relaxed_body_sha256(segments) == hashed(body)


@given(st.binary(max_size=80), st.integers(1, 5))
def test_total_and_the_same_in_any_pieces(body: bytes, octets: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(relaxed, "_PIECE_OCTETS", octets)
        assert len(relaxed_body_sha256([body])) == 32


@given(st.lists(st.sampled_from([b" ", b"\t", b"\r\n ", b"\r\n\t", b"a", b":", b"\xe9", b"Word,"]), max_size=20))
def test_any_field(pieces: list[bytes]) -> None:
    value = b"".join(pieces)
    ((name, canonical),) = second.Relaxed.canonicalize_headers([(b"SUBject ", value + b"\r\n")])
    assert relaxed_field(b"SUBject :" + value + b"\r\n") + b"\r\n" == name + b":" + canonical
