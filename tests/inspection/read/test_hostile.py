"""Files that are made to cost: each is judged, a stream or Uninspectable, within 10 seconds and 256 MB (issue 5).

Each runs in a process of its own whose memory is limited, so that what it takes is its own and not what pytest holds.
"""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mailguard.inspection.budget import Budget, Limits, Uninspectable
from mailguard.inspection.read.spreadsheet import read_spreadsheet
from tests.inspection.read.test_zip import overlapping
from tests.inspection.read.written import MAIN, TRANSITIONAL, packed, parts, relationships, sheet, text_row, workbook

ROOT = Path(__file__).parents[3]
SECONDS, MEBIBYTES = 10, 256
MEASURE = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (512 << 20, 512 << 20))
from mailguard.inspection.budget import Budget, Uninspectable
from mailguard.inspection.read.spreadsheet import read_spreadsheet
data = open(sys.argv[1], "rb").read()
try:
    print("rows", sum(1 for _ in read_spreadsheet(data, Budget())))
except Uninspectable as error:
    print("held", error)
used = resource.getrusage(resource.RUSAGE_SELF)
# Not ru_maxrss: a process that was started by vfork inherits that of pytest.
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM:"))
print(used.ru_utime + used.ru_stime, int(peak.split()[1]) // 1024)
"""
M = MAIN[TRANSITIONAL]


def deflated(make: Callable[[], Iterator[bytes]], name: str) -> bytes:
    """A package whose one large part is written piece by piece."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for other, content in parts({"Data": ("visible", sheet(""))}).items():
            if other != name:
                archive.writestr(other, content)
        with archive.open(name, "w") as member:
            for piece in make():
                member.write(piece)
    return out.getvalue()


def large_sheet(piece: str, count: int) -> bytes:
    def make() -> Iterator[bytes]:
        yield f'<worksheet xmlns="{M}"><sheetData>'.encode()
        for _ in range(count):
            yield piece.encode()
        yield b"</sheetData></worksheet>"

    return deflated(make, "xl/worksheets/sheet1.xml")


def entities() -> bytes:
    """A billion laughs."""
    declared = '<!ENTITY a0 "ha">' + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    xml = sheet(text_row(1, "&a9;"))
    return packed(parts({"Data": ("visible", f"<!DOCTYPE x [{declared}]>{xml}")}))


def external_entity() -> bytes:
    xml = sheet(text_row(1, "&a;"))
    return packed(parts({"Data": ("visible", f'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>{xml}')}))


def merges() -> bytes:
    ranges = "".join(f'<mergeCell ref="A{n}:XFD{n}"/>' for n in range(1, 100_000))
    return workbook(text_row(1, "Ada"), after=f"<mergeCells>{ranges}</mergeCells>")


def corners() -> bytes:
    cell = '<c r="{0}" t="str"><v>x</v></c>'
    rows = f'<row r="1">{cell.format("A1")}{cell.format("XFD1")}</row>'
    rows += f'<row r="1048576">{cell.format("A1048576")}{cell.format("XFD1048576")}</row>'
    return workbook(rows)


def nested() -> bytes:
    """A bomb in a bomb: what is inside is handed on as octets and counts for the same budget."""
    inner = zlib.compress(bytes(100_000_000), 9)
    members: dict[str, str | bytes] = dict(parts({"Data": ("visible", sheet(text_row(1, "Ada")))}))
    members["xl/embeddings/inner.xlsx"] = inner
    return packed(members)


def circular() -> bytes:
    """Relationships in a circle, and to each other."""
    members: dict[str, str | bytes] = dict(parts({"Data": ("visible", sheet(text_row(1, "Ada")))}))
    members["xl/worksheets/_rels/sheet1.xml.rels"] = relationships(
        *((f"r{n}", "comments", "../worksheets/sheet1.xml") for n in range(1_000)), ("t", "table", "sheet1.xml")
    )
    return packed(members)


def one_sheet_often() -> bytes:
    members: dict[str, str | bytes] = dict(parts({f"S{n}": ("visible", sheet("")) for n in range(2_000)}))
    links = "".join(relationships(("s1", "worksheet", "worksheets/sheet1.xml")))
    members["xl/_rels/workbook.xml.rels"] = links
    members["xl/workbook.xml"] = str(members["xl/workbook.xml"]).replace('r:id="s', 'r:id="s1" x="')
    return packed(members)


def repeated_cells() -> bytes:
    """Of an OpenDocument: a million rows, each of a thousand cells, in two elements."""
    office, table, text = (f"urn:oasis:names:tc:opendocument:xmlns:{each}:1.0" for each in ("office", "table", "text"))
    cell = '<t:table-cell t:number-columns-repeated="1000"><p:p>x</p:p></t:table-cell>'
    row = f'<t:table-row t:number-rows-repeated="1048576">{cell}</t:table-row>'
    return (
        f'<o:document xmlns:o="{office}" xmlns:t="{table}" xmlns:p="{text}" '
        'o:mimetype="application/vnd.oasis.opendocument.spreadsheet"><o:body><o:spreadsheet>'
        f'<t:table t:name="a">{row}</t:table></o:spreadsheet></o:body></o:document>'
    ).encode()


def strings() -> bytes:
    """Shared strings that fill the memory."""

    def make() -> Iterator[bytes]:
        yield f'<sst xmlns="{M}">'.encode()
        for number in range(3_000):
            yield "".join(f"<si><t>{number * 700 + n}</t></si>" for n in range(700)).encode()
        yield b"</sst>"

    data = deflated(make, "xl/sharedStrings.xml")
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            if name.endswith("workbook.xml.rels"):
                more = relationships(("x", "sharedStrings", "sharedStrings.xml")).partition(">")[2]
                content = content.replace(b"</Relationships>", more.encode())
            new.writestr(name, content)
    return out.getvalue()


def many_names() -> bytes:
    """A million elements, each with a name of its own, which a parser keeps."""

    def make() -> Iterator[bytes]:
        yield b"<a>"
        for piece in range(100):
            yield "".join(f"<n{piece}_{n}/>" for n in range(10_000)).encode()
        yield b"</a>"

    return deflated(make, "xl/worksheets/sheet1.xml")


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "flat bomb": (lambda: large_sheet(" " * 1_000_000, 150), "held"),
    "many empty rows": (lambda: large_sheet("<row/>" * 20_000, 600), "held"),
    "many cells": (lambda: large_sheet('<row><c t="str"><v>x</v></c></row>' * 3_000, 500), "held"),
    "one text without end": (lambda: large_sheet('<row><c t="str"><v>' + "x" * 5_000_000, 1), "held"),
    "one tag without end": (lambda: large_sheet('<row a="' + "x" * 50_000_000 + '"/>', 1), "held"),
    "deep": (lambda: large_sheet("<a>" * 1_000_000, 5), "held"),
    "overlapping": (lambda: overlapping(5_000), "held"),
    "entities": (entities, "held"),
    "external entity": (external_entity, "held"),
    "merges": (merges, "rows"),
    "corners": (corners, "rows"),
    "nested": (nested, "rows"),
    "circular": (circular, "rows"),
    "one sheet often": (one_sheet_often, "held"),
    "repeated cells": (repeated_cells, "held"),
    "strings": (strings, "held"),
    "many names": (many_names, "held"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_it_is_judged(name: str, tmp_path: Path) -> None:
    make, expected = HOSTILE[name]
    file = tmp_path / "a.xlsx"
    file.write_bytes(make())
    command = [sys.executable, "-c", MEASURE, str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=ROOT, env={"PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stderr[-2_000:]
    first, second = done.stdout.splitlines()
    seconds, mebibytes = second.split()
    print(f"{name}: {first}; {seconds} s, {mebibytes} MB")
    assert first.startswith(expected), first
    assert float(seconds) < SECONDS and int(mebibytes) < MEBIBYTES, second


@pytest.mark.parametrize("index", ["0", "-1", "99999999999999999999", "x"])
def test_a_string_that_is_not_there(index: str) -> None:
    with pytest.raises(Uninspectable, match="string which is not there"):
        list(read_spreadsheet(workbook(f'<row r="1"><c r="A1" t="s"><v>{index}</v></c></row>'), Budget()))


@pytest.mark.parametrize(
    "limits", [{"cells": 50}, {"tags": 100}, {"total_bytes": 1_000}, {"members": 2}, {"kept_bytes": 20}]
)
def test_every_limit_ends_the_reading(limits: dict[str, int]) -> None:
    rows = "".join(text_row(number, "Ada", "Bran") for number in range(1, 100))
    (limit,) = limits.values()
    with pytest.raises(Uninspectable, match=str(limit)):
        list(
            read_spreadsheet(
                workbook(rows, customXml__a="<a>a long text of many letters</a>"), Budget(Limits(**limits))
            )
        )
