"""INVARIANT: whatever is done to a document, its reader gives a stream or Uninspectable, within the budget; nothing
else comes out.

Octets are changed as they are and inside the parts of packages, before they are packed again.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailguard.inspection.budget import Budget, Limits, Uninspectable
from mailguard.inspection.read import text_document
from tests.inspection.read.documents import FOLDER
from tests.inspection.read.test_mutated import CHANGES, VALUES, changed, repacked

SMALL = Limits(total_bytes=20_000_000, kept_bytes=20_000_000, cells=200_000, members=2_000)
WHOLE = ["hidden-section.fodt", "removed.fodt", "lo-commented.rtf", "lo-deleted-lines.rtf"]
PACKED = [
    *("commented.docx", "hidden-box.docx", "deleted-table.docx", "redacted-by-style.docx", "kept-in-variables.docx"),
    *("lo-inserted.docx", "lo-hidden-section.odt", "lo-removed.odt", "lo-pale-table-clean.odt"),
]


def outcome(data: bytes) -> None:
    try:
        for _ in text_document.read(data, Budget(SMALL)):
            pass
    except Uninspectable as error:
        assert str(error)


@pytest.mark.parametrize("file", WHOLE)
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(changes=CHANGES)
def test_changed_octets(file: str, changes: list[tuple[float, bytes]]) -> None:
    outcome(changed((FOLDER / file).read_bytes(), changes))


@pytest.mark.parametrize("file", [*WHOLE, *PACKED[::3]])
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(at=st.floats(0, 1))
def test_cut_off(file: str, at: float) -> None:
    data = (FOLDER / file).read_bytes()
    outcome(data[: int(at * len(data))])


@pytest.mark.parametrize("file", PACKED)
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(part=st.floats(0, 1, exclude_max=True), changes=CHANGES)
def test_changed_octets_inside(file: str, part: float, changes: list[tuple[float, bytes]]) -> None:
    outcome(repacked((FOLDER / file).read_bytes(), part, lambda content: changed(content, changes)))


@pytest.mark.parametrize("file", PACKED)
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(part=st.floats(0, 1, exclude_max=True), which=st.integers(0, 400), value=VALUES)
def test_changed_attributes(file: str, part: float, which: int, value: bytes) -> None:
    def change(content: bytes) -> bytes:
        pieces = content.split(b'"')
        place = 2 * (which % max(1, len(pieces) // 2)) + 1
        if place < len(pieces):
            pieces[place] = value
        return b'"'.join(pieces)

    outcome(repacked((FOLDER / file).read_bytes(), part, change))


@pytest.mark.parametrize("file", PACKED)
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(part=st.floats(0, 1, exclude_max=True), which=st.integers(0, 400), other=st.integers(0, 400))
def test_tags_that_change_places(file: str, part: float, which: int, other: int) -> None:
    """Two tags take each other's place; the XML may stay well-formed and mean nothing."""

    def change(content: bytes) -> bytes:
        pieces = content.split(b"<")
        one, two = which % len(pieces), other % len(pieces)
        pieces[one], pieces[two] = pieces[two], pieces[one]
        return b"<".join(pieces)

    outcome(repacked((FOLDER / file).read_bytes(), part, change))
