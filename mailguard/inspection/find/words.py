"""Numbers and lists as people read them, in the sentences of findings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def listed(items: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return " and ".join([", ".join(items[:-1]), items[-1]]) if len(items) > 1 else "".join(items)


def rows_of_people(count: int, nouns: Iterable[str]) -> str:
    return f"{count:,} {'row' if count == 1 else 'rows'} of people: {listed(list(nouns))}"
