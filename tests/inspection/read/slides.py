"""The presentations of tests/fixtures/slides with their truth."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path

import yaml

FOLDER = Path(__file__).parents[2] / "fixtures" / "slides"


@dataclass(frozen=True)
class Deck:
    """kind: a name of Visibility, or clean. Half a megabyte of zeros and patterns is kept packed."""

    file: str
    kind: str
    rows: int
    made_by: str

    def data(self) -> bytes:
        octets = (FOLDER / self.file).read_bytes()
        return gzip.decompress(octets) if self.file.endswith(".gz") else octets


DECKS = [Deck(**said) for said in yaml.safe_load((FOLDER / "truth.yaml").read_text())]
HIDING = [each for each in DECKS if each.kind != "clean"]
CLEAN = [each for each in DECKS if each.kind == "clean"]


def deck(file: str) -> bytes:
    return next(each for each in DECKS if each.file == file).data()
