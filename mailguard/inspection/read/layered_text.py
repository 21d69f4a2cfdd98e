"""A paragraph while it is being read: its letters by what hides them, in as many layers as there are reasons.

Shared by the readers of text documents. It must not know a format.
"""

from __future__ import annotations

from ..budget import Uninspectable
from ..stream import SEEN, Visibility
from .text_table import Layers

MAX_PARAGRAPH = 4_194_304
"""Letters of one paragraph."""


class LayeredText:
    """seen: what is written so far and shows; others: the rest, by what hides it. A list for what shows, since looking
    up a Visibility takes as long as all else."""

    __slots__ = ("last", "others", "seen", "size")

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.others: dict[Visibility, list[str]] = {}
        self.last = SEEN
        self.size = 0

    def write(self, visibility: Visibility, text: str) -> None:
        self.size += len(text)
        if self.size > MAX_PARAGRAPH:
            raise Uninspectable(f"holds a paragraph of more than {MAX_PARAGRAPH} letters")
        if visibility is SEEN:
            self.seen.append(text)
        elif self.last is visibility or visibility is Visibility.INSERTED_TEXT:
            self.others.setdefault(visibility, []).append(text)
        else:  # what lies between them belongs to another layer
            self.others.setdefault(visibility, []).extend((" ", text))
        self.last = visibility

    def texts(self, shown: Visibility = SEEN) -> Layers:
        """Each layer as one text, without those that are blank. shown: what hides even what would be seen."""
        found: Layers = {}
        text = "".join(self.seen).strip()
        if text:
            found[shown] = [text]
        for why, pieces in self.others.items():
            text = "".join(pieces).strip()
            if text:
                found.setdefault(why, []).append(text)
        return found
