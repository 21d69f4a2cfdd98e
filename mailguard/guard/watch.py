"""What operations see of the stories: counts and times, no personal data. serve binds it to Prometheus."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from ..core.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Tally:
    """What is counted of a decision. matches: (rule, mode); exceptions: (rule, exception)."""

    disposition: str
    rewrite: str | None
    deciding: str | None
    matches: tuple[tuple[str, str], ...]
    exceptions: tuple[tuple[str, str], ...]


def tally(verdict: Verdict) -> Tally:
    """What is counted of this verdict."""
    return Tally(
        verdict.disposition.value,
        verdict.rewrite.value if verdict.rewrite else None,
        verdict.deciding,
        tuple((rule.id, rule.mode) for rule in verdict.rules if rule.matched),
        tuple(verdict.exceptions),
    )


class Watch(Protocol):
    """Receives what happened. No method raises or blocks."""

    def stage(self, name: str) -> AbstractContextManager[object]:
        """Time a stage of the way of a message: judge, record, transmit."""
        ...

    def decided(self, verdict: Verdict) -> None:
        """A decision was recorded."""
        ...

    def deferred(self) -> None:
        """A message was answered with 451 because of something inside."""
        ...

    def trouble(self, cause: str) -> None:
        """The guard's own dealings with the smarthost failed: the alarm."""
        ...

    def unrecorded(self) -> None:
        """An outcome could not be recorded."""
        ...

    def delivered(self, kind: str, outcome: str) -> None:
        """An attempt of the outbox ended for a recipient."""
        ...
