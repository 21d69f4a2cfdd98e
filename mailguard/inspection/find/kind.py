"""What a kind of column is: how its values look, what they must pass, what it is called, how much it tells."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from .phrases import NEUTRAL, PERSONAL, heading_words
from .shape import compact

MAX_REMEMBERED = 20_000
"""Shapes and headings whose kinds are remembered; a file that has more is merely slower."""


class Weight(Enum):
    """What a cell of a kind does for the question whether its row is about a person (rows.py).

    NAME names somebody. STRONG belongs to one person. LINK belongs to somebody, and with STRONG makes a person. WEAK
    says something of somebody who is named. PAIR is nothing but with its other half.
    """

    NAME = auto()
    STRONG = auto()
    LINK = auto()
    WEAK = auto()
    PAIR = auto()


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """One kind of column.

    id: of the finding. noun: what its values are called, in the plural. fits: whether a value of this shape, without
    spaces and hyphens where `compacted`, can be one. check: what each value must pass, None where its shape says all;
    such a value comes in upper case without spaces and hyphens where `compacted`. headings: phrases of which one stands
    in the heading, in lower case. headed: the kind counts only under such a heading. least: share of values that pass.
    by_shape: it has check digits, so that the share among values of its shape decides where other things stand in the
    column too. counters: a rising sequence of such values is a counter, not this. rank: chooses between equals.
    sign: what must differ between values, where no heading says what they are; at least `signs` of them. by_heading:
    whatever stands under such a heading is of the kind, and it matters only beside a name. own: an
    admin asked for it, so that it is reported. search: finds it in a line of text (matches as of re).
    """

    id: str
    noun: str
    weight: Weight
    fits: Callable[[str], bool]
    check: Callable[[str], bool] | None = None
    compacted: bool = True
    headings: tuple[str, ...] = ()
    headed: bool = False
    least: float = 0.8
    by_shape: bool = False
    counters: bool = False
    rank: int = 0
    sign: Callable[[str], str] = field(default=str)
    signs: int = 5
    by_heading: bool = False
    own: bool = False
    search: Callable[[str], Iterable[Any]] | None = None


def matching(pattern: str) -> Callable[[str], bool]:
    """Shapes that match a pattern as a whole."""
    compiled = re.compile(pattern)
    return lambda shape: compiled.fullmatch(shape) is not None


class Kinds:
    """All kinds that are looked for, with what was learned of shapes and headings so far."""

    def __init__(self, kinds: Iterable[Kind]) -> None:
        self.all = tuple(kinds)
        self._by_shape: dict[str, tuple[Kind, ...]] = {}
        self._by_heading: dict[str, frozenset[str]] = {}
        self.with_looser_form = frozenset(kind.id for kind in self.all if kind.headed)
        self.identifying = frozenset(kind.id for kind in self.all if kind.headings and not kind.by_heading)
        self._by_value = tuple(kind for kind in self.all if not kind.by_heading)
        self._phrases = frozenset(phrase for kind in self.all for phrase in kind.headings).union(PERSONAL, NEUTRAL)

    def fitting(self, shape: str) -> tuple[Kind, ...]:
        """The kinds that values of this shape can be."""
        found = self._by_shape.get(shape)
        if found is None:
            tight = compact(shape)
            found = tuple(kind for kind in self._by_value if kind.fits(tight if kind.compacted else shape))
            if len(self._by_shape) < MAX_REMEMBERED:
                self._by_shape[shape] = found
        return found

    def under(self, heading: str) -> frozenset[str]:
        """The ids of the kinds that this heading names."""
        found = self._by_heading.get(heading)
        if found is None:
            words = heading_words(heading)
            found = frozenset(kind.id for kind in self.all if any(f" {each} " in words for each in kind.headings))
            if len(self._by_heading) < MAX_REMEMBERED:
                self._by_heading[heading] = found
        return found

    def beside_names(self, under: frozenset[str]) -> Kind | None:
        """The kind that a heading alone makes, of those whose ids it names."""
        return next((kind for kind in self.all if kind.by_heading and kind.id in under), None)

    def heading_phrases(self) -> frozenset[str]:
        """Every phrase of a heading in lower case: a row that holds none of them as a cell is no row of headings."""
        return self._phrases
