"""The examples of MS-OXRTFCP, and RTF that is none."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.inspection.budget import Budget, Uninspectable
from mailguard.inspection.read import rtf

SIMPLE = bytes.fromhex(
    "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
)
CROSSING = bytes.fromhex("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0")


def test_the_examples_of_the_specification() -> None:
    """Sections 3.1.1 and 3.1.2: the dictionary, and a reference that reads what it writes."""
    assert rtf.decompress(SIMPLE, Budget()) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
    assert rtf.decompress(CROSSING, Budget()) == b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}"


@pytest.mark.parametrize("size", [0, 1, 0xFFFFFFFF, 0x7FFFFFFF])
def test_a_size_that_cannot_be(size: int) -> None:
    claimed = SIMPLE[:4] + size.to_bytes(4, "little") + SIMPLE[8:]
    if size < 2:
        assert len(rtf.decompress(claimed, Budget())) == size
    else:
        with pytest.raises(Uninspectable):
            rtf.decompress(claimed, Budget())


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_total(octets: bytes) -> None:
    rtf.text(octets)
    for head in (SIMPLE[:4] + (200).to_bytes(4, "little") + SIMPLE[8:16], b""):
        with suppress(Uninspectable):
            assert len(rtf.decompress(head + octets, Budget())) <= 200 or not head


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (rb"{\rtf1\ansi anna\u64 ?x.example}", "anna@x.example"),
        (rb"{\rtf1\ansi\ansicpg1251 \'e0@x.example}", "а@x.example"),
        (rb"{\rtf1 a\\b\{c\}}", "a\\b{c}"),
        (rb"{\rtf1{\*\htmltag64 <a href='mailto:anna@x.example'>}}", "<a href='mailto:anna@x.example'>"),
        (rb"{\rtf1 a\bin3 xyzb}", "ab"),
        (rb"{\rtf1 a\par b}", "a\nb"),
    ],
)  # fmt: skip
def test_text(source: bytes, text: str) -> None:
    assert rtf.text(source).strip() == text
