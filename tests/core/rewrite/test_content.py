"""Spliced content: edits are applied as one would by hand, and what they do not name is untouched."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.core.rewrite.content import Content, Edit, merge

from .submission import naive


@st.composite
def spliced(draw: st.DrawFn) -> tuple[bytes, tuple[Edit, ...]]:
    raw = draw(st.binary(max_size=120))
    cuts = sorted(draw(st.lists(st.integers(0, len(raw)), max_size=12)))
    pairs = zip(cuts[::2], cuts[1::2], strict=False)
    return raw, tuple(Edit(start, end, draw(st.binary(max_size=6))) for start, end in pairs)


@given(spliced())
def test_edits_are_applied_as_by_hand(case: tuple[bytes, tuple[Edit, ...]]) -> None:
    raw, edits = case
    content = Content(raw, edits)
    made = naive(raw, edits)
    assert content.to_bytes() == made and content.size() == len(made)
    assert content.sha256() == hashlib.sha256(made).hexdigest()
    assert Content(memoryview(raw), edits).to_bytes() == made


@given(spliced())
def test_every_octet_outside_the_edits_is_the_same(case: tuple[bytes, tuple[Edit, ...]]) -> None:
    raw, edits = case
    marked = Content(raw, tuple(Edit(edit.start, edit.end, b"") for edit in edits)).to_bytes()
    cut = {offset for edit in edits for offset in range(edit.start, edit.end)}
    assert marked == bytes(octet for offset, octet in enumerate(raw) if offset not in cut)


@given(st.binary())
def test_without_edits_it_is_the_raw_bytes(raw: bytes) -> None:
    assert Content(raw).to_bytes() == raw and list(Content(raw).segments()) == ([raw] if raw else [])


@pytest.mark.parametrize("edits", [(Edit(2, 4), Edit(3, 5)), (Edit(4, 5), Edit(0, 1)), (Edit(3, 9),), (Edit(3, 2),)])
def test_edits_that_overlap_or_lie_outside_are_refused(edits: tuple[Edit, ...]) -> None:
    with pytest.raises(ValueError, match="edits"):
        Content(b"abcdef", edits)


def test_insertions_at_one_place_keep_the_order_of_the_groups() -> None:
    first, second, third = Edit(3, 3, b"1"), Edit(3, 3, b"2"), Edit(3, 5)
    assert merge([third], [first], [second]) == (first, second, third)
