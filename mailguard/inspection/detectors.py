"""The table of detectors: they look at the stream of a part (stream.py) and say what is in it. New ones are added here.

A detector is made anew for each part and sees the items of everything that lies in it, in one pass.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol

from ..core.verdict import Finding
from .find.finding import Finder
from .find.kind import Kinds
from .stream import Item


class Detector(Protocol):
    @property
    def overlooks(self) -> bool:
        """Whether lines of text that everybody sees are nothing to it where they can tell nothing (find/telling.py)."""
        ...

    def take(self, item: Item) -> None:
        """The next item of the stream."""
        ...

    def findings(self) -> tuple[Finding, ...]:
        """All findings; the stream is over."""
        ...

    @property
    def unread(self) -> str | None:
        """After the findings: why something was not looked for, None where all was."""
        ...


DETECTORS: tuple[Callable[[], Detector], ...] = (Finder,)


def detectors_with(kinds: Kinds) -> tuple[Callable[[], Detector], ...]:
    """The same, looking for these kinds of identifiers."""
    return (partial(Finder, kinds), *DETECTORS[1:])
