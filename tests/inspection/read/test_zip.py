"""A zip file that is what it says is read; one that two programs could read differently, or that is a bomb, is not."""

from __future__ import annotations

import contextlib
import io
import struct
import zipfile
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.inspection.budget import Budget, Limits, Uninspectable
from mailguard.inspection.read.package import open_package
from mailguard.inspection.read.zip_members import open_archive


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED, comment: bytes = b"") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
        archive.comment = comment
    return out.getvalue()


def contents(data: bytes, budget: Budget | None = None) -> dict[str, bytes]:
    archive = open_archive(data, budget or Budget())
    return {entry.name: archive.read(entry) for entry in archive.directory.entries}


TWO = (("a.txt", b"first " * 40), ("b/c.txt", b"second"))


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_members_come_as_they_are(method: int) -> None:
    assert contents(zipped(*TWO, method=method)) == dict(TWO)


def test_a_comment_is_no_data_beside_the_members() -> None:
    assert open_archive(zipped(*TWO, comment=b"made by hand"), Budget()).directory.loose == ()


def test_a_member_of_unknown_size_has_a_descriptor() -> None:
    out = io.BytesIO()

    class Unseekable(io.RawIOBase):
        def writable(self) -> bool:
            return True

        def write(self, data: bytes) -> int:  # type: ignore[override]
            return out.write(data)

    with zipfile.ZipFile(Unseekable(), "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in TWO:
            archive.writestr(name, content)
    assert open_archive(out.getvalue(), Budget()).directory.loose == ()
    assert contents(out.getvalue()) == dict(TWO)


def test_zip64_is_read() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a", "w", force_zip64=True) as member:
        member.write(b"wide")
    assert contents(out.getvalue()) == {"a": b"wide"}


@pytest.mark.parametrize("where", ["before", "after", "between"])
def test_data_beside_the_members_is_seen(where: str) -> None:
    data = zipped(*TWO)
    if where == "before":
        data = b"#!/bin/sh\n" + data
    elif where == "after":
        data = data + b"Name,Born\nAda,1938\n"
    else:
        start = data.index(b"PK\x01\x02")
        end = data.rindex(b"PK\x05\x06")
        record = bytearray(data[end:])
        record[16:20] = struct.pack("<L", start + 7)
        data = data[:start] + b"between" + data[start:end] + bytes(record)
    assert open_archive(data, Budget()).directory.loose
    with pytest.raises(Uninspectable, match="beside"):
        open_package(data, Budget())


def test_padding_is_no_data() -> None:
    assert open_archive(zipped(*TWO) + b"\r\n\0\0", Budget()).directory.loose == ()


def test_another_name_in_the_member_itself() -> None:
    data = zipped(*TWO).replace(b"a.txt", b"z.txt", 1)
    with pytest.raises(Uninspectable, match="otherwise"):
        open_archive(data, Budget())


def test_another_size_in_the_member_itself() -> None:
    data = bytearray(zipped(*TWO))
    data[22:26] = struct.pack("<L", 7)
    with pytest.raises(Uninspectable, match="size"):
        open_archive(bytes(data), Budget())


def overlapping(count: int) -> bytes:
    """Many entries of the directory that share one member, as in D. Fifield's bomb without its quotes."""
    body = zlib.compress(bytes(1_000_000), 9)[2:-4]
    crc = zlib.crc32(bytes(1_000_000))
    local = struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 8, 0, 0, crc, len(body), 1_000_000, 1, 0) + b"a" + body
    central = b"".join(
        struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 8, 0, 0, crc, len(body), 1_000_000, 1, 0, 0, 0, 0, 0, 0)
        + b"a"
        for _ in range(count)
    )
    return local + central + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, len(central), len(local), 0)


def test_overlapping_members() -> None:
    assert contents(overlapping(1)) == {"a": bytes(1_000_000)}
    with pytest.raises(Uninspectable, match="overlap"):
        open_archive(overlapping(2), Budget())


def test_a_flat_bomb_ends_at_its_ratio() -> None:
    data = zipped(("a", bytes(50_000_000)))
    budget = Budget()
    with pytest.raises(Uninspectable, match="100 times"):
        contents(data, budget)
    assert budget.total_bytes < 10_000_000


def test_the_total_is_over_all_members() -> None:
    data = zipped(*((str(number), b"x" * 100) for number in range(20)))
    with pytest.raises(Uninspectable, match="1000 octets"):
        contents(data, Budget(Limits(total_bytes=1_000)))


def test_many_members() -> None:
    data = zipped(*((str(number), b"") for number in range(20)))
    with pytest.raises(Uninspectable, match="10 members"):
        open_archive(data, Budget(Limits(members=10)))


def test_a_member_that_lies_about_its_size() -> None:
    data = zipped(("a", b"x" * 1_000))
    small = data.replace(struct.pack("<L", 1_000), struct.pack("<L", 10))
    with pytest.raises(Uninspectable, match="larger than it says"):
        contents(small)


def test_a_wrong_checksum() -> None:
    data = zipped(("a", b"y" * 20), method=zipfile.ZIP_STORED).replace(b"y" * 20, b"y" * 19 + b"z")
    with pytest.raises(Uninspectable, match="checksum"):
        contents(data)


def test_two_directories() -> None:
    inner = zipped(("evil", b"1"))
    with pytest.raises(Uninspectable):
        open_archive(zipped(("good", b"2"), comment=inner), Budget())


@pytest.mark.parametrize("names", [("a", "a"), ("xl/A.xml", "xl/a.xml"), ("a/b", "a\\b")])
def test_two_parts_of_one_name(names: tuple[str, str]) -> None:
    with pytest.warns(UserWarning) if names[0] == names[1] else pytest.MonkeyPatch.context():
        data = zipped((names[0], b"1"), (names[1], b"2"))
    with pytest.raises(Uninspectable, match="one name"):
        open_package(data, Budget())


@pytest.mark.parametrize("name", ["../a", "xl/../../a", "a/./b"])
def test_a_name_that_leads_elsewhere(name: str) -> None:
    with pytest.raises(Uninspectable, match="elsewhere"):
        open_package(zipped((name, b"")), Budget())


def test_encrypted_members() -> None:
    data = bytearray(zipped(("a", b"1")))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(Uninspectable, match=r"^encrypted$"):
        contents(bytes(data))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400))
def test_any_octets(data: bytes) -> None:
    for candidate in (data, zipped(*TWO)[: len(data)] + data, data + zipped(*TWO)):
        with contextlib.suppress(Uninspectable):
            contents(candidate)


@settings(max_examples=500, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), min_size=1, max_size=6))
def test_changed_octets(changes: list[tuple[int, int]]) -> None:
    """Whatever is changed: the same contents, or Uninspectable. Never other contents under a right checksum."""
    data = bytearray(zipped(*TWO))
    for place, value in changes:
        data[place % len(data)] = value
    try:
        found = contents(bytes(data))
    except Uninspectable:
        return
    assert set(found.values()) <= {content for _, content in TWO}
