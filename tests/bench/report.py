"""What bench_all.py found: medians over the rounds, ratios within each round, as JSON, as tables and in the docs.

Pure but for `write_page`. A ratio is the median of the ratios of each round, whose runs follow one another, so that a
machine that was busy for a while weighs on both.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

BEGIN = "<!-- written by tests/bench/bench_all.py --write -->"
END = "<!-- end of what tests/bench/bench_all.py writes -->"


@dataclass(frozen=True)
class Measure:
    """name: the load. what: of it, where there are several. unit: of all its values."""

    name: str
    unit: str
    what: str = ""

    @property
    def heading(self) -> str:
        return ", ".join(filter(None, (self.name, self.what, self.unit)))


@dataclass(frozen=True)
class Aim:
    """What issue 7 asks of the guard. peer: then so many times the peer's value, at least; else so much, at most. Only
    printed: nothing depends on it."""

    measure: Measure
    bound: float
    peer: str = ""

    @property
    def asked(self) -> str:
        return f"at least {self.bound:g}" if self.peer else f"below {self.bound:g} {self.measure.unit}"


@dataclass
class Results:
    """values: measure -> way -> round -> value. machine: what it was measured on. reasons: way, or way and load ->
    why it was not measured. failures: of the guard; what is measured then counts for nothing. counted: of each guard,
    what was sent through it and what it recorded."""

    values: dict[Measure, dict[str, dict[int, float]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(dict))
    )
    machine: dict[str, Any] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    counted: dict[str, dict[str, int]] = field(default_factory=dict)

    def add(self, measure: Measure, way: str, number: int, value: float | None) -> None:
        if value is not None:
            self.values[measure][way][number] = value

    def median(self, measure: Measure, way: str) -> float | None:
        found = self.values.get(measure, {}).get(way)
        return median(found.values()) if found else None

    def ratio(self, measure: Measure, way: str, peer: str) -> float | None:
        """Of way to peer, over the rounds in which both were measured."""
        ours, theirs = (self.values.get(measure, {}).get(each, {}) for each in (way, peer))
        found = [ours[number] / theirs[number] for number in ours if number in theirs]
        return median(found) if found else None

    @property
    def ways(self) -> list[str]:
        return list(dict.fromkeys(way for by_way in self.values.values() for way in by_way))


def as_json(results: Results, aims: Sequence[Aim]) -> dict[str, Any]:
    """Everything, every single value included."""
    return {
        "machine": results.machine,
        "measures": [
            {
                "load": measure.name,
                "what": measure.what,
                "unit": measure.unit,
                "ways": {
                    way: {"median": median(values.values()), "values": list(values.values())}
                    for way, values in by_way.items()
                },
            }
            for measure, by_way in results.values.items()
        ],
        "aims": [
            {"load": aim.measure.heading, "of": way, "to": aim.peer, "is": found, "aim": aim.asked}
            for aim in aims
            for way, found in _found(results, aim)
        ],
        "counted": results.counted,
        "not_measured": results.reasons,
        "failures": results.failures,
    }


def as_text(results: Results, aims: Sequence[Aim], tables: Mapping[str, Mapping[str, Measure]]) -> str:
    """Tables in Markdown that can be read as they are. tables: heading -> heading of a column -> what stands in it."""
    parts = [_machine(results.machine)]
    for heading, columns in tables.items():
        shown = {column: results.values[measure] for column, measure in columns.items() if measure in results.values}
        ways = [way for way in results.ways if any(way in values for values in shown.values())]
        rows = [[way, *(_cell(values.get(way, {})) for values in shown.values())] for way in ways]
        if rows:
            parts.append(_table([heading, *shown], rows))
    rows = [
        [aim.measure.heading, way, aim.peer or "-", _number(found), aim.asked]
        for aim in aims
        for way, found in _found(results, aim)
    ]
    if rows:
        parts.append(_table(["asked of the guard", "which", "as a ratio to", "is", "aim"], rows))
    if results.counted:
        kinds = list(dict.fromkeys(kind for counts in results.counted.values() for kind in counts))
        rows = [
            [guard, *(f"{counts[kind]:,}" if kind in counts else "-" for kind in kinds)]
            for guard, counts in results.counted.items()
        ]
        parts.append("Counted, all runs together:\n\n" + _table(["", *kinds], rows))
    parts.extend(f"Not measured: {way}: {reason}" for way, reason in results.reasons.items())
    parts.extend(f"FAILED: {failure}" for failure in results.failures)
    return "\n\n".join(parts) + "\n"


def write_page(page: Path, text: str) -> None:
    """Put the text between the two marker lines. ValueError where the page has not exactly one of each, in order."""
    before, begin, rest = page.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end or BEGIN in rest or END in after:
        raise ValueError(f"{page} needs one line {BEGIN} and one line {END} below it")
    page.write_text(f"{before}{BEGIN}\n\n{text}\n{END}{after}")


def _found(results: Results, aim: Aim) -> list[tuple[str, float]]:
    """Of each guard, where it was measured."""
    guards = [way for way in results.ways if way.startswith("guard")]
    if aim.peer:
        found = [(way, results.ratio(aim.measure, way, aim.peer)) for way in guards]
    else:
        found = [(way, results.median(aim.measure, way)) for way in guards]
    return [(way, value) for way, value in found if value is not None]


def _machine(machine: Mapping[str, Any]) -> str:
    return "; ".join(f"{name}: {value}" for name, value in machine.items()) + "."


def _cell(values: Mapping[int, float]) -> str:
    """The median, and the least and the most of several rounds."""
    if not values:
        return "-"
    least, most = min(values.values()), max(values.values())
    middle = _number(median(values.values()))
    return middle if len(values) == 1 else f"{middle} ({_number(least)} to {_number(most)})"


def _number(value: float) -> str:
    """Three digits are what such a run can tell."""
    if abs(value) >= 100:
        return f"{float(f'{value:.3g}'):,.0f}"
    return f"{value:.3g}" if abs(value) >= 0.001 else "0"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    lines = [head, ["-" * width for width in widths], *rows]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    )
