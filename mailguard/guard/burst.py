"""How often one person is told: several at once are told together (CONSOLE.md 3: five or more in 10 minutes).

INVARIANT: memory is bounded, whatever is submitted: so many people, so many messages remembered for each.
What it remembers does not survive a restart. `recall` gives back what was left out until then, so that somebody may get
one notice more, never one less.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ..core.envelope import Path
from ..core.letters.facts import LISTED, Listed


@dataclass(frozen=True, slots=True)
class Alone:
    """Tell of this one. earlier, count: those that were left out before and are still to be told of."""

    earlier: tuple[Listed, ...] = ()
    count: int = 0


@dataclass(frozen=True, slots=True)
class Together:
    """Tell of all these at once; since: when the first of them was."""

    listed: tuple[Listed, ...]
    count: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Later:
    """Say nothing now: it is told with the next, or by `overdue`."""


@dataclass(slots=True)
class _Person:
    path: Path
    told: list[tuple[datetime, Listed]] = field(default_factory=list)
    left_out: list[Listed] = field(default_factory=list)
    count: int = 0
    since: datetime | None = None


class Burst:
    """Remembers, for each person, what they were told in the last `window`."""

    def __init__(self, *, at_once: int = 5, window: timedelta = timedelta(minutes=10), people: int = 5_000) -> None:
        self._at_once = at_once
        self._window = window
        self._most_people = people
        self._people: OrderedDict[str, _Person] = OrderedDict()

    def tell(self, person: Path, item: Listed, now: datetime) -> Alone | Together | Later:
        """How the person is to be told of one more. The `at_once`-th within the window is told with all before it."""
        known = self._person(person, now)
        if len(known.told) >= self._at_once:
            self._leave_out(known, item, now)
            return Later()
        known.told.append((now, item))
        if len(known.told) == self._at_once:
            return self._all(known)
        earlier, count = tuple(known.left_out), known.count
        _forget(known)
        return Alone(earlier, count)

    def recall(self, person: Path, item: Listed, now: datetime) -> None:
        """It was left out before a restart: it is told with the next, or by `overdue`. Twice is once."""
        known = self._person(person, now)
        if all(each.ref != item.ref for each in known.left_out):
            self._leave_out(known, item, now)

    def withdraw(self, person: Path, ref: str) -> None:
        """What `tell` was asked about did not come to be: it counts no more."""
        known = self._people.get(person.address)
        if known is None:
            return
        known.told = [(at, item) for at, item in known.told if item.ref != ref]
        kept = [item for item in known.left_out if item.ref != ref]
        known.count -= len(known.left_out) - len(kept)
        known.left_out = kept

    def overdue(self, now: datetime) -> list[tuple[Path, Together]]:
        """Everybody who was left out of something and has not been told of anything for the whole window."""
        found = []
        for address, known in list(self._people.items()):
            self._age(known, now)
            if known.count and not known.told:
                found.append((known.path, Together(tuple(known.left_out), known.count, known.since or now)))
                _forget(known)
                known.told.append((now, Listed("")))
            elif not known.told:
                del self._people[address]
        return found

    def _person(self, person: Path, now: datetime) -> _Person:
        known = self._people.setdefault(person.address, _Person(person))
        self._people.move_to_end(person.address)
        if len(self._people) > self._most_people:
            self._people.popitem(last=False)
        self._age(known, now)
        return known

    def _age(self, known: _Person, now: datetime) -> None:
        known.told = [(at, item) for at, item in known.told if now - at < self._window]

    def _leave_out(self, known: _Person, item: Listed, now: datetime) -> None:
        known.since = known.since or now
        known.count += 1
        if len(known.left_out) < LISTED:
            known.left_out.append(item)

    def _all(self, known: _Person) -> Together:
        items = [item for _, item in known.told if item.ref] + known.left_out
        count = len([item for _, item in known.told if item.ref]) + known.count
        since = known.told[0][0]
        _forget(known)
        return Together(tuple(reversed(items))[:LISTED], count, since)


def _forget(known: _Person) -> None:
    known.left_out, known.count, known.since = [], 0, None
