"""INVARIANT: whatever is done to a workbook, a reader gives a stream or Uninspectable, within the budget; nothing else
comes out.

Octets of real workbooks are changed as they are, and, for packages, inside the parts before they are packed again, so
that the damage reaches the readers of XML rather than the checksum.
"""

from __future__ import annotations

import io
import time
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailguard.inspection.budget import Budget, Limits, Uninspectable
from tests.inspection.read.fixtures import FOLDER, read_workbook
from tests.inspection.stock import take_inventory

SMALL = Limits(total_bytes=20_000_000, kept_bytes=20_000_000, cells=200_000, members=2_000)
WHOLE = [
    *("hidden-sheet.xlsx", "lo-pivot-source-hidden.xls", "lo-comments.xls", "lo-link-cache.xls", "lo-pale-runs.xls"),
    *("lo-default-password.xls", "ms-default-password.xlsx", "lo-own-filter.ods", "wt-format.xls"),
]
PACKED = [
    *("lo-pivot-source-gone.xlsx", "lo-comments.xlsx", "lo-link-cache.xlsx", "chart-of-hidden-sheet.xlsx"),
    *("lo-pale-runs.ods", "lo-link-cache.ods", "lo-comments.ods", "op-filtered-table.xlsx", "properties.xlsx"),
    *("pale-runs.xlsx", "lo-chart-of-hidden-sheet.ods"),
]
VALUES = st.sampled_from(
    [b"0", b"1", b"-1", b"99999999999999999999", b"1e308", b"NaN", b"", b"XFD1048577", b"A0", "²".encode(), b"../x"]
)
CHANGES = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=4)), min_size=1)


def outcome(data: bytes) -> None:
    try:
        inventory = take_inventory(read_workbook(data, Budget(SMALL), "a.csv"))
    except Uninspectable as error:
        assert str(error)
    else:
        assert inventory.rows_seen <= inventory.rows


def changed(data: bytes, changes: list[tuple[float, bytes]]) -> bytes:
    made = bytearray(data)
    for where, octets in changes:
        place = int(where * len(made))
        made[place : place + len(octets)] = octets
    return bytes(made)


@pytest.mark.parametrize("file", WHOLE)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(changes=CHANGES)
def test_changed_octets(file: str, changes: list[tuple[float, bytes]]) -> None:
    outcome(changed((FOLDER / file).read_bytes(), changes))


@pytest.mark.parametrize("file", WHOLE)
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(at=st.floats(0, 1))
def test_cut_off(file: str, at: float) -> None:
    data = (FOLDER / file).read_bytes()
    outcome(data[: int(at * len(data))])


def repacked(data: bytes, part: float, change: object) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        names = [name for name in old.namelist() if name.endswith((".xml", ".rels"))]
        chosen = names[int(part * len(names))]
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, change(content) if name == chosen else content)
    return out.getvalue()


@pytest.mark.parametrize("file", PACKED)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(part=st.floats(0, 1, exclude_max=True), changes=CHANGES)
def test_changed_octets_inside(file: str, part: float, changes: list[tuple[float, bytes]]) -> None:
    data = (FOLDER / file).read_bytes()
    outcome(repacked(data, part, lambda content: changed(content, changes)))


@pytest.mark.parametrize("file", PACKED)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(part=st.floats(0, 1, exclude_max=True), which=st.integers(0, 200), value=VALUES)
def test_changed_attributes(file: str, part: float, which: int, value: bytes) -> None:
    """One attribute gets a value that it cannot have; the XML stays well-formed."""

    def change(content: bytes) -> bytes:
        pieces = content.split(b'"')
        place = 2 * (which % max(1, len(pieces) // 2)) + 1
        if place < len(pieces):
            pieces[place] = value
        return b'"'.join(pieces)

    outcome(repacked((FOLDER / file).read_bytes(), part, change))


@pytest.mark.parametrize("file", PACKED)
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(one=st.floats(0, 1, exclude_max=True), other=st.floats(0, 1, exclude_max=True))
def test_parts_that_change_places(file: str, one: float, other: float) -> None:
    """Relationships that point elsewhere: two parts have each other's content."""
    out = io.BytesIO()
    with zipfile.ZipFile(FOLDER / file) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        names = old.namelist()
        first, second = names[int(one * len(names))], names[int(other * len(names))]
        swapped = {first: second, second: first}
        for name in names:
            new.writestr(name, old.read(swapped.get(name, name)))
    begun = time.process_time()
    outcome(out.getvalue())
    assert time.process_time() - begun < 10
