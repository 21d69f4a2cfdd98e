"""Which records are about a person: those that name somebody and say something of them, or identify them twice.

Counted are people, not cells: a record's key is its best identifier, else its names with what is beside them, and equal
keys are one person. A record counts as seen only if what is seen of it is enough; else it is hidden, for the reason of
the first thing that is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import compress

from ...core.finding_kinds import PEOPLE_ROWS
from ..stream import SEEN, Visibility
from .grid import Alike
from .kind import Kind, Weight
from .kinds import ACCOUNT_NUMBER, BANK_ACCOUNT, EMAIL, NAME, REPORTED, SORT_CODE
from .tally import Tallies

_SCORES = {Weight.NAME: 1 << 48, Weight.STRONG: 1 << 32, Weight.LINK: 1 << 16, Weight.WEAK: 1, Weight.PAIR: 0}
_MASK = (1 << 16) - 1
_REPEATED = frozenset({"date_of_birth", "postcode"})
"""What two people can have alike, so that cells are counted and not values."""
_BEGINS = frozenset({Weight.NAME, Weight.STRONG})
_CHANGING = frozenset({"date", "health"})
"""What differs between two rows about one person."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field that was judged. number: its place in the grid. place: in words for people."""

    number: int
    kind: Kind
    values: list[str]
    hits: list[bool]
    place: str


def paired(fields: Sequence[Field]) -> list[Field]:
    """The fields with sort codes and account numbers put together where a record has both; alone they are nothing."""
    codes = [field for field in fields if field.kind.id == SORT_CODE.id]
    accounts = [field for field in fields if field.kind.id == ACCOUNT_NUMBER.id]
    others = [field for field in fields if field.kind.weight is not Weight.PAIR]
    for code, account in zip(codes, accounts, strict=False):
        hits = [a and b for a, b in zip(code.hits, account.hits, strict=True)]
        values = [f"{a} {b}" for a, b in zip(code.values, account.values, strict=True)]
        others.append(Field(account.number, BANK_ACCOUNT, values, hits, account.place))
    return others


