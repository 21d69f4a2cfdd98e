"""Compound files: what two programs would read differently is not read."""

from __future__ import annotations

import struct

import pytest

from mailguard.inspection.budget import Budget, Uninspectable
from mailguard.inspection.read.compound import open_compound
from tests.inspection.read.written import compound

GOOD = compound({"One": b"1", "Two": b"2"})
_ENTRY = 128


def directory(data: bytes) -> int:
    """Where the directory lies."""
    return (int(struct.unpack_from("<L", data, 48)[0]) + 1) * 512


def patched(at: int, octets: bytes) -> bytes:
    made = bytearray(GOOD)
    made[at : at + len(octets)] = octets
    return bytes(made)


def entry(number: int, at: int, octets: bytes) -> bytes:
    """Octets of an entry of the directory are others. 64: the size of its name, 66: its kind, 120: its size."""
    return patched(directory(GOOD) + number * _ENTRY + at, octets)


def test_streams_and_storages_are_found_by_their_names() -> None:
    opened = open_compound(GOOD, Budget())
    assert opened.children() == {"ONE": "One", "TWO": "Two"} and opened.find("tWO") == "Two"
    assert opened.read("One").rstrip(b"\0") == b"1" and not opened.children("One")


def test_a_storage_can_be_looked_into_as_a_file_of_its_own() -> None:
    inner = open_compound(compound({"Pool/_1/One": b"1", "Pool/_2/Two": b"2"}), Budget()).inside("Pool/_1")
    assert list(inner.streams) == ["One"] and inner.read("One").rstrip(b"\0") == b"1"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(compound({"One": b"1", "oNE": b"2"}), id="names alike but for their case"),
        pytest.param(compound({"One": b"1", "": b"2"}), id="no name"),
        pytest.param(entry(1, 66, b"\x00"), id="an entry that is none, and listed"),
        pytest.param(entry(1, 66, b"\x05"), id="a second root"),
        pytest.param(entry(1, 66, b"\x07"), id="a kind that is none"),
        pytest.param(entry(0, 66, b"\x01"), id="no root"),
        pytest.param(entry(1, 120, struct.pack("<Q", 10_000_000)), id="a stream larger than the file"),
        pytest.param(entry(1, 72, struct.pack("<L", 1)), id="an entry beside itself"),
        pytest.param(entry(1, 72, struct.pack("<L", 99)), id="an entry that is not there"),
        pytest.param(patched(76, struct.pack("<L", 9_999)), id="chains beyond the end"),
        pytest.param(patched(80, GOOD[76:80]), id="the same chains twice"),
        pytest.param(patched(44, struct.pack("<L", 2)), id="fewer chains than it says"),
        pytest.param(patched(30, b"\x0a\0"), id="sectors of a size that is none"),
        pytest.param(GOOD[:500], id="cut off"),
    ],
)
def test_a_broken_one_is_not_guessed(data: bytes) -> None:
    with pytest.raises(Uninspectable, match=r"compound file"):
        open_compound(data, Budget())
