"""The documents of tests/fixtures/documents with their truth."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import yaml

from mailguard.inspection.budget import Budget
from mailguard.inspection.enclosed import Enclosed, Letter
from mailguard.inspection.read import text_document
from mailguard.inspection.stream import Item

FOLDER = Path(__file__).parents[2] / "fixtures" / "documents"


@dataclass(frozen=True)
class Document:
    """kind: a name of Visibility, or clean. people: how many the file holds."""

    file: str
    kind: str
    people: int
    made_by: str

    def data(self) -> bytes:
        return (FOLDER / self.file).read_bytes()

    def seen(self) -> str:
        """What LibreOffice showed of it when it was made."""
        return (FOLDER / "seen" / f"{self.file}.txt").read_text(encoding="utf-8-sig")


DOCUMENTS = [Document(**said) for said in yaml.safe_load((FOLDER / "truth.yaml").read_text())]
HIDING = [each for each in DOCUMENTS if each.kind != "clean"]
CLEAN = [each for each in DOCUMENTS if each.kind == "clean"]


def read_document(data: bytes, budget: Budget | None = None) -> Iterable[Item]:
    for found in text_document.read(data, budget or Budget()):
        assert not isinstance(found, Enclosed | Letter)
        yield found
