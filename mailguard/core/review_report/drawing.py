"""Charts as SVG, drawn from numbers. Pure.

Contract: well-formed XML with a title and a description that say in words what it shows; presentation attributes only,
no style, script, link or font, so that the console's Content-Security-Policy lets it be; lengths are proportional to
the numbers, from 0 on, to a ten-thousandth of a unit; colour is never the only difference between series.
Sources: SVG 2, sections 5.7 (title, desc) and 6.6 (presentation attributes); WAI-ARIA Graphics Module 1.0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from ..legible import legible

WIDTH = 640
"""Of the view box; the picture itself is as wide as its place."""
PLOT_HEIGHT = 200
_TOP = 12
_LEFT = 64
_BELOW = 34
_RIGHT = 8
_ROW = 30
_BAR = 18
_NAME = 190
_KEY = 28
_NUMBER = 70
INK = "#0b0c0c"
GRID = "#b1b4b6"
FILLS = ("#1d70b8", "#f2b84b", "#16302f")
"""Of the first three series: they differ in lightness too, and the second has a border."""
LONGEST_NAME = 24


@dataclass(frozen=True, slots=True)
class Series:
    """name: what the key says. values: from 0, one for each label."""

    name: str
    values: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """name: plain letters and hyphens, its own in a page. title: what it says; about: what it measures."""

    name: str
    title: str
    about: str
    labels: tuple[str, ...]
    series: tuple[Series, ...]


def columns(chart: Chart) -> str:
    """Upright bars of the first series, one for each label; of many labels only some are written."""
    (series, *_) = chart.series
    top, plot = scale_top(max(series.values, default=0)), WIDTH - _LEFT - _RIGHT
    step = plot / max(len(series.values), 1)
    written = max(1, -(-len(chart.labels) // 16))
    found = list(_grid(top))
    base = _TOP + PLOT_HEIGHT
    for index, (label, value) in enumerate(zip(chart.labels, series.values, strict=True)):
        height = PLOT_HEIGHT * value / top
        left = _LEFT + index * step + step * 0.1
        found.append(_rectangle(left, base - height, step * 0.8, height, 0))
        if index % written == 0:
            found.append(_text(_LEFT + index * step + step / 2, base + 20, label, "middle"))
    return _picture(chart, found, base + _BELOW)


def rows(chart: Chart) -> str:
    """Lying bars, one for each label, of all series one behind the other, with what they come to."""
    sums = [sum(values) for values in zip(*(each.values for each in chart.series), strict=True)]
    top, plot = scale_top(max(sums, default=0)), WIDTH - _NAME - _NUMBER
    several = len(chart.series) > 1
    found = list(_key(chart.series)) if several else []
    begin = _TOP + (_KEY if several else 0)
    for index, label in enumerate(chart.labels):
        y, left = begin + index * _ROW, float(_NAME)
        found.append(_text(_NAME - 8, y + _BAR - 4, label, "end"))
        for number, series in enumerate(chart.series):
            length = plot * series.values[index] / top
            found.append(_rectangle(left, y, length, _BAR, number))
            left += length
        found.append(_text(left + 6, y + _BAR - 4, f"{sums[index]:,}", "start"))
    return _picture(chart, found, begin + max(len(chart.labels), 1) * _ROW)


def scale_top(most: int) -> int:
    """The end of a scale that holds a number: 4, 10, 20, 40, 50, 100, ... so that quarters of it are short numbers."""
    power = 1
    while True:
        for each in (4, 8, 10, 20, 40) if power == 1 else (5, 6, 8, 10, 20, 40):
            if each * power >= most:
                return each * power
        power *= 10


def _grid(top: int) -> Sequence[str]:
    found = []
    for quarter in range(5):
        y = _TOP + PLOT_HEIGHT * (1 - quarter / 4)
        colour = GRID if quarter else INK
        found.append(f'<line x1="{_LEFT}" y1="{_n(y)}" x2="{WIDTH - _RIGHT}" y2="{_n(y)}" stroke="{colour}"/>')
        value = top * quarter / 4
        found.append(_text(_LEFT - 8, y + 5, f"{value:,.0f}" if value == int(value) else f"{value:,}", "end"))
    return found


def _key(series: Sequence[Series]) -> Sequence[str]:
    found, width = [], (WIDTH - _LEFT) / len(series)
    for number, each in enumerate(series):
        left = 8 + number * width
        found.append(_rectangle(left, _TOP - 8, 14, 14, number, key=True))
        found.append(_text(left + 20, _TOP + 4, each.name, "start"))
    return found


def _rectangle(x: float, y: float, width: float, height: float, number: int, *, key: bool = False) -> str:
    """A bar, or with `key` its sample in the key."""
    fill = FILLS[number % len(FILLS)]
    kind = "key" if key else "bar"
    return (
        f'<rect class="mg-{kind}" x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" fill="{fill}" '
        f'stroke="{INK}" stroke-width="{1 if number == 1 and width else 0}"/>'
    )


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return (
        f'<text x="{_n(x)}" y="{_n(y)}" text-anchor="{anchor}" font-family="sans-serif" font-size="14" fill="{INK}">'
        f"{escape(legible(text, LONGEST_NAME))}</text>"
    )


def _picture(chart: Chart, inside: Sequence[str], height: float) -> str:
    names = quoteattr(f"{chart.name}-title {chart.name}-about")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {_n(height)}" width="100%" role="img" '
        f"aria-labelledby={names}>"
        f"<title id={quoteattr(f'{chart.name}-title')}>{escape(legible(chart.title))}</title>"
        f"<desc id={quoteattr(f'{chart.name}-about')}>{escape(legible(chart.about, 500))}</desc>"
        f"{''.join(inside)}</svg>"
    )


def _n(value: float) -> str:
    return f"{value:.4f}".rstrip("0").rstrip(".")
