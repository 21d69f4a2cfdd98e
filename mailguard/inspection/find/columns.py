"""Judging a column: counts that grow with every chunk of it, and what it holds by them.

A column is of a kind if it has at least FEWEST values and the share that passes the kind's check is at least the kind's
`least`; of several the one with the greatest share, then the one that the heading names, then the stricter. One value
alone is never judged: of 20 random ten-digit numbers one or two pass the check of an NHS number, but that 80 % of them
do has a chance below 1 in 10**13. Memory for a column does not grow with its values.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import compress, islice

from .dates import EARLIEST_YEAR, LATEST_YEAR, has_whole_year, year_of
from .kind import Kind, Kinds
from .kinds import DATE, NAME
from .names import NameSample, sampled, sampled_run
from .phrases import heading_is_of_people
from .shape import any_text, compact_all, expanded, is_labelled, plain, shapes, without_label

FEWEST = 5
"""Values that a column must have, and different ones: RULES.md 5, "n >= 5"."""
SURE = 10
"""Values of one shape from which on the share among them decides, whatever else stands in the column."""
DIFFERENT_NAMES = 4
"""Where no heading says that they are names; two of five people can have one name, a menu has three dishes."""
NEUTRAL_SHARE, BARE_SHARE = 0.1, 0.25
"""Known names under a heading that says "Name"; where no heading says anything."""
SPREAD_YEARS, SPREAD_DECADES = 40, 5
"""Dates without a heading that are spread so far are dates of birth; those of a register or a ledger are not."""
PROBED, HOPELESS = 32, 0.3
"""Of a chunk first so many values are tried; where less than this share passes, the others are not."""
SETTLED, SETTLED_SHARE = 1_024, 0.95
"""After so many values, of which this share passed, a chunk whose probe passes whole is not looked at further."""
MAX_SIGNS = 256
"""Of a chunk, so that what is kept of a column does not grow with it."""
_EMPTY = frozenset({"", "-", "--", "---", "?", "a/a", ".", "..", "*", "_", "#a/a", "#A/A"})
"""Shapes of cells that hold nothing: n/a and its like."""
_NOTHING = frozenset(
    "none nil null unknown nan na tbc tbd missing blank void withheld redacted pending waived undisclosed".split()  # noqa: SIM905
)
"""Words for nothing, which count neither for nor against a column of numbers."""


@dataclass(slots=True)
class _Passed:
    """How many values of a column had a kind's shape and passed, and a few different ones of them."""

    shaped: int = 0
    passed: int = 0
    signs: set[str] = field(default_factory=set)


class Chunk:
    """Some values of one column as they are compared, and for each kind that was tried which of them passed."""

    __slots__ = ("_compact", "has_text", "hits", "shapes", "values")

    def __init__(self, values: list[str], its: list[str], has_text: bool) -> None:
        self.values = values
        self.shapes = its
        self.has_text = has_text
        self.hits: dict[Kind, list[bool]] = {}
        self._compact: list[str] | None = None

    def of(self, kind: Kind) -> list[bool]:
        """Which values are of the kind: those that passed, or all where the heading alone says what they are."""
        if kind.by_heading:
            return [bool(value) for value in self.values]
        return self.hits.get(kind) or [False] * len(self.values)

    def part(self, first: int, last: int) -> Chunk:
        """Some of the values, with what they passed among all."""
        found = Chunk(self.values[first:last], self.shapes[first:last], self.has_text)
        found.hits = {kind: hits[first:last] for kind, hits in self.hits.items()}
        return found

    def as_checked(self, kind: Kind) -> list[str]:
        """The values in the form that the kind's check takes."""
        if not kind.compacted:
            return self.values
        if self._compact is None:
            self._compact = compact_all(self.values)
        return self._compact


