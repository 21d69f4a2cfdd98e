"""What macOS puts into archives: read for its letters, and only if it is nothing else."""

from __future__ import annotations

import bz2
import lzma
import random
import struct
import zlib

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
        (".DS_Store", ds_store() + lzma.compress(b"Aisha Patel")),
        (".DS_Store", ds_store() + bz2.compress(b"Aisha Patel")),
        (".DS_Store", ds_store() + zlib.compress(random.Random(1).randbytes(1_000))),
        ("__MACOSX/._report.docx", apple_double(info=ATTRIBUTES + b"\xff\xd8\xff\xe0\0\x10JFIF" + b"\x81" * 999)),
        ("report.docx", apple_double()),
        ("report.zip", ds_store()),
        ("list.csv", ds_store()),
        ("__MACOSX/._report.docx/report.docx", apple_double()),
    ],
)
def test_what_only_looks_like_it_is_held(name: str, octets: bytes) -> None:
    assert read(name, octets).unread


WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.mark.parametrize("names", [(), ("list.xlsx",), ("._list.xlsx", "list.xlsx")])
def test_what_calls_itself_a_document_is_none(names: tuple[str, ...]) -> None:
    assert examine(Enclosed(apple_double(), WORKBOOK, names)).unread


def test_in_mail_it_has_the_name_of_the_file_and_a_type_of_its_own() -> None:
    found = examine(Enclosed(apple_double(fork=FORK), "application/applefile", ("list.xlsx",)))
    assert found.unread is None and not found.findings
    assert examine(Enclosed(apple_double(fork=b"PK\3\4"), "application/applefile", ("list.xlsx",))).unread


TABLE = "\n".join(
    f"{name}\t{day:02}/04/1975"
    for day, name in enumerate(
        ("Aisha Patel", "Grace Jones", "Oliver Price", "Marek Murphy", "Gwen Walsh", "Joy Baker")
    )
)


@pytest.mark.parametrize("table", [TABLE, TABLE.replace("\t", ","), TABLE.replace("\n", "\r\n")])
@pytest.mark.parametrize("charset", ["utf-8", "utf-16-be", "utf-16-le"])
def test_a_table_in_it_is_a_table(table: str, charset: str) -> None:
    for name, octets in (
        (".DS_Store", ds_store() + table.encode(charset)),
        ("__MACOSX/._a.pdf", apple_double(info=ATTRIBUTES + b"\0\0" + table.encode(charset))),
    ):
        people = [each for each in read(name, octets).findings if each.kind == "people_rows"]
        assert [each.hidden for each in people] == [True] and people[0].count >= 5, name


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
        ("README", b"one stray \x1b is enough"),
        ("README", "patient Aisha Patel".encode("utf-16")),
        ("README", b" \n<?xml version='1.0'?><office:document xmlns:office='urn:oasis:names:tc:opendocument'/>"),
        ("README", b"\n{\\rtf1 \\'41"),
        ("README", b"  PK\3\4"),
    ],
)
def test_what_is_no_text_or_has_another_ending_stays_held(name: str, octets: bytes) -> None:
    assert examine(Enclosed(octets, "application/octet-stream", (name,))).unread
