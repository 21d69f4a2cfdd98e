"""The charts of the monthly report. Each has its numbers in a table of month_tables, of the name `table`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .drawing import Chart, Series, columns, rows
from .figures import Figures
from .in_words import duration, number
from .month_tables import bucket_names, shown_days

MOST_ROWS = 20


@dataclass(frozen=True, slots=True)
class Drawn:
    """table: the name of the table with the same numbers. svg: None where there is nothing to draw."""

    table: str
    title: str
    about: str
    svg: str | None


def month_charts(figures: Figures) -> tuple[Drawn, ...]:
    return (_days(figures), _times(figures), _rules(figures), _reviewers(figures))


def _days(figures: Figures) -> Drawn:
    known = shown_days(figures)
    days = [each for each in figures.days if each.number in known]
    most = max((each.near_misses for each in days), default=0)
    title = f"{number(figures.near_misses, 'near miss', 'near misses')} in {figures.month.in_words}"
    busiest = next((each.number for each in days if each.near_misses == most), None)
    peak = f" The most on one day were {most:,}, on day {busiest} of the month." if most else ""
    values = tuple(each.near_misses for each in days)
    labels = tuple(str(each.number) for each in days)
    chart = Chart("near-misses", title, f"Near misses on each day of the month.{peak}", labels, (Series("", values),))
    return _drawn("days", chart, columns)


def _times(figures: Figures) -> Drawn:
    times = figures.times
    title = "Nobody decided about a held message"
    if times.decided:
        title = f"Half of the decisions took {duration(times.median)} at the most"
    about = f"Decisions by the time from the hold to the decision: {times.decided:,} in all."
    chart = Chart("decisions", title, about, bucket_names(), (Series("", times.buckets),))
    return _drawn("times", chart, rows)


def _rules(figures: Figures) -> Drawn:
    ended = [each.quality for each in figures.rules if each.quality.ended]
    most = sorted(ended, key=lambda each: (-each.ended, each.rule))[:MOST_ROWS]
    stopped, sent = sum(each.changed + each.stopped for each in ended), sum(each.sent for each in ended)
    title = f"Rules: {stopped:,} holds were changed or stopped, {number(sent, 'was', 'were')} sent as they were"
    about = "Holds of each rule that ended: left changed, stopped, left as they were."
    if len(ended) > len(most):
        about += f" The {MOST_ROWS} rules with the most; the table has all."
    series = (
        Series("Left changed", tuple(each.changed for each in most)),
        Series("Stopped", tuple(each.stopped for each in most)),
        Series("Left as it was", tuple(each.sent for each in most)),
    )
    return _drawn("rules", Chart("rule-quality", title, about, tuple(each.rule for each in most), series), rows)


def _reviewers(figures: Figures) -> Drawn:
    loads = figures.reviewers[:MOST_ROWS]
    decided = sum(each.decisions for each in figures.reviewers)
    people = number(len(figures.reviewers), "reviewer", "reviewers")
    title = f"{number(decided, 'decision', 'decisions')} by {people}"
    about = "Decisions of each reviewer: in working hours, and out of them."
    series = (
        Series("In working hours", tuple(each.decisions - each.out_of_hours for each in loads)),
        Series("Out of hours", tuple(each.out_of_hours for each in loads)),
    )
    labels = tuple(f"Reviewer {each.number}" for each in loads)
    return _drawn("reviewers", Chart("reviewer-load", title, about, labels, series), rows)


def _drawn(table: str, chart: Chart, draw: Callable[[Chart], str]) -> Drawn:
    has_any = any(value for series in chart.series for value in series.values)
    return Drawn(table, chart.title, chart.about, draw(chart) if has_any else None)
