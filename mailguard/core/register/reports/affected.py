"""Numbers of people of one record as they may be handed out, and texts without the numbers that may not."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..lists import Lists
from ..record import Incident, Subjects
from ..small_numbers import is_small, shown, total_shown

_WORDS = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen " \
    "eighteen nineteen twenty"  # fmt: skip
_NUMBERS = {word: number for number, word in enumerate(_WORDS.split(), start=1)}
_TENS = "thirty forty fifty sixty seventy eighty ninety"
_NUMBERS |= {word: number for number, word in zip(range(30, 100, 10), _TENS.split(), strict=True)}
_NOUNS = {
    1: "single sole lone solitary",
    2: "both couple couples pair pairs duo duos twin twins twosome twosomes",
    3: "trio trios triplet triplets threesome threesomes triad triads",
    4: "quartet quartets quadruplet quadruplets quads foursome foursomes",
    5: "quintet quintets quintuplet quintuplets",
    6: "sextet sextets sextuplet sextuplets",
    12: "dozen",
}
_NUMBERS |= {noun: number for number, nouns in _NOUNS.items() for noun in nouns.split()}
_PHRASES = {"half a dozen": 6, "half-dozen": 6, "either of": 2, "neither of": 2}
_NUMBERS |= _PHRASES
_GROUP = r"\d{1,3}(?:(?:-|,(?!\d{3}(?!\d)))\d{1,3})*"
"""A number, or a range or list of some: 2-3, 1,2. Not 1,000."""
_WORD = "|".join([*_PHRASES, *(word for word in _NUMBERS if word not in _PHRASES)])
_NUMBER = re.compile(rf"(?<!\w)(?<!\d[.,-])({_GROUP}|{_WORD})(?!\w|[.,-]\d)", re.IGNORECASE)
"""Not parts of dates, of decimals, or of larger numbers."""
A_FEW = "(a small number)"


def affected(record: Incident, below: int) -> str:
    """The most that may be affected; "at least", where the exact number would give a suppressed one away."""
    parts = _parts(record, below)
    return shown(record.most, below) if len(parts) == 1 else total_shown(parts, below)


def all_affected(records: Iterable[Incident], below: int) -> str:
    """The total of several records, which must not be more exact than any of its rows."""
    return total_shown([part for each in records for part in _parts(each, below)], below)


def _parts(record: Incident, below: int) -> list[int | None]:
    """The number as one part, if it may stand beside those of its types; else its types, and that there may be more."""
    most, types = record.most, [_most(each) for each in record.subjects]
    if most is None or is_small(most, below) or not types:
        return [most]
    # What no type accounts for, or who is of two types, is a number of people as well.
    rest = abs(most - sum(each or 0 for each in types))
    if any(each is None or is_small(each, below) for each in types) or is_small(rest, below):
        return [*types, None]
    return [most]


def by_type(record: Incident, lists: Lists, below: int) -> str:
    return "; ".join(
        f"{lists.subject_types.get(each.type, each.type)}: {shown(_most(each), below)}" for each in record.subjects
    )


def without_small(text: str, record: Incident, below: int) -> str:
    """A text that a person wrote, without small numbers where the record has one that is not handed out."""
    counts = [
        record.known,
        record.most,
        *(_most(each) for each in record.subjects),
        *(each.known for each in record.subjects),
    ]
    counts += [record.subjects_told.individually] if record.subjects_told else []
    if not any(is_small(each, below) for each in counts):
        return text
    return _NUMBER.sub(lambda found: _without(found[0], below), text)


def _without(written: str, below: int) -> str:
    if not written[0].isdecimal():
        return A_FEW if _NUMBERS[written.lower()] < below else written
    numbers = [int(each) for each in re.split("[-,]", written)]
    if all(each < below for each in numbers):
        return A_FEW
    return re.sub(r"\d+", lambda each: A_FEW if int(each[0]) < below else each[0], written)


def _most(subjects: Subjects) -> int | None:
    return subjects.max if subjects.max is not None else subjects.known
