"""PDFs that are made to cost: each is judged, read or unread, by a real worker within its seconds and 256 MB (issue 5).

The library that reads pages is not ours; what our budget does not stop before it sees the file, the limits of the
worker do: it is killed, and the part is unread. The next part is read by the next worker.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable

import pytest

from mailguard.inspection.pool import WorkerPool
from mailguard.inspection.process import Job, start_worker
from mailguard.inspection.settings import InspectionSettings
from tests.inspection.read.pdfs import FOLDER
from tests.inspection.read.written_pdf import document, page, said, stream

SETTINGS = InspectionSettings(workers=1, cpu_seconds=1, wall_seconds=40)
"""Fewer than the 10 seconds that a part may have, so that the test is short: what is killed here is killed there."""


def zeros(count: int, level: int = 9) -> bytes:
    packer = zlib.compressobj(level)
    piece = bytes(1_000_000)
    return b"".join(packer.compress(piece) for _ in range(count)) + packer.flush()


def flate(octets: bytes, filters: str = "/FlateDecode") -> bytes:
    return f"<</Filter[{filters}]/Length {len(octets)}>>stream\n".encode() + octets + b"\nendstream"


def flat() -> bytes:
    return document(page(b"") | {4: flate(zeros(300))})


def layers() -> bytes:
    return document(page(b"") | {4: flate(zlib.compress(zeros(300)), "/FlateDecode/FlateDecode")})


def repeated_page() -> bytes:
    return document(page(said("Ada")) | {2: f"<</Type/Pages/Count 30000/Kids[{'3 0 R ' * 30_000}]>>"})


def claimed_pages() -> bytes:
    return document(page(said("Ada")) | {2: "<</Type/Pages/Count 2000000000/Kids[3 0 R]>>"})


def deep_tree() -> bytes:
    last = 3_000
    tree: dict[int, bytes | str] = {
        number: f"<</Type/Pages/Count 1/Parent {number - 1} 0 R/Kids[{number + 1 if number < last else 3} 0 R]>>"
        for number in range(10, last + 1)
    }
    return document(page(said("Ada")) | {2: "<</Type/Pages/Count 1/Kids[10 0 R]>>"} | tree)


def circular_tree() -> bytes:
    return document(page(said("Ada")) | {2: "<</Type/Pages/Count 9/Kids[3 0 R 2 0 R 6 0 R]>>", 6: "6 0 R"})


def form_in_itself() -> bytes:
    resources = "/Resources<</XObject<</X 6 0 R>>>>"
    form = stream(b"/X Do /X Do", f"/Type/XObject/Subtype/Form/BBox[0 0 9 9]{resources}")
    return document(page(b"/X Do", more={6: form}, entries=resources))


def forms_in_forms() -> bytes:
    """Ten times ten times ten..."""
    more: dict[int, bytes | str] = {}
    for number in range(6, 26):
        resources = f"/Resources<</XObject<</X {number + 1} 0 R>>/Font<</F1 5 0 R>>>>"
        content = b"/X Do " * 10 if number < 25 else said("Ada")
        more[number] = stream(content, f"/Type/XObject/Subtype/Form/BBox[0 0 900 900]{resources}")
    return document(page(b"/X Do", more=more, entries="/Resources<</XObject<</X 6 0 R>>>>"))


def many_texts() -> bytes:
    """All on one line, each before the one that came before it."""
    return document(page(b"".join(said("a", 500 - number / 1_000) for number in range(30_000)), packed=True))


def many_shapes() -> bytes:
    """Each over each text."""
    boxes = b"0 g 0 0 500 800 re f\n" * 8_000
    return document(page(b"".join(said("Ada 1", 50, n % 800) for n in range(8_000)) + boxes, packed=True))


def long_path() -> bytes:
    return document(page(b"0 0 m " + b"1 2 l 3 4 l " * 3_000_000 + b"f", packed=True))


def open_brackets() -> bytes:
    return document(page(b"[" * 1_000_000 + b"<<" * 1_000_000) | {6: "[" * 1_000_000})


def open_strings() -> bytes:
    return b"%PDF-1.7\n" + b"1 0 obj (" * 30_000


def open_comments() -> bytes:
    return b"%PDF-1.7\n" + b"1 0 obj %" * 100_000


def open_streams() -> bytes:
    return b"%PDF-1.7\n" + b"1 0 obj <<>>stream\n" * 20_000


def many_objects() -> bytes:
    return b"%PDF-1.7\n" + b"".join(b"%d 0 obj<</T(a)/V(b)>>endobj\n" % number for number in range(60_000))


def stream_of_objects() -> bytes:
    """Millions of objects in one that is small."""
    count = 100_000
    head = b"".join(b"%d 0 " % number for number in range(count))
    octets = zlib.compress(head + b"<</T(a)>>")
    entries = f"<</Type/ObjStm/N {count}/First {len(head)}/Filter/FlateDecode/Length {len(octets)}>>stream\n"
    return document(page(said("Ada")) | {6: entries.encode() + octets + b"\nendstream"})


def many_ends() -> bytes:
    return document(page(said("Ada"))) + b"startxref\n9\n%%EOF\n" * 20_000


def table_in_itself() -> bytes:
    """Its table of objects is its own predecessor."""
    data = document(page(said("Ada")))
    table = int(data.rpartition(b"startxref")[2].split()[0])
    return data.replace(b"/Size 1000", b"/Size 1000/Prev %d" % table)


def many_annotations() -> bytes:
    note = "<</Type/Annot/Subtype/Square/Rect[0 0 600 800]/IC[0 0 0]/Contents(Ada)>>"
    return document(page(said("Ada"), entries=f"/Annots[{note * 5_000}]"))


def huge_picture() -> bytes:
    more: dict[int, bytes | str] = {
        6: stream(b"x" * 100, "/Type/XObject/Subtype/Image/Width 1000000/Height 1000000/ColorSpace/DeviceRGB"
                  "/BitsPerComponent 8/Filter/JBIG2Decode"),
        7: stream(b"x" * 100, "/Type/XObject/Subtype/Image/Width 60000/Height 60000/Filter/JPXDecode"),
    }  # fmt: skip
    return document(page(b"/A Do /B Do", more=more, entries="/Resources<</XObject<</A 6 0 R/B 7 0 R>>>>"))


def attached_bomb() -> bytes:
    packed = zeros(300)
    entries = f"<</Type/EmbeddedFile/Filter/FlateDecode/Length {len(packed)}>>stream\n".encode()
    more: dict[int, bytes | str] = {
        6: "<</Type/Filespec/F(a.txt)/EF<</F 7 0 R>>>>",
        7: entries + packed + b"\nendstream",
    }
    return document(page(said("Ada"), more=more))


def attached_itself() -> bytes:
    """A document in a document, deeper than is read."""
    data = document(page(said("Ada")))
    for _ in range(8):
        more: dict[int, bytes | str] = {
            6: "<</Type/Filespec/F(a.pdf)/EF<</F 7 0 R>>>>", 7: stream(data, "/Type/EmbeddedFile")
        }  # fmt: skip
        data = document(page(said("Ada"), more=more))
    return data


HOSTILE: dict[str, tuple[Callable[[], bytes], bool | None]] = {
    "flat bomb": (flat, False),
    "flate in flate": (layers, False),
    "one page a million times": (repeated_page, False),
    "pages that are not there": (claimed_pages, None),
    "deep tree of pages": (deep_tree, None),
    "circular tree of pages": (circular_tree, None),
    "a form in itself": (form_in_itself, None),
    "forms in forms": (forms_in_forms, None),
    "texts on one line": (many_texts, None),
    "shapes over texts": (many_shapes, None),
    "a long path": (long_path, None),
    "open brackets": (open_brackets, None),
    "open strings": (open_strings, False),
    "open comments": (open_comments, False),
    "open streams": (open_streams, False),
    "many objects": (many_objects, None),
    "a stream of objects": (stream_of_objects, None),
    "many ends": (many_ends, False),
    "a table in itself": (table_in_itself, None),
    "many annotations": (many_annotations, None),
    "huge pictures": (huge_picture, True),
    "a bomb attached": (attached_bomb, False),
    "attached in attached": (attached_itself, False),
}
"""And whether it is read; None where either is right."""


async def test_each_is_judged_and_the_next_part_is_read(capsys: pytest.CaptureFixture[str]) -> None:
    """One pool for all: what one of them does to its worker hurts nobody after it."""
    pool = WorkerPool(SETTINGS, lambda settings, kinds: start_worker(settings, kinds=kinds))
    innocent = (FOLDER / "black-box.pdf").read_bytes()
    try:
        for name, (make, expected) in HOSTILE.items():
            data = await asyncio.to_thread(make)
            examined, seconds = await pool.run(Job(data, "application/pdf", ("a.pdf",)), 60)
            with capsys.disabled():
                print(f"{name}: {examined.unread or 'read'}; {seconds:.1f} s, {len(data):,} octets")
            assert examined.error is None, name
            if expected is not None:
                assert (examined.unread is None) is expected, (name, examined)
            after, _ = await pool.run(Job(innocent, "application/pdf", ("a.pdf",)), 60)
            assert after.unread is None and any(each.kind == "people_rows" for each in after.findings), name
    finally:
        await pool.close()
