"""What macOS puts into archives: read for its letters, and only if it is nothing else."""

from __future__ import annotations

import struct

import pytest

from mailguard.inspection.enclosed import Enclosed
from mailguard.inspection.examine import Examined, examine
from tests.inspection.read.test_zip import zipped

ATTRIBUTES = b"\0" * 32 + b"ATTR" + b"\0" * 40 + b"com.apple.quarantine\0" + b"0081;63a1;Safari;"
FORK = b"\0\0\1\0" + b"\0" * 282


def apple_double(info: bytes = ATTRIBUTES, fork: bytes = b"", more: bytes = b"") -> bytes:
    header = struct.pack(">II16sH", 0x00051607, 0x00020000, b"Mac OS X        ", 2)
    entries = struct.pack(">III", 9, 50, len(info)) + struct.pack(">III", 2, 50 + len(info), len(fork))
    return header + entries + info + fork + more


def ds_store(names: str = "photo.jpg") -> bytes:
    body = b"\0" * 64 + names.encode("utf-16-be") + b"\0" * 4_000
    return b"\0\0\0\1Bud1" + struct.pack(">III", 1_024, 512, 1_024) + b"\0" * 16 + body


def read(name: str, octets: bytes) -> Examined:
    data = zipped(("letter.txt", b"Dear all, please see below.\n"), (name, octets))
    return examine(Enclosed(data, "application/zip", ("Archive.zip",)))


@pytest.mark.parametrize(
    ("name", "octets"),
    [
        ("__MACOSX/._letter.txt", apple_double()),
        ("__MACOSX/._report.docx", apple_double(fork=FORK)),
        ("__MACOSX/._list.xlsx", apple_double(more=b"\0" * 100)),
        ("__MACOSX/._scan.pdf", apple_double()),
        (".DS_Store", ds_store()),
    ],
)
def test_an_archive_of_a_mac_is_read(name: str, octets: bytes) -> None:
    found = read(name, octets)
    assert found.unread is None and not found.findings


@pytest.mark.parametrize(
    ("name", "octets"),
    [
        ("__MACOSX/._report.docx", b"Aisha Patel"),
        ("__MACOSX/._report.docx", apple_double(fork=b"\x81" * 287)),
        ("__MACOSX/._report.docx", apple_double(info=b"\x81" * 70_000)),
        ("__MACOSX/._report.docx", apple_double(more=b"\x81" * 100)),
        ("__MACOSX/._report.docx", apple_double(info=ATTRIBUTES + b"PK\x03\x04" + b"\x81" * 100)),
        ("__MACOSX/._report.docx", apple_double()[:40]),
        (".DS_Store", ds_store() + b"%PDF-1.7"),
        (".DS_Store", b"\0\0\0\1Bud1" + struct.pack(">III", 1_024, 512, 1_025) + b"\0" * 4_000),
        (".DS_Store", b"\x81" * 4_000),
    ],
)
def test_what_only_looks_like_it_is_held(name: str, octets: bytes) -> None:
    assert read(name, octets).unread


def test_people_in_it_are_found() -> None:
    numbers = ["9993395633", "9999939082", "9991581766", "9994140027", "9990506310", "9990759545"]
    told = "\n".join(f"patient {number}.docx" for number in numbers)
    assert [each.kind for each in read(".DS_Store", ds_store(told)).findings] == ["nhs_number"]
    found = read("__MACOSX/._a.pdf", apple_double(info=ATTRIBUTES + told.encode()))
    assert [each.kind for each in found.findings] == ["nhs_number"] and found.findings[0].hidden


@pytest.mark.parametrize("name", ["README", "LICENSE", "folder/Makefile", ".profile"])
def test_a_text_without_an_ending_is_read(name: str) -> None:
    lines = "".join(f"NHS number {number}\n" for number in ("9993395633", "9999939082"))
    found = examine(Enclosed(lines.encode(), "application/octet-stream", (name,)))
    assert found.unread is None and [each.count for each in found.findings] == [2]


@pytest.mark.parametrize(
    ("name", "octets"),
    [
        ("stock.dat", b"letters\n"),
        ("README", b"\x81\x82\x83"),
        ("README", b"\1\2\3\4\5\6\7" * 9),
    ],
)
def test_what_is_no_text_or_has_another_ending_stays_held(name: str, octets: bytes) -> None:
    assert examine(Enclosed(octets, "application/octet-stream", (name,))).unread
