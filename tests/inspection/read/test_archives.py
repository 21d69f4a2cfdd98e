"""Archives by real programs: what is in an open one is read, what is in a closed one is named and held."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.core.verdict import Finding
from mailguard.inspection.budget import Limits, Uninspectable
from mailguard.inspection.enclosed import Enclosed
from mailguard.inspection.examine import TOO_DEEP, Examined, examine
from mailguard.inspection.read import rar
from mailguard.inspection.readers import CONTRADICTS, NOBODY_READS, readers_of
from mailguard.inspection.stream import Item, Member, Text
from tests.inspection.read.test_zip import zipped

FOLDER = Path(__file__).parents[2] / "fixtures" / "archives"
TRUTH = yaml.safe_load((FOLDER / "truth.yaml").read_text())
REASONS = {
    "7z": ("encrypted 7z archive", "a 7z archive, whose members are not read"),
    "zip": ("encrypted", "packed with method 9, which is not read"),
    "tar": ("", "holds a file in a tar archive in a form that is not read"),
}
PEOPLE = 12


class Seen:
    """A detector that keeps what it is shown."""

    unread: str | None = None

    def __init__(self) -> None:
        self.items: list[Item] = []

    def take(self, item: Item) -> None:
        self.items.append(item)

    def findings(self) -> tuple[Finding, ...]:
        return ()


def looked_into(
    data: bytes | memoryview, name: str = "", media_type: str = "application/octet-stream", limits: Limits | None = None
) -> tuple[Examined, Seen]:
    seen = Seen()
    source = Enclosed(data, media_type, (name,) if name else ())
    return examine(source, detectors=[lambda: seen], limits=limits), seen


def members(seen: Seen) -> list[str]:
    return [item.name for item in seen.items if isinstance(item, Member)]


def texts(seen: Seen) -> list[str]:
    return [item.text for item in seen.items if isinstance(item, Text)]


def people(data: bytes, name: str) -> int:
    found = examine(Enclosed(data, names=(name,)))
    assert found.unread is None, found.unread
    return sum(finding.count for finding in found.findings if finding.kind == "people_rows")


@pytest.mark.parametrize("file", [each["file"] for each in TRUTH if each["kind"] == "open"])
def test_the_people_in_an_open_archive_are_found(file: str) -> None:
    assert people((FOLDER / file).read_bytes(), file) == PEOPLE


@pytest.mark.parametrize("file", [each["file"] for each in TRUTH if each["kind"] == "clean"])
def test_its_twin_without_people_holds_none(file: str) -> None:
    found = examine(Enclosed((FOLDER / file).read_bytes(), names=(file,)))
    assert found.unread is None and not found.findings


@pytest.mark.parametrize("truth", [each for each in TRUTH if each["kind"] not in ("open", "clean")],
                         ids=lambda each: each["file"])  # fmt: skip
def test_a_closed_archive_is_named_and_held(truth: dict[str, str]) -> None:
    found, seen = looked_into((FOLDER / truth["file"]).read_bytes(), truth["file"])
    encrypted, unread = REASONS[truth["file"].rpartition(".")[2]]
    assert found.unread == (unread if truth["kind"] == "unread" else encrypted)
    named = [name for name in members(seen) if name.endswith(".csv")]
    assert len(named) == (truth["kind"] != "encrypted-names")


def test_names_and_comments_of_a_zip_are_text() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        info = zipfile.ZipInfo("Report on Ada Thorn.txt")
        info.comment = b"for Bran"
        archive.writestr(info, "hello")
        archive.comment = b"sent to Cora"
    found, seen = looked_into(out.getvalue(), "a.zip")
    assert found.unread is None
    assert texts(seen) == ["Report on Ada Thorn.txt", "sent to Cora", "for Bran", "hello"]


def test_members_that_can_be_read_are_read_beside_one_that_cannot() -> None:
    data = bytearray(zipped(("a.txt", b"first"), ("b.txt", b"second"), method=zipfile.ZIP_STORED))
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + flags] |= 1
    found, seen = looked_into(bytes(data), "a.zip")
    assert found.unread == "encrypted" and "second" in texts(seen) and "first" not in texts(seen)


@pytest.mark.parametrize("name", ["a.zip", "a.jar", "book.epub", "map.kmz"])
def test_a_zip_that_is_no_document_is_an_archive(name: str) -> None:
    assert [reader.name for reader in readers_of(Enclosed(zipped(("a.txt", b"x")), names=(name,)))] == ["zip archive"]


def test_a_document_is_no_archive() -> None:
    drawing = b"application/vnd.oasis.opendocument.graphics"
    for member in (("[Content_Types].xml", b"<Types/>"), ("mimetype", drawing)):
        document = zipped(member, ("a.xml", b"<a/>"), method=zipfile.ZIP_STORED)
        with pytest.raises(Uninspectable, match=NOBODY_READS):
            readers_of(Enclosed(document))
        with pytest.raises(Uninspectable, match=CONTRADICTS):
            readers_of(Enclosed(document, "application/zip"))


def test_a_workbook_that_is_sent_as_a_zip_is_a_workbook() -> None:
    book = (FOLDER.parent / "workbooks" / "hidden-sheet.xlsx").read_bytes()
    for names, media_type in ((("a.xlsx",), "application/zip"), (("a.zip",), "application/octet-stream")):
        assert [reader.name for reader in readers_of(Enclosed(book, media_type, names))] == ["spreadsheet"]


@pytest.mark.parametrize("name", ["a.zip", "a.gz", "a.tar", "a.bz2", "a.xz", "a.7z", "a.rar", "a.tgz", "a.lzma"])
def test_a_name_that_the_content_contradicts(name: str) -> None:
    with pytest.raises(Uninspectable, match=CONTRADICTS):
        readers_of(Enclosed(b"Name,Born\nAda,1938\n", names=(name,)))


@pytest.mark.parametrize("where", ["before", "behind"])
def test_data_beside_the_members_is_held(where: str) -> None:
    data = zipped(("a.txt", b"first"))
    found, _ = looked_into(b"MZ" + data if where == "before" else data + b"Ada,1938", "a.zip")
    assert found.unread == (CONTRADICTS if where == "before" else "holds data beside the members of its zip archive")


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_data_behind_the_end_is_held(pack: Callable[[bytes], bytes]) -> None:
    names = {gzip.compress: "a.txt.gz", bz2.compress: "a.txt.bz2", lzma.compress: "a.txt.xz"}
    assert looked_into(pack(b"hello") + bytes(100), names[pack])[0].unread is None
    assert looked_into(pack(b"hello") + b"Ada Thorn", names[pack])[0].unread == "holds data behind its end"
    assert looked_into(pack(b"hello")[:-3], names[pack])[0].unread is not None


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_parts_that_follow_each_other_are_one_file(pack: Callable[[bytes], bytes]) -> None:
    names = {gzip.compress: "a.txt.gz", bz2.compress: "a.txt.bz2", lzma.compress: "a.txt.xz"}
    found, seen = looked_into(pack(b"first ") + pack(b"second"), names[pack])
    assert found.unread is None and texts(seen)[-1] == "first second"


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_a_file_that_packs_well_is_read_whole(pack: Callable[[bytes], bytes]) -> None:
    names = {gzip.compress: "a.txt.gz", bz2.compress: "a.txt.bz2", lzma.compress: "a.txt.xz"}
    for size in (65_536, 1_000_000):
        found, seen = looked_into(pack(b"x" * size) * 2, names[pack])
        assert found.unread is None and sum(map(len, texts(seen))) >= 2 * size


def test_a_wrong_checksum_of_a_gzip_file_is_held() -> None:
    data = bytearray(gzip.compress(b"hello"))
    data[-6] ^= 1
    assert looked_into(bytes(data), "a.txt.gz")[0].unread == "is not what its checksum says"


def test_a_dictionary_that_is_too_large_is_not_made() -> None:
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 28, "mode": lzma.MODE_FAST, "mf": lzma.MF_HC3}]
    data = lzma.compress(b"hello", filters=filters)
    assert looked_into(data, "a.txt.xz")[0].unread == "is packed and cannot be unpacked"


def in_tar(*infos: tuple[tarfile.TarInfo, bytes], form: int = tarfile.GNU_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for info, content in infos:
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def info(name: str, kind: bytes = tarfile.REGTYPE, **fields: str) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type = kind
    for key, value in fields.items():
        setattr(made, key, value)
    return made


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_links_of_a_tar_archive_are_named(form: int) -> None:
    data = in_tar((info("d", tarfile.DIRTYPE), b""), (info("a", tarfile.SYMTYPE, linkname="/etc/passwd"), b""),
                  (info("b.txt"), b"hello"), (info("e.txt"), b""), form=form)  # fmt: skip
    found, seen = looked_into(data, "a.tar")
    assert found.unread is None
    assert members(seen) == ["d", "a", "/etc/passwd", "b.txt", "e.txt"] or members(seen)[0] == "d/"


def test_properties_of_a_tar_member_are_text() -> None:
    member = info("a.txt")
    member.pax_headers = {"comment": "about Ada Thorn"}
    found, seen = looked_into(in_tar((member, b"hello"), form=tarfile.PAX_FORMAT), "a.tar")
    assert found.unread is None and "about Ada Thorn" in texts(seen)


@pytest.mark.parametrize("change", ["behind the end", "in the padding", "cut off", "checksum"])
def test_a_tar_archive_that_hides_or_breaks_is_held(change: str) -> None:
    data = bytearray(in_tar((info("a.txt"), b"hello"), (info("b.txt"), b"second")))
    if change == "behind the end":
        data[-1:] = b"Ada Thorn"
    elif change == "in the padding":
        data[700:703] = b"Ada"
    elif change == "cut off":
        del data[1500:]
    else:
        data[1024] ^= 1
    assert looked_into(bytes(data), "a.tar")[0].unread


# Of rar no program is to be had here: these come from the specification, apart from the reader.


def rar4(name: bytes, *, encrypted: bool = False, headers: bool = False, content: bytes = b"hello") -> bytes:
    flags = 0x04 if encrypted else 0
    main = struct.pack("<HBHH", 0, 0x73, 0x80 if headers else 0, 13) + bytes(6)
    file = struct.pack("<LLBLLBBHL", len(content), 5, 0, 0, 0, 29, 0x30, len(name), 0) + name
    head = struct.pack("<HBHH", 0, 0x74, 0x8000 | flags, 7 + len(file)) + file
    return b"Rar!\x1a\x07\x00" + main + head + content + struct.pack("<HBHH", 0, 0x7B, 0, 7)


def rar5(name: bytes, *, encrypted: bool = False, headers: bool = False, content: bytes = b"hello") -> bytes:
    def block(body: bytes) -> bytes:
        return bytes(4) + bytes([len(body)]) + body

    extra = b"\x02\x01\x00" if encrypted else b""
    file = bytes([2, 3 if extra else 2, *([len(extra)] if extra else []), len(content)])
    file += bytes([0, 5, 0, 0, 0, len(name)]) + name + extra
    first = block(bytes([4, 0])) if headers else block(bytes([1, 0, 0]))
    return b"Rar!\x1a\x07\x01\x00" + first + block(file) + content + block(bytes([5, 0, 0]))


@pytest.mark.parametrize("make", [rar4, rar5])
@pytest.mark.parametrize(
    ("how", "reason", "named"),
    [({}, rar.NOT_READ, True), ({"encrypted": True}, rar.ENCRYPTED, True), ({"headers": True}, rar.ENCRYPTED, False)],
)
def test_a_rar_archive_is_named_and_held(
    make: Callable[..., bytes], how: dict[str, bool], reason: str, named: bool
) -> None:
    found, seen = looked_into(make(b"people.csv", **how), "a.rar")
    assert found.unread == reason and members(seen) == (["people.csv"] if named else [])


def test_depth_is_bounded_and_so_are_layers() -> None:
    data = b"hello"
    for _ in range(7):
        data = gzip.compress(data)
    assert looked_into(data, "a.gz")[0].unread == TOO_DEEP
    inner = zipped(("a.txt", b"hello"))
    for _ in range(4):
        inner = zipped(("a.zip", inner))
    assert looked_into(inner, "a.zip")[0].unread is None
    assert looked_into(zipped(("a.zip", zipped(("a.zip", inner)))), "a.zip")[0].unread == TOO_DEEP


def test_what_one_member_took_is_given_back_for_the_next() -> None:
    rows = b"Room,Seats\n" + b"Hall,5\n" * 2_000
    data = zipped(*((f"{n}.csv", rows) for n in range(20)))
    limits = Limits(kept_bytes=22 * len(rows) + 10_000)
    assert looked_into(data, "a.zip", limits=limits)[0].unread is None


def test_ten_thousand_members_are_read_and_one_more_is_not() -> None:
    def made(count: int) -> bytes:
        return zipped(*((f"{n}", b"") for n in range(count)), method=zipfile.ZIP_STORED)

    assert "members" not in (looked_into(made(1_000), "a.zip", limits=Limits(members=1_000))[0].unread or "")
    assert looked_into(made(1_001), "a.zip", limits=Limits(members=1_000))[0].unread == "more than 1000 members"


FILES = [each["file"] for each in TRUTH if each["kind"] != "clean"]
CHANGES = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=4)), min_size=1)


def changed(data: bytes, changes: list[tuple[float, bytes]]) -> bytes:
    made = bytearray(data)
    for where, octets in changes:
        place = int(where * len(made))
        made[place : place + len(octets)] = octets
    return bytes(made)


@settings(max_examples=200, deadline=None)
@given(file=st.sampled_from([*FILES, "rar4", "rar5"]), changes=CHANGES, cut=st.floats(0.2, 1))
def test_whatever_is_done_to_an_archive_it_is_read_or_held(
    file: str, changes: list[tuple[float, bytes]], cut: float
) -> None:
    made = {"rar4": rar4, "rar5": rar5}
    data = made[file](b"people.csv") if file in made else (FOLDER / file).read_bytes()[:20_000]
    whole = changed(data, changes)
    for octets in (whole, whole[: int(cut * len(whole))]):
        found, _ = looked_into(octets, limits=Limits(total_bytes=5_000_000, kept_bytes=5_000_000, members=500))
        assert found.error is None
