"""INVARIANT: whatever is done to a presentation, its reader gives a stream or Uninspectable, within the budget; nothing
else comes out. As for workbooks (test_mutated.py), octets are changed as they are and inside the parts.
"""

from __future__ import annotations

import io
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailguard.inspection.budget import Budget, Limits, Uninspectable
from mailguard.inspection.read.slides import begins, read_slides
from tests.inspection.read.slides import deck
from tests.inspection.read.test_mutated import CHANGES, VALUES, changed, repacked
from tests.inspection.stock import take_inventory

SMALL = Limits(total_bytes=20_000_000, kept_bytes=20_000_000, cells=200_000, members=2_000)
WHOLE = ["hidden-list.pptx", "lo-hidden-list.odp", "lo-hidden-list.fodp.gz"]
PACKED = [
    *("white-cells.pptx", "off-group.pptx", "chart-of-people.pptx", "comments.pptx", "prompt-clean.pptx"),
    *("lo-white-cells.odp", "lo-notes.odp", "lo-off-group.odp"),
]


def outcome(data: bytes) -> None:
    assert begins(data) in (True, False)
    try:
        inventory = take_inventory(read_slides(data, Budget(SMALL)))
    except Uninspectable as error:
        assert str(error)
    else:
        assert inventory.rows_seen <= inventory.rows


@pytest.mark.parametrize("file", WHOLE)
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(changes=CHANGES)
def test_changed_octets(file: str, changes: list[tuple[float, bytes]]) -> None:
    outcome(changed(deck(file), changes))


@pytest.mark.parametrize("file", PACKED)
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(part=st.floats(0, 1, exclude_max=True), changes=CHANGES)
def test_changed_octets_inside(file: str, part: float, changes: list[tuple[float, bytes]]) -> None:
    outcome(repacked(deck(file), part, lambda content: changed(content, changes)))


@pytest.mark.parametrize("file", PACKED)
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(part=st.floats(0, 1, exclude_max=True), which=st.integers(0, 2_000), value=VALUES)
def test_changed_attributes(file: str, part: float, which: int, value: bytes) -> None:
    """One attribute gets a value that it cannot have; the XML stays well-formed."""

    def change(content: bytes) -> bytes:
        pieces = content.split(b'"')
        place = 2 * (which % max(1, len(pieces) // 2)) + 1
        if place < len(pieces):
            pieces[place] = value
        return b'"'.join(pieces)

    outcome(repacked(deck(file), part, change))


@pytest.mark.parametrize("file", PACKED)
@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(one=st.floats(0, 1, exclude_max=True), other=st.floats(0, 1, exclude_max=True))
def test_parts_that_change_places(file: str, one: float, other: float) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(deck(file))) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        names = old.namelist()
        first, second = names[int(one * len(names))], names[int(other * len(names))]
        swapped = {first: second, second: first}
        for name in names:
            new.writestr(name, old.read(swapped.get(name, name)))
    outcome(out.getvalue())


@pytest.mark.parametrize("file", PACKED)
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(part=st.floats(0, 1, exclude_max=True), data=st.data())
def test_elements_that_stand_elsewhere(file: str, part: float, data: st.DataObject) -> None:
    """Two tags of a part change places; where that leaves it well-formed, a reader meets elements out of order."""

    def change(content: bytes) -> bytes:
        pieces = content.split(b"<")
        empty = [index for index, piece in enumerate(pieces) if b"/>" in piece]
        if len(empty) > 1:
            one, other = (data.draw(st.sampled_from(empty)) for _ in range(2))
            pieces[one], pieces[other] = pieces[other], pieces[one]
        return b"<".join(pieces)

    outcome(repacked(deck(file), part, change))
