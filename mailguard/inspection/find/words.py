"""Numbers and lists as people read them, in the sentences of findings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def listed(items: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return " and ".join([", ".join(items[:-1]), items[-1]]) if len(items) > 1 else "".join(items)


def so_many(count: int, plural: str) -> str:
    """ "1 NHS number", "5,305 NHS numbers"."""
    return f"{count:,} {plural if count != 1 else singular(plural)}"


def rows_of_people(count: int, nouns: Iterable[str]) -> str:
    return f"{count:,} {'row' if count == 1 else 'rows'} of people: {listed(list(nouns))}"


def singular(plural: str) -> str:
    """The nouns of kinds.py and of admins are regular, or say what they are of: "dates of birth"."""
    first, of, rest = plural.partition(" of ")
    if of:
        return f"{singular(first)} of {rest}"
    first, beside, rest = plural.partition(" with ")
    if beside:
        return f"{singular(first)} with {singular(rest)}"
    if plural.endswith("sses"):
        return plural[:-2]
    return plural[:-1] if plural.endswith("s") and not plural.endswith("ss") else plural
