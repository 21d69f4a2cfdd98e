"""Presentations that are made to cost: each is judged, a stream or Uninspectable, within 10 seconds and 256 MB.

Each runs in a process of its own whose memory is limited, so that what it takes is its own and not what pytest holds.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.inspection.read.test_hostile import MEASURE, MEBIBYTES, ROOT, SECONDS
from tests.inspection.read.test_slides_odp import box as odf_box
from tests.inspection.read.test_slides_odp import document, page
from tests.inspection.read.written_slides import box, frame, packed, parts, presentation, relations, slide, solid

SCRIPT = MEASURE.replace("spreadsheet import read_spreadsheet", "slides import read_slides").replace(
    "read_spreadsheet(", "read_slides("
)


def deep_groups() -> bytes:
    open_, close = "<p:grpSp>", "</p:grpSp>"
    return presentation(slide(open_ * 90_000 + box("Ada") + close * 90_000))


def deeper_groups() -> bytes:
    return presentation(slide("<p:grpSp>" * 200_000 + "</p:grpSp>" * 200_000))


def shapes(count: int) -> bytes:
    """Each over all that came before."""
    return presentation(slide(*(box("Ada", frame(1, 1, 4, 1), solid("336699")) for _ in range(count))))


def bare_shapes() -> bytes:
    text = "<p:txBody><a:p><a:r><a:t>{}</a:t></a:r></a:p></p:txBody>"
    return presentation(slide(*(f"<p:sp>{text.format(number)}</p:sp>" for number in range(100_000))))


def placeholders() -> bytes:
    """Each slide of many takes after a layout of many."""
    shape = box("Ada").replace("<p:nvPr/>", '<p:nvPr><p:ph type="body" idx="7"/></p:nvPr>')
    other = box("Ada").replace("<p:nvPr/>", '<p:nvPr><p:ph type="body" idx="8"/></p:nvPr>')
    members = parts(slide(shape * 5_000))
    members["ppt/slides/_rels/slide1.xml.rels"] = relations(("l", "slideLayout", "../slideLayouts/l1.xml"))
    members["ppt/slideLayouts/l1.xml"] = slide(other * 5_000, root="sldLayout")
    return packed(members)


def circular() -> bytes:
    """Layouts and masters that lead to each other, and to themselves."""
    members = parts(*(slide(box("Ada")) for _ in range(500)))
    for number in range(1, 501):
        members[f"ppt/slides/_rels/slide{number}.xml.rels"] = relations(
            ("l", "slideLayout", "../slideLayouts/l1.xml"), ("n", "notesSlide", f"slide{number % 500 + 1}.xml")
        )
    links = (("l", "slideLayout", "../slideLayouts/l1.xml"), ("m", "slideMaster", "../slideLayouts/l1.xml"))
    members["ppt/slideLayouts/l1.xml"] = slide(box("Bran"), root="sldLayout")
    members["ppt/slideLayouts/_rels/l1.xml.rels"] = relations(*links, ("t", "theme", "../slideLayouts/l1.xml"))
    return packed(members)


def entities() -> bytes:
    declared = '<!ENTITY a0 "ha">' + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    return presentation(f"<!DOCTYPE x [{declared}]>" + slide(box("&a9;")))


def one_text() -> bytes:
    return presentation(slide(box("x" * 5_000_000)))


def many_runs() -> bytes:
    return presentation(
        slide(box("x").replace("<a:r><a:rPr /><a:t>x</a:t></a:r>", "<a:r><a:t>x</a:t></a:r>" * 500_000))
    )


def many_rows() -> bytes:
    row = "<a:tr h='1'><a:tc><a:txBody><a:p><a:r><a:t>x</a:t></a:r></a:p></a:txBody></a:tc></a:tr>"
    return presentation(slide(f"<p:graphicFrame><a:tbl>{row * 100_000}</a:tbl></p:graphicFrame>"))


def colours() -> bytes:
    """A fill of two hundred colours, each changed a thousand times."""
    stop = '<a:gs><a:srgbClr val="FFFFFF">' + '<a:lumMod val="99000"/>' * 1_000 + "</a:srgbClr></a:gs>"
    return presentation(slide(box("Ada", fill=f"<a:gradFill>{stop * 200}</a:gradFill>")))


def odf_shapes() -> bytes:
    return document(page(*(odf_box("Ada") for _ in range(20_000))))


def odf_rows() -> bytes:
    row = '<table:table-row table:number-rows-repeated="4000"><table:table-cell table:number-columns-repeated="4000"/>'
    return document(page(f"<draw:frame><table:table>{(row + '</table:table-row>') * 5_000}</table:table></draw:frame>"))


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "deep groups": (deep_groups, ""),
    "deeper groups": (deeper_groups, "held"),
    "a hundred thousand shapes": (bare_shapes, ""),
    "ten thousand shapes": (lambda: shapes(10_000), "held"),
    "a thousand shapes": (lambda: shapes(1_000), "rows"),
    "placeholders": (placeholders, "held"),
    "circular": (circular, ""),
    "entities": (entities, "held"),
    "one text without end": (one_text, "held"),
    "many runs": (many_runs, ""),
    "many rows": (many_rows, ""),
    "colours": (colours, ""),
    "shapes of an OpenDocument": (odf_shapes, ""),
    "rows of an OpenDocument": (odf_rows, "held"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_it_is_judged(name: str, tmp_path: Path) -> None:
    make, expected = HOSTILE[name]
    file = tmp_path / "a.pptx"
    file.write_bytes(make())
    command = [sys.executable, "-c", SCRIPT, str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=ROOT, env={"PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stderr[-2_000:]
    first, second = done.stdout.splitlines()
    seconds, mebibytes = second.split()
    print(f"{name}: {first}; {seconds} s, {mebibytes} MB")
    assert first.startswith(expected or ("rows", "held")), first
    assert float(seconds) < SECONDS and int(mebibytes) < MEBIBYTES, second
