"""What `mailguard policy replay` does with the guard's own ledger: rules are judged again by the facts that it keeps.

Quick, in one process: no message is read. What the facts cannot answer is said, by rule and by message, never guessed.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from ..core.policy.model import Policy
from ..core.replay.outcome import Record
from ..core.replay.recorded import Decided, judge_again, unanswered
from ..core.replay.totals import Totals
from ..replay.recorded import decisions
from . import output, policy_replay_text

UNREADABLE = "a decision without its facts"


def replay(path: Path, policy: Policy, totals: Totals, as_json: bool) -> None:
    """Totals as of messages, and which rules cannot be answered."""
    begun = time.monotonic()
    known: set[str] = set()
    for record in _records(path, policy, known):
        totals.add(record)
    seconds = time.monotonic() - begun
    rate = totals.messages / max(seconds, 1e-9)
    open_rules = unanswered(policy, known)
    if as_json:
        ran = {"seconds": round(seconds, 3), "messages_per_second": round(rate, 1)}
        asked = {name: list(keys) for name, keys in open_rules.items()}
        output.json_line({**totals.to_json(), **ran, "policy_revision": policy.revision, "unanswered": asked})
        return
    policy_replay_text.replayed(totals, seconds, rate)
    policy_replay_text.unanswered(open_rules)


def _records(path: Path, policy: Policy, known: set[str]) -> Iterator[Record]:
    for position, decided in enumerate(decisions(path), 1):
        if isinstance(decided, Decided):
            known.update(decided.facts)
            yield judge_again(position, decided, policy)
        else:
            yield Record(position, unreadable=UNREADABLE)
