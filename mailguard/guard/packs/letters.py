"""Rows of the outbox that carry an apology: one for each person, who is the only one that it names."""

from __future__ import annotations

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

    def rows(self, ref: str, draft: Draft, people: tuple[str, ...], now: datetime) -> tuple[NewDelivery, ...]:
        """people: canonical addresses. An address that no To field can hold has no row."""
        found = []
        for number, address in enumerate(people):
            to = Path(address.encode("utf-8"), address)
            if is_writable(to):
                identifier = f"{ref}.{ROW}.{number}"
                found.append(self._letterhead.letter(identifier, ROW, ref, to, now, partial(letter, draft)))
        return tuple(found)
