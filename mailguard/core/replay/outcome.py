"""What came of one message of an archive, under one policy or under two: plain values that go through pipes and files.

No address, subject or text is in them; a message is its position in the archive, and a hash.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..verdict import Disposition, Rewrite, RuleOutcome, Verdict

RELAY, REWRITE, HOLD, REJECT = "relay", "rewrite", "hold", "reject"
OUTCOMES = (RELAY, REWRITE, HOLD, REJECT)


@dataclass(frozen=True, slots=True)
class Match:
    """A rule that matched. number: the largest count among what it saw, 0 where it counts nothing; of: what it counts.

    errs: it could not be evaluated, which tightens.
    """

    rule: str
    number: int
    of: str
    errs: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """outcome: one of OUTCOMES; `rewrite` leaves rewritten. form: separate or bcc; under hold what a reviewer is
    offered. rule: the one that decided. waits: the hold ends by itself (`delay`). exposed: it leaves as it was, with a
    long list.
    """

    outcome: str
    form: str | None
    rule: str | None
    matches: tuple[Match, ...]
    waits: bool = False
    exposed: bool = False

    @property
    def same_way(self) -> tuple[str, str | None, bool]:
        """What two policies are compared by: whether and how the message leaves, not why."""
        return self.outcome, self.form, self.waits

    @property
    def leaves(self) -> bool:
        return self.outcome in (RELAY, REWRITE) or self.waits

    @property
    def hidden(self) -> bool:
        """Whether it leaves in a form in which nobody is shown to anybody."""
        return self.leaves and self.form is not None

    def to_json(self) -> list[Any]:
        matches = [[each.rule, each.number, each.of, each.errs] for each in self.matches]
        return [self.outcome, self.form, self.rule, matches, self.waits, self.exposed]

    @classmethod
    def from_json(cls, found: list[Any]) -> Outcome:
        outcome, form, rule, matches, waits, exposed = found
        return cls(outcome, form, rule, tuple(Match(*each) for each in matches), waits, exposed)


@dataclass(frozen=True, slots=True)
class Record:
    """position: from 1, in the order of the archive. at: None where neither the message nor the archive says.

    outcomes: one for each policy; none where the message could not be judged, which `unreadable` says why.
    """

    position: int
    reference: str = ""
    at: datetime | None = None
    outcomes: tuple[Outcome, ...] = ()
    unreadable: str | None = None


def outcome_of(verdict: Verdict, *, exposed: bool) -> Outcome:
    """What a verdict comes to. DEFER counts as a hold: it does not leave now."""
    rewritten = verdict.rewrite is not None
    if verdict.disposition is Disposition.RELAY:
        outcome = REWRITE if rewritten else RELAY
    else:
        outcome = REJECT if verdict.disposition is Disposition.REJECT else HOLD
    return Outcome(
        outcome,
        verdict.rewrite.value if isinstance(verdict.rewrite, Rewrite) else None,
        verdict.deciding,
        tuple(_match(each) for each in verdict.rules if each.matched),
        verdict.delay is not None,
        exposed,
    )


def _match(rule: RuleOutcome) -> Match:
    counts = [(value, key) for key, value in rule.values.items() if isinstance(value, int) and value is not True]
    number, of = max(counts, default=(0, ""))
    return Match(rule.id, int(number), of if number else "", rule.error is not None)
