"""How much one file shows and how much it carries, as counts: "shows 40 rows and carries 33,345".

Promises: counts and words of our own, and the name of the file, which the ledger must not hold (`Inventory.to_json`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Sized
from dataclasses import dataclass, field
from typing import Any

from .finding_kinds import PEOPLE_ROWS, PERSON_NAMED

Counts = tuple[tuple[str, int], ...]
FEW = 5
UNREMARKABLE = frozenset({"document properties", "markup that no reader shows"})
"""Every office document has some of both, so the sentence leaves them out; the counts have them."""


@dataclass(frozen=True, slots=True)
class Inventory:
    """file: its name, "" where it has none. rows, rows_seen: of its tables, with something in them.

    unseen: what hides how many rows, or parts of rows; texts: likewise for texts outside of tables; members: what it
    carries as a whole and does not show ("sheet", "file", "macros"), how many of each. The largest first. unread: why
    something in it could not be read, "" where all was: then the counts are of what was read. part: the path of the
    part of the message, "" where that is not known.
    """

    file: str
    rows: int = 0
    rows_seen: int = 0
    unseen: Counts = ()
    texts: Counts = ()
    members: Counts = ()
    unread: str = ""
    part: str = field(default="", compare=False)

    @property
    def hides(self) -> bool:
        """Whether a reviewer has to know more than that everything shows."""
        return _is_worth_telling(self.unread, self.unseen, self.members, dict(self.texts))

    def sentence(self) -> str:
        """For a reviewer: what shows, what is carried, and what hides the rest."""
        texts, first = self._texts(), ""
        if self.rows or not (texts or self.unread or self.members):
            hidden = [f"{count:,} in {why}" for why, count in self.unseen]
            carried = f"{_rows(self.rows_seen)} and carries {self.rows:,}"
            first = f"Shows {carried}: {', '.join(hidden)}." if hidden else f"Shows {carried}."
        said = [f"{_texts_in(count)} {why}" for why, count in texts]
        second = f"Carries {', '.join(said)}." if said else ""
        named = [_some(kind, count) for kind, count in self.members]
        third = f"Has {', '.join(named)} that nobody sees." if named else ""
        fourth = f"Could not be read ({self.unread})." if self.unread else ""
        return " ".join(each for each in (first, second, third, fourth) if each)

    def to_json(self) -> dict[str, Any]:
        placed = {"part": self.part} if self.part else {}
        return placed | {
            "file": self.file,
            "rows": self.rows,
            "rows_seen": self.rows_seen,
            "unseen": dict(self.unseen),
            "texts": dict(self.texts),
            "members": dict(self.members),
            "unread": self.unread,
            "summary": self.sentence(),
        }

    def _texts(self) -> Sequence[tuple[str, int]]:
        return [each for each in self.texts if each[0] not in UNREMARKABLE]


def in_sentences(decision: Mapping[str, Any], most: int = 6) -> tuple[str, ...]:
    """What the message carries, for people: of a decision as JSON (verdict.py), people first, then what files hide.

    A value or two in plain sight, as of a signature, are not worth telling.

    It names files and sheets, so it is for those who may see the message.
    """
    files = [
        each
        for each in decision.get("inventory", ())
        if _is_worth_telling(each["unread"], each["unseen"], each["members"], each["texts"])
    ]
    said = [f"{each['file'] or 'An attachment'}: {each['summary']}" for each in files]
    findings = decision.get("findings", ())
    people = [each for each in findings if each["kind"] == PEOPLE_ROWS]
    found = people or [each for each in findings if each["count"] >= FEW and each["kind"] != PERSON_NAMED]
    lines = [*(_sentence(each["summary"]) for each in found), *said]
    rest = len(lines) - most
    return (*lines[:most], f"And {rest:,} more.") if rest > 0 else tuple(lines)


def _is_worth_telling(unread: str, unseen: Sized, members: Sized, texts: Mapping[str, int]) -> bool:
    return bool(unread or unseen or members or texts.keys() - UNREMARKABLE)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def _texts_in(count: int) -> str:
    return "1 text in" if count == 1 else f"{count:,} texts in"


def _some(kind: str, count: int) -> str:
    """ "macros" are not counted."""
    if kind.endswith("s"):
        return kind
    return f"1 {kind}" if count == 1 else f"{count:,} {kind}s"
