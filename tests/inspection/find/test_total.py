"""Any stream gives findings: whatever is in its cells, however they lie, whatever hides them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mailguard.inspection.find.columns import FEWEST
from mailguard.inspection.find.finding import find
from mailguard.inspection.stream import ColumnSpan, Member, Person, Row, Table, Text, Visibility

VALUES = st.one_of(
    st.text(max_size=12),
    st.text("0123456789 -.", max_size=12),
    st.sampled_from(
        ["Name", "NHS number", "DOB", "9993395633", "Mary Smith", "1960-02-03", "LS1 4AP", "a@b.example", "", "n/a"]
    ),
    st.sampled_from(
        ["\u0661\u0662\u0663", "\u00b2\u00b3", "\ud800", "\x1f", "\x1e\n", "\u2460", "1E9", "9.9E99", "0" * 200]
    ),
)
WHY = st.sampled_from(list(Visibility))


@st.composite
def rows(draw: st.DrawFn) -> Row:
    values = tuple(draw(st.lists(VALUES, min_size=1, max_size=8)))
    columns = draw(st.none() | st.sets(st.integers(1, 30_000), min_size=len(values), max_size=len(values)))
    unseen = draw(st.lists(st.tuples(st.integers(0, len(values) - 1), WHY), max_size=2))
    why = draw(WHY)
    return Row(draw(st.integers(1, 60)), values, tuple(sorted(columns)) if columns else None, why, tuple(unseen))


TABLES = st.builds(
    Table,
    st.text(max_size=10),
    WHY,
    st.lists(st.builds(ColumnSpan, st.integers(1, 5), st.integers(5, 20_000), WHY), max_size=2).map(tuple),
    st.lists(VALUES, max_size=4).map(tuple),
)
ITEMS = st.one_of(
    rows(),
    rows(),
    rows(),
    TABLES,
    st.builds(Text, st.text(max_size=60), st.text(max_size=5), WHY),
    st.builds(Person, st.text(max_size=5), st.text(max_size=5), st.text(max_size=5)),
    st.builds(Member, st.text(max_size=5), st.text(max_size=5), WHY),
)


@given(st.lists(ITEMS, max_size=40))
def test_any_stream_gives_findings(items: list[object]):
    for each in find(items):  # type: ignore[arg-type]
        # Whoever is hidden in two places is said at both and counted at the first (tally.py).
        assert each.count > 0 or (each.hidden and each.summary.endswith("all of them counted above"))
        assert each.summary and each.where is not None


@given(st.integers(0, 12), st.integers(0, 4), VALUES)
def test_one_cell_many_times(number: int, gap: int, value: str):
    items = [Table("sheet 1"), *(Row(1 + each * (1 + gap), (value, value)) for each in range(number))]
    found = find(items)
    assert number >= FEWEST or not any(each.kind == "people_rows" for each in found)
