"""What `mailguard check` says of one thing that a start needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Finding:
    """part: what was looked at. ok: whether a start would work. sentence: for an admin."""

    part: str
    ok: bool
    sentence: str

    def to_json(self) -> dict[str, Any]:
        return {"part": self.part, "ok": self.ok, "sentence": self.sentence}
