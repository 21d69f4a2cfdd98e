"""Archives, pictures and everyday files that are made to cost: each is judged within 10 seconds and 256 MB.

All are examined by one process that has the address space of a worker, one after the other as a worker does, so that
what lies within them is read too.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import re
import struct
import subprocess
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.inspection.read.test_zip import overlapping, zipped

ROOT = Path(__file__).parents[3]
SECONDS, MEBIBYTES = 10, 256
MEASURE = """
import json, pathlib, resource, sys, time
from mailguard.inspection.enclosed import Enclosed
from mailguard.inspection.examine import examine
resource.setrlimit(resource.RLIMIT_AS, (256 << 20, 256 << 20))
for file in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    begun = time.process_time()
    found = examine(Enclosed(file.read_bytes(), names=(file.name,)))
    peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM:"))
    print(json.dumps([file.name, found.unread or "", time.process_time() - begun, int(peak.split()[1]) // 1024]))
"""
ZEROS = bytes(1_000_000)
FILE_OCTETS = 20_000_000


def deflated(megabytes: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return b"".join([*(packer.compress(ZEROS) for _ in range(megabytes)), packer.flush()])


def flat_zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a.csv", "w") as member:
        for _ in range(110):
            member.write(ZEROS)
    return out.getvalue()


def below_the_ratio() -> bytes:
    """Members of 8 MB each, whatever their ratio, so that only their sum is too much."""
    return zipped(*((f"{n}.bin", bytes(8_000_000)) for n in range(14)))


def by_sixes() -> bytes:
    """As 42.zip: layers of copies of the one below, at last 1,296 members of two megabytes."""
    data = zipped(("0.bin", bytes(2_000_000)))
    for _ in range(4):
        data = zipped(*((f"{n}.zip", data) for n in range(6)), method=zipfile.ZIP_STORED)
    return data


def layers(pack: Callable[[bytes], bytes], megabytes: int) -> bytes:
    return pack(pack(pack(ZEROS * megabytes)))


def fifield() -> bytes:
    """Overlapping members that quote each other's headers (Fifield, "A better zip bomb"): each is a stored block in the
    one before it, and the kernel of zeros is unpacked by all."""
    kernel = deflated(20)
    crc, size = zlib.crc32(bytes(20_000_000)), 20_000_000
    parts: list[tuple[int, bytes, int, int]] = []
    body = kernel
    headers = []
    for number in range(60, 0, -1):
        name = f"{number:03}".encode()
        header = struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 8, 0, 0, crc, len(body), size, len(name), 0) + name
        headers.append((name, crc, len(body), size))
        quoted = struct.pack("<BHH", 0, len(header), len(header) ^ 0xFFFF) + header
        crc, size = zlib.crc32(header), size + len(header)
        body = quoted + body
        parts.append((len(body), header, crc, size))
    out = bytearray()
    central = bytearray()
    whole = parts[-1][1] + body[5 + len(parts[-1][1]) :]
    offset = 0
    for name, crc, packed, size in reversed(headers):
        central += struct.pack(
            "<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 8, 0, 0, crc, packed, size, 3, 0, 0, 0, 0, 0, offset
        )
        central += name
        offset += 30 + 3 + 5
    out += whole + central
    return bytes(out + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 60, 60, len(central), len(whole), 0))


def header_of_tar(name: str) -> bytes:
    return tarfile.TarInfo(name).tobuf(tarfile.USTAR_FORMAT)


def million_entries() -> bytes:
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    block = header_of_tar("a") * 1_000
    return b"".join([*(packer.compress(block) for _ in range(1_000)), packer.flush()])


def huge_dictionary() -> bytes:
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 29, "mode": lzma.MODE_FAST, "mf": lzma.MF_HC3}]
    packer = lzma.LZMACompressor(lzma.FORMAT_RAW, filters=[{**filters[0], "dict_size": 4_096}])
    raw = b"".join([*(packer.compress(ZEROS) for _ in range(2)), packer.flush()])
    whole = bytearray(lzma.compress(b"", filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 4_096}]))
    block = bytearray(b"\x02\x00\x21\x01\x25\x00\x00\x00")  # a block whose dictionary is of 1.5 GiB
    block += struct.pack("<L", zlib.crc32(block))
    return bytes(whole[:12] + block + raw + whole[12:])


def seven_zip(header: bytes, before: bytes = b"") -> bytes:
    start = struct.pack("<QQL", len(before), len(header), zlib.crc32(header))
    return b"7z\xbc\xaf\x27\x1c\0\4" + struct.pack("<L", zlib.crc32(start)) + start + before + header


def large(number: int) -> bytes:
    return b"\xff" + struct.pack("<Q", number)


def packed_header(packed: bytes, size: int, method: bytes = b"\x21\x21\x01\x1e") -> bytes:
    """7z: a header that says where the packed one lies, and how large it is."""
    header = b"\x17\x06" + large(0) + b"\1\x09" + large(len(packed)) + b"\0\7\x0b\1\0\1" + method
    return seven_zip(header + b"\x0c" + large(size) + b"\0\0", packed)


def raw_lzma2(megabytes: int) -> bytes:
    return lzma.compress(ZEROS * megabytes, lzma.FORMAT_RAW, filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 20}])


def its_own_header() -> bytes:
    """A packed header of which the packed octets, not packed at all, are this header again."""
    header = b"\x17\x06\0\1\x09\x18\0\7\x0b\1\0\1\1\0\x0c\x18\0\0"
    return seven_zip(header, header.ljust(24, b"\0"))


def tiff_of_tags() -> bytes:
    """Twenty thousand tags, each of which is the whole file."""
    directories = []
    for number in range(10):
        at = 8 + number * (2 + 12 * 2_000 + 4)
        tags = struct.pack("<HHLL", 270, 2, FILE_OCTETS - 100, 8) * 2_000
        directories.append(struct.pack("<H", 2_000) + tags + struct.pack("<L", at + 2 + 12 * 2_000 + 4))
    return (b"II*\0\x08\0\0\0" + b"".join(directories)).ljust(FILE_OCTETS, b"x")


def tiff_in_circles() -> bytes:
    numbers = struct.pack("<60000L", *(8 + n * 2 for n in range(60_000)))
    ifd = struct.pack("<HHHLLL", 1, 330, 4, 60_000, 26, 8)
    return b"II*\0\x08\0\0\0" + ifd + numbers


def icon_of_icons() -> bytes:
    png = b"\x89PNG\r\n\x1a\n" + (struct.pack(">L4s", 0, b"teXt") + bytes(4)) * 1_000_000
    entry = struct.pack("<4B2HLL", 1, 1, 0, 0, 1, 32, len(png), 6 + 16 * 60_000)
    return b"\0\0\1\0" + struct.pack("<H", 60_000) + entry * 60_000 + png


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "flat.zip": (flat_zip, "to remember"),
    "sum.zip": (below_the_ratio, "to remember"),
    "overlapping.zip": (lambda: overlapping(5_000), "overlap"),
    "fifield.zip": (fifield, "overlap"),
    "sixes.zip": (by_sixes, "to remember"),
    "layers.gz": (lambda: layers(gzip.compress, 20), "100 times"),
    "members.gz": (lambda: gzip.compress(b"x") * 50_000, "members"),
    "one.bz2": (lambda: bz2.compress(ZEROS * 20), "100 times"),
    "streams.bz2": (lambda: bz2.compress(ZEROS * 7) * 2_000, "100 times"),
    "one.xz": (lambda: lzma.compress(ZEROS * 20, preset=0), "100 times"),
    "dictionary.xz": (huge_dictionary, "cannot be unpacked"),
    "entries.tgz": (million_entries, "times|to remember"),
    "entries.tar": (lambda: header_of_tar("a") * 20_000, "members"),
    "long-name.tar": (lambda: tarfile.TarInfo("x" * 900_000).tobuf(tarfile.GNU_FORMAT) * 50, ""),
    "count.7z": (lambda: seven_zip(b"\1\5" + large(1 << 60)), "broken"),
    "counts.7z": (lambda: seven_zip(b"\1\4\6\0" + large(7_000_000) + b"\x09" + bytes(7_500_000)), "members"),
    "claims.7z": (lambda: packed_header(raw_lzma2(7), 1 << 40), "broken"),
    "unpacks.7z": (lambda: packed_header(raw_lzma2(8), 8_000_000), "broken"),
    "itself.7z": (its_own_header, "broken"),
    "tags.tif": (tiff_of_tags, "more octets than it has itself"),
    "circles.tif": (tiff_in_circles, "than pictures have"),
    "icons.ico": (icon_of_icons, "tags"),
    "blocks.gif": (lambda: b"GIF89a" + bytes(7) + b"!\xfe" + b"\1x" * 3_000_000, "tags"),
    "fill.jpg": (lambda: b"\xff\xd8" + b"\xff" * 20_000_000, ""),
    "boxes.mp4": (lambda: b"\0\0\0\x10ftypisom" + bytes(4) + b"\0\0\0\x08free" * 600_000, "tags"),
    "frames.mp3": (lambda: b"ID3\3\0\0\x7f\x7f\x7f\x7f" + b"TXXX\0\0\0\1\0\0\0" * 20_000, "members"),
    "cards.vcf": (lambda: b"BEGIN:VCARD\nFN:A\nEND:VCARD\n" * 110_000, "cells"),
    "nested.json": (lambda: b"[" * 2_000_000, ""),
    "empty.json": (lambda: b"[" + b"[]," * 300_000 + b"[]]", ""),
    "tags.xml": (lambda: b"<a>" + b"<b/>" * 300_000 + b"</a>", ""),
    "laughs.xml": (lambda: b"<!DOCTYPE a [<!ENTITY b 'ha'>]><a>" + b"&b;" * 300_000 + b"</a>", ""),
    "deep.svg": (lambda: b"<svg xmlns='http://www.w3.org/2000/svg'>" + b"<g>" * 1_000_000, ""),
    "blocks.asc": (lambda: b"-----BEGIN PGP SIGNATURE-----\n" * 300_000, "blocks"),
}


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, float, int]]:
    folder = tmp_path_factory.mktemp("hostile")
    for name, (make, _) in HOSTILE.items():
        (folder / name).write_bytes(make())
    command = [sys.executable, "-c", MEASURE, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=ROOT, env={"PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stderr[-2_000:]
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {name: (why, seconds, mebibytes) for name, why, seconds, mebibytes in lines}


@pytest.mark.parametrize("name", HOSTILE)
def test_it_is_judged(name: str, judged: dict[str, tuple[str, float, int]]) -> None:
    why, seconds, mebibytes = judged[name]
    print(f"{name}: {why or 'read'}; {seconds:.2f} s, {mebibytes} MB")
    expected = HOSTILE[name][1]
    assert bool(why) == bool(expected) and re.search(expected, why), why
    assert seconds < SECONDS and mebibytes < MEBIBYTES
