"""What the monthly report needs of the world beside the register."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from ..records import Entry


class MonthRecords(Protocol):
    async def begins(self) -> datetime | None:
        """When the first message was judged that any ledger tells of; None where there is none."""
        ...

    def entries(self, at_from: datetime, at_before: datetime) -> AsyncIterator[Sequence[Entry]]:
        """What core.review_report.counting.MonthCount wants to be shown of that time, some at once."""
        ...

    async def reasons(self, refs: Collection[str]) -> Mapping[str, str | None]:
        """What was written by whoever let these messages go, out of the evidence: None where nothing was. A message is
        left out where there is no evidence of it: it was removed, or the reason stands with the message alone.
        """
        ...


class Documents(Protocol):
    """guard.ports.Policies, as far as it is needed."""

    async def get(self, revision: str) -> Mapping[str, bytes]:
        """UnknownReference where it was never kept."""
        ...
