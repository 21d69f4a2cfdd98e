"""What a stream tells about people: `find` is all of this folder in one call.

Promises: one pass; memory that does not grow with the stream; only kinds, counts and places come out. Total: any stream
of readers gives findings. Time is linear in what the stream holds.
"""

from __future__ import annotations

from ...core.verdict import Finding
from ..stream import Item, Member, Person, Row, Stream, Table, Text
from .blocks import Blocks
from .free_text import LABELLED, FreeText
from .judging import Judging
from .kind import Kinds
from .kinds import BUILT_IN
from .tally import Tallies

KINDS = Kinds(BUILT_IN)
PERSON_NAMED = "person_named"


class Finder:
    """Takes a stream item by item, so that others can read the same stream in the same pass."""

    def __init__(self, kinds: Kinds = KINDS) -> None:
        self._tallies = Tallies()
        self._text = FreeText(kinds, self._tallies)
        self._blocks = Blocks(kinds, Judging(kinds, self._tallies, self._text))
        self._table = Table("")

    @property
    def overlooks(self) -> bool:
        return self._text.overlooks

    def take(self, item: Item) -> None:
        match item:
            case Row():
                self._blocks.add(item)
                if 2 <= len(item.values) <= LABELLED:
                    self._text.take_form(item, self._table)
            case Text():
                self._text.take(item.text, item.where, item.visibility)
            case Table():
                self._blocks.begin(item)
                self._table = item
            case Person():
                self._take_person(item)
            case Member():
                pass

    def findings(self) -> tuple[Finding, ...]:
        """All findings; the stream is over."""
        self._blocks.finish()
        self._text.end()
        return self._tallies.findings()

    @property
    def unread(self) -> str | None:
        return self._text.unread

    def _take_person(self, person: Person) -> None:
        where = person.where or "document properties"
        key = (person.address or person.name).casefold()
        if key:
            self._tallies.of(PERSON_NAMED, "names of authors and the like", person.visibility).add([key], where, where)


def find(stream: Stream, kinds: Kinds = KINDS) -> tuple[Finding, ...]:
    """The findings of a stream."""
    finder = Finder(kinds)
    for item in stream:
        finder.take(item)
    return finder.findings()
