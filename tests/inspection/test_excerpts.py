"""The beginning of a file, for people: what is hidden is in it, and it never has more than was asked for."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.core.excerpt import MOST_CHARACTERS, MOST_COLUMNS, MOST_ROWS, MOST_TABLES, MOST_TEXTS, Excerpt
from mailguard.core.mail.parse import parse
from mailguard.inspection import framing
from mailguard.inspection.answers import examined, plain
from mailguard.inspection.examine import Examined
from mailguard.inspection.excerpts import Excerpting
from mailguard.inspection.framing import BrokenFrame
from mailguard.inspection.inspector import NO_PART, NO_SANDBOX, TOO_LARGE, SandboxedInspector
from mailguard.inspection.pool import WorkerPool
from mailguard.inspection.process import Job, SandboxRefused
from mailguard.inspection.settings import InspectionSettings
from mailguard.inspection.stream import SEEN, ColumnSpan, Item, Row, Table, Text, Visibility

FIXTURES = Path(__file__).parents[1] / "fixtures"
HIDDEN = Visibility.HIDDEN_SHEET


def taken(*items: Item) -> Excerpt:
    excerpting = Excerpting()
    for item in items:
        excerpting.take(item)
    assert excerpting.findings() == ()
    return excerpting.excerpt()


def rows(count: int, *values: str, visibility: Visibility = SEEN, first: int = 1) -> list[Row]:
    return [Row(first + index, values or (f"v{index}",), visibility=visibility) for index in range(count)]


def numbers(excerpt: Excerpt, table: int = 0) -> list[int]:
    return [row.number for row in excerpt.tables[table].rows]


def test_the_first_rows_of_each_table_and_how_many_there_are() -> None:
    found = taken(Table("sheet A"), *rows(40), Table("sheet Data", HIDDEN), *rows(1204))
    assert [(each.where, each.hidden, each.count) for each in found.tables] == [
        ("sheet A", "", 40),
        ("sheet Data", "hidden sheet", 1204),
    ]
    assert numbers(found) == numbers(found, 1) == list(range(1, 11))
    assert found.tables[1].rows[0].cells[0].hidden == "hidden sheet"


def test_rows_that_a_filter_hides_are_among_the_ten() -> None:
    filtered = rows(300, visibility=Visibility.FILTERED_ROW, first=100)
    assert numbers(taken(Table("t"), *rows(99), *filtered)) == [1, 2, 3, 4, 5, 100, 101, 102, 103, 104]
    assert numbers(taken(Table("t"), *rows(3), *filtered)) == [1, 2, 3, *range(100, 107)]


def test_hidden_columns_are_among_the_eight() -> None:
    table = Table("t", columns=(ColumnSpan(20, 22, Visibility.HIDDEN_COLUMN),))
    found = taken(table, Row(1, tuple(f"c{number}" for number in range(1, 31))))
    assert found.tables[0].columns == (1, 2, 3, 4, 5, 20, 21, 22)
    assert [cell.hidden for cell in found.tables[0].rows[0].cells] == [""] * 5 + ["hidden columns"] * 3


def test_many_sheets_leave_room_for_the_hidden_ones() -> None:
    items: list[Item] = []
    for number in range(60):
        items += [Table(f"sheet {number}", HIDDEN if number >= 50 else SEEN), Row(1, ("x",))]
    found = taken(*items)
    assert len(found.tables) == MOST_TABLES and found.more_tables == 40
    assert [each.hidden for each in found.tables].count("hidden sheet") == 10


def test_texts_that_nobody_sees_are_told_apart_and_properties_left_out() -> None:
    found = taken(
        *(Text(f"line {number}", "page 1") for number in range(100)),
        Text("see Amira", "comment on B7", Visibility.COMMENT),
        Text("Jo", "document properties", Visibility.PROPERTY),
        Text("  ", "page 2"),
    )
    assert len(found.texts) == MOST_TEXTS and found.more_texts == 71
    assert (found.texts[-1].text, found.texts[-1].hidden, found.texts[0].text) == ("see Amira", "comments", "line 0")


def test_the_table_before_is_not_added_to_by_one_that_is_left_out() -> None:
    items: list[Item] = []
    for number in range(MOST_TABLES + 1):
        items += [Table(f"sheet {number}"), *rows(2)]
    assert {each.count for each in taken(*items).tables} == {2}


VISIBILITIES = st.sampled_from([SEEN, HIDDEN, Visibility.FILTERED_ROW, Visibility.COMMENT])
VALUES = st.sampled_from(["", "a", "\ud800\0", "x" * 300])
SPANS = (ColumnSpan(4, 6, Visibility.HIDDEN_COLUMN),)
ITEMS = st.one_of(
    st.builds(Table, VALUES, VISIBILITIES, st.just(SPANS), st.lists(VALUES, max_size=12).map(tuple)),
    st.builds(Text, VALUES, VALUES, VISIBILITIES),
    st.builds(
        Row, st.integers(1, 10**6), st.lists(VALUES, min_size=1, max_size=20).map(tuple), st.none(), VISIBILITIES
    ),
)


@given(st.lists(ITEMS, max_size=60))
def test_whatever_a_file_holds_no_more_than_the_limits_comes_through_the_pipe(
    items: list[Item],
) -> None:
    found = taken(*items)
    assert len(found.tables) <= MOST_TABLES and len(found.texts) <= MOST_TEXTS
    for table in found.tables:
        assert len(table.rows) <= MOST_ROWS and len(table.columns) <= MOST_COLUMNS
        assert all(len(cell.value) <= MOST_CHARACTERS for row in table.rows for cell in row.cells)
    assert through_the_pipe(Examined(excerpt=found), asked=True).excerpt == found


def through_the_pipe(answer: Examined, *, asked: bool) -> Examined:
    return examined(framing.value(framing.frame(plain(answer))[framing.LENGTH.size :]), excerpt=asked)


def test_what_was_not_asked_for_is_not_used() -> None:
    answer = Examined(excerpt=taken(Table("t"), *rows(3)))
    assert through_the_pipe(answer, asked=False).excerpt is None
    assert through_the_pipe(Examined(unread="encrypted"), asked=True).excerpt is None


CELL = [1, "x", ""]
ROW = [1, [CELL]]
TABLE = ["sheet A", "", 3, [ROW], []]
WHOLE = {"tables": [TABLE], "texts": [["page 1", "x", ""]], "more": [0, 0]}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("tables",), [TABLE] * (MOST_TABLES + 1)),
        (("tables", 0, 3), [ROW] * (MOST_ROWS + 1)),
        (("tables", 0, 3, 0, 1), [CELL] * (MOST_COLUMNS + 1)),
        (("tables", 0, 3, 0, 1, 0, 1), "x" * (MOST_CHARACTERS + 1)),
        (("tables", 0, 3, 0, 1, 0, 2), "<b>because</b>"),
        (("tables", 0, 3, 0, 1, 0, 0), -1),
        (("tables", 0, 1), "visible"),
        (("tables", 0, 2), True),
        (("tables", 0, 4), ["x"] * (MOST_COLUMNS + 1)),
        (("tables", 0), ["sheet A"]),
        (("texts",), [["page 1", "x", ""]] * (MOST_TEXTS + 1)),
        (("texts", 0), ["page 1", 7, ""]),
        (("more",), [0]),
        (("more", 1), 2**60),
        ((), []),
        ((), {"tables": []}),
    ],
)
def test_a_worker_that_says_more_or_something_else_is_not_believed(path: tuple[Any, ...], value: Any) -> None:
    answer = {**plain(Examined()), "excerpt": copy.deepcopy(WHOLE)}
    assert examined(answer, excerpt=True).excerpt is not None
    place: Any = answer
    for step in ("excerpt", *path)[:-1]:
        place = place[step]
    place[("excerpt", *path)[-1]] = value
    with pytest.raises(BrokenFrame):
        examined(answer, excerpt=True)


def message(octets: bytes, name: str) -> Any:
    head = f"Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename={name}\r\n"
    return parse(f"MIME-Version: 1.0\r\n{head}Content-Transfer-Encoding: binary\r\n\r\n".encode() + octets)


@pytest.fixture
async def inspector() -> AsyncIterator[SandboxedInspector]:
    settings = InspectionSettings(workers=1, file_bytes=1_000_000)
    pool = WorkerPool(settings)
    yield SandboxedInspector(settings, pool)
    await pool.close()


async def test_real_files_in_the_sandbox(inspector: SandboxedInspector) -> None:
    book = (FIXTURES / "workbooks" / "hidden-sheet.xlsx").read_bytes()
    found = await inspector.excerpt(message(book, "a.xlsx"), "")
    hidden = [table for table in found.tables if table.hidden == "hidden sheet"]
    assert found.unread is None and hidden and hidden[0].count == 41 and len(hidden[0].rows) == 10
    assert "NHS number" in [cell.value for cell in hidden[0].rows[0].cells]
    letter = (FIXTURES / "independent" / "Draft with comments.docx").read_bytes()
    found = await inspector.excerpt(message(letter, "a.docx"), "")
    assert any(each.hidden == "comments" for each in found.texts) and any(not each.hidden for each in found.texts)
    broken = await inspector.excerpt(message(book[:3000], "a.xlsx"), "")
    assert broken.unread and broken.tables == ()
    assert (await inspector.excerpt(message(b"x" * 1_000_001, "a.txt"), "")).unread == TOO_LARGE
    assert (await inspector.excerpt(message(b"x", "a.txt"), "7")).unread == NO_PART


async def test_without_a_sandbox_nothing_is_read() -> None:
    class Pool:
        async def run(self, job: Job, seconds: float) -> None:
            assert job.excerpt
            raise SandboxRefused("no filter")

    found = await SandboxedInspector(InspectionSettings(), Pool()).excerpt(message(b"x", "a.txt"), "")  # type: ignore[arg-type]
    assert found == Excerpt(unread=NO_SANDBOX)
