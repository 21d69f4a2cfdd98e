"""Documents that are made to cost: each is judged, a stream or Uninspectable, within 10 seconds and 256 MB (issue
5)."""

from __future__ import annotations

import random
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.inspection.read.test_hostile import MEASURE, MEBIBYTES, ROOT, SECONDS
from tests.inspection.read.written_doc import VANISH, Chunk, P, cells, plc, rgb, sprm, style
from tests.inspection.read.written_doc import document as old
from tests.inspection.read.written_word import document, grid, paragraph, part, run

MEASURED = MEASURE.replace("read.spreadsheet import read_spreadsheet", "read.text_document import read").replace(
    "read_spreadsheet(", "read("
)


def runs() -> bytes:
    """A quarter of a million, ten times what a document of five hundred pages has, in paragraphs of ten thousand; not
    alike, so that they do not pack a hundredfold."""
    chosen = random.Random(1)
    made = [f"<w:r><w:t>{chosen.randrange(1_000_000)}</w:t></w:r>" for _ in range(250_000)]
    return document("".join(f"<w:p>{''.join(made[at : at + 10_000])}</w:p>" for at in range(0, len(made), 10_000)))


def nested(opening: str, closing: str, times: int, inside: str = "") -> bytes:
    return document(opening * times + inside + closing * times)


def styles() -> bytes:
    """Many, each based on the next, the last on the first; and every one of them is used."""
    count = 10_000
    made = "".join(
        f'<w:style w:type="paragraph" w:styleId="s{n}"><w:basedOn w:val="s{(n + 1) % count}"/></w:style>'
        for n in range(count)
    )
    used = "".join(paragraph(run("x"), properties=f'<w:pStyle w:val="s{n}"/>') for n in range(count))
    return document(used, ("s", "styles", "styles.xml"), word__styles=part("styles", made))


def looks() -> bytes:
    """A format of its own for each of many runs, so that no judgement serves twice."""
    return document(
        "".join(
            paragraph(run("x", f'<w:color w:val="{n:06X}"/><w:shd w:fill="{n * 7 % 0xFFFFFF:06X}"/>'))
            for n in range(30_000)
        )
    )


def many_cells() -> bytes:
    """As many as a table of two hundred pages has, and read to its end."""
    return document(grid(*[("x",) * 60] * 1_200))


def entities() -> bytes:
    text = part("document", f"<w:body>{paragraph(run('&b;'))}</w:body>")
    return document("", word__document=f'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>{text}')


def one_paragraph() -> bytes:
    return document(paragraph(run("x" * 1_000_000) * 20))


def rich(body: bytes) -> bytes:
    return b"{\\rtf1 " + body + b"}"


def odt_spans() -> bytes:
    spaces = " ".join(
        f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for short, name in (("o", "office"), ("t", "text"))
    )
    inside = "<t:p>" + "<t:span>x" * 5_000 + "</t:span>" * 5_000 + "</t:p>"
    return (
        f'<o:document {spaces} o:mimetype="application/vnd.oasis.opendocument.text"><o:body><o:text>{inside}</o:text>'
        "</o:body></o:document>"
    ).encode()


def old_runs() -> bytes:
    """A format for each letter."""
    return old([P([("x", rgb(n >> 8, n & 255, 0)) for n in range(30_000)])])


def old_pieces() -> bytes:
    """A piece for each letter, all changed in the same way."""
    letters = "x" * 20_000
    chunks = [Chunk(1, prm=1)] * (len(letters) + 1)
    return old([P(letters)], chunks=chunks, changes=[sprm(VANISH) * 5_000])


def old_overlap() -> bytes:
    """Pieces that all lie in the same place."""
    letters = 100_000
    places = [n * letters for n in range(2_000)]
    table = plc([*places, 2_000 * letters], [struct.pack("<HLH", 0, 1_024 * 2 | 0x40000000, 0)] * 2_000)
    return old([P("x" * letters)], parts={33: b"\x02" + struct.pack("<L", len(table)) + table})


def old_fields() -> bytes:
    return old([P("\x13" * 1_000_000)])


def old_styles() -> bytes:
    """Each based on the next, and every one of them is used."""
    known = [style(1, sprm(VANISH), base=n + 1) for n in range(4_000)]
    return old([P("x", style=n) for n in range(4_000)], styles=known)


def old_sections() -> bytes:
    """Sections that all have one long description, and headers for each."""
    said = sprm(0x9000, 0) * 15_000
    count = 20_000
    described = [struct.pack("<HLHL", 0, 1_024 + 2 * 3, 0, 0)] * count
    parts = {6: plc([0] * (count + 1), described), 11: plc([0] * (6 * count + 8))}
    return old([P("x")], stories={"headers": [P("")]}, parts=parts, behind=struct.pack("<H", len(said)) + said)


def old_rows() -> bytes:
    """Rows with a format for each, all of which lead to the same long one."""
    far = (sprm(0xD612, b"\xdc" + b"\0" * 220) * 72)[:16_000]
    made = [each for n in range(3_000) for each in cells("x", own=sprm(0x646B, 0) + sprm(0x6649, 1) + sprm(0x840E, n))]
    return old(made, data=struct.pack("<H", len(far) // 223 * 223) + far)


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "runs": (runs, "rows"),
    "tables in tables": (lambda: nested("<w:tbl><w:tr><w:tc>", "</w:tc></w:tr></w:tbl>", 5_000), "held"),
    "paragraphs in paragraphs": (lambda: nested("<w:p>", "</w:p>", 5_000), "held"),
    "properties in properties": (lambda: nested("<w:pPr>", "</w:pPr>", 5_000), "held"),
    "styles in a circle": (styles, "rows"),
    "a look for each": (looks, "rows"),
    "entities": (entities, "held"),
    "one paragraph": (one_paragraph, "held"),
    "many cells": (many_cells, "rows"),
    "groups in groups": (lambda: rich(b"{" * 1_000_000), "held"),
    "many words": (lambda: rich(b"\\b\\i " * 3_000_000), "held"),
    "rows without cells": (lambda: rich(b"\\trowd\\intbl\\row" * 100_000), "rows"),
    "cells of no row": (lambda: rich(b"\\intbl x\\cell " * 500_000), "held"),
    "spans in spans": (odt_spans, "held"),
    "formats of a .doc": (old_runs, "rows"),
    "pieces of a .doc": (old_pieces, "rows"),
    "pieces of a .doc in one place": (old_overlap, "held"),
    "fields in fields of a .doc": (old_fields, "held"),
    "styles of a .doc": (old_styles, "held"),
    "sections of a .doc": (old_sections, "held"),
    "rows of a .doc": (old_rows, "held"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_it_is_judged(name: str, tmp_path: Path) -> None:
    make, expected = HOSTILE[name]
    file = tmp_path / "a"
    file.write_bytes(make())
    command = [sys.executable, "-c", MEASURED, str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=ROOT, env={"PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stderr[-2_000:]
    first, second = done.stdout.splitlines()
    seconds, mebibytes = second.split()
    print(f"{name}: {first}; {seconds} s, {mebibytes} MB")
    assert first.startswith(expected), first
    assert float(seconds) < SECONDS and int(mebibytes) < MEBIBYTES, second
