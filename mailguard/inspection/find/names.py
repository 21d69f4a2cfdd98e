"""Whether a column holds names of people. There is no rule for names: a heading, the shape, and some known names.

A heading that only people have ("Surname", "Patient") needs values of the right shape; one that says "Name" needs some
known names among them, or something else in the table that only people have (rows.py); without a heading a quarter of
the values must hold a known name. A name is never looked up anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from .name_words import NAMES, NOT_PEOPLE
from .names_in_text import surname_beside_initials

_SHAPE = re.compile(r"[aA'.()&\-]++(?:(?:, ?| )[aA'.()&\-]++){0,5}")
_INITIALS = re.compile(r"(?:a(?:\. ?| )?){1,4}|A")
_WORDS = re.compile(r"[^\W\d_]+")
_TITLED = re.compile(r"(?:aa|A)(?:\. ?| )[aA].*")
_SAMPLE_STEP = 4
SURNAMES = 5
"""Different ones beside initials: "A Block" and "B Block" are no people."""


def may_be_name(shape: str) -> bool:
    if _INITIALS.fullmatch(shape):
        return True
    return len(shape) <= 40 and ("A" in shape or "aa" in shape) and _SHAPE.fullmatch(shape) is not None


def may_begin_with_title(shape: str) -> bool:
    return _TITLED.fullmatch(shape) is not None


@dataclass(slots=True)
class NameSample:
    """What a sample of a column's values says: how many were looked at, held a known name, named something else, were
    initials and a surname.
    """

    looked: int = 0
    known: int = 0
    other: int = 0
    initialled: int = 0
    surnames: set[str] = field(default_factory=set)

    def look(self, values: Iterable[str]) -> None:
        for value in values:
            words = set(_WORDS.findall(value.replace("'", "").casefold()))
            self.looked += 1
            self.known += not words.isdisjoint(NAMES)
            self.other += not words.isdisjoint(NOT_PEOPLE)
            if surname := surname_beside_initials(value):
                self.initialled += 1
                if len(self.surnames) < SURNAMES:
                    self.surnames.add(surname)

    def share_known(self) -> float:
        return self.known / self.looked if self.looked else 0.0

    def are_initialled(self) -> bool:
        """Initials with a surname ("J Smith", "SMITH, J"), the surnames different."""
        return self.initialled * 5 >= self.looked * 4 > 0 and len(self.surnames) >= SURNAMES

    def is_of_something(self) -> bool:
        """Organisations and places: a few such words are surnames, a fifth of a column are not."""
        return self.other * 5 > self.looked


def sampled(values: list[str]) -> list[str]:
    """Every fourth value of many: enough for a share, a quarter of the time."""
    return values if len(values) < 40 else values[::_SAMPLE_STEP]


def sampled_run(values: list[str]) -> list[str]:
    """The first values of many: what matters of them is their order."""
    return values[:64]
