"""One rule, and what it came to for one message."""

from __future__ import annotations

from dataclasses import dataclass

from .exceptions import NOBODY, Spared
from .model import Rule
from .tree import Evaluation, Truth


@dataclass(frozen=True, slots=True)
class Judged:
    """One rule and what it came to. exempt: the sender is one of its `unless`. spared: what its exceptions say."""

    rule: Rule
    evaluation: Evaluation
    exempt: bool = False
    error: str | None = None
    asked: bool = False
    spared: Spared = NOBODY

    @property
    def matched(self) -> bool:
        holds = self.evaluation.truth is Truth.TRUE and not self.exempt
        return self.error is not None or (holds and self.spared.by is None)