class Column:
    """The running counts of one column of one block."""

    __slots__ = (
        "_filled",
        "_kinds",
        "_last",
        "_looser",
        "_names",
        "_passed",
        "_rises",
        "_settled",
        "_steps",
        "_years",
        "heading",
        "under",
    )

    def __init__(self, heading: str, kinds: Kinds) -> None:
        self.heading = heading
        self.under = kinds.under(heading)
        self._looser = self.under & kinds.with_looser_form
        self._kinds = kinds
        self._filled = 0
        self._passed: dict[Kind, _Passed] = {}
        self._names = NameSample()
        self._years: set[int] = set()
        self._last, self._rises, self._steps = 0, 0, 0
        self._settled: Kind | None = None

    def add(self, raw: Sequence[str]) -> Chunk:
        """Count these values, and say which of them passed what."""
        values, its, counts = _read(raw)
        labelled = sum(number for shape, number in counts.items() if is_labelled(shape)) * 2 > len(values)
        if labelled:
            values = [without_label(value) for value in values]
            its = shapes(values)
            counts = Counter(its)
        filled = len(values) - sum(number for shape, number in counts.items() if shape in _EMPTY)
        if filled:
            filled -= _words_for_nothing(values, its, counts)
        self._filled += filled
        chunk = Chunk(values, its, any_text(raw))
        candidates = self._candidates(counts, only_checked=labelled)
        if self._settled in candidates and self._goes_on(self._settled, candidates[self._settled], counts, chunk):
            return chunk
        for kind, fitting in candidates.items():
            number = sum(counts[shape] for shape in fitting)
            if number * 2 >= filled or number >= SURE:
                self._count(kind, fitting, number, chunk)
        self._settled = self._settle()
        return chunk

    def _settle(self) -> Kind | None:
        kind = self.kind() if self._filled >= SETTLED else None
        if kind is None or kind.check is None or kind.counters:
            return None
        return kind if self._share(kind, self._passed[kind]) >= SETTLED_SHARE else None

    def _goes_on(self, kind: Kind | None, fitting: set[str], counts: Counter[str], chunk: Chunk) -> bool:
        """Whether a chunk of a settled column is like those before it, by a probe; its values count by their shape."""
        number = sum(counts[shape] for shape in fitting)
        if kind is None or kind.check is None or number < 3 * PROBED:
            return False
        if _probe(kind, kind.check, fitting, chunk) < 1:
            return False
        chunk.hits[kind] = [shape in fitting for shape in chunk.shapes]
        self._passed[kind].shaped += number
        self._passed[kind].passed += number
        return True

    def kind(self) -> Kind | None:
        """What the column holds, by all that was counted so far."""
        best: tuple[tuple[float, bool, int], Kind] | None = None
        for kind, counted in self._passed.items():
            share = self._share(kind, counted)
            if share < kind.least or not self._holds(kind, counted):
                continue
            key = (round(share, 2), bool(kind.headings) and kind.id in self.under, kind.rank)
            if best is None or key > best[0]:
                best = key, kind
        return best[1] if best else None

    def beside_names(self) -> Kind | None:
        """What it says of somebody who is named in the same row, by its heading alone."""
        return self._kinds.beside_names(self.under) if self._filled >= FEWEST else None

    def names_under_doubtful_heading(self) -> bool:
        """Names by their shape, under a heading that says no more than "Name"."""
        counted = self._passed.get(NAME)
        if counted is None or self._share(NAME, counted) < NAME.least or len(counted.signs) < NAME.signs:
            return False
        return heading_is_of_people(self.heading) is False and not self._names.is_of_something()

    def names_by_initials(self) -> bool:
        """Surnames with initials, which say who it is only beside something that belongs to people."""
        counted = self._passed.get(NAME)
        if counted is None or self._share(NAME, counted) < NAME.least or self._names.is_of_something():
            return False
        return self._names.are_initialled()

    def _candidates(self, counts: Counter[str], only_checked: bool) -> dict[Kind, set[str]]:
        """The kinds to try, with the shapes that fit; under a kind's own heading its stricter forms need no trial."""
        found: dict[Kind, set[str]] = {}
        for shape in counts:
            for kind in self._kinds.fitting(shape):
                wanted = (kind.id in self.under) if kind.headed else (kind.id not in self._looser)
                if wanted and (kind.by_shape or not only_checked):
                    found.setdefault(kind, set()).add(shape)
        return found

    def _count(self, kind: Kind, fitting: set[str], number: int, chunk: Chunk) -> None:
        counted = self._passed.setdefault(kind, _Passed())
        counted.shaped += number
        if number >= 3 * PROBED and kind.check is not None:
            share = _probe(kind, kind.check, fitting, chunk)
            if share < HOPELESS:
                counted.passed += round(share * number)
                return
        hits = _passing(kind, fitting, number, chunk)
        chunk.hits[kind] = hits
        counted.passed += sum(hits)
        if len(counted.signs) < max(kind.signs, DIFFERENT_NAMES):
            counted.signs.update(islice(map(kind.sign, compress(chunk.as_checked(kind), hits)), MAX_SIGNS))
        self._sample(kind, compress(chunk.values, hits))

    def _sample(self, kind: Kind, passing: Iterable[str]) -> None:
        if kind is NAME:
            self._names.look(sampled(list(passing)))
        elif kind is DATE:
            years = (year_of(value) for value in sampled(list(passing)) if has_whole_year(value))
            self._years.update(year for year in years if year is not None)
        elif kind.counters:
            numbers = [int("".join(filter(str.isdecimal, value))) for value in sampled_run(list(passing))]
            self._rises += sum(later > earlier for earlier, later in zip([self._last, *numbers], numbers, strict=False))
            self._steps += len(numbers)
            self._last = numbers[-1] if numbers else self._last

    def _share(self, kind: Kind, counted: _Passed) -> float:
        whole = counted.passed / max(self._filled, counted.passed, 1)
        if kind.by_shape and counted.shaped >= SURE:
            return max(whole, counted.passed / counted.shaped)
        return whole

    def _holds(self, kind: Kind, counted: _Passed) -> bool:
        """What else must be true of a column of this kind than the share of its values."""
        headed = bool(kind.headings) and kind.id in self.under
        if counted.passed < FEWEST or (not headed and len(counted.signs) < kind.signs):
            return False
        if kind is NAME:
            return self._are_names()
        return not kind.counters or headed or self._rises * 10 < self._steps * 9

    def _are_names(self) -> bool:
        said = heading_is_of_people(self.heading)
        if self._names.is_of_something():
            return False
        if said is None:
            different = len(self._passed[NAME].signs)
            return self._names.share_known() >= BARE_SHARE and different >= DIFFERENT_NAMES
        return said or self._names.share_known() >= NEUTRAL_SHARE

    def names_organisations(self) -> bool:
        """Words, most of which are names of organisations or places."""
        return self._filled >= FEWEST and self._names.other * 2 > self._names.looked > 0

    def are_births(self) -> bool:
        """Whether dates that no heading explains are spread as those of people's births."""
        years = {year for year in self._years if EARLIEST_YEAR <= year <= LATEST_YEAR}
        spread = len({year // 10 for year in years}) >= SPREAD_DECADES and max(years) - min(years) >= SPREAD_YEARS
        return spread and len(years) * 10 >= len(self._years) * 9 and len(years) >= SURE


def _read(raw: Sequence[str]) -> tuple[list[str], list[str], Counter[str]]:
    """The values as they are compared, their shapes, and how often each shape occurs."""
    values = plain(raw)
    its = shapes(values)
    counts = Counter(its)
    if any("a9" in shape or "a+9" in shape for shape in counts if shape[:2] in ("9.", "9a")):
        values = [expanded(value) for value in values]
        its = shapes(values)
        counts = Counter(its)
    return values, its, counts


def _passing(kind: Kind, fitting: set[str], number: int, chunk: Chunk) -> list[bool]:
    """Which values have a fitting shape and pass the kind's check. number: how many have the shape."""
    if kind.check is None:
        return [True] * number if number == len(chunk.values) else [shape in fitting for shape in chunk.shapes]
    values = chunk.as_checked(kind)
    if number == len(values):
        return list(map(kind.check, values))
    check = kind.check
    return [shape in fitting and check(value) for shape, value in zip(chunk.shapes, values, strict=True)]


def _probe(kind: Kind, check: Callable[[str], bool], fitting: set[str], chunk: Chunk) -> float:
    """The share that passes of a few values, taken from all over the chunk."""
    pairs = zip(chunk.shapes, chunk.as_checked(kind), strict=True)
    some = [value for shape, value in pairs if shape in fitting]
    some = some[:: len(some) // PROBED]
    return sum(map(check, some)) / len(some)


def _words_for_nothing(values: list[str], its: list[str], counts: Counter[str]) -> int:
    """How many cells say "none": looked for only where most of the others are no words."""
    words = counts["A"] + counts["aa"]
    if not words or words * 2 > len(values):
        return 0
    return sum(shape in ("A", "aa") and value.casefold() in _NOTHING for value, shape in zip(values, its, strict=True))
