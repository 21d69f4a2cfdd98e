"""INVARIANT: whatever is done to a PDF, the reader gives a stream or Uninspectable; nothing else comes out.

PDFium may crash on a broken file, which ends a worker and not the service; here it would end pytest, and has not.
Octets are changed as they are, and inside streams before these are packed again, so that the damage reaches what paints.
"""

from __future__ import annotations

import re
import zlib

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mailguard.inspection.budget import Budget, Limits, Uninspectable
from mailguard.inspection.read.pdf import read
from mailguard.inspection.read.pdf_objects import read_objects
from mailguard.inspection.read.pdf_syntax import Broken, read_value
from mailguard.inspection.stream import SEEN, Member, Row, Text
from tests.inspection.read.pdfs import FOLDER

SMALL = Limits(total_bytes=20_000_000, kept_bytes=20_000_000, cells=200_000, members=500, tags=500_000)
FILES = [
    *("black-box.pdf", "form.pdf", "layer-form.pdf", "earlier-revision.pdf", "linearized.pdf", "note-clean.pdf"),
    *("attached-streams.pdf", "owner-password-covered.pdf", "lo-comments.pdf", "fpdf-table.pdf"),
]
CHANGES = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=4)), min_size=1)
_STREAM = re.compile(rb"(/FlateDecode.{0,200}?stream\r?\n)(.*?)(\r?\nendstream)", re.DOTALL)


def outcome(data: bytes) -> None:
    try:
        for item in read(data, Budget(SMALL)):
            assert isinstance(item, Member) or item.visibility is SEEN or item.visibility.value
            if isinstance(item, Row):
                assert any(item.values) and len(item.values) == len(item.columns or item.values)
            if isinstance(item, Text):
                assert item.text.strip()
    except Uninspectable as error:
        assert str(error)


def changed(data: bytes, changes: list[tuple[float, bytes]]) -> bytes:
    made = bytearray(data)
    for where, octets in changes:
        place = int(where * len(made))
        made[place : place + len(octets)] = octets
    return bytes(made)


@pytest.mark.parametrize("file", FILES)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(changes=CHANGES)
def test_changed_octets(file: str, changes: list[tuple[float, bytes]]) -> None:
    outcome(changed((FOLDER / file).read_bytes(), changes))


@pytest.mark.parametrize("file", FILES)
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(at=st.floats(0, 1))
def test_cut_off(file: str, at: float) -> None:
    data = (FOLDER / file).read_bytes()
    outcome(data[: int(at * len(data))])


@pytest.mark.parametrize("file", ["linearized.pdf", "lo-comments.pdf", "attached-streams.pdf", "lo-covered.pdf"])
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(which=st.integers(0, 30), changes=CHANGES)
def test_changed_octets_inside(file: str, which: int, changes: list[tuple[float, bytes]]) -> None:
    data = (FOLDER / file).read_bytes()
    found = list(_STREAM.finditer(data))
    match = found[which % len(found)]
    try:
        inside = zlib.decompress(match[2])
    except zlib.error:
        return
    packed = zlib.compress(changed(inside, changes))
    outcome(data[: match.start(2)] + packed + data[match.end(2) :])


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                b"<<",
                b">>",
                b"[",
                b"]",
                b"(",
                b")",
                b"/A",
                b" 1 ",
                b" 0 R",
                b"<41>",
                b"\\",
                b"%",
                b"\n",
                b"1 0 obj",
                b"stream\n",
                b"endstream",
                b"endobj",
                b"trailer",
                b"%%EOF",
            ]
        ),
        max_size=40,
    )
)
@example([b"1 0 obj", b"<<", b"/A", b"/A", b">>", b"stream\n", b"endstream", b"endobj", b"%%EOF"])
def test_the_syntax_of_objects_is_total(pieces: list[bytes]) -> None:  # fmt: skip
    data = b"".join(pieces)
    try:
        _, end = read_value(data, 0, Budget(SMALL))
        assert 0 < end <= len(data)
    except Broken:
        pass
    for each in read_objects(data, Budget(SMALL)).all:
        assert each.number >= 0
