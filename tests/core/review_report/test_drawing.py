"""Charts: well-formed, in proportion, with words for who does not see them, and nothing that a page may not carry."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from mailguard.core.review_report.drawing import PLOT_HEIGHT, WIDTH, Chart, Series, columns, rows, scale_top

SVG = "{http://www.w3.org/2000/svg}"
PRESENTATION = {"fill", "stroke", "stroke-width", "text-anchor", "font-family", "font-size"}
GEOMETRY = {"x", "y", "x1", "x2", "y1", "y2", "width", "height", "viewBox", "class", "id", "role", "aria-labelledby"}


def chart(*series: tuple[int, ...], labels: tuple[str, ...] | None = None) -> Chart:
    labels = labels or tuple(f"label {number}" for number in range(len(series[0])))
    named = tuple(Series(f"series {number}", values) for number, values in enumerate(series))
    return Chart("some-chart", "What it says", "What it measures", labels, named)


def bars(svg: str, side: str) -> list[float]:
    found = ElementTree.fromstring(svg).iter(f"{SVG}rect")
    return [float(each.attrib[side]) for each in found if each.attrib["class"] == "mg-bar"]


def texts(svg: str) -> list[str]:
    return [each.text or "" for each in ElementTree.fromstring(svg).iter(f"{SVG}text")]


@pytest.mark.parametrize(
    "values", [(0,), (0, 0, 0), (1,), (3, 1, 2), (1_000_000, 1, 0, 500_000), (999_999, 123_456), tuple(range(31))]
)
def test_heights_of_columns_are_in_proportion(values: tuple[int, ...]) -> None:
    svg = columns(chart(values))
    heights = bars(svg, "height")
    assert len(heights) == len(values)
    top = scale_top(max(values))
    assert heights == pytest.approx([PLOT_HEIGHT * each / top for each in values], abs=0.0001)
    assert max(heights) <= PLOT_HEIGHT
    feet = [y + height for y, height in zip(bars(svg, "y"), heights, strict=True)]
    assert feet == pytest.approx([feet[0]] * len(feet), abs=0.001)


@pytest.mark.parametrize("series", [((4, 0, 9), (1, 0, 1), (0, 0, 5)), ((1_000_000,), (0,), (1,)), ((0,), (0,), (0,))])
def test_lengths_of_rows_are_in_proportion_and_follow_each_other(series: tuple[tuple[int, ...], ...]) -> None:
    svg = rows(chart(*series))
    lengths, lefts = bars(svg, "width"), bars(svg, "x")
    sums = [sum(values) for values in zip(*series, strict=True)]
    unit = (WIDTH - 190 - 70) / scale_top(max(sums))
    assert lengths == pytest.approx(
        [unit * value for values in zip(*series, strict=True) for value in values], abs=0.001
    )
    for index in range(len(sums)):
        mine = slice(index * len(series), (index + 1) * len(series))
        for number, left in enumerate(lefts[mine]):
            assert left == pytest.approx(190 + sum(lengths[mine][:number]), abs=0.001)
        assert f"{sums[index]:,}" in texts(svg)
    assert max(map(sum, zip(lefts, lengths, strict=True))) <= WIDTH


@pytest.mark.parametrize("most", [0, 1, 4, 5, 9, 11, 41, 99, 100, 101, 999, 1_000_000, 1_000_001, 987_654_321])
def test_a_scale_ends_close_above_and_its_quarters_are_written_whole(most: int) -> None:
    top = scale_top(most)
    assert max(most, 1) <= top <= max(4, 2 * most)
    assert (top / 4 * 100) == int(top / 4 * 100)


def test_the_grid_says_what_the_heights_mean() -> None:
    assert [each for each in texts(columns(chart((1_000_000,)))) if each[0].isdigit()] == [
        "0", "250,000", "500,000", "750,000", "1,000,000",
    ]  # fmt: skip


@pytest.mark.parametrize("draw", [columns, rows])
def test_it_says_in_words_what_it_shows_and_carries_no_style_script_or_link(draw: object) -> None:
    svg = (columns if draw is columns else rows)(chart((5, 3), (1, 1)))
    root = ElementTree.fromstring(svg)
    assert root.attrib["role"] == "img"
    title, about = root.findall(f"{SVG}title") + root.findall(f"{SVG}desc")
    assert (title.text, about.text) == ("What it says", "What it measures")
    assert root.attrib["aria-labelledby"] == f"{title.attrib['id']} {about.attrib['id']}"
    for each in root.iter():
        assert each.tag.removeprefix(SVG) in {"svg", "title", "desc", "rect", "line", "text"}
        assert set(each.attrib) <= PRESENTATION | GEOMETRY
    assert not re.search(r"style=|<script|href|url\(|\bon[a-z]+=", svg)


def test_series_differ_in_more_than_colour() -> None:
    """The order is that of the key, which names each; the middle one has a border."""
    root = ElementTree.fromstring(rows(chart((5,), (3,), (2,))))
    marks = [(each.attrib["fill"], each.attrib["stroke-width"]) for each in root.iter(f"{SVG}rect")]
    assert marks[:3] == marks[3:]
    assert len(set(marks)) == 3
    assert texts(rows(chart((5,), (3,), (2,))))[:3] == ["series 0", "series 1", "series 2"]


def test_a_label_cannot_leave_its_place() -> None:
    svg = rows(chart((1,), labels=("</text><script>alert(1)</script>\u202e\x00 & more than twenty-four",)))
    (label, *_) = texts(svg)
    assert ElementTree.fromstring(svg).find(f"{SVG}script") is None
    assert len(label) <= 24
    assert "\x00" not in svg and "\u202e" not in svg


def test_of_many_labels_only_some_are_written() -> None:
    written = texts(columns(chart((1,) * 31, labels=tuple(str(number) for number in range(1, 32)))))
    assert {"1", "3", "31"} <= set(written)
    assert "16" not in written


def test_nothing_to_draw_is_still_a_picture() -> None:
    for draw in (columns, rows):
        ElementTree.fromstring(draw(Chart("empty", "Nothing", "Nothing", (), (Series("", ()),))))
