"""What reading a PDF costs, beside pypdf on the same octets in the same run. Processor time, the best of several turns.

    .venv/bin/python -m pytest -q -s tests/bench/test_pdfs.py

Fifty pages of text, and a table of 2,500 people over fifty pages. pypdf gives the text alone; ours says of each letter
whether it is seen, too. Asserts only that ours is faster, by less than was measured (docs/performance.md).
"""

from __future__ import annotations

import io

import pypdf

from mailguard.inspection.budget import Budget
from mailguard.inspection.read.pdf import read
from tests.bench.test_workbooks import best
from tests.inspection.read.written_pdf import FONT, document, stream
from tests.inspection.stock import take_inventory

PAGES = 50
WORDS = "the clinic writes to each patient about the review of asthma and asks them to ring before the end of the month"


def pages(contents: list[bytes]) -> bytes:
    objects: dict[int, bytes | str] = {1: "<</Type/Catalog/Pages 2 0 R>>", 3: FONT}
    first = 10
    kids = " ".join(f"{first + 2 * at} 0 R" for at in range(len(contents)))
    objects[2] = f"<</Type/Pages/Count {len(contents)}/Kids[{kids}]>>"
    for at, content in enumerate(contents):
        number = first + 2 * at
        box = "/MediaBox[0 0 595 842]/Resources<</Font<</F1 3 0 R>>>>"
        objects[number] = f"<</Type/Page/Parent 2 0 R{box}/Contents {number + 1} 0 R>>"
        objects[number + 1] = stream(content, packed=True)
    return document(objects)


def text() -> bytes:
    """45 lines of a page, each written at once, as most programs do."""
    lines = [f"BT /F1 10 Tf 50 {790 - 16 * line} Td ({line} {WORDS[:80]}) Tj ET" for line in range(45)]
    return pages(["\n".join(lines).encode()] * PAGES)


def table() -> bytes:
    """50 rows of a page with five cells, each written by itself upon a fill of its own."""
    made = []
    for page in range(PAGES):
        cells = []
        for row in range(50):
            person = 50 * page + row
            values = (f"Ada Ashdown {person}", f"{9_990_000_000 + person}", "1975-03-12", f"EX{row % 9} 1AA", "review")
            cells.append(f"0.9 g 40 {786 - 15 * row} 500 15 re f 0 g")
            for column, value in enumerate(values):
                cells.append(f"BT /F1 9 Tf {50 + 100 * column} {790 - 15 * row} Td ({value}) Tj ET")
        made.append("\n".join(cells).encode())
    return pages(made)


def by_pypdf(data: bytes) -> int:
    return sum(len(page.extract_text()) for page in pypdf.PdfReader(io.BytesIO(data)).pages)


def measured(name: str, data: bytes) -> None:
    ours = best(lambda: sum(1 for _ in read(data, Budget())), 5)
    theirs = best(lambda: by_pypdf(data), 2)
    print(
        f"\n{PAGES} pages of {name}: {ours:.0f} ms; pypdf, text alone, {theirs:.0f} ms ({theirs / ours:.1f} times ours)"
    )
    assert theirs > 1.2 * ours


def test_fifty_pages_of_text() -> None:
    data = text()
    assert sum(1 for _ in read(data, Budget())) == PAGES
    measured("text", data)


def test_fifty_pages_of_a_table() -> None:
    data = table()
    assert take_inventory(read(data, Budget())).rows_seen == 50 * PAGES
    measured("a table", data)