def side_by_side(fields: Sequence[Field]) -> list[list[Field]]:
    """The fields by the people who stand beside each other in a record: name, NHS number, name, NHS number.

    One group, as a rule. Several if the kinds of the fields come again in the same order, each time beginning with a
    name or an identifier of one person and saying something more: a forename and a surname are one person.
    """
    ordered = sorted(fields, key=lambda field: field.number)
    kinds = [field.kind.id for field in ordered]
    for size in range(2, len(kinds) // 2 + 1):
        first = ordered[:size]
        repeats = len(kinds) % size == 0 and kinds == kinds[:size] * (len(kinds) // size)
        if repeats and first[0].kind.weight in _BEGINS and len(set(kinds[:size])) > 1:
            return [ordered[start : start + size] for start in range(0, len(ordered), size)]
    return [ordered]


def count_identifiers(fields: Iterable[Field], alike: Iterable[Alike], table: str, tallies: Tallies) -> None:
    """What each field holds, by what hides it."""
    groups = list(alike)
    for field in _with_whole_names(fields):
        if field.kind.id not in REPORTED and not field.kind.own:
            continue
        for group in groups:
            values = _hit(field, group)
            if values:
                tally = tallies.of(field.kind.id, field.kind.noun, group.why(field.number))
                tally.add(values, table, field.place)
                tally.repeats |= field.kind.id in _REPEATED


def _with_whole_names(fields: Iterable[Field]) -> list[Field]:
    """The fields with all names of a record as one: a surname and a forename are one name of one person."""
    fields = list(fields)
    names = [field for field in fields if field.kind.weight is Weight.NAME]
    if len(names) < 2:
        return fields
    values = [" ".join(parts) for parts in zip(*(field.values for field in names), strict=True)]
    hits = [any(each) for each in zip(*(field.hits for field in names), strict=True)]
    place = (
        f"{names[0].place} to {names[-1].place.rpartition(' ')[2]}"
        if names[0].place != names[-1].place
        else names[0].place
    )
    whole = Field(names[0].number, NAME, values, hits, place)
    return [whole, *(field for field in fields if field.kind.weight is not Weight.NAME)]


def count_people(fields: Sequence[Field], alike: Iterable[Alike], table: str, tallies: Tallies) -> int:
    """How many records are about people, after they were put into the tallies."""
    if len(fields) < 2:
        return 0
    number = 0
    whole = _scores(fields)
    keys = _key_fields(fields)
    for group in alike:
        about = [record for record in _records(group, fields[0]) if is_person(whole[record])]
        number += len(about)
        seen_fields = [field for field in fields if group.why(field.number) is SEEN]
        seen = whole if len(seen_fields) == len(fields) else _scores(seen_fields)
        shown = [record for record in about if seen and is_person(seen[record])]
        _add(shown, SEEN, seen_fields, keys, table, tallies)
        if len(shown) < len(about):
            showing = set(shown)
            covered = [record for record in about if record not in showing]
            _add(covered, _first_cover(fields, group, covered), fields, keys, table, tallies)
    return number


@lru_cache(maxsize=4_096)
def is_person(score: int) -> bool:
    names, strong, link, weak = score >> 48, score >> 32 & _MASK, score >> 16 & _MASK, score & _MASK
    return (names >= 1 and names + strong + link + weak >= 2) or (strong >= 1 and strong + link >= 2)


def _scores(fields: Sequence[Field]) -> list[int]:
    """For each record how many fields of each weight it has, in one number."""
    if not fields:
        return []
    weighed = [[score if hit else 0 for hit in field.hits] for field in fields for score in [_score(field)]]
    return list(map(sum, zip(*weighed, strict=True)))


def _score(field: Field) -> int:
    return _SCORES[field.kind.weight]


def _records(group: Alike, field: Field) -> Sequence[int]:
    return range(len(field.hits)) if group.records is None else group.records


def _hit(field: Field, group: Alike) -> list[str]:
    if group.records is None:
        return list(compress(field.values, field.hits))
    return [field.values[record] for record in group.records if field.hits[record]]


def _key_fields(fields: Sequence[Field]) -> tuple[list[Field], list[Field]]:
    """The fields that identify alone, and those that do together: a clinic's mailbox in each row is one for all."""
    named = any(field.kind.weight is Weight.NAME for field in fields)
    alone = [
        field
        for field in fields
        if field.kind.weight is Weight.STRONG
        and field.kind.id not in _REPEATED
        and not (named and field.kind.id == EMAIL.id)
    ]
    alone.sort(key=lambda field: -field.kind.rank)
    together = [field for field in fields if field not in alone and field.kind.id not in _CHANGING]
    return alone, together


def _key(record: int, keys: tuple[list[Field], list[Field]]) -> str:
    alone, together = keys
    for field in alone:
        if field.hits[record]:
            return field.values[record].replace(" ", "").replace("-", "")
    return "\n".join([field.values[record] for field in together])


def _add(
    records: list[int],
    why: Visibility,
    fields: Sequence[Field],
    keys: tuple[list[Field], list[Field]],
    table: str,
    tallies: Tallies,
) -> None:
    if records:
        ordered = sorted(fields, key=lambda field: list(_SCORES).index(field.kind.weight))
        nouns = [field.kind.noun for field in ordered if any(field.hits[record] for record in records)]
        values = "\x1e".join([_key(record, keys) for record in records]).casefold().split("\x1e")
        tallies.of(PEOPLE_ROWS, "people", why).add(values, table, table, nouns)


def _first_cover(fields: Sequence[Field], group: Alike, records: list[int]) -> Visibility:
    reasons = (group.why(field.number) for field in fields if any(field.hits[record] for record in records))
    return next(reason for reason in reasons if reason is not SEEN)
