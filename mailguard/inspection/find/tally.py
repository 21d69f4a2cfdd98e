"""What was found so far, told apart by kind and by what hides it, and the findings that it makes.

INVARIANT: a value that goes in comes out only as one of a count (core.verdict.Finding).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ...core.finding_kinds import PEOPLE_ROWS, so_many
from ...core.legible import legible
from ...core.verdict import Finding
from ..stream import SEEN, Visibility
from .distinct import Distinct
from .words import listed, rows_of_people

DETECTOR = "people"
MOST_PLACES = 1_000
"""Places that are counted; more than three are not named anyway."""
_NAMED_PLACES = 3


@dataclass(slots=True)
class Tally:
    """One kind behind one kind of cover. cells: how often. places: where, with the columns; tables: without them.

    repeats: two people can have the same value (a birthday), so that cells are counted and not values.
    """

    noun: str
    cells: int = 0
    distinct: Distinct = field(default_factory=Distinct)
    places: dict[str, None] = field(default_factory=dict)
    tables: dict[str, None] = field(default_factory=dict)
    nouns: dict[str, None] = field(default_factory=dict)
    repeats: bool = False

    def add(self, values: list[str], table: str, place: str, nouns: Iterable[str] = ()) -> None:
        """Distinct values of a kind, or distinct keys of people, that stand in one place."""
        self.cells += len(values)
        self.distinct.add(values)
        if len(self.places) < MOST_PLACES:
            self.places[place] = None
            self.tables[table] = None
        self.nouns.update(dict.fromkeys(nouns))

    def take_over(self, distinct: Distinct, cells: int, place: str, nouns: Iterable[str] = ()) -> None:
        """What was counted elsewhere."""
        self.cells += cells
        self.distinct.merge(distinct)
        self.places[place] = self.tables[place] = None
        self.nouns.update(dict.fromkeys(nouns))

    def count(self) -> int:
        return self.cells if self.repeats else min(self.cells, self.distinct.count())


class Tallies:
    """All tallies of one carrier."""

    def __init__(self) -> None:
        self._tallies: dict[tuple[str, Visibility], Tally] = {}

    def of(self, kind: str, noun: str, why: Visibility) -> Tally:
        found = self._tallies.get((kind, why))
        if found is None:
            found = self._tallies[kind, why] = Tally(noun)
        return found

    def findings(self) -> tuple[Finding, ...]:
        """People in rows first, then the kinds of identifiers; what is hidden before what is seen."""
        order = sorted(self._tallies, key=lambda each: (each[0] != PEOPLE_ROWS, each[1] is SEEN))
        return tuple(self._findings(order))

    def _findings(self, order: Iterable[tuple[str, Visibility]]) -> Iterator[Finding]:
        """Who is hidden in two places is said at both and counted at the first, since rules add the counts up."""
        hidden: dict[str, Distinct] = {}
        for kind, why in order:
            tally = self._tallies[kind, why]
            count = tally.count()
            if count:
                what = rows_of_people(count, tally.nouns) if kind == PEOPLE_ROWS else so_many(count, tally.noun)
                again = 0 if why is SEEN or tally.repeats else count - _new(tally, hidden.setdefault(kind, Distinct()))
                summary = f"{_carrier(tally, why)} {what}{_counted_already(again, count)}"
                people = tally.distinct.mark() if kind == PEOPLE_ROWS else b""
                yield Finding(DETECTOR, kind, _where(tally), count - again, summary, why is not SEEN, people)


def _new(tally: Tally, known: Distinct) -> int:
    """How many of a tally are not known yet, after which they are; never more than it has, nor below none."""
    before = known.count()
    known.merge(tally.distinct)
    return max(0, min(tally.count(), known.count() - before))


def _counted_already(again: int, count: int) -> str:
    return "" if not again else f", {'all' if again == count else f'{again:,}'} of them counted above"


def _where(tally: Tally) -> str:
    named = [legible(place, 100) for place in list(tally.places)[:_NAMED_PLACES]]
    more = len(tally.places) - len(named)
    return listed([*named, f"{more:,} more places" if more > 1 else "1 more place"] if more else named)


_COUNTED = {
    Visibility.HIDDEN_SHEET: "hidden sheet",
    Visibility.VERY_HIDDEN_SHEET: "very hidden sheet",
    Visibility.PIVOT_CACHE: "pivot table cache",
    Visibility.LINK_CACHE: "cache of another workbook",
    Visibility.HIDDEN_SLIDE: "hidden slide",
    Visibility.EMBEDDED: "embedded file",
}


def _carrier(tally: Tally, why: Visibility) -> str:
    """Who has it, with the verb: "1 hidden sheet has", "sheet Data, in hidden rows, has"."""
    number = len(tally.tables)
    if noun := _COUNTED.get(why):
        plural = noun.replace("cache ", "caches ") if " of " in noun else f"{noun}s"
        return f"1 {noun} has" if number == 1 else f"{number:,} {plural} have"
    tables = listed([legible(each, 60) for each in list(tally.tables)[:2]] + (["others"] if number > 2 else []))
    if tables == why.value:
        return f"{tables} have"
    if why is SEEN:
        return f"{tables} {'has' if number == 1 else 'have'}"
    return f"{tables}, in {why.value}, {'has' if number == 1 else 'have'}"
