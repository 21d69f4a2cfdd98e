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
_NUMBERS |= {"single": 1, "sole": 1, "both": 2, "couple": 2, "pair": 2}
_NUMBER = re.compile(rf"(?<!\w)(?<!\d[.,-])(\d{{1,3}}|{'|'.join(_NUMBERS)})(?!\w|[.,-]\d)", re.IGNORECASE)
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
    return _NUMBER.sub(lambda found: A_FEW if _value(found[0]) < below else found[0], text)


def _value(written: str) -> int:
    return int(written) if written.isdigit() else _NUMBERS[written.lower()]


def _most(subjects: Subjects) -> int | None:
    return subjects.max if subjects.max is not None else subjects.known
