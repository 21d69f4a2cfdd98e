"""What operations see of the stories: counts and times, no personal data. serve binds it to Prometheus."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal, Protocol

from ..core.verdict import Verdict

Stage = Literal[
    "content",
    "parse",
    "judge",
    "inspect",
    "rewrite",
    "record",
    "connect",
    "transmit",
    "settle",
    "outcome",
    "submission",
    "deliver",
]
"""A stage of the way of a message, in its order. content: from 354 to the final dot. judge: up to the verdict, with
`inspect` (reading attachments and texts) in it. record: until the decision, and what the guard has taken on with it, is
durable. connect: waiting for a connection to the smarthost, within transmit. settle: from the smarthost's answer to
ours. outcome: until the outcome is durable, after the reply. submission: from the final dot to the reply. deliver: one
attempt of the outbox to send a row.
"""


@dataclass(frozen=True, slots=True)
class Counted:
    """What is counted of a decision. matches: (rule, mode); exceptions: (rule, exception)."""

    disposition: str
    rewrite: str | None
    deciding: str | None
    matches: tuple[tuple[str, str], ...]
    exceptions: tuple[tuple[str, str], ...]


def counted(verdict: Verdict) -> Counted:
    """What is counted of this verdict."""
    return Counted(
        verdict.disposition.value,
        verdict.rewrite.value if verdict.rewrite else None,
        verdict.deciding,
        tuple([(rule.id, rule.mode) for rule in verdict.rules if rule.matched]),
        verdict.exceptions,
    )


class Watch(Protocol):
    """Receives what happened. No method raises or blocks."""

    def stage(self, name: Stage) -> AbstractContextManager[object]:
        """Time a stage of the way of a message."""
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

    def finished(self, kind: str, seconds: float) -> None:
        """A row of the outbox is done, so many seconds after the guard took it on."""
        ...
