"""What became of what each rule held, with who said that it should not have been. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..review_report.holds import Life
from ..review_report.rule_quality import RuleQuality, rule_quality


@dataclass(frozen=True, slots=True)
class RuleFigures:
    """holds: by what became of them. wrong: of how many somebody said that it was wrong; wrong_by_sender: of these, how
    many of which only the sender did.
    """

    holds: RuleQuality
    wrong: int
    wrong_by_sender: int

    def to_json(self) -> dict[str, Any]:
        """Shares: 0 to 1, of holds that somebody or the deadline ended; None where there is none."""
        holds = self.holds
        return {
            "rule": holds.rule,
            "held": holds.held,
            "changed": holds.changed,
            "stopped": holds.stopped,
            "sent": holds.sent,
            "by_itself": holds.by_itself,
            "open": holds.open,
            "changed_share": _rounded(holds.changed_share),
            "stopped_share": _rounded(holds.stopped_share),
            "sent_share": _rounded(holds.sent_share),
            "said_wrong": self.wrong,
            "said_wrong_by_sender_alone": self.wrong_by_sender,
        }


def figures(lives: Sequence[Life], wrong: Mapping[str, Mapping[str, str]]) -> Mapping[str, RuleFigures]:
    """By rule, of all that held something. wrong: by message, in which part each person said that it was."""
    called, by_sender = Counter[str](), Counter[str]()
    for life in lives:
        parts = set(wrong.get(life.ref, {}).values())
        for rule in life.rules:
            called[rule] += bool(parts)
            by_sender[rule] += parts == {"sender"}
    found = rule_quality(lives)
    return {rule: RuleFigures(holds, called[rule], by_sender[rule]) for rule, holds in found.items()}


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 4)
