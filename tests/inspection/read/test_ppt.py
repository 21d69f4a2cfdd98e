"""Presentations of PowerPoint 97: what LibreOffice does not write, by a writer of our own from MS-PPT."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings

from mailguard.inspection.budget import Budget, Limits, Uninspectable
from mailguard.inspection.read.slides import begins, read_slides
from mailguard.inspection.stream import SEEN, Item, Member, Person, Row, Text, Visibility
from tests.inspection.read.slides import deck
from tests.inspection.read.test_mutated import CHANGES, changed
from tests.inspection.read.written import compound
from tests.inspection.stock import take_inventory


def record(kind: int, body: bytes = b"", instance: int = 0) -> bytes:
    return struct.pack("<HHL", instance << 4, kind, len(body)) + body


def container(kind: int, *bodies: bytes, instance: int = 0) -> bytes:
    body = b"".join(bodies)
    return struct.pack("<HHL", instance << 4 | 15, kind, len(body)) + body


def chars(text: str, kind: int = 4000, instance: int = 0) -> bytes:
    return record(kind, text.encode("utf-16-le"), instance)


def shape(
    text: str, box: tuple[int, int, int, int] = (500, 500, 2_000, 1_000), style: bytes = b"", flags: int = 0
) -> bytes:
    """box: left, top, right, bottom in master units. flags: of the shape (0x3BF)."""
    left, top, right, bottom = box
    said = container(61453, record(3999, bytes(4)), chars(text), style)
    properties = record(61451, struct.pack("<HL", 959, flags), 1)
    anchor = record(61456, struct.pack("<4h", top, left, right, bottom))
    return container(61444, record(61450, struct.pack("<LL", 1, 0xA00), 202), properties, anchor, said)


def slide(*shapes: bytes, hidden: bool = False, more: bytes = b"") -> bytes:
    patriarch = container(61444, record(61449, bytes(16)), record(61450, struct.pack("<LL", 1, 5)))
    drawing = container(1036, container(61442, container(61443, patriarch, *shapes)))
    show = record(1017, struct.pack("<LLBBHL", 0, 0, 0, 0, 4 if hidden else 0, 0))
    scheme = record(2032, bytes.fromhex("ffffff00000000008080800000000000") + bytes(16), 1)
    atom = record(1007, struct.pack("<L8sLLHH", 0, bytes(8), 0, 0, 0, 0))
    return container(1006, atom, show, drawing, scheme, more)


def presentation(slides: Sequence[bytes], *, listed: int | None = None, dropped: Sequence[bytes] = (),
                 outline: bytes = b"", more: Sequence[bytes] = (), token: int = 0xE391C05F) -> bytes:  # fmt: skip
    """listed: how many of the slides the document lists. dropped: slides that an earlier save left behind."""
    count = len(slides) if listed is None else listed
    entries = b"".join(record(1011, struct.pack("<5L", 2 + n, 0, 0, 256 + n, 0)) + outline for n in range(count))
    size = record(1001, struct.pack("<ll", 5_760, 4_320) + bytes(32))
    document = container(1000, size, container(4080, entries))
    stream, places = b"".join(dropped), []
    for each in (document, *slides, *more):
        places.append(len(stream))
        stream += each
    directory = struct.pack("<L", len(places) << 20 | 1) + struct.pack(f"<{len(places)}L", *places)
    where = len(stream)
    stream += record(6002, directory)
    edit = len(stream)
    stream += record(4085, struct.pack("<LHBBLLLLHH", 0, 0, 0, 3, 0, where, 1, 9, 0, 0))
    user = record(4086, struct.pack("<LLL", 20, token, edit) + bytes(8))
    return compound({"PowerPoint Document": stream, "Current User": user})


def read(data: bytes) -> list[Item]:
    return list(read_slides(data, Budget()))


def texts(data: bytes) -> dict[str, Visibility]:
    return {item.text: item.visibility for item in read(data) if isinstance(item, Text)}


def test_slides_hidden_unlisted_and_left_behind() -> None:
    data = presentation(
        [slide(shape("Ada")), slide(shape("Bran"), hidden=True), slide(shape("Cleo"))],
        listed=2,
        dropped=[slide(shape("Dov"))],
    )
    assert begins(data)
    assert texts(data) == {"Ada": SEEN} | dict.fromkeys(("Bran", "Cleo"), Visibility.HIDDEN_SLIDE) | {
        "Dov": Visibility.DELETED_TEXT
    }


def test_where_shapes_lie_and_those_that_are_hidden() -> None:
    shapes = [shape("on"), shape("off", (5_800, 0, 6_000, 100)), shape("gone", flags=0x20002)]
    assert texts(presentation([slide(*shapes)])) == {
        "on": SEEN,
        "off": Visibility.OFF_PAGE,
        "gone": Visibility.HIDDEN_TEXT,
    }


def test_texts_of_the_outline_belong_to_their_slide() -> None:
    outline = record(3999, bytes(4)) + chars("Ada\rBran")
    assert texts(presentation([slide(hidden=True)], outline=outline)) == dict.fromkeys(
        ("Ada", "Bran"), Visibility.HIDDEN_SLIDE
    )


def letters(length: int, *runs: tuple[int, bytes]) -> bytes:
    plain = struct.pack("<LHL", length + 1, 0, 0x800) + struct.pack("<H", 1)
    return record(4001, plain + b"".join(struct.pack("<L", count) + look for count, look in runs))


WHITE = struct.pack("<L4B", 0x40000, 255, 255, 255, 254)
BACKGROUND = struct.pack("<L4B", 0x40000, 0, 0, 0, 0)
SMALL = struct.pack("<LH", 0x20000, 2)
PLAIN = struct.pack("<L", 0)


@pytest.mark.parametrize(
    ("look", "expected"),
    [
        (WHITE, Visibility.SAME_COLOUR),
        (BACKGROUND, Visibility.SAME_COLOUR),
        (SMALL, Visibility.TINY_TEXT),
        (PLAIN, SEEN),
    ],
)
def test_letters_that_cannot_be_seen(look: bytes, expected: Visibility) -> None:
    style = letters(9, (6, PLAIN), (4, look))
    found = texts(presentation([slide(shape("Total Ada", style=style))]))
    assert found == ({"Total Ada": SEEN} if expected is SEEN else {"Total": SEEN, "Ada": expected})


def test_looks_that_are_cut_off_are_not_read() -> None:
    style = record(4001, struct.pack("<LHL", 4, 0, 0x800))
    with pytest.raises(Uninspectable, match="looks"):
        read(presentation([slide(shape("Ada", style=style))]))


def test_comments_headers_and_tags() -> None:
    said = container(12000, chars("Ed", 4026, 0), chars("ask Ada", 4026, 1), chars("E", 4026, 2))
    tags = container(5000, container(5002, chars("___PPT10", 4026), record(5003, said)))
    items = read(presentation([slide(shape("x"), more=tags)]))
    comments = [(item.text, item.visibility) for item in items if isinstance(item, Text) and item.text != "x"]
    assert comments == [("ask Ada", Visibility.COMMENT)]
    assert [item.name for item in items if isinstance(item, Person)] == ["Ed"]


def test_objects_are_unwrapped_and_macros_told() -> None:
    inner = compound({"Package": b"PK\x03\x04"})
    packed = struct.pack("<L", len(inner)) + zlib.compress(inner)
    macros = compound({"VBA/dir": b"x"})
    items = read(presentation([slide()], more=[record(4113, packed, 1), record(4113, macros)]))
    found = [item for item in items if isinstance(item, Member) and item.kind != "slide"]
    assert [item.kind for item in found] == ["file", "macros"]
    assert found[0].content is not None and found[0].content.startswith(b"PK\x03\x04")


def test_an_object_is_no_larger_than_it_says() -> None:
    bomb = zlib.compress(bytes(20_000_000), 9)
    for size, reason in ((5, "as long as it says"), (20_000_000, "times its size"), (1 << 31, "octets when unpacked")):
        data = presentation([slide()], more=[record(4113, struct.pack("<L", size) + bomb, 1)])
        with pytest.raises(Uninspectable, match=reason):
            read(data)


def test_a_table_of_shapes_is_a_table() -> None:
    group = container(61444, record(61449, bytes(16)), record(61450, struct.pack("<LL", 2, 0x201)),
                      record(61451, struct.pack("<HL", 927, 1), 1))  # fmt: skip
    cells = [
        shape(text, (x, y, x + 100, y + 50))
        for text, x, y in (("b", 100, 0), ("d", 100, 50), ("a", 0, 0), ("c", 0, 50))
    ]
    items = read(presentation([slide(container(61443, group, *cells))]))
    assert [item.values for item in items if isinstance(item, Row)] == [("a", "b"), ("c", "d")]


def test_what_is_encrypted_or_older_is_not_read() -> None:
    with pytest.raises(Uninspectable, match=r"^encrypted$"):
        read(presentation([slide()], token=0xF3D1C4DF))
    old = compound({"PP40": b"x"})
    assert begins(old)
    with pytest.raises(Uninspectable, match="before PowerPoint 97"):
        read(old)


def test_edits_in_a_circle_end() -> None:
    edit = record(4085, struct.pack("<LHBBLLLLHH", 0, 0, 0, 3, 8, 44, 1, 9, 0, 0))
    stream = bytes(8) + edit + record(6002)
    user = record(4086, struct.pack("<LLL", 20, 0xE391C05F, 8) + bytes(8))
    with pytest.raises(Uninspectable, match="circular"):
        read(compound({"PowerPoint Document": stream, "Current User": user}))


def test_nesting_without_end_is_not_followed() -> None:
    deep = b""
    for _ in range(200):
        deep = container(61443, deep)
    with pytest.raises(Uninspectable, match="nested"):
        read(presentation([slide(deep)]))


SMALL_BUDGET = Limits(total_bytes=20_000_000, kept_bytes=20_000_000, cells=200_000, members=2_000)


@pytest.mark.parametrize("file", ["lo-white.ppt.gz", "lo-notes.ppt.gz"])
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(changes=CHANGES)
def test_changed_octets(file: str, changes: list[tuple[float, bytes]]) -> None:
    """In the first 20,000, where the slides are; the rest is a picture."""
    data = deck(file)
    octets = changed(data[:20_000], changes)[:20_000] + data[20_000:]
    assert begins(octets) in (True, False)
    try:
        inventory = take_inventory(read_slides(octets, Budget(SMALL_BUDGET)))
    except Uninspectable as error:
        assert str(error)
    else:
        assert inventory.rows_seen <= inventory.rows


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(changes=CHANGES)
def test_changed_octets_of_records(changes: list[tuple[float, bytes]]) -> None:
    part = changed(slide(shape("Total Ada", style=letters(9, (6, PLAIN), (4, WHITE)))), changes)
    try:
        read(presentation([part]))
    except Uninspectable as error:
        assert str(error)
