"""Rows of the outbox that carry an apology: one for each person, who is the only one that it names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial

from ...core.envelope import Path
from ...core.packs.draft import Draft, letter
from ..letterhead import Letterhead
from ..records import NewDelivery
from ..told import is_writable

ROW = "apology"


class ApologyLetters:
    def __init__(self, letterhead: Letterhead) -> None:
        self._letterhead = letterhead

    def writable(self, people: Iterable[str]) -> tuple[str, ...]:
        """Those whose canonical address a To field can hold."""
        return tuple(each for each in people if is_writable(_path(each)))

    def rows(self, ref: str, draft: Draft, people: Sequence[str], now: datetime) -> tuple[NewDelivery, ...]:
        """people: writable ones. It takes a thread for a long list."""
        write = partial(letter, draft)
        return tuple(
            self._letterhead.letter(f"{ref}.{ROW}.{number}", ROW, ref, _path(address), now, write)
            for number, address in enumerate(people)
        )


def _path(address: str) -> Path:
    return Path(address.encode("utf-8"), address)
