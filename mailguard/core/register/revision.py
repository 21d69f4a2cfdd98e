"""A revision of a record. A new one supersedes the last, and all are kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from .record import Incident

Act = Literal["added", "revised", "decided", "linked", "closed", "reopened", "derived"]


@dataclass(frozen=True, slots=True)
class Revision:
    """revision: from 1; it supersedes the one before. act: what made it; derived: the guard itself. by: a name for the
    record, None for the guard. why: what was written for the change.
    """

    incident: str
    revision: int
    at: datetime
    act: Act
    by: str | None
    why: str | None
    record: Incident

    @property
    def supersedes(self) -> int | None:
        return self.revision - 1 or None


def changed_fields(before: Incident | None, after: Incident) -> list[str]:
    """Names of the fields that differ, of those that are given in a first revision. Never what stands in them."""
    was: dict[str, Any] = before.to_json() if before is not None else {}
    now = after.to_json()
    return sorted(name for name in was.keys() | now.keys() if was.get(name) != now.get(name))
