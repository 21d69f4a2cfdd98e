"""Earlier revisions of a PDF (ISO 32000-2, 7.5.6): what they show and the last one does not.

A program that saves a change behind the old file leaves the old one whole: up to an earlier %%EOF it is a document of
its own, and is read as one. Compared are words, not places: a page that is laid out anew, a form that is filled in, a
signature that is put on, and the first part of a linearized file take nothing away. Where a line of an earlier revision
has words that the last one shows nowhere, the line is handed on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

MOST_REVISIONS = 32
_WORD = re.compile(r"\w+(?:[-@.'/]\w+)*")


class Words:
    """The words that a document shows."""

    def __init__(self) -> None:
        self._words: set[str] = set()

    def add(self, text: str) -> int:
        """How many are new."""
        before = len(self._words)
        self._words.update(_WORD.findall(text.casefold()))
        return len(self._words) - before

    def shows(self, text: str) -> bool:
        """Whether it shows all of these, somewhere; true of a text without a word."""
        return self._words.issuperset(_WORD.findall(text.casefold()))

    def not_shown(self, lines: Iterable[str]) -> list[str]:
        """The lines that have a word which is shown nowhere."""
        return [line for line in lines if not self.shows(line)]


def earlier_ends(ends: list[int]) -> list[int]:
    """Where earlier revisions end, the latest first, given where each %%EOF ends."""
    return ends[-2::-1]
