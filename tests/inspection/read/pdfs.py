"""The PDFs of tests/fixtures/pdfs with their truth, and what a stream says of the people planted in them."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from mailguard.inspection.budget import Budget
from mailguard.inspection.read.pdf import read
from mailguard.inspection.stream import Member, Stream, Visibility
from tests.inspection.read.fixtures import planted

FOLDER = Path(__file__).parents[2] / "fixtures" / "pdfs"
sys.path.insert(0, str(FOLDER.parent / "workbooks"))

from people import NUMBERS  # noqa: E402


@dataclass(frozen=True)
class Pdf:
    """kind: a name of Visibility, clean, or encrypted."""

    file: str
    kind: str
    rows: int
    made_by: str

    def data(self) -> bytes:
        return (FOLDER / self.file).read_bytes()


PDFS = [Pdf(**said) for said in yaml.safe_load((FOLDER / "truth.yaml").read_text())]
HIDING = [each for each in PDFS if each.kind not in ("clean", "encrypted")]
CLEAN = [each for each in PDFS if each.kind == "clean"]
ENCRYPTED = [each for each in PDFS if each.kind == "encrypted"]


def people_in(stream: Stream) -> Counter[Visibility]:
    """How many of the planted numbers stand under each visibility, those in an attached file too."""
    items = list(stream)
    found = planted(items)
    attached = b"".join(item.content for item in items if isinstance(item, Member) and item.content is not None)
    found[Visibility.EMBEDDED] += sum(number.encode() in attached for number in NUMBERS)
    return +found


@cache
def people_of(pdf: Pdf) -> Counter[Visibility]:
    return people_in(read(pdf.data(), Budget()))
