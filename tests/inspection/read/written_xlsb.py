"""A writer of binary workbooks of our own, from MS-XLSB, since no program here writes any. It shares nothing with the
reader. What it writes, LibreOffice 7.4 and pyxlsb 1.0.10 read alike (tried by hand on 26 November 2026).
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterable, Mapping, Sequence

OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
BINARY = "application/vnd.ms-excel"


def record(kind: int, body: bytes = b"") -> bytes:
    """2.1.4: type and size, seven bits an octet."""
    head = bytes([kind]) if kind < 128 else bytes([kind & 127 | 128, kind >> 7])
    size, rest = b"", len(body)
    while True:
        size += bytes([rest & 127 | (128 if rest > 127 else 0)])
        rest >>= 7
        if not rest:
            return head + size + body


def wide(text: str) -> bytes:
    octets = text.encode("utf-16-le")
    return struct.pack("<L", len(octets) // 2) + octets


def rk(number: int, hundredth: bool = False) -> bytes:
    return struct.pack("<L", (number << 2 | 2 | hundredth) & 0xFFFFFFFF)


def area(top: int, bottom: int, left: int, right: int) -> bytes:
    return struct.pack("<4L", top, bottom, left, right)


def cell(kind: int, column: int, value: bytes, style: int = 0) -> bytes:
    return record(kind, struct.pack("<LL", column, style) + value)


def string(column: int, text: str, style: int = 0) -> bytes:
    return cell(6, column, wide(text), style)


def shared(column: int, index: int, style: int = 0) -> bytes:
    return cell(7, column, struct.pack("<L", index), style)


def real(column: int, value: float, style: int = 0) -> bytes:
    return cell(5, column, struct.pack("<d", value), style)


def row(number: int, *cells: bytes, hidden: bool = False, twips: int = 300) -> bytes:
    """number: from 0. No spans of columns."""
    flags = (hidden << 4) | (0x20 if twips != 300 else 0)
    return record(0, struct.pack("<LLHBBBL", number, 0, twips, 0, flags, 0, 0)) + b"".join(cells)


def column(first: int, last: int, *, hidden: bool = False, width: float = 9.0) -> bytes:
    return record(60, struct.pack("<LLLLH", first, last, round(width * 256), 0, hidden | 2))


def sheet(*rows: bytes, columns: Sequence[bytes] = (), after: bytes = b"", before: bytes = b"") -> bytes:
    cols = record(390) + b"".join(columns) + record(391) if columns else b""
    return (
        record(129) + record(148, area(0, 100, 0, 10)) + before + cols + record(145) + b"".join(rows) + record(146)
        + after + record(130)
    )  # fmt: skip


def colour(rgb: str = "", theme: int | None = None) -> bytes:
    if theme is not None:
        return struct.pack("<BBh4B", 3 << 1, theme, 0, 0, 0, 0, 255)
    if not rgb:
        return struct.pack("<BBh4B", 1, 64, 0, 0, 0, 0, 255)
    red, green, blue = bytes.fromhex(rgb)
    return struct.pack("<BBh4B", 2 << 1 | 1, 255, 0, red, green, blue, 255)


def font(points: float = 11, ink: bytes | None = None) -> bytes:
    return record(43, struct.pack("<HHHHBBBB", round(points * 20), 0, 400, 0, 0, 2, 0, 0)
                  + (ink or colour(theme=1)) + b"\2" + wide("Calibri"))  # fmt: skip


def fill(pattern: int = 0, front: bytes | None = None) -> bytes:
    gradient = struct.pack("<L5dL", 0, 0, 0, 0, 0, 0, 0)
    return record(45, struct.pack("<L", pattern) + (front or colour()) + colour() + gradient)


def looks(formats: Iterable[tuple[int, int, int]] = (), fonts: Sequence[bytes] = (), fills: Sequence[bytes] = (),
          codes: Mapping[int, str] | None = None) -> bytes:  # fmt: skip
    """formats: (number format, font, fill) of each cell format; the first ones are the plain ones."""
    all_fonts, all_fills = [font(), *fonts], [fill(), fill(17), *fills]
    chosen = [(0, 0, 0), *formats]
    numbers = b"".join(record(44, struct.pack("<H", key) + wide(code)) for key, code in (codes or {}).items())
    border = record(46, b"\0" + (b"\0\0" + colour()) * 5)
    plain = record(47, struct.pack("<5HBBHBB", 0xFFFF, 0, 0, 0, 0, 0, 0, 0, 0, 0))
    xfs = b"".join(record(47, struct.pack("<5HBBHBB", 0, *each, 0, 0, 0, 0x1008, 0, 0)) for each in chosen)
    count = struct.pack
    return b"".join([
        record(278), record(615, count("<L", len(codes or {}))) + numbers + record(616),
        record(611, count("<L", len(all_fonts))), *all_fonts, record(612),
        record(603, count("<L", len(all_fills))), *all_fills, record(604),
        record(613, count("<L", 1)), border, record(614),
        record(626, count("<L", 1)), plain, record(627),
        record(617, count("<L", len(chosen))), xfs, record(618), record(279),
    ])  # fmt: skip


def strings(*texts: str | tuple[str, Sequence[tuple[int, int]]]) -> bytes:
    """A text with runs: (first letter, font)."""
    made = b""
    for each in texts:
        text, runs = each if isinstance(each, tuple) else (each, ())
        tail = struct.pack("<L", len(runs)) + b"".join(struct.pack("<HH", *run) for run in runs) if runs else b""
        made += record(19, bytes([bool(runs)]) + wide(text) + tail)
    return record(159, struct.pack("<LL", len(texts), len(texts))) + made + record(160)


def name(called: str, formula: bytes, *, comment: str = "", hidden: bool = False) -> bytes:
    tail = struct.pack("<L", len(formula)) + formula + struct.pack("<L", 0)
    said = wide(comment) if comment else b"\xff\xff\xff\xff"
    return record(39, struct.pack("<LBL", hidden, 0, 0xFFFFFFFF) + wide(called) + tail + said)


def book(sheets: Mapping[str, int], after: bytes = b"", window: int = 0) -> bytes:
    """Names and states: 0 visible, 1 hidden, 2 very hidden."""
    view = record(158, struct.pack("<iiLLLLLB", 0, 0, 20_000, 10_000, 600, 0, 0, 0x78 | window))
    listed = b"".join(
        record(156, struct.pack("<LL", state, number) + wide(f"r{number}") + wide(called))
        for number, (called, state) in enumerate(sheets.items(), 1)
    )
    properties = record(153, struct.pack("<LL", 0x20, 124226) + wide(""))
    views = record(135) + view + record(136)
    return record(131) + properties + views + record(143) + listed + record(144) + after + record(132)


def relationships(*links: tuple[str, str, str]) -> str:
    found = "".join(f'<Relationship Id="{i}" Type="{OFFICE}/{k}" Target="{t}"/>' for i, k, t in links)
    return f'<?xml version="1.0"?><Relationships xmlns="{PACKAGE}/relationships">{found}</Relationships>'


def workbook(sheets: Mapping[str, tuple[int, bytes]], *, styles: bytes = b"", texts: bytes = b"",
             after: bytes = b"", window: int = 0, more: Mapping[str, bytes | str] | None = None) -> bytes:  # fmt: skip
    """sheets: name -> state and part."""
    links = [(f"r{number}", "worksheet", f"worksheets/sheet{number}.bin") for number in range(1, len(sheets) + 1)]
    links += [("st", "styles", "styles.bin"), ("ss", "sharedStrings", "sharedStrings.bin")]
    kinds = {"xl/workbook.bin": "sheet.binary.macroEnabled.main", "xl/styles.bin": "styles"}
    kinds |= {"xl/sharedStrings.bin": "sharedStrings"}
    kinds |= {f"xl/worksheets/sheet{number}.bin": "worksheet" for number in range(1, len(sheets) + 1)}
    types = "".join(f'<Override PartName="/{part}" ContentType="{BINARY}.{kind}"/>' for part, kind in kinds.items())
    default = '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    members: dict[str, bytes | str] = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types">{default}{types}</Types>',
        "_rels/.rels": relationships(("d", "officeDocument", "xl/workbook.bin")),
        "xl/workbook.bin": book({called: state for called, (state, _) in sheets.items()}, after, window),
        "xl/_rels/workbook.bin.rels": relationships(*links),
        "xl/styles.bin": styles or looks(),
        "xl/sharedStrings.bin": texts or strings(),
        **{f"xl/worksheets/sheet{number}.bin": part for number, (_, part) in enumerate(sheets.values(), 1)},
        **(more or {}),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for called, content in members.items():
            archive.writestr(called, content)
    return out.getvalue()
