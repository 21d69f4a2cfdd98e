"""What operations see of the stories: counts and times, no personal data. serve binds it to Prometheus."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from ..core.verdict import Verdict


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
